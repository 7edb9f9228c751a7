/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_PREPROC_H
#define IR_PREPROC_H

#include <ir/tensor.h>

G_BEGIN_DECLS

/*
 * From a camera's picture to a network's input in one pass: crop, resize,
 * colour order, (x - mean) / scale, layout, type.
 */

/** IrPixelFormat: layouts of pictures, with GStreamer's names for them.
 * BGRX stands for BGRA too, RGBX for RGBA. Since: 0.1 */
typedef enum {
  IR_PIXEL_NV12,
  IR_PIXEL_I420,
  IR_PIXEL_YUY2,
  IR_PIXEL_BGRX,
  IR_PIXEL_RGBX,
  IR_PIXEL_BGR,
  IR_PIXEL_RGB,
  IR_PIXEL_GRAY8,
  IR_PIXEL_COUNT
} IrPixelFormat;

/** IrColorMatrix: how Y'CbCr becomes R'G'B'. Since: 0.1 */
typedef enum {
  IR_MATRIX_BT601,
  IR_MATRIX_BT709,
  IR_MATRIX_BT2020,
} IrColorMatrix;

/**
 * IrFrame: a picture that somebody else owns
 * @width: in pixels, > 0
 * @height: in pixels, > 0
 * @plane: first byte of each plane
 * @stride: bytes from one row to the next, per plane
 * @full_range: luma 0..255 instead of 16..235 (Y'CbCr only)
 *
 * Since: 0.1
 */
typedef struct {
  IrPixelFormat format;
  guint width;
  guint height;
  const guint8 *plane[3];
  gsize stride[3];
  IrColorMatrix matrix;
  gboolean full_range;
} IrFrame;

/** IrResize: how the region meets the network's size. Stretch: each axis by
 * itself. Letterbox: the whole region with its aspect ratio, the rest padded.
 * Crop: the largest centred part of the region that has the network's aspect
 * ratio. None: sizes must be equal. Since: 0.1 */
typedef enum {
  IR_RESIZE_STRETCH,
  IR_RESIZE_LETTERBOX,
  IR_RESIZE_CROP,
  IR_RESIZE_NONE,
} IrResize;

/** IrInterpolation: sample positions are pixel centres (OpenCV's INTER_LINEAR,
 * INTER_NEAREST_EXACT, INTER_AREA, INTER_CUBIC). Since: 0.1 */
typedef enum {
  IR_INTERPOLATION_BILINEAR,
  IR_INTERPOLATION_NEAREST,
  IR_INTERPOLATION_AREA,
  IR_INTERPOLATION_CUBIC,
} IrInterpolation;

/** IrColorOrder: of the tensor's channels. Since: 0.1 */
typedef enum {
  IR_COLOR_RGB,
  IR_COLOR_BGR,
  IR_COLOR_GRAY,
} IrColorOrder;

/**
 * IrPreproc: the recipe
 * @width: of the tensor
 * @height: of the tensor
 * @nhwc: channels last instead of `[1,C,H,W]`
 * @dtype: of the tensor: f32, f16, bf16, u8, i8
 * @color: order of channels; gray gives one channel
 * @resize: what to do with the aspect ratio
 * @interpolation: how to sample
 * @top_left: letterbox keeps the picture at the top left instead of centred
 * @pad_value: (0..255) for the letterbox and beyond the picture's borders, before
 *   mean and scale
 * @mean: per channel of the tensor
 * @scale: divisors per channel of the tensor, not 0
 *
 * Since: 0.1
 */
typedef struct {
  guint width;
  guint height;
  gboolean nhwc;
  IrDType dtype;
  IrColorOrder color;
  IrResize resize;
  IrInterpolation interpolation;
  gboolean top_left;
  float pad_value;
  float mean[3];
  float scale[3];
} IrPreproc;

/** IrRegion: a part of a picture in pixels, (0, 0) at the outer corner of the
 * top left one; fractions are honoured. What lies outside the region is not
 * looked at: its border pixels are repeated where an interpolation needs more.
 * It may reach beyond the picture, where it shows the recipe's @pad_value. Zero
 * width means the whole picture. Since: 0.1 */
typedef struct {
  double x;
  double y;
  double width;
  double height;
} IrRegion;

/**
 * IrPlacement: what of the picture goes where in the tensor
 * @left: of the part of the tensor that the picture fills, in its pixels; the
 *   rest is padding
 * @top: of that part
 * @width: of that part, > 0
 * @height: of that part, > 0
 * @source: the part of the picture that is shown there
 *
 * Since: 0.1
 */
typedef struct {
  guint left;
  guint top;
  guint width;
  guint height;
  IrRegion source;
} IrPlacement;

/**
 * IrAffine: maps a point of the tensor to a point of the picture,
 * `X = m[0] x + m[1] y + m[2]`, `Y = m[3] x + m[4] y + m[5]`, both in pixels with
 * (0, 0) at the outer corner of the top left one.
 *
 * Since: 0.1
 */
typedef struct {
  double m[6];
} IrAffine;

/** ir_preproc_init: RGB, stretch, bilinear, f32, mean 0, scale 1. Since: 0.1 */
IR_API void ir_preproc_init (IrPreproc *recipe, guint width, guint height);

/**
 * ir_preproc_check:
 *
 * Returns: %FALSE with %IR_ERROR_UNSUPPORTED or %IR_ERROR_SHAPE saying which
 *   field is wrong
 *
 * Since: 0.1
 */
IR_API gboolean ir_preproc_check (const IrPreproc *recipe, const IrFrame *frame,
    const IrRegion *region, GError **error);

/** ir_preproc_shape: shape of one picture's tensor, with the batch of 1.
 * Since: 0.1 */
IR_API IrShape ir_preproc_shape (const IrPreproc *recipe);

/** ir_preproc_check_tensor: whether @tensor is of @recipe's type and shape, with
 * room for picture @batch_index of it.
 *
 * Returns: %FALSE with %IR_ERROR_SHAPE
 *
 * Since: 0.1 */
IR_API gboolean ir_preproc_check_tensor (const IrPreproc *recipe,
    guint batch_index, const IrTensor *tensor, GError **error);

/** ir_preproc_place: where the picture comes to lie. The recipe and what it is
 * applied to must have passed ir_preproc_check(). Since: 0.1 */
IR_API IrPlacement ir_preproc_place (
    const IrPreproc *recipe, const IrFrame *frame, const IrRegion *region);

/** ir_preproc_affine: the way back from the tensor to the picture, whatever the
 * contents. Since: 0.1 */
IR_API IrAffine ir_preproc_affine (
    const IrPreproc *recipe, const IrFrame *frame, const IrRegion *region);

/** ir_affine_apply: maps (@x, @y) in place. Since: 0.1 */
IR_API void ir_affine_apply (const IrAffine *affine, double *x, double *y);

/**
 * ir_preproc_run_reference:
 * @region: (nullable): what to take; %NULL for the whole picture
 * @batch_index: which picture of the tensor to fill
 * @tensor: a tensor of @recipe's type and shape, or with a larger batch
 *
 * The plain computation in double precision, the truth for what devices do.
 * Each Y'CbCr pixel takes the chroma sample of the 2x2 (or 2x1) block that it
 * is in, as OpenCV's cvtColor() and GStreamer's converter with its default
 * settings do: chroma is not interpolated, whatever its siting. A colour is
 * clamped to 0..255 before and after the interpolation and never rounded in
 * between; integer tensors get the nearest integer. Gray is 0.299 R + 0.587 G +
 * 0.114 B.
 *
 * Since: 0.1
 */
IR_API gboolean ir_preproc_run_reference (const IrPreproc *recipe,
    const IrFrame *frame, const IrRegion *region, guint batch_index,
    IrTensor *tensor, GError **error);

G_END_DECLS

#endif
