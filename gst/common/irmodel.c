/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irmodel.h"
#include "irmodelinput.h"
#include "irmodelproc.h"

#include <glib/gstdio.h>
#include <ir/core.h>
#include <ir/xml.h>
#include <string.h>

#define EVENT_NAME "ir-model"

G_DEFINE_BOXED_TYPE (IrModel, ir_model, ir_model_ref, ir_model_unref)

/* Options that change the network itself: names of the property and of the
 * converter's option, and where the value is. */
/* clang-format off */
static const struct {
  const char *name;
  gsize offset;
} conversions[] = {
  { "input",                  G_STRUCT_OFFSET (IrModelOptions, input) },
  { "output",                 G_STRUCT_OFFSET (IrModelOptions, output) },
  { "input_shape",            G_STRUCT_OFFSET (IrModelOptions, input_shape) },
  { "data_type",              G_STRUCT_OFFSET (IrModelOptions, data_type) },
  { "mean_file",              G_STRUCT_OFFSET (IrModelOptions, mean_file) },
  { "transformations_config", G_STRUCT_OFFSET (IrModelOptions, transformations_config) },
  { "extensions",             G_STRUCT_OFFSET (IrModelOptions, extensions) },
};
/* clang-format on */

IrModel *
ir_model_ref (IrModel *model)
{
  g_atomic_ref_count_inc (&model->refs);

  return model;
}

void
ir_model_unref (IrModel *model)
{
  if (!g_atomic_ref_count_dec (&model->refs))
    return;

  g_clear_pointer (&model->graph, ir_graph_unref);
  g_clear_pointer (&model->info, ir_model_info_unref);
  g_free (model->file);
  g_free (model);
}

/* --- the graph ----------------------------------------------------------- */

static const char *
option_value (const IrModelOptions *options, gsize index)
{
  const char *value =
      G_STRUCT_MEMBER (const char *, options, conversions[index].offset);

  if (value == NULL || *value == '\0')
    return NULL;
  /* The default: what comes in goes out. */
  if (strcmp (conversions[index].name, "data_type") == 0 &&
      (strcmp (value, "float") == 0 || strcmp (value, "FP32") == 0))
    return NULL;

  return value;
}

static gboolean
needs_conversion (const IrModelOptions *options)
{
  for (gsize i = 0; i < G_N_ELEMENTS (conversions); i++) {
    if (option_value (options, i))
      return TRUE;
  }

  return !ir_probe_xml (options->model, NULL);
}

static char *
bin_path (const char *xml)
{
  gsize length = strlen (xml);

  if (g_str_has_suffix (xml, ".xml"))
    length -= strlen (".xml");

  return g_strdup_printf ("%.*s.bin", (int) MIN (length, G_MAXINT), xml);
}

/* Takes the graph over. */
static void
take_graph (
    IrModel *model, IrGraph *graph, const char *xml, IrModelOrigin origin)
{
  g_autofree char *bin = bin_path (xml);

  model->graph = graph;
  model->info->digest = ir_digest_new_ir (xml, bin);
  model->file = g_strdup (xml);
  model->origin = origin;
}

static gboolean
read_ir (IrModel *model, const char *xml, GError **error)
{
  IrGraph *graph = ir_graph_read (xml, NULL, error);

  if (graph == NULL)
    return FALSE;
  take_graph (model, graph, xml, IR_MODEL_READ);

  return TRUE;
}

/* (transfer full): the converter's options. */
static IrConvertOptions *
convert_options (const IrModelOptions *options, GError **error)
{
  g_autoptr (IrConvertOptions) convert = ir_convert_options_new ();

  if (!ir_convert_options_set (convert, "input_model", options->model, error))
    return NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (conversions); i++) {
    const char *value = option_value (options, i);

    if (value &&
        !ir_convert_options_set (convert, conversions[i].name, value, error)) {
      g_autofree char *property =
          g_strdelimit (g_strdup (conversions[i].name), "_", '-');

      g_prefix_error (error, "property '%s': ", property);
      return NULL;
    }
  }

  return g_steal_pointer (&convert);
}

/* Without a cache the model is as good, it only takes longer the next time. */
static gboolean
keep_uncached (IrModel *model, IrGraph *graph, GError **error)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GBytes) xml = NULL, weights = NULL;

  if (!ir_graph_write_memory (graph, 11, &xml, &weights, error))
    return FALSE;
  g_checksum_update (sum, g_bytes_get_data (xml, NULL), g_bytes_get_size (xml));
  g_checksum_update (
      sum, g_bytes_get_data (weights, NULL), g_bytes_get_size (weights));
  model->graph = ir_graph_ref (graph);
  model->info->digest = ir_digest_new_sum (g_checksum_get_string (sum));
  model->origin = IR_MODEL_CONVERTED;

  return TRUE;
}

static gboolean
convert_model (IrModel *model, const IrModelOptions *options, IrConvertLog log,
    gpointer user_data, GError **error)
{
  g_autofree char *dir = ir_core_cache_dir (options->cache_dir);
  g_autoptr (IrConvertOptions) convert = convert_options (options, error);
  g_autoptr (IrGraph) graph = NULL;
  IrKeptModel kept = { NULL };

  if (convert == NULL)
    return FALSE;
  graph = ir_convert_kept (convert, dir, log, user_data, &kept, error);
  if (graph == NULL)
    return FALSE;
  if (kept.path == NULL)
    return keep_uncached (model, graph, error);
  take_graph (model, g_steal_pointer (&graph), kept.path,
      kept.fresh ? IR_MODEL_CONVERTED : IR_MODEL_CACHED);
  g_free (kept.path);

  return TRUE;
}

/* --- what is known about it ---------------------------------------------- */

static void
collect_meta (IrModel *model)
{
  gsize n;
  const IrMeta *const *metas = ir_graph_list_meta (model->graph, &n);

  for (gsize i = 0; i < n; i++) {
    if (metas[i]->depth != 2 || strcmp (metas[i]->path[0], "model_info") != 0)
      continue;
    if (model->info->meta == NULL)
      model->info->meta =
          g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_insert (model->info->meta, g_strdup (metas[i]->path[1]),
        g_strdup (metas[i]->value));
  }
}

/* A description that was asked for is read as it is; one that merely lies beside
 * the model has to look like one. */
static gboolean
find_description (
    IrModel *model, const char *given, IrModelProc *proc, GError **error)
{
  g_autofree char *path = NULL;

  if (given && *given && strcmp (given, "auto") != 0) {
    path = g_strdup (given);
  } else {
    const char *dot = strrchr (model->info->path, '.');
    gsize stem =
        dot ? (gsize) (dot - model->info->path) : strlen (model->info->path);

    path = g_strdup_printf (
        "%.*s.json", (int) MIN (stem, G_MAXINT), model->info->path);
    if (!ir_model_proc_probe (path))
      return TRUE;
  }

  if (g_str_has_suffix (path, ".json") &&
      !ir_model_proc_read (path, proc, error))
    return FALSE;
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return ir_fail (error, IR_ERROR_NOT_FOUND,
        "description %s is not there; correct the property 'description' or "
        "leave it at auto",
        path);
  model->info->description = g_steal_pointer (&path);

  return TRUE;
}

static gboolean
user_values (IrModel *model, const IrModelOptions *options,
    IrRecipeSource *source, GError **error)
{
  g_autofree char *mean = NULL, *scale = NULL;
  double values[3];
  guint n;

  if (options->mean_values && *options->mean_values) {
    mean = ir_model_pick_values (
        model, options->mean_values, "mean-values", error);
    if (mean == NULL ||
        !ir_recipe_parse_values (mean, "property 'mean-values'", source->mean,
            &source->n_mean, error))
      return FALSE;
    source->fields |= IR_RECIPE_MEAN;
  }
  if (options->scale_values && *options->scale_values) {
    if (options->recipe_set & IR_RECIPE_SCALE)
      return ir_fail (error, IR_ERROR_UNSUPPORTED,
          "properties 'scale' and 'scale-values' are both set; unset one");
    scale = ir_model_pick_values (
        model, options->scale_values, "scale-values", error);
    return scale &&
        ir_recipe_parse_values (
            scale, "property 'scale-values'", values, &n, error) &&
        ir_recipe_set_scale (
            source, values, n, "property 'scale-values'", error);
  }
  if (options->recipe_set & IR_RECIPE_SCALE)
    return ir_recipe_set_scale (
        source, &options->scale, 1, "property 'scale'", error);

  return TRUE;
}

static gboolean
make_recipe (IrModel *model, const IrModelOptions *options,
    const IrModelProc *proc, GError **error)
{
  IrRecipeSource told = { 0 }, user = options->recipe;

  user.fields = options->recipe_set & ~(IR_RECIPE_COLOR | IR_RECIPE_SCALE);
  /* A network of one channel has none to reverse. */
  if ((options->recipe_set & IR_RECIPE_COLOR) &&
      model->recipe.color != IR_COLOR_GRAY) {
    user.fields |= IR_RECIPE_COLOR;
    user.color = options->reverse ? IR_COLOR_RGB : IR_COLOR_BGR;
  }

  return user_values (model, options, &user, error) &&
      ir_recipe_read_model_info (model->graph, &told, error) &&
      ir_recipe_apply (&model->recipe, &told, error) &&
      ir_recipe_apply (&model->recipe, &proc->source, error) &&
      ir_recipe_apply (&model->recipe, &user, error);
}

/* The recipe by itself, seen with a picture that fits it. */
static gboolean
check_recipe (const IrModel *model, GError **error)
{
  const guint8 pixel = 0;
  IrFrame frame = { .format = IR_PIXEL_GRAY8,
    .width = model->recipe.width,
    .height = model->recipe.height,
    .plane = { &pixel },
    .stride = { model->recipe.width } };

  if (ir_preproc_check (&model->recipe, &frame, NULL, error))
    return TRUE;
  g_prefix_error (error, "model %s: ", model->info->path);

  return FALSE;
}

static gboolean
load (IrModel *model, const IrModelOptions *options, IrConvertLog log,
    gpointer user_data, GError **error)
{
  g_auto (IrModelProc) proc = { 0 };
  gboolean ok;

  if (!g_file_test (options->model, G_FILE_TEST_EXISTS))
    return ir_fail (error, IR_ERROR_NOT_FOUND,
        "model %s is not there; correct the property 'model'", options->model);

  ok = needs_conversion (options)
      ? convert_model (model, options, log, user_data, error)
      : read_ir (model, options->model, error);
  if (!ok)
    return FALSE;
  model->info->name = g_strdup (model->graph->name);
  collect_meta (model);

  return find_description (model, options->description, &proc, error) &&
      ir_model_find_inputs (model, &proc, error) &&
      make_recipe (model, options, &proc, error) && check_recipe (model, error);
}

IrModel *
ir_model_load (const IrModelOptions *options, IrConvertLog log,
    gpointer user_data, GError **error)
{
  g_autoptr (IrModel) model = g_new0 (IrModel, 1);

  g_atomic_ref_count_init (&model->refs);
  model->info = ir_model_info_new ();
  model->info->path = g_strdup (options->model);
  model->size_input = -1;
  if (!load (model, options, log, user_data, error))
    return NULL;

  return g_steal_pointer (&model);
}

typedef struct {
  GstDebugCategory *category;
  gpointer object;
} LogTarget;

static void
log_message (GLogLevelFlags level, const char *message, gpointer user_data)
{
  const LogTarget *target = user_data;
  GstDebugLevel to = level & G_LOG_LEVEL_WARNING ? GST_LEVEL_WARNING
      : level & G_LOG_LEVEL_MESSAGE              ? GST_LEVEL_INFO
                                                 : GST_LEVEL_DEBUG;

  GST_CAT_LEVEL_LOG (target->category, to, target->object, "%s", message);
}

IrModel *
ir_model_load_logged (const IrModelOptions *options, GstDebugCategory *category,
    gpointer object, GError **error)
{
  LogTarget target = { category, object };

  return ir_model_load (options, log_message, &target, error);
}

IrTensor *
ir_model_size_tensor (const IrModel *model, guint batch, GError **error)
{
  const IrNode *node =
      g_ptr_array_index (model->graph->parameters, model->size_input);
  IrShape shape = node->outputs[0].shape;
  IrTensor *tensor;

  shape.dim[0] = batch;
  tensor = ir_tensor_new (node->outputs[0].dtype, &shape, error);
  if (tensor == NULL)
    return NULL;
  for (gsize i = 0; i < ir_tensor_count (tensor); i++) {
    gint64 at = i % shape.dim[1];

    ir_tensor_set_f64 (tensor, i,
        at == 0       ? model->recipe.height
            : at == 1 ? model->recipe.width
                      : 1);
  }

  return tensor;
}

char *
ir_model_explain (const IrModel *model)
{
  static const char *const origin[] = { "read", "converted",
    "converted before" };
  const IrNode *image =
      g_ptr_array_index (model->graph->parameters, model->image);
  g_autofree char *recipe = ir_recipe_to_string (&model->recipe);
  const char *digest = ir_digest_get (model->info->digest);
  char shape[IR_SHAPE_TEXT];

  return g_strdup_printf ("model: %s from %s, %s%s%s, sha256 %s\n"
                          "input: '%s' %s\n"
                          "recipe: %s\n"
                          "description: %s",
      model->info->name, model->info->path, origin[model->origin],
      model->file && model->origin != IR_MODEL_READ ? ", kept as " : "",
      model->file && model->origin != IR_MODEL_READ ? model->file : "",
      digest ? digest : "unknown, the file has changed since",
      ir_port_name (ir_port ((IrNode *) image, 0)),
      ir_shape_print (&image->outputs[0].shape, shape), recipe,
      model->info->description ? model->info->description
          : model->info->meta  ? "model_info of the model"
                               : "none");
}

/* --- the announcement ---------------------------------------------------- */

GstEvent *
ir_model_event_new (IrModel *model)
{
  return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY,
      gst_structure_new (EVENT_NAME, "model", IR_TYPE_MODEL, model, NULL));
}

IrModel *
ir_model_event_get (GstEvent *event)
{
  IrModel *model = NULL;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CUSTOM_DOWNSTREAM_STICKY ||
      !gst_event_has_name (event, EVENT_NAME))
    return NULL;
  gst_structure_get (
      gst_event_get_structure (event), "model", IR_TYPE_MODEL, &model, NULL);

  return model;
}
