/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_DECODER_H
#define IR_DECODER_H

#include <math.h>

#include "decode.h"

G_BEGIN_DECLS

/* What the decoders share. One decoder per file, each listed in decoders.inc. */

/* More outputs than any detector has. */
#define IR_MAX_OUTPUTS 64
/* Objects that take part in NMS, the best ones: bounds its quadratic cost. */
#define IR_MAX_CANDIDATES 4096

/** IrPort: an output as dense f32, or without data while a decoder is chosen. */
typedef struct {
  const char *name;
  IrDType dtype;
  IrShape shape;
  const float *data;
} IrPort;

typedef struct {
  guint n;
  IrPort port[IR_MAX_OUTPUTS];
} IrPorts;

/** IrRoles: which port plays which part; the meaning of the slots is the
 * decoder's own. */
typedef struct {
  guint slot[16];
} IrRoles;

/** IrFit: how well outputs fit a decoder. The best one wins, a draw is an
 * error. */
typedef enum {
  IR_FIT_NONE,
  IR_FIT_POSSIBLE,
  IR_FIT_LIKELY,
  IR_FIT_EXACT,
} IrFit;

struct _IrDecoder {
  const char *name;
  const char *aliases;
  float nms_threshold;
  const char *labels;
  const char *points;
  const char *reads;
  const char *summary;
  IrFit (*match) (
      const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles);
  gboolean (*decode) (const IrPorts *ports, const IrRoles *roles,
      const IrDecodeParams *params, IrDetections *out, GError **error);
};

/* clang-format off */
#define X(id, name, aliases, nms, labels, points, reads, summary)             \
  IrFit ir_match_##id (                                                       \
      const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles);    \
  gboolean ir_decode_##id (const IrPorts *ports, const IrRoles *roles,        \
      const IrDecodeParams *params, IrDetections *out, GError **error);
#include "decoders.inc"
#undef X
/* clang-format on */

/** ir_port_as: whether the shape is of @rank once leading dimensions of 1 are
 * dropped; @dims gets them. */
gboolean ir_port_as (const IrPort *port, guint rank, gint64 *dims);
/** ir_port_vector: whether at most one dimension differs from 1; @count gets
 * it. */
gboolean ir_port_vector (const IrPort *port, gint64 *count);
/** ir_port_is: whether the name contains one of the words, case ignored.
 * @words: separated by blanks */
gboolean ir_port_is (const IrPort *port, const char *words);

/** ir_keep: whether a score reaches the threshold of its class; FALSE for NaN. */
gboolean ir_keep (const IrDecodeParams *params, gint label_id, float score);
/** ir_least_threshold: below which no class can pass. */
float ir_least_threshold (const IrDecodeParams *params);

/**
 * ir_best_class:
 * @scores: of @n classes, @step floats apart
 * @best: (out): the highest, ignoring NaN
 *
 * Returns: its index, -1 if there is none
 */
gint ir_best_class (const float *scores, gsize n, gsize step, float *best);

/** ir_looks_relative: whether corners or centres are in 0..1 and not in pixels:
 * nothing finite beyond 2 among the columns [0, @columns) of @n rows. */
gboolean ir_looks_relative (
    const float *rows, gsize n, gsize row_step, gsize columns, gsize step);

/** ir_detections_add: adds a box if it is finite and its score passes. Returns
 * it, valid until the next call, or %NULL. */
IrDetection *ir_detections_add (IrDetections *out, const IrDecodeParams *params,
    double x0, double y0, double x1, double y1, float confidence,
    gint label_id);
/** ir_detections_add_center: the same from centre and size. */
IrDetection *ir_detections_add_center (IrDetections *out,
    const IrDecodeParams *params, double cx, double cy, double w, double h,
    float confidence, gint label_id);
/** ir_detections_add_point: the next point of @object, which must have been the
 * last one added. */
void ir_detections_add_point (
    IrDetections *out, IrDetection *object, float x, float y, float confidence);

/** ir_detections_nms: keeps the best of those of a class that overlap by more
 * than the threshold. */
void ir_detections_nms (IrDetections *out, float threshold);

/** ir_grid_cells: cells of @n_strides grids, from stride 8 on, doubling; 0 if
 * the network's size is not known. */
gint64 ir_grid_cells (const IrDecodeParams *params, guint n_strides);
/** ir_grid_strides: how many strides (3 or 4) give @cells, 0 for none. */
guint ir_grid_strides (const IrDecodeParams *params, gint64 cells);

G_END_DECLS

#endif
