/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_READER_H
#define IR_READER_H

#include <ir/graph.h>

#include "dom.h"

G_BEGIN_DECLS

/*
 * Reading goes in two steps: scan.c turns the XML into lists of layers with
 * their edges resolved, bodies included, and gathers every op that is not
 * known; build.c then makes the nodes.
 */

#define IR_LAYER_BODIES 2
/* So many unknown ops are listed; the rest is counted. */
#define IR_MAX_UNKNOWN 50

typedef struct _IrLayers IrLayers;
typedef struct _IrOldRow IrOldRow;

/* A <port>. Of inputs @source and @source_port say what they read. */
typedef struct {
  guint64 id;
  const xmlNode *xml;
  gint64 source;
  guint source_port;
} IrLayerPort;

typedef enum {
  IR_LAYER_NEW,
  IR_LAYER_OPEN,
  IR_LAYER_NEEDED,
} IrLayerState;

/* A <layer>. Ports @first_in to @first_in + @n_in - 1 of the list's ports are
 * its inputs. @slot is its position among the Parameters or the Results. Up to
 * version 7 it has an @old row instead of an @op, and @outs and @shapes say for each
 * output port what was made for it and what shape the file gives it. */
typedef struct {
  const xmlNode *xml;
  const xmlNode *data;
  const char *name;
  const char *type;
  const char *opset;
  guint64 id;
  const IrOpDesc *op;
  gsize first_in;
  gsize n_in;
  gsize first_out;
  gsize n_out;
  guint slot;
  IrLayerState state;
  IrLayers *bodies[IR_LAYER_BODIES];
  IrNode *node;
  const IrOldRow *old;
  IrPort *outs;
  IrShape *shapes;
} IrLayer;

/* The layers of a model or of a body. @order lists the needed ones, sources
 * before their readers. */
struct _IrLayers {
  GArray *layers;
  GArray *ports;
  GHashTable *by_id;
  GArray *order;
};

typedef struct {
  const char *label;
  guint version;
  const char *bin_name;
  GBytes *weights;
  GString *unknown;
  guint n_unknown;
  /* What stands for the opset in messages of versions that have none. */
  char old_opset[8];
} IrReader;

/* Where the bodies of an op are in its <layer>; ends with a NULL type. */
typedef struct {
  const char *type;
  const char *body[IR_LAYER_BODIES];
  const char *port_map[IR_LAYER_BODIES];
} IrBodyTags;

extern const IrBodyTags ir_body_tags[];

/* NULL for an op without bodies. */
const IrBodyTags *ir_body_tags_of (const IrOpDesc *op);

/* Scans <layers> and <edges> under @net. Unknown ops are added to
 * @reader->unknown and are no error here. */
IrLayers *ir_layers_scan (
    IrReader *reader, const xmlNode *net, guint depth, GError **error);
void ir_layers_free (IrLayers *layers);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrLayers, ir_layers_free)

static inline IrLayer *
ir_layers_get (const IrLayers *layers, gsize index)
{
  return &g_array_index (layers->layers, IrLayer, index);
}

static inline IrLayerPort *
ir_layers_port (const IrLayers *layers, gsize index)
{
  return &g_array_index (layers->ports, IrLayerPort, index);
}

/* NULL if there is none. */
IrLayer *ir_layers_find (const IrLayers *layers, guint64 id);

/* Position of the port with that id among the @n from @first; FALSE if there
 * is none. */
gboolean ir_layers_find_port (
    const IrLayers *layers, gsize first, gsize n, guint64 id, guint *index);

/* Sets an error that names the layer. Returns FALSE. */
gboolean ir_layer_fail (const IrLayer *layer, GError **error, IrErrorCode code,
    const char *format, ...) G_GNUC_PRINTF (4, 5);

/* Fills @graph with the needed layers. */
gboolean ir_layers_build (
    IrReader *reader, IrLayers *layers, IrGraph *graph, GError **error);

/* Outputs that have no tensor name get that of their node, with ".index" if it
 * has several, unless it is one of @tensors, the names that are there. */
void ir_graph_name_tensors (IrGraph *graph, GHashTable *tensors);

/* The tensor of a Const layer. */
IrTensor *ir_layer_read_const (
    IrReader *reader, const IrLayer *layer, GError **error);

/* The tensor of @size bytes of the weights from @offset on. */
IrTensor *ir_layer_map_weights (IrReader *reader, const IrLayer *layer,
    IrDType dtype, const IrShape *shape, guint64 offset, guint64 size,
    GError **error);

/* Port maps and back edges of a layer whose bodies are built. */
gboolean ir_layer_read_maps (
    const IrLayers *layers, const IrLayer *layer, GError **error);

/* The <rt_info> of a layer or port. */
gboolean ir_layer_read_rt_info (
    IrGraph *graph, const xmlNode *parent, IrRtInfo **list, GError **error);

/* The <rt_info> of the model, and what v10 has in its place. */
gboolean ir_read_meta (IrGraph *graph, const xmlNode *net, GError **error);

G_END_DECLS

#endif
