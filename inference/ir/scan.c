/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "old.h"

#include <string.h>

/* Models have one body in another, at most two. */
#define MAX_DEPTH 8

const IrBodyTags ir_body_tags[] = {
  { "TensorIterator", { "body" }, { "port_map" } },
  { "Loop", { "body" }, { "port_map" } },
  { "If", { "then_body", "else_body" }, { "then_port_map", "else_port_map" } },
  { NULL },
};

const IrBodyTags *
ir_body_tags_of (const IrOpDesc *op)
{
  const IrBodyTags *tags;

  for (tags = ir_body_tags; tags->type; tags++)
    if (strcmp (tags->type, op->type) == 0)
      return tags;
  return NULL;
}

gboolean
ir_layer_fail (const IrLayer *layer, GError **error, IrErrorCode code,
    const char *format, ...)
{
  va_list args;
  g_autofree char *message = NULL;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  return ir_dom_fail (layer->xml, error, code,
      "layer '%s' (%s, id %" G_GUINT64_FORMAT "): %s", layer->name, layer->type,
      layer->id, message);
}

IrLayer *
ir_layers_find (const IrLayers *layers, guint64 id)
{
  gpointer index = NULL;

  if (!g_hash_table_lookup_extended (layers->by_id, &id, NULL, &index))
    return NULL;
  return ir_layers_get (layers, GPOINTER_TO_SIZE (index));
}

gboolean
ir_layers_find_port (
    const IrLayers *layers, gsize first, gsize n, guint64 id, guint *index)
{
  guint64 guess;
  gsize i;

  if (n == 0)
    return FALSE;
  /* Ports are numbered in sequence nearly always. */
  guess = id - ir_layers_port (layers, first)->id;
  if (guess < n && ir_layers_port (layers, first + guess)->id == id) {
    *index = (guint) guess;
    return TRUE;
  }
  for (i = 0; i < n; i++) {
    if (ir_layers_port (layers, first + i)->id == id) {
      *index = (guint) i;
      return TRUE;
    }
  }
  return FALSE;
}

void
ir_layers_free (IrLayers *layers)
{
  gsize i;
  guint b;

  for (i = 0; i < layers->layers->len; i++)
    for (b = 0; b < IR_LAYER_BODIES; b++)
      g_clear_pointer (&ir_layers_get (layers, i)->bodies[b], ir_layers_free);
  g_array_unref (layers->layers);
  g_array_unref (layers->ports);
  g_array_unref (layers->order);
  g_hash_table_unref (layers->by_id);
  g_free (layers);
}

static IrLayers *
layers_new (void)
{
  IrLayers *layers = g_new0 (IrLayers, 1);

  layers->layers = g_array_new (FALSE, TRUE, sizeof (IrLayer));
  layers->ports = g_array_new (FALSE, TRUE, sizeof (IrLayerPort));
  layers->order = g_array_new (FALSE, FALSE, sizeof (gsize));
  layers->by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  return layers;
}

/* Files name some ops by opsets that do not contain them. */
static const IrOpDesc *
lookup_op (const char *type, const char *opset)
{
  static const char *const first_in_opset2[] = { "MVN", "ROIPooling",
    "ReorgYolo", NULL };
  static const char *const experimental[] = { "GRUCell", "RNNCell", "Proposal",
    "ExperimentalDetectronDetectionOutput",
    "ExperimentalDetectronGenerateProposalsSingleImage",
    "ExperimentalDetectronPriorGridGenerator",
    "ExperimentalDetectronROIFeatureExtractor", "ExperimentalDetectronTopKROIs",
    NULL };
  guint i;

  if (strcmp (opset, "opset1") == 0)
    for (i = 0; first_in_opset2[i]; i++)
      if (g_ascii_strcasecmp (type, first_in_opset2[i]) == 0)
        opset = "opset2";
  if (strcmp (opset, "experimental") == 0 || strcmp (opset, "extension") == 0)
    for (i = 0; experimental[i]; i++)
      if (g_ascii_strcasecmp (type, experimental[i]) == 0)
        opset = "opset6";
  return ir_op_lookup (type, opset);
}

static gboolean
ports_ascend (const IrLayers *layers, gsize first, gsize n)
{
  gsize i;

  for (i = first + 1; i < first + n; i++)
    if (ir_layers_port (layers, i)->id <= ir_layers_port (layers, i - 1)->id)
      return FALSE;
  return TRUE;
}

static gboolean
scan_ports (IrLayers *layers, const IrLayer *layer, const char *tag, gsize *n,
    GError **error)
{
  const xmlNode *list = ir_dom_child (layer->xml, tag);
  const xmlNode *xml;
  g_autoptr (GHashTable) ids = NULL;
  gsize first = layers->ports->len, i;

  for (xml = ir_dom_child (list, "port"); xml;
       xml = ir_dom_next (xml, "port")) {
    IrLayerPort port = { 0, xml, -1, 0 };

    if (!ir_dom_get_u64 (xml, "id", &port.id, error))
      return FALSE;
    g_array_append_val (layers->ports, port);
  }
  *n = layers->ports->len - first;
  if (*n > IR_MAX_INPUTS)
    return ir_layer_fail (layer, error, IR_ERROR_LIMIT,
        "%" G_GSIZE_FORMAT " ports under <%s>; %d are the limit", *n, tag,
        IR_MAX_INPUTS);
  if (ports_ascend (layers, first, *n))
    return TRUE;
  ids = g_hash_table_new (g_int64_hash, g_int64_equal);
  for (i = 0; i < *n; i++) {
    guint64 *id = &ir_layers_port (layers, first + i)->id;

    if (!g_hash_table_add (ids, id))
      return ir_layer_fail (layer, error, IR_ERROR_PARSE,
          "two ports under <%s> have the id %" G_GUINT64_FORMAT, tag, *id);
  }
  return TRUE;
}

static gboolean
is_old (const IrReader *reader)
{
  return reader->version <= IR_OLD_LAST_VERSION;
}

/* What the layer does: an op of an opset, or a row of the old layers. */
static gboolean
scan_type (const IrReader *reader, IrLayer *layer, GError **error)
{
  if (is_old (reader)) {
    layer->opset = reader->old_opset;
    layer->data = ir_old_data (layer->xml);
    layer->old = ir_old_find (layer->type, layer->data);
    return TRUE;
  }
  if (!ir_dom_get_text (layer->xml, "version", &layer->opset, error))
    return FALSE;
  layer->data = ir_dom_child (layer->xml, "data");
  layer->op = lookup_op (layer->type, layer->opset);
  return TRUE;
}

static gboolean
scan_layer (const IrReader *reader, IrLayers *layers, const xmlNode *xml,
    GError **error)
{
  IrLayer layer = { .xml = xml };

  if (!ir_dom_get_u64 (xml, "id", &layer.id, error) ||
      !ir_dom_get_text (xml, "name", &layer.name, error) ||
      !ir_dom_get_text (xml, "type", &layer.type, error) ||
      !scan_type (reader, &layer, error))
    return FALSE;
  layer.first_in = layers->ports->len;
  if (!scan_ports (layers, &layer, "input", &layer.n_in, error))
    return FALSE;
  layer.first_out = layers->ports->len;
  if (!scan_ports (layers, &layer, "output", &layer.n_out, error))
    return FALSE;
  g_array_append_val (layers->layers, layer);
  return TRUE;
}

/* Ids and names are unique, the names of Results excepted. */
static gboolean
check_unique (IrLayers *layers, GError **error)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  guint n_parameters = 0, n_results = 0;
  gsize i;

  for (i = 0; i < layers->layers->len; i++) {
    IrLayer *layer = ir_layers_get (layers, i);
    guint flags = layer->op ? layer->op->flags : 0;

    if (!g_hash_table_insert (layers->by_id, &layer->id, GSIZE_TO_POINTER (i)))
      return ir_layer_fail (
          layer, error, IR_ERROR_PARSE, "another layer has the same id");
    if (flags & IR_OP_PARAMETER)
      layer->slot = n_parameters++;
    if (flags & IR_OP_RESULT)
      layer->slot = n_results++;
    else if (!g_hash_table_add (names, (gpointer) layer->name))
      return ir_layer_fail (
          layer, error, IR_ERROR_PARSE, "another layer has the same name");
  }
  return TRUE;
}

static gboolean
scan_edge (IrLayers *layers, const xmlNode *xml, GError **error)
{
  guint64 from_layer, from_port, to_layer, to_port;
  IrLayer *from, *to;
  IrLayerPort *port;
  guint out, in;

  if (!ir_dom_get_u64 (xml, "from-layer", &from_layer, error) ||
      !ir_dom_get_u64 (xml, "from-port", &from_port, error) ||
      !ir_dom_get_u64 (xml, "to-layer", &to_layer, error) ||
      !ir_dom_get_u64 (xml, "to-port", &to_port, error))
    return FALSE;
  from = ir_layers_find (layers, from_layer);
  to = ir_layers_find (layers, to_layer);
  if (!from || !to)
    return ir_dom_fail (xml, error, IR_ERROR_PARSE,
        "the edge names layer %" G_GUINT64_FORMAT ", which does not exist",
        from ? to_layer : from_layer);
  if (!ir_layers_find_port (
          layers, from->first_out, from->n_out, from_port, &out))
    return ir_layer_fail (from, error, IR_ERROR_PARSE,
        "an edge leaves from output port %" G_GUINT64_FORMAT
        ", which the layer does not have",
        from_port);
  if (!ir_layers_find_port (layers, to->first_in, to->n_in, to_port, &in))
    return ir_layer_fail (to, error, IR_ERROR_PARSE,
        "an edge goes to input port %" G_GUINT64_FORMAT
        ", which the layer does not have",
        to_port);
  port = ir_layers_port (layers, to->first_in + in);
  if (port->source >= 0)
    return ir_layer_fail (to, error, IR_ERROR_PARSE,
        "two edges go to input port %" G_GUINT64_FORMAT, to_port);
  port->source = from - ir_layers_get (layers, 0);
  port->source_port = out;
  return TRUE;
}

/* Depth first from layer @root, without recursion: models are deep. @next
 * holds, for each layer on the way, the input to look at next. */
static gboolean
visit (IrLayers *layers, gsize root, GArray *path, GArray *next, GError **error)
{
  gsize zero = 0;

  if (ir_layers_get (layers, root)->state == IR_LAYER_NEEDED)
    return TRUE;
  ir_layers_get (layers, root)->state = IR_LAYER_OPEN;
  g_array_append_val (path, root);
  g_array_append_val (next, zero);
  while (path->len > 0) {
    gsize index = g_array_index (path, gsize, path->len - 1);
    gsize *in = &g_array_index (next, gsize, next->len - 1);
    IrLayer *layer = ir_layers_get (layers, index), *source;
    const IrLayerPort *port;
    gsize from;

    if (*in == layer->n_in) {
      layer->state = IR_LAYER_NEEDED;
      g_array_append_val (layers->order, index);
      g_array_set_size (path, path->len - 1);
      g_array_set_size (next, next->len - 1);
      continue;
    }
    port = ir_layers_port (layers, layer->first_in + (*in)++);
    if (port->source < 0)
      return ir_layer_fail (layer, error, IR_ERROR_PARSE,
          "no edge goes to input port %" G_GUINT64_FORMAT, port->id);
    from = (gsize) port->source;
    source = ir_layers_get (layers, from);
    if (source->state == IR_LAYER_OPEN)
      return ir_layer_fail (
          source, error, IR_ERROR_PARSE, "is part of a cycle of edges");
    if (source->state == IR_LAYER_NEW) {
      source->state = IR_LAYER_OPEN;
      g_array_append_val (path, from);
      g_array_append_val (next, zero);
    }
  }
  return TRUE;
}

/* The order of the file is kept if readers come after their sources in it. */
static void
prefer_file_order (IrLayers *layers)
{
  gsize i, in;

  for (i = 0; i < layers->layers->len; i++) {
    const IrLayer *layer = ir_layers_get (layers, i);

    if (layer->state != IR_LAYER_NEEDED)
      continue;
    for (in = 0; in < layer->n_in; in++)
      if ((gsize) ir_layers_port (layers, layer->first_in + in)->source >= i)
        return;
  }
  g_array_set_size (layers->order, 0);
  for (i = 0; i < layers->layers->len; i++)
    if (ir_layers_get (layers, i)->state == IR_LAYER_NEEDED)
      g_array_append_val (layers->order, i);
}

/* Old files have no Results: what nobody reads is an output. */
static gboolean
is_root (const IrReader *reader, const IrLayer *layer)
{
  const guint roots = IR_OP_RESULT | IR_OP_SINK | IR_OP_PARAMETER;

  return is_old (reader) || (layer->op && (layer->op->flags & roots));
}

/* What Results and sinks read is needed, and every Parameter. */
static gboolean
find_needed (const IrReader *reader, IrLayers *layers, GError **error)
{
  g_autoptr (GArray) path = g_array_new (FALSE, FALSE, sizeof (gsize));
  g_autoptr (GArray) next = g_array_new (FALSE, FALSE, sizeof (gsize));
  gsize i;

  for (i = 0; i < layers->layers->len; i++) {
    if (is_root (reader, ir_layers_get (layers, i)) &&
        !visit (layers, i, path, next, error))
      return FALSE;
  }
  prefer_file_order (layers);
  return TRUE;
}

static void
note_unknown (IrReader *reader, const IrLayer *layer)
{
  if (reader->n_unknown++ >= IR_MAX_UNKNOWN)
    return;
  g_string_append_printf (reader->unknown,
      "%s%s (%s), layer '%s', id %" G_GUINT64_FORMAT,
      reader->n_unknown > 1 ? "; " : "", layer->type, layer->opset, layer->name,
      layer->id);
}

static gboolean
scan_bodies (IrReader *reader, IrLayers *layers, guint depth, GError **error)
{
  gsize i;
  guint b;

  for (i = 0; i < layers->layers->len; i++) {
    IrLayer *layer = ir_layers_get (layers, i);
    const IrBodyTags *tags;

    if (layer->state != IR_LAYER_NEEDED)
      continue;
    if (!layer->op && !layer->old)
      note_unknown (reader, layer);
    if (!layer->op)
      continue;
    tags = ir_body_tags_of (layer->op);
    for (b = 0; tags && b < IR_LAYER_BODIES && tags->body[b]; b++) {
      const xmlNode *body = ir_dom_child (layer->xml, tags->body[b]);

      if (!body)
        return ir_layer_fail (
            layer, error, IR_ERROR_PARSE, "has no <%s>", tags->body[b]);
      layer->bodies[b] = ir_layers_scan (reader, body, depth + 1, error);
      if (!layer->bodies[b])
        return FALSE;
    }
  }
  return TRUE;
}

IrLayers *
ir_layers_scan (
    IrReader *reader, const xmlNode *net, guint depth, GError **error)
{
  g_autoptr (IrLayers) layers = layers_new ();
  const xmlNode *list = ir_dom_child (net, "layers");
  const xmlNode *edges = ir_dom_child (net, "edges");
  const xmlNode *xml;

  if (depth > MAX_DEPTH) {
    ir_dom_fail (net, error, IR_ERROR_LIMIT,
        "bodies are nested deeper than %d levels", MAX_DEPTH);
    return NULL;
  }
  if (!list) {
    ir_dom_fail (net, error, IR_ERROR_PARSE, "<%s> has no <layers>",
        (const char *) net->name);
    return NULL;
  }
  for (xml = ir_dom_child (list, "layer"); xml;
       xml = ir_dom_next (xml, "layer"))
    if (!scan_layer (reader, layers, xml, error))
      return NULL;
  if (!check_unique (layers, error))
    return NULL;
  for (xml = ir_dom_child (edges, "edge"); xml; xml = ir_dom_next (xml, "edge"))
    if (!scan_edge (layers, xml, error))
      return NULL;
  if (!find_needed (reader, layers, error) ||
      !scan_bodies (reader, layers, depth, error))
    return NULL;
  return g_steal_pointer (&layers);
}
