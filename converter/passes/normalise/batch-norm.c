/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Batch normalization with constant parameters is a multiplication and an
 * addition: y = x * s + (beta - mean * s) with s = gamma / sqrt (variance + eps).
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

#include <math.h>
#include <string.h>

/* Input numbers; the first form has its data in the middle. */
typedef struct {
  guint data, gamma, beta, mean, variance;
} Inputs;

static double
epsilon_of (const IrNode *node)
{
  for (const IrAttrDesc *a = node->op->attrs; a && a->name; a++)
    if (strcmp (a->name, "epsilon") == 0 && a->kind == IR_ATTR_F64)
      return G_STRUCT_MEMBER (double, node->attrs, a->offset);
  return 0.0;
}

static gboolean
is_foldable (const IrNode *node, const Inputs *in)
{
  const IrOutput *data = ir_node_input (node, in->data);

  return data->shape.rank >= 2 && ir_dtype_is_float (data->dtype) &&
      ir_is_const (node->inputs[in->gamma]) &&
      ir_is_const (node->inputs[in->beta]) &&
      ir_is_const (node->inputs[in->mean]) &&
      ir_is_const (node->inputs[in->variance]);
}

static void
compute (
    const IrNode *node, const Inputs *in, gsize n, double *scale, double *shift)
{
  const IrTensor *gamma = ir_node_input (node, in->gamma)->value;
  const IrTensor *beta = ir_node_input (node, in->beta)->value;
  const IrTensor *mean = ir_node_input (node, in->mean)->value;
  const IrTensor *variance = ir_node_input (node, in->variance)->value;
  double epsilon = epsilon_of (node);

  for (gsize i = 0; i < n; i++) {
    scale[i] = ir_tensor_get_f64 (gamma, i) /
        sqrt (ir_tensor_get_f64 (variance, i) + epsilon);
    shift[i] =
        ir_tensor_get_f64 (beta, i) - ir_tensor_get_f64 (mean, i) * scale[i];
  }
}

static gboolean
decompose (IrNode *node, const Inputs *in, GError **error)
{
  IrGraph *graph = node->graph;
  const IrOutput *data = ir_node_input (node, in->data);
  gsize n = (gsize) ir_tensor_count (ir_node_input (node, in->gamma)->value);
  g_autofree double *scale = g_new (double, n);
  g_autofree double *shift = g_new (double, n);
  g_autofree char *scale_name = g_strconcat (node->name, "/gamma", NULL);
  g_autofree char *shift_name = g_strconcat (node->name, "/beta", NULL);
  IrShape shape = ir_shape_of_rank (data->shape.rank);
  IrNode *factor, *offset;
  IrPort out;

  for (gint i = 0; i < shape.rank; i++)
    shape.dim[i] = i == 1 ? (gint64) n : 1;
  compute (node, in, n, scale, shift);
  factor = ir_add_const_f64 (
      graph, scale_name, data->dtype, &shape, scale, n, error);
  offset = factor ? ir_add_const_f64 (
                        graph, shift_name, data->dtype, &shape, shift, n, error)
                  : NULL;
  if (!offset ||
      !ir_add_binary (graph, "Multiply", scale_name, node->inputs[in->data],
          ir_port (factor, 0), &out, error) ||
      !ir_add_binary (
          graph, "Add", shift_name, out, ir_port (offset, 0), &out, error))
    return FALSE;
  ir_take_place (node, out.node);
  return TRUE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  static const Inputs first = { 2, 0, 1, 3, 4 }, later = { 0, 1, 2, 3, 4 };
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    const Inputs *in = node->op->opset == 1 ? &first : &later;

    next = node->next;
    if (!ir_node_is (node, "BatchNormInference") || !is_foldable (node, in) ||
        !ir_config_may_fuse (data, node))
      continue;
    if (!decompose (node, in, error))
      return FALSE;
    *changes += 1;
  }
  return TRUE;
}

const IrPass ir_pass_batch_norm = {
  "batch-norm",
  "Makes a multiplication and an addition of batch normalization.",
  run,
};
