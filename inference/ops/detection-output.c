/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DetectionOutput: boxes from the deltas, scores and priors of an SSD. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "op-util.h"

#define ROW 7

enum {
  CODE_CORNER,
  CODE_CENTER_SIZE
};

static const char *const code_names[] = { "caffe.PriorBoxParameter.CORNER",
  "caffe.PriorBoxParameter.CENTER_SIZE", NULL };

typedef struct {
  gint64 num_classes;
  gint64 background_label_id;
  gint64 top_k;
  gboolean variance_encoded_in_target;
  IrI64s keep_top_k;
  gint code_type;
  gboolean share_location;
  double nms_threshold;
  double confidence_threshold;
  gboolean clip_after_nms;
  gboolean clip_before_nms;
  gboolean decrease_label_id;
  gboolean normalized;
  gint64 input_height;
  gint64 input_width;
  double objectness_score;
} DetectionAttrs;

/* What the shapes say; -1 is not known. */
typedef struct {
  gint64 images;
  gint64 priors;
  gint64 classes;
  gint64 locations; /* deltas per prior: 1, or one per class */
  gint64 rows;
} Geometry;

typedef struct {
  float x1, y1, x2, y2;
} Box;

typedef struct {
  float score;
  gint64 label;
  gint64 prior;
} Candidate;

/* --- infer ----------------------------------------------------------------- */

static gint64
dim_of (const IrShape *shape, gint axis)
{
  return shape->rank > axis ? shape->dim[axis] : IR_DIM_UNKNOWN;
}

static gint64
prior_size (const DetectionAttrs *attrs)
{
  return attrs->normalized ? 4 : 5;
}

static gboolean
count_priors (const IrInferCtx *ctx, gboolean with_classes, Geometry *geometry,
    GError **error)
{
  const DetectionAttrs *attrs = ctx->attrs;
  gint64 prior_dim = dim_of (&ctx->in_shape[2], 2);
  gint64 conf_dim = dim_of (&ctx->in_shape[1], 1);

  geometry->priors = IR_DIM_UNKNOWN;
  geometry->classes = with_classes ? attrs->num_classes : IR_DIM_UNKNOWN;
  if (prior_dim >= 0) {
    if (prior_dim == 0 || prior_dim % prior_size (attrs) != 0)
      return ir_fail (error, IR_ERROR_SHAPE,
          "the priors' last dimension %" G_GINT64_FORMAT " is no multiple of "
          "%" G_GINT64_FORMAT,
          prior_dim, prior_size (attrs));
    geometry->priors = prior_dim / prior_size (attrs);
  }
  if (!with_classes && geometry->priors > 0 && conf_dim >= 0)
    geometry->classes = conf_dim / geometry->priors;
  if (geometry->classes == 0 || (with_classes && geometry->classes < 0))
    return ir_fail (error, IR_ERROR_SHAPE, "there are no classes");
  if (geometry->priors > 0 && geometry->classes > 0 && conf_dim >= 0 &&
      (conf_dim % geometry->priors != 0 ||
          conf_dim / geometry->priors != geometry->classes))
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GINT64_FORMAT " scores are not those of %" G_GINT64_FORMAT
        " priors and %" G_GINT64_FORMAT " classes",
        conf_dim, geometry->priors, geometry->classes);
  return TRUE;
}

static gboolean
check_others (const IrInferCtx *ctx, Geometry *geometry, GError **error)
{
  const DetectionAttrs *attrs = ctx->attrs;
  gint64 loc_dim = dim_of (&ctx->in_shape[0], 1);
  gint64 prior_rows = dim_of (&ctx->in_shape[2], 1);
  gint64 prior_images = dim_of (&ctx->in_shape[2], 0);

  geometry->locations = attrs->share_location ? 1 : geometry->classes;
  if (geometry->priors > 0 && geometry->locations > 0 && loc_dim >= 0 &&
      (loc_dim % 4 != 0 || loc_dim / 4 % geometry->priors != 0 ||
          loc_dim / 4 / geometry->priors != geometry->locations))
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GINT64_FORMAT " deltas do not belong to %" G_GINT64_FORMAT
        " priors",
        loc_dim, geometry->priors);
  if (prior_rows >= 0 &&
      prior_rows < (attrs->variance_encoded_in_target ? 1 : 2))
    return ir_fail (error, IR_ERROR_SHAPE,
        "the priors come without variances, and "
        "variance_encoded_in_target is not set");
  if (prior_images >= 0 && geometry->images >= 0 && prior_images != 1 &&
      prior_images != geometry->images)
    return ir_fail (error, IR_ERROR_SHAPE,
        "priors for %" G_GINT64_FORMAT " images, deltas for %" G_GINT64_FORMAT,
        prior_images, geometry->images);
  for (guint i = 3; i < ctx->n_inputs; i++) {
    gint64 have = dim_of (&ctx->in_shape[i], 1);
    gint64 each = i == 3 ? 2 : 4;

    if (have >= 0 && geometry->priors > 0 &&
        (have % each != 0 || have / each != geometry->priors))
      return ir_fail (error, IR_ERROR_SHAPE,
          "input %u has %" G_GINT64_FORMAT " values for %" G_GINT64_FORMAT
          " priors",
          i, have, geometry->priors);
  }
  return TRUE;
}

static gboolean
count_rows (const DetectionAttrs *attrs, Geometry *geometry, GError **error)
{
  gint64 per_image = attrs->keep_top_k.n > 0 ? attrs->keep_top_k.v[0] : -1;
  guint64 rows;
  guint64 limit = attrs->top_k > 0 ? (guint64) attrs->top_k
                                   : (guint64) MAX (geometry->priors, 0);

  geometry->rows = IR_DIM_UNKNOWN;
  if (geometry->images < 0)
    return TRUE;
  if (per_image > 0) {
    rows = (guint64) per_image;
  } else {
    if (geometry->classes < 0 || (attrs->top_k <= 0 && geometry->priors < 0))
      return TRUE;
    if (!g_uint64_checked_mul (&rows, limit, (guint64) geometry->classes))
      return ir_fail (error, IR_ERROR_LIMIT, "too many rows of output");
  }
  if (!g_uint64_checked_mul (&rows, rows, (guint64) geometry->images) ||
      rows > G_MAXINT32)
    return ir_fail (error, IR_ERROR_LIMIT, "too many rows of output");
  geometry->rows = (gint64) rows;
  return TRUE;
}

static gboolean
find_geometry (const IrInferCtx *ctx, gboolean with_classes, Geometry *geometry,
    GError **error)
{
  geometry->images = dim_of (&ctx->in_shape[0], 0);
  if (geometry->images < 0)
    geometry->images = dim_of (&ctx->in_shape[1], 0);
  for (guint i = 0; i < ctx->n_inputs; i++) {
    gint64 images = dim_of (&ctx->in_shape[i], 0);

    if (i != 2 && images >= 0 && images != geometry->images)
      return ir_fail (error, IR_ERROR_SHAPE,
          "input %u is for %" G_GINT64_FORMAT " images, others for "
          "%" G_GINT64_FORMAT,
          i, images, geometry->images);
  }
  return count_priors (ctx, with_classes, geometry, error) &&
      check_others (ctx, geometry, error) &&
      count_rows (ctx->attrs, geometry, error);
}

static gboolean
infer (IrInferCtx *ctx, gboolean with_classes, GError **error)
{
  const DetectionAttrs *attrs = ctx->attrs;
  IrShape shape = { 4, { 1, 1, IR_DIM_UNKNOWN, ROW } };
  Geometry geometry;
  IrDType dtype;

  if (ctx->n_inputs == 4)
    return ir_fail (error, IR_ERROR_SHAPE, "takes 3 or 5 inputs, not 4");
  if (!attrs->normalized &&
      (attrs->input_width <= 0 || attrs->input_height <= 0))
    return ir_fail (
        error, IR_ERROR_SHAPE, "input_width and input_height must be positive");
  for (guint i = 0; i < ctx->n_inputs; i++) {
    if (!ir_infer_rank (ctx, i, i == 2 ? 1u << 3 : 1u << 2, "tensor", error))
      return FALSE;
  }
  if (!ir_infer_same_dtype (ctx, 0, (guint) ctx->n_inputs, &dtype, error) ||
      !find_geometry (ctx, with_classes, &geometry, error))
    return FALSE;
  if (dtype != IR_DTYPE_DYNAMIC && !ir_dtype_is_float (dtype))
    return ir_fail (error, IR_ERROR_UNSUPPORTED, "takes floats, not %s",
        ir_dtype_name (dtype));
  shape.dim[2] = geometry.rows;
  ir_infer_set (ctx, 0, dtype, &shape);
  return TRUE;
}

static gboolean
infer_1 (IrInferCtx *ctx, GError **error)
{
  return infer (ctx, TRUE, error);
}

static gboolean
infer_8 (IrInferCtx *ctx, GError **error)
{
  return infer (ctx, FALSE, error);
}

/* --- evaluate -------------------------------------------------------------- */

typedef struct {
  const DetectionAttrs *attrs;
  Geometry geometry;
  const float *loc;
  const float *conf;
  const float *priors;
  gint64 prior_stride; /* from image to image */
  const float *arm_conf;
  const float *arm_loc;
} Input;

static Box
decode_box (const DetectionAttrs *attrs, Box prior, const float *variance,
    const float *delta)
{
  const float ones[4] = { 1, 1, 1, 1 };
  const float *v = attrs->variance_encoded_in_target ? ones : variance;
  float width = prior.x2 - prior.x1;
  float height = prior.y2 - prior.y1;
  float x, y, w, h;
  Box box;

  if (attrs->code_type == CODE_CORNER) {
    box.x1 = prior.x1 + v[0] * delta[0];
    box.y1 = prior.y1 + v[1] * delta[1];
    box.x2 = prior.x2 + v[2] * delta[2];
    box.y2 = prior.y2 + v[3] * delta[3];
    return box;
  }
  x = (prior.x1 + prior.x2) / 2 + v[0] * delta[0] * width;
  y = (prior.y1 + prior.y2) / 2 + v[1] * delta[1] * height;
  w = expf (v[2] * delta[2]) * width;
  h = expf (v[3] * delta[3]) * height;
  box.x1 = x - w / 2;
  box.y1 = y - h / 2;
  box.x2 = x + w / 2;
  box.y2 = y + h / 2;
  return box;
}

static Box
clip_box (Box box)
{
  box.x1 = CLAMP (box.x1, 0.0f, 1.0f);
  box.y1 = CLAMP (box.y1, 0.0f, 1.0f);
  box.x2 = CLAMP (box.x2, 0.0f, 1.0f);
  box.y2 = CLAMP (box.y2, 0.0f, 1.0f);
  return box;
}

static Box
read_prior (const Input *input, const float *priors, gint64 index)
{
  const DetectionAttrs *attrs = input->attrs;
  gint64 size = prior_size (attrs);
  const float *at = priors + index * size + (size - 4);
  Box box = { at[0], at[1], at[2], at[3] };

  if (!attrs->normalized) {
    box.x1 /= (float) attrs->input_width;
    box.x2 /= (float) attrs->input_width;
    box.y1 /= (float) attrs->input_height;
    box.y2 /= (float) attrs->input_height;
  }
  return box;
}

/* Fills boxes[prior * locations + location]. */
static void
decode_image (const Input *input, gint64 image, Box *boxes)
{
  const Geometry *g = &input->geometry;
  const float *priors = input->priors + image * input->prior_stride;
  const float *variances = priors + g->priors * prior_size (input->attrs);
  const float *loc = input->loc + image * g->priors * g->locations * 4;

  for (gint64 p = 0; p < g->priors; p++) {
    const float *variance = variances + p * 4;
    Box prior = read_prior (input, priors, p);

    if (input->arm_loc != NULL)
      prior = decode_box (input->attrs, prior, variance,
          input->arm_loc + (image * g->priors + p) * 4);
    for (gint64 l = 0; l < g->locations; l++) {
      gint64 at = p * g->locations + l;

      boxes[at] = decode_box (input->attrs, prior, variance, loc + at * 4);
      if (input->attrs->clip_before_nms)
        boxes[at] = clip_box (boxes[at]);
    }
  }
}

static float
score_of (const Input *input, gint64 image, gint64 prior, gint64 label)
{
  const Geometry *g = &input->geometry;

  if (input->arm_conf != NULL &&
      input->arm_conf[(image * g->priors + prior) * 2 + 1] <
          input->attrs->objectness_score)
    return label == input->attrs->background_label_id ? 1.0f : 0.0f;
  return input->conf[(image * g->priors + prior) * g->classes + label];
}

static float
overlap (Box a, Box b)
{
  float width = MIN (a.x2, b.x2) - MAX (a.x1, b.x1);
  float height = MIN (a.y2, b.y2) - MAX (a.y1, b.y1);
  float inner = width * height;
  float area_a = (a.x2 - a.x1) * (a.y2 - a.y1);
  float area_b = (b.x2 - b.x1) * (b.y2 - b.y1);

  if (!(width > 0) || !(height > 0))
    return 0;
  return inner / (area_a + area_b - inner);
}

static gint
compare_scores (gconstpointer a, gconstpointer b)
{
  const Candidate *x = a;
  const Candidate *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  if (x->label != y->label)
    return x->label < y->label ? -1 : 1;
  return (x->prior > y->prior) - (x->prior < y->prior);
}

static gint
compare_labels (gconstpointer a, gconstpointer b)
{
  const Candidate *x = a;
  const Candidate *y = b;

  if (x->label != y->label)
    return x->label < y->label ? -1 : 1;
  return compare_scores (a, b);
}

static Box
box_of (const Input *input, const Box *boxes, const Candidate *candidate)
{
  gint64 locations = input->geometry.locations;

  return boxes[candidate->prior * locations +
      (locations > 1 ? candidate->label : 0)];
}

/* Moves the best of `candidates`, sorted already, to `kept`; boxes compete
 * within their label. */
static void
suppress (const Input *input, const Box *boxes, const GArray *candidates,
    GArray *kept)
{
  for (guint i = 0; i < candidates->len; i++) {
    const Candidate *candidate = &g_array_index (candidates, Candidate, i);
    Box box = box_of (input, boxes, candidate);
    gboolean keep = TRUE;

    for (guint j = 0; keep && j < kept->len; j++) {
      const Candidate *other = &g_array_index (kept, Candidate, j);

      keep = other->label != candidate->label ||
          !(overlap (box, box_of (input, boxes, other)) >
              input->attrs->nms_threshold);
    }
    if (keep)
      g_array_append_val (kept, *candidate);
  }
}

static void
cut_to_top_k (const Input *input, GArray *candidates)
{
  g_array_sort (candidates, compare_scores);
  if (input->attrs->top_k >= 0 && candidates->len > input->attrs->top_k)
    g_array_set_size (candidates, (guint) input->attrs->top_k);
}

/* Caffe's way: every class looks at all priors. */
static void
select_by_class (
    const Input *input, gint64 image, const Box *boxes, GArray *kept)
{
  const Geometry *g = &input->geometry;
  g_autoptr (GArray) candidates =
      g_array_new (FALSE, FALSE, sizeof (Candidate));
  g_autoptr (GArray) best = g_array_new (FALSE, FALSE, sizeof (Candidate));

  for (gint64 label = 0; label < g->classes; label++) {
    if (label == input->attrs->background_label_id)
      continue;
    g_array_set_size (candidates, 0);
    g_array_set_size (best, 0);
    for (gint64 p = 0; p < g->priors; p++) {
      Candidate candidate = { score_of (input, image, p, label), label, p };

      if (candidate.score > input->attrs->confidence_threshold)
        g_array_append_val (candidates, candidate);
    }
    cut_to_top_k (input, candidates);
    suppress (input, boxes, candidates, best);
    g_array_append_vals (kept, best->data, best->len);
  }
}

/* MXNet's way: every prior votes for its best class. */
static void
select_by_prior (
    const Input *input, gint64 image, const Box *boxes, GArray *kept)
{
  const Geometry *g = &input->geometry;
  g_autoptr (GArray) candidates =
      g_array_new (FALSE, FALSE, sizeof (Candidate));

  for (gint64 p = 0; p < g->priors; p++) {
    Candidate best = { -1, 0, p };

    for (gint64 label = 1; label < g->classes; label++) {
      float score = score_of (input, image, p, label);

      if (score > best.score) {
        best.score = score;
        best.label = label;
      }
    }
    if (best.label > 0 && best.score >= input->attrs->confidence_threshold)
      g_array_append_val (candidates, best);
  }
  cut_to_top_k (input, candidates);
  suppress (input, boxes, candidates, kept);
}

static gint64
write_rows (const Input *input, gint64 image, const Box *boxes, GArray *kept,
    float *rows, gint64 row)
{
  const DetectionAttrs *attrs = input->attrs;
  gint64 limit = attrs->keep_top_k.n > 0 ? attrs->keep_top_k.v[0] : -1;

  if (limit >= 0 && kept->len > limit) {
    g_array_sort (kept, compare_scores);
    g_array_set_size (kept, (guint) limit);
  }
  g_array_sort (kept, compare_labels);
  for (guint i = 0; i < kept->len && row < input->geometry.rows; i++, row++) {
    const Candidate *candidate = &g_array_index (kept, Candidate, i);
    Box box = box_of (input, boxes, candidate);
    float *out = rows + row * ROW;

    if (attrs->clip_after_nms)
      box = clip_box (box);
    out[0] = (float) image;
    out[1] = (float) (candidate->label - (attrs->decrease_label_id ? 1 : 0));
    out[2] = candidate->score;
    out[3] = box.x1;
    out[4] = box.y1;
    out[5] = box.x2;
    out[6] = box.y2;
  }
  return row;
}

static void
detect (const Input *input, Box *boxes, float *rows)
{
  g_autoptr (GArray) kept = g_array_new (FALSE, FALSE, sizeof (Candidate));
  gint64 row = 0;

  for (gint64 image = 0; image < input->geometry.images; image++) {
    decode_image (input, image, boxes);
    g_array_set_size (kept, 0);
    if (input->attrs->decrease_label_id)
      select_by_prior (input, image, boxes, kept);
    else
      select_by_class (input, image, boxes, kept);
    row = write_rows (input, image, boxes, kept, rows, row);
  }
  if (row < input->geometry.rows)
    rows[row * ROW] = -1;
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  Input input = { .attrs = ctx->attrs };
  Geometry *g = &input.geometry;
  const IrShape *priors = &ctx->in[2]->shape;
  g_autofree Box *boxes = NULL;

  g->images = ctx->in[0]->shape.dim[0];
  g->priors = priors->dim[2] / prior_size (input.attrs);
  g->classes = ctx->in[1]->shape.dim[1] / g->priors;
  g->locations = input.attrs->share_location ? 1 : g->classes;
  g->rows = ctx->out[0]->shape.dim[2];
  input.loc = ir_eval_f32 (ctx, 0);
  input.conf = ir_eval_f32 (ctx, 1);
  input.priors = ir_eval_f32 (ctx, 2);
  input.prior_stride = priors->dim[0] > 1 ? priors->dim[1] * priors->dim[2] : 0;
  if (ctx->n_inputs == 5) {
    input.arm_conf = ir_eval_f32 (ctx, 3);
    input.arm_loc = ir_eval_f32 (ctx, 4);
  }
  boxes = g_try_new (Box, (gsize) (g->priors * g->locations));
  if (boxes == NULL)
    return ir_fail (error, IR_ERROR_LIMIT, "no memory for the boxes");
  detect (&input, boxes, ctx->out[0]->data);
  return TRUE;
}

/* --- descriptors ----------------------------------------------------------- */

#define A(field, kind, def) IR_ATTR_ROW (DetectionAttrs, field, kind, def)
/* clang-format off */
#define COMMON_ATTRS                                                       \
  A (background_label_id, I64, "0"),                                       \
  A (top_k, I64, "-1"),                                                    \
  A (variance_encoded_in_target, BOOL, "false"),                           \
  A (keep_top_k, I64S, NULL),                                              \
  IR_ATTR_ENUM_ROW (DetectionAttrs, code_type,                             \
      "caffe.PriorBoxParameter.CORNER", code_names),                       \
  A (share_location, BOOL, "true"),                                        \
  A (nms_threshold, F64, NULL),                                            \
  A (confidence_threshold, F64, "0"),                                      \
  A (clip_after_nms, BOOL, "false"),                                       \
  A (clip_before_nms, BOOL, "false"),                                      \
  A (decrease_label_id, BOOL, "false"),                                    \
  A (normalized, BOOL, "false"),                                           \
  A (input_height, I64, "1"),                                              \
  A (input_width, I64, "1"),                                               \
  A (objectness_score, F64, "0"),                                          \
  IR_ATTR_END
/* clang-format on */

static const IrAttrDesc attrs_1[] = { A (num_classes, I64, NULL),
  COMMON_ATTRS };
static const IrAttrDesc attrs_8[] = { COMMON_ATTRS };

const IrOpDesc ir_op_detection_output_1 = {
  .type = "DetectionOutput",
  .opset = 1,
  .min_inputs = 3,
  .max_inputs = 5,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (DetectionAttrs),
  .attrs = attrs_1,
  .infer = infer_1,
  .evaluate = evaluate,
  .summary = "SSD's boxes: decoding, thresholds, non-maximum suppression",
};

const IrOpDesc ir_op_detection_output_8 = {
  .type = "DetectionOutput",
  .opset = 8,
  .min_inputs = 3,
  .max_inputs = 5,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (DetectionAttrs),
  .attrs = attrs_8,
  .infer = infer_8,
  .evaluate = evaluate,
  .summary = "DetectionOutput-1 with the number of classes from the shapes",
};
