/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_WRITER_H
#define IR_WRITER_H

#include <ir/graph.h>

#include "blobs.h"
#include "text.h"

G_BEGIN_DECLS

typedef struct {
  IrText text;
  IrBlobs *blobs;
} IrWriter;

/* Which layer ids the nodes of a graph got. */
typedef struct {
  GPtrArray *order;
  GHashTable *ids;
} IrLayerIds;

/* Layers in the order of the file: Parameters, the others as they are sorted,
 * Results. */
void ir_layer_ids_init (IrLayerIds *ids, const IrGraph *graph);
void ir_layer_ids_clear (IrLayerIds *ids);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (IrLayerIds, ir_layer_ids_clear)
guint ir_layer_ids_get (const IrLayerIds *ids, const IrNode *node);

/* <layers> and <edges> of a sorted graph. */
void ir_write_layers (
    IrWriter *writer, const IrGraph *graph, const IrLayerIds *ids);

/* Port maps, back edges and bodies of a node. */
void ir_write_bodies (IrWriter *writer, const IrNode *node);

void ir_write_rt_info (IrText *text, const IrRtInfo *list);
void ir_write_meta (IrText *text, const IrGraph *graph);
/* The same as <meta_data> of version 10, as far as that has it. */
void ir_write_meta_10 (IrText *text, const IrGraph *graph);

/* (transfer full): the text of the .mapping file of a sorted graph. */
char *ir_write_mapping (const IrGraph *graph);

G_END_DECLS

#endif
