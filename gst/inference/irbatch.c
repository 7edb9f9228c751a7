/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irbatch.h"

#include <string.h>

/* Columns of DetectionOutput: image id, label, confidence, two corners. */
#define DETECTION_SIZE 7

static gboolean
fail_batch (const IrModel *model, guint batch, GError **error)
{
  const IrNode *image =
      g_ptr_array_index (model->graph->parameters, model->image);
  gint64 own = image->outputs[0].shape.dim[0];

  g_prefix_error (error,
      "model %s can't take %u picture(s) per inference; set the property "
      "'batch-size' to %" G_GINT64_FORMAT ": ",
      model->info->path, batch, own > 0 ? own : 1);

  return FALSE;
}

static gboolean
choose_split (
    const IrNode *result, guint batch, IrBatchSplit *split, GError **error)
{
  IrPort source = result->inputs[0];
  const IrShape *shape = &ir_port_output (source)->shape;
  char text[IR_SHAPE_TEXT];

  if (batch == 1) {
    *split = IR_SPLIT_WHOLE;
  } else if (ir_node_is (source.node, "DetectionOutput")) {
    *split = IR_SPLIT_DETECTIONS;
  } else if (shape->rank > 0 && shape->dim[0] > 0 &&
      shape->dim[0] % batch == 0) {
    *split = IR_SPLIT_ROWS;
  } else {
    return ir_fail (error, IR_ERROR_SHAPE,
        "output '%s' %s can't be told apart by picture", ir_port_name (source),
        ir_shape_print (shape, text));
  }

  return TRUE;
}

/* The pictures' size goes with the pictures. */
static void
set_batch (IrGraph *graph, gsize index, guint batch)
{
  IrNode *node = g_ptr_array_index (graph->parameters, index);
  IrShape shape = node->outputs[0].shape;

  shape.dim[0] = batch;
  ir_node_set_parameter (node, node->outputs[0].dtype, &shape);
}

IrGraph *
ir_batch_graph (
    const IrModel *model, guint batch, IrBatchSplit *splits, GError **error)
{
  const IrNode *image =
      g_ptr_array_index (model->graph->parameters, model->image);
  const IrShape *shape = &image->outputs[0].shape;
  g_autoptr (IrGraph) graph = ir_graph_clone (model->graph);

  if (shape->rank == 3 && batch != 1) {
    ir_fail (error, IR_ERROR_SHAPE, "its input has no dimension for them");
    fail_batch (model, batch, error);
    return NULL;
  }
  if (shape->rank == 4 && shape->dim[0] != batch) {
    set_batch (graph, model->image, batch);
    if (model->size_input >= 0)
      set_batch (graph, model->size_input, batch);
    if (!ir_graph_infer (graph, error)) {
      fail_batch (model, batch, error);
      return NULL;
    }
  }
  for (guint i = 0; i < graph->results->len; i++) {
    if (!choose_split (
            g_ptr_array_index (graph->results, i), batch, &splits[i], error)) {
      fail_batch (model, batch, error);
      return NULL;
    }
  }

  return g_steal_pointer (&graph);
}

static IrTensor *
take_rows (IrTensor *output, guint batch, guint index, GError **error)
{
  IrShape shape = output->shape;
  gsize size = output->size / batch;
  IrTensor *part;

  if (shape.rank < 1 || shape.dim[0] % batch != 0) {
    char text[IR_SHAPE_TEXT];

    ir_fail (error, IR_ERROR_SHAPE,
        "an output of %s can't be told apart by %u pictures",
        ir_shape_print (&shape, text), batch);
    return NULL;
  }
  shape.dim[0] /= batch;
  part = ir_tensor_new_wrapped (output->dtype, &shape,
      (guint8 *) output->data + index * size, size,
      (GDestroyNotify) ir_tensor_unref, ir_tensor_ref (output), error);
  if (part == NULL)
    ir_tensor_unref (output);

  return part;
}

/* Rows of one picture move to the front and become picture 0's; -1 ends them. */
static IrTensor *
take_detections (IrTensor *output, guint index, GError **error)
{
  guint64 rows = ir_tensor_count (output) / DETECTION_SIZE, at = 0;
  IrTensor *part = ir_tensor_new (output->dtype, &output->shape, error);

  if (part == NULL)
    return NULL;
  for (guint64 i = 0; i < rows; i++) {
    double image = ir_tensor_get_f64 (output, i * DETECTION_SIZE);

    if (image < 0)
      break;
    if (image != index)
      continue;
    for (guint c = 1; c < DETECTION_SIZE; c++)
      ir_tensor_set_f64 (part, at * DETECTION_SIZE + c,
          ir_tensor_get_f64 (output, i * DETECTION_SIZE + c));
    at++;
  }
  if (at < rows)
    ir_tensor_set_f64 (part, at * DETECTION_SIZE, -1);

  return part;
}

IrTensor *
ir_batch_take (IrTensor *output, IrBatchSplit split, guint batch, guint index,
    GError **error)
{
  switch (split) {
    case IR_SPLIT_ROWS:
      return take_rows (output, batch, index, error);
    case IR_SPLIT_DETECTIONS:
      return take_detections (output, index, error);
    default:
      return ir_tensor_ref (output);
  }
}
