/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

#include <math.h>

typedef struct {
  const char *type;
  IrUnary unary;
} UnaryRow;

/* Ops that are a function of one number without parameters. */
static const UnaryRow unary_rows[] = {
  { "ReLU", IR_UNARY_RELU },
  { "Sigmoid", IR_UNARY_SIGMOID },
  { "Tanh", IR_UNARY_TANH },
  { "HSwish", IR_UNARY_HSWISH },
  { "HSigmoid", IR_UNARY_HSIGMOID },
  { "Exp", IR_UNARY_EXP },
  { "Abs", IR_UNARY_ABS },
  { "Negative", IR_UNARY_NEG },
  { "Sqrt", IR_UNARY_SQRT },
  { "SoftPlus", IR_UNARY_SOFTPLUS },
  { "Mish", IR_UNARY_MISH },
  { "Log", IR_UNARY_LOG },
  { "Erf", IR_UNARY_ERF },
  { "SoftSign", IR_UNARY_SOFTSIGN },
  { "Sign", IR_UNARY_SIGN },
  { "Floor", IR_UNARY_FLOOR },
  { "Ceiling", IR_UNARY_CEILING },
  { "Sin", IR_UNARY_SIN },
  { "Cos", IR_UNARY_COS },
};

/* The one number that input @index is. */
static gboolean
input_number (const IrNode *node, guint index, float *number)
{
  const IrTensor *value = ir_port_const (node->inputs[index]);

  if (!value || value->dtype != IR_DTYPE_F32 || ir_tensor_count (value) != 1)
    return FALSE;
  *number = *(const float *) value->data;
  return TRUE;
}

static gboolean
match_power (const IrNode *node, IrUnary *op)
{
  float exponent;

  if (!input_number (node, 1, &exponent) ||
      !ir_shape_equal (
          &ir_node_input (node, 0)->shape, &node->outputs[0].shape))
    return FALSE;
  *op = exponent == 2    ? IR_UNARY_SQUARE
      : exponent == -1   ? IR_UNARY_INVERSE
      : exponent == 0.5f ? IR_UNARY_SQRT
                         : IR_UNARY_COPY;
  return *op != IR_UNARY_COPY || exponent == 1;
}

gboolean
cpu_match_unary (const IrNode *node, IrUnary *op, float *a, float *b)
{
  *a = 1;
  *b = 0;
  for (guint i = 0; i < G_N_ELEMENTS (unary_rows); i++) {
    if (ir_node_is (node, unary_rows[i].type)) {
      *op = unary_rows[i].unary;
      return TRUE;
    }
  }
  if (ir_node_is (node, "Power"))
    return match_power (node, op);
  if (ir_node_is (node, "Swish")) {
    *op = IR_UNARY_SWISH;
    return node->n_inputs == 1 || input_number (node, 1, a);
  }
  if (ir_node_is (node, "HardSigmoid")) {
    *op = IR_UNARY_HARD_SIGMOID;
    return input_number (node, 1, a) && input_number (node, 2, b);
  }
  if (ir_node_is (node, "Gelu")) {
    const IrGeluAttrs *attrs = node->attrs;
    const gboolean erf = node->op->opset < 7 || attrs->approximation_mode == 0;

    *op = erf ? IR_UNARY_GELU : IR_UNARY_GELU_TANH;
    return TRUE;
  }
  if (ir_node_is (node, "Selu")) {
    *op = IR_UNARY_SELU;
    return input_number (node, 1, a) && input_number (node, 2, b);
  }
  if (ir_node_is (node, "Round")) {
    const IrRoundAttrs *attrs = node->attrs;

    *op = attrs->mode == 0 ? IR_UNARY_ROUND : IR_UNARY_ROUND_AWAY;
    return TRUE;
  }
  if (ir_node_is (node, "Clamp")) {
    const IrClampAttrs *attrs = node->attrs;

    *op = IR_UNARY_CLAMP;
    *a = attrs->min;
    *b = attrs->max;
    return TRUE;
  }
  if (ir_node_is (node, "Elu")) {
    *op = IR_UNARY_ELU;
    *a = ((const IrAlphaAttrs *) node->attrs)->alpha;
    return TRUE;
  }
  return FALSE;
}

/* The node that alone reads @port; NULL if there are several. */
static const IrNode *
only_reader (IrPort port)
{
  const GArray *uses = ir_port_output (port)->uses;

  return uses && uses->len == 1 ? g_array_index (uses, IrUse, 0).node : NULL;
}

static gboolean
same_port (IrPort a, IrPort b)
{
  return a.node == b.node && a.index == b.index;
}

/* The reader and the product of x * sigmoid (x). */
static const IrNode *
swish_product (IrPort port)
{
  const GArray *uses = ir_port_output (port)->uses;

  if (!uses || uses->len != 2)
    return NULL;
  for (guint u = 0; u < 2; u++) {
    IrNode *sigmoid = g_array_index (uses, IrUse, u).node;
    const IrNode *product = g_array_index (uses, IrUse, 1 - u).node;

    if (ir_node_is (sigmoid, "Sigmoid") && ir_node_is (product, "Multiply") &&
        only_reader (ir_port (sigmoid, 0)) == product)
      return product;
  }
  return NULL;
}

gboolean
cpu_has_follower (IrPort port)
{
  return only_reader (port) || swish_product (port);
}

static IrNode *
other_reader (IrPort port, const IrNode *node)
{
  const GArray *uses = ir_port_output (port)->uses;
  IrNode *first = g_array_index (uses, IrUse, 0).node;

  return first == node ? g_array_index (uses, IrUse, 1).node : first;
}

/* Whether @shape has one element per channel of @like, at @axis, or one in all. */
static gboolean
is_per_channel (const IrShape *shape, const IrShape *like, gint axis)
{
  for (gint d = 0; d < shape->rank; d++) {
    gint at = like->rank - shape->rank + d;

    if (shape->dim[d] != 1 && (at != axis || shape->dim[d] != like->dim[at]))
      return FALSE;
  }
  return shape->rank <= like->rank;
}

static gint
channel_axis (const IrNode *head)
{
  const IrShape *shape = &head->outputs[0].shape;

  return ir_node_is (head, "MatMul") ? shape->rank - 1 : 1;
}

static const float *
channel_values (
    const CpuModel *model, const IrNode *head, IrPort port, gsize *n)
{
  IrTensor *value = cpu_port_value (model, port);

  if (!value || value->dtype != IR_DTYPE_F32 ||
      !is_per_channel (
          &value->shape, &head->outputs[0].shape, channel_axis (head)))
    return NULL;
  *n = ir_tensor_count (value);
  return value->data;
}

static gboolean
fuse_add (const CpuModel *model, const IrNode *add, IrPort port, CpuFusion *f)
{
  guint other = same_port (add->inputs[0], port) ? 1 : 0;
  const IrOutput *out = &add->outputs[0];
  const float *bias;
  gsize n;

  if (f->residual.node || f->unary != IR_UNARY_COPY)
    return FALSE;
  bias = channel_values (model, f->head, add->inputs[other], &n);
  if (bias && !f->bias) {
    f->bias = bias;
    f->bias_n = n;
    return TRUE;
  }
  if (bias || same_port (add->inputs[other], port) ||
      !cpu_port_is_f32 (add->inputs[other]) ||
      !ir_shape_equal (&ir_node_input (add, other)->shape, &out->shape))
    return FALSE;
  f->residual = add->inputs[other];
  return TRUE;
}

static gboolean
fuse_prelu (const CpuModel *model, const IrNode *node, CpuFusion *f)
{
  gsize n, channels = f->head->outputs[0].shape.dim[channel_axis (f->head)];
  const float *slopes = channel_values (model, f->head, node->inputs[1], &n);

  /* A slope of rank 1 belongs to axis 1, not to the last one. */
  if (!slopes) {
    IrTensor *value = cpu_port_value (model, node->inputs[1]);

    if (!value || value->dtype != IR_DTYPE_F32 || value->shape.rank != 1 ||
        channel_axis (f->head) != 1)
      return FALSE;
    slopes = value->data;
    n = ir_tensor_count (value);
  } else if (n > 1 && ir_node_input (node, 1)->shape.rank == 1 &&
      channel_axis (f->head) != 1) {
    return FALSE;
  }
  if (n != 1 && n != channels)
    return FALSE;
  f->unary = IR_UNARY_LEAKY;
  f->a = slopes[0];
  f->slopes = n > 1 ? slopes : NULL;
  return TRUE;
}

static gboolean
fuse_quantize (
    const CpuModel *model, const IrNode *node, IrPort port, CpuFusion *f)
{
  f->quantizes = same_port (node->inputs[0], port) &&
      cpu_quantizer_levels (model, node, &f->levels) &&
      cpu_takes_levels (model, f->head);
  return f->quantizes;
}

static const IrNode *
fuse_next (const CpuModel *model, IrPort port, CpuFusion *f)
{
  const IrNode *next = only_reader (port);

  if (f->quantizes)
    return NULL;
  if (!next && f->unary == IR_UNARY_COPY && (next = swish_product (port))) {
    f->unary = IR_UNARY_SWISH;
    f->a = 1;
    f->absorbed[f->n_absorbed++] = other_reader (port, next);
    return next;
  }
  if (!next || next->mark || next->n_outputs != 1 ||
      !cpu_port_is_f32 (ir_port ((IrNode *) next, 0)) ||
      !ir_shape_equal (&next->outputs[0].shape, &ir_port_output (port)->shape))
    return NULL;
  if (ir_node_is (next, "Add"))
    return fuse_add (model, next, port, f) ? next : NULL;
  if (ir_node_is (next, "FakeQuantize"))
    return fuse_quantize (model, next, port, f) ? next : NULL;
  if (f->unary != IR_UNARY_COPY)
    return NULL;
  if (ir_node_is (next, "PReLU") && same_port (next->inputs[0], port))
    return fuse_prelu (model, next, f) ? next : NULL;
  return cpu_match_unary (next, &f->unary, &f->a, &f->b) ? next : NULL;
}

void
cpu_fuse (const CpuModel *model, const IrNode *head, CpuFusion *fusion)
{
  const IrNode *next;

  *fusion = (CpuFusion){ .head = head, .last = head, .unary = IR_UNARY_COPY };
  if (!cpu_port_is_f32 (ir_port ((IrNode *) head, 0)) ||
      head->outputs[0].shape.rank < 2)
    return;
  while (fusion->n_absorbed + 2 <= CPU_MAX_ABSORBED &&
      (next = fuse_next (
           model, ir_port ((IrNode *) fusion->last, 0), fusion))) {
    fusion->last = next;
    fusion->absorbed[fusion->n_absorbed++] = (IrNode *) next;
  }
  for (guint i = 0; i < fusion->n_absorbed; i++)
    fusion->absorbed[i]->mark = CPU_MARK_FUSED;
}

void
cpu_finish (const CpuRun *run, const CpuFusion *f, const float *residual,
    float *to, gsize channel, gsize index, gsize n)
{
  const IrEltwiseKernels *k = run->model->eltwise;
  const float bias = f->bias ? f->bias[f->bias_n > 1 ? channel : 0] : 0;
  const float a = f->slopes ? f->slopes[channel] : f->a;

  if (residual)
    k->binary (IR_BINARY_ADD, IR_BINARY_BOTH, to, residual + index, to, n);
  if (f->bias || f->unary != IR_UNARY_COPY)
    k->bias_unary (f->unary, a, f->b, bias, to, n);
}

gboolean
cpu_fusion_is_clamp (const CpuFusion *f)
{
  return f->unary == IR_UNARY_COPY || f->unary == IR_UNARY_RELU ||
      f->unary == IR_UNARY_CLAMP;
}

gboolean
cpu_fusion_suits_bf16 (const CpuFusion *f, IrUnary *unary)
{
  const IrUnary wanted = cpu_fusion_is_clamp (f) ? IR_UNARY_COPY : f->unary;

  if (f->slopes || !ir_bgemm_knows (wanted))
    return FALSE;
  *unary = wanted;
  return TRUE;
}

void
cpu_fusion_limits (const CpuFusion *f, float *low, float *high)
{
  *low = f->unary == IR_UNARY_RELU ? 0
      : f->unary == IR_UNARY_CLAMP ? f->a
                                   : -INFINITY;
  *high = f->unary == IR_UNARY_CLAMP ? f->b : INFINITY;
}

void
cpu_unary_pixels (const IrEltwiseKernels *k, IrUnary op, float a, float b,
    const float *x, gsize x_pitch, float *to, gsize to_pitch, gsize channels,
    gsize n)
{
  if (x_pitch == channels && to_pitch == channels) {
    k->unary (op, a, b, x, to, n * channels);
    return;
  }
  for (gsize p = 0; p < n; p++, x += x_pitch, to += to_pitch)
    k->unary (op, a, b, x, to, channels);
}

void
cpu_binary_pixels (const IrEltwiseKernels *k, IrBinary op, const float *x,
    gsize x_pitch, const float *y, gsize y_pitch, float *to, gsize to_pitch,
    gsize channels, gsize n)
{
  if (x_pitch == channels && y_pitch == channels && to_pitch == channels) {
    k->binary (op, IR_BINARY_BOTH, x, y, to, n * channels);
    return;
  }
  for (gsize p = 0; p < n; p++, x += x_pitch, y += y_pitch, to += to_pitch)
    k->binary (op, IR_BINARY_BOTH, x, y, to, channels);
}

void
cpu_finish_pixels (const CpuRun *run, const CpuFusion *f, gsize first,
    gsize channels, float *to, gsize pitch, gsize n)
{
  const IrEltwiseKernels *k = run->model->eltwise;
  /* What lies between pixels may be written; what lies between the rows of a matrix
   * may not, and begins in the middle of a group, as other groups' channels do. */
  const gsize width = pitch % IR_IGEMM_GROUP == 0 &&
          first % IR_IGEMM_GROUP == 0 &&
          (gint64) (first + channels) ==
              f->head->outputs[0].shape.dim[channel_axis (f->head)]
      ? CPU_PITCH (channels)
      : channels;

  if (!f->slopes) {
    cpu_unary_pixels (k, f->unary, f->a, f->b, to, pitch, to, pitch, width, n);
    return;
  }
  for (gsize p = 0; p < n; p++, to += pitch)
    k->binary (
        IR_BINARY_PRELU, IR_BINARY_BOTH, to, f->slopes + first, to, channels);
}

void
cpu_finish_rows (const CpuRun *run, const CpuFusion *f, gsize first,
    float *numbers, gsize rows, gsize width, gsize columns)
{
  const IrEltwiseKernels *k = run->model->eltwise;

  if (!f->slopes) {
    k->unary (f->unary, f->a, f->b, numbers, numbers, rows * width);
    return;
  }
  for (gsize r = 0; r < rows; r++, numbers += width)
    k->binary (IR_BINARY_PRELU, IR_BINARY_BOTH, numbers, f->slopes + first,
        numbers, columns);
}
