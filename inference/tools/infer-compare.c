/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "infer-compare.h"

#include <math.h>
#include <stdio.h>

typedef struct {
  double max_abs;
  double max_rel;
  double cosine;
  double of_range;
} Difference;

static Difference
compare (const IrTensor *a, const IrTensor *b)
{
  Difference d = { 0, 0, 1, 0 };
  double low = INFINITY, high = -INFINITY, aa = 0, bb = 0, ab = 0;

  for (guint64 i = 0, n = ir_tensor_count (b); i < n; i++) {
    double x = ir_tensor_get_f64 (a, i), y = ir_tensor_get_f64 (b, i);
    double delta = x == y || (isnan (x) && isnan (y)) ? 0 : fabs (x - y);

    if (isnan (delta))
      delta = INFINITY;
    d.max_abs = fmax (d.max_abs, delta);
    if (y != 0)
      d.max_rel = fmax (d.max_rel, delta / fabs (y));
    low = fmin (low, y);
    high = fmax (high, y);
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  if (aa > 0 && bb > 0)
    d.cosine = ab / sqrt (aa) / sqrt (bb);
  /* An output of one value, or of equal ones, has its size for a range. */
  if (d.max_abs > 0)
    d.of_range = d.max_abs / (high > low ? high - low : fmax (fabs (high), 1));
  return d;
}

gboolean
ir_infer_compare (IrCompiledModel *model, const GPtrArray *outputs,
    const GPtrArray *reference, double tolerance, GError **error)
{
  const IrPortInfo *ports = ir_compiled_model_get_outputs (model, NULL);
  gboolean good = TRUE;

  for (guint i = 0; i < outputs->len; i++) {
    const IrTensor *a = outputs->pdata[i], *b = reference->pdata[i];
    char x[IR_SHAPE_TEXT], y[IR_SHAPE_TEXT];
    Difference d;

    if (a->dtype != b->dtype || !ir_shape_equal (&a->shape, &b->shape)) {
      printf ("compare %-24s %s %s against %s %s\n", ports[i].name,
          ir_dtype_name (a->dtype), ir_shape_print (&a->shape, x),
          ir_dtype_name (b->dtype), ir_shape_print (&b->shape, y));
      good = FALSE;
      continue;
    }
    d = compare (a, b);
    printf ("compare %-24s max abs %g, max rel %g, cosine %.9f, max abs of "
            "range %g\n",
        ports[i].name, d.max_abs, d.max_rel, d.cosine, d.of_range);
    if (!(d.of_range <= tolerance))
      good = FALSE;
  }
  return good ||
      ir_fail (error, IR_ERROR_DEVICE,
          "the devices differ by more than %g of an output's range", tolerance);
}
