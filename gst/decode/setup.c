/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "setup.h"

#include <math.h>

void
ir_decode_props_copy (IrDecodeProps *to, const IrDecodeProps *from)
{
  *to = *from;
  to->decoder = g_strdup (from->decoder);
  to->labels = g_strdup (from->labels);
  to->labels_file = g_strdup (from->labels_file);
  to->class_thresholds = g_strdup (from->class_thresholds);
  to->description = g_strdup (from->description);
}

void
ir_decode_props_clear (IrDecodeProps *props)
{
  g_free (props->decoder);
  g_free (props->labels);
  g_free (props->labels_file);
  g_free (props->class_thresholds);
  g_free (props->description);
}

void
ir_setup_free (IrSetup *setup)
{
  ir_model_info_unref (setup->info);
  g_clear_pointer (&setup->params.class_thresholds, g_array_unref);
  g_strfreev (setup->params.labels);
  g_clear_pointer (&setup->params.heads, g_ptr_array_unref);
  g_clear_pointer (&setup->params.anchors, g_array_unref);
  g_strfreev (setup->point_names);
  g_clear_pointer (&setup->connections, g_array_unref);
  g_ptr_array_unref (setup->warnings);
  g_free (setup);
}

static gboolean
is_auto (const char *text)
{
  return text == NULL || *text == 0 || g_str_equal (text, "auto");
}

/* The two places that may say something, most important first. */
typedef struct {
  IrDescription *file;
  IrDescription *model;
} Sources;

static gboolean
sources_load (Sources *sources, const IrModelInfo *info,
    const IrDecodeProps *props, GError **error)
{
  const char *path = props->description;

  if (path && g_str_equal (path, "none"))
    return TRUE;
  if (is_auto (path))
    path = info->description;
  if (!is_auto (path)) {
    sources->file = ir_description_load (path, error);
    if (sources->file == NULL)
      return FALSE;
  }
  if (info->meta && g_hash_table_size (info->meta) > 0) {
    sources->model = ir_description_from_model_info (info->meta, error);
    return sources->model != NULL;
  }
  return TRUE;
}

static void
sources_clear (Sources *sources)
{
  g_clear_pointer (&sources->file, ir_description_free);
  g_clear_pointer (&sources->model, ir_description_free);
}

/* The first of the two that has the field. */
#define FROM(sources, field, unset)                                            \
  ((sources)->file && (sources)->file->field != (unset)                        \
          ? (sources)->file->field                                             \
          : (sources)->model ? (sources)->model->field                         \
                             : (unset))

/* The same for numbers, where NAN means nothing was said. */
static float
first_number (float file, float model)
{
  return isnan (file) ? model : file;
}

static void
take_numbers (
    IrSetup *setup, const IrDecodeProps *props, const Sources *sources)
{
  IrDecodeParams *params = &setup->params;
  float threshold =
      first_number (sources->file ? sources->file->threshold : NAN,
          sources->model ? sources->model->threshold : NAN);
  float nms = first_number (sources->file ? sources->file->nms_threshold : NAN,
      sources->model ? sources->model->nms_threshold : NAN);
  gint most = FROM (sources, max_objects, -1);

  params->threshold = (props->set & IR_DECODE_THRESHOLD) || isnan (threshold)
      ? props->threshold
      : threshold;
  params->nms_threshold =
      (props->set & IR_DECODE_NMS_THRESHOLD) ? props->nms_threshold : nms;
  params->max_objects = (props->set & IR_DECODE_MAX_OBJECTS) || most < 0
      ? props->max_objects
      : (guint) most;
  params->head_thresholds = (props->set & IR_DECODE_THRESHOLD) == 0;
}

static gboolean
take_labels (IrSetup *setup, const IrDecodeProps *props, const Sources *sources,
    GError **error)
{
  IrDecodeParams *params = &setup->params;

  if (props->labels && *props->labels)
    params->labels = ir_labels_parse (props->labels);
  if (params->labels == NULL && props->labels_file && *props->labels_file) {
    params->labels = ir_labels_load (props->labels_file, error);
    if (params->labels == NULL) {
      g_prefix_error (error, "property 'labels-file': ");
      return FALSE;
    }
  }
  if (params->labels == NULL)
    params->labels = g_strdupv (FROM (sources, labels, NULL));
  return TRUE;
}

static gboolean
take_decoder (IrSetup *setup, const IrDecodeProps *props,
    const Sources *sources, const IrOutput *outputs, gsize n, GError **error)
{
  const char *name =
      is_auto (props->decoder) ? FROM (sources, decoder, NULL) : props->decoder;

  setup->decoder = is_auto (name)
      ? ir_decoder_choose (outputs, n, &setup->params, error)
      : ir_decoder_find (name, error);
  return setup->decoder != NULL;
}

/* What the decoder knows by itself: a face detector's only class, its points. */
static void
take_defaults (IrSetup *setup, const Sources *sources)
{
  const char *labels = ir_decoder_labels (setup->decoder);
  const char *points = ir_decoder_points (setup->decoder);

  if (setup->params.labels == NULL && labels)
    setup->params.labels = g_strsplit (labels, " ", -1);
  setup->point_names = g_strdupv (FROM (sources, point_names, NULL));
  if (setup->point_names == NULL && points)
    setup->point_names = g_strsplit (points, " ", -1);
}

static gboolean
take_class_thresholds (IrSetup *setup, const IrDecodeProps *props,
    const Sources *sources, GError **error)
{
  g_auto (GStrv) list = NULL;
  const GStrv described = FROM (sources, class_thresholds, NULL);
  gboolean own = props->class_thresholds && *props->class_thresholds;

  if (own)
    list = ir_labels_parse (props->class_thresholds);
  /* A threshold of the user's own is for every class. */
  else if (!(props->set & IR_DECODE_THRESHOLD))
    list = g_strdupv (described);
  if (list == NULL)
    return TRUE;
  setup->params.class_thresholds =
      ir_class_thresholds_parse (list, setup->params.labels,
          own ? "class-thresholds" : "class_thresholds", error);
  return setup->params.class_thresholds != NULL;
}

static GArray *
array_ref (GArray *array)
{
  return array ? g_array_ref (array) : NULL;
}

static void
take_warnings (IrSetup *setup, const IrDescription *from)
{
  for (guint i = 0; from && i < from->warnings->len; i++)
    g_ptr_array_add (
        setup->warnings, g_strdup (g_ptr_array_index (from->warnings, i)));
}

IrSetup *
ir_setup_new (IrModelInfo *info, const IrDecodeProps *props,
    const IrOutput *outputs, gsize n, GError **error)
{
  g_autoptr (IrSetup) setup = g_new0 (IrSetup, 1);
  Sources sources = { NULL, NULL };
  gboolean ok;

  setup->info = ir_model_info_ref (info);
  setup->warnings = g_ptr_array_new_with_free_func (g_free);
  setup->params.width = info->width;
  setup->params.height = info->height;
  ok = sources_load (&sources, info, props, error);
  if (ok) {
    take_numbers (setup, props, &sources);
    if (sources.file && sources.file->heads)
      setup->params.heads = g_ptr_array_ref (sources.file->heads);
    setup->params.anchors = array_ref (FROM (&sources, anchors, NULL));
    setup->connections = array_ref (FROM (&sources, connections, NULL));
    take_warnings (setup, sources.file);
    take_warnings (setup, sources.model);
    ok = take_labels (setup, props, &sources, error) &&
        take_decoder (setup, props, &sources, outputs, n, error);
  }
  if (ok) {
    take_defaults (setup, &sources);
    ok = take_class_thresholds (setup, props, &sources, error);
  }
  sources_clear (&sources);
  return ok ? g_steal_pointer (&setup) : NULL;
}
