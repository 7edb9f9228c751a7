/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <stdlib.h>
#include <sys/mman.h>

static void
blob_free (gpointer data)
{
  CpuBlob *blob = data;

  free (blob->memory);
  g_free (blob);
}

CpuStore *
cpu_store_new (void)
{
  CpuStore *store = g_new0 (CpuStore, 1);

  store->blobs = g_ptr_array_new_with_free_func (blob_free);
  store->by_label = g_hash_table_new (g_str_hash, g_str_equal);
  return store;
}

void
cpu_store_free (CpuStore *store)
{
  g_hash_table_unref (store->by_label);
  g_ptr_array_unref (store->blobs);
  if (store->mapping)
    munmap (store->mapping, store->mapping_bytes);
  g_free (store);
}

CpuBlob *
cpu_store_find (const CpuStore *store, const char *label)
{
  return g_hash_table_lookup (store->by_label, label);
}

CpuBlob *
cpu_store_add (CpuStore *store, const char *label, gpointer data, gsize bytes)
{
  CpuBlob *blob = g_new0 (CpuBlob, 1);

  g_strlcpy (blob->label, label, sizeof blob->label);
  blob->bytes = bytes;
  blob->data = blob->memory = data;
  g_ptr_array_add (store->blobs, blob);
  g_hash_table_insert (store->by_label, blob->label, blob);
  return blob;
}

void
cpu_store_truncate (CpuStore *store, guint n)
{
  for (guint i = n; i < store->blobs->len; i++) {
    const CpuBlob *blob = g_ptr_array_index (store->blobs, i);

    g_hash_table_remove (store->by_label, blob->label);
  }
  g_ptr_array_set_size (store->blobs, MIN (n, store->blobs->len));
}

gsize
cpu_store_used (const CpuStore *store)
{
  gsize bytes = 0;

  for (guint i = 0; i < store->blobs->len; i++) {
    const CpuBlob *blob = g_ptr_array_index (store->blobs, i);

    bytes += blob->used ? blob->bytes : 0;
  }
  return bytes;
}

gboolean
cpu_store_has_grown (const CpuStore *store)
{
  for (guint i = 0; i < store->blobs->len; i++) {
    const CpuBlob *blob = g_ptr_array_index (store->blobs, i);

    if (blob->memory)
      return TRUE;
  }
  return FALSE;
}
