/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_VARIANTS_H
#define IR_VARIANTS_H

#include <ir/plugin.h>

G_BEGIN_DECLS

/*
 * The compiled forms of one model: a single one if its shapes are static, else
 * one per set of input shapes, of which the last ones used are kept. Any thread
 * may call.
 */

/* How many compiled forms of a dynamic model are kept. */
#define IR_VARIANTS_MAX 16

typedef struct _IrVariants IrVariants;
typedef struct _IrVariant IrVariant;

/* Compiles @graph, whose memory is the caller's, as it is: this finds out
 * whether the device can run it, and fills @info. */
IrVariants *ir_variants_new (const IrDevicePlugin *plugin, const IrGraph *graph,
    GHashTable *config, IrDeviceModelInfo *info, GError **error);
void ir_variants_free (IrVariants *variants);

/* State of one inference for tensors of these shapes; compiles if need be. To
 * be given back. */
typedef struct {
  IrVariant *variant;
  gpointer request;
} IrLease;
gboolean ir_variants_take (IrVariants *variants, IrTensor *const *inputs,
    IrLease *lease, GError **error);
void ir_variants_give_back (IrVariants *variants, IrLease *lease);

/* Makes sure that @n inferences can be under way at once, as far as that is
 * known before the shapes are. */
gboolean ir_variants_reserve (IrVariants *variants, guint n, GError **error);

void ir_variants_set_profiling (IrVariants *variants, gboolean enabled);
/* Of the form that was used last. */
GPtrArray *ir_variants_get_profile (IrVariants *variants);
gboolean ir_variants_get_memory (IrVariants *variants, IrModelMemory *memory);

G_END_DECLS

#endif
