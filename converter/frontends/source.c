/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "source.h"

#include <string.h>

typedef struct {
  gpointer object;
  GDestroyNotify destroy;
} Held;

static void
held_free (gpointer data)
{
  Held *held = data;

  held->destroy (held->object);
  g_free (held);
}

static void
tensor_unref (gpointer data)
{
  ir_tensor_unref (data);
}

static void
hash_unref (gpointer data)
{
  g_hash_table_unref (data);
}

static void
array_unref (gpointer data)
{
  g_ptr_array_unref (data);
}

IrSource *
ir_source_new (const char *path)
{
  IrSource *source = g_new0 (IrSource, 1);

  source->memory = g_ptr_array_new_with_free_func (g_free);
  source->held = g_ptr_array_new_with_free_func (held_free);
  source->opsets = g_ptr_array_new ();
  source->functions = g_ptr_array_new ();
  source->metadata =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  source->aliases = g_hash_table_new (g_str_hash, g_str_equal);
  source->notes = g_ptr_array_new_with_free_func (g_free);
  source->path = ir_source_strdup (source, path);
  source->graph = ir_source_graph_new (source, "");
  return source;
}

void
ir_source_free (IrSource *source)
{
  if (source == NULL)
    return;
  g_ptr_array_unref (source->opsets);
  g_ptr_array_unref (source->functions);
  g_hash_table_unref (source->metadata);
  g_hash_table_unref (source->aliases);
  g_ptr_array_unref (source->notes);
  g_ptr_array_unref (source->held);
  g_ptr_array_unref (source->memory);
  g_free (source);
}

void
ir_source_hold (IrSource *source, gpointer object, GDestroyNotify destroy)
{
  Held *held = g_new (Held, 1);

  held->object = object;
  held->destroy = destroy;
  g_ptr_array_add (source->held, held);
}

gpointer
ir_source_alloc (IrSource *source, gsize n, gsize size)
{
  gpointer memory = g_malloc0_n (MAX (n, 1), size);

  g_ptr_array_add (source->memory, memory);
  return memory;
}

const char *
ir_source_strdup (IrSource *source, const char *text)
{
  char *copy = g_strdup (text);

  g_ptr_array_add (source->memory, copy);
  return copy;
}

const char *
ir_source_printf (IrSource *source, const char *format, ...)
{
  va_list args;
  char *text;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (source->memory, text);
  return text;
}

void
ir_source_note (IrSource *source, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (source->notes, g_strdup_vprintf (format, args));
  va_end (args);
}

IrSourceGraph *
ir_source_graph_new (IrSource *source, const char *name)
{
  IrSourceGraph *graph = ir_source_alloc (source, 1, sizeof (IrSourceGraph));

  graph->name = name;
  graph->nodes = g_ptr_array_new ();
  graph->inputs = g_ptr_array_new ();
  graph->outputs = g_ptr_array_new ();
  graph->initializers =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, tensor_unref);
  ir_source_hold (source, graph->nodes, array_unref);
  ir_source_hold (source, graph->inputs, array_unref);
  ir_source_hold (source, graph->outputs, array_unref);
  ir_source_hold (source, graph->initializers, hash_unref);
  return graph;
}

IrSourceNode *
ir_source_node_new (IrSource *source, const char *type, gsize n_inputs,
    gsize n_outputs, gsize n_attrs)
{
  IrSourceNode *node = ir_source_alloc (source, 1, sizeof (IrSourceNode));

  node->type = type;
  node->domain = "";
  node->name = "";
  node->n_inputs = n_inputs;
  node->inputs = ir_source_alloc (source, n_inputs, sizeof (char *));
  node->n_outputs = n_outputs;
  node->outputs = ir_source_alloc (source, n_outputs, sizeof (char *));
  node->n_attrs = n_attrs;
  node->attrs = ir_source_alloc (source, n_attrs, sizeof (IrSourceAttr));
  return node;
}

IrSourceValue *
ir_source_value_new (
    IrSource *source, const char *name, IrDType dtype, const IrShape *shape)
{
  IrSourceValue *value = ir_source_alloc (source, 1, sizeof (IrSourceValue));

  value->name = name;
  value->dtype = dtype;
  value->shape = *shape;
  return value;
}

const IrSourceAttr *
ir_source_attr (const IrSourceNode *node, const char *name)
{
  for (gsize i = 0; i < node->n_attrs; i++) {
    if (strcmp (node->attrs[i].name, name) == 0)
      return &node->attrs[i];
  }
  return NULL;
}

static const IrSourceAttr *
attr_of_kind (const IrSourceNode *node, const char *name, IrSourceKind kind)
{
  const IrSourceAttr *attr = ir_source_attr (node, name);

  return attr != NULL && attr->kind == kind ? attr : NULL;
}

gint64
ir_source_i64 (const IrSourceNode *node, const char *name, gint64 def)
{
  const IrSourceAttr *attr = attr_of_kind (node, name, IR_SOURCE_I64);

  return attr != NULL ? attr->u.i : def;
}

double
ir_source_f64 (const IrSourceNode *node, const char *name, double def)
{
  const IrSourceAttr *attr = attr_of_kind (node, name, IR_SOURCE_F64);

  return attr != NULL ? attr->u.f : def;
}

const char *
ir_source_text (const IrSourceNode *node, const char *name, const char *def)
{
  const IrSourceAttr *attr = attr_of_kind (node, name, IR_SOURCE_TEXT);

  return attr != NULL ? attr->u.text : def;
}

gboolean
ir_source_i64s (const IrSourceNode *node, const char *name, IrI64s *list)
{
  const IrSourceAttr *attr = attr_of_kind (node, name, IR_SOURCE_I64S);

  if (attr != NULL) {
    *list = attr->u.i64s;
  } else {
    list->n = 0;
    list->v = NULL;
  }
  return attr != NULL;
}

gboolean
ir_source_f64s (const IrSourceNode *node, const char *name, IrF64s *list)
{
  const IrSourceAttr *attr = attr_of_kind (node, name, IR_SOURCE_F64S);

  if (attr != NULL) {
    *list = attr->u.f64s;
  } else {
    list->n = 0;
    list->v = NULL;
  }
  return attr != NULL;
}

gint64
ir_source_opset (const IrSource *source, const char *domain)
{
  for (guint i = 0; i < source->opsets->len; i++) {
    const IrSourceOpset *opset = source->opsets->pdata[i];

    if (strcmp (opset->domain, domain) == 0)
      return opset->version;
  }
  return 0;
}

const char *
ir_source_node_label (const IrSourceNode *node)
{
  if (node->name[0] != '\0')
    return node->name;
  for (gsize i = 0; i < node->n_outputs; i++) {
    if (node->outputs[i][0] != '\0')
      return node->outputs[i];
  }
  return node->type;
}

IrSourceValue *
ir_source_find_input (const IrSource *source, const char *name)
{
  const GPtrArray *inputs = source->graph->inputs;

  for (guint i = 0; i < inputs->len; i++) {
    IrSourceValue *value = inputs->pdata[i];

    if (strcmp (value->name, name) == 0)
      return value;
  }
  return NULL;
}

char *
ir_source_list_values (const GPtrArray *values)
{
  enum {
    SHOWN = 12
  };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < MIN (values->len, SHOWN); i++) {
    const IrSourceValue *value = values->pdata[i];

    g_string_append_printf (text, "%s\"%s\"", i == 0 ? "" : ", ", value->name);
  }
  if (values->len > SHOWN)
    g_string_append_printf (text, " and %u more", values->len - SHOWN);
  if (values->len == 0)
    g_string_append (text, "none");
  return g_string_free (text, FALSE);
}
