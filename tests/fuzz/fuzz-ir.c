/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libFuzzer's entry to the reader of IR files. The text is followed by a byte of
 * zero and the weights. */
#include <ir/xml.h>

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const guint8 *end = size > 0 ? memchr (data, 0, size) : NULL;
  gsize length = end ? (gsize) (end - data) : size;
  g_autoptr (GBytes) weights = NULL;
  g_autoptr (IrGraph) graph = NULL;

  if (end)
    weights = g_bytes_new (end + 1, size - length - 1);
  graph =
      ir_graph_read_memory ((const char *) data, length, weights, "fuzz", NULL);
  if (graph)
    g_assert_true (ir_graph_validate (graph, NULL));
  return 0;
}
