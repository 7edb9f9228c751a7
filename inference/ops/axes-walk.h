/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_AXES_WALK_H
#define IR_AXES_WALK_H

#include "typed.h"

G_BEGIN_DECLS

/*
 * A dense tensor seen as an outer loop over the dimensions that are kept and an
 * inner one over those that an op joins (sums up, normalises over).
 */
typedef struct {
  IrShape kept;
  gint64 kept_step[IR_MAX_RANK];
  IrShape joined;
  gint64 joined_step[IR_MAX_RANK];
} IrAxesWalk;

/* @axes has bit d set where dimension d is joined. */
void ir_axes_walk_init (IrAxesWalk *walk, const IrShape *shape, guint axes);

/* Where the group of the kept index begins, in elements. */
gint64 ir_axes_walk_at (const IrAxesWalk *walk, const gint64 *kept_index);

/* Calls @func for each run of the group that begins at @at: @n elements from
 * element @first on, @step apart. */
typedef void (*IrRunFunc) (gint64 first, gint64 n, gint64 step, gpointer data);
void ir_axes_walk_runs (
    const IrAxesWalk *walk, gint64 at, IrRunFunc func, gpointer data);

/* Number of elements of a group. */
gint64 ir_axes_walk_size (const IrAxesWalk *walk);

/* Reads input @index as axes of input @of. @mask (out) has their bits set;
 * @known as in ir_infer_axes(). */
gboolean ir_infer_axes_mask (IrInferCtx *ctx, guint index, guint of,
    guint *mask, gboolean *known, GError **error);
gboolean ir_eval_axes_mask (
    const IrEvalCtx *ctx, guint index, guint of, guint *mask, GError **error);

G_END_DECLS

#endif
