/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Padding with a constant goes into the pads of the convolutions and poolings
 * that read it, if all of its readers can take it: convolutions and averages
 * zeros, the largest of a window what is below all that is there. A transposed
 * convolution spreads its input by its strides, so that zeros around it are output
 * that is cut off less.
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

#include <ir/conv.h>

#include <float.h>

typedef struct {
  IrNode *node;
  double value;
  guint n; /* spatial dimensions */
  gint64 begin[IR_MAX_SPATIAL];
  gint64 end[IR_MAX_SPATIAL];
} Padding;

/* The amounts of input @index; FALSE if batch or channels get some too. */
static gboolean
read_amounts (const IrNode *node, guint index, gint64 *spatial)
{
  gint rank = ir_node_input (node, 0)->shape.rank;
  const IrTensor *value = ir_node_input (node, index)->value;

  if (!ir_is_const (node->inputs[index]) ||
      ir_tensor_count (value) != (guint64) rank)
    return FALSE;
  for (gint i = 0; i < rank; i++) {
    gint64 amount = ir_tensor_get_i64 (value, (gsize) i);

    if (amount < 0 || amount > IR_CONV_LIMIT || (i < 2 && amount != 0))
      return FALSE;
    if (i >= 2)
      spatial[i - 2] = amount;
  }
  return TRUE;
}

static gboolean
read_padding (IrNode *node, Padding *pad)
{
  gint rank =
      ir_node_is (node, "Pad") ? ir_node_input (node, 0)->shape.rank : 0;

  if (rank < 3 || rank > IR_MAX_SPATIAL + 2 ||
      ((const IrPadAttrs *) node->attrs)->pad_mode != IR_PAD_CONSTANT ||
      !ir_dtype_is_float (node->outputs[0].dtype))
    return FALSE;
  pad->node = node;
  pad->n = (guint) rank - 2;
  pad->value = 0;
  if (node->n_inputs > 3) {
    if (!ir_is_const (node->inputs[3]))
      return FALSE;
    pad->value = ir_tensor_get_f64 (ir_node_input (node, 3)->value, 0);
  }
  return read_amounts (node, 1, pad->begin) && read_amounts (node, 2, pad->end);
}

/* --- who can take it -------------------------------------------------------------- */

/* The pads that @reader would have with those of @pad. */
typedef gboolean (*Sum) (
    const IrNode *reader, const Padding *pad, gint64 *begin, gint64 *end);

static gint64
pad_of (IrI64s pads, guint i, gint auto_pad)
{
  return auto_pad == IR_PAD_EXPLICIT && i < pads.n ? pads.v[i] : 0;
}

static gboolean
is_plain (gint auto_pad)
{
  return auto_pad == IR_PAD_EXPLICIT || auto_pad == IR_PAD_VALID;
}

static gboolean
sum_conv (const IrNode *reader, const Padding *pad, gint64 *begin, gint64 *end)
{
  const IrConvAttrs *attrs = reader->attrs;

  if (!is_plain (attrs->auto_pad) || pad->value != 0)
    return FALSE;
  for (guint i = 0; i < pad->n; i++) {
    begin[i] = pad_of (attrs->pads_begin, i, attrs->auto_pad) + pad->begin[i];
    end[i] = pad_of (attrs->pads_end, i, attrs->auto_pad) + pad->end[i];
  }
  return TRUE;
}

static gboolean
sum_backprop (
    const IrNode *reader, const Padding *pad, gint64 *begin, gint64 *end)
{
  const IrConvAttrs *attrs = reader->attrs;

  if (!is_plain (attrs->auto_pad) || pad->value != 0 || reader->n_inputs > 2)
    return FALSE;
  for (guint i = 0; i < pad->n; i++) {
    gint64 stride = i < attrs->strides.n ? attrs->strides.v[i] : 1;

    begin[i] =
        pad_of (attrs->pads_begin, i, attrs->auto_pad) - pad->begin[i] * stride;
    end[i] =
        pad_of (attrs->pads_end, i, attrs->auto_pad) - pad->end[i] * stride;
    if (begin[i] < 0 || end[i] < 0)
      return FALSE;
  }
  return TRUE;
}

/* Rounded up, the last window could reach beyond what is padded. No window may
 * see padding only. */
static gboolean
sum_pool (const IrNode *reader, const Padding *pad, gint64 *begin, gint64 *end)
{
  const IrPoolAttrs *attrs = reader->attrs;

  if (!is_plain (attrs->auto_pad) || attrs->rounding_type != IR_ROUNDING_FLOOR)
    return FALSE;
  for (guint i = 0; i < attrs->dilations.n; i++)
    if (attrs->dilations.v[i] != 1)
      return FALSE;
  for (guint i = 0; i < pad->n; i++) {
    begin[i] = pad_of (attrs->pads_begin, i, attrs->auto_pad) + pad->begin[i];
    end[i] = pad_of (attrs->pads_end, i, attrs->auto_pad) + pad->end[i];
    if (i >= attrs->kernel.n || begin[i] >= attrs->kernel.v[i] ||
        end[i] >= attrs->kernel.v[i])
      return FALSE;
  }
  return TRUE;
}

/* Nothing below zero comes out. */
static gboolean
is_positive (const IrNode *node)
{
  static const char *const types[] = { "Abs", "Exp", "HSigmoid", "ReLU",
    "Sigmoid", "SoftMax", "SoftPlus", "Sqrt" };

  if (ir_node_is (node, "Clamp"))
    return ((const IrClampAttrs *) node->attrs)->min >= 0;
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (ir_node_is (node, types[i]))
      return TRUE;
  return FALSE;
}

/* The second output, if there is one, are places in the padded tensor. */
static gboolean
sum_max_pool (
    const IrNode *reader, const Padding *pad, gint64 *begin, gint64 *end)
{
  if (reader->n_outputs > 1 && reader->outputs[1].uses->len > 0)
    return FALSE;
  if (!(pad->value <= -FLT_MAX) &&
      !(pad->value <= 0 && is_positive (pad->node->inputs[0].node)))
    return FALSE;
  return sum_pool (reader, pad, begin, end);
}

/* The zeros count in the averages. Elements of pads of the pooling's own have to
 * count as well then, if there are any. */
static gboolean
sum_avg_pool (
    const IrNode *reader, const Padding *pad, gint64 *begin, gint64 *end)
{
  const IrPoolAttrs *attrs = reader->attrs;

  if (pad->value != 0 || !sum_pool (reader, pad, begin, end))
    return FALSE;
  for (guint i = 0; attrs->exclude_pad && i < pad->n; i++)
    if (begin[i] != pad->begin[i] || end[i] != pad->end[i])
      return FALSE;
  return TRUE;
}

static const struct {
  const char *type;
  Sum sum;
} rows[] = {
  { "AvgPool", sum_avg_pool },
  { "Convolution", sum_conv },
  { "ConvolutionBackpropData", sum_backprop },
  { "GroupConvolution", sum_conv },
  { "GroupConvolutionBackpropData", sum_backprop },
  { "MaxPool", sum_max_pool },
};

static gboolean
sum_pads (const IrUse *use, const Padding *pad, gint64 *begin, gint64 *end)
{
  if (use->index != 0)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (ir_node_is (use->node, rows[i].type))
      return rows[i].sum (use->node, pad, begin, end);
  return FALSE;
}

/* --- the pass ----------------------------------------------------------------------- */

static gboolean
all_take (const IrConvertConfig *config, const Padding *pad)
{
  const GArray *uses = pad->node->outputs[0].uses;
  gint64 begin[IR_MAX_SPATIAL], end[IR_MAX_SPATIAL];

  for (guint i = 0; i < uses->len; i++) {
    const IrUse *use = &g_array_index (uses, IrUse, i);

    if (!sum_pads (use, pad, begin, end) ||
        !ir_config_may_fuse (config, use->node))
      return FALSE;
  }
  return uses->len > 0 && ir_config_may_fuse (config, pad->node);
}

static gboolean
give (const IrUse *use, const Padding *pad, GError **error)
{
  IrNode *node = use->node;
  gint64 begin[IR_MAX_SPATIAL], end[IR_MAX_SPATIAL];

  sum_pads (use, pad, begin, end);
  if (!ir_node_set_i64s (node, "pads_begin", begin, pad->n, error) ||
      !ir_node_set_i64s (node, "pads_end", end, pad->n, error) ||
      !ir_node_set_text (node, "auto_pad", "explicit", error))
    return FALSE;
  if (ir_node_is (node, "AvgPool") &&
      !ir_node_set_bool (node, "exclude-pad", FALSE, error))
    return FALSE;
  ir_node_set_input (node, 0, pad->node->inputs[0]);
  return TRUE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    Padding pad;

    next = node->next;
    if (!read_padding (node, &pad) || !all_take (data, &pad))
      continue;
    while (node->outputs[0].uses->len > 0) {
      IrUse use = g_array_index (node->outputs[0].uses, IrUse, 0);

      if (!give (&use, &pad, error))
        return FALSE;
    }
    ir_graph_remove (graph, node);
    *changes += 1;
  }
  return TRUE;
}

const IrPass ir_pass_pad = {
  "pad",
  "Puts padding into the convolutions and poolings that read it.",
  run,
};
