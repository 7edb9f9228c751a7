/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_SHAPE_H
#define IR_SHAPE_H

#include <ir/error.h>

G_BEGIN_DECLS

/** IR_MAX_RANK: the most dimensions a tensor can have. Since: 0.1 */
#define IR_MAX_RANK 8
/** IR_DIM_UNKNOWN: a dimension that is known at run time only. Since: 0.1 */
#define IR_DIM_UNKNOWN (-1)
/** IR_RANK_UNKNOWN: not even the number of dimensions is known. Since: 0.1 */
#define IR_RANK_UNKNOWN (-1)

/**
 * IrShape:
 * @rank: number of dimensions, 0 for a scalar, %IR_RANK_UNKNOWN
 * @dim: the sizes, outermost first; %IR_DIM_UNKNOWN or >= 0. Those from @rank
 *   on are 0.
 *
 * A shape by value; nothing to free. It may be partial.
 *
 * Since: 0.1
 */
typedef struct {
  gint rank;
  gint64 dim[IR_MAX_RANK];
} IrShape;

/** ir_shape_scalar: rank 0. Since: 0.1 */
IR_API IrShape ir_shape_scalar (void);
/** ir_shape_unknown: unknown rank. Since: 0.1 */
IR_API IrShape ir_shape_unknown (void);
/** ir_shape_of_rank: @rank unknown dimensions; @rank is clamped to
 * [0, %IR_MAX_RANK]. Since: 0.1 */
IR_API IrShape ir_shape_of_rank (gint rank);
/** ir_shape_1d: one dimension. Since: 0.1 */
IR_API IrShape ir_shape_1d (gint64 dim);

/**
 * ir_shape_init:
 * @shape: (out): the shape
 * @rank: 0 to %IR_MAX_RANK
 * @dims: (array length=rank): each >= -1
 *
 * Returns: %FALSE with %IR_ERROR_LIMIT for a rank that is too high or
 *   %IR_ERROR_SHAPE for a dimension below -1
 *
 * Since: 0.1
 */
IR_API gboolean ir_shape_init (
    IrShape *shape, gsize rank, const gint64 *dims, GError **error);

/** ir_shape_is_static: whether rank and every dimension are known. Since: 0.1 */
IR_API gboolean ir_shape_is_static (const IrShape *shape);
/** ir_shape_equal: the same rank and dimensions, unknown equals unknown.
 * Since: 0.1 */
IR_API gboolean ir_shape_equal (const IrShape *a, const IrShape *b);
/** ir_shape_fits: whether some static shape satisfies both. Since: 0.1 */
IR_API gboolean ir_shape_fits (const IrShape *a, const IrShape *b);

/**
 * ir_shape_merge:
 * @into: (inout): gets what either of the two knows
 *
 * Returns: %FALSE, @into untouched, if they contradict each other
 *
 * Since: 0.1
 */
IR_API gboolean ir_shape_merge (IrShape *into, const IrShape *other);

/**
 * ir_shape_broadcast:
 * @into: (inout): the first shape, then the common one
 *
 * NumPy's rule: aligned at the innermost dimension, 1 stretches. An unknown
 * dimension beside one > 1 takes that one's size.
 *
 * Returns: %FALSE, @into untouched, if the two don't go together
 *
 * Since: 0.1
 */
IR_API gboolean ir_shape_broadcast (IrShape *into, const IrShape *other);

/**
 * ir_shape_count:
 * @count: (out): the product of the dimensions, 1 for a scalar
 *
 * Returns: %FALSE if the shape is not static or the product exceeds G_MAXINT64
 *
 * Since: 0.1
 */
IR_API gboolean ir_shape_count (const IrShape *shape, guint64 *count);

/** ir_shape_size: the product of the dimensions [first, end) of a shape that is
 * known to be static and countable, such as a tensor's; 1 for an empty range.
 * Since: 0.1 */
IR_API guint64 ir_shape_size (const IrShape *shape, gint first, gint end);

/**
 * ir_shape_axis:
 * @axis: from -rank to rank - 1
 * @index: (out): the same from 0 to rank - 1
 *
 * Returns: %FALSE with %IR_ERROR_SHAPE if it is out of range or the rank is
 *   unknown
 *
 * Since: 0.1
 */
IR_API gboolean ir_shape_axis (
    const IrShape *shape, gint64 axis, guint *index, GError **error);

/**
 * ir_shape_parse:
 * @text: "1,3,224,224" with optional blanks and brackets; `?` or -1 unknown,
 *   `a..b` an interval (unknown unless a = b), `...` unknown rank, "" a scalar
 *
 * Since: 0.1
 */
IR_API gboolean ir_shape_parse (
    const char *text, IrShape *shape, GError **error);

/**
 * ir_shape_to_string:
 *
 * Returns: (transfer full): such as "[1,3,?,224]", "[]" or "[...]"
 *
 * Since: 0.1
 */
IR_API char *ir_shape_to_string (const IrShape *shape);

/** IR_SHAPE_TEXT: room enough for ir_shape_print(). Since: 0.1 */
#define IR_SHAPE_TEXT 184

/**
 * ir_shape_print:
 * @buffer: %IR_SHAPE_TEXT bytes
 *
 * Returns: @buffer with the text of ir_shape_to_string(), for messages
 *
 * Since: 0.1
 */
IR_API const char *ir_shape_print (const IrShape *shape, char *buffer);

G_END_DECLS

#endif
