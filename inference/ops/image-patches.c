/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ExtractImagePatches and Col2Im: windows as columns, and back. */
#include <string.h>
#include "conv-common.h"
#include "roi.h"

/* --- ExtractImagePatches ----------------------------------------------------- */

typedef struct {
  IrI64s sizes;
  IrI64s strides;
  IrI64s rates;
  gint auto_pad;
} PatchAttrs;

static gboolean
patch_geometry (const PatchAttrs *attrs, const gint64 *in, IrConvGeometry *g,
    GError **error)
{
  const IrConvAttrs conv = { .strides = attrs->strides,
    .dilations = attrs->rates,
    .auto_pad = attrs->auto_pad };

  if (attrs->sizes.n != 2 || attrs->strides.n != 2 || attrs->rates.n != 2)
    return ir_fail (
        error, IR_ERROR_SHAPE, "sizes, strides and rates need 2 numbers each");
  if (attrs->sizes.v[0] < 1 || attrs->sizes.v[1] < 1 ||
      attrs->sizes.v[0] > IR_CONV_LIMIT || attrs->sizes.v[1] > IR_CONV_LIMIT)
    return ir_fail (error, IR_ERROR_SHAPE, "sizes are out of range");
  return ir_conv_geometry (&conv, 2, in, attrs->sizes.v, g, error);
}

static gboolean
infer_patches (IrInferCtx *ctx, GError **error)
{
  const PatchAttrs *attrs = ctx->attrs;
  const gint64 in[2] = { ir_roi_dim (ctx, 0, 2), ir_roi_dim (ctx, 0, 3) };
  IrShape out = { 4, { ir_roi_dim (ctx, 0, 0) } };
  IrConvGeometry g;

  if (!ir_infer_accept_input (ctx, 0, IR_ACCEPT_ANY, "the data", error) ||
      !ir_roi_check_rank (ctx, 0, 4, "data", error) ||
      !patch_geometry (attrs, in, &g, error) ||
      !ir_conv_product (g.kernel[0], g.kernel[1], &out.dim[1], error) ||
      !ir_conv_product (out.dim[1], ir_roi_dim (ctx, 0, 1), &out.dim[1], error))
    return FALSE;
  ir_conv_set_spatial (&out, g.out);
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

/* Copies element (@row, @column) of every window on one plane. */
static void
copy_tap (const IrConvGeometry *g, gint64 row, gint64 column, gsize size,
    const guint8 *plane, guint8 *out)
{
  for (gint64 i = 0; i < g->out[0] * g->out[1]; i++, out += size) {
    const gint64 y =
        i / g->out[1] * g->stride[0] - g->pad_begin[0] + row * g->dilation[0];
    const gint64 x = i % g->out[1] * g->stride[1] - g->pad_begin[1] +
        column * g->dilation[1];

    if (y >= 0 && y < g->in[0] && x >= 0 && x < g->in[1])
      memcpy (out, plane + (gsize) (y * g->in[1] + x) * size, size);
  }
}

static gboolean
evaluate_patches (IrEvalCtx *ctx, GError **error)
{
  const IrShape *in = &ctx->in[0]->shape;
  const gsize size = ir_dtype_size (ctx->in[0]->dtype);
  const gsize plane = (gsize) (in->dim[2] * in->dim[3]) * size;
  guint8 *out = ctx->out[0]->data;
  IrConvGeometry g;

  if (ir_tensor_count (ctx->out[0]) == 0)
    return TRUE;
  if (!patch_geometry (ctx->attrs, in->dim + 2, &g, error))
    return FALSE;
  for (gint64 b = 0; b < in->dim[0]; b++) {
    for (gint64 tap = 0; tap < g.kernel[0] * g.kernel[1]; tap++) {
      for (gint64 c = 0; c < in->dim[1]; c++) {
        copy_tap (&g, tap / g.kernel[1], tap % g.kernel[1], size,
            (const guint8 *) ctx->in[0]->data +
                (gsize) (b * in->dim[1] + c) * plane,
            out);
        out += (gsize) (g.out[0] * g.out[1]) * size;
      }
    }
  }
  return TRUE;
}

static const IrAttrDesc patch_attrs[] = {
  IR_ATTR_ROW (PatchAttrs, sizes, I64S, NULL),
  IR_ATTR_ROW (PatchAttrs, strides, I64S, NULL),
  IR_ATTR_ROW (PatchAttrs, rates, I64S, NULL),
  IR_ATTR_ENUM_ROW (PatchAttrs, auto_pad, NULL, ir_auto_pad_names),
  IR_ATTR_END,
};

const IrOpDesc ir_op_extract_image_patches_3 = {
  .type = "ExtractImagePatches",
  .opset = 3,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .attrs_size = sizeof (PatchAttrs),
  .attrs = patch_attrs,
  .infer = infer_patches,
  .evaluate = evaluate_patches,
  .summary = "Windows of an image as channels",
};

/* --- Col2Im ------------------------------------------------------------------ */

enum {
  COLUMNS,
  OUTPUT_SIZE,
  KERNEL
};

/* Reads two sizes; unknown ones if the value is. */
static gboolean
read_pair (IrInferCtx *ctx, guint index, gint64 least, const char *what,
    gint64 *pair, GError **error)
{
  gboolean known;
  gsize n;

  pair[0] = pair[1] = IR_DIM_UNKNOWN;
  if (!ir_infer_accept_input (ctx, index, IR_ACCEPT_INT, what, error) ||
      !ir_infer_rank (ctx, index, 1u << 1, what, error) ||
      !ir_roi_check_dim (ctx, index, 0, 2, what, error) ||
      !ir_infer_ints (ctx, index, pair, 2, &n, &known, error))
    return FALSE;
  return !known ||
      (ir_roi_check_attr (what, pair[0], least, IR_CONV_LIMIT, error) &&
          ir_roi_check_attr (what, pair[1], least, IR_CONV_LIMIT, error));
}

/* Of columns [images,] channels * taps, windows. */
static gboolean
check_columns (
    IrInferCtx *ctx, const IrConvGeometry *g, gint64 *channels, GError **error)
{
  const gint lead = ctx->in_shape[COLUMNS].rank - 2;
  gint64 taps, windows, rows;

  *channels = IR_DIM_UNKNOWN;
  if (!ir_conv_product (g->kernel[0], g->kernel[1], &taps, error) ||
      !ir_conv_product (g->out[0], g->out[1], &windows, error))
    return FALSE;
  if (lead < 0)
    return TRUE;
  if (!ir_roi_check_dim (
          ctx, COLUMNS, (guint) lead + 1, windows, "data", error))
    return FALSE;
  rows = ir_roi_dim (ctx, COLUMNS, (guint) lead);
  if (rows == IR_DIM_UNKNOWN || taps == IR_DIM_UNKNOWN)
    return TRUE;
  if (rows % taps != 0)
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GINT64_FORMAT " rows are no multiple of the kernel's "
        "%" G_GINT64_FORMAT " elements",
        rows, taps);
  *channels = rows / taps;
  return TRUE;
}

static gboolean
infer_col2im (IrInferCtx *ctx, GError **error)
{
  const gint rank = ctx->in_shape[COLUMNS].rank;
  IrShape out = rank < 0 ? ir_shape_unknown () : ir_shape_of_rank (rank + 1);
  gint64 size[2], kernel[2], channels;
  IrConvGeometry g;

  if (!ir_infer_accept_input (
          ctx, COLUMNS, IR_ACCEPT_FLOAT, "the data", error) ||
      !ir_infer_rank (ctx, COLUMNS, 1u << 2 | 1u << 3, "data", error) ||
      !read_pair (ctx, OUTPUT_SIZE, 0, "output_size", size, error) ||
      !read_pair (ctx, KERNEL, 1, "kernel_size", kernel, error) ||
      !ir_conv_geometry (ctx->attrs, 2, size, kernel, &g, error) ||
      !check_columns (ctx, &g, &channels, error))
    return FALSE;
  if (rank >= 0) {
    if (rank == 3)
      out.dim[0] = ir_roi_dim (ctx, COLUMNS, 0);
    out.dim[rank - 2] = channels;
    out.dim[rank - 1] = size[0];
    out.dim[rank] = size[1];
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[COLUMNS], &out);
  return TRUE;
}

/* Adds element (@row, @column) of every window to one plane. */
static void
add_tap (const IrConvGeometry *g, gint64 row, gint64 column, const float *from,
    float *plane)
{
  for (gint64 i = 0; i < g->out[0] * g->out[1]; i++) {
    const gint64 y =
        i / g->out[1] * g->stride[0] - g->pad_begin[0] + row * g->dilation[0];
    const gint64 x = i % g->out[1] * g->stride[1] - g->pad_begin[1] +
        column * g->dilation[1];

    if (y >= 0 && y < g->in[0] && x >= 0 && x < g->in[1])
      plane[y * g->in[1] + x] += from[i];
  }
}

static gboolean
evaluate_col2im (IrEvalCtx *ctx, GError **error)
{
  const IrShape *out = &ctx->out[0]->shape;
  const gint64 *size = out->dim + out->rank - 2;
  const gint64 n_planes = (gint64) ir_shape_size (out, 0, out->rank - 2);
  const float *from = ir_eval_f32 (ctx, COLUMNS);
  float *plane = ir_eval_out_f32 (ctx, 0);
  gint64 kernel[2];
  IrConvGeometry g;
  gsize n;

  if (!ir_eval_ints (ctx, KERNEL, kernel, 2, &n, error) ||
      !ir_conv_geometry (ctx->attrs, 2, size, kernel, &g, error))
    return FALSE;
  for (gint64 p = 0; p < n_planes; p++, plane += size[0] * size[1]) {
    for (gint64 tap = 0; tap < kernel[0] * kernel[1]; tap++) {
      add_tap (&g, tap / kernel[1], tap % kernel[1], from, plane);
      from += g.out[0] * g.out[1];
    }
  }
  return TRUE;
}

static const IrAttrDesc col2im_attrs[] = {
  IR_ATTR_ROW (IrConvAttrs, strides, I64S, ""),
  IR_ATTR_ROW (IrConvAttrs, dilations, I64S, ""),
  IR_ATTR_ROW (IrConvAttrs, pads_begin, I64S, ""),
  IR_ATTR_ROW (IrConvAttrs, pads_end, I64S, ""),
  IR_ATTR_END,
};

const IrOpDesc ir_op_col2im_15 = {
  .type = "Col2Im",
  .opset = 15,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrConvAttrs),
  .attrs = col2im_attrs,
  .infer = infer_col2im,
  .evaluate = evaluate_col2im,
  .summary = "An image from its windows as columns, overlaps summed",
};
