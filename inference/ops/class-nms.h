/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CLASS_NMS_H
#define IR_CLASS_NMS_H

#include "suppress.h"

G_BEGIN_DECLS

/*
 * What MatrixNms and MulticlassNms have in common: both choose boxes class by
 * class, keep the best of every image and list them with their classes.
 */

typedef struct {
  gint sort_result_type;
  gboolean sort_result_across_batch;
  gint output_type;
  double iou_threshold; /* MulticlassNms */
  double score_threshold;
  gint64 nms_top_k;
  gint64 keep_top_k;
  gint64 background_class;
  gboolean normalized;
  double nms_eta;        /* MulticlassNms */
  gint decay_function;   /* MatrixNms */
  double gaussian_sigma; /* MatrixNms */
  double post_threshold; /* MatrixNms */
} IrClassNmsAttrs;

extern const char *const ir_class_nms_sort_names[];

/* The rows of the attribute table that both have. */
#define IR_CLASS_NMS_ROW(field, kind, def)                                     \
  IR_ATTR_ROW (IrClassNmsAttrs, field, kind, def)
#define IR_CLASS_NMS_ROWS                                                      \
  IR_ATTR_ENUM_ROW (                                                           \
      IrClassNmsAttrs, sort_result_type, "none", ir_class_nms_sort_names),     \
      IR_CLASS_NMS_ROW (output_type, DTYPE, "i64"),                            \
      IR_CLASS_NMS_ROW (nms_top_k, I64, "-1"),                                 \
      IR_CLASS_NMS_ROW (keep_top_k, I64, "-1"),                                \
      IR_CLASS_NMS_ROW (sort_result_across_batch, BOOL, "false"),              \
      IR_CLASS_NMS_ROW (score_threshold, F64, "0"),                            \
      IR_CLASS_NMS_ROW (background_class, I64, "-1"),                          \
      IR_CLASS_NMS_ROW (normalized, BOOL, "true")

/* One chosen box. */
typedef struct {
  IrBox box;
  float score;
  gint64 image;
  gint64 label;
  gint64 index;  /* among the boxes of its class or image */
  gint64 number; /* as it is listed */
} IrPick;

/* The boxes of an image: those of class c are @n from @boxes + c * @box_step on, their
 * scores from @scores + c * @score_step. Box i of class c is listed as number @first +
 * c * @class_step + i * @step. */
typedef struct {
  gint64 image;
  gint64 n;
  const float *boxes;
  const float *scores;
  gint64 box_step;
  gint64 score_step;
  gint64 first;
  gint64 class_step;
  gint64 step;
} IrClassNmsImage;

/* Adds what is chosen of the @n candidates of a class, which come best first, by
 * ir_class_nms_pick(). @floats has room for twice as many. */
typedef void (*IrClassNmsChoose) (const IrClassNmsAttrs *attrs,
    const IrScoredBox *candidates, guint n, IrKept *kept, float *floats,
    const IrPick *from, GArray *picks);

/* What the two ops do differently. */
typedef struct {
  IrClassNmsChoose choose;
  /* Scores that reach the threshold pass it. */
  gboolean equal;
  /* As in IrKept. */
  gboolean touching;
  /* Sorting by class is done image by image, too. */
  gboolean sort_images;
} IrClassNmsWay;

/* Infers boxes [images, boxes, 4] and scores [images, classes, boxes]. */
gboolean ir_class_nms_infer (IrInferCtx *ctx, GError **error);

/* Checks the attributes and sets the three outputs: rows of class, score and
 * corners; numbers of boxes; boxes per image, of which there are @images. */
gboolean ir_class_nms_set_outputs (
    IrInferCtx *ctx, IrDType dtype, gint64 images, GError **error);

/* Adds candidate @scored with @score; @from says what it has in common with others of
 * its class, @from->index how far their numbers are apart. */
void ir_class_nms_pick (
    const IrPick *from, const IrScoredBox *scored, float score, GArray *picks);

/* Adds what is chosen of an image with @classes, the best keep_top_k of all; output 2
 * gets their number. */
gboolean ir_class_nms_image (IrEvalCtx *ctx, const IrClassNmsWay *way,
    gint64 classes, const IrClassNmsImage *image, GArray *picks,
    GError **error);

/* The same of all images of what ir_class_nms_infer() accepts. */
gboolean ir_class_nms_images (
    IrEvalCtx *ctx, const IrClassNmsWay *way, GArray *picks, GError **error);

/* Sorts all images' picks where that is asked for and makes outputs 0 and 1. */
gboolean ir_class_nms_write (IrEvalCtx *ctx, GArray *picks, GError **error);

G_END_DECLS

#endif
