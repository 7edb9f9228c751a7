/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expected numbers are NumPy's. */
#include "op-test.h"

static IrTensor *
series (const char *shape)
{
  IrTensor *tensor = op_tensor_empty (IR_DTYPE_F32, shape);

  for (gsize i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_f64 (tensor, i, (double) i);
  return tensor;
}

static void
test_shapes (void)
{
  op_check ("ShapeOf-1", "", OP_LIST (series ("2,0,3")),
      OP_LIST (op_tensor (I64, "3", 2, 0, 3)));
  op_check ("ShapeOf-3", "output_type=i32", OP_LIST (series ("2,3")),
      OP_LIST (op_tensor (I32, "2", 2, 3)));
  op_check ("Reshape-1", "special_zero=true",
      OP_LIST (series ("2,3,4"), op_tensor (I64, "3", 0, -1, 2)),
      OP_LIST (series ("2,6,2")));
  op_check_shape ("Reshape-1", "special_zero=true", "f32[?,12]", "f32 ?,3,4",
      "=0,-1", NULL);
  op_check_shape (
      "Reshape-1", "special_zero=true", "f32[?,?]", "f32 1,3,4", "i64 2", NULL);
  op_reject ("Reshape-1", "special_zero=false",
      OP_LIST (series ("2,3"), op_tensor (I64, "2", 4, -1)), IR_ERROR_SHAPE);
  op_check ("Squeeze-1", "",
      OP_LIST (series ("1,3,1"), op_tensor (I64, "2", 0, -1)),
      OP_LIST (series ("3")));
  op_reject ("Squeeze-1", "", OP_LIST (series ("1,3"), op_tensor (I64, "1", 1)),
      IR_ERROR_SHAPE);
  op_check ("Squeeze-15", "allow_axis_skip=true",
      OP_LIST (series ("1,3,1"), op_tensor (I64, "2", 0, 1)),
      OP_LIST (series ("3,1")));
  op_check ("Unsqueeze-1", "",
      OP_LIST (series ("2,3"), op_tensor (I64, "2", 0, -1)),
      OP_LIST (series ("1,2,3,1")));
}

static void
test_order (void)
{
  op_check ("Transpose-1", "",
      OP_LIST (series ("2,3"), op_tensor (I64, "2", 1, 0)),
      OP_LIST (op_tensor (F32, "3,2", 0, 3, 1, 4, 2, 5)));
  op_reject ("Transpose-1", "",
      OP_LIST (series ("2,3"), op_tensor (I64, "2", 1, 1)), IR_ERROR_SHAPE);
  op_check ("Concat-1", "axis=-1",
      OP_LIST (series ("2,2"), op_tensor (F32, "2,1", 8, 9)),
      OP_LIST (op_tensor (F32, "2,3", 0, 1, 8, 2, 3, 9)));
  op_check_shape (
      "Concat-1", "axis=1", "f32[2,5,4]", "f32 2,3,?", "f32 ?,2,4", NULL);
  op_check_shape ("Concat-1", "axis=1", NULL, "f32 2,3,4", "f32 2,3,5", NULL);
  op_check ("Split-1", "num_splits=2",
      OP_LIST (series ("2,2"), op_tensor (I64, "", 1)),
      OP_LIST (op_tensor (F32, "2,1", 0, 2), op_tensor (F32, "2,1", 1, 3)));
  op_check ("VariadicSplit-1", "",
      OP_LIST (
          series ("2,3"), op_tensor (I64, "", 1), op_tensor (I64, "2", 1, -1)),
      OP_LIST (
          op_tensor (F32, "2,1", 0, 3), op_tensor (F32, "2,2", 1, 2, 4, 5)));
  op_check ("Tile-1", "", OP_LIST (series ("2"), op_tensor (I64, "2", 2, 2)),
      OP_LIST (op_tensor (F32, "2,4", 0, 1, 0, 1, 0, 1, 0, 1)));
  op_check ("Broadcast-3", "mode=bidirectional",
      OP_LIST (series ("2,1"), op_tensor (I64, "2", 1, 2)),
      OP_LIST (op_tensor (F32, "2,2", 0, 0, 1, 1)));
  op_check ("Broadcast-1", "mode=none",
      OP_LIST (
          series ("2"), op_tensor (I64, "2", 2, 3), op_tensor (I64, "1", 0)),
      OP_LIST (op_tensor (F32, "2,3", 0, 0, 0, 1, 1, 1)));
  op_reject ("Broadcast-3", "mode=numpy",
      OP_LIST (series ("3"), op_tensor (I64, "1", 1)), IR_ERROR_SHAPE);
}

static void
test_slices (void)
{
  op_check ("StridedSlice-1",
      "begin_mask=0,1;end_mask=0,1;new_axis_mask=;shrink_axis_mask=1,0;"
      "ellipsis_mask=",
      OP_LIST (series ("2,3"), op_tensor (I64, "2", -1, 0),
          op_tensor (I64, "2", 0, 0), op_tensor (I64, "2", 1, -2)),
      OP_LIST (op_tensor (F32, "2", 5, 3)));
  op_check_shape ("StridedSlice-1", "begin_mask=0;end_mask=0", "f32[?,3,8]",
      "f32 ?,3,8", "=0", "=4", "=1", NULL);
  op_reject ("StridedSlice-1", "begin_mask=0;end_mask=0;shrink_axis_mask=1",
      OP_LIST (series ("2,3"), op_tensor (I64, "1", 2), op_tensor (I64, "1", 3),
          op_tensor (I64, "1", 1)),
      IR_ERROR_SHAPE);
  op_check ("Slice-8", "",
      OP_LIST (series ("2,3"), op_tensor (I64, "1", -1),
          op_tensor (I64, "1", -100), op_tensor (I64, "1", -2),
          op_tensor (I64, "1", 1)),
      OP_LIST (op_tensor (F32, "2,2", 2, 0, 5, 3)));
  op_reject ("Slice-8", "",
      OP_LIST (series ("2"), op_tensor (I64, "1", 0), op_tensor (I64, "1", 2),
          op_tensor (I64, "1", 0)),
      IR_ERROR_SHAPE);
  op_check ("SliceScatter-15", "",
      OP_LIST (series ("4"), op_tensor (F32, "2", 8, 9),
          op_tensor (I64, "1", 0), op_tensor (I64, "1", 4),
          op_tensor (I64, "1", 2)),
      OP_LIST (op_tensor (F32, "4", 8, 1, 9, 3)));
  op_check ("Pad-1", "pad_mode=reflect",
      OP_LIST (series ("3"), op_tensor (I64, "1", 2), op_tensor (I64, "1", 1)),
      OP_LIST (op_tensor (F32, "6", 2, 1, 0, 1, 2, 1)));
  op_check ("Pad-12", "pad_mode=symmetric",
      OP_LIST (series ("3"), op_tensor (I64, "1", -1), op_tensor (I64, "1", 2)),
      OP_LIST (op_tensor (F32, "4", 1, 2, 2, 1)));
  op_reject ("Pad-1", "pad_mode=reflect",
      OP_LIST (series ("3"), op_tensor (I64, "1", 3), op_tensor (I64, "1", 0)),
      IR_ERROR_SHAPE);
  op_check ("Range-4", "output_type=i64",
      OP_LIST (op_tensor (F32, "", 1.7), op_tensor (F32, "", 9.5),
          op_tensor (F32, "", 2.9)),
      OP_LIST (op_tensor (I64, "4", 1, 3, 5, 7)));
  op_reject ("Range-1", "",
      OP_LIST (op_tensor (I32, "", 1), op_tensor (I32, "", 9),
          op_tensor (I32, "", 0)),
      IR_ERROR_SHAPE);
}

static void
test_gathers (void)
{
  op_check ("Gather-8", "batch_dims=1",
      OP_LIST (series ("2,3"), op_tensor (I32, "2,1", -1, 0),
          op_tensor (I64, "", 1)),
      OP_LIST (op_tensor (F32, "2,1", 2, 3)));
  op_check ("Gather-1", "",
      OP_LIST (series ("3,2"), op_tensor (I32, "", 1), op_tensor (I64, "", 0)),
      OP_LIST (op_tensor (F32, "2", 2, 3)));
  op_reject ("Gather-8", "",
      OP_LIST (series ("3,2"), op_tensor (I32, "", 3), op_tensor (I64, "", 0)),
      IR_ERROR_SHAPE);
  op_check ("GatherElements-6", "axis=1",
      OP_LIST (series ("2,3"), op_tensor (I32, "2,2", 2, 0, 1, 1)),
      OP_LIST (op_tensor (F32, "2,2", 2, 0, 4, 4)));
  op_check ("GatherND-8", "batch_dims=0",
      OP_LIST (series ("2,3"), op_tensor (I32, "2,2", 1, 2, 0, 1)),
      OP_LIST (op_tensor (F32, "2", 5, 1)));
  op_check_shape ("GatherND-5", "batch_dims=2", "f32[6,4]", "f32 2,3,5,4",
      "i64 2,3,1", NULL);
  op_reject ("GatherND-8", "batch_dims=0",
      OP_LIST (series ("2,3"), op_tensor (I32, "1,2", 0, 3)), IR_ERROR_SHAPE);
  op_check ("GatherTree-1", "",
      OP_LIST (op_tensor (I32, "3,1,2", 1, 2, 3, 4, 5, 6),
          op_tensor (I32, "3,1,2", 0, 0, 1, 0, 1, 0), op_tensor (I32, "1", 3),
          op_tensor (I32, "", 9)),
      OP_LIST (op_tensor (I32, "3,1,2", 1, 2, 4, 3, 5, 6)));
}

static void
test_reverse (void)
{
  op_check ("Reverse-1", "mode=index",
      OP_LIST (series ("2,3"), op_tensor (I64, "2", 0, -1)),
      OP_LIST (op_tensor (F32, "2,3", 5, 4, 3, 2, 1, 0)));
  op_check ("Reverse-1", "mode=mask",
      OP_LIST (series ("2,3"), op_tensor (BOOLEAN, "2", 0, 1)),
      OP_LIST (op_tensor (F32, "2,3", 2, 1, 0, 5, 4, 3)));
  op_check_shape ("Reverse-1", "mode=index", NULL, "f32 2,3", "=2", NULL);
  op_check_shape ("Reverse-1", "mode=index", NULL, "f32 2,3", "=1,-1", NULL);
  op_check_shape ("Reverse-1", "mode=mask", NULL, "f32 2,3", "boolean 3", NULL);
  op_check_shape ("Reverse-1", "mode=mask", NULL, "f32 2,3", "i64 2", NULL);
}

static void
test_reverse_sequence (void)
{
  op_check ("ReverseSequence-1", "",
      OP_LIST (series ("2,3"), op_tensor (I32, "2", 3, 2)),
      OP_LIST (op_tensor (F32, "2,3", 2, 1, 0, 4, 3, 5)));
  op_check ("ReverseSequence-1", "batch_axis=-1;seq_axis=0",
      OP_LIST (series ("3,2"), op_tensor (I64, "2", 0, 3)),
      OP_LIST (op_tensor (F32, "3,2", 0, 5, 2, 3, 4, 1)));
  op_check_shape ("ReverseSequence-1", "batch_axis=1;seq_axis=0", "f32[?,3,4]",
      "f32 ?,?,4", "i64 3", NULL);
  op_check_shape ("ReverseSequence-1", "", NULL, "f32 2,3", "i64 3", NULL);
  op_check_shape (
      "ReverseSequence-1", "seq_axis=-2", NULL, "f32 2,3", "i64 2", NULL);
  op_reject ("ReverseSequence-1", "",
      OP_LIST (series ("2,3"), op_tensor (I32, "2", 3, 4)), IR_ERROR_SHAPE);
  op_reject ("ReverseSequence-1", "",
      OP_LIST (series ("2,3"), op_tensor (I32, "2", 3, -1)), IR_ERROR_SHAPE);
}

static void
test_roll (void)
{
  op_check ("Roll-7", "",
      OP_LIST (series ("2,3"), op_tensor (I64, "2", 1, -4),
          op_tensor (I64, "2", 0, -1)),
      OP_LIST (op_tensor (F32, "2,3", 4, 5, 3, 1, 2, 0)));
  op_check ("Roll-7", "",
      OP_LIST (
          series ("4"), op_tensor (I64, "", 1), op_tensor (I64, "2", 0, 0)),
      OP_LIST (op_tensor (F32, "4", 2, 3, 0, 1)));
  op_check ("Roll-7", "",
      OP_LIST (series ("3"), op_tensor_wide (I64, "1", G_MININT64),
          op_tensor (I64, "1", 0)),
      OP_LIST (op_tensor (F32, "3", 2, 0, 1)));
  op_check_shape ("Roll-7", "", NULL, "f32 2,3", "=1,2,3", "=0,1", NULL);
  op_check_shape ("Roll-7", "", NULL, "f32 2,3", "=1", "=2", NULL);
}

/* Expected numbers are OpenVINO's reference's or follow from the definition:
 * weights of 1/4 and 3/4 at half pixels. */
static void
test_interpolate (void)
{
  op_check ("Interpolate-4",
      "mode=nearest;shape_calculation_mode=sizes;"
      "coordinate_transformation_mode=asymmetric;nearest_mode=floor",
      OP_LIST (series ("1,1,1,2"), op_tensor (I64, "1", 4),
          op_tensor (F32, "1", 2), op_tensor (I64, "1", 3)),
      OP_LIST (op_tensor (F32, "1,1,1,4", 0, 0, 1, 1)));
  op_check ("Interpolate-11", "mode=linear_onnx;shape_calculation_mode=scales",
      OP_LIST (
          series ("1,1,1,2"), op_tensor (F32, "1", 2), op_tensor (I64, "1", 3)),
      OP_LIST (op_tensor (F32, "1,1,1,4", 0, 0.25, 0.75, 1)));
  op_check ("Interpolate-1", "axes=2,3;mode=linear;align_corners=true",
      OP_LIST (series ("1,1,2,2"), op_tensor (I64, "2", 3, 3)),
      OP_LIST (op_tensor (F32, "1,1,3,3", 0, 0.5, 1, 1, 1.5, 2, 2, 2.5, 3)));
  op_check ("Interpolate-11",
      "mode=bilinear_pillow;shape_calculation_mode=sizes",
      OP_LIST (
          series ("1,1,1,4"), op_tensor (I64, "1", 2), op_tensor (I64, "1", 3)),
      OP_LIST (op_tensor (F32, "1,1,1,2", 5.0 / 7, 16.0 / 7)));
  op_check_shape ("Interpolate-11", "mode=cubic;shape_calculation_mode=sizes",
      "f32[?,3,?,20]", "f32 ?,3,?,10", "=20", "=3", NULL);
  op_reject ("Interpolate-11", "mode=area;shape_calculation_mode=sizes",
      OP_LIST (series ("4"), op_tensor (I64, "1", 2)), IR_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/movement/shapes", test_shapes);
  g_test_add_func ("/ops/movement/order", test_order);
  g_test_add_func ("/ops/movement/slices", test_slices);
  g_test_add_func ("/ops/movement/gathers", test_gathers);
  g_test_add_func ("/ops/movement/reverse", test_reverse);
  g_test_add_func ("/ops/movement/reverse-sequence", test_reverse_sequence);
  g_test_add_func ("/ops/movement/roll", test_roll);
  g_test_add_func ("/ops/movement/interpolate", test_interpolate);
  return g_test_run ();
}
