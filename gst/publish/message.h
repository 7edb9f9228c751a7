/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_MESSAGE_H
#define IR_MESSAGE_H

#include <gst/video/video.h>

G_BEGIN_DECLS

/* A frame's results as one line of text. */

#define IR_MESSAGE_SCHEMA "gst-ir.detections/1"

/* clang-format off */
/* Keys of a line of the format `dls`, each of which `fields` may name. */
#define IR_MESSAGE_FIELDS(X)                                               \
  X (FRAME,      "frame",      "number of the buffer, from 0")             \
  X (LATENCY,    "latency_ms", "age of the frame when it was published; of a file that is not behind, what the network took")   \
  X (MODEL,      "model",      "name and sha256 of the network")           \
  X (OBJECTS,    "objects",    "the results")                              \
  X (PTS,        "pts",        "presentation time in ns")                  \
  X (RESOLUTION, "resolution", "width and height of the frame")            \
  X (SCHEMA,     "schema",     "version of these fields")                  \
  X (SOURCE,     "source",     "the property of that name")                \
  X (TENSORS,    "tensors",    "points, masks and raw outputs of objects") \
  X (TIMESTAMP,  "timestamp",  "stream time in ns")                        \
  X (UTC,        "utc",        "wall clock of the frame")
/* clang-format on */

typedef enum {
#define X(id, name, meaning) IR_FIELD_##id##_BIT,
  IR_MESSAGE_FIELDS (X)
#undef X
  IR_FIELD_COUNT
} IrFieldBit;

enum {
#define X(id, name, meaning) IR_FIELD_##id = 1 << IR_FIELD_##id##_BIT,
  IR_MESSAGE_FIELDS (X)
#undef X
  IR_FIELD_ALL = (1 << IR_FIELD_COUNT) - 1,
};

/**
 * IrMessage: what a line is made of
 * @buffer: with the results
 * @number: of the buffer
 * @timestamp: stream time, GST_CLOCK_TIME_NONE if not known
 * @utc: microseconds since 1970
 * @latency_ms: NAN if not known
 * @fields: IR_FIELD_*
 */
typedef struct {
  GstBuffer *buffer;
  guint width;
  guint height;
  guint64 number;
  GstClockTime timestamp;
  gint64 utc;
  double latency_ms;
  const char *source;
  guint fields;
} IrMessage;

/** ir_message_dls: (transfer full): the line, without its end. */
char *ir_message_dls (const IrMessage *message);
/** ir_message_deepstream: (transfer full): DeepStream's minimal schema. */
char *ir_message_deepstream (const IrMessage *message);

/** ir_fields_parse: @text: names separated by commas, "" for all */
gboolean ir_fields_parse (const char *text, guint *fields, GError **error);

/** ir_message_utc: (transfer full): such as "2026-01-31T12:00:00.250Z". */
char *ir_message_utc (gint64 utc);

G_END_DECLS

#endif
