/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include <ir/xml.h>

#include "inspect.h"
#include "ir-cli.h"
#include "tool.h"

typedef struct {
  GPtrArray *models;
  gboolean ops;
  gboolean dot;
  gboolean json;
  gboolean diff;
} Options;

/* clang-format off */
static const IrCliOption options[] = {
  { "model", "m", "Model", "FILE", NULL,
    "The model; may also be given without the option's name.",
    IR_CLI_TO (LIST, Options, models) },
  { "ops", NULL, "Output", NULL, NULL,
    "One line per node: op, name, outputs, multiplications, attributes.",
    IR_CLI_TO (FLAG, Options, ops) },
  { "dot", NULL, "Output", NULL, NULL,
    "The graph in Graphviz' language, without constants.",
    IR_CLI_TO (FLAG, Options, dot) },
  { "json", NULL, "Output", NULL, NULL,
    "The summary as one JSON object.",
    IR_CLI_TO (FLAG, Options, json) },
  { "diff", NULL, "Output", NULL, NULL,
    "Compare two models, whatever their layers are called: structure, attributes "
    "and values. The exit code is 1 if they differ.",
    IR_CLI_TO (FLAG, Options, diff) },
};

static const char *const examples[] = {
  "What is in a model", "ir-inspect model.xml",
  "Draw it", "ir-inspect --dot model.xml | dot -Tsvg >model.svg",
  "Compare two models", "ir-inspect --diff a.xml b.xml",
  NULL
};
/* clang-format on */

static gboolean
check (gconstpointer fields, GError **error)
{
  const Options *o = fields;

  return o->models->len == (o->diff ? 2 : 1) ||
      ir_fail (error, IR_ERROR_PARSE, "%s",
          o->diff ? "--diff takes two models" : "give one model");
}

/* A broken IR should be told as such, not as something of unknown format. */
static IrGraph *
read_model (const char *path, GError **error)
{
  if (g_str_has_suffix (path, ".xml"))
    return ir_graph_read (path, NULL, error);
  return ir_tool_read_model (path, NULL, error);
}

static gboolean
compare (const IrGraph *a, const Options *o, GError **error)
{
  g_autoptr (IrGraph) b = read_model (o->models->pdata[1], error);
  guint n;

  if (!b)
    return FALSE;
  n = ir_inspect_diff (a, b);
  if (n > 0)
    return ir_fail (
        error, IR_ERROR_SHAPE, "the models differ in %u point(s)", n);
  printf ("the models are the same\n");
  return TRUE;
}

static gboolean
inspect (gconstpointer fields, GError **error)
{
  const Options *o = fields;
  g_autoptr (IrGraph) graph = read_model (o->models->pdata[0], error);
  g_autofree char *text = NULL;
  g_auto (IrStats) stats = { 0 };

  if (!graph)
    return FALSE;
  if (o->diff)
    return compare (graph, o, error);
  if (o->ops) {
    ir_inspect_ops (graph);
    return TRUE;
  }
  if (o->dot) {
    text = ir_graph_dot (graph);
    fputs (text, stdout);
    return TRUE;
  }
  ir_stats_init (&stats, graph);
  if (o->json) {
    text = ir_inspect_json (graph, &stats);
    puts (text);
  } else {
    ir_inspect_summary (graph, &stats);
  }
  return TRUE;
}

static const IrCliProgram program = {
  .name = "ir-inspect",
  .summary = "Show what is in a model",
  .usage = "[--ops | --dot | --json] MODEL | --diff MODEL MODEL",
  .description = "Prints inputs, outputs, ops, multiplications, size and "
                 "metadata of a model.",
  .options = options,
  .n_options = G_N_ELEMENTS (options),
  .examples = examples,
  .rest = "model",
  .check = check,
  .run = inspect,
};

int
main (int argc, char **argv)
{
  Options o = { 0 };

  return ir_cli_main (&program, argc, argv, &o);
}
