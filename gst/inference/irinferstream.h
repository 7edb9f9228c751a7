/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_INFER_STREAM_H
#define IR_INFER_STREAM_H

#include "irengine.h"
#include "irframe.h"
#include "irparts.h"

#include <gst/gst.h>

G_BEGIN_DECLS

/*
 * Buffers and serialized events in the order in which they came, until the
 * inferences of the buffer in front are done.
 *
 * Threads: ir_infer_stream_add_*() by the sink pad's streaming thread,
 * ir_infer_stream_take() by the source pad's task, the others by any.
 */

/** IrInferPolicy: which frames are inferred when they come faster than the
 * device can follow: all, holding upstream back, or the latest, dropping those
 * that wait. */
typedef enum {
  IR_POLICY_ALL,
  IR_POLICY_LATEST,
} IrInferPolicy;

/** IrInferSettings: what may change while PLAYING. */
typedef struct {
  guint interval;
  gint batch_timeout;
  IrRegionMode region;
  char *object_class;
  guint reclassify_interval;
  IrInferPolicy policy;
  guint64 max_age;
} IrInferSettings;

/* Counts since the start, and times in nanoseconds: field, name, what it is. */
#define IR_INFER_COUNTS(X)                                                     \
  X (frames, "frames", "that came")                                            \
  X (inferences, "inferences", "pictures that went through the network")       \
  X (dropped, "dropped", "frames dropped by policy or max-age")                \
  X (skipped, "skipped", "frames passed by interval")                          \
  X (late, "late", "frames passed because the sink would drop them")           \
  X (reused, "reused", "objects that got the outputs of an earlier frame")     \
  X (latency, "latency", "ns that the last inferred frame was inside")         \
  X (latency_max, "latency-max", "ns, the longest of these")                   \
  X (preprocess, "preprocess", "ns that the last picture took to prepare")     \
  X (infer, "infer", "ns that the last inference took")

/** IrInferStats: @fps: frames per second since the start, on average. */
typedef struct {
#define IR_INFER_COUNT(field, name, what) guint64 field;
  IR_INFER_COUNTS (IR_INFER_COUNT)
#undef IR_INFER_COUNT
  double fps;
} IrInferStats;

/**
 * IrArrival: what a buffer is like when it comes
 * @age: nanoseconds that it is behind the clock, 0 if that has no meaning
 * @gap: holds no picture: it passes without inference
 * @late: the sink would drop it: likewise
 */
typedef struct {
  guint64 age;
  gboolean gap;
  gboolean late;
} IrArrival;

typedef struct _IrInferStream IrInferStream;

/** ir_infer_stream_new: @own_tensors: pictures are prepared here, else the
 * tensors on the buffers are used. */
IrInferStream *ir_infer_stream_new (const IrEngineOptions *options,
    gboolean own_tensors, const char *instance, GError **error);
/** ir_infer_stream_free: cancels what is under way. */
void ir_infer_stream_free (IrInferStream *stream);

/** ir_infer_stream_set_info: the pictures that come from now on. */
void ir_infer_stream_set_info (IrInferStream *stream, const GstVideoInfo *info);

/** ir_infer_stream_add_buffer: (transfer full): waits for room. */
gboolean ir_infer_stream_add_buffer (IrInferStream *stream, GstBuffer *buffer,
    const IrArrival *arrival, const IrInferSettings *settings, GError **error);
/** ir_infer_stream_add_event: (transfer full): a serialized one. */
void ir_infer_stream_add_event (IrInferStream *stream, GstEvent *event);

/**
 * ir_infer_stream_take:
 * @object: (out) (transfer full): the next #GstBuffer or #GstEvent
 *
 * Waits for it. Buffers have their output tensors attached.
 *
 * Returns: %FALSE with %IR_ERROR_CANCELLED while flushing, or with what went
 *   wrong with the buffer, which is gone then
 */
gboolean ir_infer_stream_take (
    IrInferStream *stream, GstMiniObject **object, GError **error);
/** ir_infer_stream_pushed: what was taken last has left the element. */
void ir_infer_stream_pushed (IrInferStream *stream);

/** ir_infer_stream_drain: starts what waits for more, and waits until everything
 * has left. FALSE while flushing. */
gboolean ir_infer_stream_drain (IrInferStream *stream);

/** ir_infer_stream_set_flushing: while %TRUE everything inside is dropped and
 * nobody waits. */
void ir_infer_stream_set_flushing (IrInferStream *stream, gboolean flushing);

/** ir_infer_stream_reset: drops what is inside, and all counts, while flushing. */
void ir_infer_stream_reset (IrInferStream *stream);
/** ir_infer_stream_get_stats: */
void ir_infer_stream_get_stats (IrInferStream *stream, IrInferStats *stats);
/** ir_infer_stream_get_latency: the longest time that one of the last frames was
 * inside, or that of the warm-up with all requests in flight. */
guint64 ir_infer_stream_get_latency (IrInferStream *stream);
/** ir_infer_stream_get_engine: (transfer none). */
IrEngine *ir_infer_stream_get_engine (IrInferStream *stream);

G_END_DECLS

#endif
