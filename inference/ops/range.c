/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

#include <math.h>

typedef struct {
  gint output_type;
} RangeAttrs;

enum {
  START,
  STOP,
  STEP,
  N_INPUTS
};

static const char *const input_names[] = { "start", "stop", "step" };

/* Integers are counted exactly, whatever their size. */
static gboolean
count_integers (const IrTensor *const *in, gint64 *count, GError **error)
{
  gint64 v[N_INPUTS];
  guint64 distance, step;

  for (guint i = 0; i < N_INPUTS; i++)
    v[i] = ir_tensor_get_i64 (in[i], 0);
  if (v[STEP] == 0)
    return ir_fail (error, IR_ERROR_SHAPE, "step is 0");
  if (v[STEP] > 0 ? v[STOP] <= v[START] : v[STOP] >= v[START]) {
    *count = 0;
    return TRUE;
  }
  distance = v[STEP] > 0 ? (guint64) v[STOP] - (guint64) v[START]
                         : (guint64) v[START] - (guint64) v[STOP];
  step = v[STEP] > 0 ? (guint64) v[STEP] : -(guint64) v[STEP];
  distance = (distance - 1) / step;
  if (distance >= G_MAXINT64)
    return ir_fail (error, IR_ERROR_LIMIT, "the range is too long");
  *count = (gint64) distance + 1;
  return TRUE;
}

static gboolean
count_floats (const IrTensor *const *in, gint64 *count, GError **error)
{
  double v[N_INPUTS], n;

  for (guint i = 0; i < N_INPUTS; i++)
    v[i] = ir_tensor_get_f64 (in[i], 0);
  n = ceil ((v[STOP] - v[START]) / v[STEP]);
  if (v[STEP] == 0 || isnan (n))
    return ir_fail (error, IR_ERROR_SHAPE,
        "start %g, stop %g and step %g are no range", v[START], v[STOP],
        v[STEP]);
  if (n > 0x1p62)
    return ir_fail (error, IR_ERROR_LIMIT, "the range is too long");
  *count = n > 0 ? (gint64) n : 0;
  return TRUE;
}

static gboolean
infer_range (IrInferCtx *ctx, IrDType dtype, GError **error)
{
  IrShape out = ir_shape_1d (IR_DIM_UNKNOWN);
  gboolean all_known = TRUE;

  for (guint i = 0; i < N_INPUTS; i++) {
    gboolean known;
    gint64 value;

    if (!ir_infer_whole_bytes (ctx, i, error) ||
        !ir_infer_int (ctx, i, input_names[i], &value, &known, error))
      return FALSE;
    all_known = all_known && known;
  }
  if (all_known && dtype != IR_DTYPE_DYNAMIC &&
      !(ir_dtype_is_float (dtype)
              ? count_floats (ctx->in_value, &out.dim[0], error)
              : count_integers (ctx->in_value, &out.dim[0], error)))
    return FALSE;
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

static gboolean
infer_range_1 (IrInferCtx *ctx, GError **error)
{
  IrDType dtype;

  if (!ir_infer_same_dtype (ctx, 0, N_INPUTS, &dtype, error))
    return FALSE;
  return infer_range (ctx, dtype, error);
}

static gboolean
infer_range_4 (IrInferCtx *ctx, GError **error)
{
  const RangeAttrs *attrs = ctx->attrs;
  const IrDType dtype = attrs->output_type;

  if (!ir_dtype_is_float (dtype) &&
      (!ir_dtype_is_integer (dtype) || ir_dtype_size (dtype) == 0))
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "output_type must be a number of whole bytes, not %s",
        ir_dtype_name (dtype));
  return infer_range (ctx, dtype, error);
}

static gboolean
evaluate_range (IrEvalCtx *ctx, GError **error)
{
  IrTensor *out = ctx->out[0];
  const gint64 n = ir_tensor_count (out);

  if (ir_dtype_is_float (out->dtype)) {
    const double start = ir_tensor_get_f64 (ctx->in[START], 0);
    const double step = ir_tensor_get_f64 (ctx->in[STEP], 0);

    for (gint64 i = 0; i < n; i++)
      ir_tensor_set_f64 (out, i, start + i * step);
  } else {
    const guint64 start = ir_tensor_get_i64 (ctx->in[START], 0);
    const guint64 step = ir_tensor_get_i64 (ctx->in[STEP], 0);

    for (gint64 i = 0; i < n; i++)
      ir_tensor_set_i64 (out, i, (gint64) (start + (guint64) i * step));
  }
  return TRUE;
}

const IrOpDesc ir_op_range_1 = {
  .type = "Range",
  .opset = 1,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .infer = infer_range_1,
  .evaluate = evaluate_range,
  .summary = "numbers from start towards stop, step apart",
};

static const IrAttrDesc range_attrs[] = {
  IR_ATTR_ROW (RangeAttrs, output_type, DTYPE, NULL),
  IR_ATTR_END,
};

const IrOpDesc ir_op_range_4 = {
  .type = "Range",
  .opset = 4,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .attrs_size = sizeof (RangeAttrs),
  .attrs = range_attrs,
  .infer = infer_range_4,
  .evaluate = evaluate_range,
  .summary = "numbers from start towards stop, step apart, of a given type",
};
