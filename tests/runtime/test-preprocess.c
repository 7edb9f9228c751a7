/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The CPU's preprocessing against the reference on random recipes, pictures and
 * regions. The rule: an f32 value is within 1e-3 of a level (1e-3 / scale of the
 * tensor) of the reference, but for the type's own rounding; any other value is
 * one that such a number rounds to. So an integer equals the reference's, unless
 * the exact number is that near to the middle between two.
 */
#include <ir/core.h>
#include <math.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROUNDS 4000

/* Bytes of one pixel in plane 0 and of a sample in the others, 0: no such plane. */
static const guint bytes[IR_PIXEL_COUNT][3] = {
  [IR_PIXEL_NV12] = { 1, 2 },
  [IR_PIXEL_I420] = { 1, 1, 1 },
  [IR_PIXEL_YUY2] = { 2 },
  [IR_PIXEL_BGRX] = { 4 },
  [IR_PIXEL_RGBX] = { 4 },
  [IR_PIXEL_BGR] = { 3 },
  [IR_PIXEL_RGB] = { 3 },
  [IR_PIXEL_GRAY8] = { 1 },
};

typedef struct {
  IrFrame frame;
  gpointer map[3];
  gsize size[3];
} Picture;

static int
pick (int low, int high)
{
  return g_test_rand_int_range (low, high + 1);
}

static double
real (double low, double high)
{
  return g_test_rand_double_range (low, high);
}

/* The last row's last byte has a page behind it that must not be touched. */
static void
fill_plane (Picture *picture, guint p, gsize row, guint rows)
{
  const gsize page = sysconf (_SC_PAGESIZE), stride = row + pick (0, 9);
  const gsize used = stride * (rows - 1) + row;
  const gsize pages = (used + page - 1) / page * page;
  guint8 *map = mmap (NULL, pages + page, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  guint8 *data = map + pages - used;

  g_assert_true (map != MAP_FAILED);
  g_assert_cmpint (mprotect (map + pages, page, PROT_NONE), ==, 0);
  for (gsize i = 0; i < used; i++)
    data[i] = pick (0, 4) ? pick (0, 255) : pick (0, 1) * 255;
  picture->map[p] = map;
  picture->size[p] = pages + page;
  picture->frame.plane[p] = data;
  picture->frame.stride[p] = stride;
}

static void
picture_fill (Picture *picture, IrPixelFormat format, guint width, guint height)
{
  *picture = (Picture){ { .format = format,
      .width = width,
      .height = height,
      .matrix = pick (0, IR_MATRIX_BT2020),
      .full_range = pick (0, 1) } };
  for (guint p = 0; p < 3 && bytes[format][p]; p++) {
    const guint columns = p ? (width + 1) / 2 : width;
    const guint even = format == IR_PIXEL_YUY2 ? columns % 2 : 0;

    fill_plane (picture, p, (gsize) (columns + even) * bytes[format][p],
        p ? (height + 1) / 2 : height);
  }
}

static void
picture_clear (Picture *picture)
{
  for (guint p = 0; p < 3; p++)
    if (picture->map[p])
      munmap (picture->map[p], picture->size[p]);
}

static IrPreproc
random_recipe (void)
{
  static const IrDType types[] = { IR_DTYPE_F32, IR_DTYPE_F32, IR_DTYPE_F16,
    IR_DTYPE_BF16, IR_DTYPE_U8, IR_DTYPE_I8 };
  IrPreproc recipe;

  ir_preproc_init (&recipe, pick (1, 60), pick (1, 40));
  recipe.nhwc = pick (0, 1);
  recipe.dtype = types[pick (0, G_N_ELEMENTS (types) - 1)];
  recipe.color = pick (0, IR_COLOR_GRAY);
  recipe.resize = pick (0, IR_RESIZE_NONE);
  recipe.interpolation = pick (0, IR_INTERPOLATION_CUBIC);
  recipe.top_left = pick (0, 1);
  recipe.pad_value = real (0, 255);
  for (guint c = 0; c < 3 && pick (0, 2); c++) {
    recipe.mean[c] = real (0, 255);
    recipe.scale[c] = real (0.2, 130) * (pick (0, 5) ? 1 : -1);
  }
  return recipe;
}

/* Inside the picture, across its borders, or beyond; whole pixels or not. */
static IrRegion
random_region (const IrPreproc *recipe, const IrFrame *frame)
{
  const double w = frame->width, h = frame->height;
  const double past = pick (0, 2) ? 0 : pick (0, 3) ? 0.4 : 2;
  IrRegion r = { real (-past, 0.6 + past) * w, real (-past, 0.6 + past) * h,
    real (0.01, 0.4 + past) * w, real (0.01, 0.4 + past) * h };

  if (pick (0, 1))
    r = (IrRegion){ floor (r.x), floor (r.y), ceil (r.width), ceil (r.height) };
  if (recipe->resize == IR_RESIZE_NONE) {
    r.width = recipe->width;
    r.height = recipe->height;
  }
  return r;
}

/* Half the distance between the type's numbers around @value, at most. */
static double
rounding (IrDType dtype, double value)
{
  switch (dtype) {
    case IR_DTYPE_F32:
      return ldexp (fabs (value), -23);
    case IR_DTYPE_F16:
      return ldexp (fabs (value), -11) + ldexp (1, -25);
    case IR_DTYPE_BF16:
      return ldexp (fabs (value), -8);
    default:
      return 0.5;
  }
}

static double
limit (IrDType dtype, double value)
{
  if (dtype == IR_DTYPE_U8)
    return CLAMP (value, 0, 255);
  return dtype == IR_DTYPE_I8 ? CLAMP (value, -128, 127) : value;
}

static void
compare (const IrPreproc *recipe, const IrFrame *frame, const IrRegion *region,
    const IrTensor *got, const IrTensor *want)
{
  const guint channels = recipe->color == IR_COLOR_GRAY ? 1 : 3;
  const gsize plane = (gsize) recipe->width * recipe->height;

  for (gsize i = 0; i < plane * channels; i++) {
    const guint c = recipe->nhwc ? i % channels : i / plane;
    const double exact = limit (recipe->dtype, ir_tensor_get_f64 (want, i));
    const double value = ir_tensor_get_f64 (got, plane * channels + i);
    const double bound = 1e-3 / fabs (recipe->scale[c]);

    if (!(fabs (value - exact) <= bound + rounding (recipe->dtype, exact)))
      g_error ("value %zu is %.9g, the reference has %.9g: format %d, %ux%u, "
               "region %g,%g %gx%g; %ux%u, nhwc %d, type %s, colour %d, resize "
               "%d, interpolation %d, pad %g, mean %g, scale %g",
          i, value, exact, frame->format, frame->width, frame->height,
          region ? region->x : 0, region ? region->y : 0,
          region ? region->width : 0, region ? region->height : 0,
          recipe->width, recipe->height, recipe->nhwc,
          ir_dtype_name (recipe->dtype), recipe->color, recipe->resize,
          recipe->interpolation, recipe->pad_value, recipe->mean[c],
          recipe->scale[c]);
  }
}

static IrTensor *
preprocess (IrCore *core, const IrPreproc *recipe, const IrFrame *frame,
    const IrRegion *region)
{
  IrShape shape = ir_preproc_shape (recipe);
  IrTensor *tensor;
  GError *error = NULL;

  shape.dim[0] = 2;
  tensor = ir_tensor_new (recipe->dtype, &shape, &error);
  g_assert_no_error (error);
  ir_core_preprocess (core, "CPU", recipe, frame, region, 1, tensor, &error);
  g_assert_no_error (error);
  return tensor;
}

/* The reference's numbers before they are rounded to the tensor's type. */
static IrTensor *
reference (
    const IrPreproc *recipe, const IrFrame *frame, const IrRegion *region)
{
  const IrShape shape = ir_preproc_shape (recipe);
  IrTensor *tensor = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
  IrPreproc exact = *recipe;
  GError *error = NULL;

  exact.dtype = IR_DTYPE_F32;
  ir_preproc_run_reference (&exact, frame, region, 0, tensor, &error);
  g_assert_no_error (error);
  return tensor;
}

static void
check (IrCore *core, const IrPreproc *recipe, const IrFrame *frame,
    const IrRegion *region)
{
  g_autoptr (IrTensor) got = preprocess (core, recipe, frame, region);
  g_autoptr (IrTensor) want = reference (recipe, frame, region);

  compare (recipe, frame, region, got, want);
}

static void
test_random (void)
{
  g_autoptr (IrCore) core = ir_core_new ();

  for (guint round = 0; round < ROUNDS; round++) {
    const IrPreproc recipe = random_recipe ();
    Picture picture;
    IrRegion region;

    picture_fill (&picture, round % IR_PIXEL_COUNT, pick (1, 90), pick (1, 60));
    region = random_region (&recipe, &picture.frame);
    check (core, &recipe, &picture.frame, &region);
    if (recipe.resize != IR_RESIZE_NONE)
      check (core, &recipe, &picture.frame, NULL);
    picture_clear (&picture);
  }
}

/* The same plan for frame after frame, of other contents and colorimetry. */
static void
test_frames (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  IrPreproc recipe;

  ir_preproc_init (&recipe, 30, 20);
  recipe.resize = IR_RESIZE_LETTERBOX;
  for (guint round = 0; round < 40; round++) {
    Picture picture;

    picture_fill (&picture, round % IR_PIXEL_COUNT, 64, 64);
    check (core, &recipe, &picture.frame, NULL);
    picture_clear (&picture);
  }
}

/* Whatever the number of threads, and also where one is enough. */
static void
test_threads (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrTensor) many = NULL;
  g_autoptr (IrTensor) one = NULL;
  IrPreproc recipe, other;
  Picture picture;
  cpu_set_t all, first;

  picture_fill (&picture, IR_PIXEL_NV12, 1280, 720);
  ir_preproc_init (&recipe, 3000, 2000);
  recipe.interpolation = pick (0, IR_INTERPOLATION_CUBIC);
  many = preprocess (core, &recipe, &picture.frame, NULL);

  g_assert_cmpint (sched_getaffinity (0, sizeof all, &all), ==, 0);
  CPU_ZERO (&first);
  for (guint cpu = 0; CPU_COUNT (&first) == 0; cpu++)
    if (CPU_ISSET (cpu, &all))
      CPU_SET (cpu, &first);
  g_assert_cmpint (sched_setaffinity (0, sizeof first, &first), ==, 0);
  /* What was planned for all cores is forgotten. */
  ir_preproc_init (&other, 8, 8);
  for (guint i = 0; i < 20; i++) {
    g_autoptr (IrTensor) tensor = NULL;

    other.width++;
    tensor = preprocess (core, &other, &picture.frame, NULL);
  }
  one = preprocess (core, &recipe, &picture.frame, NULL);
  g_assert_cmpint (sched_setaffinity (0, sizeof all, &all), ==, 0);
  g_assert_cmpmem (one->data, one->size, many->data, many->size);
  picture_clear (&picture);
}

static void
test_reject (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  const IrShape shape = { 4, { 1, 3, 4, 4 } };
  g_autoptr (IrTensor) tensor = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
  g_autoptr (GError) error = NULL;
  IrPreproc recipe;
  Picture picture;

  picture_fill (&picture, IR_PIXEL_RGB, 5, 5);
  ir_preproc_init (&recipe, 4, 5);
  g_assert_false (ir_core_preprocess (
      core, "CPU", &recipe, &picture.frame, NULL, 0, tensor, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_SHAPE);
  g_clear_error (&error);
  recipe.height = 4;
  g_assert_false (ir_core_preprocess (
      core, "CPU", &recipe, &picture.frame, NULL, 1, tensor, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_SHAPE);
  picture_clear (&picture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/preprocess/random", test_random);
  g_test_add_func ("/preprocess/frames", test_frames);
  g_test_add_func ("/preprocess/threads", test_threads);
  g_test_add_func ("/preprocess/reject", test_reject);
  return g_test_run ();
}
