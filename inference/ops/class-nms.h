/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CLASS_NMS_H
#define IR_CLASS_NMS_H

#include "roi.h"

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

/* One chosen box. */
typedef struct {
  IrBox box;
  float score;
  gint64 image;
  gint64 label;
  gint64 index;  /* among the boxes of its class or image */
  gint64 number; /* as it is listed */
} IrPick;

/* Checks boxes [images, boxes, 4] and scores [images, classes, boxes]. */
gboolean ir_class_nms_check_shared (
    IrInferCtx *ctx, IrDType *dtype, GError **error);

/* Checks the attributes and sets the three outputs: rows of class, score and
 * corners; numbers of boxes; boxes per image, of which there are @images. */
gboolean ir_class_nms_set_outputs (
    IrInferCtx *ctx, IrDType dtype, gint64 images, GError **error);

/* The boxes of a class whose score passes the threshold, or reaches it if @equal,
 * best first, at most nms_top_k. Fills @boxes with IrScoredBox. */
void ir_class_nms_candidates (const IrClassNmsAttrs *attrs, const float *boxes,
    const float *scores, gint64 n, gboolean equal, GArray *candidates);

/* Ends an image: of the IrPick from @first on the best keep_top_k stay, and output
 * 2 gets their number. */
void ir_class_nms_end_image (
    IrEvalCtx *ctx, GArray *picks, guint first, gint64 image);

/* Sorts the picks of an image by class where that is asked for image by image. */
void ir_class_nms_sort_image (IrEvalCtx *ctx, GArray *picks, guint first);

/* Sorts all images' picks where that is asked for and makes outputs 0 and 1. */
gboolean ir_class_nms_write (IrEvalCtx *ctx, GArray *picks, GError **error);

G_END_DECLS

#endif
