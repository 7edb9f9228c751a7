/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a model is, in a few bytes, without reading its weights. */
#include <string.h>
#include "graph-private.h"

/* Constants of a mapped file up to this size are read all the same: they are what
 * is edited by hand. */
#define READ_BYTES (16 << 10)

#define LANES 4

typedef struct {
  GChecksum *place, *contents;
} Sums;

static void
add_number (GChecksum *sum, guint64 number)
{
  g_checksum_update (sum, (const guchar *) &number, sizeof number);
}

static void
add_text (GChecksum *sum, const char *text)
{
  g_checksum_update (sum, (const guchar *) text, (gssize) strlen (text) + 1);
}

/* Several sums side by side, so that memory and not the chain of multiplications
 * sets the pace; each step can be undone, so that no change of a word is lost. */
void
ir_checksum_add_bytes (GChecksum *sum, gconstpointer data, gsize size)
{
  const guint8 *bytes = data;
  guint64 lane[LANES] = { 1, 2, 3, 4 }, word[LANES];
  gsize i;

  for (i = 0; i + sizeof word <= size; i += sizeof word) {
    memcpy (word, bytes + i, sizeof word);
    for (guint l = 0; l < LANES; l++) {
      lane[l] = (lane[l] ^ word[l]) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
      lane[l] ^= lane[l] >> 32;
    }
  }
  g_checksum_update (sum, (const guchar *) lane, sizeof lane);
  g_checksum_update (sum, bytes + i, (gssize) (size - i));
}

/* Zeros where the file's times say nothing. */
static gboolean
has_stamp (const IrGraph *graph)
{
  return graph->mapping_stamp[3] != 0;
}

static void
add_value (const Sums *sums, const IrGraph *graph, const IrTensor *value)
{
  gsize mapped_size = 0;
  const guint8 *mapped = graph->mapping && has_stamp (graph)
      ? g_bytes_get_data (graph->mapping, &mapped_size)
      : NULL;
  const guint8 *data = value->data;

  add_number (sums->contents, value->dtype);
  if (value->size > READ_BYTES && mapped && data >= mapped &&
      data + value->size <= mapped + mapped_size)
    add_number (sums->contents, (guint64) (data - mapped));
  else
    ir_checksum_add_bytes (sums->contents, data, value->size);
}

static void
add_output (
    const Sums *sums, const IrGraph *graph, const IrNode *node, gsize index)
{
  const IrOutput *output = &node->outputs[index];

  add_number (sums->place, output->dtype);
  add_number (sums->place, (guint64) output->shape.rank);
  for (gint d = 0; d < output->shape.rank; d++)
    add_number (sums->place, (guint64) output->shape.dim[d]);
  if (output->value && (node->op->flags & IR_OP_CONST))
    add_value (sums, graph, output->value);
}

static void add_graph (
    const Sums *sums, const IrGraph *graph, const IrGraph *outer);

static void
add_node (const Sums *sums, const IrNode *node, const IrGraph *outer)
{
  add_number (sums->place, node->id);
  add_text (sums->place, node->op->type);
  add_number (sums->place, node->op->opset);
  for (const IrAttrDesc *a = node->op->attrs; a && a->name; a++) {
    g_autofree char *value = ir_attr_to_string (a, node->attrs);

    add_text (sums->place, value);
  }
  add_number (sums->place, node->n_inputs);
  for (gsize i = 0; i < node->n_inputs; i++) {
    add_number (sums->place, node->inputs[i].node->id);
    add_number (sums->place, node->inputs[i].index);
  }
  for (gsize i = 0; i < node->n_outputs; i++)
    add_output (sums, outer, node, i);
  for (gsize i = 0; i < node->n_bodies; i++)
    add_graph (sums, node->bodies[i], outer);
}

static void
add_ports (GChecksum *sum, const GPtrArray *nodes)
{
  add_number (sum, nodes->len);
  for (guint i = 0; i < nodes->len; i++) {
    const IrNode *node = g_ptr_array_index (nodes, i);

    add_number (sum, node->id);
  }
}

static void
add_graph (const Sums *sums, const IrGraph *graph, const IrGraph *outer)
{
  for (const IrNode *node = graph->first; node; node = node->next)
    add_node (sums, node, outer);
  add_ports (sums->place, graph->parameters);
  add_ports (sums->place, graph->results);
}

void
ir_graph_identify (const IrGraph *graph, char **place, char **contents)
{
  const Sums sums = { g_checksum_new (G_CHECKSUM_SHA256),
    g_checksum_new (G_CHECKSUM_SHA256) };

  if (graph->mapping) {
    add_text (sums.place, graph->mapping_path);
    for (guint i = 0; i < G_N_ELEMENTS (graph->mapping_stamp); i++)
      add_number (sums.contents, graph->mapping_stamp[i]);
  }
  add_graph (&sums, graph, graph);
  *place = g_strdup (g_checksum_get_string (sums.place));
  *contents = g_strdup (g_checksum_get_string (sums.contents));
  g_checksum_free (sums.place);
  g_checksum_free (sums.contents);
}
