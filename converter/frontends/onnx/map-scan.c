/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scan: over sequences, and in opset 8 over batches of them. */
#include "body.h"
#include "map.h"

/* The lists that say how inputs are cut, or outputs put together. */
static OnnxSlicing *
read_slicing (IrBuild *n, const char *axes, const char *directions, gsize count)
{
  OnnxSlicing *slicing = g_new0 (OnnxSlicing, count + 1);
  IrI64s axis = { 0, NULL }, direction;

  if (axes != NULL)
    ir_build_i64s (n, axes, &axis);
  ir_build_i64s (n, directions, &direction);
  if ((axis.n != 0 && axis.n != count) ||
      (direction.n != 0 && direction.n != count)) {
    ir_build_fail (n, IR_ERROR_PARSE,
        "has a list \"%s\" or \"%s\" that is not of %" G_GSIZE_FORMAT " values",
        axes != NULL ? axes : directions, directions, count);
    return slicing;
  }
  for (gsize i = 0; i < count; i++) {
    slicing[i].axis = axis.n != 0 ? axis.v[i] : 0;
    slicing[i].backwards = direction.n != 0 && direction.v[i] != 0;
  }
  return slicing;
}

/* Fills in the numbers, @n_inputs being those without sequence_lens. */
static gboolean
read_counts (IrBuild *n, gsize n_inputs, OnnxIteration *scan)
{
  gint64 slices = ir_build_i64 (n, "num_scan_inputs", 0);

  scan->body = onnx_body_attr (n, "body");
  if (slices < 1 || (guint64) slices > n_inputs)
    ir_build_fail (n, IR_ERROR_PARSE,
        "has num_scan_inputs %" G_GINT64_FORMAT " of %" G_GSIZE_FORMAT
        " inputs",
        slices, n_inputs);
  else if (n->n_outputs < n_inputs - (gsize) slices)
    ir_build_fail (n, IR_ERROR_PARSE, "has fewer outputs than states");
  if (ir_build_failed (n))
    return FALSE;
  scan->n_slices = (gsize) slices;
  scan->n_states = n_inputs - scan->n_slices;
  scan->n_joined = n->n_outputs - scan->n_states;
  return TRUE;
}

void
onnx_map_scan (IrBuild *n)
{
  OnnxIteration scan = { NULL };
  g_autofree OnnxSlicing *slices = NULL;
  g_autofree OnnxSlicing *joined = NULL;
  IrNode *node;

  if (!read_counts (n, n->n_inputs, &scan))
    return;
  slices = read_slicing (
      n, "scan_input_axes", "scan_input_directions", scan.n_slices);
  joined = read_slicing (
      n, "scan_output_axes", "scan_output_directions", scan.n_joined);
  scan.in = n->in;
  scan.slices = slices;
  scan.joined = joined;
  if (ir_build_failed (n))
    return;
  node = onnx_iterate (n, &scan);
  for (guint i = 0; node != NULL && i < n->n_outputs; i++)
    ir_build_out (n, i, ir_port (node, i));
}

/* Every tensor has the batch first: an iteration over it, and in there the one
 * over the sequence. */
void
onnx_map_scan_8 (IrBuild *n)
{
  OnnxIteration scan = { NULL };
  g_autofree OnnxSlicing *slices = NULL;
  g_autofree OnnxSlicing *joined = NULL;
  g_autofree IrPort *in = g_new0 (IrPort, n->n_inputs + 1);
  g_auto (OnnxBody) batch;
  IrNode *node;

  onnx_body_init (&batch, n, NULL, NULL, 0);
  if (n->n_inputs < 1 || ir_build_has (n, 0))
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "has sequence_lens, which is not handled in opset 8");
  if (ir_build_failed (n) || !read_counts (n, n->n_inputs - 1, &scan))
    return;
  slices = read_slicing (n, NULL, "directions", scan.n_slices);
  joined = g_new0 (OnnxSlicing, scan.n_joined + 1);
  scan.slices = slices;
  scan.joined = joined;
  for (gsize i = 0; i < scan.n_states + scan.n_slices; i++)
    in[i] = ir_build_squeeze (&batch.n.build,
        onnx_body_slice (&batch, ir_build_in (n, i + 1), 0, FALSE), 0);
  scan.in = in;
  node = ir_build_failed (&batch.n.build)
      ? NULL
      : onnx_iterate (&batch.n.build, &scan);
  for (guint i = 0; node != NULL && i < n->n_outputs; i++)
    onnx_body_join (&batch,
        ir_build_unsqueeze (&batch.n.build, ir_port (node, i), 0), 0, FALSE);
  node = onnx_body_finish (&batch, "TensorIterator", 1);
  for (guint i = 0; node != NULL && i < n->n_outputs; i++)
    ir_build_out (n, i, ir_port (node, i));
}
