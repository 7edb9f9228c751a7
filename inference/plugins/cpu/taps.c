/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "taps.h"

#include <math.h>

/* Regions' sides are sums of doubles: so near to a pixel's border is on it. */
#define EPSILON 1e-6

/* Taps of one pixel before those beyond the region are brought back to its border;
 * @weights has room for as many as any pixel has. */
typedef struct {
  gint64 first;
  guint n;
  double *weights;
} Raw;

/* Between the pixel at @position's left and the one at its right. */
static void
raw_linear (Raw *raw, double position)
{
  raw->first = floor (position);
  raw->n = 2;
  raw->weights[1] = position - raw->first;
  raw->weights[0] = 1 - raw->weights[1];
}

/* Keys' cubic convolution, a = -0.75 as in OpenCV, written out for the four
 * distances 1 + f, f, 1 - f, 2 - f. */
static void
raw_cubic (Raw *raw, double position)
{
  const double a = -0.75, below = floor (position), f = position - below;

  raw->first = below - 1;
  raw->n = 4;
  for (guint t = 0; t < 4; t++) {
    const double x = fabs (f + 1 - t);

    raw->weights[t] = x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1
                             : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  }
}

static void
raw_area (Raw *raw, double from, double to)
{
  const gint64 end = ceil (to - EPSILON);

  raw->first = floor (from + EPSILON);
  raw->n = end - raw->first;
  for (guint t = 0; t < raw->n; t++) {
    const double left = raw->first + t;

    raw->weights[t] = (MIN (to, left + 1) - MAX (from, left)) / (to - from);
  }
}

/* Area sampling that enlarges is linear between the centres of those pixels of the
 * result that lie in one pixel of the picture altogether. */
static double
enlarged_position (guint i, double scale)
{
  const double pixel = floor (i * scale);
  const double f = (i + 1) - (pixel + 1) / scale;

  return pixel + (f <= 0 ? 0 : f - floor (f));
}

static void
raw_fill (Raw *raw, const CpuAxis *axis, guint i)
{
  const double scale = axis->length / axis->n;
  const double centre = axis->start + (i + 0.5) * scale;

  switch (axis->interpolation) {
    case IR_INTERPOLATION_NEAREST:
      raw->first = floor (centre);
      raw->n = 1;
      raw->weights[0] = 1;
      break;
    case IR_INTERPOLATION_BILINEAR:
      raw_linear (raw, centre - 0.5);
      break;
    case IR_INTERPOLATION_CUBIC:
      raw_cubic (raw, centre - 0.5);
      break;
    default:
      if (axis->shrinks)
        raw_area (raw, axis->start + i * scale, axis->start + (i + 1) * scale);
      else
        raw_linear (raw, axis->start + enlarged_position (i, scale));
      break;
  }
}

/* The region's own pixels, of which the picture has those from @low on. */
typedef struct {
  gint64 first;
  gint64 last;
} Border;

static Border
border_of (const CpuAxis *axis)
{
  return (Border){ floor (axis->start + EPSILON),
    ceil (axis->start + axis->length - EPSILON) - 1 };
}

/* How many pixels of the picture, from the first to the last that counts, @raw
 * takes; @least is the first. */
static guint
reach (const Raw *raw, const Border *border, guint size, gint64 *least)
{
  gint64 from = G_MAXINT64, to = -1;

  for (guint t = 0; t < raw->n; t++) {
    const gint64 p = CLAMP (raw->first + t, border->first, border->last);

    if (p < 0 || p >= size || raw->weights[t] == 0)
      continue;
    from = MIN (from, p);
    to = MAX (to, p);
  }
  *least = from;
  return to < 0 ? 0 : to - from + 1;
}

static void
place (CpuTaps *taps, const CpuAxis *axis, const Border *border, const Raw *raw,
    guint i, double *base)
{
  gint64 first;

  if (reach (raw, border, axis->size, &first) == 0)
    first = raw->first < 0 ? taps->low : taps->end;
  first = CLAMP (first, taps->low, (gint64) taps->end - taps->taps);
  taps->first[i] = first;
  for (guint t = 0; t < taps->taps; t++)
    taps->weights[(gsize) t * taps->n + i] = 0;
  *base = 0;
  for (guint t = 0; t < raw->n; t++) {
    const gint64 p = CLAMP (raw->first + t, border->first, border->last);

    if (p < 0 || p >= axis->size)
      *base += raw->weights[t] * axis->pad;
    else if (raw->weights[t] != 0)
      taps->weights[(gsize) (p - first) * taps->n + i] += raw->weights[t];
  }
}

static void
fill_tables (CpuTaps *taps, const CpuAxis *axis, const Border *border, Raw *raw)
{
  const gboolean padded = border->first < 0 || border->last >= axis->size;

  taps->first = g_new (gint32, taps->n);
  taps->weights = g_new (float, (gsize) taps->n * taps->taps);
  taps->base = padded ? g_new (float, taps->n) : NULL;
  for (guint i = 0; i < taps->n; i++) {
    double base;

    raw_fill (raw, axis, i);
    place (taps, axis, border, raw, i, &base);
    if (padded)
      taps->base[i] = base;
  }
}

void
cpu_taps_init (CpuTaps *taps, const CpuAxis *axis)
{
  const Border border = border_of (axis);
  Raw raw = { .weights = g_new (double, MAX (axis->length / axis->n, 2) + 3) };

  taps->n = axis->n;
  taps->taps = 0;
  taps->low = CLAMP (border.first, 0, axis->size);
  taps->end = CLAMP (border.last + 1, taps->low, axis->size);
  for (guint i = 0; i < axis->n; i++) {
    gint64 least;
    guint n;

    raw_fill (&raw, axis, i);
    n = reach (&raw, &border, axis->size, &least);
    taps->taps = MAX (taps->taps, n);
  }
  fill_tables (taps, axis, &border, &raw);
  g_free (raw.weights);
}

void
cpu_taps_clear (CpuTaps *taps)
{
  g_free (taps->first);
  g_free (taps->weights);
  g_free (taps->base);
}
