/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GridSample: an image read at the points of a grid. */
#include <math.h>
#include "roi.h"

enum {
  MODE_BILINEAR,
  MODE_BICUBIC,
  MODE_NEAREST
};

static const char *const mode_names[] = { "bilinear", "bicubic", "nearest",
  NULL };

enum {
  PADDING_ZEROS,
  PADDING_BORDER,
  PADDING_REFLECTION
};

static const char *const padding_names[] = { "zeros", "border", "reflection",
  NULL };

typedef struct {
  gboolean align_corners;
  gint mode;
  gint padding_mode;
} GridAttrs;

enum {
  DATA,
  GRID
};

static gboolean
infer (IrInferCtx *ctx, GError **error)
{
  IrShape out = { 4,
    { ir_roi_dim (ctx, DATA, 0), ir_roi_dim (ctx, DATA, 1),
        ir_roi_dim (ctx, GRID, 1), ir_roi_dim (ctx, GRID, 2) } };

  if (!ir_infer_accept_input (ctx, DATA, IR_ACCEPT_FLOAT, "the data", error) ||
      !ir_infer_accept_input (ctx, GRID, IR_ACCEPT_FLOAT, "the grid", error) ||
      !ir_roi_check_rank (ctx, DATA, 4, "data", error) ||
      !ir_roi_check_rank (ctx, GRID, 4, "grid", error) ||
      !ir_roi_check_dim (ctx, GRID, 3, 2, "grid", error) ||
      !ir_roi_check_dim (ctx, GRID, 0, out.dim[0], "grid", error))
    return FALSE;
  if (ir_roi_dim (ctx, DATA, 2) == 0 || ir_roi_dim (ctx, DATA, 3) == 0)
    return ir_fail (error, IR_ERROR_SHAPE, "the images have no pixels");
  if (out.dim[0] == IR_DIM_UNKNOWN)
    out.dim[0] = ir_roi_dim (ctx, GRID, 0);
  ir_infer_set (ctx, 0, ctx->in_dtype[DATA], &out);
  return TRUE;
}

/* The pixel that stands for pixel @at, -1 for none. */
static gint64
resolve (const GridAttrs *attrs, gint64 at, gint64 size)
{
  gint64 period;

  if (at >= 0 && at < size)
    return at;
  if (attrs->padding_mode == PADDING_ZEROS)
    return -1;
  if (attrs->padding_mode == PADDING_BORDER)
    return CLAMP (at, 0, size - 1);
  /* Mirrored at the centres of the outermost pixels, or at their edges. */
  if (attrs->align_corners) {
    period = MAX (2 * (size - 1), 1);
    at = ABS (at) % period;
    return at < size ? at : period - at;
  }
  period = 2 * size;
  at = (at % period + period) % period;
  return at < size ? at : period - 1 - at;
}

#define MAX_TAPS 4

/* The pixels that a point reads along one axis, with their weights. */
typedef struct {
  guint n;
  gint64 at[MAX_TAPS];
  float weight[MAX_TAPS];
} Taps;

/* Keys' kernel with a = -0.75. */
static void
cubic_weights (float t, float *weight)
{
  const float a = -0.75f;
  const float distance[MAX_TAPS] = { 1 + t, t, 1 - t, 2 - t };

  for (guint i = 0; i < MAX_TAPS; i++) {
    const float d = distance[i];

    if (i == 1 || i == 2)
      weight[i] = ((a + 2) * d - (a + 3)) * d * d + 1;
    else
      weight[i] = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  }
}

static Taps
make_taps (const GridAttrs *attrs, float place, gint64 size)
{
  /* Far outside it does not matter how far. */
  const float most = 1 << 30;
  const float at = attrs->align_corners ? (place + 1) * (float) (size - 1) / 2
                                        : ((place + 1) * (float) size - 1) / 2;
  const float inside = isnan (at) ? -most : CLAMP (at, -most, most);
  const float low = floorf (inside), t = inside - low;
  gint64 first = (gint64) low;
  Taps taps = { 1, { 0 }, { 1 } };

  if (attrs->mode == MODE_NEAREST) {
    first = (gint64) rintf (inside);
  } else if (attrs->mode == MODE_BILINEAR) {
    taps.n = 2;
    taps.weight[0] = 1 - t;
    taps.weight[1] = t;
  } else {
    taps.n = MAX_TAPS;
    first--;
    cubic_weights (t, taps.weight);
  }
  for (guint i = 0; i < taps.n; i++)
    taps.at[i] = resolve (attrs, first + i, size);
  return taps;
}

static gboolean
find (const IrSampling *s, gint64 i, gint64 y, gint64 x, IrSamples *samples)
{
  const gint64 *in = s->ctx->in[DATA]->shape.dim;
  const gint64 *out = s->ctx->out[0]->shape.dim;
  const float *at =
      ir_eval_f32 (s->ctx, GRID) + 2 * ((i * out[2] + y) * out[3] + x);
  const Taps rows = make_taps (s->ctx->attrs, at[1], in[2]);
  const Taps columns = make_taps (s->ctx->attrs, at[0], in[3]);
  gsize n = 0;

  samples->image = i;
  if (!ir_samples_begin (samples, 1, (gsize) rows.n * columns.n))
    return FALSE;
  for (guint r = 0; r < rows.n; r++)
    for (guint c = 0; c < columns.n; c++) {
      if (rows.at[r] < 0 || columns.at[c] < 0)
        continue;
      samples->pixel[n] = rows.at[r] * in[3] + columns.at[c];
      samples->weight[n++] = rows.weight[r] * columns.weight[c];
    }
  samples->taps = n;
  return TRUE;
}

static gboolean
sampling (const IrEvalCtx *ctx, IrSampling *s, GError **error)
{
  *s = (IrSampling){
    .ctx = ctx, .images = ctx->in[DATA]->shape.dim[0], .find = find
  };
  return TRUE;
}

static const IrAttrDesc attrs[] = {
  IR_ATTR_ROW (GridAttrs, align_corners, BOOL, "false"),
  IR_ATTR_ENUM_ROW (GridAttrs, mode, "bilinear", mode_names),
  IR_ATTR_ENUM_ROW (GridAttrs, padding_mode, "zeros", padding_names),
  IR_ATTR_END,
};

const IrOpDesc ir_op_grid_sample_9 = {
  .type = "GridSample",
  .opset = 9,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (GridAttrs),
  .attrs = attrs,
  .infer = infer,
  .evaluate = ir_eval_sampling,
  .sampling = sampling,
  .summary = "Images read at the points of a grid",
};
