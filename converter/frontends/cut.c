/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "source.h"

#include <stdlib.h>
#include <string.h>

/* Where a name of the user's points: a tensor, or a node with or without one of
 * its ports. */
typedef enum {
  SPOT_TENSOR,
  SPOT_NODE,
  SPOT_OUTPUT,
  SPOT_INPUT,
} SpotKind;

typedef struct {
  SpotKind kind;
  const char *tensor;
  IrSourceNode *node;
  gsize port;
} Spot;

/* Names to what they name. */
typedef struct {
  IrSource *source;
  GHashTable *nodes;
  GHashTable *producers;
  gboolean cut;
} Index;

static void
index_build (Index *index)
{
  GPtrArray *nodes = index->source->graph->nodes;

  index->nodes = g_hash_table_new (g_str_hash, g_str_equal);
  index->producers = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < nodes->len; i++) {
    IrSourceNode *node = nodes->pdata[i];

    if (node->name[0] != '\0' &&
        !g_hash_table_contains (index->nodes, node->name))
      g_hash_table_insert (index->nodes, (gpointer) node->name, node);
    for (gsize o = 0; o < node->n_outputs; o++) {
      if (node->outputs[o][0] != '\0')
        g_hash_table_insert (
            index->producers, (gpointer) node->outputs[o], node);
    }
  }
}

static void
index_clear (Index *index)
{
  g_hash_table_unref (index->nodes);
  g_hash_table_unref (index->producers);
}

static gboolean
fail_unknown (const Index *index, const char *name, GError **error)
{
  const IrSourceGraph *graph = index->source->graph;
  g_autofree char *inputs = ir_source_list_values (graph->inputs);
  g_autofree char *outputs = ir_source_list_values (graph->outputs);
  g_autoptr (GString) near = g_string_new (NULL);
  guint found = 0;

  for (guint i = 0; i < graph->nodes->len && found < 5; i++) {
    const char *label = ir_source_node_label (graph->nodes->pdata[i]);

    if (strstr (label, name) != NULL) {
      g_string_append_printf (
          near, "%s\"%s\"", found == 0 ? "; similar nodes: " : ", ", label);
      found++;
    }
  }
  return ir_fail (error, IR_ERROR_NOT_FOUND,
      "%s: no tensor or node is called \"%s\"; inputs: %s; outputs: %s%s",
      index->source->path, name, inputs, outputs, near->str);
}

static gboolean
parse_port (const char *text, gsize n, gsize *port)
{
  gsize value = 0;

  if (n == 0 || n > 5)
    return FALSE;
  for (gsize i = 0; i < n; i++) {
    if (!g_ascii_isdigit (text[i]))
      return FALSE;
    value = value * 10 + (text[i] - '0');
  }
  *port = value;
  return TRUE;
}

/* "node:port" and "port:node". */
static gboolean
find_port (const Index *index, const char *name, Spot *spot)
{
  const char *first = strchr (name, ':');
  const char *last = strrchr (name, ':');
  gsize port;

  if (first == NULL)
    return FALSE;
  if (parse_port (last + 1, strlen (last + 1), &port)) {
    g_autofree char *label = g_strndup (name, last - name);
    IrSourceNode *node = g_hash_table_lookup (index->nodes, label);

    if (node != NULL && port < node->n_outputs) {
      *spot = (Spot){ SPOT_OUTPUT, node->outputs[port], node, port };
      return TRUE;
    }
  }
  if (parse_port (name, first - name, &port)) {
    IrSourceNode *node = g_hash_table_lookup (index->nodes, first + 1);

    if (node != NULL && port < node->n_inputs) {
      *spot = (Spot){ SPOT_INPUT, node->inputs[port], node, port };
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
find_spot (const Index *index, const char *name, Spot *spot, GError **error)
{
  const IrSourceGraph *graph = index->source->graph;
  IrSourceNode *node = g_hash_table_lookup (index->producers, name);

  if (node != NULL || ir_source_find_input (index->source, name) != NULL ||
      g_hash_table_contains (graph->initializers, name)) {
    *spot = (Spot){ SPOT_TENSOR, name, node, 0 };
    return TRUE;
  }
  node = g_hash_table_lookup (index->nodes, name);
  if (node != NULL) {
    *spot = (Spot){ SPOT_NODE, NULL, node, 0 };
    return TRUE;
  }
  if (find_port (index, name, spot))
    return TRUE;
  return fail_unknown (index, name, error);
}

/* --- outputs ---------------------------------------------------------------- */

static const char *
output_tensor (const Spot *spot)
{
  if (spot->kind != SPOT_NODE)
    return spot->tensor;
  return spot->node->n_outputs > 0 ? spot->node->outputs[0] : "";
}

static IrSourceValue *
output_value (Index *index, const char *tensor)
{
  const GPtrArray *outputs = index->source->graph->outputs;
  IrShape shape = ir_shape_unknown ();

  for (guint i = 0; i < outputs->len; i++) {
    IrSourceValue *value = outputs->pdata[i];

    if (strcmp (value->name, tensor) == 0)
      return value;
  }
  return ir_source_value_new (index->source,
      ir_source_strdup (index->source, tensor), IR_DTYPE_DYNAMIC, &shape);
}

static gboolean
cut_outputs (Index *index, const IrImportOptions *options, GError **error)
{
  GPtrArray *outputs = index->source->graph->outputs;
  g_autoptr (GPtrArray) wanted = g_ptr_array_new ();

  if (options->n_outputs == 0)
    return TRUE;
  for (gsize i = 0; i < options->n_outputs; i++) {
    const char *tensor;
    Spot spot;

    if (!find_spot (index, options->outputs[i], &spot, error))
      return FALSE;
    tensor = output_tensor (&spot);
    if (tensor[0] == '\0')
      return ir_fail (error, IR_ERROR_NOT_FOUND,
          "%s: there is no tensor at \"%s\" to end the model with",
          index->source->path, options->outputs[i]);
    g_ptr_array_add (wanted, output_value (index, tensor));
  }
  g_ptr_array_set_size (outputs, 0);
  for (guint i = 0; i < wanted->len; i++)
    g_ptr_array_add (outputs, wanted->pdata[i]);
  index->cut = TRUE;
  return TRUE;
}

/* --- inputs ----------------------------------------------------------------- */

/* What the file tells about a tensor that becomes an input. */
static IrSourceValue *
new_input (
    Index *index, const char *tensor, const char *label, const char *origin)
{
  IrSource *source = index->source;
  IrTensor *value = g_hash_table_lookup (source->graph->initializers, tensor);
  IrShape shape = ir_shape_unknown ();
  IrSourceValue *input;

  if (value != NULL)
    shape = value->shape;
  input = ir_source_value_new (source, ir_source_strdup (source, tensor),
      value != NULL ? value->dtype : IR_DTYPE_DYNAMIC, &shape);
  input->label = label;
  input->origin = origin;
  index->cut = TRUE;
  return input;
}

static IrSourceValue *
cut_tensor (Index *index, const char *tensor)
{
  IrSource *source = index->source;
  IrSourceNode *node = g_hash_table_lookup (index->producers, tensor);
  IrSourceValue *input = ir_source_find_input (source, tensor);
  const char *label = NULL;

  if (input != NULL)
    return input;
  for (gsize o = 0; node != NULL && o < node->n_outputs; o++) {
    if (strcmp (node->outputs[o], tensor) != 0)
      continue;
    label =
        ir_source_printf (source, "%s/placeholder_out_port_%" G_GSIZE_FORMAT,
            ir_source_node_label (node), o);
    node->outputs[o] = "";
  }
  input = new_input (index, tensor, label, ir_source_strdup (source, tensor));
  g_hash_table_remove (index->producers, tensor);
  g_hash_table_remove (source->graph->initializers, tensor);
  return input;
}

static IrSourceValue *
cut_port (Index *index, IrSourceNode *node, gsize port)
{
  IrSource *source = index->source;
  IrSourceValue *input = ir_source_find_input (source, node->inputs[port]);
  const char *name;

  if (input != NULL)
    return input;
  name = ir_source_printf (source, "%s/placeholder_port_%" G_GSIZE_FORMAT,
      ir_source_node_label (node), port);
  input = new_input (index, name, name, node->inputs[port]);
  node->inputs[port] = input->name;
  return input;
}

static gboolean
is_constant (const Index *index, const char *tensor)
{
  const IrSourceNode *node = g_hash_table_lookup (index->producers, tensor);

  return g_hash_table_contains (index->source->graph->initializers, tensor) ||
      (node != NULL && g_str_has_prefix (node->type, "Const"));
}

/* The inputs that one item of --input stands for are appended to @into. */
static gboolean
cut_input (Index *index, const char *name, GPtrArray *into, GError **error)
{
  IrSourceNode *node;
  Spot spot;

  if (!find_spot (index, name, &spot, error))
    return FALSE;
  node = g_hash_table_lookup (index->nodes, name);
  if (spot.kind == SPOT_TENSOR && index->source->nodes_first && node != NULL &&
      ir_source_find_input (index->source, name) == NULL)
    spot = (Spot){ SPOT_NODE, NULL, node, 0 };
  if (spot.kind == SPOT_TENSOR || spot.kind == SPOT_OUTPUT) {
    if (spot.tensor[0] == '\0')
      return fail_unknown (index, name, error);
    g_ptr_array_add (into, cut_tensor (index, spot.tensor));
  } else if (spot.kind == SPOT_INPUT) {
    g_ptr_array_add (into, cut_port (index, spot.node, spot.port));
  } else {
    for (gsize i = 0; i < spot.node->n_inputs; i++) {
      const char *tensor = spot.node->inputs[i];

      if (tensor[0] != '\0' && !is_constant (index, tensor))
        g_ptr_array_add (into, cut_port (index, spot.node, i));
    }
  }
  if (into->len == 0)
    return ir_fail (error, IR_ERROR_NOT_FOUND,
        "%s: node \"%s\" has no inputs to cut the model at",
        index->source->path, name);
  return TRUE;
}

static gboolean
freeze (IrSource *source, IrSourceValue *input, IrTensor *value, GError **error)
{
  IrDType dtype =
      input->dtype == IR_DTYPE_DYNAMIC ? IR_DTYPE_F32 : input->dtype;
  g_autoptr (IrTensor) typed = NULL;
  IrTensor *shaped;
  char text[IR_SHAPE_TEXT];

  if (!ir_shape_is_static (&input->shape))
    return ir_fail (error, IR_ERROR_SHAPE,
        "%s: input \"%s\" has the shape %s; to freeze it, give it a static one "
        "(--input \"%s[...]->value\")",
        source->path, input->name, ir_shape_print (&input->shape, text),
        input->name);
  typed = ir_tensor_convert (value, dtype, error);
  if (typed == NULL)
    return FALSE;
  shaped = ir_tensor_reshaped (typed, &input->shape, error);
  if (shaped == NULL) {
    g_prefix_error (
        error, "%s: value for input \"%s\": ", source->path, input->name);
    return FALSE;
  }
  g_hash_table_replace (
      source->graph->initializers, (gpointer) input->name, shaped);
  return TRUE;
}

static gboolean
shape_input (IrSource *source, const IrImportInput *wish, GPtrArray *inputs,
    GError **error)
{
  if (wish->has_shape && inputs->len > 1)
    return ir_fail (error, IR_ERROR_SHAPE,
        "%s: node \"%s\" has %u inputs, but one shape was given; name one as "
        "\"port:%s\"",
        source->path, wish->name, inputs->len, wish->name);
  for (guint i = 0; i < inputs->len; i++) {
    IrSourceValue *input = inputs->pdata[i];

    if (wish->has_shape) {
      input->shape = wish->shape;
      input->given = TRUE;
    }
    if (wish->dtype != IR_DTYPE_DYNAMIC) {
      if (input->dtype == IR_DTYPE_DYNAMIC)
        input->dtype = wish->dtype;
      else if (input->dtype != wish->dtype)
        input->asked = wish->dtype;
    }
    if (wish->value != NULL && !freeze (source, input, wish->value, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
cut_inputs (Index *index, const IrImportOptions *options, GError **error)
{
  IrSource *source = index->source;
  GPtrArray *inputs = source->graph->inputs;
  g_autoptr (GPtrArray) order = g_ptr_array_new ();

  for (gsize i = 0; i < options->n_inputs; i++) {
    g_autoptr (GPtrArray) some = g_ptr_array_new ();

    if (!cut_input (index, options->inputs[i].name, some, error) ||
        !shape_input (source, &options->inputs[i], some, error))
      return FALSE;
    for (guint k = 0; k < some->len; k++) {
      if (!g_ptr_array_find (order, some->pdata[k], NULL))
        g_ptr_array_add (order, some->pdata[k]);
    }
  }
  for (guint i = 0; i < inputs->len; i++) {
    if (!g_ptr_array_find (order, inputs->pdata[i], NULL))
      g_ptr_array_add (order, inputs->pdata[i]);
  }
  g_ptr_array_set_size (inputs, 0);
  for (guint i = 0; i < order->len; i++) {
    IrSourceValue *input = order->pdata[i];

    if (!g_hash_table_contains (source->graph->initializers, input->name))
      g_ptr_array_add (inputs, input);
  }
  return TRUE;
}

gboolean
ir_source_apply (
    IrSource *source, const IrImportOptions *options, GError **error)
{
  Index index = { source, NULL, NULL, FALSE };
  gboolean ok;

  index_build (&index);
  ok = cut_outputs (&index, options, error) &&
      cut_inputs (&index, options, error);
  index_clear (&index);
  if (ok)
    ir_source_prune (source, index.cut);
  return ok;
}

/* --- pruning ---------------------------------------------------------------- */

/* The names that a body has itself: nobody outside can be meant by them. */
static GHashTable *
own_names (const IrSourceGraph *graph)
{
  GHashTable *own = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < graph->inputs->len; i++) {
    const IrSourceValue *value = graph->inputs->pdata[i];

    g_hash_table_add (own, (gpointer) value->name);
  }
  for (guint i = 0; i < graph->nodes->len; i++) {
    const IrSourceNode *node = graph->nodes->pdata[i];

    for (gsize o = 0; o < node->n_outputs; o++)
      g_hash_table_add (own, (gpointer) node->outputs[o]);
  }
  return own;
}

static void
graph_reads (const IrSourceGraph *graph, GPtrArray *names)
{
  g_autoptr (GHashTable) own = own_names (graph);
  g_autoptr (GPtrArray) reads = g_ptr_array_new ();

  for (guint i = 0; i < graph->nodes->len; i++)
    ir_source_node_reads (graph->nodes->pdata[i], reads);
  for (guint i = 0; i < graph->outputs->len; i++) {
    const IrSourceValue *value = graph->outputs->pdata[i];

    g_ptr_array_add (reads, (gpointer) value->name);
  }
  for (guint i = 0; i < reads->len; i++) {
    gpointer name = reads->pdata[i];

    if (!g_hash_table_contains (own, name) &&
        !g_hash_table_contains (graph->initializers, name))
      g_ptr_array_add (names, name);
  }
}

void
ir_source_node_reads (const IrSourceNode *node, GPtrArray *names)
{
  for (gsize i = 0; i < node->n_inputs; i++)
    g_ptr_array_add (names, (gpointer) node->inputs[i]);
  for (gsize i = 0; i < node->n_attrs; i++) {
    if (node->attrs[i].kind == IR_SOURCE_GRAPH)
      graph_reads (node->attrs[i].u.graph, names);
  }
}

/* (transfer full): the names of the tensors that the outputs need. */
static GHashTable *
needed_tensors (Index *index)
{
  GPtrArray *outputs = index->source->graph->outputs;
  GHashTable *needed = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) visited = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) pending = g_ptr_array_new ();

  for (guint i = 0; i < outputs->len; i++) {
    IrSourceValue *value = outputs->pdata[i];

    g_ptr_array_add (pending, (gpointer) value->name);
  }
  while (pending->len > 0) {
    gpointer name = g_ptr_array_steal_index_fast (pending, pending->len - 1);
    IrSourceNode *node;

    if (!g_hash_table_add (needed, name))
      continue;
    node = g_hash_table_lookup (index->producers, name);
    if (node != NULL && g_hash_table_add (visited, node))
      ir_source_node_reads (node, pending);
  }
  return needed;
}

static gboolean
is_node_needed (const IrSourceNode *node, GHashTable *needed)
{
  for (gsize o = 0; o < node->n_outputs; o++) {
    if (node->outputs[o][0] != '\0' &&
        g_hash_table_contains (needed, node->outputs[o]))
      return TRUE;
  }
  return FALSE;
}

static gboolean
drop_unneeded (gpointer name, gpointer value, gpointer needed)
{
  return !g_hash_table_contains (needed, name);
}

void
ir_source_prune (IrSource *source, gboolean inputs)
{
  Index index = { source, NULL, NULL, FALSE };
  IrSourceGraph *graph = source->graph;
  g_autoptr (GHashTable) needed = NULL;
  guint kept = 0;

  index_build (&index);
  needed = needed_tensors (&index);
  index_clear (&index);
  for (guint i = 0; i < graph->nodes->len; i++) {
    if (is_node_needed (graph->nodes->pdata[i], needed))
      graph->nodes->pdata[kept++] = graph->nodes->pdata[i];
  }
  g_ptr_array_set_size (graph->nodes, kept);
  g_hash_table_foreach_remove (graph->initializers, drop_unneeded, needed);
  for (guint i = 0; inputs && i < graph->inputs->len;) {
    IrSourceValue *value = graph->inputs->pdata[i];

    if (g_hash_table_contains (needed, value->name))
      i++;
    else
      g_ptr_array_remove_index (graph->inputs, i);
  }
}
