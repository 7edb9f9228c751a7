/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Kernels of numbers that are kept in levels, every variant against the scalar one on
 * random sizes: the same bits. */
#include "kernel-test.h"

#include "qgemm/qgemm.h"
#include "qpool/qpool.h"

/* Bytes that end at a page that must not be touched. */
typedef struct {
  Guarded memory;
  guint8 *data;
  gsize n;
} Bytes;

static Bytes
bytes_new (gsize n)
{
  Bytes b = { guarded_new ((n + 3) / 4), NULL, n };

  b.data = (guint8 *) (b.memory.data + b.memory.n) - n;
  for (gsize i = 0; i < n; i++)
    b.data[i] = pick (0, 255);
  return b;
}

static void
bytes_free (Bytes *b)
{
  guarded_free (&b->memory);
}

static Bytes
bytes_copy (const Bytes *from)
{
  Bytes b = bytes_new (from->n);

  memcpy (b.data, from->data, from->n);
  return b;
}

static void
assert_same (const Bytes *a, const Bytes *b)
{
  g_assert_cmpmem (a->data, a->n, b->data, b->n);
}

static IrQgemmLevels
random_levels (void)
{
  const float top = pick (0, 3) ? 255 : 15;
  const float range = g_test_rand_double_range (1, 50);
  IrQgemmLevels l = { .top = top, .zero = pick (0, (int) top) };

  l.step = range / top;
  l.low = -l.zero * l.step;
  l.high = l.low + range;
  return l;
}

/* Results or residuals of a product, in either type. */
static Bytes
pixels_new (const IrQgemmProduct *p, IrQgemmType type, gsize pitch)
{
  const gsize results = (p->rows - 1) / p->line * p->wanted +
      MIN ((p->rows - 1) % p->line + 1, p->wanted);
  const gsize n = (results - 1) * pitch + p->columns;
  Bytes b = bytes_new (type == IR_QGEMM_F32 ? n * sizeof (float) : n);

  for (gsize i = 0; type == IR_QGEMM_F32 && i < n; i++)
    ((float *) b.data)[i] = g_test_rand_double_range (-9, 9);
  return b;
}

/* Something that hangs on the column. */
static void
double_and_add (
    const void *data, float *numbers, int rows, int column, int columns)
{
  for (int r = 0; r < rows; r++, numbers += ir_qgemm_width (columns))
    for (int c = 0; c < columns; c++)
      numbers[c] = 2 * numbers[c] + column + c;
}

#define MAX_CHUNKS 200

static const IrQgemmFunction function = { double_and_add, NULL };

static IrQgemmProduct
random_product (int round, int size)
{
  const int most = IR_QGEMM_CHUNK / size;

  IrQgemmProduct p = { .rows = pick (1, 100),
    .columns = pick (1, 100),
    /* Many weights are gone through in another order. */
    .chunks = round % 8 ? pick (1, 12) : pick (100, MAX_CHUNKS),
    .chunk = round % 8 ? 4 * pick (1, most / 4) : most,
    .stride = pick (1, 80),
    .line = pick (1, 40),
    .to_type = round & 1 ? IR_QGEMM_LEVELS : IR_QGEMM_F32,
    .residual_type = round & 2 ? IR_QGEMM_LEVELS : IR_QGEMM_F32,
    .low = round & 4 ? 0 : -INFINITY,
    .high = round & 8 ? 6 : INFINITY,
    .function = pick (0, 1) ? &function : NULL };

  p.wanted = pick (1, p.line);
  p.to_pitch = p.columns + pick (0, 9);
  p.residual_pitch = p.columns + pick (0, 9);
  return p;
}

/* What belongs to columns, filled up; the sums are of the order of 1. */
static Guarded
columns_new (const IrQgemmProduct *p, double size)
{
  Guarded g = guarded_new ((p->columns + IR_QGEMM_COLUMNS - 1) /
      IR_QGEMM_COLUMNS * IR_QGEMM_COLUMNS);

  for (gsize i = 0; i < g.n; i++)
    g.data[i] *= size;
  return g;
}

/* The same rows or weights as numbers of 16 bits, two of them side by side instead of
 * four where @quads lie next to each other. */
static Bytes
widen (const Bytes *from, gsize quads, gboolean has_sign)
{
  Bytes to = bytes_new (2 * from->n);
  gint16 *wide = (gint16 *) to.data;

  for (gsize i = 0; i < from->n; i++) {
    const gsize block = i / (4 * quads), column = i / 4 % quads, k = i % 4;
    const gsize at = block * 4 * quads + k / 2 * 2 * quads + 2 * column + k % 2;

    wide[at] = has_sign ? (gint8) from->data[i] : from->data[i];
  }
  return to;
}

/* As the variant takes them. */
static void
multiply_wide (const IrQgemmKernels *kernels, IrQgemmProduct p,
    const Bytes *from, const Bytes *weights)
{
  Bytes rows = widen (from, 1, FALSE), wide = widen (weights, 16, TRUE);

  p.from = rows.data;
  p.weights = wide.data;
  kernels->multiply (&p);
  bytes_free (&rows);
  bytes_free (&wide);
}

static void
test_multiply (void)
{
  EACH_VARIANT (IrQgemmKernels, qgemm)
  {
    IrQgemmProduct p = random_product (round, table[row]->size);
    const IrQgemmLevels levels[2] = { random_levels (), random_levels () };
    const gsize most = pick (0, 200);
    ptrdiff_t at[MAX_CHUNKS];
    Bytes from = bytes_new ((p.rows - 1) * p.stride + most + p.chunk);
    Guarded scale = columns_new (&p, 1e-4), bias = columns_new (&p, 1);
    Guarded offset = columns_new (&p, 1);
    Bytes weights = bytes_new (bias.n * p.chunks * p.chunk);
    Bytes a = pixels_new (&p, p.to_type, p.to_pitch), b = bytes_copy (&a);
    Bytes residual = pixels_new (&p, p.residual_type, p.residual_pitch);

    for (gsize i = 0; i < offset.n; i++)
      ((gint32 *) offset.data)[i] = pick (-9999, 9999);
    for (int t = 0; t < p.chunks; t++)
      at[t] = t == 0 ? (ptrdiff_t) most : pick (0, most);
    p.from = from.data;
    p.at = at;
    p.weights = (const gint8 *) weights.data;
    p.offset = (const gint32 *) offset.data;
    p.scale = scale.data;
    p.bias = bias.data;
    p.residual = round & 16 ? residual.data : NULL;
    p.residual_levels = &levels[0];
    p.to_levels = round & 33 ? &levels[1] : NULL;

    p.to = a.data;
    if (table[row]->size == 1)
      table[row]->multiply (&p);
    else
      multiply_wide (table[row], p, &from, &weights);
    p.to = b.data;
    plain->multiply (&p);
    assert_same (&a, &b);
    bytes_free (&from);
    bytes_free (&weights);
    bytes_free (&a);
    bytes_free (&b);
    bytes_free (&residual);
    guarded_free (&scale);
    guarded_free (&bias);
    guarded_free (&offset);
  }
}

static const float hard[] = { 0, -0.0f, INFINITY, -INFINITY, NAN, 1e30f, -1e30f,
  1e-40f };

static void
test_pixels (void)
{
  EACH_VARIANT (IrQgemmKernels, qgemm)
  {
    const IrQgemmLevels l = random_levels ();
    IrQgemmPixels p = { pick (1, 20), pick (1, 80) };
    Guarded from, wide[2];
    Bytes to[2];

    p.from_pitch = p.channels + (round & 1 ? pick (0, 9) : 0);
    p.to_pitch = p.channels + (round & 2 ? pick (0, 9) : 0);
    from = guarded_new ((p.pixels - 1) * p.from_pitch + p.channels);
    for (gsize i = 0; i < from.n && i < G_N_ELEMENTS (hard); i++)
      from.data[i] = hard[i];
    to[0] = bytes_new ((p.pixels - 1) * p.to_pitch + p.channels);
    to[1] = bytes_copy (&to[0]);
    for (int i = 0; i < 2; i++) {
      const IrQgemmKernels *k = i ? plain : table[row];
      const IrQgemmPixels back = { p.pixels, p.channels, p.to_pitch,
        p.from_pitch };

      k->quantize (&l, &p, from.data, to[i].data);
      wide[i] = guarded_new (from.n);
      memset (wide[i].data, 0, from.n * 4);
      k->dequantize (&l, &back, to[i].data, wide[i].data);
    }
    assert_same (&to[0], &to[1]);
    g_assert_cmpmem (wide[0].data, from.n * 4, wide[1].data, from.n * 4);
    for (int i = 0; i < 2; i++) {
      bytes_free (&to[i]);
      guarded_free (&wide[i]);
    }
    guarded_free (&from);
  }
}

/* A level's number has that level, whatever the variant. */
static void
test_round_trip (void)
{
  EACH_VARIANT (IrQgemmKernels, qgemm)
  {
    const IrQgemmLevels l = random_levels ();
    const gsize n = (gsize) l.top + 1;
    const IrQgemmPixels p = { 1, n, n, n };
    Bytes from = bytes_new (n), to = bytes_new (n);
    Guarded wide = guarded_new (n);

    for (gsize i = 0; i < n; i++)
      from.data[i] = i;
    table[row]->dequantize (&l, &p, from.data, wide.data);
    table[row]->quantize (&l, &p, wide.data, to.data);
    assert_same (&from, &to);
    plain->quantize (&l, &p, wide.data, to.data);
    assert_same (&from, &to);
    bytes_free (&from);
    bytes_free (&to);
    guarded_free (&wide);
  }
}

static void
test_center (void)
{
  EACH_VARIANT (IrQgemmKernels, qgemm)
  {
    const IrQgemmLevels l = random_levels ();
    const IrQgemmPixels p = { pick (1, 20), 20, pick (20, 25), pick (20, 25) };
    Bytes from, to;

    if (!table[row]->center)
      continue;
    from = bytes_new ((p.pixels - 1) * p.from_pitch + p.channels);
    to = bytes_new (2 * ((p.pixels - 1) * p.to_pitch + p.channels));
    table[row]->center (&l, &p, from.data, (gint16 *) to.data);
    for (gsize x = 0; x < p.pixels; x++)
      for (gsize c = 0; c < p.channels; c++)
        g_assert_cmpint (((gint16 *) to.data)[x * p.to_pitch + c], ==,
            from.data[x * p.from_pitch + c] - (int) l.zero);
    bytes_free (&from);
    bytes_free (&to);
  }
}

static void
test_join (void)
{
  EACH_VARIANT (IrQgemmKernels, qgemm)
  {
    const IrQgemmLevels l = random_levels ();
    IrQgemmPlanes p = { pick (1, IR_QGEMM_PLANES), pick (1, 70) };
    Guarded from;
    Bytes a, b;

    p.plane = p.pixels + pick (0, 9);
    p.pitch = round & 1 ? IR_QGEMM_PLANES : pick (IR_QGEMM_PLANES, 9);
    from = guarded_new ((p.channels - 1) * p.plane + p.pixels);
    p.from = from.data;
    a = bytes_new ((p.pixels - 1) * p.pitch + IR_QGEMM_PLANES);
    b = bytes_copy (&a);
    p.to = a.data;
    table[row]->join (&l, &p);
    p.to = b.data;
    plain->join (&l, &p);
    assert_same (&a, &b);
    guarded_free (&from);
    bytes_free (&a);
    bytes_free (&b);
  }
}

/* A line of the source may be missing, but not all of a window. */
static void
test_pool (void)
{
  EACH_VARIANT (IrQpoolKernels, qpool)
  {
    IrQpoolRow r = { .channels = 8 * pick (1, 20),
      .in_w = pick (6, 40),
      .kernel_h = pick (1, 5),
      .kernel_w = pick (1, 4),
      .stride = pick (1, 3),
      .dilation = pick (1, 2) };
    const uint8_t *rows[5];
    Bytes lines[5], a, b;
    int room;

    r.pad = pick (0, r.kernel_w - 1);
    room = r.in_w + 2 * r.pad - (r.kernel_w - 1) * r.dilation - 1;
    r.out_w = MAX (room, 0) / r.stride + 1;
    r.in_pitch = r.channels + 8 * pick (0, 2);
    r.out_pitch = r.channels + 8 * pick (0, 2);
    a = bytes_new ((r.out_w - 1) * r.out_pitch + r.channels);
    b = bytes_copy (&a);
    for (int i = 0; i < r.kernel_h; i++) {
      lines[i] = bytes_new ((r.in_w - 1) * r.in_pitch + r.channels);
      rows[i] = i == 0 || pick (0, 4) ? lines[i].data : NULL;
    }
    r.rows = rows;
    r.to = a.data;
    table[row]->max_row (&r);
    r.to = b.data;
    plain->max_row (&r);
    assert_same (&a, &b);
    for (int i = 0; i < r.kernel_h; i++)
      bytes_free (&lines[i]);
    bytes_free (&a);
    bytes_free (&b);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/qgemm/multiply", test_multiply);
  g_test_add_func ("/qgemm/pixels", test_pixels);
  g_test_add_func ("/qgemm/round-trip", test_round_trip);
  g_test_add_func ("/qgemm/center", test_center);
  g_test_add_func ("/qgemm/join", test_join);
  g_test_add_func ("/qpool/max", test_pool);
  return g_test_run ();
}
