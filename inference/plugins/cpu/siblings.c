/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Detection heads are convolutions of one picture to a few channels each, and kernels
 * make sixteen channels in the time of one. So siblings become one convolution, as do
 * the biases, functions and depthwise convolutions that follow all of them, and what
 * comes out is split. The sums stay the same. */
#include "cpu.h"

#include <string.h>

#define MAX_SIBLINGS 16
/* What kernels make at once. */
#define CHANNELS 16

/* Nodes that do the same with other constants: the first output of each, the channels
 * of that. */
typedef struct {
  IrNode *node[MAX_SIBLINGS];
  gint64 channels[MAX_SIBLINGS];
  guint n;
} Siblings;

static gint64
count_channels (const Siblings *s)
{
  gint64 sum = 0;

  for (guint i = 0; i < s->n; i++)
    sum += s->channels[i];
  return sum;
}

/* Convolution and GroupConvolution have the same attributes. */
static gboolean
same_attrs (const IrNode *a, const IrNode *b)
{
  for (const IrAttrDesc *d = a->op->attrs; d && d->name; d++) {
    g_autofree char *x = ir_attr_to_string (d, a->attrs);
    g_autofree char *y = ir_attr_to_string (d, b->attrs);

    if (g_strcmp0 (x, y) != 0)
      return FALSE;
  }
  return TRUE;
}

static IrNode *
add_like (
    IrGraph *graph, const char *type, const IrNode *like, guint n, IrPort *in)
{
  IrNode *node = n == 1
      ? ir_graph_add_op (graph, type, like->op->opset, like->name, 1, in[0])
      : ir_graph_add_op (
            graph, type, like->op->opset, like->name, 2, in[0], in[1]);

  for (const IrAttrDesc *d = like->op->attrs; d && d->name; d++) {
    g_autofree char *value = ir_attr_to_string (d, like->attrs);

    if (!ir_node_set_text (node, d->name, value, NULL))
      return NULL;
  }
  return node;
}

/* The constants @in of all siblings one after the other, in @shape. */
static IrPort
join_constants (
    IrGraph *graph, const Siblings *s, const IrPort *in, const IrShape *shape)
{
  g_autoptr (IrTensor) joined = ir_tensor_new (IR_DTYPE_F32, shape, NULL);
  guint8 *to = joined ? joined->data : NULL;

  for (guint i = 0; joined && i < s->n; i++) {
    g_autoptr (IrTensor) part =
        ir_tensor_convert (ir_port_const (in[i]), IR_DTYPE_F32, NULL);

    if (!part)
      return (IrPort){ NULL, 0 };
    to = (guint8 *) memcpy (to, part->data, part->size) + part->size;
  }
  return joined
      ? ir_port (ir_graph_add_const (graph, s->node[0]->name, joined), 0)
      : (IrPort){ NULL, 0 };
}

/* --- siblings ---------------------------------------------------------------- */

static gboolean
is_known (IrPort port)
{
  const IrTensor *value = ir_port_const (port);

  return value && ir_dtype_is_float (value->dtype) &&
      ir_port_output (port)->dtype == IR_DTYPE_F32;
}

static gboolean
is_narrow (const IrNode *node)
{
  return ir_node_is (node, "Convolution") &&
      cpu_port_can_be_last (ir_port ((IrNode *) node, 0)) &&
      node->outputs[0].shape.dim[1] < CHANNELS && is_known (node->inputs[1]);
}

static gboolean
same_window (const IrNode *a, const IrNode *b)
{
  const IrShape *x = &ir_node_input (a, 1)->shape;
  const IrShape *y = &ir_node_input (b, 1)->shape;

  return memcmp (x->dim + 1, y->dim + 1, 3 * sizeof *x->dim) == 0 &&
      same_attrs (a, b);
}

/* @first and those like it. */
static void
find_siblings (IrNode *first, Siblings *s)
{
  const GArray *uses = ir_port_output (first->inputs[0])->uses;

  s->n = 0;
  for (guint i = 0; i < uses->len && s->n < MAX_SIBLINGS; i++) {
    const IrUse *use = &g_array_index (uses, IrUse, i);

    if (use->index != 0 || !is_narrow (use->node) ||
        !use->node->outputs[0].uses || use->node->outputs[0].uses->len == 0 ||
        !same_window (first, use->node))
      continue;
    s->channels[s->n] = use->node->outputs[0].shape.dim[1];
    s->node[s->n++] = use->node;
  }
}

/* --- what follows them -------------------------------------------------------- */

static gboolean
is_bias (const IrNode *add, IrPort of, gint64 channels)
{
  const guint other = add->inputs[0].node == of.node;
  const IrShape *shape = &ir_node_input (add, other)->shape;

  return ir_node_is (add, "Add") && add->inputs[!other].node == of.node &&
      is_known (add->inputs[other]) && shape->rank == 4 && shape->dim[0] == 1 &&
      shape->dim[1] == channels && shape->dim[2] == 1 && shape->dim[3] == 1;
}

/* Of one channel it is a Convolution. */
static gboolean
is_depthwise (const IrNode *node, gint64 channels)
{
  const IrShape *shape = &ir_node_input (node, 1)->shape;

  if (ir_node_is (node, "Convolution"))
    return channels == 1 && shape->dim[0] == 1 && is_known (node->inputs[1]);
  return ir_node_is (node, "GroupConvolution") && shape->dim[1] == 1 &&
      shape->dim[2] == 1 && is_known (node->inputs[1]);
}

/* Height and width of a window. */
static const gint64 *
window_size (const IrNode *node)
{
  const IrShape *shape = &ir_node_input (node, 1)->shape;

  return shape->dim + shape->rank - 2;
}

typedef enum {
  OTHER,
  BIAS,
  FUNCTION,
  DEPTHWISE,
} Kind;

static Kind
find_kind (const IrNode *node, const IrNode *before, gint64 channels)
{
  IrUnary op;
  float a, b;

  if (is_bias (node, ir_port ((IrNode *) before, 0), channels))
    return BIAS;
  if (node->n_inputs == 1 && cpu_match_unary (node, &op, &a, &b))
    return FUNCTION;
  if (node->n_inputs == 2 && node->inputs[0].node == before &&
      is_depthwise (node, channels))
    return DEPTHWISE;
  return OTHER;
}

static gboolean
are_alike (Kind kind, const IrNode *a, const IrNode *b)
{
  if (kind == FUNCTION)
    return a->op == b->op && same_attrs (a, b);
  if (kind == DEPTHWISE)
    return same_attrs (a, b) &&
        memcmp (window_size (a), window_size (b), 2 * sizeof (gint64)) == 0;
  return TRUE;
}

/* What alone reads each of them, if that is of one kind. */
static Kind
find_next (const Siblings *s, Siblings *next)
{
  Kind kind = OTHER;

  *next = *s;
  for (guint i = 0; i < s->n; i++) {
    const IrOutput *out = &s->node[i]->outputs[0];
    IrNode *node;
    Kind found;

    if (!out->uses || out->uses->len != 1)
      return OTHER;
    node = next->node[i] = g_array_index (out->uses, IrUse, 0).node;
    if (node->n_outputs != 1 || !cpu_port_can_be_last (ir_port (node, 0)))
      return OTHER;
    found = find_kind (node, s->node[i], s->channels[i]);
    if (i > 0 && (found != kind || !are_alike (kind, next->node[0], node)))
      return OTHER;
    kind = found;
  }
  return kind;
}

/* --- joining ------------------------------------------------------------------ */

static IrNode *
join (IrGraph *graph, const Siblings *s, Kind kind, IrPort from)
{
  const gint64 channels = count_channels (s);
  const IrNode *like = s->node[0];
  const gint64 *size = kind == DEPTHWISE ? window_size (like) : NULL;
  const IrShape shapes[] = { [BIAS] = { 4, { 1, channels, 1, 1 } },
    [DEPTHWISE] = {
        5, { channels, 1, 1, size ? size[0] : 0, size ? size[1] : 0 } } };
  IrPort constants[MAX_SIBLINGS], in[2] = { from };

  if (kind == FUNCTION)
    return add_like (graph, like->op->type, like, 1, in);
  for (guint i = 0; i < s->n; i++)
    constants[i] =
        s->node[i]
            ->inputs[kind == DEPTHWISE || !is_known (s->node[i]->inputs[0])];
  in[1] = join_constants (graph, s, constants, &shapes[kind]);
  if (!in[1].node)
    return NULL;
  return add_like (
      graph, kind == BIAS ? "Add" : "GroupConvolution", like, 2, in);
}

static IrNode *
join_convolutions (IrGraph *graph, const Siblings *s)
{
  IrPort weights[MAX_SIBLINGS], in[2] = { s->node[0]->inputs[0] };
  IrShape shape = ir_node_input (s->node[0], 1)->shape;

  for (guint i = 0; i < s->n; i++)
    weights[i] = s->node[i]->inputs[1];
  shape.dim[0] = count_channels (s);
  in[1] = join_constants (graph, s, weights, &shape);
  return in[1].node ? add_like (graph, "Convolution", s->node[0], 2, in) : NULL;
}

static void
split (IrGraph *graph, const Siblings *s, IrNode *joined)
{
  const gint64 axis = 1;
  const IrPort in[] = { ir_port (joined, 0),
    ir_port (ir_graph_add_const_i64 (graph, joined->name, &axis, 1), 0),
    ir_port (
        ir_graph_add_const_i64 (graph, joined->name, s->channels, s->n), 0) };
  IrNode *node = ir_graph_add (graph, ir_op_lookup ("VariadicSplit", "opset1"),
      joined->name, in, 3, s->n);

  for (guint i = 0; i < s->n; i++)
    ir_graph_replace (graph, ir_port (s->node[i], 0), ir_port (node, i));
}

static gboolean
rewrite (IrGraph *graph, IrNode *first)
{
  Siblings s, next;
  IrNode *joined, *more;
  Kind kind;

  if (!is_narrow (first))
    return FALSE;
  find_siblings (first, &s);
  if (s.n < 2 || s.node[0] != first ||
      (count_channels (&s) - 1) / CHANNELS + 1 >= s.n ||
      !(joined = join_convolutions (graph, &s)))
    return FALSE;
  while ((kind = find_next (&s, &next)) != OTHER &&
      (more = join (graph, &next, kind, ir_port (joined, 0)))) {
    joined = more;
    s = next;
  }
  split (graph, &s, joined);
  return TRUE;
}

gboolean
cpu_siblings (IrGraph *graph, GError **error)
{
  return cpu_rewrite (graph, rewrite, error);
}
