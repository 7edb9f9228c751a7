/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <float.h>

#include "pool-common.h"

static const IrAttrDesc max_pool_1_attrs[] = {
  IR_ATTR_ROW (IrPoolAttrs, strides, I64S, NULL),
  IR_ATTR_ROW (IrPoolAttrs, pads_begin, I64S, NULL),
  IR_ATTR_ROW (IrPoolAttrs, pads_end, I64S, NULL),
  IR_ATTR_ROW (IrPoolAttrs, kernel, I64S, NULL),
  IR_ATTR_ENUM_ROW (IrPoolAttrs, rounding_type, "floor", ir_rounding_names),
  IR_ATTR_ENUM_ROW (IrPoolAttrs, auto_pad, "explicit", ir_auto_pad_names),
  IR_ATTR_END,
};

static const IrAttrDesc max_pool_8_attrs[] = {
  IR_ATTR_ROW (IrPoolAttrs, strides, I64S, NULL),
  IR_ATTR_ROW (IrPoolAttrs, dilations, I64S, ""),
  IR_ATTR_ROW (IrPoolAttrs, pads_begin, I64S, NULL),
  IR_ATTR_ROW (IrPoolAttrs, pads_end, I64S, NULL),
  IR_ATTR_ROW (IrPoolAttrs, kernel, I64S, NULL),
  IR_ATTR_ENUM_ROW (IrPoolAttrs, rounding_type, "floor", ir_rounding_names),
  IR_ATTR_ENUM_ROW (IrPoolAttrs, auto_pad, "explicit", ir_auto_pad_names),
  IR_ATTR_ROW (IrPoolAttrs, index_element_type, DTYPE, "i64"),
  IR_ATTR_ROW (IrPoolAttrs, axis, I64, "0"),
  IR_ATTR_END,
};

static gboolean
max_pool_1_infer (IrInferCtx *ctx, GError **error)
{
  ctx->out_dtype[0] = ctx->in_dtype[0];
  return ir_infer_accept_input (ctx, 0, IR_ACCEPT_NUMBER, "the data", error) &&
      ir_pool_infer_shape (ctx, error);
}

static gboolean
max_pool_8_infer (IrInferCtx *ctx, GError **error)
{
  const IrPoolAttrs *attrs = ctx->attrs;
  guint axis;

  if (!max_pool_1_infer (ctx, error) ||
      !ir_pool_infer_index (ctx, attrs->index_element_type, error))
    return FALSE;
  return ctx->out_shape[0].rank == IR_RANK_UNKNOWN ||
      ir_shape_axis (&ctx->out_shape[0], attrs->axis, &axis, error);
}

/* Takes @n elements of the input, @stride apart, into the maxima so far; with
 * @in absent, clears those instead. @at is the place of the first element, kept
 * in @where for the elements that win. */
typedef void (*MaxRowFunc) (gconstpointer in, gint64 stride, gpointer out,
    gint64 n, gint64 at, gint64 *where);

#define MAX_ROW(id, T, lowest)                                                 \
  static void max_row_##id (gconstpointer in, gint64 stride, gpointer out,     \
      gint64 n, gint64 at, gint64 *where)                                      \
  {                                                                            \
    const T *from = in;                                                        \
    T *best = out;                                                             \
                                                                               \
    for (gint64 i = 0; i < n && !from; i++)                                    \
      best[i] = (lowest);                                                      \
    for (gint64 i = 0; i < n && from; i++) {                                   \
      if (from[i * stride] > best[i]) {                                        \
        best[i] = from[i * stride];                                            \
        where[i] = at + i * stride;                                            \
      }                                                                        \
    }                                                                          \
  }
MAX_ROW (F32, float, -FLT_MAX)
MAX_ROW (I8, gint8, G_MININT8)
MAX_ROW (I16, gint16, G_MININT16)
MAX_ROW (I32, gint32, G_MININT32)
MAX_ROW (I64, gint64, G_MININT64)
IR_UNSIGNED_TYPES (MAX_ROW, 0)

#define MAX_ROW_ENTRY(id, T, ...) [IR_DTYPE_##id] = max_row_##id,
static const MaxRowFunc max_rows[IR_DTYPE_COUNT] = { IR_NUMBER_TYPES (
    MAX_ROW_ENTRY, 0) };

typedef struct {
  IrConvGeometry g;
  MaxRowFunc row;
  gsize size; /* of an element */
} MaxPool;

/* Maxima of the output row (@d, @h) and where in the plane they are. */
static void
pool_row (const MaxPool *p, const guint8 *in, gint64 d, gint64 h, guint8 *out,
    gint64 *where)
{
  const IrConvGeometry *g = &p->g;
  gint64 kd, kd_end;

  p->row (NULL, 0, out, g->out[2], 0, NULL);
  ir_conv_window (g, 0, d, &kd, &kd_end);
  for (; kd < kd_end; kd++) {
    const gint64 id = d * g->stride[0] + kd * g->dilation[0] - g->pad_begin[0];
    gint64 kh, kh_end;

    ir_conv_window (g, 1, h, &kh, &kh_end);
    for (; kh < kh_end; kh++) {
      const gint64 ih =
          h * g->stride[1] + kh * g->dilation[1] - g->pad_begin[1];
      gint64 kw, kw_end;

      ir_conv_useful (g, 2, &kw, &kw_end);
      for (; kw < kw_end; kw++) {
        gint64 first, end, at;

        ir_conv_tap (g, 2, kw, &first, &end);
        if (first == end)
          continue;
        at = (id * g->in[1] + ih) * g->in[2] + first * g->stride[2] +
            kw * g->dilation[2] - g->pad_begin[2];
        p->row (in + (gsize) at * p->size, g->stride[2],
            out + (gsize) first * p->size, end - first, at, where + first);
      }
    }
  }
}

static gboolean
max_pool_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrPoolAttrs *attrs = ctx->attrs;
  const IrTensor *in = ctx->in[0], *out = ctx->out[0];
  const gint rank = in->shape.rank;
  const gint64 plane = (gint64) ir_shape_size (&in->shape, 2, rank);
  const gint64 planes = (gint64) ir_shape_size (&in->shape, 0, 2);
  gint64 *where;
  guint8 *to = out->data;
  gint64 window = 0;
  gsize at = 0;
  guint axis;
  MaxPool p = { .row = max_rows[in->dtype], .size = ir_dtype_size (in->dtype) };

  if (ir_tensor_count (out) == 0)
    return TRUE;
  if (!ir_pool_geometry (
          attrs, (guint) rank - 2, in->shape.dim + 2, &p.g, error))
    return FALSE;
  if (ctx->n_outputs > 1) {
    if (!ir_shape_axis (&in->shape, attrs->axis, &axis, error))
      return FALSE;
    window = (gint64) ir_shape_size (&in->shape, (gint) axis, rank);
  }
  p.g = ir_conv_3d (&p.g);
  where = ir_scratch_take0 (ctx->scratch, (gsize) p.g.out[2], sizeof *where);
  if (!where)
    return ir_fail (error, IR_ERROR_LIMIT, "out of memory");

  for (gint64 i = 0; i < planes; i++) {
    for (gint64 row = 0; row < p.g.out[0] * p.g.out[1]; row++) {
      pool_row (&p, (const guint8 *) in->data + (gsize) (i * plane) * p.size,
          row / p.g.out[1], row % p.g.out[1], to, where);
      to += (gsize) p.g.out[2] * p.size;
      for (gint64 w = 0; w < p.g.out[2]; w++, at++) {
        if (window > 0)
          ir_pool_set_index (ctx->out[1], at, (i * plane + where[w]) % window);
        where[w] = 0;
      }
    }
  }

  return TRUE;
}

const IrOpDesc ir_op_max_pool_1 = {
  .type = "MaxPool",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrPoolAttrs),
  .attrs = max_pool_1_attrs,
  .infer = max_pool_1_infer,
  .evaluate = max_pool_evaluate,
  .summary = "Maxima of a sliding window",
};

const IrOpDesc ir_op_max_pool_8 = {
  .type = "MaxPool",
  .opset = 8,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 2,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrPoolAttrs),
  .attrs = max_pool_8_attrs,
  .infer = max_pool_8_infer,
  .evaluate = max_pool_evaluate,
  .summary = "Maxima of a sliding window and where they are",
};

const IrOpDesc ir_op_max_pool_14 = {
  .type = "MaxPool",
  .opset = 14,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 2,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrPoolAttrs),
  .attrs = max_pool_8_attrs,
  .infer = max_pool_8_infer,
  .evaluate = max_pool_evaluate,
  .summary = "Maxima of a sliding window and where they are, with ceil_torch",
};
