/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stores weights as f16 behind a Convert that is marked "decompression": devices
 * that compute in f32 see f32, those that compute in f16 take them as they are.
 *
 * Constants with one element stay (nothing to gain), so do the ranges of
 * FakeQuantize, what sizes are computed from, and constants most of which f16
 * can't hold.
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

#include <math.h>
#include <string.h>

#define F16_MAX 65504.0
/* 2^-24: what is below becomes 0. */
#define F16_MIN 5.9604644775390625e-08

/* Inputs (bit i: input i) that say where or how large, not how much. */
static const struct {
  const char *type;
  guint inputs;
} exact_inputs[] = {
  { "Broadcast", 6 },
  { "ConvolutionBackpropData", 4 },
  { "FakeQuantize", 30 },
  { "Gather", 6 },
  { "GroupConvolutionBackpropData", 4 },
  { "Interpolate", 14 },
  { "NonMaxSuppression", 60 },
  { "OneHot", 2 },
  { "Pad", 6 },
  { "PriorBox", 3 },
  { "PriorBoxClustered", 3 },
  { "Range", 7 },
  { "Reshape", 2 },
  { "Slice", 30 },
  { "StridedSlice", 14 },
  { "Tile", 2 },
  { "TopK", 2 },
};

enum {
  UNKNOWN,
  EXACT
};

static gboolean
is_exact (const IrNode *node, guint index)
{
  for (gsize i = 0; i < G_N_ELEMENTS (exact_inputs); i++)
    if (ir_node_is (node, exact_inputs[i].type))
      return index < 32 && (exact_inputs[i].inputs >> index & 1);
  return FALSE;
}

/* Sizes, indices of a few things and the like; not what the model computes. */
static gboolean
is_small (IrPort port)
{
  gint rank = ir_port_output (port)->shape.rank;

  return rank == 0 || rank == 1;
}

/* Marks what feeds such inputs, up to where sizes come from. */
static void
mark_exact (IrGraph *graph)
{
  for (IrNode *node = graph->first; node; node = node->next)
    node->mark = UNKNOWN;
  for (IrNode *node = graph->last; node; node = node->prev)
    for (guint i = 0; i < node->n_inputs; i++)
      if (is_exact (node, i) ||
          (node->mark == EXACT && is_small (node->inputs[i]) &&
              !ir_node_is (node, "ShapeOf")))
        node->inputs[i].node->mark = EXACT;
}

/* --- values ------------------------------------------------------------------------- */

typedef struct {
  gsize too_large;
  gsize too_small;
} Losses;

static guint16
to_f16 (double v, Losses *losses)
{
  if (fabs (v) > F16_MAX && !isinf (v)) {
    losses->too_large++;
    return ir_f32_to_f16 ((float) (v < 0 ? -F16_MAX : F16_MAX));
  }
  if (v != 0.0 && fabs (v) < F16_MIN) {
    losses->too_small++;
    return ir_f32_to_f16 (v < 0 ? -0.0f : 0.0f);
  }
  return ir_f32_to_f16 ((float) v);
}

/* NULL without an error: better left as it is. */
static IrTensor *
compress_tensor (const IrTensor *tensor, Losses *total, GError **error)
{
  g_autoptr (IrTensor) half =
      ir_tensor_new (IR_DTYPE_F16, &tensor->shape, error);
  guint64 n = ir_tensor_count (tensor);
  Losses losses = { 0, 0 };

  if (!half)
    return NULL;
  for (guint64 i = 0; i < n; i++) {
    guint16 v = to_f16 (ir_tensor_get_f64 (tensor, i), &losses);

    memcpy ((guint8 *) half->data + i * sizeof v, &v, sizeof v);
  }
  if (losses.too_large + losses.too_small >= n - n / 4)
    return NULL;
  total->too_large += losses.too_large;
  total->too_small += losses.too_small;
  return g_steal_pointer (&half);
}

/* --- the pass ------------------------------------------------------------------------ */

static gboolean
is_candidate (const IrNode *node)
{
  const IrTensor *value;

  if (!(node->op->flags & IR_OP_CONST) || node->mark == EXACT)
    return FALSE;
  value = node->outputs[0].value;
  return (value->dtype == IR_DTYPE_F32 || value->dtype == IR_DTYPE_F64) &&
      ir_tensor_count (value) > 1;
}

static gboolean
add_decompression (IrNode *node, IrTensor *half, GError **error)
{
  IrGraph *graph = node->graph;
  g_autofree char *name = g_strconcat (node->name, "_compressed", NULL);
  IrNode *constant = ir_graph_add_const (graph, name, half);
  IrNode *convert = ir_graph_add_op (
      graph, "Convert", 1, node->name, 1, ir_port (constant, 0));

  ((IrConvertAttrs *) convert->attrs)->destination_type =
      node->outputs[0].dtype;
  ir_graph_add_rt_info (
      graph, &convert->rt_info, "decompression", "0", NULL, NULL, 0);
  if (!ir_node_infer (convert, error))
    return FALSE;
  ir_take_place (node, convert);
  return TRUE;
}

static gboolean
compress (IrNode *node, Losses *losses, gsize *changes, GError **error)
{
  GError *reason = NULL;
  g_autoptr (IrTensor) half =
      compress_tensor (node->outputs[0].value, losses, &reason);

  if (reason) {
    g_propagate_error (error, reason);
    return FALSE;
  }
  if (!half)
    return TRUE;
  *changes += 1;
  return add_decompression (node, half, error);
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  const IrConvertConfig *config = data;
  Losses losses = { 0, 0 };
  IrNode *next;

  mark_exact (graph);
  for (IrNode *node = graph->first; node; node = next) {
    next = node->next;
    if (is_candidate (node) && !compress (node, &losses, changes, error))
      return FALSE;
  }
  if (losses.too_large > 0)
    ir_config_log (config, G_LOG_LEVEL_WARNING,
        "%" G_GSIZE_FORMAT " weights are beyond the range of FP16 and were "
        "clipped to 65504",
        losses.too_large);
  if (losses.too_small > 0)
    ir_config_log (config, G_LOG_LEVEL_INFO,
        "%" G_GSIZE_FORMAT " weights are too small for FP16 and became 0",
        losses.too_small);
  return TRUE;
}

const IrPass ir_pass_f16 = {
  "compress-f16",
  "Stores weights as FP16.",
  run,
};
