/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every variant of a kernel that this processor can run against the scalar one,
 * on random sizes. Results end where the memory ends: a write too far is a crash. */
#include "kernel-test.h"

#include "eltwise/eltwise.h"
#include "gemm/gemm.h"
#include "peak/peak.h"
#include "quant/quant.h"
#include "argmax/argmax.h"
#include "reduce/reduce.h"

static void
check_unary (
    const IrEltwiseKernels *variant, const IrEltwiseKernels *plain, int op)
{
  gsize n = pick (1, 70);
  Guarded x = guarded_new (n), a = guarded_new (n), b = guarded_new (n);

  if (op == IR_UNARY_SQRT || op == IR_UNARY_LOG)
    for (gsize i = 0; i < n; i++)
      x.data[i] = fabsf (x.data[i]);
  variant->unary (op, 0.25f, 2, x.data, a.data, n);
  plain->unary (op, 0.25f, 2, x.data, b.data, n);
  assert_near (&a, &b, 2e-6, variant->name);
  copy (&a, &x);
  copy (&b, &x);
  variant->bias_unary (op, 0.25f, 2, 0.5f, a.data, n);
  plain->bias_unary (op, 0.25f, 2, 0.5f, b.data, n);
  assert_near (&a, &b, 2e-6, variant->name);
  guarded_free (&x);
  guarded_free (&a);
  guarded_free (&b);
}

static void
check_binary (const IrEltwiseKernels *variant, const IrEltwiseKernels *plain,
    int op, int form)
{
  gsize n = pick (1, 70);
  Guarded x = guarded_new (form == IR_BINARY_LEFT_ONE ? 1 : n);
  Guarded y = guarded_new (form == IR_BINARY_RIGHT_ONE ? 1 : n);
  Guarded a = guarded_new (n), b = guarded_new (n);

  variant->binary (op, form, x.data, y.data, a.data, n);
  plain->binary (op, form, x.data, y.data, b.data, n);
  assert_near (&a, &b, 1e-6, variant->name);
  guarded_free (&x);
  guarded_free (&y);
  guarded_free (&a);
  guarded_free (&b);
}

static void
check_choose (const IrEltwiseKernels *variant, const IrEltwiseKernels *plain)
{
  gsize n = pick (1, 70);
  Guarded x = guarded_new (n), y = guarded_new (n), which = guarded_new (n);
  Guarded a = guarded_new (n), b = guarded_new (n);
  guint8 truths[70];

  plain->unary (IR_UNARY_RELU, 0, 0, which.data, which.data, n);
  variant->narrow (which.data, truths, n);
  variant->widen (truths, which.data, n);
  variant->choose (which.data, x.data, y.data, a.data, n);
  for (gsize i = 0; i < n; i++)
    b.data[i] = truths[i] ? x.data[i] : y.data[i];
  assert_near (&a, &b, 0, variant->name);
  plain->choose (which.data, x.data, y.data, b.data, n);
  assert_near (&a, &b, 0, variant->name);
  guarded_free (&x);
  guarded_free (&y);
  guarded_free (&which);
  guarded_free (&a);
  guarded_free (&b);
}

static void
test_eltwise (void)
{
  EACH_VARIANT (IrEltwiseKernels, eltwise)
  {
    for (int op = 0; op < IR_UNARY_COUNT; op++)
      check_unary (table[row], plain, op);
    for (int op = 0; op < IR_BINARY_COUNT; op++)
      for (int form = 0; form < 3; form++)
        check_binary (table[row], plain, op, form);
    check_choose (table[row], plain);
  }
}

/* The functions themselves against libm. */
static void
check_functions (const IrEltwiseKernels *k)
{
  for (float x = -30; x < 30; x += 0.0371f) {
    float y;

    k->unary (IR_UNARY_EXP, 0, 0, &x, &y, 1);
    g_assert_cmpfloat (fabs (y / exp (x) - 1), <, 3e-7);
    k->unary (IR_UNARY_SIGMOID, 0, 0, &x, &y, 1);
    g_assert_cmpfloat (fabs (y * (1 + exp (-x)) - 1), <, 5e-7);
    k->unary (IR_UNARY_TANH, 0, 0, &x, &y, 1);
    g_assert_cmpfloat (fabs (y - tanh (x)), <, 5e-7 * fabs (tanh (x)) + 1e-12);
    k->unary (IR_UNARY_SOFTPLUS, 0, 0, &x, &y, 1);
    g_assert_cmpfloat (fabs (y / log1p (exp (x)) - 1), <, 1e-6);
    k->unary (IR_UNARY_ERF, 0, 0, &x, &y, 1);
    g_assert_cmpfloat (fabs (y - erf (x)), <, 5e-7);
    if (x > 0) {
      k->unary (IR_UNARY_LOG, 0, 0, &x, &y, 1);
      g_assert_cmpfloat (fabs (y - log (x)), <, 3e-7 * fabs (log (x)) + 1e-12);
    }
    k->unary (IR_UNARY_MISH, 0, 0, &x, &y, 1);
    g_assert_cmpfloat (fabs (y / (x * tanh (log1p (exp (x)))) - 1), <, 1e-6);
    k->unary (IR_UNARY_GELU, 0, 0, &x, &y, 1);
    g_assert_cmpfloat (
        fabs (y - 0.5 * x * erfc (-x * G_SQRT2 / 2)), <, 1.5e-7 * fabs (x));
    k->unary (IR_UNARY_GELU_TANH, 0, 0, &x, &y, 1);
    g_assert_cmpfloat (
        fabs (y -
            0.5 * x *
                (1 + tanh (sqrt (2 / G_PI) * (x + 0.044715 * x * x * x)))),
        <, 1e-6 * fabs (x));
  }
}

/* Numbers that are none, or without end. */
static void
check_borders (const IrEltwiseKernels *k, const IrEltwiseKernels *plain)
{
  const float x[] = { NAN, INFINITY, -INFINITY, 1e38f, -1e38f, -0.0f };
  float a[G_N_ELEMENTS (x)], b[G_N_ELEMENTS (x)];

  for (int op = 0; op < IR_UNARY_COUNT; op++) {
    k->unary (op, 0.25f, 2, x, a, G_N_ELEMENTS (x));
    plain->unary (op, 0.25f, 2, x, b, G_N_ELEMENTS (x));
    for (gsize i = 0; i < G_N_ELEMENTS (x); i++)
      if (!(a[i] == b[i] || (isnan (a[i]) && isnan (b[i]))))
        g_error ("%s: function %d of %g is %g, the scalar variant says %g",
            k->name, op, x[i], a[i], b[i]);
  }
}

static void
test_functions (void)
{
  size_t n;
  const IrEltwiseKernels *const *table = ir_eltwise_table (&n);

  for (size_t row = 0; row < n; row++) {
    if (ir_eltwise_flags (row) & ~ir_cpu_detect ())
      continue;
    check_functions (table[row]);
    check_borders (table[row], table[n - 1]);
  }
}

static void
test_gemm (void)
{
  EACH_VARIANT (IrGemmKernels, gemm)
  {
    int m = pick (1, 20), n = pick (1, 40), k = pick (1, 50);
    int ta = pick (0, 1), tb = pick (0, 1);
    Guarded a = guarded_new (m * k), b = guarded_new (k * n);
    Guarded x = guarded_new (m * n), y = guarded_new (m * n);

    table[row]->sgemm (
        ta, tb, m, n, k, a.data, ta ? m : k, b.data, tb ? k : n, x.data, n);
    plain->sgemm (
        ta, tb, m, n, k, a.data, ta ? m : k, b.data, tb ? k : n, y.data, n);
    assert_near (&x, &y, 1e-4, table[row]->name);
    guarded_free (&a);
    guarded_free (&b);
    guarded_free (&x);
    guarded_free (&y);
  }
}

static void
test_reduce (void)
{
  EACH_VARIANT (IrReduceKernels, reduce)
  {
    gsize n = pick (1, 70), inner = pick (1, 20);
    Guarded in = guarded_new (n * inner), scratch = guarded_new (2 * inner);
    Guarded x = guarded_new (n * inner), y = guarded_new (n * inner);

    table[row]->softmax (in.data, x.data, n * inner);
    plain->softmax (in.data, y.data, n * inner);
    assert_near (&x, &y, 1e-6, table[row]->name);
    table[row]->softmax_strided (in.data, x.data, n, inner, scratch.data);
    plain->softmax_strided (in.data, y.data, n, inner, scratch.data);
    assert_near (&x, &y, 1e-6, table[row]->name);
    table[row]->log_softmax (in.data, x.data, n * inner);
    plain->log_softmax (in.data, y.data, n * inner);
    assert_near (&x, &y, 1e-6, table[row]->name);
    table[row]->log_softmax_strided (in.data, x.data, n, inner, scratch.data);
    plain->log_softmax_strided (in.data, y.data, n, inner, scratch.data);
    assert_near (&x, &y, 1e-6, table[row]->name);
    guarded_free (&in);
    guarded_free (&scratch);
    guarded_free (&x);
    guarded_free (&y);
  }
}

static void
check_fold (
    const IrReduceKernels *variant, const IrReduceKernels *plain, IrFold op)
{
  const gsize n = pick (1, 300), rows = pick (1, 9), pitch = n + pick (0, 9);
  Guarded x = guarded_new (rows * pitch - (pitch - n));
  Guarded mean = guarded_new (n), a = guarded_new (n), b = guarded_new (n);

  /* Products of many numbers would be none. */
  for (gsize i = 0; op == IR_FOLD_PROD && i < x.n; i++)
    x.data[i] = 1 + x.data[i] / 256;
  variant->fold_columns (op, x.data, pitch, rows, n, mean.data, a.data);
  plain->fold_columns (op, x.data, pitch, rows, n, mean.data, b.data);
  assert_near (&a, &b, 1e-5, variant->name);
  a.data[0] = variant->fold_row (op, x.data, x.n, 0.5f);
  b.data[0] = plain->fold_row (op, x.data, x.n, 0.5f);
  assert_near (&a, &b, 1e-5, variant->name);
  guarded_free (&x);
  guarded_free (&mean);
  guarded_free (&a);
  guarded_free (&b);
}

static void
check_normalize (const IrReduceKernels *variant, const IrReduceKernels *plain)
{
  const gsize n = pick (1, 90), rows = pick (1, 9), pitch = n + pick (0, 9);
  Guarded x = guarded_new (rows * pitch - (pitch - n));
  Guarded mean = guarded_new (n), scale = guarded_new (n);
  Guarded a = guarded_new (rows * n), b = guarded_new (rows * n);

  variant->normalize_columns (
      x.data, pitch, a.data, n, rows, n, mean.data, scale.data);
  plain->normalize_columns (
      x.data, pitch, b.data, n, rows, n, mean.data, scale.data);
  assert_near (&a, &b, 1e-6, variant->name);
  variant->normalize_row (a.data, a.data, a.n, 0.5f, 0.25f);
  plain->normalize_row (b.data, b.data, b.n, 0.5f, 0.25f);
  assert_near (&a, &b, 1e-6, variant->name);
  guarded_free (&x);
  guarded_free (&mean);
  guarded_free (&scale);
  guarded_free (&a);
  guarded_free (&b);
}

/* Downwards and upwards. */
static void
check_scan (const IrReduceKernels *variant, const IrReduceKernels *plain)
{
  const gsize n = pick (1, 90), rows = pick (1, 9), last = (rows - 1) * n;
  const int exclusive = pick (0, 1);
  Guarded x = guarded_new (rows * n), a = guarded_new (rows * n);
  Guarded b = guarded_new (rows * n);
  double carry[2][90] = { { 0 } };

  variant->scan_columns (x.data, n, a.data, n, rows, n, carry[0], exclusive);
  plain->scan_columns (x.data, n, b.data, n, rows, n, carry[1], exclusive);
  assert_near (&a, &b, 1e-6, variant->name);
  variant->scan_columns (x.data + last, -(ptrdiff_t) n, a.data + last,
      -(ptrdiff_t) n, rows, n, carry[0], exclusive);
  plain->scan_columns (x.data + last, -(ptrdiff_t) n, b.data + last,
      -(ptrdiff_t) n, rows, n, carry[1], exclusive);
  assert_near (&a, &b, 1e-6, variant->name);
  g_assert_cmpmem (carry[0], sizeof carry[0], carry[1], sizeof carry[1]);
  guarded_free (&x);
  guarded_free (&a);
  guarded_free (&b);
}

static void
check_damp (const IrReduceKernels *variant, const IrReduceKernels *plain)
{
  const gsize n = pick (1, 90);
  Guarded x = guarded_new (n), sums = guarded_new (n);
  Guarded a = guarded_new (n), b = guarded_new (n);

  for (gsize i = 0; i < n; i++)
    sums.data[i] = fabsf (sums.data[i]);
  variant->damp (x.data, sums.data, a.data, n, 0.5f, 0.75f, 2);
  plain->damp (x.data, sums.data, b.data, n, 0.5f, 0.75f, 2);
  assert_near (&a, &b, 1e-6, variant->name);
  guarded_free (&x);
  guarded_free (&sums);
  guarded_free (&a);
  guarded_free (&b);
}

static void
test_fold (void)
{
  EACH_VARIANT (IrReduceKernels, reduce)
  {
    for (int op = 0; op < IR_FOLD_COUNT; op++)
      check_fold (table[row], plain, op);
    check_normalize (table[row], plain);
    check_scan (table[row], plain);
    check_damp (table[row], plain);
  }
}

/* Levels against the definition in double precision. A number that lies between
 * two levels but for the last bits may go to either of them. */
static void
test_quant (void)
{
  size_t n_rows;
  const IrQuantKernels *const *table = ir_quant_table (&n_rows);
  const IrQuantRange r = { -1.5, 2.25, -3, 4.5, 256 };

  for (size_t row = 0; row < n_rows; row++) {
    Guarded in = guarded_new (500), out = guarded_new (500);

    if (ir_quant_flags (row) & ~ir_cpu_detect ())
      continue;
    table[row]->fake_quantize (&r, in.data, out.data, 500);
    for (gsize i = 0; i < 500; i++) {
      double x = in.data[i], level = (x + 1.5) / 3.75 * 255;
      double y = rint (level) / 255 * 7.5 - 3;

      if (fabs (level - floor (level) - 0.5) < 1e-3)
        continue;
      y = x <= -1.5 ? -3 : x > 2.25 ? 4.5 : y;
      g_assert_cmpfloat_with_epsilon (out.data[i], y, 1e-5);
    }
    guarded_free (&in);
    guarded_free (&out);
  }
}

/* Under x = x / 2 + 1 the mean goes from 5.5 to 2, half of the way each time. */
static void
test_peak (void)
{
  const float in[] = { 0.5f, 1 };
  size_t n_rows;
  const IrPeakKernels *const *table = ir_peak_table (&n_rows);

  for (size_t row = 0; row < n_rows; row++) {
    if (ir_peak_flags (row) & ~ir_cpu_detect ())
      continue;
    g_assert_cmpuint (table[row]->flops_per_round % 24, ==, 0);
    for (int rounds = 0; rounds < 20; rounds++)
      g_assert_cmpfloat_with_epsilon (
          table[row]->run (rounds, in), 2 + ldexp (3.5, -rounds), 1e-5);
  }
}

/* Nothing is left out. */
static void
test_peak_copy (void)
{
  size_t n_rows;
  const IrPeakKernels *const *table = ir_peak_table (&n_rows);

  for (size_t row = 0; row < n_rows; row++) {
    const int each = pick (1, 4), n = pick (1, 200);
    Guarded from, to;
    double all = 0;

    if (ir_peak_flags (row) & ~ir_cpu_detect ())
      continue;
    from = guarded_new (each * n);
    to = guarded_new (n);
    table[row]->copy (from.data, from.n, to.data, to.n);
    for (gsize i = 0; i < from.n; i++)
      all += from.data[i];
    for (gsize i = 0; i < to.n; i++)
      all -= to.data[i];
    g_assert_cmpfloat_with_epsilon (all, 0, 1e-3);
    guarded_free (&from);
    guarded_free (&to);
  }
}

/* At the borders between levels too, all variants take the same level: the one of
 * the definition in single precision. */
static void
test_quant_borders (void)
{
  const IrQuantRange r = { -0.3f, 3.7f, -0.3f, 3.7f, 256 };
  Guarded in = guarded_new (255 * 9), want = guarded_new (255 * 9);
  size_t n_rows;
  const IrQuantKernels *const *table = ir_quant_table (&n_rows);

  for (gsize i = 0; i < in.n; i++) {
    const gint ulps = (gint) (i % 9) - 4;
    float x = (float) (-0.3 + (i / 9 + 0.5) * 4.0 / 255);
    volatile float q;

    for (gint n = 0; n < ABS (ulps); n++)
      x = nextafterf (x, ulps < 0 ? -INFINITY : INFINITY);
    in.data[i] = x;
    /* Stored after each operation, so that none is contracted. */
    q = x - r.in_low;
    q = q / (r.in_high - r.in_low);
    q = q * 255;
    q = rintf (q) / 255;
    q = q * (r.out_high - r.out_low);
    want.data[i] = q + r.out_low;
  }
  for (size_t row = 0; row < n_rows; row++) {
    Guarded out = guarded_new (in.n);

    if (!(ir_quant_flags (row) & ~ir_cpu_detect ())) {
      table[row]->fake_quantize (&r, in.data, out.data, in.n);
      g_assert_cmpmem (
          out.data, in.n * sizeof (float), want.data, in.n * sizeof (float));
    }
    guarded_free (&out);
  }
  guarded_free (&in);
  guarded_free (&want);
}

static void
test_mask (void)
{
  const unsigned all = IR_CPU_LIBRARY | IR_CPU_AVX2 | IR_CPU_AVX512;

  g_assert_cmpuint (ir_cpu_mask (all, NULL), ==, all);
  g_assert_cmpuint (ir_cpu_mask (all, "scalar"), ==, 0);
  g_assert_cmpuint (
      ir_cpu_mask (all, "avx2"), ==, IR_CPU_LIBRARY | IR_CPU_AVX2);
}

static void
check_argmax (
    const IrArgmaxKernels *variant, const IrArgmaxKernels *plain, gboolean max)
{
  const gsize n = pick (1, 70), rows = pick (1, 40), step = n + pick (0, 9);
  Guarded x = guarded_new ((rows - 1) * step + n);
  Guarded a = guarded_new (n), b = guarded_new (n);
  Guarded at = guarded_new (n), want = guarded_new (n);

  for (gsize i = 0; i < x.n; i++)
    x.data[i] = rintf (x.data[i]);
  (max ? variant->largest : variant->smallest) (
      x.data, rows, step, n, a.data, (int32_t *) at.data);
  (max ? plain->largest : plain->smallest) (
      x.data, rows, step, n, b.data, (int32_t *) want.data);
  g_assert_cmpmem (a.data, n * 4, b.data, n * 4);
  g_assert_cmpmem (at.data, n * 4, want.data, n * 4);
  guarded_free (&x);
  guarded_free (&a);
  guarded_free (&b);
  guarded_free (&at);
  guarded_free (&want);
}

static void
check_top (
    const IrArgmaxKernels *variant, const IrArgmaxKernels *plain, gboolean max)
{
  const gsize n = pick (1, 70), rows = pick (1, 40), step = n + pick (0, 9);
  const gsize k = pick (1, MIN (rows, IR_ARGMAX_MOST));
  const gsize to_step = n + pick (0, 3), size = (k - 1) * to_step + n;
  Guarded x = guarded_new ((rows - 1) * step + n);
  Guarded a = guarded_new (size), b = guarded_new (size);
  Guarded at = guarded_new (size), want = guarded_new (size);

  copy (&b, &a);
  copy (&want, &at);
  for (gsize i = 0; i < x.n; i++)
    x.data[i] = rintf (x.data[i] * 4);
  (max ? variant->top_largest : variant->top_smallest) (
      x.data, rows, step, n, k, a.data, (int32_t *) at.data, to_step);
  (max ? plain->top_largest : plain->top_smallest) (
      x.data, rows, step, n, k, b.data, (int32_t *) want.data, to_step);
  g_assert_cmpmem (a.data, size * 4, b.data, size * 4);
  g_assert_cmpmem (at.data, size * 4, want.data, size * 4);
  guarded_free (&x);
  guarded_free (&a);
  guarded_free (&b);
  guarded_free (&at);
  guarded_free (&want);
}

static void
test_argmax (void)
{
  EACH_VARIANT (IrArgmaxKernels, argmax)
  {
    check_argmax (table[row], plain, TRUE);
    check_argmax (table[row], plain, FALSE);
    check_top (table[row], plain, TRUE);
    check_top (table[row], plain, FALSE);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kernels/mask", test_mask);
  g_test_add_func ("/kernels/functions", test_functions);
  g_test_add_func ("/kernels/eltwise", test_eltwise);
  g_test_add_func ("/kernels/gemm", test_gemm);
  g_test_add_func ("/kernels/reduce", test_reduce);
  g_test_add_func ("/kernels/fold", test_fold);
  g_test_add_func ("/kernels/argmax", test_argmax);
  g_test_add_func ("/kernels/quant", test_quant);
  g_test_add_func ("/kernels/peak", test_peak);
  g_test_add_func ("/kernels/peak-copy", test_peak_copy);
  g_test_add_func ("/kernels/quant/borders", test_quant_borders);
  return g_test_run ();
}
