/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PriorBox: the anchors of an SSD's feature map. */
#include <math.h>
#include "op-util.h"
#include "prior-box.h"

typedef struct {
  IrF64s min_size;
  IrF64s max_size;
  IrF64s aspect_ratio;
  IrF64s density;
  IrF64s fixed_ratio;
  IrF64s fixed_size;
  gboolean clip;
  gboolean flip;
  double step;
  double offset;
  IrF64s variance;
  gboolean scale_all_sizes;
  gboolean min_max_aspect_ratios_order;
} PriorBoxAttrs;

#define MAX_RATIOS 64
#define MAX_PRIORS 4096

/* 1, then the listed ratios and with `flip` their inverses, each once. */
static gsize
list_ratios (const PriorBoxAttrs *attrs, double *ratios)
{
  gsize n = 0;

  ratios[n++] = 1;
  for (gsize i = 0; i < attrs->aspect_ratio.n; i++) {
    double ratio = attrs->aspect_ratio.v[i];
    gboolean seen = FALSE;

    for (gsize j = 0; j < n; j++)
      seen = seen || fabs (ratios[j] - ratio) < 1e-6;
    if (seen || n + 2 > MAX_RATIOS)
      continue;
    ratios[n++] = ratio;
    if (attrs->flip)
      ratios[n++] = 1 / ratio;
  }
  return n;
}

/* Boxes of one cell in units of `count`; 0 and below means too many. */
static gint64
count_priors (const PriorBoxAttrs *attrs)
{
  double ratios[MAX_RATIOS];
  gint64 n_ratios = (gint64) list_ratios (attrs, ratios);
  gint64 sizes = (gint64) attrs->min_size.n;
  gint64 count;

  if (attrs->scale_all_sizes)
    count = n_ratios * sizes + (gint64) attrs->max_size.n;
  else
    count = n_ratios + sizes - 1;
  if (attrs->fixed_size.n > 0)
    count = n_ratios * (gint64) attrs->fixed_size.n;
  for (gsize i = 0; i < attrs->density.n; i++) {
    gint64 density = (gint64) attrs->density.v[i];
    gint64 each =
        attrs->fixed_ratio.n > 0 ? (gint64) attrs->fixed_ratio.n : n_ratios;

    count += each * (density * density - 1);
  }
  return count;
}

static gboolean
check_attrs (const PriorBoxAttrs *attrs, GError **error)
{
  if (attrs->aspect_ratio.n >= MAX_RATIOS / 2)
    return ir_fail (error, IR_ERROR_LIMIT, "more than %d aspect ratios",
        MAX_RATIOS / 2 - 1);
  for (gsize i = 0; i < attrs->aspect_ratio.n; i++) {
    if (!(attrs->aspect_ratio.v[i] > 0))
      return ir_fail (error, IR_ERROR_SHAPE, "aspect ratios must be positive");
  }
  for (gsize i = 0; i < attrs->fixed_ratio.n; i++) {
    if (!(attrs->fixed_ratio.v[i] > 0))
      return ir_fail (error, IR_ERROR_SHAPE, "fixed ratios must be positive");
  }
  for (gsize i = 0; i < attrs->density.n; i++) {
    if (!(attrs->density.v[i] >= 1 && attrs->density.v[i] <= 64))
      return ir_fail (
          error, IR_ERROR_SHAPE, "densities must be between 1 and 64");
  }
  if (attrs->density.n > 0 && attrs->density.n < attrs->fixed_size.n)
    return ir_fail (
        error, IR_ERROR_SHAPE, "there are fewer densities than fixed sizes");
  if (attrs->variance.n != 0 && attrs->variance.n != 1 &&
      attrs->variance.n != 4)
    return ir_fail (
        error, IR_ERROR_SHAPE, "variance must have no, one or four values");
  if (attrs->max_size.n > attrs->min_size.n)
    return ir_fail (
        error, IR_ERROR_SHAPE, "there are more max_size than min_size");
  if (attrs->min_size.n == 0 && attrs->fixed_size.n == 0)
    return ir_fail (
        error, IR_ERROR_SHAPE, "neither min_size nor fixed_size is given");
  if (count_priors (attrs) <= 0 || count_priors (attrs) > MAX_PRIORS)
    return ir_fail (
        error, IR_ERROR_LIMIT, "not 1 to %d boxes per cell", MAX_PRIORS);
  return TRUE;
}

gboolean
ir_infer_priors (IrInferCtx *ctx, gint64 per_cell, GError **error)
{
  IrShape shape = { 2, { 2, IR_DIM_UNKNOWN } };
  gint64 size[2];
  gint64 image[2];
  gsize n;
  gboolean known;
  guint64 total;

  for (guint i = 0; i < 2; i++) {
    if (!ir_infer_rank (ctx, i, 1u << 1, "size", error))
      return FALSE;
    if (ctx->in_shape[i].rank == 1 && ctx->in_shape[i].dim[0] >= 0 &&
        ctx->in_shape[i].dim[0] != 2)
      return ir_fail (
          error, IR_ERROR_SHAPE, "input %u must hold height and width", i);
  }
  if (!ir_infer_ints (ctx, 1, image, 2, &n, &known, error))
    return FALSE;
  if (known && (image[0] <= 0 || image[1] <= 0))
    return ir_fail (error, IR_ERROR_SHAPE, "the image's size is not positive");
  if (!ir_infer_ints (ctx, 0, size, 2, &n, &known, error))
    return FALSE;
  if (known) {
    if (size[0] <= 0 || size[1] <= 0)
      return ir_fail (
          error, IR_ERROR_SHAPE, "the feature map's size is not positive");
    if (!g_uint64_checked_mul (&total, (guint64) size[0], (guint64) size[1]) ||
        !g_uint64_checked_mul (&total, total, (guint64) per_cell * 4) ||
        total > G_MAXINT32)
      return ir_fail (error, IR_ERROR_LIMIT, "too many boxes");
    shape.dim[1] = (gint64) total;
  }
  ir_infer_set (ctx, 0, IR_DTYPE_F32, &shape);
  return TRUE;
}

static gboolean
infer (IrInferCtx *ctx, GError **error)
{
  return check_attrs (ctx->attrs, error) &&
      ir_infer_priors (ctx, count_priors (ctx->attrs), error);
}

/* --- evaluate -------------------------------------------------------------- */

typedef struct {
  const PriorBoxAttrs *attrs;
  float image_w;
  float image_h;
  float *at;
  const float *end;
} Writer;

/* With fixed_ratio the op's own formula counts fewer boxes than the lists make
 * unless aspect_ratio has as many; what does not fit is dropped, as the shape is
 * the contract. */
static void
put_box (Writer *writer, float x, float y, float half_w, float half_h)
{
  if (writer->at == writer->end)
    return;
  writer->at[0] = (x - half_w) / writer->image_w;
  writer->at[1] = (y - half_h) / writer->image_h;
  writer->at[2] = (x + half_w) / writer->image_w;
  writer->at[3] = (y + half_h) / writer->image_h;
  writer->at += 4;
}

/* Boxes of a density are held inside the picture one by one. */
static void
put_clipped (Writer *writer, float x, float y, float half_w, float half_h)
{
  float *at = writer->at;

  if (at == writer->end)
    return;
  put_box (writer, x, y, half_w, half_h);
  at[0] = MAX (at[0], 0);
  at[1] = MAX (at[1], 0);
  at[2] = MIN (at[2], 1);
  at[3] = MIN (at[3], 1);
}

static void
put_dense (
    Writer *writer, float x, float y, float size, gint density, float ratio)
{
  float root = sqrtf (ratio);
  float half_w = size * 0.5f * root;
  float half_h = size * 0.5f / root;
  gint shift = (gint) size / density;
  float first_x = x - size / 2 + (float) shift / 2;
  float first_y = y - size / 2 + (float) shift / 2;

  for (gint r = 0; r < density; r++) {
    for (gint c = 0; c < density; c++)
      put_clipped (writer, first_x + (float) (c * shift),
          first_y + (float) (r * shift), half_w, half_h);
  }
}

static void
put_fixed (
    Writer *writer, float x, float y, const double *ratios, gsize n_ratios)
{
  const PriorBoxAttrs *attrs = writer->attrs;

  for (gsize i = 0; i < attrs->fixed_size.n; i++) {
    float size = (float) attrs->fixed_size.v[i];
    gint density = attrs->density.n > 0 ? (gint) attrs->density.v[i] : 1;

    if (attrs->fixed_ratio.n > 0) {
      for (gsize k = 0; k < attrs->fixed_ratio.n; k++)
        put_dense (
            writer, x, y, size, density, (float) attrs->fixed_ratio.v[k]);
      continue;
    }
    for (gsize k = 0; k < n_ratios; k++)
      put_dense (writer, x, y, size, density, (float) ratios[k]);
  }
}

static void
put_ratios (Writer *writer, float x, float y, float size, const double *ratios,
    gsize n_ratios)
{
  for (gsize k = 1; k < n_ratios; k++) {
    float root = sqrtf ((float) ratios[k]);

    put_box (writer, x, y, size * 0.5f * root, size * 0.5f / root);
  }
}

static void
put_sizes (
    Writer *writer, float x, float y, const double *ratios, gsize n_ratios)
{
  const PriorBoxAttrs *attrs = writer->attrs;

  for (gsize i = 0; i < attrs->min_size.n; i++) {
    float least = (float) attrs->min_size.v[i];
    gboolean has_max = i < attrs->max_size.n;
    gboolean last = i + 1 == attrs->min_size.n;
    float root = has_max ? sqrtf (least * (float) attrs->max_size.v[i]) : 0;

    if (!attrs->scale_all_sizes) {
      put_box (writer, x, y, least * writer->image_h * 0.5f,
          least * writer->image_h * 0.5f);
      if (last)
        put_ratios (writer, x, y,
            (float) attrs->min_size.v[0] * writer->image_h, ratios, n_ratios);
      continue;
    }
    put_box (writer, x, y, least * 0.5f, least * 0.5f);
    if (has_max && attrs->min_max_aspect_ratios_order)
      put_box (writer, x, y, root * 0.5f, root * 0.5f);
    put_ratios (writer, x, y, least, ratios, n_ratios);
    if (has_max && !attrs->min_max_aspect_ratios_order)
      put_box (writer, x, y, root * 0.5f, root * 0.5f);
  }
}

void
ir_fill_variances (IrTensor *out, const IrF64s *variance)
{
  gsize n = (gsize) out->shape.dim[1];
  float *at = (float *) out->data + n;

  for (gsize i = 0; i < n; i++) {
    if (variance->n == 0)
      at[i] = 0.1f;
    else
      at[i] = (float) variance->v[variance->n == 1 ? 0 : i % 4];
  }
}

void
ir_clip_priors (IrTensor *out)
{
  float *at = out->data;

  for (gint64 i = 0; i < out->shape.dim[1]; i++)
    at[i] = CLAMP (at[i], 0.0f, 1.0f);
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  const PriorBoxAttrs *attrs = ctx->attrs;
  gint64 height = ir_tensor_get_i64 (ctx->in[0], 0);
  gint64 width = ir_tensor_get_i64 (ctx->in[0], 1);
  Writer writer = { attrs, (float) ir_tensor_get_f64 (ctx->in[1], 1),
    (float) ir_tensor_get_f64 (ctx->in[1], 0), ctx->out[0]->data,
    (const float *) ctx->out[0]->data + ctx->out[0]->shape.dim[1] };
  float step = (float) attrs->step;
  double ratios[MAX_RATIOS];
  gsize n_ratios = list_ratios (attrs, ratios);

  if (!attrs->scale_all_sizes)
    step = step == -1 ? writer.image_h / (float) height : step * writer.image_h;
  for (gint64 h = 0; h < height; h++) {
    for (gint64 w = 0; w < width; w++) {
      float x, y;

      if (step == 0) {
        x = ((float) w + 0.5f) * writer.image_w / (float) width;
        y = ((float) h + 0.5f) * writer.image_h / (float) height;
      } else {
        x = ((float) attrs->offset + (float) w) * step;
        y = ((float) attrs->offset + (float) h) * step;
      }
      put_fixed (&writer, x, y, ratios, n_ratios);
      put_sizes (&writer, x, y, ratios, n_ratios);
    }
  }
  if (attrs->clip)
    ir_clip_priors (ctx->out[0]);
  ir_fill_variances (ctx->out[0], &attrs->variance);
  return TRUE;
}

/* --- descriptors ----------------------------------------------------------- */

#define A(field, kind, def) IR_ATTR_ROW (PriorBoxAttrs, field, kind, def)
#define COMMON_ATTRS                                                           \
  A (min_size, F64S, ""), A (max_size, F64S, ""), A (aspect_ratio, F64S, ""),  \
      A (density, F64S, ""), A (fixed_ratio, F64S, ""),                        \
      A (fixed_size, F64S, ""), A (clip, BOOL, "false"),                       \
      A (flip, BOOL, "false"), A (step, F64, "0"), A (offset, F64, NULL),      \
      A (variance, F64S, ""), A (scale_all_sizes, BOOL, "true")

static const IrAttrDesc attrs_1[] = { COMMON_ATTRS, IR_ATTR_END };
static const IrAttrDesc attrs_8[] = { COMMON_ATTRS,
  A (min_max_aspect_ratios_order, BOOL, "true"), IR_ATTR_END };

/* The older form has the order that is the newer one's default. */
static gboolean
evaluate_1 (IrEvalCtx *ctx, GError **error)
{
  PriorBoxAttrs attrs = *(const PriorBoxAttrs *) ctx->attrs;
  IrEvalCtx inner = *ctx;

  attrs.min_max_aspect_ratios_order = TRUE;
  inner.attrs = &attrs;
  return evaluate (&inner, error);
}

const IrOpDesc ir_op_prior_box_1 = {
  .type = "PriorBox",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .attrs_size = sizeof (PriorBoxAttrs),
  .attrs = attrs_1,
  .infer = infer,
  .evaluate = evaluate_1,
  .summary = "SSD's anchors from sizes and aspect ratios, with variances",
};

const IrOpDesc ir_op_prior_box_8 = {
  .type = "PriorBox",
  .opset = 8,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .attrs_size = sizeof (PriorBoxAttrs),
  .attrs = attrs_8,
  .infer = infer,
  .evaluate = evaluate,
  .summary = "PriorBox-1 with a choice of the order of boxes",
};
