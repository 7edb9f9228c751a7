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

typedef struct _CpuStore CpuStore;

/* A packed weight; without bytes, that it can't be packed in this way. */
typedef struct {
  char *label;
  gsize bytes;
  gpointer data;
} CpuBlob;

CpuStore *cpu_store_new (void);
void cpu_store_free (CpuStore *store);

/* NULL if there is none. */
const CpuBlob *cpu_store_find (const CpuStore *store, const char *label);
/* Takes @data, which is of cpu_alloc_unset(), over. */
void cpu_store_add (
    CpuStore *store, const char *label, gpointer data, gsize bytes);

G_END_DECLS

#endif
