/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include "graph-private.h"

/* Lists and strings of the copied struct still point into the other graph's
 * arena: the attribute table tells which fields those are. */
static void
own_attrs (IrGraph *graph, IrNode *node)
{
  for (const IrAttrDesc *desc = node->op->attrs;
       desc != NULL && desc->name != NULL; desc++) {
    gpointer field = (guint8 *) node->attrs + desc->offset;
    const char **text = field;
    IrI64s *integers = field;
    IrF64s *reals = field;
    IrStrings *words = field;

    if (desc->kind == IR_ATTR_STRING && *text != NULL)
      *text = ir_graph_strdup (graph, *text);
    else if (desc->kind == IR_ATTR_I64S)
      *integers = ir_graph_i64s (graph, integers->v, integers->n);
    else if (desc->kind == IR_ATTR_F64S)
      *reals = ir_graph_f64s (graph, reals->v, reals->n);
    else if (desc->kind == IR_ATTR_STRINGS)
      *words = ir_graph_strings (graph, words->v, words->n);
  }
}

static void
copy_rt_info (IrGraph *graph, IrRtInfo **into, const IrRtInfo *from)
{
  for (; from != NULL; from = from->next)
    ir_graph_add_rt_info (graph, into, from->name, from->version, from->keys,
        from->values, from->n);
}

static void
copy_output (IrNode *copy, guint index, const IrOutput *from)
{
  IrOutput *into = &copy->outputs[index];

  into->dtype = from->dtype;
  into->shape = from->shape;
  if (from->value != NULL)
    into->value = ir_tensor_ref (from->value);
  for (gsize i = 0; i < from->n_names; i++)
    ir_port_add_name (ir_port (copy, index), from->names[i]);
  copy_rt_info (copy->graph, &into->rt_info, from->rt_info);
}

IrNode *
ir_graph_copy_node (IrGraph *graph, const IrNode *node)
{
  IrNode *copy =
      ir_graph_add (graph, node->op, node->name, NULL, 0, node->n_outputs);

  if (node->op->attrs_size > 0)
    memcpy (copy->attrs, node->attrs, node->op->attrs_size);
  own_attrs (graph, copy);
  for (gsize i = 0; i < node->n_outputs; i++)
    copy_output (copy, (guint) i, &node->outputs[i]);
  for (gsize i = 0; i < node->n_bodies; i++)
    ir_node_add_body (copy, ir_graph_clone (node->bodies[i]));
  copy_rt_info (graph, &copy->rt_info, node->rt_info);
  return copy;
}

IrGraph *
ir_graph_clone (const IrGraph *graph)
{
  g_autoptr (GHashTable) copies = g_hash_table_new (NULL, NULL);
  IrGraph *clone = ir_graph_new (graph->name);

  if (graph->mapping != NULL)
    clone->mapping = g_bytes_ref (graph->mapping);
  clone->mapping_path = g_strdup (graph->mapping_path);
  memcpy (
      clone->mapping_stamp, graph->mapping_stamp, sizeof clone->mapping_stamp);
  for (const IrNode *node = graph->first; node != NULL; node = node->next)
    g_hash_table_insert (
        copies, (gpointer) node, ir_graph_copy_node (clone, node));
  for (const IrNode *node = graph->first; node != NULL; node = node->next) {
    IrNode *copy = g_hash_table_lookup (copies, node);

    copy->n_inputs = node->n_inputs;
    copy->inputs = ir_graph_alloc (clone, node->n_inputs * sizeof (IrPort));
    for (gsize i = 0; i < node->n_inputs; i++) {
      copy->inputs[i].node = g_hash_table_lookup (copies, node->inputs[i].node);
      copy->inputs[i].index = node->inputs[i].index;
      ir_output_add_use (copy->inputs[i], copy, (guint) i);
    }
  }
  /* The order of the model's inputs and outputs is not that of the list. */
  for (guint i = 0; i < graph->parameters->len; i++)
    clone->parameters->pdata[i] =
        g_hash_table_lookup (copies, graph->parameters->pdata[i]);
  for (guint i = 0; i < graph->results->len; i++)
    clone->results->pdata[i] =
        g_hash_table_lookup (copies, graph->results->pdata[i]);
  for (guint i = 0; i < graph->meta->len; i++) {
    const IrMeta *meta = g_ptr_array_index (graph->meta, i);
    g_autofree char *path = g_strjoinv ("/", (char **) meta->path);

    ir_graph_set_meta (clone, path, meta->value);
  }
  return clone;
}
