/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"
#include "patterns.h"
#include "values.h"

#include "ir-cli.h"

#include <string.h>

/* clang-format off */
static const IrOptionDesc descs[] = {
#define OPTION(name, alias, kind, group, value, def, check, help)             \
  { #name, alias, IR_OPTION_##kind, group, value, def, help },
#include "options.inc"
#undef OPTION
};

static gboolean (*const checks[]) (const char *text, GError **error) = {
#define OPTION(name, alias, kind, group, value, def, check, help) check,
#include "options.inc"
#undef OPTION
};
/* clang-format on */

#define N_OPTIONS G_N_ELEMENTS (descs)

struct _IrConvertOptions {
  char *values[N_OPTIONS];
  IrConvertProgress progress;
  gpointer progress_data;
};

const IrOptionDesc *
ir_convert_list_options (gsize *n)
{
  *n = N_OPTIONS;
  return descs;
}

IrConvertOptions *
ir_convert_options_new (void)
{
  return g_new0 (IrConvertOptions, 1);
}

void
ir_convert_options_free (IrConvertOptions *options)
{
  if (!options)
    return;
  for (gsize i = 0; i < N_OPTIONS; i++)
    g_free (options->values[i]);
  g_free (options);
}

void
ir_convert_options_set_progress (
    IrConvertOptions *options, IrConvertProgress progress, gpointer user_data)
{
  options->progress = progress;
  options->progress_data = user_data;
}

gboolean
ir_options_progress (const IrConvertOptions *options, const char *what,
    double fraction, GError **error)
{
  if (options->progress &&
      !options->progress (what, fraction, options->progress_data))
    return ir_fail (error, IR_ERROR_CANCELLED, "the conversion was cancelled");
  return TRUE;
}

static gssize
find (const char *name, GError **error)
{
  IrCliOption rows[N_OPTIONS] = { 0 };

  for (gsize i = 0; i < N_OPTIONS; i++) {
    rows[i].name = descs[i].name;
    rows[i].alias = descs[i].alias;
  }
  return ir_cli_match (rows, N_OPTIONS, name, error);
}

/* Any of the words of "{A,B}", in any case; @value gets the table's spelling. */
static gboolean
check_choice (const IrOptionDesc *desc, char **value, GError **error)
{
  g_autofree char *list = g_strndup (desc->value + 1, strlen (desc->value) - 2);
  g_auto (GStrv) words = g_strsplit (list, ",", -1);

  for (gsize i = 0; words[i]; i++) {
    if (g_ascii_strcasecmp (words[i], *value) == 0) {
      g_free (*value);
      *value = g_strdup (words[i]);
      return TRUE;
    }
  }
  return ir_fail (error, IR_ERROR_PARSE, "'%s' is none of %s", *value, list);
}

static gboolean
check_value (gsize index, char **value, GError **error)
{
  gboolean flag;

  switch (descs[index].kind) {
    case IR_OPTION_FLAG:
      if (!ir_value_parse_bool (*value, &flag, error))
        return FALSE;
      g_free (*value);
      *value = g_strdup (flag ? "true" : "false");
      return TRUE;
    case IR_OPTION_CHOICE:
      return check_choice (&descs[index], value, error);
    default:
      return !checks[index] || checks[index](*value, error);
  }
}

gboolean
ir_convert_options_set (IrConvertOptions *options, const char *name,
    const char *value, GError **error)
{
  gssize index = find (name, error);
  g_autofree char *copy = NULL;

  if (index < 0)
    return FALSE;
  if (!value && descs[index].kind != IR_OPTION_FLAG)
    return ir_fail (error, IR_ERROR_PARSE, "option --%s needs a value: --%s %s",
        descs[index].name, descs[index].name, descs[index].value);
  copy = g_strstrip (g_strdup (value ? value : "true"));
  if (!*copy)
    return ir_fail (error, IR_ERROR_PARSE, "the value of option --%s is empty",
        descs[index].name);
  if (!check_value ((gsize) index, &copy, error)) {
    g_prefix_error (error, "option --%s: ", descs[index].name);
    return FALSE;
  }
  g_free (options->values[index]);
  options->values[index] = g_steal_pointer (&copy);
  return TRUE;
}

const char *
ir_convert_options_get (const IrConvertOptions *options, const char *name)
{
  gssize index = find (name, NULL);

  if (index < 0)
    return NULL;
  return options->values[index] ? options->values[index] : descs[index].def;
}

gboolean
ir_options_is_set (const IrConvertOptions *options, const char *name)
{
  gssize index = find (name, NULL);

  return index >= 0 && options->values[index];
}

gboolean
ir_options_flag (const IrConvertOptions *options, const char *name)
{
  return g_strcmp0 (ir_convert_options_get (options, name), "true") == 0;
}

/* --- options that don't go together ----------------------------------------- */

static gboolean
shapes_in_input (const IrConvertOptions *options)
{
  g_autoptr (GPtrArray) specs = NULL;
  const char *text = ir_convert_options_get (options, "input");

  specs = text ? ir_value_parse_inputs (text, NULL) : NULL;
  for (guint i = 0; specs && i < specs->len; i++)
    if (((IrInputSpec *) g_ptr_array_index (specs, i))->has_shape)
      return TRUE;
  return FALSE;
}

gboolean
ir_convert_options_check (const IrConvertOptions *options, GError **error)
{
  static const char *const exclusive[][2] = {
    { "batch", "input_shape" },
    { "scale", "scale_values" },
    { "mean_file", "mean_values" },
    { "layout", "source_layout" },
    { "layout", "target_layout" },
  };

  if (ir_options_is_set (options, "mean_file_offsets") &&
      !ir_options_is_set (options, "mean_file"))
    return ir_fail (error, IR_ERROR_PARSE,
        "--mean_file_offsets says where in a mean image the input begins: give "
        "that with --mean_file");
  if (!ir_options_is_set (options, "input_model"))
    return ir_fail (error, IR_ERROR_NOT_FOUND,
        "there is nothing to convert: give the model with --input_model FILE");
  for (gsize i = 0; i < G_N_ELEMENTS (exclusive); i++)
    if (ir_options_is_set (options, exclusive[i][0]) &&
        ir_options_is_set (options, exclusive[i][1]))
      return ir_fail (error, IR_ERROR_PARSE, "--%s and --%s exclude each other",
          exclusive[i][0], exclusive[i][1]);
  if (shapes_in_input (options) && ir_options_is_set (options, "input_shape"))
    return ir_fail (error, IR_ERROR_PARSE,
        "shapes are given in --input and in --input_shape, take one of them");
  if (shapes_in_input (options) && ir_options_is_set (options, "batch"))
    return ir_fail (error, IR_ERROR_PARSE,
        "--batch and shapes in --input exclude each other");
  return TRUE;
}
