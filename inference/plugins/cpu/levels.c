/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which numbers have few levels, and which weights: what FakeQuantize and stored bytes
 * say of them. Convolutions of both are products of bytes, whose sums are exact. */
#include "cpu.h"

#include <math.h>

/* How far from a level zero may lie, in levels: limits are rounded. */
#define ZERO_ERROR 1e-4f

/* --- of values ------------------------------------------------------------- */

static gboolean
single_number (const CpuModel *model, IrPort port, float *number)
{
  const IrTensor *value = cpu_port_value (model, port);

  if (!value || value->dtype != IR_DTYPE_F32 || ir_tensor_count (value) != 1)
    return FALSE;
  *number = *(const float *) value->data;
  return TRUE;
}

/* Levels are as far apart as the other ends say, and zero is one of them. */
static gboolean
find_zero (float low, float high, float top, float *step, float *zero)
{
  *step = (high - low) / top;
  *zero = rintf (-low / *step);
  return low < high && isfinite (*step) && *step > 0 &&
      fabsf (-low / *step - *zero) < ZERO_ERROR;
}

gboolean
cpu_quantizer_levels (
    const CpuModel *model, const IrNode *node, IrQgemmLevels *levels)
{
  const IrBroadcastAttrs *attrs = node->attrs;
  float low, high;

  if (!model->qgemm || !ir_node_is (node, "FakeQuantize") ||
      attrs->levels < 2 || attrs->levels > 256 ||
      !cpu_port_is_f32 (node->inputs[0]) ||
      !single_number (model, node->inputs[1], &levels->low) ||
      !single_number (model, node->inputs[2], &levels->high) ||
      !single_number (model, node->inputs[3], &low) ||
      !single_number (model, node->inputs[4], &high))
    return FALSE;
  levels->top = attrs->levels - 1;
  return levels->low < levels->high && isfinite (levels->high - levels->low) &&
      find_zero (low, high, levels->top, &levels->step, &levels->zero) &&
      levels->zero >= 0 && levels->zero <= levels->top;
}

static const IrQgemmLevels *
port_levels (const CpuModel *model, IrPort port)
{
  const guint slot = cpu_port_slot (model, port);

  return slot == CPU_NO_SLOT || cpu_slot (model, slot)->levels.step == 0
      ? NULL
      : &cpu_slot (model, slot)->levels;
}

gboolean
cpu_levels_equal (const IrQgemmLevels *a, const IrQgemmLevels *b)
{
  return a->top == b->top && a->step == b->step && a->zero == b->zero;
}

/* What all inputs have in common. */
static const IrQgemmLevels *
common_levels (const CpuModel *model, const IrNode *node)
{
  const IrQgemmLevels *first = port_levels (model, node->inputs[0]);

  for (gsize i = 1; first && i < node->n_inputs; i++) {
    const IrQgemmLevels *other = port_levels (model, node->inputs[i]);

    if (!other || !cpu_levels_equal (first, other))
      return NULL;
  }
  return first;
}

/* The largest of nothing is no level. */
static gboolean
pools_something (const IrNode *node)
{
  const IrShape *in = &ir_node_input (node, 0)->shape;
  IrConvGeometry g;
  IrWindow w;

  return cpu_port_can_be_last (node->inputs[0]) &&
      ir_pool_geometry (node->attrs, 2, in->dim + 2, &g, NULL) &&
      cpu_window (&g, &w) && cpu_window_sees (&w);
}

/* Ops that only choose among numbers of input 0. */
static gboolean
only_picks (const IrNode *node)
{
  static const char *const types[] = { "DepthToSpace", "Reshape",
    "ShuffleChannels", "Slice", "SpaceToDepth", "Split", "Squeeze",
    "StridedSlice", "Tile", "Transpose", "Unsqueeze", "VariadicSplit" };

  if (ir_node_is (node, "MaxPool"))
    return pools_something (node);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (ir_node_is (node, types[i]))
      return TRUE;
  return FALSE;
}

IrQgemmLevels
cpu_find_levels (const CpuModel *model, const IrNode *node)
{
  const IrQgemmLevels *found = NULL;
  IrQgemmLevels levels;

  if (!model->qgemm)
    return (IrQgemmLevels){ 0 };
  if (cpu_quantizer_levels (model, node, &levels)) {
    levels.low = -levels.zero * levels.step;
    levels.high = (levels.top - levels.zero) * levels.step;
    return levels;
  }
  if (ir_node_is (node, "Concat"))
    found = common_levels (model, node);
  else if (node->n_inputs > 0 && only_picks (node))
    found = port_levels (model, node->inputs[0]);
  return found ? *found : (IrQgemmLevels){ 0 };
}

/* --- of weights ------------------------------------------------------------ */

/* Numbers of a port if there is one for each of @channels output channels, the first
 * dimensions of the weights, or one for all. */
static const float *
channel_numbers (
    const CpuModel *model, IrPort port, guint channels, guint *stride)
{
  const IrTensor *value = cpu_port_value (model, port);
  guint64 n = 1;

  if (!value || value->dtype != IR_DTYPE_F32)
    return NULL;
  *stride = ir_tensor_count (value) == 1 ? 0 : 1;
  if (*stride == 0)
    return value->data;
  for (gint d = 0; d < value->shape.rank; d++) {
    if (value->shape.dim[d] != 1 && n == channels)
      return NULL;
    n *= value->shape.dim[d];
  }
  return n == channels ? value->data : NULL;
}

/* Behind conversions between types of floating point. */
static IrPort
skip_converts (IrPort port)
{
  while (ir_node_is (port.node, "Convert") &&
      ir_dtype_is_float (ir_node_input (port.node, 0)->dtype))
    port = port.node->inputs[0];
  return port;
}

/* Bytes that are stored, less @zero, times a number per channel. */
static gboolean
match_stored (
    const CpuModel *model, IrPort port, guint channels, CpuByteWeights *w)
{
  const float *scale, *zeros = NULL;
  guint stride, zero_stride = 0;

  port = skip_converts (port);
  if (!ir_node_is (port.node, "Multiply") ||
      !(scale =
              channel_numbers (model, port.node->inputs[1], channels, &stride)))
    return FALSE;
  port = skip_converts (port.node->inputs[0]);
  if (ir_node_is (port.node, "Subtract")) {
    zeros =
        channel_numbers (model, port.node->inputs[1], channels, &zero_stride);
    if (!zeros)
      return FALSE;
    port = skip_converts (port.node->inputs[0]);
  }
  if (!ir_node_is (port.node, "Convert"))
    return FALSE;
  w->source = port.node->inputs[0];
  w->dtype = ir_port_output (w->source)->dtype;
  w->zero = w->dtype == IR_DTYPE_U8 ? 128 : 0;
  if ((w->dtype != IR_DTYPE_I8 && w->dtype != IR_DTYPE_U8) ||
      !cpu_port_is_known (model, w->source))
    return FALSE;
  for (guint c = 0; c < channels; c++)
    if (!(fabsf ((zeros ? zeros[c * zero_stride] : 0) - w->zero) < ZERO_ERROR))
      return FALSE;
  w->steps = g_new (float, channels);
  for (guint c = 0; c < channels; c++)
    w->steps[c] = scale[c * stride];
  return TRUE;
}

/* FakeQuantize of constants to levels that bytes hold. */
static gboolean
match_quantized (
    const CpuModel *model, IrPort port, guint channels, CpuByteWeights *w)
{
  const IrNode *node = port.node;
  const IrBroadcastAttrs *attrs = node->attrs;
  const float *low, *high;
  guint low_stride = 0, high_stride = 0;

  if (!ir_node_is (node, "FakeQuantize") || attrs->levels < 2 ||
      attrs->levels > 256 || !cpu_port_is_known (model, port))
    return FALSE;
  low = channel_numbers (model, node->inputs[3], channels, &low_stride);
  high = channel_numbers (model, node->inputs[4], channels, &high_stride);
  if (!low || !high)
    return FALSE;
  w->source = port;
  w->dtype = IR_DTYPE_F32;
  w->steps = g_new (float, channels);
  for (guint c = 0; c < channels; c++) {
    const float top = attrs->levels - 1;
    float zero;

    if (!find_zero (low[c * low_stride], high[c * high_stride], top,
            &w->steps[c], &zero) ||
        zero > 128 || top - zero > 127) {
      cpu_byte_weights_clear (w);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
cpu_byte_weights_find (
    const CpuModel *model, IrPort port, guint channels, CpuByteWeights *w)
{
  *w = (CpuByteWeights){ 0 };
  return match_stored (model, port, channels, w) ||
      match_quantized (model, port, channels, w);
}

void
cpu_byte_weights_clear (CpuByteWeights *w)
{
  g_clear_pointer (&w->steps, g_free);
}

gint
cpu_byte_weight (
    const CpuByteWeights *w, gconstpointer values, guint channel, gsize at)
{
  if (w->dtype == IR_DTYPE_I8)
    return ((const gint8 *) values)[at];
  if (w->dtype == IR_DTYPE_U8)
    return ((const guint8 *) values)[at] - 128;
  return (gint) rintf (((const float *) values)[at] / w->steps[channel]);
}
