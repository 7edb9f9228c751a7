/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions of interest and moved samples. */
#include "map.h"
#include "window.h"

#include <string.h>

/* --- regions ---------------------------------------------------------------- */

/* Where opset 10 and "output_half_pixel" put pixels, and "half_pixel". */
static const char *
aligned_mode (IrBuild *n)
{
  const char *mode = ir_build_text (n, "coordinate_transformation_mode",
      onnx_node (n)->opset < 16 ? "output_half_pixel" : "half_pixel");

  if (strcmp (mode, "output_half_pixel") == 0)
    return "asymmetric";
  if (strcmp (mode, "half_pixel") != 0)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "has the coordinate_transformation_mode \"%s\"", mode);
  return "half_pixel_for_nn";
}

void
onnx_map_roi_align (IrBuild *n)
{
  const char *mode = ir_build_text (n, "mode", "avg");
  IrNode *op = ir_build_add (n, "ROIAlign", 9, 3, ir_build_in (n, 0),
      ir_build_in (n, 1), ir_build_in (n, 2));

  /* ONNX's maximum is of pixels times their weights, the IR's of their sums. */
  if (strcmp (mode, "avg") != 0)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "has the mode \"%s\"; the IR has no equal of any but \"avg\"", mode);
  ir_build_set_i64 (n, op, "pooled_h", ir_build_i64 (n, "output_height", 1));
  ir_build_set_i64 (n, op, "pooled_w", ir_build_i64 (n, "output_width", 1));
  ir_build_set_i64 (
      n, op, "sampling_ratio", ir_build_i64 (n, "sampling_ratio", 0));
  ir_build_set_f64 (
      n, op, "spatial_scale", ir_build_f64 (n, "spatial_scale", 1));
  ir_build_set_text (n, op, "mode", mode);
  ir_build_set_text (n, op, "aligned_mode", aligned_mode (n));
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
onnx_map_max_roi_pool (IrBuild *n)
{
  IrNode *op = ir_build_add (
      n, "ROIPooling", 2, 2, ir_build_in (n, 0), ir_build_in (n, 1));
  IrI64s pooled = { 0 };

  if (!ir_build_i64s (n, "pooled_shape", &pooled) || pooled.n != 2) {
    ir_build_fail (n, IR_ERROR_PARSE, "needs 2 numbers in \"pooled_shape\"");
    return;
  }
  ir_build_set_i64 (n, op, "pooled_h", pooled.v[0]);
  ir_build_set_i64 (n, op, "pooled_w", pooled.v[1]);
  ir_build_set_f64 (
      n, op, "spatial_scale", ir_build_f64 (n, "spatial_scale", 1));
  ir_build_set_text (n, op, "method", "max");
  ir_build_out (n, 0, ir_build_done (n, op));
}

/* --- moved samples ---------------------------------------------------------- */

void
onnx_map_deform_conv (IrBuild *n)
{
  IrPort ports[4] = { ir_build_in (n, 0), ir_build_in (n, 2),
    ir_build_in (n, 1) };
  gsize n_ports = 3;
  OnnxWindow window;
  IrNode *op;

  onnx_window_read (n, 2, &window);
  if (ir_build_has (n, 4))
    ports[n_ports++] = n->in[4];
  op = ir_build_add_v (n, "DeformableConvolution", 8, ports, n_ports, 0);
  onnx_window_write (n, &window, op, TRUE);
  ir_build_set_i64 (n, op, "group", ir_build_i64 (n, "group", 1));
  ir_build_set_i64 (
      n, op, "deformable_group", ir_build_i64 (n, "offset_group", 1));
  ir_build_set_bool (n, op, "bilinear_interpolation_pad", TRUE);
  ir_build_out (n, 0, onnx_add_bias (n, ir_build_done (n, op), 3));
}

void
onnx_map_grid_sample (IrBuild *n)
{
  const char *mode = ir_build_text (
      n, "mode", onnx_node (n)->opset < 20 ? "bilinear" : "linear");
  IrPort data = ir_build_in (n, 0);
  IrNode *op;

  if (ir_build_shape_of (data)->rank == 5)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "samples volumes; the IR has it for images only");
  op = ir_build_add (n, "GridSample", 9, 2, data, ir_build_in (n, 1));
  if (strcmp (mode, "linear") == 0)
    mode = "bilinear";
  else if (strcmp (mode, "cubic") == 0)
    mode = "bicubic";
  if (strcmp (mode, "bilinear") != 0 && strcmp (mode, "bicubic") != 0 &&
      strcmp (mode, "nearest") != 0)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has the mode \"%s\"", mode);
  ir_build_set_text (n, op, "mode", mode);
  ir_build_set_text (
      n, op, "padding_mode", ir_build_text (n, "padding_mode", "zeros"));
  ir_build_set_bool (
      n, op, "align_corners", ir_build_i64 (n, "align_corners", 0) != 0);
  ir_build_out (n, 0, ir_build_done (n, op));
}
