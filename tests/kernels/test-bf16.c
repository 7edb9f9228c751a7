/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Kernels of bf16, every variant against the scalar one on random sizes. */
#include "kernel-test.h"

#include "bdwconv/bdwconv.h"
#include "bgemm/bgemm.h"
#include "bpool/bpool.h"

/* An array of bf16 that ends at a page that must not be touched. */
typedef struct {
  Guarded floats;
  guint16 *data;
} Halves;

static Halves
halves_new (gsize n, float factor)
{
  Halves h = { guarded_new ((n + 1) / 2), NULL };

  h.data = (guint16 *) h.floats.data + (n & 1);
  for (gsize i = 0; i < n; i++) {
    const float x = factor * g_test_rand_double_range (-4, 4);
    guint32 bits;

    memcpy (&bits, &x, sizeof bits);
    h.data[i] = bits >> 16;
  }
  return h;
}

static void
halves_free (Halves *h)
{
  guarded_free (&h->floats);
}

static gsize
panel_floats (const IrBgemmProduct *p)
{
  const gsize panels = (p->columns + IR_BGEMM_COLUMNS - 1) / IR_BGEMM_COLUMNS;

  return panels * p->chunks * p->chunk * IR_BGEMM_COLUMNS;
}

/* Those behind the last column are zero. */
static Halves
weights_new (const IrBgemmProduct *p)
{
  Halves w = halves_new (panel_floats (p), 1.0f / 16);
  const gsize half = p->chunk * 16;

  for (gsize i = 0; i < panel_floats (p); i++) {
    const gsize panel = i / (p->chunks * 2 * half);
    const gsize column =
        panel * IR_BGEMM_COLUMNS + i / half % 2 * 16 + i % 32 / 2;

    if (column >= (gsize) p->columns)
      w.data[i] = 0;
  }
  return w;
}

/* Numbers of either type, the last of them being the last there is. */
typedef struct {
  Guarded memory;
  void *numbers;
} Pixels;

static Pixels
pixels_new (const IrBgemmProduct *p, IrBgemmType type, gsize pitch)
{
  const gsize results = (p->rows - 1) / p->line * p->wanted +
      MIN ((p->rows - 1) % p->line + 1, p->wanted);
  const gsize n = (results - 1) * pitch + p->columns;
  Pixels pixels = { guarded_new (n), NULL };

  pixels.numbers = type == IR_BGEMM_F32
      ? (void *) pixels.memory.data
      : (guint16 *) (pixels.memory.data + n) - n;
  for (gsize i = 0; i < n; i++)
    if (type == IR_BGEMM_F32)
      ((float *) pixels.numbers)[i] = i % 23 - 11.0;
    else
      ((guint16 *) pixels.numbers)[i] = 0x3f80 + i % 99;
  return pixels;
}

/* The last bit of bf16 may turn. */
static void
assert_near_bf16 (const Pixels *a, const Pixels *b)
{
  const gsize n = a->memory.n;
  const guint16 *x = a->numbers, *y = b->numbers;

  for (gsize i = 0; i < n; i++) {
    const guint32 wide[2] = { (guint32) x[i] << 16, (guint32) y[i] << 16 };
    float number[2];

    memcpy (number, wide, sizeof number);
    g_assert_cmpfloat_with_epsilon (
        number[0], number[1], 1e-4 + fabsf (number[1]) / 128);
  }
}

static float
widen_half (guint16 half)
{
  const guint32 bits = (guint32) half << 16;
  float x;

  memcpy (&x, &bits, sizeof x);
  return x;
}

/* Functions of @of; numbers that are no normal ones any more may be any such. */
static void
assert_same_half (guint16 a, guint16 b, float of)
{
  const float x = widen_half (a), y = widen_half (b);

  if (isnan (y) ? isnan (x) : x == y)
    return;
  if (!(fabsf (x - y) <= fabsf (y) / 100 || fabsf (x - y) < 1e-35f))
    g_error ("%g becomes %g instead of %g", of, x, y);
}

/* Something that hangs on the column. */
static void
double_and_add (
    const void *data, float *numbers, int rows, int column, int columns)
{
  for (int r = 0; r < rows; r++, numbers += ir_bgemm_width (columns))
    for (int c = 0; c < columns; c++)
      numbers[c] = 2 * numbers[c] + column + c;
}

/* Those that kernels apply themselves. */
static const IrUnary known[] = { IR_UNARY_COPY, IR_UNARY_SWISH, IR_UNARY_HSWISH,
  IR_UNARY_SIGMOID, IR_UNARY_LEAKY };

static IrUnary
pick_unary (void)
{
  return known[pick (0, G_N_ELEMENTS (known) - 1)];
}

#define MAX_CHUNKS 200

static const IrBgemmFunction function = { double_and_add, NULL };

static void
test_multiply (void)
{
  EACH_VARIANT (IrBgemmKernels, bgemm)
  {
    IrBgemmProduct p = { .rows = pick (1, 100),
      .columns = pick (1, 100),
      /* Many weights are gone through in another order. */
      .chunks = round % 8 ? pick (1, 12) : pick (100, MAX_CHUNKS),
      .chunk = 2 * pick (1, IR_BGEMM_CHUNK / 2),
      .stride = pick (1, 80),
      .line = pick (1, 40),
      .to_type = round & 1 ? IR_BGEMM_BF16 : IR_BGEMM_F32,
      .residual_type = round & 2 ? IR_BGEMM_BF16 : IR_BGEMM_F32,
      .low = round & 4 ? 0 : -INFINITY,
      .high = round & 8 ? 6 : INFINITY,
      .unary = pick_unary (),
      .a = pick (1, 8) / 4.0f,
      .function = pick (0, 1) ? &function : NULL };
    const gsize most = pick (0, 200);
    ptrdiff_t at[MAX_CHUNKS];
    Halves from = halves_new ((p.rows - 1) * p.stride + most + p.chunk, 1);
    Halves weights = weights_new (&p);
    Guarded bias = guarded_new ((p.columns + IR_BGEMM_COLUMNS - 1) /
        IR_BGEMM_COLUMNS * IR_BGEMM_COLUMNS);
    Pixels a, b, residual;

    p.wanted = pick (1, p.line);
    p.to_pitch = p.columns + pick (0, 9);
    p.residual_pitch = p.columns + pick (0, 9);
    a = pixels_new (&p, p.to_type, p.to_pitch);
    b = pixels_new (&p, p.to_type, p.to_pitch);
    residual = pixels_new (&p, p.residual_type, p.residual_pitch);
    for (int t = 0; t < p.chunks; t++)
      at[t] = t == 0 ? (ptrdiff_t) most : pick (0, most);
    p.from = from.data;
    p.at = at;
    p.weights = weights.data;
    p.bias = bias.data;
    p.residual = round & 16 ? residual.numbers : NULL;

    p.to = a.numbers;
    table[row]->multiply (&p);
    p.to = b.numbers;
    plain->multiply (&p);
    if (p.to_type == IR_BGEMM_BF16)
      assert_near_bf16 (&a, &b);
    else
      assert_near (&a.memory, &b.memory,
          p.unary != IR_UNARY_COPY ? 1.0 / 2048
              : p.chunks > 12      ? 1e-3
                                   : 1e-4,
          table[row]->name);
    halves_free (&from);
    halves_free (&weights);
    guarded_free (&bias);
    guarded_free (&a.memory);
    guarded_free (&b.memory);
    guarded_free (&residual.memory);
  }
}

/* Numbers that are hard to round, and what rounding leaves alone. */
static const guint32 hard[] = { 0, 0x80000000, 0x3f808000, 0x3f818000,
  0x3f807fff, 0x3f808001, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000,
  0x7f800001, 0x7fc00000, 0xffc12345, 1, 0x007fffff, 0x807fffff, 0x00800000 };

static void
test_narrow (void)
{
  EACH_VARIANT (IrBgemmKernels, bgemm)
  {
    IrBgemmPixels p = { pick (0, 20), pick (1, 80) };
    Guarded from, wide[2];
    Halves to[2];

    p.from_pitch = p.channels + (round & 1 ? pick (0, 9) : 0);
    p.width = p.channels + (round & 2 ? pick (0, 40) : 0);
    p.to_pitch = p.width + (round & 4 ? pick (0, 9) : 0);
    from =
        guarded_new (p.pixels ? (p.pixels - 1) * p.from_pitch + p.channels : 0);
    for (gsize i = 0; i < from.n && i < G_N_ELEMENTS (hard); i++)
      memcpy (&from.data[i], &hard[i], sizeof hard[i]);
    for (int i = 0; i < 2; i++) {
      const IrBgemmKernels *k = i ? plain : table[row];
      const IrBgemmPixels back = { p.pixels, p.channels, p.to_pitch, p.to_pitch,
        p.to_pitch };

      to[i] = halves_new (p.pixels * p.to_pitch, 1);
      memset (to[i].data, 1, p.pixels * p.to_pitch * 2);
      wide[i] = guarded_new (p.pixels * p.to_pitch);
      k->narrow (&p, from.data, to[i].data);
      k->widen (&back, to[i].data, wide[i].data);
    }
    g_assert_cmpmem (to[0].data, p.pixels * p.to_pitch * 2, to[1].data,
        p.pixels * p.to_pitch * 2);
    g_assert_cmpmem (wide[0].data, wide[0].n * 4, wide[1].data, wide[1].n * 4);
    for (int i = 0; i < 2; i++) {
      halves_free (&to[i]);
      guarded_free (&wide[i]);
    }
    guarded_free (&from);
  }
}

/* Each step of what bf16 can hold, infinities and NaN among them: within 2^-11 before
 * the result is rounded, which takes up to 2^-9. */
static void
test_unary (void)
{
  EACH_VARIANT (IrBgemmKernels, bgemm)
  {
    const IrBgemmPixels p = { 1, 1 << 16, 1 << 16, 1 << 16, 1 << 16,
      known[round % G_N_ELEMENTS (known)], pick (1, 8) / 4.0f };
    Guarded from = guarded_new (1 << 16);
    Halves a = halves_new (1 << 16, 1), b = halves_new (1 << 16, 1);

    for (guint i = 0; i < from.n; i++) {
      const guint32 bits = i << 16;

      memcpy (&from.data[i], &bits, sizeof bits);
    }
    table[row]->narrow (&p, from.data, a.data);
    plain->narrow (&p, from.data, b.data);
    for (guint i = 0; i < from.n; i++)
      assert_same_half (a.data[i], b.data[i], from.data[i]);
    guarded_free (&from);
    halves_free (&a);
    halves_free (&b);
  }
}

static void
test_pairs (void)
{
  EACH_VARIANT (IrBgemmKernels, bgemm)
  {
    IrBgemmPairs p = { .pixels = pick (1, 20), .channels = pick (1, 80) };
    Halves x, y, a, b;
    Guarded steady = guarded_new (p.channels);
    gsize n;

    p.width = p.channels + (round & 1 ? pick (0, 40) : 0);
    p.x_pitch = p.channels + pick (0, 9);
    p.y_pitch = p.channels + pick (0, 9);
    p.to_pitch = p.width + pick (0, 9);
    n = (p.pixels - 1) * p.to_pitch + p.width;
    x = halves_new ((p.pixels - 1) * p.x_pitch + p.channels, 1);
    y = halves_new ((p.pixels - 1) * p.y_pitch + p.channels, 1);
    a = halves_new (n, 1);
    b = halves_new (n, 1);
    memcpy (b.data, a.data, n * 2);
    p.x = x.data;
    p.y = y.data;
    p.steady = round & 2 ? steady.data : NULL;
    for (int product = 0; product < 2; product++) {
      p.to = a.data;
      (product ? table[row]->scale : table[row]->add) (&p);
      p.to = b.data;
      (product ? plain->scale : plain->add) (&p);
      g_assert_cmpmem (a.data, n * 2, b.data, n * 2);
    }
    halves_free (&x);
    halves_free (&y);
    halves_free (&a);
    halves_free (&b);
    guarded_free (&steady);
  }
}

static void
test_join (void)
{
  EACH_VARIANT (IrBgemmKernels, bgemm)
  {
    IrBgemmPlanes p = { pick (1, IR_BGEMM_PLANES), pick (0, 70) };
    const gsize n = p.pixels * IR_BGEMM_PLANES;
    Guarded from;
    Halves a = halves_new (n, 1), b = halves_new (n, 1);

    p.plane = p.pixels + pick (0, 9);
    from = guarded_new ((p.channels - 1) * p.plane + p.pixels);
    p.from = from.data;
    p.to = a.data;
    table[row]->join (&p);
    p.to = b.data;
    plain->join (&p);
    g_assert_cmpmem (a.data, n * 2, b.data, n * 2);
    guarded_free (&from);
    halves_free (&a);
    halves_free (&b);
  }
}

static void
assert_near_halves (const Halves *a, const Halves *b, gsize n)
{
  const Pixels x = { { .n = n }, a->data }, y = { { .n = n }, b->data };

  assert_near_bf16 (&x, &y);
}

/* A line of the source may be missing, and a window may reach past both ends. */
/* Lines of 5 rows at most, each three after the one before at most. */
#define MAX_LINES 4
#define MAX_SOURCE ((MAX_LINES - 1) * 3 + (5 - 1) * 3 + 1)

static IrBdwconvLines
random_lines (guint round)
{
  IrBdwconvLines l = { .channels = 8 * pick (1, 12),
    .block = 8 * pick (1, 12),
    .lines = pick (1, MAX_LINES),
    .in_w = pick (1, 40),
    .kernel_h = pick (1, 5),
    .kernel_w = round & 1 ? 3
        : round & 2       ? 5
                          : pick (1, 7),
    .stride_w = pick (1, 3),
    .dilation_h = pick (1, 3),
    .dilation_w = round & 4 ? 1 : pick (1, 3),
    .pad = pick (0, 3),
    .low = round & 8 ? 0 : -INFINITY,
    .high = round & 16 ? 6 : INFINITY };
  int room;

  /* Lines that share rows are as far apart as pixels. */
  l.stride_h = round & 4 ? l.stride_w : pick (1, 3);
  if (round & 3 && round & 4)
    l.kernel_h = l.kernel_w;
  room = l.in_w + 2 * l.pad - (l.kernel_w - 1) * l.dilation_w - 1;
  l.out_w = room >= 0 ? room / l.stride_w + 1 : 1;
  l.in_pitch = l.channels + 8 * pick (0, 2);
  l.out_pitch = l.channels + 8 * pick (0, 2);
  return l;
}

/* Each line of the source ends at a page that must not be touched; some are not
 * there. */
static void
spread_rows (const IrBdwconvLines *l, Halves *source, const uint16_t **rows)
{
  const guint there = g_test_rand_int () | g_test_rand_int ();

  for (int y = 0; y < MAX_SOURCE; y++)
    source[y] = halves_new ((l->in_w - 1) * l->in_pitch + l->channels, 1);
  for (int y = 0; y < l->lines; y++)
    for (int ky = 0; ky < l->kernel_h; ky++) {
      const int sy = y * l->stride_h + ky * l->dilation_h;

      *rows++ = there >> sy & 1 ? source[sy].data : NULL;
    }
}

static void
test_depthwise (void)
{
  EACH_VARIANT (IrBdwconvKernels, bdwconv)
  {
    IrBdwconvLines l = random_lines (round);
    const gsize n = (l.lines * l.out_w - 1) * l.out_pitch + l.channels;
    const uint16_t *rows[MAX_LINES * 5];
    Halves source[MAX_SOURCE], a = halves_new (n, 1), b = halves_new (n, 1);
    Guarded wide[] = { guarded_new (n), guarded_new (n) };
    Guarded weights = guarded_new (l.kernel_h * l.kernel_w * l.channels);
    Guarded bias = guarded_new (l.channels);

    memcpy (b.data, a.data, n * 2);
    copy (&wide[1], &wide[0]);
    spread_rows (&l, source, rows);
    l.rows = rows;
    l.weights = weights.data;
    l.bias = bias.data;
    l.to = a.data;
    table[row]->lines (&l);
    l.to = b.data;
    plain->lines (&l);
    assert_near_halves (&a, &b, n);
    l.to = NULL;
    l.to_f32 = wide[0].data;
    table[row]->lines (&l);
    l.to_f32 = wide[1].data;
    plain->lines (&l);
    assert_near (&wide[0], &wide[1], 1e-4, table[row]->name);
    for (int y = 0; y < MAX_SOURCE; y++)
      halves_free (&source[y]);
    halves_free (&a);
    halves_free (&b);
    guarded_free (&wide[0]);
    guarded_free (&wide[1]);
    guarded_free (&weights);
    guarded_free (&bias);
  }
}

static void
test_pool (void)
{
  EACH_VARIANT (IrBpoolKernels, bpool)
  {
    IrBpoolRow r = { .channels = 8 * pick (1, 12),
      .in_w = pick (1, 40),
      .kernel_h = pick (1, 5),
      .kernel_w = pick (1, 5),
      .stride = pick (1, 3),
      .dilation = pick (1, 2),
      .pad = pick (0, 2) };
    const int room = r.in_w + 2 * r.pad - (r.kernel_w - 1) * r.dilation - 1;
    const uint16_t *rows[5];
    Halves lines[5], a, b;
    Guarded counts, wide[2];
    gsize n;

    r.out_w = room >= 0 ? room / r.stride + 1 : 1;
    r.in_pitch = r.channels + 8 * pick (0, 2);
    r.out_pitch = r.channels + 8 * pick (0, 2);
    n = (r.out_w - 1) * r.out_pitch + r.channels;
    a = halves_new (n, 1);
    b = halves_new (n, 1);
    memcpy (b.data, a.data, n * 2);
    wide[0] = guarded_new (n);
    wide[1] = guarded_new (n);
    copy (&wide[1], &wide[0]);
    counts = guarded_new (r.out_w);
    for (int i = 0; i < r.out_w; i++)
      counts.data[i] = pick (1, 9);
    for (int i = 0; i < r.kernel_h; i++) {
      lines[i] = halves_new ((r.in_w - 1) * r.in_pitch + r.channels, 1);
      rows[i] = pick (0, 4) ? lines[i].data : NULL;
    }
    r.rows = rows;
    r.counts = counts.data;
    r.to = a.data;
    table[row]->max_row (&r);
    r.to = b.data;
    plain->max_row (&r);
    g_assert_cmpmem (a.data, n * 2, b.data, n * 2);
    r.to = NULL;
    r.to_f32 = wide[0].data;
    table[row]->average_row (&r);
    r.to_f32 = wide[1].data;
    plain->average_row (&r);
    assert_near (&wide[0], &wide[1], 1e-5, table[row]->name);
    for (int i = 0; i < r.kernel_h; i++)
      halves_free (&lines[i]);
    halves_free (&a);
    halves_free (&b);
    guarded_free (&counts);
    guarded_free (&wide[0]);
    guarded_free (&wide[1]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bgemm/multiply", test_multiply);
  g_test_add_func ("/bgemm/narrow", test_narrow);
  g_test_add_func ("/bgemm/unary", test_unary);
  g_test_add_func ("/bgemm/pairs", test_pairs);
  g_test_add_func ("/bgemm/join", test_join);
  g_test_add_func ("/bdwconv/lines", test_depthwise);
  g_test_add_func ("/bpool/rows", test_pool);
  return g_test_run ();
}
