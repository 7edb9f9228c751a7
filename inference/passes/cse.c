/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/pass.h>

#include <string.h>

#define KEEP_FLAGS                                                             \
  (IR_OP_PARAMETER | IR_OP_RESULT | IR_OP_CONST | IR_OP_SINK | IR_OP_NO_FOLD)

/* --- constants ------------------------------------------------------------ */

/* Of larger tensors only so many bytes at both ends are looked at: whether two are the
 * same is not decided here, and weights are not read for it. */
#define HASHED_END ((gsize) 2 << 10)

static guint64
hash_bytes (guint64 hash, const guint8 *data, gsize size)
{
  gsize i = 0;

  for (; i + sizeof hash <= size; i += sizeof hash) {
    guint64 word;

    memcpy (&word, data + i, sizeof word);
    hash = (hash ^ word) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
  }
  for (; i < size; i++)
    hash = hash * 31 + data[i];
  return hash;
}

static guint
hash_tensor (gconstpointer key)
{
  const IrTensor *tensor = key;
  const guint8 *data = tensor->data;
  guint64 hash = tensor->size ^ ((guint64) tensor->dtype << 56);

  if (tensor->size <= 2 * HASHED_END) {
    hash = hash_bytes (hash, data, tensor->size);
  } else {
    hash = hash_bytes (hash, data, HASHED_END);
    hash = hash_bytes (hash, data + tensor->size - HASHED_END, HASHED_END);
  }
  return (guint) (hash ^ (hash >> 32));
}

static gboolean
equal_tensor (gconstpointer a, gconstpointer b)
{
  return ir_tensor_equal (a, b);
}

/* --- other nodes ----------------------------------------------------------- */

/* Nodes with the same text compute the same. */
static char *
describe (const IrNode *node)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%s-%u>%" G_GSIZE_FORMAT, node->op->type,
      node->op->opset, node->n_outputs);
  for (const IrAttrDesc *a = node->op->attrs; a && a->name; a++) {
    g_autofree char *value = ir_attr_to_string (a, node->attrs);

    g_string_append_printf (text, ";%s=%s", a->name, value);
  }
  for (gsize i = 0; i < node->n_inputs; i++)
    g_string_append_printf (
        text, ",%u:%u", node->inputs[i].node->id, node->inputs[i].index);
  /* Marks such as "decompression" or "precise" are for one node, not two. */
  for (const IrRtInfo *info = node->rt_info; info; info = info->next)
    g_string_append_printf (text, "|%s", info->name);
  return g_string_free (text, FALSE);
}

/* --- the pass --------------------------------------------------------------- */

static gboolean
merge (IrNode *node, IrNode *into)
{
  /* Two outputs of the model keep their own names. */
  if (ir_node_feeds_result (node))
    return FALSE;
  for (guint i = 0; i < node->n_outputs; i++)
    ir_graph_replace (node->graph, ir_port (node, i), ir_port (into, i));
  ir_graph_remove (node->graph, node);
  return TRUE;
}

static IrNode *
find_twin (IrNode *node, GHashTable *tensors, GHashTable *nodes)
{
  IrNode *twin;

  if (node->op->flags & IR_OP_CONST) {
    twin = g_hash_table_lookup (tensors, node->outputs[0].value);
    if (!twin)
      g_hash_table_insert (tensors, node->outputs[0].value, node);
  } else {
    g_autofree char *key = describe (node);

    twin = g_hash_table_lookup (nodes, key);
    if (!twin)
      g_hash_table_insert (nodes, g_steal_pointer (&key), node);
  }
  return twin;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  g_autoptr (GHashTable) tensors = g_hash_table_new (hash_tensor, equal_tensor);
  g_autoptr (GHashTable) nodes =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    IrNode *twin;

    next = node->next;
    if (node->n_bodies > 0 ||
        (node->op->flags & KEEP_FLAGS & ~(guint) IR_OP_CONST))
      continue;
    twin = find_twin (node, tensors, nodes);
    if (twin && merge (node, twin))
      *changes += 1;
  }
  return TRUE;
}

const IrPass ir_pass_cse = {
  "cse",
  "Merges nodes that compute the same from the same.",
  run,
};
