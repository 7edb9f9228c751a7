/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which inputs the preprocessing options mean, and where their channels are. */
#include "config.h"
#include "mean-file.h"

#include <string.h>

static const IrShape *
shape_of (const IrInputPlan *plan)
{
  return &plan->parameter->outputs[0].shape;
}

static char *
list_inputs (const IrGraph *graph)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < graph->parameters->len; i++)
    g_string_append_printf (list, "%s%s", i ? ", " : "",
        ir_port_name (ir_port (g_ptr_array_index (graph->parameters, i), 0)));
  return g_string_free (list, FALSE);
}

/* The plan of the input that the user calls @name: by its node, a tensor, or as
 * in --input, where the cut may have renamed it. */
static IrInputPlan *
find_input (const IrConvertConfig *config, const char *name)
{
  guint live = 0;

  for (guint i = 0; i < config->input_plans->len; i++) {
    IrInputPlan *plan = &g_array_index (config->input_plans, IrInputPlan, i);

    if (strcmp (plan->parameter->name, name) == 0 ||
        ir_port_has_name (ir_port (plan->parameter, 0), name))
      return plan;
  }
  for (guint i = 0; i < config->inputs->len; i++) {
    const IrInputSpec *spec = g_ptr_array_index (config->inputs, i);

    if (spec->value)
      continue;
    if (strcmp (spec->name, name) == 0 && live < config->input_plans->len)
      return &g_array_index (config->input_plans, IrInputPlan, live);
    live++;
  }
  return NULL;
}

static gboolean
fail_no_input (
    const char *option, const char *name, const IrGraph *graph, GError **error)
{
  g_autofree char *list = list_inputs (graph);

  return ir_fail (error, IR_ERROR_NOT_FOUND,
      "--%s: the model has no input '%s'; its inputs are %s", option, name,
      list);
}

/* --- layouts -------------------------------------------------------------------- */

static gboolean
check_layout (
    const char *layout, const IrShape *shape, const char *name, GError **error)
{
  g_autofree char *text = NULL;
  char buffer[IR_SHAPE_TEXT];

  if (ir_layout_fits (layout, shape->rank))
    return TRUE;
  text = ir_layout_to_string (layout);
  return ir_fail (error, IR_ERROR_SHAPE,
      "--layout: %s does not fit the shape %s of '%s'", text,
      ir_shape_print (shape, buffer), name);
}

static IrOutputPlan *
find_output (const IrConvertConfig *config, const char *name)
{
  for (guint i = 0; i < config->output_plans->len; i++) {
    IrOutputPlan *plan = &g_array_index (config->output_plans, IrOutputPlan, i);
    IrPort source = plan->result->inputs[0];

    if (strcmp (plan->result->name, name) == 0 ||
        strcmp (source.node->name, name) == 0 ||
        ir_port_has_name (source, name))
      return plan;
  }
  return NULL;
}

static gboolean
plan_layout (const IrConvertConfig *config, const IrGraph *graph,
    const IrLayoutSpec *spec, GError **error)
{
  IrInputPlan *input = NULL;
  IrOutputPlan *output = NULL;

  if (spec->name) {
    input = find_input (config, spec->name);
    output = input ? NULL : find_output (config, spec->name);
    if (!input && !output)
      return fail_no_input ("layout", spec->name, graph, error);
  } else if (config->input_plans->len == 1) {
    input = &g_array_index (config->input_plans, IrInputPlan, 0);
  } else {
    return ir_fail (error, IR_ERROR_PARSE,
        "--layout: the model has %u inputs, write NAME(LAYOUT)",
        config->input_plans->len);
  }
  if (output) {
    output->layout = spec->source;
    output->target = spec->target;
    return check_layout (spec->source,
        &ir_node_input (output->result, 0)->shape, spec->name, error);
  }
  input->layout = spec->source;
  input->target = spec->target;
  return check_layout (
      spec->source, shape_of (input), input->parameter->name, error);
}

/* --- channels ------------------------------------------------------------------- */

/* Without a layout: the only one of the usual places that has @count channels. */
static gboolean
guess_channel (const IrShape *shape, gint64 count, guint *dim)
{
  static const guint8 places[][2] = { { 0, 2 }, { 1, 3 }, { 1, 4 } };
  guint first, second;

  if (shape->rank == 2 && shape->dim[1] == count) {
    *dim = 1;
    return TRUE;
  }
  if (shape->rank < 3 || shape->rank > 5)
    return FALSE;
  first = places[shape->rank - 3][0];
  second = places[shape->rank - 3][1];
  if ((shape->dim[first] == count) == (shape->dim[second] == count))
    return FALSE;
  *dim = shape->dim[first] == count ? first : second;
  return TRUE;
}

static gboolean
find_channel (const IrInputPlan *plan, gint64 count, guint *dim)
{
  const IrShape *shape = shape_of (plan);

  if (plan->layout)
    return ir_layout_find (plan->layout, shape->rank, 'c', dim) &&
        shape->dim[*dim] == count;
  return guess_channel (shape, count, dim);
}

/* Takes over @group for the input; several values are for as many channels. */
static gboolean
plan_values (const char *option, const IrValueGroup *group, IrInputPlan *plan,
    double **values, gsize *n, GError **error)
{
  IrDType dtype = plan->parameter->outputs[0].dtype;
  char buffer[IR_SHAPE_TEXT];

  if (!ir_dtype_is_float (dtype))
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "--%s: input '%s' is of type %s, it takes no mean and scale", option,
        plan->parameter->name, ir_dtype_name (dtype));
  if (group->n > 1 && !find_channel (plan, (gint64) group->n, &plan->channel))
    return ir_fail (error, IR_ERROR_SHAPE,
        "--%s: %" G_GSIZE_FORMAT
        " values don't fit the shape %s of input '%s'%s",
        option, group->n, ir_shape_print (shape_of (plan), buffer),
        plan->parameter->name,
        plan->layout ? ""
                     : "; say which dimension the channels are with "
                       "--layout");
  *values = g_memdup2 (group->values, group->n * sizeof (double));
  *n = group->n;
  return TRUE;
}

static gboolean
plan_groups (const IrConvertConfig *config, const IrGraph *graph,
    const char *option, const GPtrArray *groups, gboolean mean, GError **error)
{
  const IrValueGroup *first = g_ptr_array_index (groups, 0);

  if (!first->name && groups->len != config->input_plans->len)
    return ir_fail (error, IR_ERROR_PARSE,
        "--%s: %u groups for %u inputs; name those that are meant: "
        "NAME[1,2,3]",
        option, groups->len, config->input_plans->len);
  for (guint i = 0; i < groups->len; i++) {
    const IrValueGroup *group = g_ptr_array_index (groups, i);
    IrInputPlan *plan = group->name
        ? find_input (config, group->name)
        : &g_array_index (config->input_plans, IrInputPlan, i);

    if (!plan)
      return fail_no_input (option, group->name, graph, error);
    if (!plan_values (option, group, plan, mean ? &plan->mean : &plan->divisor,
            mean ? &plan->n_mean : &plan->n_divisor, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
plan_image (const IrConvertConfig *config, const char *path, GError **error)
{
  const char *asked =
      ir_convert_options_get (config->options, "mean_file_offsets");
  g_autoptr (IrTensor) image = NULL;
  IrInputPlan *plan;
  const IrShape *shape;
  gint64 offsets[2];
  char text[IR_SHAPE_TEXT];

  if (config->input_plans->len != 1)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "--mean_file is for models with one input, this one has %u",
        config->input_plans->len);
  plan = &g_array_index (config->input_plans, IrInputPlan, 0);
  shape = shape_of (plan);
  image = ir_mean_file_load (path, error);
  if (!image)
    return FALSE;
  if (shape->rank != 4 || shape->dim[1] != image->shape.dim[0] ||
      shape->dim[2] < 1 || shape->dim[3] < 1 ||
      !ir_dtype_is_float (plan->parameter->outputs[0].dtype))
    return ir_fail (error, IR_ERROR_SHAPE,
        "--mean_file: a mean image with %" G_GINT64_FORMAT
        " channels does not fit input '%s' with the shape %s",
        image->shape.dim[0], plan->parameter->name,
        ir_shape_print (shape, text));
  if (asked && !ir_value_parse_offsets (asked, offsets, error))
    return FALSE;
  plan->image = ir_mean_file_crop (
      image, shape->dim[2], shape->dim[3], asked ? offsets : NULL, path, error);
  return plan->image != NULL;
}

static void
plan_scale (const IrConvertConfig *config)
{
  for (guint i = 0; i < config->input_plans->len; i++) {
    IrInputPlan *plan = &g_array_index (config->input_plans, IrInputPlan, i);

    if (!ir_dtype_is_float (plan->parameter->outputs[0].dtype))
      continue;
    plan->divisor = g_memdup2 (&config->scale, sizeof config->scale);
    plan->n_divisor = 1;
  }
  if (config->scale < 1.0)
    ir_config_log (config, G_LOG_LEVEL_WARNING,
        "--scale %g is below 1: the inputs are divided by it, so they grow",
        config->scale);
}

static gboolean
plan_reverse (const IrConvertConfig *config, GError **error)
{
  guint found = 0;

  for (guint i = 0; i < config->input_plans->len; i++) {
    IrInputPlan *plan = &g_array_index (config->input_plans, IrInputPlan, i);

    plan->reverse = (plan->layout || shape_of (plan)->rank == 4) &&
        find_channel (plan, 3, &plan->channel);
    if (plan->reverse)
      found++;
  }
  if (found == 0)
    return ir_fail (error, IR_ERROR_SHAPE,
        "--reverse_input_channels: no input has three channels; say where they "
        "are with --layout");
  if (found < config->input_plans->len)
    ir_config_log (config, G_LOG_LEVEL_WARNING,
        "--reverse_input_channels applies to %u of %u inputs: the others don't "
        "have three channels",
        found, config->input_plans->len);
  return TRUE;
}

/* --- all ------------------------------------------------------------------------ */

gboolean
ir_config_plan (IrConvertConfig *config, IrGraph *graph, GError **error)
{
  const char *image = ir_convert_options_get (config->options, "mean_file");

  g_array_set_size (config->input_plans, 0);
  g_array_set_size (config->output_plans, 0);
  for (guint i = 0; i < graph->parameters->len; i++) {
    IrInputPlan plan = { g_ptr_array_index (graph->parameters, i) };

    g_array_append_val (config->input_plans, plan);
  }
  for (guint i = 0; i < graph->results->len; i++) {
    IrOutputPlan plan = { g_ptr_array_index (graph->results, i) };

    g_array_append_val (config->output_plans, plan);
  }
  for (guint i = 0; config->layouts && i < config->layouts->len; i++)
    if (!plan_layout (
            config, graph, g_ptr_array_index (config->layouts, i), error))
      return FALSE;
  if (config->mean &&
      !plan_groups (config, graph, "mean_values", config->mean, TRUE, error))
    return FALSE;
  if (config->divisors &&
      !plan_groups (
          config, graph, "scale_values", config->divisors, FALSE, error))
    return FALSE;
  if (image && !plan_image (config, image, error))
    return FALSE;
  if (config->scale != 0.0)
    plan_scale (config);
  return !config->reverse_channels || plan_reverse (config, error);
}
