/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pooling and resizing. */
#include "map.h"
#include "window.h"

#include <string.h>

static const char *
rounding (IrBuild *n)
{
  return ir_build_i64 (n, "ceil_mode", 0) != 0 ? "ceil_torch" : "floor";
}

void
onnx_map_max_pool (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  OnnxWindow window;
  gboolean ceil = ir_build_i64 (n, "ceil_mode", 0) != 0;
  gboolean plain = !ceil && !ir_build_wants (n, 1);
  IrNode *op;

  ir_build_need_attr (n, "kernel_shape");
  onnx_window_read (n, onnx_window_dims (n, data), &window);
  for (gsize i = 0; i < window.n; i++)
    plain = plain && window.dilations[i] == 1;
  if (ir_build_wants (n, 1) && ir_build_i64 (n, "storage_order", 0) != 0)
    ir_build_fail (
        n, IR_ERROR_UNSUPPORTED, "has indices in column-major order");
  op = ir_build_add (n, "MaxPool", plain ? 1 : ceil ? 14 : 8, 1, data);
  ir_build_set_i64s (n, op, "kernel", window.kernel, window.n);
  onnx_window_write (n, &window, op, !plain);
  ir_build_set_text (n, op, "rounding_type", rounding (n));
  ir_build_out (n, 0, ir_build_done (n, op));
  if (ir_build_wants (n, 1) && !ir_build_failed (n))
    ir_build_out (n, 1, ir_port (op, 1));
}

/* Before opset 7 nothing says whether padding counts; the exporter that wrote
 * nearly all such files, PyTorch's, meant that it does. */
void
onnx_map_average_pool (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  gboolean padding =
      ir_build_i64 (n, "count_include_pad", onnx_node (n)->opset < 7) != 0;
  gboolean ceil = ir_build_i64 (n, "ceil_mode", 0) != 0;
  OnnxWindow window;
  IrNode *op;

  ir_build_need_attr (n, "kernel_shape");
  onnx_window_read (n, onnx_window_dims (n, data), &window);
  for (gsize i = 0; i < window.n; i++) {
    if (window.dilations[i] != 1)
      ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has dilations");
  }
  op = ir_build_add (n, "AvgPool", ceil ? 14 : 1, 1, data);
  ir_build_set_i64s (n, op, "kernel", window.kernel, window.n);
  onnx_window_write (n, &window, op, FALSE);
  ir_build_set_bool (n, op, "exclude-pad", !padding);
  ir_build_set_text (n, op, "rounding_type", rounding (n));
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
onnx_map_global_pool (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);

  if (ir_build_shape_of (data)->rank >= 0)
    onnx_window_dims (n, data);
  ir_build_out (n, 0,
      ir_build_reduce (n, onnx_node (n)->row->ir, data,
          ir_build_axes_from (n, data, 2), TRUE));
}

/* --- Resize, Upsample -------------------------------------------------------- */

typedef struct {
  const char *onnx;
  const char *ir;
} Word;

static const char *
translate (IrBuild *n, const Word *words, const char *word)
{
  for (; words->onnx; words++) {
    if (strcmp (words->onnx, word) == 0)
      return words->ir;
  }
  ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has the mode \"%s\"", word);
  return "";
}

static const Word modes[] = { { "nearest", "nearest" },
  { "linear", "linear_onnx" }, { "bilinear", "linear_onnx" },
  { "cubic", "cubic" }, { NULL, NULL } };
static const Word coordinates[] = { { "half_pixel", "half_pixel" },
  { "pytorch_half_pixel", "pytorch_half_pixel" },
  { "asymmetric", "asymmetric" }, { "align_corners", "align_corners" },
  { "tf_half_pixel_for_nn", "tf_half_pixel_for_nn" }, { NULL, NULL } };
static const Word roundings[] = { { "round_prefer_floor",
                                      "round_prefer_floor" },
  { "round_prefer_ceil", "round_prefer_ceil" }, { "floor", "floor" },
  { "ceil", "ceil" }, { NULL, NULL } };

static gboolean
is_given (const IrBuild *n, gsize input)
{
  const IrShape *shape;

  if (!ir_build_has (n, input))
    return FALSE;
  shape = ir_build_shape_of (n->in[input]);
  return !(shape->rank == 1 && shape->dim[0] == 0);
}

/* The sizes of the dimensions that are resized: all, or those of "axes". */
static IrPort
resized_dims (IrBuild *n, IrPort data, IrPort axes)
{
  IrPort shape = ir_build_shape (n, data);

  return axes.node ? ir_build_gather (n, shape, axes, 0) : shape;
}

static IrPort
read_resized_axes (IrBuild *n)
{
  IrI64s list;

  return ir_build_i64s (n, "axes", &list) ? ir_build_list (n, list.v, list.n)
                                          : IR_NO_PORT;
}

static void
resize (IrBuild *n, IrPort scales, IrPort sizes, const char *coordinate,
    const char *nearest)
{
  IrPort data = ir_build_in (n, 0);
  const char *mode = translate (n, modes, ir_build_text (n, "mode", "nearest"));
  gint rank = ir_build_rank (n, data);
  gboolean by_sizes = sizes.node != NULL;
  IrPort ports[4] = { data }, dims;
  IrNode *op;

  ports[3] = read_resized_axes (n);
  dims = ir_build_cast (n, resized_dims (n, data, ports[3]), IR_DTYPE_F32);
  /* The IR's linear_onnx is for the cases that ONNX's own runtime has. */
  if (strcmp (mode, "linear_onnx") == 0 && rank != 4 && rank != 5)
    mode = "linear";
  /* The IR measures corners on the rounded size, ONNX on the exact one. */
  if (!by_sizes && strcmp (coordinate, "align_corners") == 0)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "aligns corners by scales");
  if (by_sizes)
    scales = ir_build_op (
        n, "Divide", 1, 2, ir_build_cast (n, sizes, IR_DTYPE_F32), dims);
  else
    sizes = ir_build_cast (n,
        ir_build_op (
            n, "Floor", 1, 1, ir_build_op (n, "Multiply", 1, 2, dims, scales)),
        IR_DTYPE_I64);
  ports[1] = sizes;
  ports[2] = scales;
  op = ir_build_add_v (n, "Interpolate", 4, ports, ports[3].node ? 4 : 3, 0);
  ir_build_set_text (n, op, "mode", mode);
  ir_build_set_text (
      n, op, "shape_calculation_mode", by_sizes ? "sizes" : "scales");
  ir_build_set_text (n, op, "coordinate_transformation_mode", coordinate);
  ir_build_set_text (n, op, "nearest_mode", nearest);
  ir_build_set_f64 (
      n, op, "cube_coeff", ir_build_f64 (n, "cubic_coeff_a", -0.75));
  ir_build_out (n, 0, ir_build_done (n, op));
}

/* The ops before Resize of opset 11. */
static void
upsample (IrBuild *n, IrPort scales)
{
  resize (n, scales, IR_NO_PORT, "asymmetric",
      strcmp (ir_build_text (n, "mode", "nearest"), "nearest") == 0 ? "floor"
                                                                    : "simple");
}

/* Scales are attributes for two dimensions, a list, or an input from opset 9 on. */
void
onnx_map_upsample (IrBuild *n)
{
  double scales[] = { 1, 1, ir_build_f64 (n, "height_scale", 1),
    ir_build_f64 (n, "width_scale", 1) };
  IrF64s list;

  if (ir_build_f64s (n, "scales", &list))
    upsample (n, ir_build_reals (n, IR_DTYPE_F32, list.v, list.n));
  else if (onnx_node (n)->opset >= 7)
    upsample (n, ir_build_in (n, 1));
  else
    upsample (
        n, ir_build_reals (n, IR_DTYPE_F32, scales, G_N_ELEMENTS (scales)));
}

void
onnx_map_resize (IrBuild *n)
{
  if (onnx_node (n)->opset < 11) {
    upsample (n, ir_build_in (n, 1));
    return;
  }
  if (ir_build_i64 (n, "antialias", 0) != 0 ||
      ir_build_i64 (n, "exclude_outside", 0) != 0 ||
      strcmp (ir_build_text (n, "keep_aspect_ratio_policy", "stretch"),
          "stretch") != 0)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "has antialias, exclude_outside or an aspect ratio policy");
  if (!is_given (n, 2) && !is_given (n, 3))
    ir_build_fail (n, IR_ERROR_PARSE, "has neither scales nor sizes");
  resize (n, is_given (n, 2) ? n->in[2] : IR_NO_PORT,
      is_given (n, 3) ? n->in[3] : IR_NO_PORT,
      translate (n, coordinates,
          ir_build_text (n, "coordinate_transformation_mode", "half_pixel")),
      translate (n, roundings,
          ir_build_text (n, "nearest_mode", "round_prefer_floor")));
}
