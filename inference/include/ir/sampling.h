/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_SAMPLING_H
#define IR_SAMPLING_H

#include <ir/conv.h>
#include <ir/op.h>

G_BEGIN_DECLS

/*
 * Which pixels ops read that look at places of their input which other inputs say:
 * regions, a grid, offsets. All channels of an image, or a group of them, are read at
 * the same places.
 */

/** IR_POINT: pixels around a point. Since: 0.1 */
#define IR_POINT 4

/**
 * IrSamples: what one pixel of the output is made of
 * @image: of input 0
 * @n: points; the pixel is 0 if there are none
 * @taps: pixels that each point is a weighted sum of
 * @pixel: (array length=n*taps): row times width plus column; -1, of windows only, for a
 *   zero
 * @weight: (array length=n*taps): their shares
 * @divisor: what the sum of the points is divided by
 * @room: how many taps there is memory for
 * @scratch: where that is from
 * @own: (nullable): more memory, of which the op knows how much it asked for
 *
 * Since: 0.1
 */
typedef struct {
  gint64 image;
  gsize n;
  gsize taps;
  gint64 *pixel;
  float *weight;
  double divisor;
  gsize room;
  IrScratch *scratch;
  float *own;
} IrSamples;

/**
 * IrSampling: how an op does it
 * @ctx: of the op, as `evaluate` gets it; the contents of input 0 and of the output
 *   are not looked at, their shapes are
 * @images: of the output, [@images, channels, height, width]; what lies behind them is
 *   zeros
 * @window: of a convolution whose window has its elements moved: these are the points
 *   then, not to be summed up, and @images counts groups of channels that are moved
 *   together, image by image
 * @max: the largest of the points and @least is taken instead of their sum
 * @find: what pixel (@y, @x) of image @index is made of; %FALSE if there is no memory
 *
 * Since: 0.1
 */
struct _IrSampling {
  const IrEvalCtx *ctx;
  gint64 images;
  IrConvGeometry window;
  gboolean max;
  float least;
  gboolean (*find) (const IrSampling *sampling, gint64 index, gint64 y,
      gint64 x, IrSamples *samples);
};

/** ir_samples_new: (array length=n) (nullable): those of @n threads, with room for what
 * most pixels take; %NULL if there is no memory. Since: 0.1 */
IR_API IrSamples *ir_samples_new (IrScratch *scratch, guint n);

/** ir_samples_begin: makes room for @n points of @taps pixels; %FALSE if there is no
 * memory. Since: 0.1 */
IR_API gboolean ir_samples_begin (IrSamples *samples, gsize n, gsize taps);

G_END_DECLS

#endif
