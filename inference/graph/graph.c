/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Life of graphs and nodes: making and freeing them. */
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <ir/attrs.h>
#include "graph-private.h"

G_DEFINE_BOXED_TYPE (IrGraph, ir_graph, ir_graph_ref, ir_graph_unref)

/* --- the graph ------------------------------------------------------------- */

IrGraph *
ir_graph_new (const char *name)
{
  IrGraph *graph = g_new0 (IrGraph, 1);

  g_atomic_ref_count_init (&graph->refs);
  graph->arena = ir_arena_new ();
  graph->name = ir_arena_strdup (graph->arena, name != NULL ? name : "");
  graph->parameters = g_ptr_array_new ();
  graph->results = g_ptr_array_new ();
  graph->names = g_hash_table_new (g_str_hash, g_str_equal);
  graph->meta = g_ptr_array_new ();
  graph->meta_by_path = ir_meta_table_new ();
  return graph;
}

IrGraph *
ir_graph_ref (IrGraph *graph)
{
  g_atomic_ref_count_inc (&graph->refs);
  return graph;
}

static void
node_release (IrNode *node)
{
  for (gsize i = 0; i < node->n_outputs; i++) {
    g_clear_pointer (&node->outputs[i].value, ir_tensor_unref);
    g_clear_pointer (&node->outputs[i].uses, g_array_unref);
  }
  for (gsize i = 0; i < node->n_bodies; i++)
    ir_graph_unref (node->bodies[i]);
  node->n_bodies = 0;
}

void
ir_graph_unref (IrGraph *graph)
{
  if (!g_atomic_ref_count_dec (&graph->refs))
    return;
  for (IrNode *node = graph->first; node != NULL; node = node->next)
    node_release (node);
  g_ptr_array_unref (graph->parameters);
  g_ptr_array_unref (graph->results);
  g_hash_table_unref (graph->names);
  g_hash_table_unref (graph->meta_by_path);
  g_ptr_array_unref (graph->meta);
  g_clear_pointer (&graph->mapping, g_bytes_unref);
  g_free (graph->mapping_path);
  ir_arena_free (graph->arena);
  g_free (graph);
}

void
ir_graph_release_pages (const IrGraph *graph)
{
  gsize size = 0;
  gconstpointer data =
      graph->mapping ? g_bytes_get_data (graph->mapping, &size) : NULL;

  /* Advice: where it is not taken, the pages stay. Nobody has written to them,
   * the mapping does not allow it. */
  if (size > 0)
    (void) madvise ((gpointer) data, size, MADV_DONTNEED);
}

void
ir_graph_set_name (IrGraph *graph, const char *name)
{
  graph->name = ir_arena_strdup (graph->arena, name);
}

/* --- memory ---------------------------------------------------------------- */

gpointer
ir_graph_alloc (IrGraph *graph, gsize bytes)
{
  return ir_arena_alloc (graph->arena, bytes);
}

const char *
ir_graph_strdup (IrGraph *graph, const char *text)
{
  return ir_arena_strdup (graph->arena, text);
}

static gconstpointer
graph_memdup (IrGraph *graph, gconstpointer data, gsize bytes)
{
  gpointer copy = ir_arena_alloc (graph->arena, bytes);

  if (bytes > 0)
    memcpy (copy, data, bytes);
  return copy;
}

IrI64s
ir_graph_i64s (IrGraph *graph, const gint64 *v, gsize n)
{
  IrI64s list = { n, graph_memdup (graph, v, n * sizeof *v) };

  return list;
}

IrF64s
ir_graph_f64s (IrGraph *graph, const double *v, gsize n)
{
  IrF64s list = { n, graph_memdup (graph, v, n * sizeof *v) };

  return list;
}

IrStrings
ir_graph_strings (IrGraph *graph, const char *const *v, gsize n)
{
  const char **copy = ir_arena_alloc (graph->arena, (n + 1) * sizeof *copy);
  IrStrings list = { n, copy };

  for (gsize i = 0; i < n; i++)
    copy[i] = ir_arena_strdup (graph->arena, v[i]);
  return list;
}

/* --- nodes ----------------------------------------------------------------- */

/* Makes `wanted` unique and files the node under it. Results share names. Where
 * very many nodes want the same, trying one number after the other takes too
 * long: the node's own comes next. */
static void
node_claim_name (IrNode *node, const char *wanted)
{
  IrGraph *graph = node->graph;
  g_autofree char *candidate = g_strdup (wanted);

  enum {
    FEW = 100
  };

  if ((node->op->flags & IR_OP_RESULT) == 0) {
    for (guint i = 1; g_hash_table_contains (graph->names, candidate); i++) {
      g_free (candidate);
      candidate = g_strdup_printf ("%s_%u", wanted, i < FEW ? i : node->id + i);
    }
  }
  node->name = ir_arena_strdup (graph->arena, candidate);
  if ((node->op->flags & IR_OP_RESULT) == 0)
    g_hash_table_insert (graph->names, (gpointer) node->name, node);
}

static void
node_set_defaults (IrNode *node)
{
  for (const IrAttrDesc *desc = node->op->attrs;
       desc != NULL && desc->name != NULL; desc++) {
    if (desc->def != NULL &&
        !ir_attr_parse (node->graph, desc, desc->def, node->attrs, NULL))
      g_error ("the default of %s's attribute %s does not parse",
          node->op->type, desc->name);
  }
}

static void
graph_append (IrGraph *graph, IrNode *node)
{
  node->prev = graph->last;
  if (graph->last != NULL)
    graph->last->next = node;
  else
    graph->first = node;
  graph->last = node;
  graph->n_nodes++;
  if ((node->op->flags & IR_OP_PARAMETER) != 0)
    g_ptr_array_add (graph->parameters, node);
  if ((node->op->flags & IR_OP_RESULT) != 0)
    g_ptr_array_add (graph->results, node);
}

IrNode *
ir_graph_add (IrGraph *graph, const IrOpDesc *op, const char *name,
    const IrPort *inputs, gsize n_inputs, gsize n_outputs)
{
  IrNode *node = ir_arena_alloc (graph->arena, sizeof *node);

  if (n_outputs == 0 && op->n_outputs != IR_VARIADIC)
    n_outputs = op->n_outputs;
  node->graph = graph;
  node->op = op;
  node->id = graph->next_id++;
  node_claim_name (node, name);
  node->attrs = ir_arena_alloc (graph->arena, op->attrs_size);
  node_set_defaults (node);
  node->n_inputs = n_inputs;
  node->inputs = ir_arena_alloc (graph->arena, n_inputs * sizeof (IrPort));
  node->n_outputs = n_outputs;
  node->outputs = ir_arena_alloc (graph->arena, n_outputs * sizeof (IrOutput));
  for (gsize i = 0; i < n_outputs; i++) {
    node->outputs[i].uses = g_array_new (FALSE, FALSE, sizeof (IrUse));
    node->outputs[i].shape = ir_shape_unknown ();
  }
  for (gsize i = 0; i < n_inputs; i++) {
    node->inputs[i] = inputs[i];
    ir_output_add_use (inputs[i], node, (guint) i);
  }
  graph_append (graph, node);
  return node;
}

IrNode *
ir_graph_add_op (IrGraph *graph, const char *type, guint opset,
    const char *name, gsize n_inputs, ...)
{
  const IrOpDesc *op = ir_op_lookup_number (type, opset);
  g_autofree IrPort *inputs = g_new (IrPort, n_inputs + 1);
  va_list args;

  if (op == NULL)
    g_error ("there is no op %s in opset %u", type, opset);
  va_start (args, n_inputs);
  for (gsize i = 0; i < n_inputs; i++)
    inputs[i] = va_arg (args, IrPort);
  va_end (args);
  return ir_graph_add (graph, op, name, inputs, n_inputs, 0);
}

void
ir_node_set_const (IrNode *node, IrTensor *value)
{
  IrOutput *output = &node->outputs[0];

  ir_tensor_ref (value);
  g_clear_pointer (&output->value, ir_tensor_unref);
  output->value = value;
  output->dtype = value->dtype;
  output->shape = value->shape;
  node->graph->const_bytes += value->size;
}

IrNode *
ir_graph_add_const (IrGraph *graph, const char *name, IrTensor *value)
{
  IrNode *node = ir_graph_add_op (graph, "Const", 1, name, 0);

  ir_node_set_const (node, value);
  return node;
}

IrNode *
ir_graph_add_const_i64 (
    IrGraph *graph, const char *name, const gint64 *values, gsize n)
{
  g_autoptr (IrTensor) value = ir_tensor_new_i64 (values, n);

  return ir_graph_add_const (graph, name, value);
}

void
ir_node_set_parameter (IrNode *node, IrDType dtype, const IrShape *shape)
{
  IrParameterAttrs *attrs = node->attrs;
  g_autoptr (GString) text = g_string_new (NULL);

  if (shape->rank < 0)
    g_string_append (text, "...");
  for (gint i = 0; i < shape->rank; i++) {
    g_string_append (text, i > 0 ? "," : "");
    if (shape->dim[i] < 0)
      g_string_append_c (text, '?');
    else
      g_string_append_printf (text, "%" G_GINT64_FORMAT, shape->dim[i]);
  }
  attrs->shape = ir_arena_strdup (node->graph->arena, text->str);
  attrs->element_type = (gint) dtype;
  node->outputs[0].dtype = dtype;
  node->outputs[0].shape = *shape;
}

IrNode *
ir_graph_add_parameter (
    IrGraph *graph, const char *name, IrDType dtype, const IrShape *shape)
{
  IrNode *node = ir_graph_add_op (graph, "Parameter", 1, name, 0);

  ir_node_set_parameter (node, dtype, shape);
  return node;
}

IrNode *
ir_graph_add_result (IrGraph *graph, const char *name, IrPort source)
{
  return ir_graph_add_op (graph, "Result", 1, name, 1, source);
}

void
ir_node_add_body (IrNode *node, IrGraph *body)
{
  IrGraph **bodies = ir_arena_alloc (
      node->graph->arena, (node->n_bodies + 1) * sizeof (IrGraph *));

  if (node->n_bodies > 0)
    memcpy (bodies, node->bodies, node->n_bodies * sizeof (IrGraph *));
  bodies[node->n_bodies++] = body;
  node->bodies = bodies;
}

void
ir_graph_remove (IrGraph *graph, IrNode *node)
{
  for (gsize i = 0; i < node->n_outputs; i++)
    g_return_if_fail (node->outputs[i].uses->len == 0);
  for (gsize i = 0; i < node->n_inputs; i++)
    ir_output_remove_use (node->inputs[i], node, (guint) i);
  if (node->prev != NULL)
    node->prev->next = node->next;
  else
    graph->first = node->next;
  if (node->next != NULL)
    node->next->prev = node->prev;
  else
    graph->last = node->prev;
  graph->n_nodes--;
  if ((node->op->flags & IR_OP_PARAMETER) != 0)
    g_ptr_array_remove (graph->parameters, node);
  if ((node->op->flags & IR_OP_RESULT) != 0)
    g_ptr_array_remove (graph->results, node);
  else
    g_hash_table_remove (graph->names, node->name);
  node_release (node);
}

void
ir_graph_rename (IrGraph *graph, IrNode *node, const char *name)
{
  if ((node->op->flags & IR_OP_RESULT) == 0)
    g_hash_table_remove (graph->names, node->name);
  node_claim_name (node, name);
}
