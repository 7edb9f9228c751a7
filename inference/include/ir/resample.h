/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_RESAMPLE_H
#define IR_RESAMPLE_H

#include <ir/attrs.h>

G_BEGIN_DECLS

/*
 * Which elements of its input an Interpolate takes, and how much of each: the one
 * place that knows its modes. Every mode is separable: what it does along an axis
 * is a weighted sum of neighbours at each output position.
 */

/**
 * IrResample: how one dimension is resized
 * @attrs: those of Interpolate-4; Interpolate-1's are translated
 * @antialias: asked for, and some dimension shrinks
 * @data: elements of the input
 * @begin: zeros before them
 * @in: elements with zeros before and behind
 * @out: elements of the output
 * @scale: out for each in, as given or computed
 *
 * Since: 0.1
 */
typedef struct {
  IrInterpolateAttrs attrs;
  gboolean antialias;
  gint64 data;
  gint64 begin;
  gint64 in;
  gint64 out;
  float scale;
} IrResample;

/**
 * ir_resample_describe:
 * @ctx: of an Interpolate of any opset, as `evaluate` gets it; the contents of
 *   input 0 and of the output are not looked at, their shapes are
 * @axes: (out) (array length=rank): how each dimension is resized
 * @active: (out) (array length=rank): %FALSE for those that stay as they are
 *
 * Returns: %FALSE with %IR_ERROR_SHAPE or %IR_ERROR_LIMIT if the sizes, scales or
 *   axes make no sense
 *
 * Since: 0.1
 */
IR_API gboolean ir_resample_describe (
    const IrEvalCtx *ctx, IrResample *axes, gboolean *active, GError **error);

/** ir_resample_nearest: the input element that mode "nearest" takes for output
 * position @i; -1 for a zero of the padding. Since: 0.1 */
IR_API gint64 ir_resample_nearest (const IrResample *resample, gint64 i);

/**
 * IrTaps: output position i is the sum of weight[i * width + k] times input
 * first[i] + k, for k below count[i]
 *
 * Since: 0.1
 */
typedef struct {
  gint64 width;
  gint64 *first;
  gint64 *count;
  float *weight;
} IrTaps;

/** ir_taps_init: the weights of every mode but "nearest"; %FALSE with
 * %IR_ERROR_LIMIT if there is no memory, and nothing to clear. Since: 0.1 */
IR_API gboolean ir_taps_init (
    IrTaps *taps, const IrResample *resample, GError **error);
/** ir_taps_clear: frees what ir_taps_init() made. Since: 0.1 */
IR_API void ir_taps_clear (IrTaps *taps);

G_END_DECLS

#endif
