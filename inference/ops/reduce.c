/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "axes-walk.h"
#include "int-math.h"

static const IrAttrDesc reduce_attrs[] = {
  IR_ATTR_ROW (IrReduceAttrs, keep_dims, BOOL, "false"),
  IR_ATTR_END,
};

static IrShape
reduced_shape (const IrShape *in, guint axes, gboolean keep)
{
  IrShape out = ir_shape_scalar ();

  for (gint d = 0; d < in->rank; d++) {
    if (!((axes >> d) & 1))
      out.dim[out.rank++] = in->dim[d];
    else if (keep)
      out.dim[out.rank++] = 1;
  }
  return out;
}

static gboolean
reduce_infer (IrInferCtx *ctx, guint accept, GError **error)
{
  const IrReduceAttrs *attrs = ctx->attrs;
  const IrShape *in = &ctx->in_shape[0];
  IrShape out = ir_shape_unknown ();
  gboolean known;
  guint axes;

  if (!ir_infer_accept_input (ctx, 0, accept, "the data", error) ||
      !ir_infer_rank (ctx, 1, 3, "axes", error) ||
      !ir_infer_axes_mask (ctx, 1, 0, &axes, &known, error))
    return FALSE;
  if (known)
    out = reduced_shape (in, axes, attrs->keep_dims);
  else if (attrs->keep_dims && in->rank != IR_RANK_UNKNOWN)
    out = ir_shape_of_rank (in->rank);

  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
number_infer (IrInferCtx *ctx, GError **error)
{
  return reduce_infer (ctx, IR_ACCEPT_NUMBER, error);
}

static gboolean
logical_infer (IrInferCtx *ctx, GError **error)
{
  return reduce_infer (ctx, IR_ACCEPT_BOOLEAN, error);
}

/* What is found so far, in the field of the kind of number. */
typedef union {
  double on_float;
  gint64 on_signed;
  guint64 on_unsigned;
} Found;

/* Takes @n elements into what is found. */
typedef void (*TakeFunc) (
    gconstpointer in, gint64 n, gint64 step, Found *found);

/* Puts what is found from @count elements into the output. */
typedef void (*PutFunc) (const Found *found, gint64 count, gpointer out);

#define TAKE(id, T, kind, name, value)                                         \
  static void name##_take_##id (                                               \
      gconstpointer in, gint64 n, gint64 step, Found *found)                   \
  {                                                                            \
    __typeof__ (found->kind) f = found->kind;                                  \
    const T *from = in;                                                        \
                                                                               \
    for (gint64 i = 0; i < n; i++) {                                           \
      const __typeof__ (f) x = (__typeof__ (f)) from[i * step];                \
                                                                               \
      f = (__typeof__ (f)) (value);                                            \
    }                                                                          \
    found->kind = f;                                                           \
  }
#define PUT(id, T, kind, name, value)                                          \
  static void name##_put_##id (const Found *found, gint64 count, gpointer out) \
  {                                                                            \
    const __typeof__ (found->kind) f = found->kind;                            \
                                                                               \
    *(T *) out = (T) (value);                                                  \
  }
#define TAKE_ENTRY(id, T, name) [IR_DTYPE_##id] = name##_take_##id,
#define PUT_ENTRY(id, T, name) [IR_DTYPE_##id] = name##_put_##id,

#define TABLE(name, entry, ...)                                                \
  name[IR_DTYPE_COUNT] = { IR_NUMBER_TYPES (entry, __VA_ARGS__) }
#define EACH(define, name, on_float_value, on_signed_value, on_unsigned_value) \
  IR_FLOAT_TYPES (define, on_float, name, on_float_value)                      \
  IR_SIGNED_TYPES (define, on_signed, name, on_signed_value)                   \
  IR_UNSIGNED_TYPES (define, on_unsigned, name, on_unsigned_value)

EACH (PUT, plain, f, f, f)
static const PutFunc TABLE (plain_puts, PUT_ENTRY, plain);

/* No element gives NaN among floats and 0 among integers. */
EACH (PUT, mean, f / (double) count, count ? f / count : 0,
    count ? f / (guint64) count : 0)
static const PutFunc TABLE (mean_puts, PUT_ENTRY, mean);

EACH (PUT, root, sqrt (f), sqrt ((double) (guint64) f), sqrt ((double) f))
static const PutFunc TABLE (root_puts, PUT_ENTRY, root);

typedef struct {
  const IrEvalCtx *ctx;
  TakeFunc take;
  Found found;
} Reduction;

static void
take_run (gint64 first, gint64 n, gint64 step, gpointer data)
{
  Reduction *r = data;
  const IrTensor *in = r->ctx->in[0];

  r->take (
      (const guint8 *) in->data + (gsize) first * ir_dtype_size (in->dtype), n,
      step, &r->found);
}

static gboolean
run (const IrEvalCtx *ctx, TakeFunc take, PutFunc put, Found start,
    GError **error)
{
  Reduction r = { .ctx = ctx, .take = take };
  gint64 index[IR_MAX_RANK] = { 0 };
  guint8 *out = ctx->out[0]->data;
  IrAxesWalk walk;
  guint axes;

  if (!ir_eval_axes_mask (ctx, 1, 0, &axes, error))
    return FALSE;
  if (ir_tensor_count (ctx->out[0]) == 0)
    return TRUE;

  ir_axes_walk_init (&walk, &ctx->in[0]->shape, axes);
  do {
    r.found = start;
    ir_axes_walk_runs (&walk, ir_axes_walk_at (&walk, index), take_run, &r);
    put (&r.found, ir_axes_walk_size (&walk), out);
    out += ir_dtype_size (ctx->out[0]->dtype);
  } while (ir_next_index (&walk.kept, index));
  return TRUE;
}

/* What to begin with, for the kind of the type. */
static Found
start_of (IrDType dtype, double on_float, gint64 on_signed, guint64 on_unsigned)
{
  Found found;

  if (ir_dtype_is_float (dtype))
    found.on_float = on_float;
  else if (ir_dtype_is_signed (dtype))
    found.on_signed = on_signed;
  else
    found.on_unsigned = on_unsigned;
  return found;
}

#define REDUCE_OP(name, first_opset, ir_type, infer_with, text)                \
  const IrOpDesc ir_op_##name##_##first_opset = {                              \
    .type = ir_type,                                                           \
    .opset = first_opset,                                                      \
    .min_inputs = 2,                                                           \
    .max_inputs = 2,                                                           \
    .n_outputs = 1,                                                            \
    .flags = IR_OP_F32,                                                        \
    .attrs_size = sizeof (IrReduceAttrs),                                      \
    .attrs = reduce_attrs,                                                     \
    .infer = infer_with,                                                       \
    .evaluate = name##_evaluate,                                               \
    .summary = text,                                                           \
  };

/* From @start_* on, each x makes a new f. */
#define REDUCE(name, opset, ir_type, puts, start_float, start_signed,          \
    start_unsigned, on_float, on_signed, on_unsigned, text)                    \
  EACH (TAKE, name, on_float, on_signed, on_unsigned)                          \
                                                                               \
  static gboolean name##_evaluate (IrEvalCtx *ctx, GError **error)             \
  {                                                                            \
    static const TakeFunc TABLE (takes, TAKE_ENTRY, name);                     \
    const IrDType dtype = ctx->in[0]->dtype;                                   \
                                                                               \
    return run (ctx, takes[dtype], puts[dtype],                                \
        start_of (dtype, start_float, start_signed, start_unsigned), error);   \
  }                                                                            \
                                                                               \
  REDUCE_OP (name, opset, ir_type, number_infer, text)

/* clang-format off */
REDUCE (reduce_l1, 4, "ReduceL1", plain_puts, 0, 0, 0,
    f + fabs (x), IR_WRAP (f) + (x < 0 ? -IR_WRAP (x) : IR_WRAP (x)), f + x,
    "Sum of absolute values over axes")
REDUCE (reduce_l2, 4, "ReduceL2", root_puts, 0, 0, 0,
    f + x * x, IR_WRAP (f) + IR_WRAP (x) * IR_WRAP (x), f + x * x,
    "Square root of the sum of squares over axes")
REDUCE (reduce_max, 1, "ReduceMax", plain_puts, -INFINITY, G_MININT64, 0,
    x < f ? f : x, x < f ? f : x, x < f ? f : x,
    "Maximum over axes")
REDUCE (reduce_mean, 1, "ReduceMean", mean_puts, 0, 0, 0,
    f + x, IR_WRAP (f) + IR_WRAP (x), f + x,
    "Mean over axes")
REDUCE (reduce_min, 1, "ReduceMin", plain_puts, INFINITY, G_MAXINT64, G_MAXUINT64,
    x > f ? f : x, x > f ? f : x, x > f ? f : x,
    "Minimum over axes")
REDUCE (reduce_prod, 1, "ReduceProd", plain_puts, 1, 1, 1,
    f * x, IR_WRAP (f) * IR_WRAP (x), f * x,
    "Product over axes")
REDUCE (reduce_sum, 1, "ReduceSum", plain_puts, 0, 0, 0,
    f + x, IR_WRAP (f) + IR_WRAP (x), f + x,
    "Sum over axes")
/* clang-format on */

TAKE (BOOLEAN, guint8, on_unsigned, all, f &&x)
TAKE (BOOLEAN, guint8, on_unsigned, any, f || x)
PUT (BOOLEAN, guint8, on_unsigned, plain, f)

static gboolean
reduce_logical_and_evaluate (IrEvalCtx *ctx, GError **error)
{
  const Found start = { .on_unsigned = TRUE };

  return run (ctx, all_take_BOOLEAN, plain_put_BOOLEAN, start, error);
}

static gboolean
reduce_logical_or_evaluate (IrEvalCtx *ctx, GError **error)
{
  const Found start = { .on_unsigned = FALSE };

  return run (ctx, any_take_BOOLEAN, plain_put_BOOLEAN, start, error);
}

REDUCE_OP (reduce_logical_and, 1, "ReduceLogicalAnd", logical_infer,
    "Whether all are true over axes")
REDUCE_OP (reduce_logical_or, 1, "ReduceLogicalOr", logical_infer,
    "Whether one is true over axes")
