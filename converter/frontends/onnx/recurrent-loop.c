/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recurrent networks as TensorIterators: peepholes, coupled gates, activations
 * that the IR's own ops lack. */
#include "body.h"
#include "recurrent.h"

/* One direction, inside and outside of the body. */
typedef struct {
  const OnnxRecurrent *r;
  const OnnxActivation *activation;
  OnnxBody *body;
  IrBuild *n;       /* of the body */
  IrPort weights;   /* [G*h,h] */
  IrPort peepholes; /* [3*h] */
  IrPort apart;     /* [h]: what a linear GRU adds to the state's product */
  IrPort data;      /* [N,G*h]: the data's part of the gates, with biases */
  IrPort h;
  IrPort c;
  IrPort h_next;
  IrPort c_next;
} Step;

static IrPort
add (IrBuild *n, IrPort a, IrPort b)
{
  return ir_build_op (n, "Add", 1, 2, a, b);
}

static IrPort
multiply (IrBuild *n, IrPort a, IrPort b)
{
  return ir_build_op (n, "Multiply", 1, 2, a, b);
}

/* a b', with the rows of b being outputs. */
static IrPort
product (IrBuild *n, IrPort a, IrPort b)
{
  IrNode *op = ir_build_add (n, "MatMul", 1, 2, a, b);

  ir_build_set_bool (n, op, "transpose_b", TRUE);
  return ir_build_done (n, op);
}

static IrPort
one_minus (IrBuild *n, IrPort x)
{
  return ir_build_op (n, "Subtract", 1, 2, ir_build_like (n, x, 1), x);
}

static IrPort
clip (const Step *s, IrPort x)
{
  IrNode *op;

  if (s->r->clip <= 0)
    return x;
  op = ir_build_add (s->n, "Clamp", 1, 1, x);
  ir_build_set_f64 (s->n, op, "min", -s->r->clip);
  ir_build_set_f64 (s->n, op, "max", s->r->clip);
  return ir_build_done (s->n, op);
}

/* Part @index of @port along @axis, all being as thick as there are units. */
static IrPort
part (const Step *s, IrPort port, gint64 axis, gint64 index)
{
  const gint64 hidden = s->r->hidden;

  return ir_build_slice (
      s->n, port, axis, index * hidden, (index + 1) * hidden);
}

static IrPort
gate (const Step *s, IrPort sums, gint64 index, guint activation)
{
  return onnx_activate (
      s->n, &s->activation[activation], clip (s, part (s, sums, 1, index)));
}

/* The same with what the gate sees of a cell state through its peephole. */
static IrPort
peeping_gate (
    const Step *s, IrPort sums, gint64 index, gint64 peephole, IrPort cell)
{
  IrPort sum = part (s, sums, 1, index);

  if (s->peepholes.node != NULL)
    sum = add (
        s->n, sum, multiply (s->n, part (s, s->peepholes, 0, peephole), cell));
  return onnx_activate (s->n, &s->activation[0], clip (s, sum));
}

/* --- steps ---------------------------------------------------------------------- */

/* Gates: forget, input, candidate, output; peepholes: input, output, forget. */
static void
lstm_step (Step *s)
{
  IrPort sums = add (s->n, s->data, product (s->n, s->h, s->weights));
  IrPort input = peeping_gate (s, sums, 1, 0, s->c);
  IrPort forget = s->r->input_forget ? one_minus (s->n, input)
                                     : peeping_gate (s, sums, 0, 2, s->c);
  IrPort candidate = gate (s, sums, 2, 1);

  s->c_next = add (
      s->n, multiply (s->n, forget, s->c), multiply (s->n, input, candidate));
  s->h_next = multiply (s->n, peeping_gate (s, sums, 3, 1, s->c_next),
      onnx_activate (s->n, &s->activation[2], s->c_next));
}

/* Gates: update, reset, candidate. */
static void
gru_step (Step *s)
{
  IrBuild *n = s->n;
  const gint64 gates = 2 * s->r->hidden;
  IrPort sums = add (n, ir_build_slice (n, s->data, 1, 0, gates),
      product (n, s->h, ir_build_slice (n, s->weights, 0, 0, gates)));
  IrPort update = gate (s, sums, 0, 0);
  IrPort reset = gate (s, sums, 1, 0);
  IrPort weights = part (s, s->weights, 0, 2);
  IrPort candidate;

  if (s->r->linear_before_reset)
    candidate =
        multiply (n, reset, add (n, product (n, s->h, weights), s->apart));
  else
    candidate = product (n, multiply (n, reset, s->h), weights);
  candidate = onnx_activate (n, &s->activation[1],
      clip (s, add (n, part (s, s->data, 1, 2), candidate)));
  s->h_next = add (n, multiply (n, one_minus (n, update), candidate),
      multiply (n, update, s->h));
}

static void
rnn_step (Step *s)
{
  IrPort sums = add (s->n, s->data, product (s->n, s->h, s->weights));

  s->h_next = gate (s, sums, 0, 0);
}

static void
make_step (Step *s)
{
  if (s->r->kind->cell != 0)
    lstm_step (s);
  else if (s->r->kind->n_gates > 1)
    gru_step (s);
  else
    rnn_step (s);
}

/* --- one direction ---------------------------------------------------------------- */

/* Direction @d of a port whose dimension @axis is that of the directions. */
static IrPort
direction_of (IrBuild *n, IrPort port, gint64 axis, gint64 d)
{
  return ir_build_squeeze (n, ir_build_slice (n, port, axis, d, d + 1), axis);
}

/* Everything that doesn't need a state, for all steps at once: [N,T,G*h]. */
static IrPort
data_sums (IrBuild *n, const OnnxRecurrent *r, gint64 d)
{
  IrPort biases = direction_of (n, r->b, 0, d);

  if (r->linear_before_reset)
    biases =
        ir_build_slice (n, biases, 0, 0, (gint64) r->kind->n_gates * r->hidden);
  return add (n, product (n, r->x, direction_of (n, r->w, 0, d)), biases);
}

/* [N,1]: whether a sequence is long enough to have step number @step. */
static IrPort
is_within (IrBuild *n, IrPort step, IrPort lengths)
{
  return ir_build_unsqueeze (
      n, ir_build_op (n, "Less", 1, 2, step, lengths), 1);
}

/* The numbers of all steps, to be cut as the data are. */
static IrPort
step_numbers (IrBuild *n, IrPort x)
{
  IrPort time = ir_build_squeeze (n, ir_build_dim (n, x, 1), 0);
  IrNode *op = ir_build_add (
      n, "Range", 4, 3, ir_build_int (n, 0), time, ir_build_int (n, 1));

  ir_build_set_dtype (n, op, "output_type", IR_DTYPE_I64);
  return ir_build_done (n, op);
}

static IrPort
choose (IrBuild *n, IrPort condition, IrPort yes, IrPort no)
{
  return ir_build_op (n, "Select", 1, 3, condition, yes, no);
}

/* Beyond the end of a sequence states stay and the output is zero. */
static void
fill_body (Step *s, IrPort step, IrPort lengths, gboolean backwards)
{
  IrPort y;

  make_step (s);
  y = s->h_next;
  if (lengths.node != NULL) {
    IrPort within = is_within (s->n, step, lengths);

    y = choose (s->n, within, y, ir_build_like (s->n, y, 0));
    s->h_next = choose (s->n, within, s->h_next, s->h);
    if (s->c.node != NULL)
      s->c_next = choose (s->n, within, s->c_next, s->c);
  }
  onnx_body_join (s->body, ir_build_unsqueeze (s->n, y, 1), 1, backwards);
  onnx_body_next (s->body, s->h, s->h_next);
  if (s->c.node != NULL)
    onnx_body_next (s->body, s->c, s->c_next);
}

/* Of a sequence of no steps no state is kept, as in the IR's own ops. */
static IrPort
last_state (IrBuild *n, IrPort state, IrPort lengths)
{
  if (lengths.node != NULL)
    state = choose (n, is_within (n, ir_build_like (n, lengths, 0), lengths),
        state, ir_build_like (n, state, 0));
  return ir_build_unsqueeze (n, state, 1);
}

static OnnxRecurrentOut
one_direction (IrBuild *n, const OnnxRecurrent *r, gint64 d, gboolean backwards)
{
  OnnxRecurrentOut out = { IR_NO_PORT, IR_NO_PORT, IR_NO_PORT };
  g_auto (OnnxBody) body;
  Step s = { r, r->activation[d], &body, &body.n.build };
  IrPort lengths = r->lengths, step = IR_NO_PORT, inside = IR_NO_PORT;
  IrNode *node;

  onnx_body_init (&body, n, NULL, NULL, 0);
  if (lengths.node != NULL)
    lengths = ir_build_cast (n, lengths, IR_DTYPE_I64);
  s.data = ir_build_squeeze (
      s.n, onnx_body_slice (&body, data_sums (n, r, d), 1, backwards), 1);
  s.h = onnx_body_state (&body, direction_of (n, r->h, 1, d), NULL);
  if (r->c.node != NULL)
    s.c = onnx_body_state (&body, direction_of (n, r->c, 1, d), NULL);
  s.weights = onnx_body_whole (&body, direction_of (n, r->r, 0, d));
  if (r->p.node != NULL)
    s.peepholes = onnx_body_whole (&body, direction_of (n, r->p, 0, d));
  if (r->linear_before_reset)
    s.apart = onnx_body_whole (&body,
        ir_build_slice (n, direction_of (n, r->b, 0, d), 0,
            (gint64) r->kind->n_gates * r->hidden, G_MAXINT32));
  if (lengths.node != NULL) {
    inside = onnx_body_whole (&body, lengths);
    step = onnx_body_slice (&body, step_numbers (n, r->x), 0, backwards);
  }
  fill_body (&s, step, inside, backwards);
  node = onnx_body_finish (&body, "TensorIterator", 1);
  if (node == NULL)
    return out;
  out.y = ir_build_unsqueeze (n, ir_port (node, 0), 1);
  out.h = last_state (n, ir_port (node, 1), lengths);
  if (r->c.node != NULL)
    out.c = last_state (n, ir_port (node, 2), lengths);
  return out;
}

OnnxRecurrentOut
onnx_recurrent_loop (IrBuild *n, const OnnxRecurrent *r)
{
  const gboolean backwards = r->direction[0] == 'r';
  OnnxRecurrentOut out = one_direction (n, r, 0, backwards), other;

  if (r->n_directions == 1)
    return out;
  other = one_direction (n, r, 1, TRUE);
  out.y = ir_build_concat (n, 1, 2, out.y, other.y);
  out.h = ir_build_concat (n, 1, 2, out.h, other.h);
  if (r->c.node != NULL)
    out.c = ir_build_concat (n, 1, 2, out.c, other.c);
  return out;
}
