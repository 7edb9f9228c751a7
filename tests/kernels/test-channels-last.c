/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernels whose channels are innermost, every variant against the scalar one
 * on random sizes. */
#include "kernel-test.h"

#include "dwconv/dwconv.h"
#include "igemm/igemm.h"
#include "layout/layout.h"
#include "pool/pool.h"
#include "winograd/winograd.h"

static void
group_up (int *n)
{
  *n = (*n + IR_IGEMM_GROUP - 1) / IR_IGEMM_GROUP * IR_IGEMM_GROUP;
}

/* Sums of large numbers that cancel would say little. */
static void
scale (Guarded *g, float factor)
{
  for (gsize i = 0; i < g->n; i++)
    g->data[i] *= factor;
}

/* --- igemm ----------------------------------------------------------------- */

typedef struct {
  int taps, k, columns;
  Guarded in;
  /* [taps][k][columns] */
  Guarded weights;
  Guarded bias;
  Guarded residual;
} Product;

/* Panels of @nr columns whose last one is filled up with zeros. */
static Guarded
pack (const Product *p, int nr)
{
  const int rows = p->taps * p->k, panels = (p->columns + nr - 1) / nr;
  Guarded packed = guarded_new (panels * rows * nr);

  for (int c = 0; c < panels * nr; c++)
    for (int i = 0; i < rows; i++)
      packed.data[(c / nr * rows + i) * nr + c % nr] =
          c < p->columns ? p->weights.data[i * p->columns + c] : 0;
  return packed;
}

static Guarded
run_igemm (const IrIgemmKernels *k, const Product *p, IrIgemmTile tile)
{
  const int rows = tile.rows, stride = tile.to_stride;
  int columns = tile.columns;
  Guarded packed = pack (p, k->nr), to;

  group_up (&columns);
  to = guarded_new ((rows - 1) * stride + columns);
  for (gsize i = 0; i < to.n; i++)
    to.data[i] = 77;
  tile.weights = packed.data;
  tile.to = to.data;
  k->tile (&tile);
  for (int r = 0; r < rows; r++)
    for (int c = tile.columns; c < columns; c++)
      to.data[r * stride + c] = 0;
  guarded_free (&packed);
  return to;
}

static void
test_igemm (void)
{
  EACH_VARIANT (IrIgemmKernels, igemm)
  {
    /* All row counts of the variant come by; the scalar one takes any. */
    const int rows = round % table[row]->mr + 1;
    Product p = { pick (0, 9), pick (1, 40), pick (1, 70) };
    int columns = p.columns, stride;
    const float *at[9 * IR_IGEMM_MAX_ROWS];
    IrIgemmTile tile = { rows, p.taps, p.k, p.columns };
    Guarded a, b;

    group_up (&columns);
    stride = columns + pick (0, 5);
    p.in = guarded_new (p.k + 100);
    p.weights = guarded_new (p.taps * p.k * p.columns);
    scale (&p.weights, 1.0f / 16);
    p.bias = guarded_new (columns);
    p.residual = guarded_new ((rows - 1) * stride + columns);
    for (int i = 0; i < p.taps * rows; i++)
      at[i] = p.in.data + pick (0, 100);
    tile.at = at;
    tile.bias = p.bias.data;
    tile.residual = round & 1 ? p.residual.data : NULL;
    tile.to_stride = tile.residual_stride = stride;
    tile.low = round & 2 ? 0 : -INFINITY;
    tile.high = round & 4 ? 6 : INFINITY;
    /* Asked for is not read: there may be nothing. */
    tile.next_rows = round & 8 ? p.in.data + p.in.n : NULL;
    tile.next_weights = round & 16 ? p.bias.data + p.bias.n : NULL;

    a = run_igemm (table[row], &p, tile);
    b = run_igemm (plain, &p, tile);
    assert_near (&a, &b, 1e-4, table[row]->name);
    guarded_free (&a);
    guarded_free (&b);
    guarded_free (&p.in);
    guarded_free (&p.weights);
    guarded_free (&p.bias);
    guarded_free (&p.residual);
  }
}

/* The columns that are asked for, and no number behind them. */
static void
test_igemm_exact (void)
{
  EACH_VARIANT (IrIgemmKernels, igemm)
  {
    const int rows = round % table[row]->mr + 1;
    Product p = { pick (1, 3), pick (1, 40), pick (1, 70) };
    const int stride = p.columns + pick (0, 5);
    int columns = p.columns;
    const float *at[3 * IR_IGEMM_MAX_ROWS];
    IrIgemmTile tile = { rows, p.taps, p.k, p.columns };
    Guarded a = guarded_new ((rows - 1) * stride + p.columns), b;

    group_up (&columns);
    p.in = guarded_new (p.k + 100);
    p.weights = guarded_new (p.taps * p.k * p.columns);
    scale (&p.weights, 1.0f / 16);
    p.bias = guarded_new (columns);
    b = guarded_new (a.n);
    copy (&b, &a);
    for (int i = 0; i < p.taps * rows; i++)
      at[i] = p.in.data + pick (0, 100);
    tile.at = at;
    tile.bias = p.bias.data;
    tile.to_stride = tile.residual_stride = stride;
    tile.low = round & 2 ? 0 : -INFINITY;
    tile.high = round & 4 ? 6 : INFINITY;
    for (int variant = 0; variant < 2; variant++) {
      const IrIgemmKernels *kernels = variant ? plain : table[row];
      Guarded packed = pack (&p, kernels->nr);

      tile.weights = packed.data;
      tile.to = variant ? b.data : a.data;
      tile.residual = round & 1 ? tile.to : NULL;
      ir_igemm_tile_exact (kernels, &tile);
      guarded_free (&packed);
    }
    assert_near (&a, &b, 1e-4, table[row]->name);
    guarded_free (&a);
    guarded_free (&b);
    guarded_free (&p.in);
    guarded_free (&p.weights);
    guarded_free (&p.bias);
  }
}

/* The scalar row is a product with the halves' values, infinity and NaN too. */
static void
test_igemm_halves (void)
{
  static const uint16_t halves[] = { 0, 0x8000, 1, 0x83ff, 0x400, 0x3c00,
    0xbc01, 0x7bff, 0x7c00, 0xfc00, 0x7e00 };
  static const float values[] = { 0, -0.0f, 0x1p-24f, -1023 * 0x1p-24f,
    0x1p-14f, 1, -1025.0f / 1024, 65504, INFINITY, -INFINITY, NAN };

  EACH_VARIANT (IrIgemmKernels, igemm)
  {
    const int nr = table[row]->nr, i = round % (int) G_N_ELEMENTS (halves);
    uint16_t weights[IR_IGEMM_MAX_COLUMNS] = { 0 };
    const float one = 1, *at = &one, bias[IR_IGEMM_MAX_COLUMNS] = { 0 };
    float to[IR_IGEMM_MAX_COLUMNS];
    IrIgemmTile tile = { 1, 1, 1, nr, &at, NULL, bias, NULL, to, nr, nr,
      -INFINITY, INFINITY };

    weights[round % nr] = halves[i];
    table[row]->row_f16 (&tile, weights);
    g_assert_true (isnan (values[i]) ? isnan (to[round % nr])
                                     : to[round % nr] == values[i]);
    tile.columns = plain->nr;
    weights[round % plain->nr] = halves[i];
    plain->row_f16 (&tile, weights);
    g_assert_true (isnan (values[i]) ? isnan (to[round % plain->nr])
                                     : to[round % plain->nr] == values[i]);
  }
}

static void
test_igemm_row_f16 (void)
{
  EACH_VARIANT (IrIgemmKernels, igemm)
  {
    const int nr = table[row]->nr, panels = pick (1, 9), k = pick (1, 60);
    const int rows = pick (1, 2) * k, columns = panels * nr;
    g_autofree uint16_t *weights = g_new (uint16_t, rows * columns);
    g_autofree uint16_t *other = g_new (uint16_t, rows * columns);
    Guarded in = guarded_new (k + 9), bias = guarded_new (columns);
    Guarded a = guarded_new (columns), b = guarded_new (columns);
    Guarded residual = guarded_new (columns);
    const float *at[] = { in.data, in.data + pick (0, 9) };
    IrIgemmTile tile = { 1, rows / k, k, columns, at, NULL, bias.data,
      round & 1 ? residual.data : NULL, a.data, columns, columns,
      round & 2 ? 0 : -INFINITY, round & 4 ? 6 : INFINITY };

    /* Numbers of either sign up to 1/8. */
    for (int c = 0; c < columns; c++)
      for (int i = 0; i < rows; i++)
        other[(c / plain->nr * rows + i) * plain->nr + c % plain->nr] =
            weights[(c / nr * rows + i) * nr + c % nr] =
                pick (0, 0x3000) | pick (0, 1) << 15;
    table[row]->row_f16 (&tile, weights);
    tile.to = b.data;
    plain->row_f16 (&tile, other);
    assert_near (&a, &b, 1e-4, table[row]->name);
    guarded_free (&in);
    guarded_free (&bias);
    guarded_free (&a);
    guarded_free (&b);
    guarded_free (&residual);
  }
}

/* --- rows ------------------------------------------------------------------ */

typedef struct {
  int channels, in_w, out_w, kernel_h, kernel_w, stride, dilation, pad;
  gsize in_pitch, out_pitch;
  Guarded in;
  const float *rows[5];
} Rows;

static Rows
random_rows (void)
{
  Rows r = { .channels = pick (1, 9) * IR_DWCONV_GROUP,
    .in_w = pick (1, 30),
    .out_w = pick (1, 30),
    .kernel_h = pick (1, 5),
    .kernel_w = pick (1, 5),
    .stride = pick (1, 3),
    .dilation = pick (1, 2) };

  r.pad = pick (0, r.kernel_w);
  r.in_pitch = r.channels + pick (0, 3);
  r.out_pitch = r.channels + pick (0, 3);
  r.in =
      guarded_new ((r.kernel_h * r.in_w - 1) * r.in_pitch + (gsize) r.channels);
  for (int ky = 0; ky < r.kernel_h; ky++)
    r.rows[ky] = pick (0, 5) ? r.in.data + ky * r.in_w * r.in_pitch : NULL;
  return r;
}

/* An array for the results, the same whatever was in it. */
static Guarded
row_result (const Rows *r)
{
  Guarded to = guarded_new ((r->out_w - 1) * r->out_pitch + r->channels);

  for (gsize i = 0; i < to.n; i++)
    to.data[i] = 77;
  return to;
}

/* One picture's rows, of which some are not there, for each line of the result. */
static Guarded
spread_rows (const IrDwconvLines *l, const float **rows)
{
  const int n =
      (l->lines - 1) * l->stride_h + (l->kernel_h - 1) * l->dilation_h + 1;
  Guarded in =
      guarded_new ((n * l->in_w - 1) * l->in_pitch + (gsize) l->channels);
  const guint there = g_test_rand_int () | g_test_rand_int ();

  for (int y = 0; y < l->lines; y++)
    for (int ky = 0; ky < l->kernel_h; ky++) {
      const int sy = y * l->stride_h + ky * l->dilation_h;

      *rows++ =
          there >> sy % 32 & 1 ? in.data + sy * l->in_w * l->in_pitch : NULL;
    }
  return in;
}

/* Half of them are squares of 3 or 5, whose lines share rows. */
static IrDwconvLines
random_lines (guint round)
{
  IrDwconvLines l = { .channels = pick (1, 9) * IR_DWCONV_GROUP,
    .block = pick (1, 9) * IR_DWCONV_GROUP,
    .lines = pick (1, 5),
    .in_w = pick (1, 30),
    .out_w = pick (1, 30),
    .kernel_h = pick (1, 5),
    .kernel_w = pick (1, 5),
    .stride_h = pick (1, 3),
    .stride_w = pick (1, 3),
    .dilation_h = pick (1, 3),
    .dilation_w = pick (1, 3),
    .low = round & 1 ? -1 : -INFINITY,
    .high = round & 2 ? 6 : INFINITY };

  if (round & 4) {
    l.kernel_w = l.kernel_h = pick (0, 1) ? 3 : 5;
    l.stride_w = l.stride_h = pick (1, 2);
    l.dilation_w = l.stride_w == 1 ? pick (1, 3) : 1;
  }
  l.pad = pick (0, l.kernel_w);
  l.in_pitch = l.channels + pick (0, 3);
  l.out_pitch = l.channels + pick (0, 3);
  return l;
}

static void
test_dwconv (void)
{
  EACH_VARIANT (IrDwconvKernels, dwconv)
  {
    IrDwconvLines l = random_lines (round);
    const float *rows[5 * 5];
    const gsize n = (l.lines * l.out_w - 1) * l.out_pitch + l.channels;
    Guarded in = spread_rows (&l, rows);
    Guarded weights = guarded_new (l.kernel_h * l.kernel_w * l.channels);
    Guarded bias = guarded_new (l.channels);
    Guarded a = guarded_new (n), b = guarded_new (n);

    /* As scale() says; smaller windows have fewer of them. */
    if (l.kernel_h * l.kernel_w > 16)
      scale (&weights, 0.25);
    copy (&b, &a);
    l.rows = rows;
    l.weights = weights.data;
    l.bias = bias.data;
    l.to = a.data;
    table[row]->lines (&l);
    l.to = b.data;
    plain->lines (&l);
    assert_near (&a, &b, 1e-5, table[row]->name);
    guarded_free (&weights);
    guarded_free (&bias);
    guarded_free (&a);
    guarded_free (&b);
    guarded_free (&in);
  }
}

static void
test_pool_rows (void)
{
  EACH_VARIANT (IrPoolKernels, pool)
  {
    Rows r = random_rows ();
    Guarded counts = guarded_new (r.out_w);
    Guarded a = row_result (&r), b = row_result (&r);
    IrPoolRow task = { r.channels, r.in_w, r.out_w, r.kernel_h, r.kernel_w,
      r.stride, r.dilation, r.pad, r.rows, r.in_pitch, counts.data, a.data,
      r.out_pitch },
              other = task;

    for (int x = 0; x < r.out_w; x++)
      counts.data[x] = pick (1, 25);
    other.to = b.data;
    table[row]->max_row (&task);
    plain->max_row (&other);
    assert_near (&a, &b, 0, table[row]->name);
    table[row]->average_row (&task);
    plain->average_row (&other);
    assert_near (&a, &b, 1e-6, table[row]->name);
    guarded_free (&counts);
    guarded_free (&a);
    guarded_free (&b);
    guarded_free (&r.in);
  }
}

/* --- layout ---------------------------------------------------------------- */

static void
test_layout (void)
{
  EACH_VARIANT (IrLayoutKernels, layout)
  {
    const gsize channels = pick (1, 40), pixels = pick (1, 50);
    const gsize pitch = channels + pick (0, 9);
    Guarded planes = guarded_new (channels * pixels);
    Guarded a = guarded_new (pixels * pitch), b = guarded_new (pixels * pitch);
    Guarded back = guarded_new (channels * pixels);

    copy (&a, &b);
    table[row]->to_last (planes.data, channels, pixels, a.data, pitch);
    plain->to_last (planes.data, channels, pixels, b.data, pitch);
    assert_near (&a, &b, 0, table[row]->name);
    table[row]->transpose (a.data, pitch, pixels, channels, back.data, pixels);
    assert_near (&back, &planes, 0, table[row]->name);
    guarded_free (&planes);
    guarded_free (&a);
    guarded_free (&b);
    guarded_free (&back);
  }
}

/* --- winograd -------------------------------------------------------------- */

static void
test_winograd (void)
{
  EACH_VARIANT (IrWinogradKernels, winograd)
  {
    const IrWinogradForm *form = &table[row]->forms[round % IR_WINOGRAD_FORMS];
    const IrWinogradForm *scalar = &plain->forms[round % IR_WINOGRAD_FORMS];
    const int tile = form->tile, patch = tile + 2;
    const int channels = pick (1, 7) * IR_WINOGRAD_GROUP;
    const int in_h = pick (1, 12), in_w = pick (1, 12);
    const gsize pitch = channels + pick (0, 3), step = channels + pick (0, 3);
    const int rows = pick (1, tile), columns = pick (1, tile);
    Guarded in = guarded_new ((in_h * in_w - 1) * pitch + channels);
    Guarded bias = guarded_new (channels);
    Guarded a = guarded_new ((patch * patch - 1) * step + channels), b = a;
    Guarded residual = guarded_new ((tile * tile - 1) * pitch + channels);
    Guarded x = guarded_new (residual.n), y = x;
    IrWinogradInput input = { channels, in_h, in_w, pick (-patch, in_h),
      pick (-patch, in_w), in.data, pitch, a.data, step };
    IrWinogradOutput output = { channels, rows, columns, a.data, step,
      bias.data, round & 2 ? residual.data : NULL, x.data, pitch, tile * pitch,
      pitch, tile * pitch, round & 4 ? 0 : -INFINITY,
      round & 8 ? 6 : INFINITY };

    scale (&in, 1.0f / 64);
    b = guarded_new (a.n);
    y = guarded_new (x.n);
    copy (&b, &a);
    copy (&y, &x);
    form->input (&input);
    input.to = b.data;
    scalar->input (&input);
    assert_near (&a, &b, 1e-5, table[row]->name);
    form->output (&output);
    output.to = y.data;
    scalar->output (&output);
    assert_near (&x, &y, 1e-4, table[row]->name);
    guarded_free (&in);
    guarded_free (&bias);
    guarded_free (&a);
    guarded_free (&b);
    guarded_free (&residual);
    guarded_free (&x);
    guarded_free (&y);
  }
}

/* The three transforms together are a convolution. */
static void
check_form (const IrWinogradForm *form)
{
  const int tile = form->tile, patch = tile + 2, n = patch * patch * 8;
  Guarded in = guarded_new (n), out = guarded_new (tile * tile * 8);
  Guarded v = guarded_new (n);
  float weights[9 * 8], u[IR_WINOGRAD_MAX_MATRICES * 8], bias[8] = { 0 };
  IrWinogradInput input = { 8, patch, patch, 0, 0, in.data, 8, v.data, 8 };
  IrWinogradOutput output = { 8, tile, tile, v.data, 8, bias, NULL, out.data, 8,
    tile * 8, 8, tile * 8, -INFINITY, INFINITY };

  for (int i = 0; i < 9 * 8; i++)
    weights[i] = g_test_rand_double_range (-1, 1);
  ir_winograd_weights (tile, weights, u);
  form->input (&input);
  for (int i = 0; i < n; i++)
    v.data[i] *= u[i];
  form->output (&output);
  for (int i = 0; i < tile * tile * 8; i++) {
    const int y = i / (tile * 8), x = i / 8 % tile, c = i % 8;
    double sum = 0;

    for (int t = 0; t < 9; t++)
      sum += (double) weights[8 * t + c] *
          in.data[((y + t / 3) * patch + x + t % 3) * 8 + c];
    g_assert_cmpfloat_with_epsilon (out.data[i], sum, 1e-4);
  }
  guarded_free (&in);
  guarded_free (&out);
  guarded_free (&v);
}

static void
test_winograd_is_convolution (void)
{
  size_t n;
  const IrWinogradKernels *const *table = ir_winograd_table (&n);

  for (int i = 0; i < IR_WINOGRAD_FORMS; i++)
    check_form (&table[n - 1]->forms[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channels-last/igemm", test_igemm);
  g_test_add_func ("/channels-last/igemm-exact", test_igemm_exact);
  g_test_add_func ("/channels-last/igemm-halves", test_igemm_halves);
  g_test_add_func ("/channels-last/igemm-row-f16", test_igemm_row_f16);
  g_test_add_func ("/channels-last/dwconv", test_dwconv);
  g_test_add_func ("/channels-last/pool", test_pool_rows);
  g_test_add_func ("/channels-last/layout", test_layout);
  g_test_add_func ("/channels-last/winograd", test_winograd);
  g_test_add_func (
      "/channels-last/winograd-is-convolution", test_winograd_is_convolution);
  return g_test_run ();
}
