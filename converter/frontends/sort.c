/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "source.h"

enum {
  UNSEEN,
  OPEN,
  DONE
};

/* A node on the way down: what it reads, and how far that is dealt with. */
typedef struct {
  guint node;
  GPtrArray *reads;
  guint next;
} Frame;

typedef struct {
  const IrSourceGraph *graph;
  GHashTable *producers; /* tensor -> index of the node + 1 */
  guint8 *state;
  GArray *stack;
  GPtrArray *order;
} Sort;

static void
frame_clear (gpointer data)
{
  Frame *frame = data;

  g_ptr_array_unref (frame->reads);
}

static void
sort_init (Sort *sort, const IrSourceGraph *graph)
{
  sort->graph = graph;
  sort->producers = g_hash_table_new (g_str_hash, g_str_equal);
  sort->state = g_new0 (guint8, MAX (graph->nodes->len, 1));
  sort->stack = g_array_new (FALSE, FALSE, sizeof (Frame));
  g_array_set_clear_func (sort->stack, frame_clear);
  sort->order = g_ptr_array_sized_new (graph->nodes->len);
  for (guint i = 0; i < graph->nodes->len; i++) {
    const IrSourceNode *node = graph->nodes->pdata[i];

    for (gsize o = 0; o < node->n_outputs; o++) {
      if (node->outputs[o][0] != '\0')
        g_hash_table_insert (sort->producers, (gpointer) node->outputs[o],
            GUINT_TO_POINTER (i + 1));
    }
  }
}

static void
sort_clear (Sort *sort)
{
  g_hash_table_unref (sort->producers);
  g_free (sort->state);
  g_array_unref (sort->stack);
  g_ptr_array_unref (sort->order);
}

static void
push (Sort *sort, guint index)
{
  Frame frame = { index, g_ptr_array_new (), 0 };

  ir_source_node_reads (sort->graph->nodes->pdata[index], frame.reads);
  sort->state[index] = OPEN;
  g_array_append_val (sort->stack, frame);
}

/* The next node that the one on top of the stack waits for, or 0. */
static guint
next_producer (Sort *sort, Frame *frame)
{
  while (frame->next < frame->reads->len) {
    gpointer name = frame->reads->pdata[frame->next++];
    guint producer =
        GPOINTER_TO_UINT (g_hash_table_lookup (sort->producers, name));

    if (producer != 0 && sort->state[producer - 1] != DONE)
      return producer;
  }
  return 0;
}

static gboolean
visit (Sort *sort, guint first, GError **error)
{
  push (sort, first);
  while (sort->stack->len > 0) {
    Frame *top = &g_array_index (sort->stack, Frame, sort->stack->len - 1);
    guint producer = next_producer (sort, top);

    if (producer == 0) {
      sort->state[top->node] = DONE;
      g_ptr_array_add (sort->order, sort->graph->nodes->pdata[top->node]);
      g_array_set_size (sort->stack, sort->stack->len - 1);
    } else if (sort->state[producer - 1] == OPEN) {
      return ir_fail (error, IR_ERROR_PARSE,
          "node \"%s\" waits for its own output: the graph has a cycle",
          ir_source_node_label (sort->graph->nodes->pdata[producer - 1]));
    } else {
      push (sort, producer - 1);
    }
  }
  return TRUE;
}

gboolean
ir_source_sort (IrSourceGraph *graph, GError **error)
{
  gboolean ok = TRUE;
  Sort sort;

  sort_init (&sort, graph);
  for (guint i = 0; i < graph->nodes->len && ok; i++) {
    if (sort.state[i] == UNSEEN)
      ok = visit (&sort, i, error);
  }
  for (guint i = 0; i < graph->nodes->len && ok; i++)
    graph->nodes->pdata[i] = sort.order->pdata[i];
  sort_clear (&sort);
  return ok;
}
