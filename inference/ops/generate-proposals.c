/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GenerateProposals and Detectron's form of it for one image: given anchors,
 * moved and selected by a network. */
#include "suppress.h"

typedef struct {
  double min_size;
  double nms_threshold;
  gint64 post_nms_count;
  gint64 pre_nms_count;
  gboolean normalized;
  double nms_eta;
  gint roi_num_type;
} GenerateAttrs;

enum {
  IMAGE,
  ANCHORS,
  DELTAS,
  SCORES
};

#define MAX_BOXES (1 << 24)

/* --- infer ------------------------------------------------------------------- */

static gboolean
check_counts (const GenerateAttrs *attrs, GError **error)
{
  return ir_roi_check_attr (
             "post_nms_count", attrs->post_nms_count, 0, MAX_BOXES, error) &&
      ir_roi_check_attr (
          "pre_nms_count", attrs->pre_nms_count, 0, G_MAXINT64, error);
}

/* Deltas have four times the channels of the scores, which are dimension
 * @channels; the dimensions around are the same. */
static gboolean
check_maps (IrInferCtx *ctx, guint channels, GError **error)
{
  const gint64 anchors = ir_roi_dim (ctx, SCORES, channels);

  if (anchors > MAX_BOXES)
    return ir_fail (error, IR_ERROR_LIMIT, "there are too many anchors");
  if (!ir_roi_check_dim (ctx, DELTAS, channels,
          anchors == IR_DIM_UNKNOWN ? anchors : 4 * anchors, "deltas", error))
    return FALSE;
  for (guint d = 0; d < channels + 3; d++) {
    if (d != channels &&
        !ir_roi_check_dim (
            ctx, DELTAS, d, ir_roi_dim (ctx, SCORES, d), "deltas", error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
infer_single (IrInferCtx *ctx, GError **error)
{
  const GenerateAttrs *attrs = ctx->attrs;
  const IrShape boxes = { 2, { attrs->post_nms_count, 4 } };
  const IrShape scores = ir_shape_1d (attrs->post_nms_count);
  gint64 n, plane;
  IrDType dtype;

  if (!check_counts (attrs, error) ||
      !ir_roi_check_floats (ctx, 0, SCORES + 1, &dtype, error) ||
      !ir_roi_check_rank (ctx, IMAGE, 1, "image's size", error) ||
      !ir_roi_check_dim (ctx, IMAGE, 0, 3, "image's size", error) ||
      !ir_roi_check_rank (ctx, ANCHORS, 2, "anchors", error) ||
      !ir_roi_check_dim (ctx, ANCHORS, 1, 4, "anchors", error) ||
      !ir_roi_check_rank (ctx, DELTAS, 3, "deltas", error) ||
      !ir_roi_check_rank (ctx, SCORES, 3, "scores", error) ||
      !check_maps (ctx, 0, error))
    return FALSE;
  if (ir_shape_is_static (&ctx->in_shape[SCORES])) {
    n = ir_roi_dim (ctx, SCORES, 0);
    plane = ir_roi_dim (ctx, SCORES, 1) * ir_roi_dim (ctx, SCORES, 2);
    if (!ir_roi_check_dim (ctx, ANCHORS, 0, n * plane, "anchors", error))
      return FALSE;
  }
  ir_infer_set (ctx, 0, dtype, &boxes);
  ir_infer_set (ctx, 1, dtype, &scores);
  return TRUE;
}

static gboolean
check_batch (IrInferCtx *ctx, GError **error)
{
  const gint64 numbers = ir_roi_dim (ctx, IMAGE, 1);

  if (!ir_roi_check_rank (ctx, IMAGE, 2, "image's size", error) ||
      !ir_roi_check_rank (ctx, ANCHORS, 4, "anchors", error) ||
      !ir_roi_check_rank (ctx, DELTAS, 4, "deltas", error) ||
      !ir_roi_check_rank (ctx, SCORES, 4, "scores", error) ||
      !ir_roi_check_dim (
          ctx, IMAGE, 0, ir_roi_dim (ctx, SCORES, 0), "image's size", error) ||
      !ir_roi_check_dim (
          ctx, ANCHORS, 0, ir_roi_dim (ctx, SCORES, 2), "anchors", error) ||
      !ir_roi_check_dim (
          ctx, ANCHORS, 1, ir_roi_dim (ctx, SCORES, 3), "anchors", error) ||
      !ir_roi_check_dim (
          ctx, ANCHORS, 2, ir_roi_dim (ctx, SCORES, 1), "anchors", error) ||
      !ir_roi_check_dim (ctx, ANCHORS, 3, 4, "anchors", error))
    return FALSE;
  if (numbers != IR_DIM_UNKNOWN && numbers != 3 && numbers != 4)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the images' sizes (input 0) have %" G_GINT64_FORMAT
        " numbers each, not 3 or 4",
        numbers);
  return check_maps (ctx, 1, error);
}

static gboolean
infer_batch (IrInferCtx *ctx, GError **error)
{
  const GenerateAttrs *attrs = ctx->attrs;
  const IrShape boxes = { 2, { IR_DIM_UNKNOWN, 4 } };
  const IrShape scores = ir_shape_1d (IR_DIM_UNKNOWN);
  const IrShape counts = ir_shape_1d (ir_roi_dim (ctx, SCORES, 0));
  IrDType dtype;

  if (!check_counts (attrs, error) ||
      !ir_roi_check_floats (ctx, 0, SCORES + 1, &dtype, error) ||
      !check_batch (ctx, error))
    return FALSE;
  if (attrs->roi_num_type != IR_DTYPE_I64 &&
      attrs->roi_num_type != IR_DTYPE_I32)
    return ir_fail (
        error, IR_ERROR_UNSUPPORTED, "roi_num_type must be i32 or i64");
  ir_infer_set (ctx, 0, dtype, &boxes);
  ir_infer_set (ctx, 1, dtype, &scores);
  ir_infer_set (ctx, 2, (IrDType) attrs->roi_num_type, &counts);
  return TRUE;
}

/* --- evaluate ---------------------------------------------------------------- */

/* One image's maps: the last three dimensions of scores and deltas. */
typedef struct {
  const float *anchors;
  const float *deltas;
  const float *scores;
  gint64 n_anchors;
  gint64 plane;
  float height;
  float width;
  float min_height;
  float min_width;
  float extra; /* 1 where corners are pixels */
} Image;

/* What becomes of anchor @a at place @i of the map. */
static IrScoredBox
propose (const Image *image, gint64 a, gint64 i)
{
  const gint64 index = i * image->n_anchors + a;
  const float *anchor = image->anchors + 4 * index;
  const float *delta = image->deltas + 4 * a * image->plane + i;
  const float moves[4] = { delta[0], delta[image->plane],
    delta[2 * image->plane], delta[3 * image->plane] };
  const IrBox box = { anchor[0], anchor[1], anchor[2], anchor[3] };
  IrScoredBox scored = { ir_box_refine (
                             &box, moves, IR_BOX_MAX_LOG, image->extra),
    image->scores[a * image->plane + i], index };

  scored.box.x2 -= image->extra;
  scored.box.y2 -= image->extra;
  ir_box_clip (
      &scored.box, image->width - image->extra, image->height - image->extra);
  return scored;
}

static gboolean
is_large (const Image *image, const IrBox *box)
{
  return image->min_width <= box->x2 - box->x1 + image->extra &&
      image->min_height <= box->y2 - box->y1 + image->extra;
}

/* Small boxes count as hopeless where @demote, else they are taken out after the
 * best ones have been chosen. */
static void
select_boxes (const Image *image, const GenerateAttrs *attrs, gboolean demote,
    float extra, IrBoxes *boxes)
{
  gsize kept = 0;

  boxes->n = 0;
  for (gint64 i = 0; i < image->plane; i++) {
    for (gint64 a = 0; a < image->n_anchors; a++) {
      IrScoredBox scored = propose (image, a, i);

      if (demote && !is_large (image, &scored.box))
        scored.score = 0;
      ir_boxes_add (boxes, &scored);
    }
  }
  ir_boxes_sort (boxes, attrs->pre_nms_count);
  for (gsize i = 0; i < boxes->n; i++)
    if (demote || is_large (image, &boxes->box[i].box))
      boxes->box[kept++] = boxes->box[i];
  boxes->n = kept;
  ir_boxes_suppress (
      boxes, extra, (float) attrs->nms_threshold, attrs->post_nms_count);
}

static void
write_boxes (const IrScoredBox *boxes, gsize n, float *rows, float *scores)
{
  for (gsize i = 0; i < n; i++, rows += 4) {
    const IrScoredBox *scored = &boxes[i];

    rows[0] = scored->box.x1;
    rows[1] = scored->box.y1;
    rows[2] = scored->box.x2;
    rows[3] = scored->box.y2;
    scores[i] = scored->score;
  }
}

static gboolean
evaluate_single (IrEvalCtx *ctx, GError **error)
{
  const GenerateAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[SCORES]->shape;
  const float *size = ir_eval_f32 (ctx, IMAGE);
  const float least = (float) attrs->min_size;
  const Image image = { ir_eval_f32 (ctx, ANCHORS), ir_eval_f32 (ctx, DELTAS),
    ir_eval_f32 (ctx, SCORES), shape->dim[0], shape->dim[1] * shape->dim[2],
    size[0], size[1], least, least, 1 };
  IrBoxes boxes;

  if (!ir_boxes_init (
          &boxes, ctx->scratch, image.n_anchors * image.plane, error))
    return FALSE;
  select_boxes (&image, attrs, TRUE, 0, &boxes);
  write_boxes (
      boxes.box, boxes.n, ir_eval_out_f32 (ctx, 0), ir_eval_out_f32 (ctx, 1));
  return TRUE;
}

static Image
batch_image (const IrEvalCtx *ctx, gint64 b)
{
  const GenerateAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[SCORES]->shape;
  const gint64 plane = shape->dim[2] * shape->dim[3];
  const gint64 numbers = ctx->in[IMAGE]->shape.dim[1];
  const float *size = ir_eval_f32 (ctx, IMAGE) + b * numbers;
  const Image image = { ir_eval_f32 (ctx, ANCHORS),
    ir_eval_f32 (ctx, DELTAS) + b * 4 * shape->dim[1] * plane,
    ir_eval_f32 (ctx, SCORES) + b * shape->dim[1] * plane, shape->dim[1], plane,
    size[0], size[1], (float) attrs->min_size * size[2],
    (float) attrs->min_size * size[numbers == 4 ? 3 : 2],
    attrs->normalized ? 0 : 1 };

  return image;
}

static gboolean
evaluate_batch (IrEvalCtx *ctx, GError **error)
{
  const GenerateAttrs *attrs = ctx->attrs;
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (IrScoredBox));
  const gint64 *dim = ctx->in[SCORES]->shape.dim;
  IrShape boxes = { 2, { 0, 4 } }, scores;
  IrBoxes own;

  if (!ir_boxes_init (&own, ctx->scratch, dim[1] * dim[2] * dim[3], error))
    return FALSE;
  for (gint64 b = 0; b < dim[0]; b++) {
    const Image image = batch_image (ctx, b);

    select_boxes (&image, attrs, FALSE, image.extra, &own);
    ir_tensor_set_i64 (ctx->out[2], (gsize) b, (gint64) own.n);
    g_array_append_vals (all, own.box, (guint) own.n);
  }
  boxes.dim[0] = all->len;
  scores = ir_shape_1d (all->len);
  ctx->out[0] = ir_tensor_new (IR_DTYPE_F32, &boxes, error);
  if (!ctx->out[0])
    return FALSE;
  ctx->out[1] = ir_tensor_new (IR_DTYPE_F32, &scores, error);
  if (!ctx->out[1])
    return FALSE;
  write_boxes ((const IrScoredBox *) (gconstpointer) all->data, all->len,
      ir_eval_out_f32 (ctx, 0), ir_eval_out_f32 (ctx, 1));
  return TRUE;
}

/* --- descriptors ------------------------------------------------------------- */

/* clang-format off */
#define COMMON_ATTRS                                          \
  IR_ATTR_ROW (GenerateAttrs, min_size, F64, NULL),           \
  IR_ATTR_ROW (GenerateAttrs, nms_threshold, F64, NULL),      \
  IR_ATTR_ROW (GenerateAttrs, post_nms_count, I64, NULL),     \
  IR_ATTR_ROW (GenerateAttrs, pre_nms_count, I64, NULL)
/* clang-format on */

static const IrAttrDesc single_attrs[] = { COMMON_ATTRS, IR_ATTR_END };
static const IrAttrDesc batch_attrs[] = {
  COMMON_ATTRS,
  IR_ATTR_ROW (GenerateAttrs, normalized, BOOL, "true"),
  IR_ATTR_ROW (GenerateAttrs, nms_eta, F64, "1"),
  IR_ATTR_ROW (GenerateAttrs, roi_num_type, DTYPE, "i64"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_experimental_detectron_generate_proposals_6 = {
  .type = "ExperimentalDetectronGenerateProposalsSingleImage",
  .opset = 6,
  .min_inputs = 4,
  .max_inputs = 4,
  .n_outputs = 2,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (GenerateAttrs),
  .attrs = single_attrs,
  .infer = infer_single,
  .evaluate = evaluate_single,
  .summary = "Anchors of one image, moved and selected by a network",
};

const IrOpDesc ir_op_generate_proposals_9 = {
  .type = "GenerateProposals",
  .opset = 9,
  .min_inputs = 4,
  .max_inputs = 4,
  .n_outputs = 3,
  .flags = IR_OP_F32 | IR_OP_DYNAMIC,
  .attrs_size = sizeof (GenerateAttrs),
  .attrs = batch_attrs,
  .infer = infer_batch,
  .evaluate = evaluate_batch,
  .summary = "The same for every image of a batch, with counts",
};
