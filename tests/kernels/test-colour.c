/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rows of pictures to lines and back to rows of tensors, every variant against the
 * scalar one on random sizes. */
#include "kernel-test.h"

#include "colour/colour.h"

/* Bytes of a row in each plane. */
static void
row_bytes (IrColourFormat format, gsize width, gsize *bytes)
{
  const gsize half = (width + 1) / 2;

  memset (bytes, 0, 3 * sizeof *bytes);
  switch (format) {
    case IR_COLOUR_NV12:
      bytes[0] = width;
      bytes[1] = 2 * half;
      break;
    case IR_COLOUR_I420:
      bytes[0] = width;
      bytes[1] = bytes[2] = half;
      break;
    case IR_COLOUR_YUY2:
      bytes[0] = 4 * half;
      break;
    case IR_COLOUR_BGRX:
    case IR_COLOUR_RGBX:
      bytes[0] = 4 * width;
      break;
    case IR_COLOUR_BGR:
    case IR_COLOUR_RGB:
      bytes[0] = 3 * width;
      break;
    default:
      bytes[0] = width;
      break;
  }
}

/* A row whose planes each end at a guard page. */
typedef struct {
  IrColourRow row;
  Guarded plane[3];
} Row;

static void
row_fill (Row *r, IrColourFormat format, gsize width)
{
  gsize bytes[3];

  row_bytes (format, width, bytes);
  r->row = (IrColourRow){ .format = format, .width = width };
  for (guint p = 0; p < 3; p++) {
    guint8 *data;

    r->plane[p] = guarded_new ((bytes[p] + 3) / 4);
    data = (guint8 *) (r->plane[p].data + r->plane[p].n) - bytes[p];
    for (gsize i = 0; i < bytes[p]; i++)
      data[i] = pick (0, 255);
    r->row.plane[p] = r->row.ahead[p] = data;
  }
}

static void
row_clear (Row *r)
{
  for (guint p = 0; p < 3; p++)
    guarded_free (&r->plane[p]);
}

typedef struct {
  Guarded line[3];
  float *rgb[3];
} Lines;

static Lines
lines_new (gsize n)
{
  Lines lines;

  for (guint c = 0; c < 3; c++) {
    lines.line[c] = guarded_new (n);
    lines.rgb[c] = lines.line[c].data;
  }
  return lines;
}

static void
lines_free (Lines *lines)
{
  for (guint c = 0; c < 3; c++)
    guarded_free (&lines->line[c]);
}

/* Colours within 2e-4 of each other; then the lines are freed. */
static void
assert_lines (Lines *a, Lines *b, const char *name)
{
  for (guint c = 0; c < 3; c++)
    for (gsize i = 0; i < a->line[c].n; i++)
      if (fabs (a->rgb[c][i] - b->rgb[c][i]) > 2e-4)
        g_error ("%s: colour %u of pixel %zu is %g, the scalar variant says %g",
            name, c, i, a->rgb[c][i], b->rgb[c][i]);
  lines_free (a);
  lines_free (b);
}

static int
compare_index (gconstpointer a, gconstpointer b)
{
  return *(const gint32 *) a - *(const gint32 *) b;
}

/* @n ascending numbers from 0 to @last. */
static gint32 *
ascending (gsize n, int last)
{
  gint32 *index = g_new (gint32, n);

  for (gsize i = 0; i < n; i++)
    index[i] = pick (0, last);
  qsort (index, n, sizeof *index, compare_index);
  return index;
}

static const IrColourMatrix matrix = { 1.164f, 1.596f, -0.392f, -0.813f, 2.017f,
  -222.9f, 135.6f, -276.8f };

static void
check_span (
    const IrColourKernels *kernels, const IrColourKernels *plain, const Row *r)
{
  const gsize width = r->row.width, first = pick (0, (width - 1) / 2) / 2 * 2;
  const gsize n = pick (1, width - first);
  Lines a = lines_new (n), b = lines_new (n);

  kernels->span (&r->row, &matrix, first, n, a.rgb);
  plain->span (&r->row, &matrix, first, n, b.rgb);
  assert_lines (&a, &b, kernels->name);
}

static void
check_pick (
    const IrColourKernels *kernels, const IrColourKernels *plain, const Row *r)
{
  const gsize n = pick (1, 70);
  g_autofree gint32 *index = ascending (n, r->row.width - 1);
  Lines a = lines_new (n), b = lines_new (n);

  kernels->pick (&r->row, &matrix, index, n, a.rgb);
  plain->pick (&r->row, &matrix, index, n, b.rgb);
  assert_lines (&a, &b, kernels->name);
}

static void
check_linear (
    const IrColourKernels *kernels, const IrColourKernels *plain, const Row *r)
{
  const gsize n = pick (1, 70);
  g_autofree gint32 *index = ascending (n, r->row.width - 2);
  Guarded w0 = guarded_new (n), w1 = guarded_new (n);
  Lines a = lines_new (n), b = lines_new (n);

  for (gsize i = 0; i < n; i++) {
    w1.data[i] = g_test_rand_double ();
    w0.data[i] = 1 - w1.data[i];
  }
  kernels->linear (&r->row, &matrix, index, w0.data, w1.data, n, a.rgb);
  plain->linear (&r->row, &matrix, index, w0.data, w1.data, n, b.rgb);
  assert_lines (&a, &b, kernels->name);
  guarded_free (&w0);
  guarded_free (&w1);
}

static void
test_rows (void)
{
  EACH_VARIANT (IrColourKernels, colour)
  {
    for (int format = 0; format < IR_COLOUR_COUNT; format++) {
      Row r;

      row_fill (&r, format, pick (1, 100));
      check_span (table[row], plain, &r);
      check_pick (table[row], plain, &r);
      if (r.row.width > 1)
        check_linear (table[row], plain, &r);
      row_clear (&r);
    }
  }
}

/* White, black and the primaries of BT.601 with limited range, by the standard. */
static void
test_known (void)
{
  const guint8 luma[] = { 235, 235, 16, 16, 81, 81 };
  const guint8 chroma[] = { 128, 128, 128, 128, 90, 240 };
  const IrColourRow nv12 = {
    .format = IR_COLOUR_NV12, .plane = { luma, chroma }, .width = 6
  };
  const float want[3][6] = { { 255, 255, 0, 0, 254, 254 },
    { 255, 255, 0, 0, 0, 0 }, { 255, 255, 0, 0, 0, 0 } };
  size_t n_rows;
  const IrColourKernels *const *table = ir_colour_table (&n_rows);

  for (size_t row = 0; row < n_rows; row++) {
    float lines[3][6], *const rgb[3] = { lines[0], lines[1], lines[2] };

    if (ir_colour_flags (row) & ~ir_cpu_detect ())
      continue;
    table[row]->span (&nv12, &matrix, 0, 6, rgb);
    for (guint c = 0; c < 3; c++)
      for (guint i = 0; i < 6; i++)
        g_assert_cmpfloat_with_epsilon (lines[c][i], want[c][i], 0.6);
  }
}

static void
check_filter (const IrColourKernels *kernels, const IrColourKernels *plain)
{
  const gsize n = pick (1, 60), taps = pick (0, 9), width = pick (9, 80);
  g_autofree gint32 *first = ascending (n, width - taps);
  Guarded x = guarded_new (width), weights = guarded_new (taps * n);
  Guarded base = guarded_new (n), a = guarded_new (n), b = guarded_new (n);
  const float *add = pick (0, 1) ? base.data : NULL;

  kernels->filter (x.data, first, weights.data, taps, add, n, a.data);
  plain->filter (x.data, first, weights.data, taps, add, n, b.data);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (a.data[i], b.data[i], 1e-4);
  guarded_free (&x);
  guarded_free (&weights);
  guarded_free (&base);
  guarded_free (&a);
  guarded_free (&b);
}

static void
check_finish (const IrColourKernels *kernels, const IrColourKernels *plain)
{
  const gsize n = pick (1, 60);
  Lines in = lines_new (n);
  Guarded a = guarded_new (n), b = guarded_new (n);
  Guarded three = guarded_new (3 * n);
  const float *second = pick (0, 1) ? in.rgb[1] : NULL;
  const float *const lines[3] = { in.rgb[0], in.rgb[1], in.rgb[2] };

  kernels->finish (in.rgb[0], 70, second, -30, 20, 100.5f, 0.02f, n, a.data);
  plain->finish (in.rgb[0], 70, second, -30, 20, 100.5f, 0.02f, n, b.data);
  assert_near (&a, &b, 1e-5, kernels->name);
  kernels->gray (lines, 0.5f, 3, n, a.data);
  plain->gray (lines, 0.5f, 3, n, b.data);
  assert_near (&a, &b, 1e-5, kernels->name);
  kernels->fill (3, n, a.data);
  kernels->add (in.rgb[0], 0.25f, n, a.data);
  kernels->interleave (lines, n, three.data);
  for (gsize i = 0; i < n; i++) {
    g_assert_cmpfloat_with_epsilon (a.data[i], 3 + 0.25f * in.rgb[0][i], 1e-6);
    for (guint c = 0; c < 3; c++)
      g_assert_cmpfloat (three.data[3 * i + c], ==, in.rgb[c][i]);
  }
  guarded_free (&a);
  guarded_free (&b);
  guarded_free (&three);
  lines_free (&in);
}

/* All variants round alike; halves, subnormal and too large numbers among them. */
static void
check_types (const IrColourKernels *kernels, const IrColourKernels *plain)
{
  const gsize n = pick (1, 60), most = 60;
  Guarded x = guarded_new (n);
  guint16 a[60], b[60];

  for (gsize i = 0; i < n; i++)
    x.data[i] = pick (0, 1)
        ? pick (-600, 600) / 2.0f
        : ldexp (g_test_rand_double_range (-1, 1), pick (-30, 17));
  memset (a, 0, sizeof a);
  memset (b, 0, sizeof b);
  kernels->to_f16 (x.data, n, a);
  plain->to_f16 (x.data, n, b);
  g_assert_cmpmem (a, most * 2, b, most * 2);
  kernels->to_bf16 (x.data, n, a);
  plain->to_bf16 (x.data, n, b);
  g_assert_cmpmem (a, most * 2, b, most * 2);
  kernels->to_u8 (x.data, n, (guint8 *) a);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpint (((guint8 *) a)[i], ==, rintf (CLAMP (x.data[i], 0, 255)));
  kernels->to_i8 (x.data, n, (gint8 *) a);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpint (
        ((gint8 *) a)[i], ==, rintf (CLAMP (x.data[i], -128, 127)));
  guarded_free (&x);
}

static void
test_lines (void)
{
  EACH_VARIANT (IrColourKernels, colour)
  {
    check_filter (table[row], plain);
    check_finish (table[row], plain);
    check_types (table[row], plain);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kernels/colour/rows", test_rows);
  g_test_add_func ("/kernels/colour/known", test_known);
  g_test_add_func ("/kernels/colour/lines", test_lines);
  return g_test_run ();
}
