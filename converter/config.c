/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "options.h"
#include "patterns.h"

#include <ir/xml.h>

#include <stdarg.h>
#include <string.h>

static void
input_plan_clear (gpointer data)
{
  IrInputPlan *plan = data;

  g_free (plan->mean);
  g_clear_pointer (&plan->image, ir_tensor_unref);
  g_free (plan->divisor);
}

void
ir_config_free (IrConvertConfig *config)
{
  if (!config)
    return;
  g_free (config->name);
  g_clear_pointer (&config->unfused, g_ptr_array_unref);
  g_clear_pointer (&config->inputs, g_ptr_array_unref);
  g_strfreev (config->outputs);
  g_clear_pointer (&config->mean, g_ptr_array_unref);
  g_clear_pointer (&config->divisors, g_ptr_array_unref);
  g_clear_pointer (&config->layouts, g_ptr_array_unref);
  g_array_unref (config->input_plans);
  g_array_unref (config->output_plans);
  g_free (config);
}

void
ir_config_log (const IrConvertConfig *config, GLogLevelFlags level,
    const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (!config->log)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  config->log (level, text, config->log_data);
}

gboolean
ir_config_may_fuse (const IrConvertConfig *config, const IrNode *node)
{
  return !ir_patterns_match (config->unfused, node->name);
}

/* --- inputs -------------------------------------------------------------------- */

/* Shapes of --input_shape go to the items of --input, or to the only input,
 * whose name is not known yet: "". */
static gboolean
add_shapes (IrConvertConfig *config, const char *text, GError **error)
{
  g_autoptr (GArray) shapes = ir_value_parse_shapes (text, error);

  if (!shapes)
    return FALSE;
  if (config->inputs->len == 0 && shapes->len == 1) {
    IrInputSpec *spec = g_new0 (IrInputSpec, 1);

    spec->name = g_strdup ("");
    spec->dtype = IR_DTYPE_DYNAMIC;
    g_ptr_array_add (config->inputs, spec);
  }
  if (config->inputs->len == 0)
    return ir_fail (error, IR_ERROR_PARSE,
        "--input_shape has %u shapes: name the inputs that they are for with "
        "--input",
        shapes->len);
  if (config->inputs->len != shapes->len)
    return ir_fail (error, IR_ERROR_PARSE,
        "--input_shape has %u shapes for the %u inputs of --input", shapes->len,
        config->inputs->len);
  for (guint i = 0; i < shapes->len; i++) {
    IrInputSpec *spec = g_ptr_array_index (config->inputs, i);

    spec->has_shape = TRUE;
    spec->shape = g_array_index (shapes, IrShape, i);
  }
  return TRUE;
}

static gboolean
add_frozen (IrConvertConfig *config, const char *text, GError **error)
{
  g_autoptr (GPtrArray) specs = ir_value_parse_inputs (text, error);

  while (specs && specs->len > 0) {
    IrInputSpec *spec = g_ptr_array_steal_index (specs, 0);

    g_ptr_array_add (config->inputs, spec);
    if (!spec->value)
      return ir_fail (error, IR_ERROR_PARSE,
          "--freeze_placeholder_with_value: '%s' has no ->VALUE", spec->name);
  }
  return specs != NULL;
}

static gboolean
parse_inputs (IrConvertConfig *config, GError **error)
{
  const char *input = ir_convert_options_get (config->options, "input");
  const char *shape = ir_convert_options_get (config->options, "input_shape");
  const char *frozen =
      ir_convert_options_get (config->options, "freeze_placeholder_with_value");

  config->inputs = input
      ? ir_value_parse_inputs (input, error)
      : g_ptr_array_new_with_free_func ((GDestroyNotify) ir_input_spec_free);
  if (!config->inputs)
    return FALSE;
  if (shape && !add_shapes (config, shape, error))
    return FALSE;
  return !frozen || add_frozen (config, frozen, error);
}

/* --- layouts ------------------------------------------------------------------- */

static IrLayoutSpec *
find_layout (GPtrArray *layouts, const char *name)
{
  for (guint i = 0; i < layouts->len; i++) {
    IrLayoutSpec *spec = g_ptr_array_index (layouts, i);

    if (g_strcmp0 (spec->name, name) == 0)
      return spec;
  }
  return NULL;
}

/* --source_layout and --target_layout are the two sides of --layout. */
static gboolean
parse_layouts (IrConvertConfig *config, GError **error)
{
  const IrConvertOptions *options = config->options;
  const char *source = ir_convert_options_get (options, "layout");
  const char *target = ir_convert_options_get (options, "target_layout");
  g_autoptr (GPtrArray) targets = NULL;

  if (!source)
    source = ir_convert_options_get (options, "source_layout");
  if (source && !(config->layouts = ir_value_parse_layouts (source, error)))
    return FALSE;
  if (!target)
    return TRUE;
  if (!(targets = ir_value_parse_layouts (target, error)))
    return FALSE;
  for (guint i = 0; i < targets->len; i++) {
    IrLayoutSpec *side = g_ptr_array_index (targets, i);
    IrLayoutSpec *spec =
        config->layouts ? find_layout (config->layouts, side->name) : NULL;

    if (!spec)
      return ir_fail (error, IR_ERROR_PARSE,
          "--target_layout needs the layout in the model too: give it with "
          "--source_layout");
    g_free (spec->target);
    spec->target = g_steal_pointer (&side->source);
  }
  return TRUE;
}

/* --- all ------------------------------------------------------------------------ */

static gboolean
parse_preprocessing (IrConvertConfig *config, GError **error)
{
  const IrConvertOptions *options = config->options;
  const char *mean = ir_convert_options_get (options, "mean_values");
  const char *divisors = ir_convert_options_get (options, "scale_values");
  const char *scale = ir_convert_options_get (options, "scale");
  const char *batch = ir_convert_options_get (options, "batch");

  if (mean && !(config->mean = ir_value_parse_groups (mean, error)))
    return FALSE;
  if (divisors && !(config->divisors = ir_value_parse_groups (divisors, error)))
    return FALSE;
  if (scale && !ir_value_parse_real (scale, &config->scale, error))
    return FALSE;
  if (batch && !ir_value_parse_batch (batch, &config->batch, error))
    return FALSE;
  config->reverse_channels =
      ir_options_flag (options, "reverse_input_channels");
  return parse_layouts (config, error);
}

static void
parse_precision (IrConvertConfig *config)
{
  const char *type = ir_convert_options_get (config->options, "data_type");

  config->compress = strcmp (type, "FP16") == 0 || strcmp (type, "half") == 0 ||
      ir_options_flag (config->options, "compress_to_fp16");
  config->expand = strcmp (type, "FP32") == 0 && !config->compress;
}

static gboolean
parse_fusing (IrConvertConfig *config, GError **error)
{
  const IrConvertOptions *options = config->options;
  const char *unfused = ir_convert_options_get (options, "finegrain_fusing");

  config->fuse = !ir_options_flag (options, "disable_fusing") &&
      (!config->is_ir || ir_options_flag (options, "optimize"));
  if (unfused)
    config->unfused = ir_patterns_parse (unfused, error);
  return !unfused || config->unfused;
}

/* The file's name without its suffix. */
static char *
default_name (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  char *dot = strrchr (base, '.');

  if (dot)
    *dot = '\0';
  return g_strdup (*base && *base != '/' ? base : "model");
}

static gboolean
is_ir (const IrConvertOptions *options, const char *path)
{
  const char *framework = ir_convert_options_get (options, "framework");
  g_autofree char *lower = g_ascii_strdown (path, -1);

  if (framework)
    return strcmp (framework, "ir") == 0;
  return g_str_has_suffix (lower, ".xml");
}

IrConvertConfig *
ir_config_new (const IrConvertOptions *options, IrConvertLog log,
    gpointer log_data, GError **error)
{
  g_autoptr (IrConvertConfig) config = g_new0 (IrConvertConfig, 1);
  const char *name = ir_convert_options_get (options, "model_name");
  const char *output = ir_convert_options_get (options, "output");

  config->options = options;
  config->log = log;
  config->log_data = log_data;
  config->input_plans = g_array_new (FALSE, TRUE, sizeof (IrInputPlan));
  g_array_set_clear_func (config->input_plans, input_plan_clear);
  config->output_plans = g_array_new (FALSE, TRUE, sizeof (IrOutputPlan));
  if (!ir_convert_options_check (options, error))
    return NULL;
  config->model = ir_convert_options_get (options, "input_model");
  config->proto = ir_convert_options_get (options, "input_proto");
  config->name = name ? g_strdup (name) : default_name (config->model);
  config->is_ir = is_ir (options, config->model);
  config->static_shape = ir_options_flag (options, "static_shape");
  config->allow_dynamic = ir_options_flag (options, "allow_dynamic_shapes");
  config->allow_unsupported = ir_options_flag (options, "allow_unsupported");
  parse_precision (config);
  if (output && !(config->outputs = ir_value_parse_names (output, error)))
    return NULL;
  if (!parse_fusing (config, error) || !parse_inputs (config, error) ||
      !parse_preprocessing (config, error))
    return NULL;
  return g_steal_pointer (&config);
}
