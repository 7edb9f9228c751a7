/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expected numbers are OpenVINO's, or follow from the comment beside them. */
#include "op-test.h"

/* 0, 1, 2, ... */
static IrTensor *
ramp (const char *shape)
{
  IrTensor *tensor = op_tensor_empty (IR_DTYPE_F32, shape);

  for (gsize i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_f64 (tensor, i, (double) i);
  return tensor;
}

static void
test_extract_image_patches (void)
{
  op_check ("ExtractImagePatches-3",
      "sizes=2,2;strides=2,1;rates=1,1;auto_pad=same_upper",
      OP_LIST (ramp ("1,1,3,3")),
      OP_LIST (op_tensor (F32, "1,4,2,3", 0, 1, 2, 6, 7, 8, 1, 2, 0, 7, 8, 0, 3,
          4, 5, 0, 0, 0, 4, 5, 0, 0, 0, 0)));
  op_check ("ExtractImagePatches-3",
      "sizes=2,2;strides=1,1;rates=2,2;auto_pad=valid",
      OP_LIST (ramp ("1,2,3,3")),
      OP_LIST (op_tensor (F32, "1,8,1,1", 0, 9, 2, 11, 6, 15, 8, 17)));
  op_check_shape ("ExtractImagePatches-3",
      "sizes=3,3;strides=5,5;rates=1,1;auto_pad=valid", "u8[?,27,2,?]",
      "u8 ?,3,10,?", NULL);
  op_check_shape ("ExtractImagePatches-3",
      "sizes=3;strides=5,5;rates=1,1;auto_pad=valid", NULL, "u8 1,3,10,10",
      NULL);
  op_reject ("ExtractImagePatches-3",
      "sizes=1000000000,1000000000;strides=1,1;rates=1,1;auto_pad=same_upper",
      OP_LIST (ramp ("1,1,4,4")), IR_ERROR_LIMIT);
}

/* The windows of a 2 x 3 image, 1 high and 2 wide: the middle column is in two of
 * them. */
static void
test_col2im (void)
{
  op_check ("Col2Im-15", "",
      OP_LIST (op_tensor (F32, "1,2,4", 1, 2, 3, 4, 10, 20, 30, 40),
          op_tensor (I64, "2", 2, 3), op_tensor (I64, "2", 1, 2)),
      OP_LIST (op_tensor (F32, "1,1,2,3", 1, 12, 20, 3, 34, 40)));
  op_check_shape (
      "Col2Im-15", "", "f32[?,3,?,?]", "f32 ?,12,?", "i64 2", "=2,2", NULL);
  op_check_shape (
      "Col2Im-15", "", "f32[3,4,5]", "f32 12,12", "=4,5", "=2,2", NULL);
  op_check_shape ("Col2Im-15", "", NULL, "f32 13,12", "=4,5", "=2,2", NULL);
  op_check_shape ("Col2Im-15", "", NULL, "f32 12,13", "=4,5", "=2,2", NULL);
  op_check_shape ("Col2Im-15", "", NULL, "f32 12,13", "=4,-5", "=2,2", NULL);
}

/* Each place that has the weight's bit counts 1, each other one -1. */
static void
test_binary_convolution (void)
{
  static const char *const attrs =
      "strides=1,1;pads_begin=0,1;pads_end=0,0;dilations=1,1;"
      "mode=xnor-popcount;pad_value=1";

  op_check ("BinaryConvolution-1", attrs,
      OP_LIST (op_tensor (F32, "1,1,2,2", 1, 0, 0, 1),
          op_tensor (U1, "1,1,1,2", 1, 0)),
      OP_LIST (op_tensor (F32, "1,1,2,2", 0, 2, 2, -2)));
  op_check_shape ("BinaryConvolution-1", attrs, "f32[?,5,4,?]", "f32 ?,2,6,?",
      "u1 5,2,3,3", NULL);
  op_check_shape (
      "BinaryConvolution-1", attrs, NULL, "f32 1,2,6,6", "u1 5,3,3,3", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/windows/patches", test_extract_image_patches);
  g_test_add_func ("/ops/windows/col2im", test_col2im);
  g_test_add_func ("/ops/windows/binary", test_binary_convolution);
  return g_test_run ();
}
