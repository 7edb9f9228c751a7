/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CPU_STORE_H
#define CPU_STORE_H

#include <ir/graph.h>

G_BEGIN_DECLS

/*
 * The weights of a model in the order in which kernels read them: each is packed
 * when it is first asked for, or taken from the file that was left when the same
 * model was compiled before.
 */

#define CPU_LABEL 232

/* A packed weight; without bytes, that it can't be packed in this way. */
typedef struct {
  char label[CPU_LABEL];
  gsize bytes;
  gpointer data;
  /* Where it is to go; none if it is in the store's mapping. */
  gpointer memory;
  /* Whether a step of this model reads it. */
  gboolean used;
} CpuBlob;

typedef struct {
  /* In the order in which they were asked for. */
  GPtrArray *blobs;
  GHashTable *by_label;
  gpointer mapping;
  gsize mapping_bytes;
} CpuStore;

CpuStore *cpu_store_new (void);
void cpu_store_free (CpuStore *store);

/* NULL if there is none. */
CpuBlob *cpu_store_find (const CpuStore *store, const char *label);
/* Takes @data, which is of cpu_alloc_unset(), over. */
CpuBlob *cpu_store_add (
    CpuStore *store, const char *label, gpointer data, gsize bytes);
/* Forgets what was added after the first @n. */
void cpu_store_truncate (CpuStore *store, guint n);
/* Bytes of what is used. */
gsize cpu_store_used (const CpuStore *store);
/* Whether there is something that is not in the mapping. */
gboolean cpu_store_has_grown (const CpuStore *store);

/* --- as a file ------------------------------------------------------------- */

/* Length of a SHA-256 in letters. */
#define CPU_DIGEST 64

/* What a file must have been made of: which build of this software; which model in
 * which configuration on which processor; which contents of its constants. */
typedef struct {
  char maker[CPU_DIGEST];
  char place[CPU_DIGEST];
  char contents[CPU_DIGEST];
} CpuStoreKey;

/* Fills an empty store from a file. FALSE if it has to be made anew: with an error
 * if that is a file that should not be there, without one if there is none, or one of
 * the model as it was before it was changed. */
gboolean cpu_store_load (
    CpuStore *store, const char *path, const CpuStoreKey *key, GError **error);
/* Replaces the file as a whole or not at all. */
gboolean cpu_store_save (const CpuStore *store, const char *path,
    const CpuStoreKey *key, GError **error);

G_END_DECLS

#endif
