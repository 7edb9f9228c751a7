/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proposal: anchors all over the image, moved and selected by a network. */
#include <math.h>
#include <string.h>
#include "suppress.h"

typedef struct {
  gint64 base_size;
  gint64 pre_nms_topn;
  gint64 post_nms_topn;
  double nms_thresh;
  gint64 feat_stride;
  gint64 min_size;
  IrF64s ratio;
  IrF64s scale;
  gboolean clip_before_nms;
  gboolean clip_after_nms;
  gboolean normalize;
  double box_size_scale;
  double box_coordinate_scale;
  const char *framework;
} ProposalAttrs;

enum {
  SCORES,
  DELTAS,
  IMAGE
};

#define MAX_BOXES (1 << 24)
#define MAX_ANCHORS 4096

/* --- infer ------------------------------------------------------------------- */

static gboolean
check_attrs (const ProposalAttrs *attrs, GError **error)
{
  if (!ir_roi_check_attr ("base_size", attrs->base_size, 1, 1 << 20, error) ||
      !ir_roi_check_attr (
          "pre_nms_topn", attrs->pre_nms_topn, 1, G_MAXINT64, error) ||
      !ir_roi_check_attr (
          "post_nms_topn", attrs->post_nms_topn, 1, MAX_BOXES, error) ||
      !ir_roi_check_attr (
          "feat_stride", attrs->feat_stride, 1, 1 << 20, error) ||
      !ir_roi_check_attr ("min_size", attrs->min_size, 0, 1 << 20, error))
    return FALSE;
  if (attrs->ratio.n < 1 || attrs->scale.n < 1 ||
      attrs->ratio.n > MAX_ANCHORS / attrs->scale.n)
    return ir_fail (error, IR_ERROR_SHAPE,
        "ratio and scale need 1 to %d pairs together", MAX_ANCHORS);
  return TRUE;
}

static gboolean
check_inputs (IrInferCtx *ctx, IrDType *dtype, GError **error)
{
  const ProposalAttrs *attrs = ctx->attrs;
  const gint64 anchors = (gint64) (attrs->ratio.n * attrs->scale.n);
  const gint64 n = ir_roi_dim (ctx, IMAGE, 0);

  if (!ir_roi_check_floats (ctx, 0, IMAGE + 1, dtype, error) ||
      !ir_roi_check_rank (ctx, SCORES, 4, "scores", error) ||
      !ir_roi_check_rank (ctx, DELTAS, 4, "deltas", error) ||
      !ir_roi_check_rank (ctx, IMAGE, 1, "image's size", error) ||
      !ir_roi_check_dim (ctx, SCORES, 1, 2 * anchors, "scores", error) ||
      !ir_roi_check_dim (ctx, DELTAS, 1, 4 * anchors, "deltas", error))
    return FALSE;
  for (guint d = 0; d < 4; d++) {
    if (d != 1 &&
        !ir_roi_check_dim (
            ctx, DELTAS, d, ir_roi_dim (ctx, SCORES, d), "deltas", error))
      return FALSE;
  }
  if (n != IR_DIM_UNKNOWN && n != 3 && n != 4)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the image's size (input 2) has %" G_GINT64_FORMAT
        " numbers, not 3 or 4",
        n);
  return TRUE;
}

static gboolean
infer (IrInferCtx *ctx, GError **error)
{
  const ProposalAttrs *attrs = ctx->attrs;
  IrShape boxes = { 2, { ir_roi_dim (ctx, SCORES, 0), 5 } };
  IrShape scores;
  IrDType dtype;

  if (!check_attrs (attrs, error) || !check_inputs (ctx, &dtype, error))
    return FALSE;
  if (boxes.dim[0] == IR_DIM_UNKNOWN)
    boxes.dim[0] = ir_roi_dim (ctx, DELTAS, 0);
  if (boxes.dim[0] > MAX_BOXES)
    return ir_fail (error, IR_ERROR_LIMIT, "the batch is too large");
  if (boxes.dim[0] != IR_DIM_UNKNOWN)
    boxes.dim[0] *= attrs->post_nms_topn;
  scores = ir_shape_1d (boxes.dim[0]);
  ir_infer_set (ctx, 0, dtype, &boxes);
  if (ctx->n_outputs > 1)
    ir_infer_set (ctx, 1, dtype, &scores);
  return TRUE;
}

/* --- evaluate ---------------------------------------------------------------- */

/* What the frameworks do differently. */
typedef struct {
  const ProposalAttrs *attrs;
  gboolean tensorflow;
  float extra; /* 1 where corners are pixels */
  float height;
  float width;
  float min_height;
  float min_width;
} Proposing;

static Proposing
read_image (const IrEvalCtx *ctx)
{
  const ProposalAttrs *attrs = ctx->attrs;
  const float *image = ir_eval_f32 (ctx, IMAGE);
  const gboolean two_scales = ctx->in[IMAGE]->shape.dim[0] == 4;
  Proposing p = { .attrs = attrs };

  p.tensorflow = strcmp (attrs->framework, "tensorflow") == 0;
  p.extra = p.tensorflow ? 0 : 1;
  /* There x runs along the rows of the map, so that the sizes change places. */
  p.height = image[p.tensorflow ? 1 : 0];
  p.width = image[p.tensorflow ? 0 : 1];
  p.min_height = (float) attrs->min_size * image[2];
  p.min_width = (float) attrs->min_size * image[two_scales ? 3 : 2];
  return p;
}

/* The anchor of a ratio and a scale at the image's origin. */
static IrBox
make_anchor (const Proposing *p, double ratio, double scale)
{
  const float base = (float) p->attrs->base_size;
  const float centre =
      0.5f * (base - p->extra) - (p->tensorflow ? 0.5f * base : 0);
  float width = sqrtf (base * base / (float) ratio);
  float height;
  IrBox anchor;

  if (!p->tensorflow)
    width = roundf (width);
  height = width * (float) ratio;
  if (!p->tensorflow)
    height = roundf (height);
  width = 0.5f * (width * (float) scale - p->extra);
  height = 0.5f * (height * (float) scale - p->extra);
  anchor = (IrBox){ centre - width, centre - height, centre + width,
    centre + height };
  return anchor;
}

static IrBox *
make_anchors (const Proposing *p, IrScratch *scratch)
{
  const gsize n_scales = p->attrs->scale.n, n = n_scales * p->attrs->ratio.n;
  IrBox *anchors = ir_scratch_take (scratch, n, sizeof *anchors);

  for (gsize a = 0; anchors && a < n; a++)
    anchors[a] = make_anchor (
        p, p->attrs->ratio.v[a / n_scales], p->attrs->scale.v[a % n_scales]);
  return anchors;
}

/* The proposal at one place, from the delta's four planes. */
static IrBox
propose (const Proposing *p, const IrBox *anchor, gint64 row, gint64 column,
    const float *delta, gint64 plane)
{
  const float x =
      (float) ((p->tensorflow ? row : column) * p->attrs->feat_stride);
  const float y =
      (float) ((p->tensorflow ? column : row) * p->attrs->feat_stride);
  const float place = (float) p->attrs->box_coordinate_scale;
  const float size = (float) p->attrs->box_size_scale;
  const float moves[4] = { delta[0] / place, delta[plane] / place,
    delta[2 * plane] / size, delta[3 * plane] / size };
  IrBox box = { x + anchor->x1, y + anchor->y1, x + anchor->x2,
    y + anchor->y2 };

  if (p->tensorflow)
    ir_box_clip (&box, p->width, p->height);
  box = ir_box_refine (&box, moves, INFINITY, p->extra);
  if (p->attrs->clip_before_nms)
    ir_box_clip (&box, p->width - p->extra, p->height - p->extra);
  return box;
}

static void
propose_all (const Proposing *p, const IrShape *shape, const IrBox *anchors,
    const float *scores, const float *deltas, IrBoxes *boxes)
{
  const gint64 plane = shape->dim[2] * shape->dim[3];
  const gint64 n_anchors = shape->dim[1] / 2;

  for (gint64 i = 0; i < plane; i++) {
    const gint64 row = i / shape->dim[3], column = i % shape->dim[3];

    for (gint64 a = 0; a < n_anchors; a++) {
      IrScoredBox scored = { 0 };
      const IrBox *box = &scored.box;

      scored.box = propose (
          p, &anchors[a], row, column, deltas + a * 4 * plane + i, plane);
      /* The second half of the channels are the scores of objects. */
      scored.score = scores[(n_anchors + a) * plane + i];
      if (!(p->min_width <= box->x2 - box->x1 + p->extra &&
              p->min_height <= box->y2 - box->y1 + p->extra))
        scored.score = 0;
      ir_boxes_add (boxes, &scored);
    }
  }
}

static void
write_boxes (const Proposing *p, const IrBoxes *boxes, gint64 batch,
    float *rows, float *scores)
{
  for (gsize i = 0; i < boxes->n; i++, rows += 5) {
    const IrScoredBox *scored = &boxes->box[i];
    const float wide = p->attrs->normalize ? p->width : 1;
    const float high = p->attrs->normalize ? p->height : 1;
    IrBox box = scored->box;

    if (p->attrs->clip_after_nms)
      ir_box_clip (&box, p->width, p->height);
    rows[0] = (float) batch;
    rows[1] = box.x1 / wide;
    rows[2] = box.y1 / high;
    rows[3] = box.x2 / wide;
    rows[4] = box.y2 / high;
    if (scores)
      scores[i] = scored->score;
  }
  /* Image -1 ends the list. */
  if ((gint64) boxes->n < p->attrs->post_nms_topn)
    rows[0] = -1;
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrShape *shape = &ctx->in[SCORES]->shape;
  const gint64 plane = shape->dim[2] * shape->dim[3];
  const Proposing p = read_image (ctx);
  const IrBox *anchors = make_anchors (&p, ctx->scratch);
  IrBoxes boxes;

  if (!ir_boxes_init (&boxes, ctx->scratch, shape->dim[1] / 2 * plane, error))
    return FALSE;
  if (!anchors)
    return ir_fail (error, IR_ERROR_LIMIT, "no memory for the anchors");
  for (gint64 b = 0; b < shape->dim[0]; b++) {
    const gint64 first = b * p.attrs->post_nms_topn;

    boxes.n = 0;
    propose_all (&p, shape, anchors,
        ir_eval_f32 (ctx, SCORES) + b * shape->dim[1] * plane,
        ir_eval_f32 (ctx, DELTAS) + b * shape->dim[1] * 2 * plane, &boxes);
    ir_boxes_sort (&boxes, p.attrs->pre_nms_topn);
    ir_boxes_suppress (
        &boxes, p.extra, (float) p.attrs->nms_thresh, p.attrs->post_nms_topn);
    write_boxes (&p, &boxes, b, ir_eval_out_f32 (ctx, 0) + first * 5,
        ctx->n_outputs > 1 ? ir_eval_out_f32 (ctx, 1) + first : NULL);
  }
  return TRUE;
}

static const IrAttrDesc attrs[] = {
  IR_ATTR_ROW (ProposalAttrs, base_size, I64, NULL),
  IR_ATTR_ROW (ProposalAttrs, pre_nms_topn, I64, NULL),
  IR_ATTR_ROW (ProposalAttrs, post_nms_topn, I64, NULL),
  IR_ATTR_ROW (ProposalAttrs, nms_thresh, F64, NULL),
  IR_ATTR_ROW (ProposalAttrs, feat_stride, I64, NULL),
  IR_ATTR_ROW (ProposalAttrs, min_size, I64, NULL),
  IR_ATTR_ROW (ProposalAttrs, ratio, F64S, NULL),
  IR_ATTR_ROW (ProposalAttrs, scale, F64S, NULL),
  IR_ATTR_ROW (ProposalAttrs, clip_before_nms, BOOL, "true"),
  IR_ATTR_ROW (ProposalAttrs, clip_after_nms, BOOL, "false"),
  IR_ATTR_ROW (ProposalAttrs, normalize, BOOL, "false"),
  IR_ATTR_ROW (ProposalAttrs, box_size_scale, F64, "1"),
  IR_ATTR_ROW (ProposalAttrs, box_coordinate_scale, F64, "1"),
  IR_ATTR_ROW (ProposalAttrs, framework, STRING, ""),
  IR_ATTR_END,
};

#define PROPOSAL(number, outputs, text)                                        \
  const IrOpDesc ir_op_proposal_##number = {                                   \
    .type = "Proposal",                                                        \
    .opset = number,                                                           \
    .min_inputs = 3,                                                           \
    .max_inputs = 3,                                                           \
    .n_outputs = outputs,                                                      \
    .flags = IR_OP_F32,                                                        \
    .attrs_size = sizeof (ProposalAttrs),                                      \
    .attrs = attrs,                                                            \
    .infer = infer,                                                            \
    .evaluate = evaluate,                                                      \
    .summary = text,                                                           \
  };

PROPOSAL (1, 1, "Regions that a network proposes, best first")
PROPOSAL (4, 2, "The same with their scores")
