/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing version 7: the table of old layers the other way round. Rows whose op is
 * the layer are found by it; old-forms.c has the layers that hold several nodes.
 * What is known without running is a Const, and only if somebody reads it.
 */
#include "write-old.h"

#include <string.h>

gboolean
ir_old_form_fail (const IrNode *node, GError **error, const char *why)
{
  return ir_fail (error, IR_ERROR_UNSUPPORTED,
      "'%s' (%s-%u): IR version 7 cannot hold it: %s; write version 10 or 11, "
      "or cut the model before it with --output",
      node->name, node->op->type, node->op->opset, why);
}

/* --- values ---------------------------------------------------------------- */

/* Halves behind a Convert are stored as they are. */
static gboolean
is_stored_half (const IrNode *node)
{
  return ir_node_is (node, "Convert") &&
      (node->inputs[0].node->op->flags & IR_OP_CONST) &&
      ir_node_input (node, 0)->dtype == IR_DTYPE_F16;
}

IrTensor *
ir_old_value (IrPort port)
{
  IrTensor *value = ir_port_const (port);

  if (!value && is_stored_half (port.node))
    value = ir_port_const (port.node->inputs[0]);
  return value;
}

/* Weights may be the result of anything that depends on constants only. */
static void
know_values (IrGraph *graph)
{
  for (IrNode *node = graph->first; node; node = node->next) {
    gboolean known = node->n_inputs > 0 && !is_stored_half (node) &&
        !ir_port_const (ir_port (node, 0));

    for (gsize i = 0; i < node->n_inputs && known; i++) {
      IrNode *source = node->inputs[i].node;

      if (is_stored_half (source))
        known = ir_node_know (source);
      known = known && ir_port_const (node->inputs[i]) != NULL;
    }
    if (known && !(node->op->flags & IR_OP_RESULT))
      ir_node_know (node);
  }
}

/* --- forms ----------------------------------------------------------------- */

void
ir_old_form_set (IrOldForm *form, const char *name, const char *value)
{
  g_ptr_array_add (form->attrs, g_strdup (name));
  g_ptr_array_add (form->attrs, g_strdup (value));
}

void
ir_old_form_set_f (IrOldForm *form, const char *name, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (form->attrs, g_strdup (name));
  g_ptr_array_add (form->attrs, g_strdup_vprintf (format, args));
  va_end (args);
}

void
ir_old_form_read (IrOldForm *form, IrPort port)
{
  form->in[form->n_in++] = port;
}

/* The op alone, with its own attributes; truth is 0 and 1. */
static gboolean
write_row (const IrNode *node, IrOldForm *form, GError **error)
{
  const IrOldRow *row = ir_old_row_of (node->op);

  if (!row || node->n_inputs > row->max_in)
    return ir_old_form_fail (node, error, "it has no such layer");
  form->type = row->type;
  if (row->key)
    ir_old_form_set (form, row->key, row->value);
  for (const IrAttrDesc *attr = node->op->attrs; attr && attr->name; attr++) {
    g_autofree char *text = ir_attr_to_string (attr, node->attrs);

    if (strcmp (attr->name, "auto_broadcast") == 0)
      continue;
    if (attr->kind == IR_ATTR_BOOL)
      ir_old_form_set (form, attr->name, *text == 't' ? "1" : "0");
    else
      ir_old_form_set (form, attr->name, text);
  }
  for (gsize i = 0; i < node->n_inputs; i++)
    ir_old_form_read (form, node->inputs[i]);
  return TRUE;
}

/* --- text ------------------------------------------------------------------ */

typedef struct {
  IrWriter *writer;
  GString *edges;
  GHashTable *ids;
  guint n;
} Old;

static gpointer
key_of (IrPort port)
{
  return &port.node->outputs[port.index];
}

static void
write_port (IrText *text, gsize id, const IrShape *shape)
{
  ir_text_open (text, "port");
  ir_text_attr_f (text, "id", "%" G_GSIZE_FORMAT, id);
  for (gint d = 0; d < shape->rank; d++)
    ir_text_number (text, "dim", shape->dim[d]);
  ir_text_close (text, "port");
}

static void
write_blob (Old *old, const char *tag, const IrTensor *value)
{
  IrText *text = &old->writer->text;

  ir_text_open (text, tag);
  ir_text_attr_f (text, "offset", "%" G_GUINT64_FORMAT,
      ir_blobs_add (old->writer->blobs, value->data, value->size));
  ir_text_attr_f (text, "size", "%" G_GSIZE_FORMAT, value->size);
  ir_text_attr (text, "precision", ir_dtype_precision (value->dtype));
  ir_text_close (text, tag);
}

static void
open_layer (Old *old, const char *name, const char *type, IrDType dtype)
{
  IrText *text = &old->writer->text;

  ir_text_open (text, "layer");
  ir_text_attr_f (text, "id", "%u", old->n++);
  ir_text_attr (text, "name", name);
  ir_text_attr (text, "type", type);
  ir_text_attr (text, "precision", ir_dtype_precision (dtype));
}

/* The ids of ports are unique in the layer. */
#define FIRST_OUT(n_in) ((n_in) + 2)

static void
write_out_ports (Old *old, const IrNode *node, gsize first)
{
  ir_text_open (&old->writer->text, "output");
  for (guint i = 0; i < node->n_outputs; i++) {
    const IrPort port = ir_port ((IrNode *) node, i);
    guint *at = g_new (guint, 2);

    at[0] = old->n - 1;
    at[1] = (guint) first + i;
    g_hash_table_insert (old->ids, key_of (port), at);
    write_port (&old->writer->text, first + i, &node->outputs[i].shape);
  }
  ir_text_close (&old->writer->text, "output");
}

/* What is known becomes a layer when its first reader is written. */
static void
write_const (Old *old, IrPort port)
{
  const IrNode *node = port.node;
  const IrTensor *value = ir_old_value (port);

  open_layer (old, node->name, "Const", node->outputs[port.index].dtype);
  write_out_ports (old, node, 0);
  ir_text_open (&old->writer->text, "blobs");
  write_blob (old, "custom", value);
  ir_text_close (&old->writer->text, "blobs");
  ir_text_close (&old->writer->text, "layer");
}

static void
write_edges (Old *old, const IrOldForm *form)
{
  for (gsize i = 0; i < form->n_in; i++) {
    const guint *from = g_hash_table_lookup (old->ids, key_of (form->in[i]));

    g_string_append_printf (old->edges,
        "\n\t\t<edge from-layer=\"%u\" from-port=\"%u\" to-layer=\"%u\" "
        "to-port=\"%" G_GSIZE_FORMAT "\"/>",
        from[0], from[1], old->n - 1, i);
  }
}

static void
write_form (Old *old, const IrOldForm *form)
{
  IrText *text = &old->writer->text;

  open_layer (old, form->node->name, form->type, form->node->outputs[0].dtype);
  if (form->attrs->len > 0) {
    ir_text_open (text, "data");
    for (guint i = 0; i < form->attrs->len; i += 2)
      ir_text_attr (text, form->attrs->pdata[i], form->attrs->pdata[i + 1]);
    ir_text_close (text, "data");
  }
  if (form->n_in > 0)
    ir_text_open (text, "input");
  for (gsize i = 0; i < form->n_in; i++)
    write_port (text, i, &ir_port_output (form->in[i])->shape);
  if (form->n_in > 0)
    ir_text_close (text, "input");
  write_out_ports (old, form->node, FIRST_OUT (form->n_in));
  if (form->weights) {
    ir_text_open (text, "blobs");
    write_blob (old, "weights", form->weights);
    if (form->biases)
      write_blob (old, "biases", form->biases);
    ir_text_close (text, "blobs");
  }
  ir_text_close (text, "layer");
  write_edges (old, form);
}

static gboolean
write_node (Old *old, const IrNode *node, GError **error)
{
  const IrOldWrite write = ir_old_form_of (node->op);
  g_autofree IrOldForm *form = g_new0 (IrOldForm, 1);
  g_autoptr (GPtrArray) attrs = g_ptr_array_new_with_free_func (g_free);

  form->node = node;
  form->attrs = attrs;
  if (node->n_bodies > 0 || node->n_inputs > IR_MAX_INPUTS)
    return ir_old_form_fail (node, error, "it has bodies");
  if (!(write ? write : write_row) (node, form, error))
    return FALSE;
  if (!form->type)
    return TRUE;
  for (gsize i = 0; i < form->n_in; i++)
    if (!g_hash_table_contains (old->ids, key_of (form->in[i])))
      write_const (old, form->in[i]);
  write_form (old, form);
  return TRUE;
}

/* An output that is known has nobody else to write it. */
static gboolean
write_result (Old *old, const IrNode *node, GError **error)
{
  const IrPort port = node->inputs[0];

  if (!g_hash_table_contains (old->ids, key_of (port)))
    write_const (old, port);
  if (ir_port_output (port)->uses->len > 1)
    return ir_old_form_fail (
        port.node, error, "an output that others read is no output there");
  return TRUE;
}

gboolean
ir_write_old (IrWriter *writer, IrGraph *graph, GError **error)
{
  g_autoptr (GString) edges = g_string_new (NULL);
  g_autoptr (GHashTable) ids = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  Old old = { writer, edges, ids, 0 };

  know_values (graph);
  ir_text_open (&writer->text, "layers");
  for (const IrNode *node = graph->first; node; node = node->next) {
    const gboolean known =
        node->n_outputs > 0 && ir_old_value (ir_port ((IrNode *) node, 0));

    if (known)
      continue;
    if (!(node->op->flags & IR_OP_RESULT ? write_result : write_node) (
            &old, node, error))
      return FALSE;
  }
  ir_text_close (&writer->text, "layers");
  ir_text_open (&writer->text, "edges");
  if (edges->len > 0)
    g_string_append (writer->text.out, ">");
  writer->text.in_tag = edges->len == 0;
  g_string_append (writer->text.out, edges->str);
  ir_text_close (&writer->text, "edges");
  return TRUE;
}
