/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/preproc.h>

#include <math.h>

#include "pixel.h"

/* Sides of regions are sums of doubles: what is this near to a pixel's border
 * is on it. */
#define EPSILON 1e-6

/* The source pixels that make one pixel of the result along one axis. */
typedef struct {
  gint64 first;
  guint n;
  gsize weights;
} Taps;

typedef struct {
  Taps *taps;
  GArray *weights;
  /* Pixels that may be looked at; others are replaced by the nearest. */
  gint64 low;
  gint64 high;
} Axis;

static void
axis_clear (Axis *axis)
{
  g_free (axis->taps);
  g_array_unref (axis->weights);
}

static void
add_taps (Axis *axis, guint i, gint64 first, const double *w, guint n)
{
  axis->taps[i] = (Taps){ first, n, axis->weights->len };
  g_array_append_vals (axis->weights, w, n);
}

static void
add_linear (Axis *axis, guint i, double position)
{
  double first = floor (position);
  double w[2] = { 1 - (position - first), position - first };

  add_taps (axis, i, first, w, 2);
}

/* Keys' kernel with OpenCV's a = -0.75. */
static double
cubic (double x)
{
  const double a = -0.75;

  x = fabs (x);
  if (x <= 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

static void
add_cubic (Axis *axis, guint i, double position)
{
  double first = floor (position);
  double w[4];

  for (gint t = 0; t < 4; t++)
    w[t] = cubic (position - (first - 1 + t));
  add_taps (axis, i, first - 1, w, 4);
}

/* Each pixel counts by the part of it that [@from, @to) covers. */
static void
add_covered (Axis *axis, guint i, double from, double to)
{
  gint64 first = floor (from + EPSILON), end = ceil (to - EPSILON);

  axis->taps[i] = (Taps){ first, end - first, axis->weights->len };
  for (gint64 p = first; p < end; p++) {
    double w = (MIN (to, p + 1) - MAX (from, p)) / (to - from);

    g_array_append_val (axis->weights, w);
  }
}

/* What OpenCV's INTER_AREA does when it enlarges: linear, but a source pixel
 * keeps its colour as long as the target pixel lies in it altogether. */
static double
area_position (guint i, double scale)
{
  double s = floor (i * scale);
  double f = (i + 1) - (s + 1) / scale;

  return s + (f <= 0 ? 0 : f - floor (f));
}

static void
axis_init (Axis *axis, IrInterpolation interpolation, gboolean shrinks,
    double start, double length, guint n)
{
  const double scale = length / n;

  axis->taps = g_new (Taps, n);
  axis->weights = g_array_new (FALSE, FALSE, sizeof (double));
  axis->low = floor (start + EPSILON);
  axis->high = ceil (start + length - EPSILON) - 1;

  for (guint i = 0; i < n; i++) {
    const double centre = start + (i + 0.5) * scale, one = 1;

    if (interpolation == IR_INTERPOLATION_NEAREST)
      add_taps (axis, i, floor (centre), &one, 1);
    else if (interpolation == IR_INTERPOLATION_BILINEAR)
      add_linear (axis, i, centre - 0.5);
    else if (interpolation == IR_INTERPOLATION_CUBIC)
      add_cubic (axis, i, centre - 0.5);
    else if (shrinks)
      add_covered (axis, i, start + i * scale, start + (i + 1) * scale);
    else
      add_linear (axis, i, start + area_position (i, scale));
  }
}

static void
fetch (const IrFrame *frame, double pad, gint64 x, gint64 y, double *rgb)
{
  if (x < 0 || x >= frame->width || y < 0 || y >= frame->height)
    rgb[0] = rgb[1] = rgb[2] = pad;
  else
    ir_pixel_fetch (frame, x, y, rgb);
}

static void
sample (const IrFrame *frame, double pad, const Axis *h, guint i, const Axis *v,
    guint j, double *rgb)
{
  const Taps *th = &h->taps[i], *tv = &v->taps[j];
  const double *wh = &g_array_index (h->weights, double, th->weights);
  const double *wv = &g_array_index (v->weights, double, tv->weights);
  double sum[3] = { 0, 0, 0 };

  for (guint b = 0; b < tv->n; b++) {
    for (guint a = 0; a < th->n; a++) {
      double pixel[3];

      fetch (frame, pad, CLAMP (th->first + a, h->low, h->high),
          CLAMP (tv->first + b, v->low, v->high), pixel);
      for (guint c = 0; c < 3; c++)
        sum[c] += wv[b] * wh[a] * pixel[c];
    }
  }
  for (guint c = 0; c < 3; c++)
    rgb[c] = CLAMP (sum[c], 0, 255);
}

static void
store_value (IrTensor *tensor, gsize index, double value)
{
  switch (tensor->dtype) {
    case IR_DTYPE_U8:
      ((guint8 *) tensor->data)[index] = rint (CLAMP (value, 0, 255));
      break;
    case IR_DTYPE_I8:
      ((gint8 *) tensor->data)[index] = rint (CLAMP (value, -128, 127));
      break;
    case IR_DTYPE_F16:
      ((guint16 *) tensor->data)[index] = ir_f32_to_f16 (value);
      break;
    case IR_DTYPE_BF16:
      ((guint16 *) tensor->data)[index] = ir_f32_to_bf16 (value);
      break;
    default:
      ((float *) tensor->data)[index] = value;
      break;
  }
}

static void
store (const IrPreproc *recipe, guint batch_index, guint x, guint y,
    const double *rgb, IrTensor *tensor)
{
  const guint n = recipe->color == IR_COLOR_GRAY ? 1 : 3;
  const gsize plane = (gsize) recipe->width * recipe->height;
  const gsize pixel = (gsize) y * recipe->width + x;

  for (guint c = 0; c < n; c++) {
    double value = recipe->color == IR_COLOR_RGB ? rgb[c]
        : recipe->color == IR_COLOR_BGR
        ? rgb[2 - c]
        : 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    gsize index = recipe->nhwc ? pixel * n + c : c * plane + pixel;

    store_value (tensor, batch_index * plane * n + index,
        (value - recipe->mean[c]) / recipe->scale[c]);
  }
}

gboolean
ir_preproc_run_reference (const IrPreproc *recipe, const IrFrame *frame,
    const IrRegion *region, guint batch_index, IrTensor *tensor, GError **error)
{
  const double pad[3] = { recipe->pad_value, recipe->pad_value,
    recipe->pad_value };
  IrPlacement place;
  gboolean shrinks;
  Axis h, v;

  if (!ir_preproc_check (recipe, frame, region, error) ||
      !ir_preproc_check_tensor (recipe, batch_index, tensor, error))
    return FALSE;

  place = ir_preproc_place (recipe, frame, region);
  shrinks =
      place.source.width >= place.width && place.source.height >= place.height;
  axis_init (&h, recipe->interpolation, shrinks, place.source.x,
      place.source.width, place.width);
  axis_init (&v, recipe->interpolation, shrinks, place.source.y,
      place.source.height, place.height);

  for (guint y = 0; y < recipe->height; y++) {
    for (guint x = 0; x < recipe->width; x++) {
      const guint i = x - place.left, j = y - place.top;
      double rgb[3];

      if (i < place.width && j < place.height) {
        sample (frame, recipe->pad_value, &h, i, &v, j, rgb);
        store (recipe, batch_index, x, y, rgb, tensor);
      } else {
        store (recipe, batch_index, x, y, pad, tensor);
      }
    }
  }
  axis_clear (&h);
  axis_clear (&v);
  return TRUE;
}
