/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_INFER_PRIV_H
#define IR_INFER_PRIV_H

#include "irinfer.h"
#include "irinferstream.h"
#include "irqos.h"

#include <gst/video/video.h>

G_BEGIN_DECLS

/*
 * What the parts of irinfer share: the element itself (irinfer.c: properties,
 * model, states) and its pads (irinferpads.c: what flows).
 */

struct _IrInferElement {
  GstElement parent;
  GstPad *sinkpad;
  GstPad *srcpad;

  /* Properties, under the object lock. */
  IrModelOptions options;
  char *device;
  char *config;
  char *precision;
  char *instance;
  guint nireq;
  guint streams;
  guint threads;
  guint batch_size;
  guint warmup;
  IrInferSettings settings;
  guint changed;

  /* Under the object lock; changed by the streaming thread and when there is
   * none. @used is what @stream was made from. */
  IrInferStream *stream;
  IrModel *used;
  IrQos qos;
  guint64 told_latency;

  /* Held while the task is started, which posts messages; taken before the
   * object lock. @active: whether the source pad is. */
  GMutex starting;
  gboolean active;

  /* Of the streaming thread, and of state changes when there is none. */
  IrModel *own;
  IrModel *announced;
  GstSegment segment;
  GstVideoInfo info;
  gboolean has_info;
  /* Whether the task is to take from @stream. */
  gboolean started;

  /* Atomic: what the task learned from downstream. */
  gint flow;
};

/** ir_infer_add_templates: in class_init. */
void ir_infer_add_templates (GstElementClass *klass);
/** ir_infer_add_pads: in init. */
void ir_infer_add_pads (IrInferElement *self);
/** ir_infer_start: before the pads are activated. */
void ir_infer_start (IrInferElement *self);

/** ir_infer_open: makes the stream for the model that is there now; one that
 * was made for it before is used again. */
gboolean ir_infer_open (IrInferElement *self, GError **error);
/** ir_infer_close: the task must not run. */
void ir_infer_close (IrInferElement *self);

G_END_DECLS

#endif
