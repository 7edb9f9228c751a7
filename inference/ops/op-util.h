/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_OP_UTIL_H
#define IR_OP_UTIL_H

#include <ir/attrs.h>
#include <ir/graph.h>

G_BEGIN_DECLS

/*
 * What the files of ops share. Each op form is a `const IrOpDesc
 * ir_op_<name>_<opset>` in a file of its own (families of the same shape share
 * one) and one row in oplist.inc.
 */

/* One row of an attribute table: field @field of struct @S, named the same. */
#define IR_ATTR_ROW(S, field, kind, def)                                       \
  {                                                                            \
#field, IR_ATTR_##kind, G_STRUCT_OFFSET(S, field), def, NULL               \
  }
/* The same for an enum with its names. */
#define IR_ATTR_ENUM_ROW(S, field, def, names)                                 \
  {                                                                            \
#field, IR_ATTR_ENUM, G_STRUCT_OFFSET(S, field), def, names                \
  }
#define IR_ATTR_END                                                            \
  {                                                                            \
    NULL                                                                       \
  }

extern const char *const ir_auto_pad_names[];
extern const char *const ir_broadcast_names[];
extern const char *const ir_rounding_names[];

/* --- infer ---------------------------------------------------------------- */

/* Output 0 has the type and shape of input 0. */
gboolean ir_infer_same (IrInferCtx *ctx, GError **error);

/* Output 0 gets the type of input 0 and the broadcast shape of all inputs;
 * types must agree. */
gboolean ir_infer_broadcast (IrInferCtx *ctx, GError **error);

/* Sets output @index. */
void ir_infer_set (
    IrInferCtx *ctx, guint index, IrDType dtype, const IrShape *shape);

/* Checks that inputs @first to @end - 1 have one type (unknown ones pass);
 * @dtype (out) gets it. */
gboolean ir_infer_same_dtype (
    IrInferCtx *ctx, guint first, guint end, IrDType *dtype, GError **error);

/* Checks that input @index has one of the ranks of @mask (bit r: rank r);
 * unknown passes. @what names the input in the message. */
gboolean ir_infer_rank (
    IrInferCtx *ctx, guint index, guint mask, const char *what, GError **error);

/* Reads input @index as a list of integers. @known (out) is FALSE, and the
 * call succeeds, if the value is not known yet. */
gboolean ir_infer_ints (IrInferCtx *ctx, guint index, gint64 *values, gsize max,
    gsize *n, gboolean *known, GError **error);

/* The same for axes of input @of: normalised to 0..rank-1, checked, and
 * duplicates rejected. @known is FALSE too if the rank is not known. */
gboolean ir_infer_axes (IrInferCtx *ctx, guint index, guint of, guint *axes,
    gsize *n, gboolean *known, GError **error);

/* --- evaluate ------------------------------------------------------------- */

static inline const float *
ir_eval_f32 (const IrEvalCtx *ctx, guint index)
{
  return ctx->in[index]->data;
}

static inline float *
ir_eval_out_f32 (const IrEvalCtx *ctx, guint index)
{
  return ctx->out[index]->data;
}

/* How many of @n equal pieces of @work elementary operations in all should be one
 * part: all of them where that is done before another thread has begun. */
gint64 ir_eval_split (const IrEvalCtx *ctx, guint64 work, gint64 n);

/* How many parts run at the same time at most. */
guint ir_eval_workers (const IrEvalCtx *ctx);

/* Runs the parts of @n pieces, @split in each. */
void ir_eval_parts (const IrEvalCtx *ctx, gint64 n, gint64 split,
    IrPartFunc func, gpointer data);

/* Row-major strides in elements of a static shape. */
void ir_strides (const IrShape *shape, gint64 *strides);

/* Strides to read a tensor of @shape as if it had the broadcast shape @as:
 * 0 along stretched dimensions. */
void ir_broadcast_strides (
    const IrShape *shape, const IrShape *as, gint64 *strides);

/* Advances a multi-index over @shape by one; FALSE after the last. */
gboolean ir_next_index (const IrShape *shape, gint64 *index);

/* Reads input @index as integers; the caller's `infer` has accepted it. */
gboolean ir_eval_ints (const IrEvalCtx *ctx, guint index, gint64 *values,
    gsize max, gsize *n, GError **error);
gboolean ir_eval_axes (const IrEvalCtx *ctx, guint index, guint of, guint *axes,
    gsize *n, GError **error);

G_END_DECLS

#endif
