/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_BATCH_H
#define IR_BATCH_H

#include "irmodel.h"

G_BEGIN_DECLS

/*
 * Models and batches: giving a model another batch size, and taking its outputs
 * apart into one set per picture.
 */

/** IrBatchSplit: how one output is taken apart. Whole: the batch is 1. Rows: equal
 * parts of the outermost dimension. Detections: rows of seven numbers, the first
 * of which is the picture's index, as DetectionOutput makes them. */
typedef enum {
  IR_SPLIT_WHOLE,
  IR_SPLIT_ROWS,
  IR_SPLIT_DETECTIONS,
} IrBatchSplit;

/**
 * ir_batch_graph:
 * @splits: (out) (array): one per output; room for all is the caller's
 *
 * Returns: (transfer full): the model's graph for @batch pictures, or %NULL with
 *   an error that says why there can't be that many
 */
IrGraph *ir_batch_graph (
    const IrModel *model, guint batch, IrBatchSplit *splits, GError **error);

/** ir_batch_take: (transfer full): the part of @output that belongs to picture
 * @index of @batch. Parts of the memory are not copied. */
IrTensor *ir_batch_take (IrTensor *output, IrBatchSplit split, guint batch,
    guint index, GError **error);

G_END_DECLS

#endif
