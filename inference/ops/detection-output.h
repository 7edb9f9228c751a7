/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_DETECTION_OUTPUT_H
#define IR_DETECTION_OUTPUT_H

#include "suppress.h"

G_BEGIN_DECLS

/*
 * DetectionOutput: what is known of its inputs, and the computation.
 */

#define IR_DETECTION_ROW 7

enum {
  IR_CODE_CORNER,
  IR_CODE_CENTER_SIZE
};

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
} IrDetectionAttrs;

/* What the shapes say; -1 is not known. */
typedef struct {
  gint64 images;
  gint64 priors;
  gint64 classes;
  gint64 locations; /* deltas per prior: 1, or one per class */
  gint64 rows;
} IrDetectionGeometry;

/* Numbers of a prior. */
static inline gint64
ir_prior_size (const IrDetectionAttrs *attrs)
{
  return attrs->normalized ? 4 : 5;
}

typedef struct {
  const IrDetectionAttrs *attrs;
  IrDetectionGeometry geometry;
  const float *loc;
  const float *conf;
  const float *priors;
  gint64 prior_stride; /* from image to image */
  const float *arm_conf;
  const float *arm_loc;
} IrDetectionInput;

/* Fills the rows of output 0. */
gboolean ir_detect (
    const IrEvalCtx *ctx, const IrDetectionInput *input, GError **error);

G_END_DECLS

#endif
