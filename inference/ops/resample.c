/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/resample.h>

#include <math.h>
#include <string.h>

/* Where output position @i lies in the input. In single precision, because the
 * rounding decides which neighbour is nearest. */
static float
position (const IrResample *r, gint64 i)
{
  const float x = i;

  if (r->scale == 1.0f || r->in == r->out)
    return x;
  switch (r->attrs.coordinate_transformation_mode) {
    case IR_COORDINATE_PYTORCH_HALF_PIXEL:
      return r->out > 1 ? (x + 0.5f) / r->scale - 0.5f : 0.0f;
    case IR_COORDINATE_ASYMMETRIC:
      return x / r->scale;
    case IR_COORDINATE_TF_HALF_PIXEL_FOR_NN:
      return (x + 0.5f) / r->scale;
    case IR_COORDINATE_ALIGN_CORNERS:
      return r->out == 1 ? 0.0f : x * (float) (r->in - 1) / (r->out - 1);
    default:
      return (x + 0.5f) / r->scale - 0.5f;
  }
}

/* To an integer without overflow, whatever the scale. */
static gint64
to_index (float x)
{
  return x > -0x1p40f && x < 0x1p40f ? (gint64) x
      : x > 0                        ? (gint64) 1 << 40
                                     : -((gint64) 1 << 40);
}

gint64
ir_resample_nearest (const IrResample *r, gint64 i)
{
  const float x = position (r, i);
  float nearest;
  gint64 index;

  switch (r->attrs.nearest_mode) {
    case IR_NEAREST_ROUND_PREFER_FLOOR:
      nearest = x == truncf (x) + 0.5f ? floorf (x) : roundf (x);
      break;
    case IR_NEAREST_ROUND_PREFER_CEIL:
      nearest = roundf (x);
      break;
    case IR_NEAREST_FLOOR:
      nearest = floorf (x);
      break;
    case IR_NEAREST_CEIL:
      nearest = ceilf (x);
      break;
    default:
      nearest = r->scale < 1.0f ? ceilf (x) : truncf (x);
      break;
  }
  index = CLAMP (to_index (nearest), 0, r->in - 1) - r->begin;
  return index >= 0 && index < r->data ? index : -1;
}

/* --- weights --------------------------------------------------------------- */

/* The widest span of neighbours that a position can have. */
static gint64
reach (const IrResample *r)
{
  const double shrink = MAX ((double) r->in / r->out, 1.0);

  switch (r->attrs.mode) {
    case IR_INTERPOLATE_LINEAR_ONNX:
      return 2;
    case IR_INTERPOLATE_CUBIC:
      return 4;
    case IR_INTERPOLATE_BILINEAR_PILLOW:
      return MIN (2 * (gint64) ceil (shrink) + 1, r->in);
    case IR_INTERPOLATE_BICUBIC_PILLOW:
      return MIN (2 * (gint64) ceil (2.0 * shrink) + 1, r->in);
    default:
      break;
  }
  if (!r->antialias || r->scale > 1.0f)
    return 5;
  return MIN (2 * to_index (ceilf (2.0f / r->scale)) + 1, r->in);
}

/* Weights of the elements first, first + 1, …; those off the ends are gone. */
typedef struct {
  gint64 first;
  gint64 count;
  float *weight;
} Row;

/* Adds @weight to element @index, which continues the row or is its last. */
static void
put (Row *row, gint64 index, float weight)
{
  if (row->count == 0)
    row->first = index;
  if (index - row->first == row->count)
    row->weight[row->count++] = 0.0f;
  row->weight[index - row->first] += weight;
}

static void
normalise (Row *row)
{
  double sum = 0.0;

  for (gint64 k = 0; k < row->count; k++)
    sum += row->weight[k];
  for (gint64 k = 0; k < row->count; k++)
    row->weight[k] = sum == 0.0 ? 0.0f : (float) (row->weight[k] / sum);
}

static void
fill_linear (const IrResample *r, gint64 i, Row *row)
{
  const float a = r->antialias ? r->scale : 1.0f;
  const gint64 radius = r->scale > 1.0f ? 2 : to_index (ceilf (2.0f / a));
  const float x = position (r, i);
  const gint64 centre = to_index (roundf (x));
  const gint64 end = MIN (centre + radius, r->in - 1);

  for (gint64 k = MAX (centre - radius, 0); k <= end; k++)
    put (row, k, MAX (0.0f, 1.0f - fabsf (a * (x - k))));
  normalise (row);
}

static void
fill_linear_onnx (const IrResample *r, gint64 i, Row *row)
{
  const float x = CLAMP (position (r, i), 0.0f, (float) (r->in - 1));
  const gint64 first = MIN (to_index (x), r->in - 1);

  put (row, first, 1.0f - (x - first));
  put (row, MIN (first + 1, r->in - 1), x - first);
}

/* Keys' cubic convolution. */
static double
cubic (double x, double a)
{
  x = fabs (x);
  if (x < 1.0)
    return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0)
    return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

static void
fill_cubic (const IrResample *r, gint64 i, Row *row)
{
  const float x = position (r, i);
  const gint64 base = to_index (floorf (x));

  for (gint64 k = base - 1; k <= base + 2; k++)
    put (row, CLAMP (k, 0, r->in - 1), cubic (x - k, r->attrs.cube_coeff));
}

/* As Pillow: the filter is stretched when the dimension shrinks. */
static void
fill_pillow (const IrResample *r, gint64 i, Row *row)
{
  const gboolean bilinear = r->attrs.mode == IR_INTERPOLATE_BILINEAR_PILLOW;
  const double scale = (double) r->in / r->out;
  const double stretch = MAX (scale, 1.0);
  const double support = (bilinear ? 1.0 : 2.0) * stretch;
  const double centre = (i + 0.5) * scale;
  const gint64 first = MAX ((gint64) (centre - support + 0.5), 0);
  const gint64 end = MIN ((gint64) (centre + support + 0.5), r->in);

  for (gint64 k = first; k < end; k++) {
    const double x = (k - centre + 0.5) / stretch;

    put (row, k,
        bilinear ? MAX (0.0, 1.0 - fabs (x)) : cubic (x, r->attrs.cube_coeff));
  }
  normalise (row);
}

/* What falls into the padding weighs nothing: it is zero. */
static void
crop (const IrResample *r, Row *row)
{
  const gint64 skip = CLAMP (r->begin - row->first, 0, row->count);

  row->count = CLAMP (r->begin + r->data - row->first, skip, row->count) - skip;
  row->first += skip - r->begin;
  memmove (row->weight, row->weight + skip, row->count * sizeof (float));
}

/* Neighbours that weigh nothing need not be read. */
static void
trim (Row *row)
{
  gint64 skip = 0;

  while (row->count > 0 && row->weight[row->count - 1] == 0.0f)
    row->count--;
  while (skip < row->count && row->weight[skip] == 0.0f)
    skip++;
  row->first += skip;
  row->count -= skip;
  memmove (row->weight, row->weight + skip, row->count * sizeof (float));
}

gboolean
ir_taps_init (IrTaps *taps, const IrResample *r, GError **error)
{
  gsize n;

  memset (taps, 0, sizeof *taps);
  taps->width = reach (r);
  if (g_size_checked_mul (&n, r->out, taps->width)) {
    taps->first = g_try_new (gint64, r->out);
    taps->count = g_try_new (gint64, r->out);
    taps->weight = g_try_new (float, n);
  }
  if (!taps->first || !taps->count || !taps->weight) {
    ir_taps_clear (taps);
    return ir_fail (error, IR_ERROR_LIMIT,
        "no memory for the weights of %" G_GINT64_FORMAT " positions", r->out);
  }
  for (gint64 i = 0; i < r->out; i++) {
    Row row = { 0, 0, taps->weight + i * taps->width };

    switch (r->attrs.mode) {
      case IR_INTERPOLATE_LINEAR_ONNX:
        fill_linear_onnx (r, i, &row);
        break;
      case IR_INTERPOLATE_CUBIC:
        fill_cubic (r, i, &row);
        break;
      case IR_INTERPOLATE_BILINEAR_PILLOW:
      case IR_INTERPOLATE_BICUBIC_PILLOW:
        fill_pillow (r, i, &row);
        break;
      default:
        fill_linear (r, i, &row);
        break;
    }
    crop (r, &row);
    trim (&row);
    taps->first[i] = row.first;
    taps->count[i] = row.count;
  }
  return TRUE;
}

void
ir_taps_clear (IrTaps *taps)
{
  g_clear_pointer (&taps->first, g_free);
  g_clear_pointer (&taps->count, g_free);
  g_clear_pointer (&taps->weight, g_free);
}
