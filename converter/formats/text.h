/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_TEXT_H
#define IR_TEXT_H

#include "protobuf.h"

G_BEGIN_DECLS

/* Larger texts are refused. */
#define IR_TEXT_MAX (64 << 20)

/*
 * The text form of protobuf: what it says is put into the binary form by the
 * message's own descriptor and unpacked as that is. Errors say line, column and
 * what was expected.
 *
 * @what names the text in messages. @unknown (nullable) (element-type char *)
 * gets "MESSAGE.FIELD" of each field that the descriptor doesn't have, once; they
 * are skipped. A message without any fields stands for what nobody reads: nothing
 * in it is told.
 */
gboolean ir_text_unpack (const ProtobufCMessageDescriptor *desc,
    const char *text, gsize n, const char *what, GPtrArray *unknown,
    IrProtobuf *unpacked, GError **error);

/* The same for a whole file. */
gboolean ir_text_unpack_file (const ProtobufCMessageDescriptor *desc,
    const char *path, GPtrArray *unknown, IrProtobuf *unpacked, GError **error);

G_END_DECLS

#endif
