/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_RESAMPLE_H
#define IR_RESAMPLE_H

#include "op-util.h"

G_BEGIN_DECLS

/*
 * Interpolation of one dimension. Every mode of Interpolate is separable: what
 * it does along an axis is a weighted sum of neighbours at each output position.
 */

/* How one dimension is resized. */
typedef struct {
  const IrInterpolateAttrs *attrs;
  gboolean antialias; /* asked for, and some dimension shrinks */
  gint64 data;        /* elements of the input */
  gint64 begin;       /* zeros before them */
  gint64 in;          /* elements with zeros before and behind */
  gint64 out;         /* elements of the output */
  float scale;        /* out for each in, as given or computed */
} IrResample;

/* Output position i is the sum of weight[i * width + k] times input
 * first[i] + k, for k below count[i]. */
typedef struct {
  gint64 width;
  gint64 *first;
  gint64 *count;
  float *weight;
} IrTaps;

gboolean ir_taps_init (
    IrTaps *taps, const IrResample *resample, GError **error);
void ir_taps_clear (IrTaps *taps);

/* The input element that mode "nearest" takes for output position @i; -1 for a
 * zero of the padding. */
gint64 ir_resample_nearest (const IrResample *resample, gint64 i);

G_END_DECLS

#endif
