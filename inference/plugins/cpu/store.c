/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <stdlib.h>

struct _CpuStore {
  GHashTable *blobs;
};

static void
blob_free (gpointer data)
{
  CpuBlob *blob = data;

  free (blob->data);
  g_free (blob->label);
  g_free (blob);
}

CpuStore *
cpu_store_new (void)
{
  CpuStore *store = g_new0 (CpuStore, 1);

  store->blobs =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, blob_free);
  return store;
}

void
cpu_store_free (CpuStore *store)
{
  g_hash_table_unref (store->blobs);
  g_free (store);
}

const CpuBlob *
cpu_store_find (const CpuStore *store, const char *label)
{
  return g_hash_table_lookup (store->blobs, label);
}

void
cpu_store_add (CpuStore *store, const char *label, gpointer data, gsize bytes)
{
  CpuBlob *blob = g_new (CpuBlob, 1);

  *blob = (CpuBlob){ g_strdup (label), bytes, data };
  g_hash_table_replace (store->blobs, blob->label, blob);
}
