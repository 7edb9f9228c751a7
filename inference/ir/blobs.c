/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "blobs.h"

#include <string.h>

static guint64
mix (guint64 hash, guint64 word)
{
  hash = (hash ^ word) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return hash ^ hash >> 32;
}

static guint64
hash_bytes (gconstpointer data, gsize size)
{
  const guint8 *bytes = data;
  guint64 hash = size, word = 0;
  gsize i;

  for (i = 0; i + sizeof word <= size; i += sizeof word) {
    memcpy (&word, bytes + i, sizeof word);
    hash = mix (hash, word);
  }
  word = 0;
  if (i < size)
    memcpy (&word, bytes + i, size - i);
  return mix (hash, word);
}

static guint
blob_hash (gconstpointer key)
{
  return (guint) ((const IrBlob *) key)->hash;
}

static gboolean
blob_equal (gconstpointer a, gconstpointer b)
{
  const IrBlob *x = a, *y = b;

  return x->hash == y->hash && x->size == y->size &&
      (x->data == y->data || memcmp (x->data, y->data, x->size) == 0);
}

void
ir_blobs_init (IrBlobs *blobs)
{
  blobs->list = g_ptr_array_new_with_free_func (g_free);
  blobs->by_content = g_hash_table_new (blob_hash, blob_equal);
  blobs->end = 0;
  blobs->has_empty = FALSE;
}

void
ir_blobs_clear (IrBlobs *blobs)
{
  g_ptr_array_unref (blobs->list);
  g_hash_table_unref (blobs->by_content);
}

guint64
ir_blobs_add (IrBlobs *blobs, gconstpointer data, gsize size)
{
  IrBlob wanted = { hash_bytes (data, size), data, size, 0 };
  IrBlob *blob;

  if (size == 0) {
    blobs->has_empty = TRUE;
    return 0;
  }
  blob = g_hash_table_lookup (blobs->by_content, &wanted);
  if (blob)
    return blob->offset;
  wanted.offset =
      (blobs->end + IR_TENSOR_ALIGN - 1) / IR_TENSOR_ALIGN * IR_TENSOR_ALIGN;
  blobs->end = wanted.offset + size;
  blob = g_memdup2 (&wanted, sizeof wanted);
  g_ptr_array_add (blobs->list, blob);
  g_hash_table_add (blobs->by_content, blob);
  return blob->offset;
}

void
ir_blobs_finish (IrBlobs *blobs)
{
  if (blobs->has_empty && blobs->end == 0)
    blobs->end = IR_TENSOR_ALIGN;
}

gboolean
ir_blobs_write (const IrBlobs *blobs, IrBlobsWrite write, gpointer user_data,
    GError **error)
{
  static const guint8 zeros[IR_TENSOR_ALIGN];
  guint64 at = 0;
  guint i;

  for (i = 0; i < blobs->list->len; i++) {
    const IrBlob *blob = blobs->list->pdata[i];

    if (blob->offset > at &&
        !write (user_data, zeros, (gsize) (blob->offset - at), error))
      return FALSE;
    if (!write (user_data, blob->data, blob->size, error))
      return FALSE;
    at = blob->offset + blob->size;
  }
  return at == blobs->end ||
      write (user_data, zeros, (gsize) (blobs->end - at), error);
}
