/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_BLOBS_H
#define IR_BLOBS_H

#include <ir/tensor.h>

G_BEGIN_DECLS

/* What a .bin will hold: every content once, at aligned offsets. Nothing is
 * copied; the tensors must live as long. */
typedef struct {
  GPtrArray *list;
  GHashTable *by_content;
  guint64 end;
  gboolean has_empty;
} IrBlobs;

typedef struct {
  guint64 hash;
  gconstpointer data;
  gsize size;
  guint64 offset;
} IrBlob;

void ir_blobs_init (IrBlobs *blobs);
void ir_blobs_clear (IrBlobs *blobs);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (IrBlobs, ir_blobs_clear)

/* The offset of the bytes. */
guint64 ir_blobs_add (IrBlobs *blobs, gconstpointer data, gsize size);

/* To be called after the last one: a file that a constant without bytes refers to
 * must have some, or OpenVINO finds no file at all. */
void ir_blobs_finish (IrBlobs *blobs);

/* Gets pieces of the file in order. */
typedef gboolean (*IrBlobsWrite) (
    gpointer user_data, gconstpointer data, gsize size, GError **error);
gboolean ir_blobs_write (const IrBlobs *blobs, IrBlobsWrite write,
    gpointer user_data, GError **error);

G_END_DECLS

#endif
