/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/conv.h>

#include "op-test.h"

/* Expected numbers are OpenVINO's for these two series. */
static IrTensor *
data (const char *shape)
{
  IrTensor *tensor = op_tensor_empty (IR_DTYPE_F32, shape);

  for (gsize i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_f64 (tensor, i, (double) (i % 7) - 3);
  return tensor;
}

static IrTensor *
weights (const char *shape)
{
  IrTensor *tensor = op_tensor_empty (IR_DTYPE_F32, shape);

  for (gsize i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_f64 (tensor, i, ((double) (i * 5 % 9) - 4) / 2);
  return tensor;
}

static void
test_convolution (void)
{
  op_check ("Convolution-1",
      "strides=2,1;pads_begin=1,0;pads_end=0,1;dilations=1,2",
      OP_LIST (data ("1,2,5,4"), weights ("3,2,3,2")),
      OP_LIST (op_tensor (F32, "1,3,2,3", 8, -5.5, -0.5, -2, 2, -2.5, -5.5, 8,
          5.5, 7, 5, -8.5, 3.5, 3.5, 2.5, 7, -5.5, 3.5)));
  op_check ("Convolution-1", "strides=1;pads_begin=1;pads_end=1;dilations=1",
      OP_LIST (data ("2,2,4"), weights ("2,2,3")),
      OP_LIST (op_tensor (F32, "2,2,4", 3.5, 10, -2, 8, -8.5, -8, 1, -7, 3, -2,
          3.5, -0.5, -7.5, 1, -4, 7)));
  op_check ("Convolution-1", "",
      OP_LIST (data ("1,1,3,3,3"), weights ("1,1,2,2,2")),
      OP_LIST (op_tensor (
          F32, "1,1,2,2,2", 12, -2, -5.5, -5.5, 1.5, -5.5, 1.5, -2)));
}

static void
test_auto_pad (void)
{
  op_check ("Convolution-1", "strides=2,1;auto_pad=same_upper",
      OP_LIST (data ("1,1,3,3"), weights ("1,1,2,2")),
      OP_LIST (op_tensor (F32, "1,1,2,3", 6, 4, -1, -7.5, 5, 4)));
  op_check ("Convolution-1",
      "strides=2,1;auto_pad=same_lower;pads_begin=9,9;pads_end=9,9",
      OP_LIST (data ("1,1,3,3"), weights ("1,1,2,2")),
      OP_LIST (op_tensor (F32, "1,1,2,3", -3, 2.5, 2, 3, -7, 1.5)));
}

/* A second formulation: one window of the whole picture is a dot product, and a
 * window of one element a matrix product of the channels. */
static void
test_extremes (void)
{
  g_autofree IrTensor **out = op_run (
      "Convolution-1", "", OP_LIST (data ("1,3,4,5"), weights ("2,3,4,5")), 1);
  g_autoptr (IrTensor) x = data ("60");
  g_autoptr (IrTensor) w = weights ("120");
  double sum[2] = { 0 };

  for (guint i = 0; i < 120; i++)
    sum[i / 60] += ir_tensor_get_f64 (x, i % 60) * ir_tensor_get_f64 (w, i);
  g_assert_cmpfloat_with_epsilon (ir_tensor_get_f64 (out[0], 0), sum[0], 1e-5);
  g_assert_cmpfloat_with_epsilon (ir_tensor_get_f64 (out[0], 1), sum[1], 1e-5);
  op_free (out);

  op_check ("Convolution-1", "",
      OP_LIST (op_tensor (F32, "1,2,1,3", 1, 2, 3, 4, 5, 6),
          op_tensor (F32, "1,2,1,1", 10, 1)),
      OP_LIST (op_tensor (F32, "1,1,1,3", 14, 25, 36)));
}

static void
test_half (void)
{
  op_check ("Convolution-1", "",
      OP_LIST (op_tensor (F16, "1,2,1,3", 1, 2, 3, 4, 5, 6),
          op_tensor (F16, "1,2,1,1", 10, 1)),
      OP_LIST (op_tensor (F16, "1,1,1,3", 14, 25, 36)));
}

static void
test_group (void)
{
  op_check ("GroupConvolution-1", "",
      OP_LIST (data ("1,2,3,3"), weights ("2,2,1,2,2")),
      OP_LIST (op_tensor (F32, "1,4,2,2", 6, 4, -7, 1.5, 2, 4, -6, -0.5, -3.5,
          4, -5.5, 5.5, 0.5, 5, -3.5, 4.5)));
}

static void
test_backprop (void)
{
  op_check ("ConvolutionBackpropData-1",
      "strides=2,1;pads_begin=1,0;pads_end=0,1;dilations=1,2;output_padding=1,"
      "0",
      OP_LIST (data ("1,2,2,3"), weights ("2,3,3,2")),
      OP_LIST (op_tensor (F32, "1,3,5,4", 0, 7.5, 4.5, -5, 2, 3, -3.5, -7, 1.5,
          -1.5, -5.5, 1, 1, -1, -4.5, 1.5, 0, 0, 0, 0, 0, 0, 0, 10, 0.5, -3, -5,
          9.5, 0, 0, 2, -2, -0.5, 0.5, 3, -1.5, 0, 0, 0, 0, 0, -7.5, -4.5, 2.5,
          -1, -9, -2, -1, -1.5, 1.5, 5, -0.5, -2, 2, 6, 0, 0, 0, 0, 0)));
  op_check ("GroupConvolutionBackpropData-1", "strides=2,2",
      OP_LIST (data ("1,2,2,2"), weights ("2,1,2,2,2")),
      OP_LIST (op_tensor (F32, "1,4,4,4", 6, -1.5, 4, -1, 4.5, -3, 3, -2, 2,
          -0.5, 0, 0, 1.5, -1, 0, 0, 3, -4.5, 2, -3, 1.5, -6, 1, -4, 1, -1.5, 0,
          0, 0.5, -2, 0, 0, 0, -2, 0, -4, 0.5, -1.5, 1, -3, 0, -6, 0, 6, 1.5,
          -4.5, -1.5, 4.5, 1, -1, 2, -2, 1.5, -0.5, 3, -1, 3, -3, -3, 3, 4.5,
          -1.5, -4.5, 1.5)));
}

/* One element of 1 and one of 10 through the window 1, 2, 3. */
static void
check_wanted (const char *auto_pad, gint64 size, const double *want)
{
  g_autofree char *attrs = g_strdup_printf (
      "strides=2;pads_begin=1;pads_end=1;auto_pad=%s", auto_pad);
  g_autofree char *shape = g_strdup_printf ("1,1,%d", (int) size);

  op_check ("ConvolutionBackpropData-1", attrs,
      OP_LIST (op_tensor (F32, "1,1,5", 1, 0, 0, 0, 10),
          op_tensor (F32, "1,1,3", 1, 2, 3),
          op_tensor_new (IR_DTYPE_I64, "1", (double[]){ size }, 1)),
      OP_LIST (op_tensor_new (IR_DTYPE_F32, shape, want, (gsize) size)));
}

static void
test_wanted_shape (void)
{
  check_wanted ("explicit", 10, (double[]){ 2, 3, 0, 0, 0, 0, 0, 10, 20, 30 });
  check_wanted ("valid", 8, (double[]){ 1, 2, 3, 0, 0, 0, 0, 0 });
  check_wanted ("same_upper", 8, (double[]){ 3, 0, 0, 0, 0, 0, 10, 20 });
  check_wanted ("same_lower", 8, (double[]){ 2, 3, 0, 0, 0, 0, 0, 10 });
  check_wanted (
      "same_upper", 13, (double[]){ 1, 2, 3, 0, 0, 0, 0, 0, 10, 20, 30, 0, 0 });
  op_check ("ConvolutionBackpropData-1", "strides=2,2;auto_pad=same_upper",
      OP_LIST (
          data ("1,1,2,3"), weights ("1,1,3,3"), op_tensor (I32, "2", 4, 6)),
      OP_LIST (op_tensor (F32, "1,1,4,6", 3, -6.5, 2, -4, 1, -1.5, -6, -1, -3.5,
          -5, -1, -3, 0, 1, -1, 3.5, -2, 3, 0, -0.5, 2, -1, 4, 0)));
}

static void
test_shapes (void)
{
  const char *pads = "strides=2,2;pads_begin=1,1;pads_end=1,1";

  op_check_shape ("Convolution-1", pads, "f32[?,8,112,?]", "f32 ?,3,224,?",
      "f32 8,3,3,3", NULL);
  op_check_shape (
      "Convolution-1", pads, "f32[?,8,?,?]", "f32 ...", "f32 8,3,3,3", NULL);
  op_check_shape ("Convolution-1", pads, "f16[1,?,?,?]", "f16 1,3,8,8",
      "dynamic ...", NULL);
  op_check_shape ("Convolution-1", pads, "dynamic[...]", "dynamic ...",
      "dynamic ...", NULL);
  op_check_shape ("GroupConvolution-1", pads, "f32[1,6,4,4]", "f32 1,4,8,8",
      "f32 2,3,2,3,3", NULL);
  op_check_shape ("ConvolutionBackpropData-1", "strides=2,2", "f32[1,5,17,?]",
      "f32 1,4,8,?", "f32 4,5,3,3", NULL);
  op_check_shape ("ConvolutionBackpropData-1", "", "f32[1,5,?,?]",
      "f32 1,4,8,8", "f32 4,5,3,3", "i64 2", NULL);
  op_check_shape ("ConvolutionBackpropData-1", "", "f32[1,5,9,7]",
      "f32 1,4,8,8", "f32 4,5,3,3", "=9,7", NULL);
}

static void
test_refused (void)
{
  static const struct {
    const char *op, *attrs, *data, *weights;
  } rows[] = {
    { "Convolution-1", "", "f32 1,3,8,8", "f32 8,4,3,3" },
    { "Convolution-1", "", "f32 1,3,8,8", "f32 8,3,3" },
    { "Convolution-1", "", "f32 1,3", "f32 8,3" },
    { "Convolution-1", "", "f32 1,3,8,8", "f16 8,3,3,3" },
    { "Convolution-1", "", "i32 1,3,8,8", "i32 8,3,3,3" },
    { "Convolution-1", "", "f32 1,3,2,8", "f32 8,3,3,3" },
    { "Convolution-1", "", "f32 1,3,8,8", "f32 8,3,0,3" },
    { "Convolution-1", "", "f32 1,0,8,8", "f32 8,0,3,3" },
    { "Convolution-1", "strides=0,1", "f32 1,3,8,8", "f32 8,3,3,3" },
    { "Convolution-1", "strides=1", "f32 1,3,8,8", "f32 8,3,3,3" },
    { "Convolution-1", "dilations=1,-1", "f32 1,3,8,8", "f32 8,3,3,3" },
    { "Convolution-1", "dilations=4,4", "f32 1,3,8,8", "f32 8,3,3,3" },
    { "Convolution-1", "pads_begin=1,9223372036854775807", "f32 1,3,8,8",
        "f32 8,3,3,3" },
    { "GroupConvolution-1", "", "f32 1,4,8,8", "f32 2,3,3,3,3" },
    { "GroupConvolution-1", "", "f32 1,0,8,8", "f32 0,3,3,3,3" },
    { "GroupConvolution-1", "", "f32 1,4,8,8", "f32 2,3,3,3" },
    { "ConvolutionBackpropData-1", "", "f32 1,3,8,8", "f32 8,3,3,3" },
    { "ConvolutionBackpropData-1", "pads_begin=20,0", "f32 1,8,8,8",
        "f32 8,3,3,3" },
    { "ConvolutionBackpropData-1", "output_padding=-1,0", "f32 1,8,8,8",
        "f32 8,3,3,3" },
    { "ConvolutionBackpropData-1", "strides=1073741824,1", "f32 1,8,8,8",
        "f32 8,3,3,3" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    op_check_shape (
        rows[i].op, rows[i].attrs, NULL, rows[i].data, rows[i].weights, NULL);
  op_check_shape ("ConvolutionBackpropData-1", "", NULL, "f32 1,4,8,8",
      "f32 4,5,3,3", "=9,7,5", NULL);
  op_check_shape ("ConvolutionBackpropData-1", "", NULL, "f32 1,4,8,8",
      "f32 4,5,3,3", "=9,-7", NULL);
}

static void
test_geometry (void)
{
  const gint64 in[] = { 7, IR_DIM_UNKNOWN }, kernel[] = { 3, 3 };
  const gint64 strides[] = { 2, 2 };
  const IrConvAttrs attrs = { .strides = { 2, strides },
    .auto_pad = IR_PAD_SAME_LOWER };
  g_autoptr (GError) error = NULL;
  IrConvGeometry g;

  g_assert_true (ir_conv_geometry (&attrs, 2, in, kernel, &g, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g.out[0], ==, 4);
  g_assert_cmpint (g.pad_begin[0], ==, 1);
  g_assert_cmpint (g.pad_end[0], ==, 1);
  g_assert_cmpint (g.out[1], ==, IR_DIM_UNKNOWN);
  g_assert_cmpint (g.pad_begin[1], ==, 0);
  g_assert_cmpint (g.dilation[0], ==, 1);

  g_assert_false (ir_conv_geometry (&attrs, 4, in, kernel, &g, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/convolution/values", test_convolution);
  g_test_add_func ("/ops/convolution/auto-pad", test_auto_pad);
  g_test_add_func ("/ops/convolution/extremes", test_extremes);
  g_test_add_func ("/ops/convolution/half", test_half);
  g_test_add_func ("/ops/convolution/group", test_group);
  g_test_add_func ("/ops/convolution/backprop", test_backprop);
  g_test_add_func ("/ops/convolution/wanted-shape", test_wanted_shape);
  g_test_add_func ("/ops/convolution/shapes", test_shapes);
  g_test_add_func ("/ops/convolution/refused", test_refused);
  g_test_add_func ("/ops/convolution/geometry", test_geometry);
  return g_test_run ();
}
