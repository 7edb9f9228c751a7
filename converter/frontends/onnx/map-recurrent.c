/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LSTM, GRU and RNN over sequences. */
#include "map.h"
#include "recurrent.h"

#include <string.h>

/* --- reading -------------------------------------------------------------------- */

static void
read_direction (IrBuild *n, OnnxRecurrent *r)
{
  r->direction = ir_build_text (n, "direction", "forward");
  r->n_directions = strcmp (r->direction, "bidirectional") == 0 ? 2 : 1;
  if (r->n_directions == 1 && strcmp (r->direction, "forward") != 0 &&
      strcmp (r->direction, "reverse") != 0)
    ir_build_fail (
        n, IR_ERROR_PARSE, "has the direction \"%.40s\"", r->direction);
}

static void
read_hidden (IrBuild *n, OnnxRecurrent *r)
{
  const IrShape *shape = ir_build_shape_of (ir_build_in (n, 2));

  r->hidden = ir_build_i64 (n, "hidden_size", 0);
  if (r->hidden == 0 && shape->rank == 3)
    r->hidden = shape->dim[2];
  if (r->hidden < 1 || r->hidden > G_MAXINT32 / 8)
    ir_build_fail (n, IR_ERROR_PARSE, "has a wrong or no hidden_size");
}

static void
read_layout (IrBuild *n, OnnxRecurrent *r)
{
  gint64 layout = ir_build_i64 (n, "layout", 0);

  if (layout != 0 && layout != 1)
    ir_build_fail (
        n, IR_ERROR_PARSE, "has the layout %" G_GINT64_FORMAT, layout);
  r->batch_first = layout != 0;
}

static void
read_clip (IrBuild *n, OnnxRecurrent *r)
{
  r->clip = ir_build_f64 (n, "clip", 0);
  if (!(r->clip >= 0))
    ir_build_fail (n, IR_ERROR_PARSE, "has the clip %g", r->clip);
}

static IrPort
zeros (IrBuild *n, IrPort like, const gint64 *dims, gsize count)
{
  return ir_build_op (n, "Broadcast", 3, 2, ir_build_like (n, like, 0),
      ir_build_list (n, dims, count));
}

/* Dimension 1 with the gates in the IR's order. */
static IrPort
reorder (IrBuild *n, IrPort port, const OnnxRecurrentKind *kind)
{
  const gsize count = kind->n_gates;
  IrPort inputs[] = { port, ir_build_int (n, 1) };
  IrPort parts[ONNX_MAX_GATES];
  IrNode *split, *concat;

  if (kind->order == NULL)
    return port;
  split = ir_build_add_v (n, "Split", 1, inputs, 2, count);
  ir_build_set_i64 (n, split, "num_splits", (gint64) count);
  ir_build_done (n, split);
  for (gsize i = 0; i < count; i++)
    parts[i] =
        ir_build_failed (n) ? IR_NO_PORT : ir_port (split, kind->order[i]);
  concat = ir_build_add_v (n, "Concat", 1, parts, count, 0);
  ir_build_set_i64 (n, concat, "axis", 1);
  return ir_build_done (n, concat);
}

/* ONNX has biases for the data and biases for the state. The IR has their sum;
 * where the reset gate is applied to the state's product, the candidate's stay
 * apart. */
static IrPort
read_biases (IrBuild *n, const OnnxRecurrent *r)
{
  const gint64 all = (gint64) r->kind->n_gates * r->hidden;
  const gint64 summed = r->linear_before_reset ? all - r->hidden : all;
  IrPort data, state, sum;

  if (!ir_build_has (n, 3)) {
    const gint64 dims[] = { (gint64) r->n_directions,
      r->linear_before_reset ? all + r->hidden : all };

    return zeros (n, r->x, dims, 2);
  }
  data = reorder (n, ir_build_slice (n, n->in[3], 1, 0, all), r->kind);
  state = reorder (n, ir_build_slice (n, n->in[3], 1, all, 2 * all), r->kind);
  if (!r->linear_before_reset)
    return ir_build_op (n, "Add", 1, 2, data, state);
  sum = ir_build_op (n, "Add", 1, 2, ir_build_slice (n, data, 1, 0, summed),
      ir_build_slice (n, state, 1, 0, summed));
  return ir_build_concat (n, 1, 3, sum,
      ir_build_slice (n, data, 1, summed, all),
      ir_build_slice (n, state, 1, summed, all));
}

/* Input @index, or zeros: [N,D,h]. */
static IrPort
read_state (IrBuild *n, const OnnxRecurrent *r, gsize index)
{
  const gint64 dims[] = { (gint64) r->n_directions, r->hidden };
  const gint64 order[] = { 1, 0, 2 };

  if (!ir_build_has (n, index))
    return ir_build_op (n, "Broadcast", 3, 2, ir_build_like (n, r->x, 0),
        ir_build_concat (
            n, 0, 2, ir_build_dim (n, r->x, 0), ir_build_list (n, dims, 2)));
  if (r->batch_first)
    return n->in[index];
  return ir_build_transpose (n, n->in[index], order, 3);
}

static OnnxRecurrent
read_node (IrBuild *n, const OnnxRecurrentKind *kind)
{
  const gint64 time_second[] = { 1, 0, 2 };
  OnnxRecurrent r = { kind };

  read_direction (n, &r);
  read_hidden (n, &r);
  read_clip (n, &r);
  read_layout (n, &r);
  r.linear_before_reset = ir_build_i64 (n, "linear_before_reset", 0) != 0;
  r.input_forget = ir_build_i64 (n, "input_forget", 0) != 0;
  /* Nothing is computed from sizes that are wrong. */
  if (ir_build_failed (n))
    return r;
  onnx_recurrent_activations (n, &r);
  r.x = ir_build_in (n, 0);
  if (!r.batch_first)
    r.x = ir_build_transpose (n, r.x, time_second, 3);
  r.w = reorder (n, ir_build_in (n, 1), kind);
  r.r = reorder (n, ir_build_in (n, 2), kind);
  r.b = read_biases (n, &r);
  if (ir_build_has (n, kind->lengths))
    r.lengths = n->in[kind->lengths];
  r.h = read_state (n, &r, kind->hidden);
  if (kind->cell != 0)
    r.c = read_state (n, &r, kind->cell);
  if (kind->peepholes != 0 && ir_build_has (n, kind->peepholes))
    r.p = n->in[kind->peepholes];
  return r;
}

/* --- the IR's op ------------------------------------------------------------------ */

/* The IR's ops have no peepholes and the same activations, of which there are
 * three, in both directions. */
static gboolean
has_op (const OnnxRecurrent *r)
{
  for (gsize d = 0; d < r->n_directions; d++)
    for (gsize i = 0; i < r->kind->n_activations; i++)
      if (onnx_activation_ir (&r->activation[d][i]) == NULL ||
          r->activation[d][i].row != r->activation[0][i].row)
        return FALSE;
  return r->p.node == NULL && !r->input_forget;
}

static void
set_activations (IrBuild *n, IrNode *op, const OnnxRecurrent *r)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < r->kind->n_activations; i++)
    g_string_append_printf (text, "%s%s", i == 0 ? "" : ",",
        onnx_activation_ir (&r->activation[0][i]));
  ir_build_set_text (n, op, "activations", text->str);
}

static OnnxRecurrentOut
add_op (IrBuild *n, const OnnxRecurrent *r)
{
  OnnxRecurrentOut out = { IR_NO_PORT, IR_NO_PORT, IR_NO_PORT };
  IrPort lengths = r->lengths;
  IrPort ports[7];
  gsize count = 0;
  IrNode *op;

  if (lengths.node == NULL)
    lengths = ir_build_op (n, "Broadcast", 3, 2, ir_build_dim (n, r->x, 1),
        ir_build_dim (n, r->x, 0));
  ports[count++] = r->x;
  ports[count++] = r->h;
  if (r->c.node != NULL)
    ports[count++] = r->c;
  ports[count++] = lengths;
  ports[count++] = r->w;
  ports[count++] = r->r;
  ports[count++] = r->b;
  op = ir_build_add_v (n, r->kind->ir, 5, ports, count, 0);
  ir_build_set_i64 (n, op, "hidden_size", r->hidden);
  ir_build_set_text (n, op, "direction", r->direction);
  ir_build_set_f64 (n, op, "clip", r->clip);
  if (r->linear_before_reset)
    ir_build_set_bool (n, op, "linear_before_reset", TRUE);
  set_activations (n, op, r);
  out.y = ir_build_done (n, op);
  if (ir_build_failed (n))
    return out;
  out.h = ir_port (op, 1);
  if (r->c.node != NULL)
    out.c = ir_port (op, 2);
  return out;
}

/* --- both ---------------------------------------------------------------------------- */

static void
give_state (IrBuild *n, const OnnxRecurrent *r, gsize index, IrPort state)
{
  const gint64 order[] = { 1, 0, 2 };

  if (ir_build_wants (n, index))
    ir_build_out (n, index,
        r->batch_first ? state : ir_build_transpose (n, state, order, 3));
}

static void
map_recurrent (IrBuild *n, const OnnxRecurrentKind *kind)
{
  const gint64 batch_first[] = { 0, 2, 1, 3 }, time_first[] = { 2, 1, 0, 3 };
  OnnxRecurrent r = read_node (n, kind);
  OnnxRecurrentOut out;

  if (ir_build_failed (n))
    return;
  out = has_op (&r) ? add_op (n, &r) : onnx_recurrent_loop (n, &r);
  if (ir_build_wants (n, 0))
    ir_build_out (n, 0,
        ir_build_transpose (
            n, out.y, r.batch_first ? batch_first : time_first, 4));
  give_state (n, &r, 1, out.h);
  if (kind->cell != 0)
    give_state (n, &r, 2, out.c);
}

void
onnx_map_lstm (IrBuild *n)
{
  /* forget, input, candidate, output out of i, o, f, c */
  static const guint8 order[] = { 2, 0, 3, 1 };
  static const char *const activations[] = { "Sigmoid", "Tanh", "Tanh" };
  static const OnnxRecurrentKind lstm = { "LSTMSequence", 4, order, 3,
    activations, 4, 5, 6, 7 };

  map_recurrent (n, &lstm);
}

void
onnx_map_gru (IrBuild *n)
{
  static const char *const activations[] = { "Sigmoid", "Tanh" };
  static const OnnxRecurrentKind gru = { "GRUSequence", 3, NULL, 2, activations,
    4, 5, 0, 0 };

  map_recurrent (n, &gru);
}

void
onnx_map_rnn (IrBuild *n)
{
  static const char *const activations[] = { "Tanh" };
  static const OnnxRecurrentKind rnn = { "RNNSequence", 1, NULL, 1, activations,
    4, 5, 0, 0 };

  map_recurrent (n, &rnn);
}
