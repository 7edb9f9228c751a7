/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/preproc.h>

#include <math.h>

#include "pixel.h"

/* Far more than any picture, little enough for sums of products of them. */
#define MAX_SIDE 65536

void
ir_preproc_init (IrPreproc *recipe, guint width, guint height)
{
  *recipe = (IrPreproc){ .width = width,
    .height = height,
    .dtype = IR_DTYPE_F32,
    .scale = { 1, 1, 1 } };
}

static guint
channels (const IrPreproc *recipe)
{
  return recipe->color == IR_COLOR_GRAY ? 1 : 3;
}

IrShape
ir_preproc_shape (const IrPreproc *recipe)
{
  const gint64 c = channels (recipe), h = recipe->height, w = recipe->width;

  if (recipe->nhwc)
    return (IrShape){ 4, { 1, h, w, c } };
  return (IrShape){ 4, { 1, c, h, w } };
}

static gboolean
whole_picture (const IrRegion *region)
{
  return !region || region->width == 0;
}

static gboolean
check_recipe (const IrPreproc *recipe, GError **error)
{
  if (recipe->width < 1 || recipe->width > MAX_SIDE || recipe->height < 1 ||
      recipe->height > MAX_SIDE)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the tensor's picture is %ux%u, sides must be from 1 to %d",
        recipe->width, recipe->height, MAX_SIDE);
  if (recipe->dtype != IR_DTYPE_F32 && recipe->dtype != IR_DTYPE_F16 &&
      recipe->dtype != IR_DTYPE_BF16 && recipe->dtype != IR_DTYPE_U8 &&
      recipe->dtype != IR_DTYPE_I8)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "a picture can be made into f32, f16, bf16, u8 or i8, not %s",
        ir_dtype_name (recipe->dtype));
  if (recipe->color > IR_COLOR_GRAY || recipe->resize > IR_RESIZE_NONE ||
      recipe->interpolation > IR_INTERPOLATION_CUBIC)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "colour order %d, resize %d or interpolation %d is not one of the enum",
        recipe->color, recipe->resize, recipe->interpolation);
  if (!(recipe->pad_value >= 0 && recipe->pad_value <= 255))
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "pad value %g is not from 0 to 255", recipe->pad_value);
  for (guint c = 0; c < channels (recipe); c++)
    if (!isfinite (recipe->mean[c]) || !isfinite (recipe->scale[c]) ||
        recipe->scale[c] == 0)
      return ir_fail (error, IR_ERROR_UNSUPPORTED,
          "mean %g and scale %g of channel %u: they must be numbers, and scale "
          "not 0",
          recipe->mean[c], recipe->scale[c], c);
  return TRUE;
}

static gboolean
check_frame (const IrFrame *frame, GError **error)
{
  if ((guint) frame->format >= IR_PIXEL_COUNT ||
      (guint) frame->matrix > IR_MATRIX_BT2020)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "pixel format %d or colour matrix %d is not one of the enum",
        frame->format, frame->matrix);
  if (frame->width < 1 || frame->width > MAX_SIDE || frame->height < 1 ||
      frame->height > MAX_SIDE)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the picture is %ux%u, sides must be from 1 to %d", frame->width,
        frame->height, MAX_SIDE);
  for (guint p = 0; p < ir_pixel_planes (frame->format); p++) {
    gsize need = ir_pixel_row_bytes (frame->format, p, frame->width);

    if (!frame->plane[p] || frame->stride[p] < need)
      return ir_fail (error, IR_ERROR_SHAPE,
          "plane %u of the picture is missing or its rows are %zu bytes apart "
          "where they take %zu",
          p, frame->stride[p], need);
  }
  return TRUE;
}

static gboolean
check_region (const IrPreproc *recipe, const IrFrame *frame,
    const IrRegion *region, GError **error)
{
  IrRegion r = { 0, 0, frame->width, frame->height };

  if (!whole_picture (region))
    r = *region;
  if (!(fabs (r.x) <= MAX_SIDE && fabs (r.y) <= MAX_SIDE && r.width > 0 &&
          r.width <= MAX_SIDE && r.height > 0 && r.height <= MAX_SIDE))
    return ir_fail (error, IR_ERROR_SHAPE,
        "region %gx%g at %g,%g: sides must be above 0 and nothing beyond %d",
        r.width, r.height, r.x, r.y, MAX_SIDE);
  if (recipe->resize == IR_RESIZE_NONE &&
      (r.width != recipe->width || r.height != recipe->height))
    return ir_fail (error, IR_ERROR_SHAPE,
        "the picture is %gx%g and the network takes %ux%u: without resizing "
        "they must be equal",
        r.width, r.height, recipe->width, recipe->height);
  return TRUE;
}

gboolean
ir_preproc_check (const IrPreproc *recipe, const IrFrame *frame,
    const IrRegion *region, GError **error)
{
  return check_recipe (recipe, error) && check_frame (frame, error) &&
      check_region (recipe, frame, region, error);
}

gboolean
ir_preproc_check_tensor (const IrPreproc *recipe, guint batch_index,
    const IrTensor *tensor, GError **error)
{
  IrShape shape = ir_preproc_shape (recipe);
  char wants[IR_SHAPE_TEXT], has[IR_SHAPE_TEXT];

  if (tensor->shape.rank == 4)
    shape.dim[0] = tensor->shape.dim[0];
  if (tensor->dtype != recipe->dtype ||
      !ir_shape_equal (&tensor->shape, &shape))
    return ir_fail (error, IR_ERROR_SHAPE,
        "the recipe makes %s %s, the tensor is %s %s",
        ir_dtype_name (recipe->dtype), ir_shape_print (&shape, wants),
        ir_dtype_name (tensor->dtype), ir_shape_print (&tensor->shape, has));
  if (batch_index >= tensor->shape.dim[0])
    return ir_fail (error, IR_ERROR_SHAPE,
        "picture %u of a tensor that has room for %" G_GINT64_FORMAT,
        batch_index, tensor->shape.dim[0]);
  return TRUE;
}

/* The whole region, as large as it can be with its own aspect ratio. */
static void
place_letterbox (const IrPreproc *recipe, IrPlacement *place)
{
  double scale = MIN (recipe->width / place->source.width,
      recipe->height / place->source.height);
  double w = floor (place->source.width * scale + 0.5);
  double h = floor (place->source.height * scale + 0.5);

  place->width = CLAMP (w, 1, recipe->width);
  place->height = CLAMP (h, 1, recipe->height);
  if (!recipe->top_left) {
    place->left = (recipe->width - place->width) / 2;
    place->top = (recipe->height - place->height) / 2;
  }
}

static void
place_crop (const IrPreproc *recipe, IrPlacement *place)
{
  IrRegion *r = &place->source;
  double scale = MIN (r->width / recipe->width, r->height / recipe->height);
  double w = recipe->width * scale, h = recipe->height * scale;

  r->x += (r->width - w) / 2;
  r->y += (r->height - h) / 2;
  r->width = w;
  r->height = h;
}

IrPlacement
ir_preproc_place (
    const IrPreproc *recipe, const IrFrame *frame, const IrRegion *region)
{
  IrPlacement place = { 0, 0, recipe->width, recipe->height,
    { 0, 0, frame->width, frame->height } };

  if (!whole_picture (region))
    place.source = *region;
  if (recipe->resize == IR_RESIZE_LETTERBOX)
    place_letterbox (recipe, &place);
  else if (recipe->resize == IR_RESIZE_CROP)
    place_crop (recipe, &place);
  return place;
}

IrAffine
ir_preproc_affine (
    const IrPreproc *recipe, const IrFrame *frame, const IrRegion *region)
{
  IrPlacement place = ir_preproc_place (recipe, frame, region);
  double sx = place.source.width / place.width;
  double sy = place.source.height / place.height;
  IrAffine affine = { { sx, 0, place.source.x - sx * place.left, 0, sy,
      place.source.y - sy * place.top } };

  return affine;
}

void
ir_affine_apply (const IrAffine *affine, double *x, double *y)
{
  const double *m = affine->m;
  double px = *x, py = *y;

  *x = m[0] * px + m[1] * py + m[2];
  *y = m[3] * px + m[4] * py + m[5];
}
