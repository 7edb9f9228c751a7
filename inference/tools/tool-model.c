/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ir-cli.h"
#include "tool.h"

#include <ir/convert.h>
#include <ir/xml.h>
#include <glib/gstdio.h>
#include <string.h>

static void
show_warning (GLogLevelFlags level, const char *message, gpointer user_data)
{
  if (level & G_LOG_LEVEL_WARNING)
    ir_cli_message (IR_CLI_WARNING, "%s", message);
}

/* Smaller models are converted as fast as an IR is read. */
#define MIN_KEPT ((goffset) 16 << 20)

static gboolean
is_large (const char *path)
{
  GStatBuf st;

  return g_stat (path, &st) == 0 && st.st_size >= MIN_KEPT;
}

static IrGraph *
convert (const char *path, const char *cache_dir, GError **error)
{
  g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
  g_autofree char *folder = NULL;
  IrKeptModel kept = { NULL };
  IrGraph *graph;

  if (!ir_convert_options_set (options, "input_model", path, error) ||
      !ir_convert_options_set (options, "allow_dynamic_shapes", "true", error))
    return NULL;
  if (!cache_dir || !is_large (path))
    return ir_convert (options, NULL, NULL, error);
  folder = ir_core_cache_dir (strcmp (cache_dir, "auto") ? cache_dir : NULL);
  graph = ir_convert_kept (options, folder, show_warning, NULL, &kept, error);
  g_free (kept.path);
  return graph;
}

IrGraph *
ir_tool_read_model (const char *path, const char *cache_dir, GError **error)
{
  return ir_probe_xml (path, NULL) ? ir_graph_read (path, NULL, error)
                                   : convert (path, cache_dir, error);
}

gboolean
ir_tool_find_input (
    const IrGraph *graph, const char *name, gsize *index, GError **error)
{
  GString *known;

  for (guint i = 0; i < graph->parameters->len; i++) {
    IrNode *node = g_ptr_array_index (graph->parameters, i);

    if (strcmp (node->name, name) == 0 ||
        ir_port_has_name (ir_port (node, 0), name)) {
      *index = i;
      return TRUE;
    }
  }
  known = g_string_new (NULL);
  for (guint i = 0; i < graph->parameters->len; i++) {
    IrNode *node = g_ptr_array_index (graph->parameters, i);

    g_string_append_printf (
        known, "%s'%s'", i ? ", " : "", ir_port_name (ir_port (node, 0)));
  }
  ir_fail (error, IR_ERROR_NOT_FOUND,
      "the model has no input '%s'; its inputs are %s", name, known->str);
  g_string_free (known, TRUE);
  return FALSE;
}

/* One "name[shape]"; @text is moved behind it and the comma that follows. */
static gboolean
reshape_one (IrGraph *graph, const char **text, GError **error)
{
  const char *open = strchr (*text, '[');
  const char *close = open ? strchr (open, ']') : NULL;
  g_autofree char *name = NULL, *dims = NULL;
  gsize index = 0;
  IrShape shape;
  IrNode *node;

  if (!close)
    return ir_fail (error, IR_ERROR_PARSE,
        "shape '%s' is not of the form [1,3,224,224] or name[1,3,224,224]",
        *text);
  name = g_strstrip (g_strndup (*text, open - *text));
  dims = g_strndup (open + 1, close - open - 1);
  if (!*name && graph->parameters->len != 1)
    return ir_fail (error, IR_ERROR_PARSE,
        "the model has %u inputs: write name%s", graph->parameters->len, *text);
  if (*name && !ir_tool_find_input (graph, name, &index, error))
    return FALSE;
  if (!ir_shape_parse (dims, &shape, error))
    return FALSE;
  node = g_ptr_array_index (graph->parameters, index);
  ir_node_set_parameter (node, node->outputs[0].dtype, &shape);
  *text = close + 1 + strspn (close + 1, ", ");
  return TRUE;
}

static void
set_batch (IrGraph *graph, guint batch)
{
  for (guint i = 0; i < graph->parameters->len; i++) {
    IrNode *node = g_ptr_array_index (graph->parameters, i);
    IrShape shape = node->outputs[0].shape;

    if (shape.rank < 1)
      continue;
    shape.dim[0] = batch;
    ir_node_set_parameter (node, node->outputs[0].dtype, &shape);
  }
}

gboolean
ir_tool_reshape (IrGraph *graph, const char *text, guint batch, GError **error)
{
  while (text && *text)
    if (!reshape_one (graph, &text, error))
      return FALSE;
  if (batch)
    set_batch (graph, batch);
  if (ir_graph_infer (graph, error))
    return TRUE;
  g_prefix_error (error, "the model does not take these input shapes: ");
  return FALSE;
}

IrCompiledModel *
ir_tool_compile (IrCore *core, const IrGraph *graph, const char *device,
    const char *config, GError **error)
{
  IrCompiledModel *model = ir_core_compile (core, graph, device, config, error);
  const char *warning = model ? ir_compiled_model_get_warning (model) : NULL;

  if (warning)
    ir_cli_message (IR_CLI_WARNING, "%s", warning);
  return model;
}

char *
ir_tool_config (const char *precision, const char *cache_dir, const char *more)
{
  g_autofree char *lower = NULL;
  GString *text = g_string_new (NULL);
  IrDType dtype;

  if (precision) {
    lower = g_ascii_strdown (precision, -1);
    g_string_append_printf (text, "PRECISION=%s,",
        ir_dtype_parse (precision, &dtype, NULL) ? ir_dtype_name (dtype)
                                                 : lower);
  }
  if (cache_dir)
    g_string_append_printf (text, "CACHE_DIR=%s,", cache_dir);
  g_string_append (text, more ? more : "");
  return g_string_free (text, FALSE);
}
