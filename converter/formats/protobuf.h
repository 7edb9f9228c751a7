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

/*
 * (transfer full): ir_protobuf_check(), then unpacking. @what names the bytes in
 * messages: a path, or what is inside of which path. Freed with
 * protobuf_c_message_free_unpacked (message, NULL).
 */
ProtobufCMessage *ir_protobuf_unpack (const ProtobufCMessageDescriptor *desc,
    const guint8 *data, gsize n, const char *what, GError **error);

/* (transfer full): the same for a whole file, mapped while it is read. */
ProtobufCMessage *ir_protobuf_unpack_file (
    const ProtobufCMessageDescriptor *desc, const char *path, GError **error);

G_END_DECLS

#endif
