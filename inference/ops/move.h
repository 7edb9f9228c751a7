/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_MOVE_H
#define IR_MOVE_H

#include "op-util.h"

G_BEGIN_DECLS

/*
 * What the ops share that rearrange elements without looking at them: a copy
 * between strided layouts, arithmetic on dimensions, spans of dimensions and
 * checks of inputs that hold indices.
 */

/* Twice the rank of a tensor, for ops that split every dimension. */
#define IR_MOVE_MAX_RANK (2 * IR_MAX_RANK)

/* A block of elements, outermost dimension first. Steps are in elements: 0
 * reads or writes the same place again, negative ones walk backwards. */
typedef struct {
  guint rank;
  gint64 size[IR_MOVE_MAX_RANK];
  gint64 from[IR_MOVE_MAX_RANK];
  gint64 to[IR_MOVE_MAX_RANK];
} IrMove;

/* Appends an inner dimension. */
static inline void
ir_move_add (IrMove *move, gint64 size, gint64 from, gint64 to)
{
  move->size[move->rank] = size;
  move->from[move->rank] = from;
  move->to[move->rank] = to;
  move->rank++;
}

/* Sets the steps of the destination to those of a dense row-major block. */
void ir_move_dense_to (IrMove *move);

/* Copies elements of @bytes bytes from @from to @to, which must not overlap;
 * neither needs to be aligned. */
void ir_move_run (
    const IrMove *move, gsize bytes, gconstpointer from, gpointer to);

/* `evaluate` of ops that have `strided`. */
gboolean ir_eval_strided (IrEvalCtx *ctx, GError **error);

/* A map of @n places for dimension @d, which the caller fills; NULL if there is no
 * memory. */
gint64 *ir_strided_map (IrStrided *strided, guint d, gint64 n, GError **error);

/* Writes the element of @bytes bytes at @from @count times to @to. */
void ir_fill (gpointer to, gconstpointer from, gsize bytes, guint64 count);

/* Fills a tensor of @out from one of @in, element (i, j, …) from element
 * (maps[0][i], maps[1][j], …), or with @fill where a map says -1. A NULL map
 * stands for the identity. */
gboolean ir_new_map (gint64 **map, gint64 n, GError **error);
void ir_move_mapped (
    const IrTensor *in, gint64 *const *maps, gconstpointer fill, IrTensor *out);

/* Adds or multiplies @other to @into: unknown if either is, IR_ERROR_LIMIT if
 * the result does not fit. */
gboolean ir_dim_add (gint64 *into, gint64 other, GError **error);
gboolean ir_dim_mul (gint64 *into, gint64 other, GError **error);

/* Every @step'th index from @first on, @count of them. */
typedef struct {
  gint64 first;
  gint64 count;
  gint64 step;
} IrSpan;

/* What a Python slice begin:end:step takes of a dimension of @dim elements;
 * @step is not 0. @no_begin and @no_end stand for an omitted bound. */
IrSpan ir_span (gint64 dim, gint64 begin, gint64 end, gint64 step,
    gboolean no_begin, gboolean no_end);

/* Fails with IR_ERROR_UNSUPPORTED if input @index has a packed type. */
gboolean ir_infer_whole_bytes (IrInferCtx *ctx, guint index, GError **error);

/* Fails unless input @index, called @what, has an integer type. */
gboolean ir_infer_integers (
    IrInferCtx *ctx, guint index, const char *what, GError **error);

/* Reads input @index, called @what, as one integer; see ir_infer_ints(). */
gboolean ir_infer_int (IrInferCtx *ctx, guint index, const char *what,
    gint64 *value, gboolean *known, GError **error);
gboolean ir_eval_int (
    const IrEvalCtx *ctx, guint index, gint64 *value, GError **error);

/* Makes @axis count from 0 in a shape of @rank dimensions. */
gboolean ir_normalise_axis (
    gint rank, gint64 axis, guint *index, GError **error);

/* Reads element @i of @indices as an index into @dim elements, negative ones
 * counting from the end. @what names the input in the message. */
gboolean ir_read_index (const IrTensor *indices, guint64 i, gint64 dim,
    const char *what, gint64 *index, GError **error);

/* Number of elements of a one-dimensional input, IR_DIM_UNKNOWN if not known;
 * a scalar counts as one. */
gint64 ir_list_length (const IrShape *shape);

G_END_DECLS

#endif
