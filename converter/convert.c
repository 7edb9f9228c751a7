/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "graph-cut.h"
#include "meta.h"
#include "options.h"
#include "pipeline.h"
#include "report.h"

#include "frontends/frontend.h"

#include <ir/xml.h>

#include <string.h>

/* --- shapes that are not known ------------------------------------------------- */

/* "[1,3,HEIGHT,WIDTH]" for "[1,3,?,?]". */
static char *
shape_template (const IrShape *shape)
{
  static const char *const words[] = { "BATCH", "CHANNELS", "HEIGHT", "WIDTH" };
  GString *text = g_string_new ("[");

  if (shape->rank < 0)
    g_string_append (text, "BATCH,CHANNELS,HEIGHT,WIDTH");
  for (gint i = 0; i < shape->rank; i++) {
    if (i > 0)
      g_string_append_c (text, ',');
    if (shape->dim[i] >= 0)
      g_string_append_printf (text, "%" G_GINT64_FORMAT, shape->dim[i]);
    else if (shape->rank == 4 || i == 0)
      g_string_append (text, i == 0 ? "1" : words[i]);
    else
      g_string_append_printf (text, "N%d", i);
  }
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

/* The batch may stay unknown. */
static gboolean
is_defined (const IrShape *shape, const char *layout)
{
  guint batch = 0;

  if (shape->rank < 0)
    return FALSE;
  if (layout && !ir_layout_find (layout, shape->rank, 'n', &batch))
    batch = G_MAXUINT;
  for (gint i = 0; i < shape->rank; i++)
    if (shape->dim[i] < 0 && (guint) i != batch)
      return FALSE;
  return TRUE;
}

static gboolean
check_shapes (
    const IrConvertConfig *config, const GPtrArray *inputs, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GString) shapes = g_string_new (NULL);
  const IrSourceValue *missing = NULL;
  char text[IR_SHAPE_TEXT];

  for (guint i = 0; i < inputs->len && !config->allow_dynamic; i++) {
    const IrSourceValue *input = g_ptr_array_index (inputs, i);
    g_autofree char *shape = shape_template (&input->shape);

    g_string_append_printf (names, "%s%s", i ? "," : "", input->name);
    g_string_append_printf (shapes, "%s%s", i ? "," : "", shape);
    if (!missing && !input->given &&
        !is_defined (&input->shape, ir_config_layout (config, input->name)))
      missing = input;
  }
  if (!missing)
    return TRUE;
  if (inputs->len == 1)
    g_string_truncate (names, 0);
  return ir_fail (error, IR_ERROR_SHAPE,
      "%s: the shape of input '%s' is not known, it is %s. Add %s%s%s"
      "--input_shape '%s' with your numbers, or --allow_dynamic_shapes to "
      "leave "
      "it open",
      config->model, missing->name, ir_shape_print (&missing->shape, text),
      names->len ? "--input '" : "", names->str, names->len ? "' " : "",
      shapes->str);
}

/* --- reading ---------------------------------------------------------------------- */

static IrGraph *
read_ir (IrConvertConfig *config, IrReport *report, GError **error)
{
  g_autoptr (IrGraph) graph = ir_graph_read (config->model, NULL, error);

  if (!graph)
    return NULL;
  for (const IrNode *node = graph->first; node; node = node->next)
    ir_report_count (report, node->op->type);
  if (!ir_graph_cut (config, graph, error))
    return NULL;
  return g_steal_pointer (&graph);
}

/* --input_shape without --input is for the only input. */
static gboolean
name_only_input (
    IrConvertConfig *config, const IrSource *source, GError **error)
{
  for (guint i = 0; i < config->inputs->len; i++) {
    IrInputSpec *spec = g_ptr_array_index (config->inputs, i);
    const IrSourceValue *input;

    if (*spec->name)
      continue;
    if (source->graph->inputs->len != 1)
      return ir_fail (error, IR_ERROR_PARSE,
          "--input_shape has one shape, but the model has %u inputs: name the "
          "one that it is for with --input",
          source->graph->inputs->len);
    input = g_ptr_array_index (source->graph->inputs, 0);
    g_free (spec->name);
    spec->name = g_strdup (input->name);
  }
  return TRUE;
}

/* The graph of what computes @tensors in the uncut model, or NULL if that can't be
 * converted. */
static IrGraph *
convert_before (const IrConvertConfig *config, const IrFrontend *frontend,
    const GPtrArray *tensors)
{
  const IrReadOptions reading = { config->proto };
  g_autoptr (IrSource) source = frontend->read (config->model, &reading, NULL);
  const IrImportOptions options = { 0, NULL, tensors->len,
    (const char *const *) tensors->pdata, FALSE };
  g_autoptr (GPtrArray) unsupported = NULL;

  if (!source || !ir_source_apply (source, &options, NULL))
    return NULL;
  return frontend->convert (source, &options, &unsupported, NULL, NULL, NULL);
}

/*
 * Inputs that a cut made have the shape and the type that the tensor has in the
 * uncut model, unless the user gives others. What can't be found out stays unknown:
 * a model is cut behind what can't be converted, too.
 */
static void
infer_cuts (
    const IrConvertConfig *config, const IrFrontend *frontend, IrSource *source)
{
  g_autoptr (GPtrArray) open = g_ptr_array_new ();
  g_autoptr (GPtrArray) tensors = g_ptr_array_new ();
  g_autoptr (IrGraph) graph = NULL;
  IrPort port;

  for (guint i = 0; i < source->graph->inputs->len; i++) {
    IrSourceValue *input = g_ptr_array_index (source->graph->inputs, i);

    if (input->origin && input->shape.rank < 0) {
      g_ptr_array_add (open, input);
      g_ptr_array_add (tensors, (gpointer) input->origin);
    }
  }
  if (open->len > 0)
    graph = convert_before (config, frontend, tensors);
  for (guint i = 0; graph && i < open->len; i++) {
    IrSourceValue *input = g_ptr_array_index (open, i);

    if (!ir_graph_find_tensor (graph, input->origin, &port))
      continue;
    input->shape = ir_port_output (port)->shape;
    if (input->dtype == IR_DTYPE_DYNAMIC)
      input->dtype = ir_port_output (port)->dtype;
  }
}

static gboolean
shape_source (IrConvertConfig *config, const IrFrontend *frontend,
    IrSource *source, const IrImportOptions *import, GError **error)
{
  if (!ir_source_apply (source, import, error))
    return FALSE;
  infer_cuts (config, frontend, source);
  for (guint i = 0; i < source->graph->inputs->len; i++) {
    IrSourceValue *input = g_ptr_array_index (source->graph->inputs, i);

    if (!ir_shape_set_batch (config, input->name, &input->shape, error))
      return FALSE;
  }
  return check_shapes (config, source->graph->inputs, error);
}

/* Programs that look for the ends of a model by the names of nodes expect the
 * tensors' names there. Inputs that a cut made go by the name of the tensor, too. */
static void
name_ends (const IrFrontend *frontend, const IrSource *source, IrGraph *graph)
{
  const IrSourceGraph *ends = source->graph;
  IrPort port, other;

  for (guint i = 0; i < ends->inputs->len; i++) {
    const IrSourceValue *input = g_ptr_array_index (ends->inputs, i);

    if (!input->origin || !ir_graph_find_tensor (graph, input->name, &port) ||
        !(port.node->op->flags & IR_OP_PARAMETER))
      continue;
    if (!ir_graph_find_tensor (graph, input->origin, &other))
      ir_port_add_name (port, input->origin);
    if (frontend->tensors_name_ends)
      ir_graph_rename (graph, port.node, input->origin);
  }
  for (guint i = 0; frontend->tensors_name_ends && i < ends->outputs->len;
       i++) {
    const IrSourceValue *output = g_ptr_array_index (ends->outputs, i);

    if (ir_graph_find_tensor (graph, output->name, &port) &&
        !(port.node->op->flags & IR_OP_PARAMETER) &&
        strcmp (port.node->name, output->name) != 0)
      ir_graph_rename (graph, port.node, output->name);
  }
}

static gint
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

/* What the framework's file says about itself. */
static void
copy_metadata (const IrSource *source, IrGraph *graph)
{
  g_autoptr (GList) keys =
      g_list_sort (g_hash_table_get_keys (source->metadata), compare_keys);

  for (const GList *l = keys; l; l = l->next) {
    g_autofree char *key = g_strdelimit (g_strdup (l->data), "/", '_');
    g_autofree char *path = g_strconcat ("framework/", key, NULL);

    if (*key)
      ir_graph_set_meta (
          graph, path, g_hash_table_lookup (source->metadata, l->data));
  }
}

static IrGraph *
import (IrConvertConfig *config, const IrFrontend *frontend, IrReport *report,
    GError **error)
{
  const IrReadOptions reading = { config->proto };
  g_autoptr (IrSource) source = frontend->read (config->model, &reading, error);
  g_autofree IrImportInput *inputs =
      g_new0 (IrImportInput, config->inputs->len);
  IrImportOptions options = { config->inputs->len, inputs, 0, NULL,
    config->allow_unsupported };
  IrGraph *graph;

  if (!source || !name_only_input (config, source, error))
    return NULL;
  for (guint i = 0; i < source->notes->len; i++)
    ir_config_log (
        config, G_LOG_LEVEL_INFO, "%s", (const char *) source->notes->pdata[i]);
  for (guint i = 0; i < config->inputs->len; i++) {
    const IrInputSpec *spec = g_ptr_array_index (config->inputs, i);

    inputs[i] = (IrImportInput){ spec->name, spec->has_shape, spec->shape,
      spec->dtype, spec->value };
  }
  options.outputs = (const char *const *) config->outputs;
  options.n_outputs = config->outputs ? g_strv_length (config->outputs) : 0;
  for (guint i = 0; i < source->graph->nodes->len; i++) {
    const IrSourceNode *node = g_ptr_array_index (source->graph->nodes, i);

    ir_report_count (report, node->type);
  }
  if (!shape_source (config, frontend, source, &options, error))
    return NULL;
  graph = frontend->convert (source, &options, &report->unsupported,
      config->log, config->log_data, error);
  if (graph) {
    name_ends (frontend, source, graph);
    copy_metadata (source, graph);
  }
  return graph;
}

static IrGraph *
read_model (IrConvertConfig *config, IrReport *report, GError **error)
{
  const char *framework = ir_convert_options_get (config->options, "framework");
  const IrFrontend *frontend;

  if (config->is_ir) {
    report->framework = "ir";
    return read_ir (config, report, error);
  }
  if (!framework && config->proto)
    framework = ir_frontend_caffe.name;
  frontend = ir_frontend_find (config->model, framework, error);
  if (!frontend)
    return NULL;
  report->framework = frontend->name;
  return import (config, frontend, report, error);
}

/* --- converting -------------------------------------------------------------------- */

static IrGraph *
convert (IrConvertConfig *config, IrReport *report, GError **error)
{
  g_autoptr (IrGraph) graph = NULL;

  if (!ir_options_progress (config->options, "reading", 0.0, error))
    return NULL;
  graph = read_model (config, report, error);
  if (!graph || !ir_config_plan (config, graph, error) ||
      !ir_pipeline_run (config, graph, report->passes, error))
    return NULL;
  ir_graph_set_name (graph, config->name);
  ir_meta_write (config, graph);
  if (!ir_options_progress (config->options, "converted", 0.9, error))
    return NULL;
  return g_steal_pointer (&graph);
}

IrGraph *
ir_convert_report (const IrConvertOptions *options, IrConvertLog log,
    gpointer user_data, char **json, GError **error)
{
  g_autoptr (IrConvertConfig) config =
      ir_config_new (options, log, user_data, error);
  g_autoptr (IrReport) report = ir_report_new ();
  g_autoptr (GError) reason = NULL;
  IrGraph *graph;

  if (!config)
    return NULL;
  graph = convert (config, report, &reason);
  if (json && (graph || report->unsupported))
    *json = ir_report_to_json (report, config, graph, reason);
  if (!graph)
    g_propagate_error (error, g_steal_pointer (&reason));
  return graph;
}

IrGraph *
ir_convert (const IrConvertOptions *options, IrConvertLog log,
    gpointer user_data, GError **error)
{
  return ir_convert_report (options, log, user_data, NULL, error);
}

gboolean
ir_convert_can_read (const char *path)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);
  gsize n;
  const IrFrontend *const *frontends = ir_frontend_list (&n);

  if (g_str_has_suffix (lower, ".xml"))
    return TRUE;
  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; frontends[i]->suffixes[j]; j++)
      if (g_str_has_suffix (lower, frontends[i]->suffixes[j]))
        return TRUE;
  return FALSE;
}
