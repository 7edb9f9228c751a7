/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_RESULT_H
#define IR_RESULT_H

#include <gst/video/video.h>
#include <ir/tensor.h>

G_BEGIN_DECLS

/*
 * How results ride on a video buffer: one GstVideoRegionOfInterestMeta per
 * object, its `roi_type` the name of the class, with these structures as
 * parameters (DL Streamer's names):
 *
 *   detection   x_min x_max y_min y_max (double, 0..1 of the frame),
 *               confidence (double), label_id (int), label (string)
 *   object_id   id (int): from a tracker
 *   <attribute> label, label_id, confidence, model_name, layer_name,
 *               attribute_name: a classification
 *   landmarks   format "landmark_points", data_buffer (GVariant of bytes: f32
 *               x, y pairs, 0..1 of the object's box), dims, point_names,
 *               point_connections (pairs of names)
 *   mask        format "segmentation_mask", data_buffer (f32 0..1, rows of the
 *               object's box), dims: height, width
 *   tensor      format "raw", layer_name, precision, dims, data_buffer
 *
 * What concerns the whole frame is an object with an empty `roi_type` and no
 * `detection` that covers it.
 */

/**
 * IrObject: an object as read from its meta
 * @label: "" if it has no class
 * @label_id: -1 if not known
 * @confidence: 0..1, or NAN
 * @x0, @y0, @x1, @y1: corners in pixels of the frame, not rounded
 * @track_id: -1 if it is not tracked
 * @whole_frame: whether it stands for the frame and is no detection
 */
typedef struct {
  const char *label;
  gint label_id;
  double confidence;
  double x0;
  double y0;
  double x1;
  double y1;
  gint64 track_id;
  gboolean whole_frame;
} IrObject;

/** IrClassResult: a classification as read from a structure; strings belong to
 * it. */
typedef struct {
  const char *attribute;
  const char *label;
  gint label_id;
  double confidence;
  const char *model;
  const char *layer;
} IrClassResult;

/**
 * IrNumbers: numbers of a structure; everything belongs to it
 * @format: "landmark_points", "segmentation_mask", "raw"
 * @rows, @columns: of the last two dimensions
 * @data: f32; %NULL if the structure holds something else
 */
typedef struct {
  const char *format;
  guint rows;
  guint columns;
  const float *data;
} IrNumbers;

/**
 * ir_buffer_add_object:
 * @buffer: writable
 * @width, @height: of the frame
 * @object: clipped to the frame
 * @parent: id of the object that it was found in, -1 for none
 * @model: (nullable): name of the network
 *
 * Returns: (transfer none) (nullable): the meta, with an id of its own among
 *   those of the buffer; %NULL if nothing of the object is inside the frame
 */
GstVideoRegionOfInterestMeta *ir_buffer_add_object (GstBuffer *buffer,
    guint width, guint height, const IrObject *object, gint parent,
    const char *model);

/** ir_buffer_whole_frame: (transfer none): the object that stands for the frame,
 * made if there is none. */
GstVideoRegionOfInterestMeta *ir_buffer_whole_frame (
    GstBuffer *buffer, guint width, guint height);

/** ir_buffer_find_object: (nullable): the object with that id. */
GstVideoRegionOfInterestMeta *ir_buffer_find_object (
    GstBuffer *buffer, gint id);

/** ir_object_add_class: */
void ir_object_add_class (
    GstVideoRegionOfInterestMeta *roi, const IrClassResult *result);

/**
 * ir_object_add_points:
 * @xy: (array length=2*n): pairs, 0..1 of the object's box
 * @names: (nullable): at least @n
 * @connections: (nullable) (array length=n_connections): pairs of indices,
 *   taken only with @names
 */
void ir_object_add_points (GstVideoRegionOfInterestMeta *roi, const float *xy,
    guint n, const char *const *names, const guint *connections,
    guint n_connections, const char *model);

/** ir_object_add_mask: @data: (array): @rows x @columns, 0..1 */
void ir_object_add_mask (GstVideoRegionOfInterestMeta *roi, const float *data,
    guint rows, guint columns, const char *model);

/** ir_object_add_tensor: an output as it is. */
void ir_object_add_tensor (GstVideoRegionOfInterestMeta *roi, const char *layer,
    const IrTensor *tensor, const char *model);

/** ir_object_read: */
void ir_object_read (const GstVideoRegionOfInterestMeta *roi, guint width,
    guint height, IrObject *object);

/** ir_class_read: whether @structure is a classification. */
gboolean ir_class_read (const GstStructure *structure, IrClassResult *result);

/** ir_numbers_read: whether @structure holds numbers; never trusts its dims. */
gboolean ir_numbers_read (const GstStructure *structure, IrNumbers *numbers);

G_END_DECLS

#endif
