/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/preproc.h>
#include <math.h>

/* 4 x 2 pixels, R = 10 x + 40 y, G = 100, B = 200. */
static const guint8 rgb[] = { 0, 100, 200, 10, 100, 200, 20, 100, 200, 30, 100,
  200, 40, 100, 200, 50, 100, 200, 60, 100, 200, 70, 100, 200 };

static IrFrame
rgb_frame (void)
{
  return (IrFrame){ .format = IR_PIXEL_RGB,
    .width = 4,
    .height = 2,
    .plane = { rgb },
    .stride = { 12 } };
}

static void
check (const IrPreproc *recipe, const IrFrame *frame, const IrRegion *region,
    const double *want, gsize n)
{
  IrShape shape = ir_preproc_shape (recipe);
  g_autoptr (IrTensor) tensor = ir_tensor_new (recipe->dtype, &shape, NULL);
  g_autoptr (GError) error = NULL;

  ir_preproc_run_reference (recipe, frame, region, 0, tensor, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (
        ir_tensor_get_f64 (tensor, i), want[i], 2e-3);
}

/* cv2.resize (…, (2, 1)) with INTER_LINEAR, INTER_AREA: 2 x 2 means; with
 * INTER_NEAREST_EXACT: pixels (1, 1) and (3, 1). */
static void
test_shrink (void)
{
  IrFrame frame = rgb_frame ();
  IrPreproc recipe;

  ir_preproc_init (&recipe, 2, 1);
  check (&recipe, &frame, NULL, (double[]){ 25, 45, 100, 100, 200, 200 }, 6);
  recipe.interpolation = IR_INTERPOLATION_AREA;
  check (&recipe, &frame, NULL, (double[]){ 25, 45, 100, 100, 200, 200 }, 6);
  recipe.interpolation = IR_INTERPOLATION_NEAREST;
  check (&recipe, &frame, NULL, (double[]){ 50, 70, 100, 100 }, 4);
}

/* cv2.resize of the floats [0, 10, 20, 30] to 8: INTER_LINEAR, INTER_CUBIC. */
static void
test_enlarge (void)
{
  IrFrame frame = rgb_frame ();
  const IrRegion row = { 0, 0, 4, 1 };
  IrPreproc recipe;

  ir_preproc_init (&recipe, 8, 1);
  check (&recipe, &frame, &row,
      (double[]){ 0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30 }, 8);
  recipe.interpolation = IR_INTERPOLATION_CUBIC;
  check (&recipe, &frame, &row,
      (double[]){ 0, 1.914062, 6.679688, 12.96875, 17.03125, 23.320312,
          28.085938, 31.054688 },
      8);
}

/* A letterbox of 4 x 2 in 4 x 4, and a region half outside. */
static void
test_padding (void)
{
  IrFrame frame = rgb_frame ();
  const IrRegion outside = { -2, 0, 4, 2 };
  IrPreproc recipe;

  ir_preproc_init (&recipe, 4, 4);
  recipe.resize = IR_RESIZE_LETTERBOX;
  recipe.pad_value = 114;
  check (&recipe, &frame, NULL,
      (double[]){ 114, 114, 114, 114, 0, 10, 20, 30, 40, 50, 60, 70, 114 }, 13);
  recipe.top_left = TRUE;
  check (&recipe, &frame, NULL, (double[]){ 0, 10, 20, 30 }, 4);
  ir_preproc_init (&recipe, 4, 2);
  recipe.pad_value = 7;
  check (&recipe, &frame, &outside, (double[]){ 7, 7, 0, 10, 7, 7, 40, 50 }, 8);
}

/* BT.601 limited by the standard's own numbers: (81, 90, 240) is red. */
static void
test_colour (void)
{
  const guint8 luma[] = { 81, 81, 235, 16 }, chroma[] = { 90, 240 };
  const guint8 gray_chroma[] = { 128, 128 };
  IrFrame frame = { .format = IR_PIXEL_NV12,
    .width = 2,
    .height = 2,
    .plane = { luma, chroma },
    .stride = { 2, 2 } };
  IrPreproc recipe;

  ir_preproc_init (&recipe, 2, 2);
  recipe.dtype = IR_DTYPE_U8;
  check (&recipe, &frame, NULL, (double[]){ 254, 254 }, 2);
  frame.plane[1] = gray_chroma;
  recipe.nhwc = TRUE;
  check (&recipe, &frame, NULL,
      (double[]){ 76, 76, 76, 76, 76, 76, 255, 255, 255, 0, 0, 0 }, 12);
}

static void
test_normalise (void)
{
  IrFrame frame = rgb_frame ();
  IrPreproc recipe;

  ir_preproc_init (&recipe, 4, 2);
  recipe.color = IR_COLOR_BGR;
  recipe.mean[0] = 100;
  recipe.scale[0] = 50;
  recipe.scale[1] = 4;
  recipe.nhwc = TRUE;
  check (&recipe, &frame, NULL, (double[]){ 2, 25, 0, 2, 25, 10 }, 6);
}

static void
test_affine (void)
{
  IrFrame frame = rgb_frame ();
  IrPreproc recipe;
  IrAffine affine;
  double x = 4, y = 6;

  ir_preproc_init (&recipe, 8, 8);
  recipe.resize = IR_RESIZE_LETTERBOX;
  affine = ir_preproc_affine (&recipe, &frame, NULL);
  ir_affine_apply (&affine, &x, &y);
  g_assert_cmpfloat (x, ==, 2);
  g_assert_cmpfloat (y, ==, 2);
}

static void
test_reject (void)
{
  IrFrame frame = rgb_frame ();
  g_autoptr (GError) error = NULL;
  IrPreproc recipe;

  ir_preproc_init (&recipe, 8, 8);
  recipe.resize = IR_RESIZE_NONE;
  g_assert_false (ir_preproc_check (&recipe, &frame, NULL, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_SHAPE);
  g_clear_error (&error);
  recipe.resize = IR_RESIZE_STRETCH;
  frame.stride[0] = 11;
  g_assert_false (ir_preproc_check (&recipe, &frame, NULL, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_SHAPE);
  g_clear_error (&error);
  frame = rgb_frame ();
  recipe.scale[1] = 0;
  g_assert_false (ir_preproc_check (&recipe, &frame, NULL, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/preproc/shrink", test_shrink);
  g_test_add_func ("/preproc/enlarge", test_enlarge);
  g_test_add_func ("/preproc/padding", test_padding);
  g_test_add_func ("/preproc/colour", test_colour);
  g_test_add_func ("/preproc/normalise", test_normalise);
  g_test_add_func ("/preproc/affine", test_affine);
  g_test_add_func ("/preproc/reject", test_reject);
  return g_test_run ();
}
