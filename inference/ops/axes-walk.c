/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "axes-walk.h"

void
ir_axes_walk_init (IrAxesWalk *walk, const IrShape *shape, guint axes)
{
  gint64 stride[IR_MAX_RANK];
  gint last = -1;

  *walk = (IrAxesWalk){ 0 };
  ir_strides (shape, stride);
  for (gint d = 0; d < shape->rank; d++) {
    const gint joined = (axes >> d) & 1;
    IrShape *part = joined ? &walk->joined : &walk->kept;
    gint64 *step = joined ? walk->joined_step : walk->kept_step;

    /* Neighbours of one kind are one dimension. */
    if (joined == last)
      part->dim[part->rank - 1] *= shape->dim[d];
    else
      part->dim[part->rank++] = shape->dim[d];
    step[part->rank - 1] = stride[d];
    last = joined;
  }
}

gint64
ir_axes_walk_at (const IrAxesWalk *walk, const gint64 *kept_index)
{
  gint64 at = 0;

  for (gint d = 0; d < walk->kept.rank; d++)
    at += kept_index[d] * walk->kept_step[d];
  return at;
}

void
ir_axes_walk_runs (
    const IrAxesWalk *walk, gint64 at, IrRunFunc func, gpointer data)
{
  const gint last = walk->joined.rank - 1;
  gint64 index[IR_MAX_RANK] = { 0 };
  IrShape outer = walk->joined;

  if (last < 0) {
    func (at, 1, 1, data);
    return;
  }
  if (ir_axes_walk_size (walk) == 0)
    return;

  outer.rank = last;
  do {
    gint64 first = at;

    for (gint d = 0; d < last; d++)
      first += index[d] * walk->joined_step[d];
    func (first, walk->joined.dim[last], walk->joined_step[last], data);
  } while (ir_next_index (&outer, index));
}

gint64
ir_axes_walk_size (const IrAxesWalk *walk)
{
  return (gint64) ir_shape_size (&walk->joined, 0, walk->joined.rank);
}

static guint
to_mask (const guint *axes, gsize n)
{
  guint mask = 0;

  for (gsize i = 0; i < n; i++)
    mask |= 1u << axes[i];
  return mask;
}

gboolean
ir_infer_axes_mask (IrInferCtx *ctx, guint index, guint of, guint *mask,
    gboolean *known, GError **error)
{
  guint axes[IR_MAX_RANK];
  gsize n = 0;

  if (!ir_infer_axes (ctx, index, of, axes, &n, known, error))
    return FALSE;
  *mask = *known ? to_mask (axes, n) : 0;
  return TRUE;
}

gboolean
ir_eval_axes_mask (
    const IrEvalCtx *ctx, guint index, guint of, guint *mask, GError **error)
{
  guint axes[IR_MAX_RANK];
  gsize n;

  if (!ir_eval_axes (ctx, index, of, axes, &n, error))
    return FALSE;
  *mask = to_mask (axes, n);
  return TRUE;
}
