/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_INFER_STREAM_PRIV_H
#define IR_INFER_STREAM_PRIV_H

#include "irinferstream.h"
#include "irobjectcache.h"

G_BEGIN_DECLS

/*
 * What the parts of the stream share: the queue (irinferstream.c) and its items
 * (irinferitem.c).
 */

typedef enum {
  IR_ITEM_WAITING, /* no inference begun; may be dropped for a later one */
  IR_ITEM_RUNNING,
  IR_ITEM_READY,
} IrItemState;

/** IrFlight: one part of a frame and its inference. @job: (nullable): %NULL if
 * the outputs of an earlier frame are used again. @picture: (nullable): the
 * tensor, if it came with the buffer. */
typedef struct {
  IrJob *job;
  IrPart part;
  IrAffine affine;
  guint64 preprocess_ns;
  IrTensor *picture;
} IrFlight;

/** IrItem: a buffer or event on its way through. @pending: what it waits for;
 * its own submission counts as one. */
typedef struct {
  IrInferStream *stream;
  GstMiniObject *object;
  IrItemState state;
  GArray *flights;
  guint pending;
  GError *error;
  gint64 arrived;
  guint64 age;
  guint64 number;
} IrItem;

/* How long frames were inside, over the last 64 to 128 of them: a peak that is
 * long ago must not hold the pipeline's latency up. */
typedef struct {
  guint64 now;
  guint64 before;
  guint n;
} IrLatencyPeak;

struct _IrInferStream {
  IrEngine *engine;
  char *instance;
  gboolean own_tensors;

  /* Held while pictures are prepared and submitted: the streaming thread and
   * the task both may. Taken before @lock. */
  GMutex submit;
  IrFrameReader *reader;
  GstVideoInfo info;
  GArray *parts;

  GMutex lock;
  GCond changed;
  guint waiters;
  IrInferSettings settings;
  IrObjectCache *objects;
  GQueue items;
  IrItem *taken;
  guint in_flight;
  gint64 open_since;
  gboolean flushing;
  guint64 n_frames;
  gint64 began;
  IrLatencyPeak peak;
  IrInferStats stats;
};

/** ir_infer_stream_changed: tells those who wait for a change. With the lock held.
 */
void ir_infer_stream_changed (IrInferStream *stream);

/** ir_item_new: (transfer full): @object: (transfer full). */
IrItem *ir_item_new (IrInferStream *stream, gpointer object);
/** ir_item_free: */
void ir_item_free (IrItem *item);

/** ir_item_submit: begins the inferences of an item whose `pending` is 1 on the
 * caller's account. With the submit lock held. */
void ir_item_submit (IrItem *item);
/** ir_item_drop_attached: removes irconvert's tensors for this model, which
 * nobody behind could use. */
void ir_item_drop_attached (IrItem *item);
/** ir_item_done: #IrJobDone of the engine. */
void ir_item_done (IrJob *job, const GError *error, gpointer stream);
/** ir_item_attach: attaches the outputs of a ready item to its buffer. */
void ir_item_attach (IrItem *item);

G_END_DECLS

#endif
