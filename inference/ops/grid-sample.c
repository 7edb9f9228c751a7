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

static float
read_point (
    const float *plane, gint64 width, const Taps *rows, const Taps *columns)
{
  float sum = 0;

  for (guint i = 0; i < rows->n; i++) {
    const float *row = plane + rows->at[i] * width;
    float across = 0;

    if (rows->at[i] < 0)
      continue;
    for (guint j = 0; j < columns->n; j++) {
      if (columns->at[j] >= 0)
        across += columns->weight[j] * row[columns->at[j]];
    }
    sum += rows->weight[i] * across;
  }
  return sum;
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrShape *shape = &ctx->out[0]->shape;
  const gint64 n_points = shape->dim[2] * shape->dim[3];
  const float *grid = ir_eval_f32 (ctx, GRID);
  float *out = ir_eval_out_f32 (ctx, 0);

  for (gint64 b = 0; b < shape->dim[0]; b++) {
    const IrMaps maps = ir_roi_maps (ctx, b);

    for (gint64 i = 0; i < n_points; i++, grid += 2) {
      const Taps rows = make_taps (ctx->attrs, grid[1], maps.height);
      const Taps columns = make_taps (ctx->attrs, grid[0], maps.width);

      for (gint64 c = 0; c < maps.channels; c++)
        out[c * n_points + i] =
            read_point (maps.data + c * maps.height * maps.width, maps.width,
                &rows, &columns);
    }
    out += maps.channels * n_points;
  }
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
  .evaluate = evaluate,
  .summary = "Images read at the points of a grid",
};
