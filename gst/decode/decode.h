/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_DECODE_H
#define IR_DECODE_H

#include <ir/tensor.h>

G_BEGIN_DECLS

/*
 * From the outputs of a network to objects, classes and points. Knows nothing
 * of GStreamer: tensors go in, numbers in pixels of the network's input come
 * out. Nothing here keeps state between two calls.
 */

/** IrOutput: one output of the network; @tensor may be of any type. */
typedef struct {
  const char *name;
  IrTensor *tensor;
} IrOutput;

/** IrPoint: a keypoint in pixels of the network's input; @confidence is 1 where
 * the network has none. */
typedef struct {
  float x;
  float y;
  float confidence;
} IrPoint;

/**
 * IrDetection:
 * @x0, @y0, @x1, @y1: corners in pixels of the network's input, always finite,
 *   x0 <= x1, y0 <= y1, not clipped
 * @confidence: 0..1
 * @label_id: index of the class, -1 if the network gave none
 * @first_point: index of its first point in #IrDetections.points, -1 for none
 */
typedef struct {
  double x0;
  double y0;
  double x1;
  double y1;
  float confidence;
  gint label_id;
  gint first_point;
} IrDetection;

/**
 * IrClass: what one classification head says
 * @output: index of the output
 * @head: index of the #IrHead that describes it, -1 for none
 * @label_id: index of the class
 * @confidence: 0..1
 */
typedef struct {
  guint output;
  gint head;
  gint label_id;
  float confidence;
} IrClass;

/**
 * IrDetections: everything that was read from one set of outputs
 * @objects: of #IrDetection, best first
 * @n_points: points per object, 0 for none
 * @points: of #IrPoint
 * @classes: of #IrClass, head by head, best first
 * @raw: whether the outputs are to be handed on as they are
 * @suppress: whether overlapping objects still have to be suppressed
 */
typedef struct {
  GArray *objects;
  guint n_points;
  GArray *points;
  GArray *classes;
  gboolean raw;
  gboolean suppress;
} IrDetections;

IrDetections *ir_detections_new (void);
void ir_detections_free (IrDetections *detections);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrDetections, ir_detections_free)

/** IrHeadMethod: how scores of a classification head become classes.
 * @IR_HEAD_AUTO: softmax unless they are probabilities, then the best
 * @IR_HEAD_MAX: the best as it is
 * @IR_HEAD_SOFTMAX: softmax, then the best
 * @IR_HEAD_MULTI: every class over the threshold
 * @IR_HEAD_SOFTMAX_MULTI: softmax, then every class over the threshold
 */
typedef enum {
  IR_HEAD_AUTO,
  IR_HEAD_MAX,
  IR_HEAD_SOFTMAX,
  IR_HEAD_MULTI,
  IR_HEAD_SOFTMAX_MULTI,
} IrHeadMethod;

/**
 * IrHead: what a description says about one output
 * @layer: (nullable): name of the output, %NULL for every one
 * @attribute: (nullable): what the class tells, such as "color"
 * @labels: (nullable): names of the classes
 * @method: how to read it
 * @threshold: 0..1, or NAN for the common one
 */
typedef struct {
  char *layer;
  char *attribute;
  GStrv labels;
  IrHeadMethod method;
  float threshold;
} IrHead;

/**
 * IrDecodeParams: what the user and the description said
 * @width, @height: of the network's input in pixels, 0 if not known
 * @threshold: least confidence, 0..1
 * @class_thresholds: (nullable): of float, per label id, NAN where @threshold
 *   holds
 * @nms_threshold: overlap (intersection over union) from which the weaker of
 *   two objects of a class goes; NAN for the decoder's own
 * @max_objects: 0 for no limit
 * @labels: (nullable): names of the classes
 * @heads: (nullable): of #IrHead
 * @head_thresholds: whether thresholds of heads count, as they do when the user
 *   set none
 * @anchors: (nullable): of double, pairs of width and height in pixels
 */
typedef struct {
  guint width;
  guint height;
  float threshold;
  GArray *class_thresholds;
  float nms_threshold;
  guint max_objects;
  GStrv labels;
  GPtrArray *heads;
  gboolean head_thresholds;
  GArray *anchors;
} IrDecodeParams;

/** IrDecoder: one row of the decoder table, opaque. */
typedef struct _IrDecoder IrDecoder;

/** ir_decoder_get: the @index-th of the table, %NULL behind the last. */
const IrDecoder *ir_decoder_get (guint index);
const char *ir_decoder_name (const IrDecoder *decoder);
/** ir_decoder_summary: one line for people. */
const char *ir_decoder_summary (const IrDecoder *decoder);
/** ir_decoder_reads: the outputs that it takes, for people. */
const char *ir_decoder_reads (const IrDecoder *decoder);
/** ir_decoder_labels: (nullable): class names that need no description,
 * separated by blanks. */
const char *ir_decoder_labels (const IrDecoder *decoder);
/** ir_decoder_points: (nullable): names of its points, separated by blanks. */
const char *ir_decoder_points (const IrDecoder *decoder);
/** ir_decoder_list: (transfer full): all names, separated by ", ". */
char *ir_decoder_list (void);

/**
 * ir_decoder_find:
 * @name: a decoder's name or an alias (DL Streamer's converters and Model API's
 *   model types included); case, `-` and `_` make no difference
 *
 * Returns: %NULL with %IR_ERROR_NOT_FOUND listing the names
 */
const IrDecoder *ir_decoder_find (const char *name, GError **error);

/**
 * ir_decoder_choose:
 *
 * Finds the decoder by number, names and shapes of the outputs.
 *
 * Returns: %NULL with %IR_ERROR_UNSUPPORTED when none fits, or two fit equally
 *   well; the message lists the outputs and what can be set
 */
const IrDecoder *ir_decoder_choose (const IrOutput *outputs, gsize n,
    const IrDecodeParams *params, GError **error);

/**
 * ir_decoder_run:
 *
 * Returns: (transfer full): what was found, or %NULL with %IR_ERROR_SHAPE if
 *   the outputs are not what @decoder reads, %IR_ERROR_LIMIT
 */
IrDetections *ir_decoder_run (const IrDecoder *decoder, const IrOutput *outputs,
    gsize n, const IrDecodeParams *params, GError **error);

/** ir_outputs_describe: (transfer full): "a f32[1,2], b f32[1,4]". */
char *ir_outputs_describe (const IrOutput *outputs, gsize n);

void ir_head_free (IrHead *head);

G_END_DECLS

#endif
