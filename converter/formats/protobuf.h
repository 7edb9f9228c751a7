/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_PROTOBUF_H
#define IR_PROTOBUF_H

#include <ir/error.h>

#include <protobuf-c/protobuf-c.h>

G_BEGIN_DECLS

/*
 * protobuf-c for files that nobody vouches for: a walk over the bytes first, with
 * the message's own descriptor, that allocates nothing and finds everything that
 * unpacking would stumble or swell over.
 */

/* How deep messages may nest. Each ONNX sub-graph takes three levels. */
#define IR_PROTOBUF_MAX_DEPTH 64

/*
 * Checks that @data is a message of that kind which protobuf-c can unpack: tags,
 * wire types and lengths are right, texts hold no zero, no message field that may occur once occurs
 * twice, nesting is within IR_PROTOBUF_MAX_DEPTH, and unpacking takes no more
 * memory than 64 MiB and four times @n. Fields that the descriptor doesn't know
 * count as they cost.
 */
gboolean ir_protobuf_check (const ProtobufCMessageDescriptor *desc,
    const guint8 *data, gsize n, GError **error);

/* A message with the memory of all that it consists of. */
typedef struct {
  ProtobufCMessage *message;
  GPtrArray *blocks;
} IrProtobuf;

/*
 * ir_protobuf_check(), then unpacking. @what names the bytes in messages: a path, or
 * what is inside of which path.
 */
gboolean ir_protobuf_unpack (const ProtobufCMessageDescriptor *desc,
    const guint8 *data, gsize n, const char *what, IrProtobuf *unpacked,
    GError **error);

/* The same for a whole file, mapped while it is read. */
gboolean ir_protobuf_unpack_file (const ProtobufCMessageDescriptor *desc,
    const char *path, IrProtobuf *unpacked, GError **error);

void ir_protobuf_clear (IrProtobuf *unpacked);

G_END_DECLS

#endif
