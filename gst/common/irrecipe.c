/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irrecipe.h"

#include <math.h>
#include <string.h>

/* Within f32, so that the recipe's own fields can hold them. */
#define VALUE_LIMIT 1e30

gboolean
ir_recipe_parse_values (const char *text, const char *what, double *values,
    guint *n, GError **error)
{
  g_autofree char *copy = g_strdup (text);
  double parsed[3];
  guint count = 0;
  char *at;

  g_strdelimit (copy, "[](),", ' ');
  for (at = g_strstrip (copy); *at; at += strspn (at, " \t")) {
    char *end;
    double value = g_ascii_strtod (at, &end);

    if (end == at || count == 3 || !(fabs (value) < VALUE_LIMIT))
      break;
    parsed[count++] = value;
    at = end;
  }
  if (*at || (count != 1 && count != 3))
    return ir_fail (error, IR_ERROR_PARSE,
        "%s is '%s', but must be one number or three, such as "
        "'123.675,116.28,103.53'",
        what, text);

  memcpy (values, parsed, count * sizeof parsed[0]);
  *n = count;

  return TRUE;
}

gboolean
ir_recipe_set_scale (IrRecipeSource *source, const double *values, guint n,
    const char *what, GError **error)
{
  for (guint i = 0; i < n; i++) {
    if (fabs (values[i]) < 1 / VALUE_LIMIT)
      return ir_fail (error, IR_ERROR_PARSE,
          "%s has a 0, but pixels are divided by it", what);
  }
  memcpy (source->scale, values, n * sizeof values[0]);
  source->n_scale = n;
  source->fields |= IR_RECIPE_SCALE;

  return TRUE;
}

static gboolean
is_true (const char *text)
{
  return text &&
      (g_ascii_strcasecmp (text, "true") == 0 ||
          g_ascii_strcasecmp (text, "yes") == 0 || strcmp (text, "1") == 0);
}

static gboolean
read_color (const IrGraph *graph, IrRecipeSource *source, GError **error)
{
  static const struct {
    const char *name;
    IrColorOrder color;
  } table[] = {
    { "RGB", IR_COLOR_RGB },
    { "BGR", IR_COLOR_BGR },
    { "GRAY", IR_COLOR_GRAY },
    { "GRAYSCALE", IR_COLOR_GRAY },
  };
  const char *space = ir_graph_get_meta (graph, "model_info/color_space");
  const char *reverse =
      ir_graph_get_meta (graph, "model_info/reverse_input_channels");

  if (reverse) {
    source->color = is_true (reverse) ? IR_COLOR_RGB : IR_COLOR_BGR;
    source->fields |= IR_RECIPE_COLOR;
  }
  if (space == NULL || *space == '\0')
    return TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    if (g_ascii_strcasecmp (space, table[i].name) == 0) {
      source->color = table[i].color;
      source->fields |= IR_RECIPE_COLOR;
      return TRUE;
    }
  }

  return ir_fail (error, IR_ERROR_UNSUPPORTED,
      "the model's model_info/color_space is '%s'; RGB, BGR and GRAY are known",
      space);
}

static gboolean
read_resize (const IrGraph *graph, IrRecipeSource *source, GError **error)
{
  static const struct {
    const char *name;
    IrResize resize;
    gboolean top_left;
  } table[] = {
    { "standard", IR_RESIZE_STRETCH, FALSE },
    { "fit_to_window", IR_RESIZE_LETTERBOX, TRUE },
    { "fit_to_window_letterbox", IR_RESIZE_LETTERBOX, FALSE },
    { "crop", IR_RESIZE_CROP, FALSE },
  };
  const char *type = ir_graph_get_meta (graph, "model_info/resize_type");

  if (type == NULL || *type == '\0')
    return TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    if (strcmp (type, table[i].name) == 0) {
      source->resize = table[i].resize;
      source->top_left = table[i].top_left;
      source->fields |= IR_RECIPE_RESIZE;
      return TRUE;
    }
  }

  return ir_fail (error, IR_ERROR_UNSUPPORTED,
      "the model's model_info/resize_type is '%s'; standard, fit_to_window, "
      "fit_to_window_letterbox and crop are known",
      type);
}

static gboolean
read_numbers (const IrGraph *graph, IrRecipeSource *source, GError **error)
{
  const char *mean = ir_graph_get_meta (graph, "model_info/mean_values");
  const char *scale = ir_graph_get_meta (graph, "model_info/scale_values");
  const char *pad = ir_graph_get_meta (graph, "model_info/pad_value");
  double values[3];
  guint n;

  if (mean && *mean) {
    if (!ir_recipe_parse_values (mean, "the model's model_info/mean_values",
            source->mean, &source->n_mean, error))
      return FALSE;
    source->fields |= IR_RECIPE_MEAN;
  }
  if (scale && *scale) {
    const char *what = "the model's model_info/scale_values";

    if (!ir_recipe_parse_values (scale, what, values, &n, error) ||
        !ir_recipe_set_scale (source, values, n, what, error))
      return FALSE;
  }
  if (pad && *pad) {
    if (!ir_recipe_parse_values (
            pad, "the model's model_info/pad_value", values, &n, error))
      return FALSE;
    source->pad_value = CLAMP (values[0], 0, 255);
    source->fields |= IR_RECIPE_PAD;
  }

  return TRUE;
}

gboolean
ir_recipe_read_model_info (
    const IrGraph *graph, IrRecipeSource *source, GError **error)
{
  IrRecipeSource read = { 0 };

  /* The graph prepares the picture itself, the keys say what it does. */
  if (!is_true (ir_graph_get_meta (graph, "model_info/embedded_processing"))) {
    if (!read_color (graph, &read, error) ||
        !read_resize (graph, &read, error) ||
        !read_numbers (graph, &read, error))
      return FALSE;
  }
  *source = read;

  return TRUE;
}

static gboolean
apply_color (IrPreproc *recipe, IrColorOrder color, GError **error)
{
  if ((color == IR_COLOR_GRAY) != (recipe->color == IR_COLOR_GRAY))
    return ir_fail (error, IR_ERROR_SHAPE,
        "the model's input has %d channel(s), but its description says that "
        "its colours are %s",
        recipe->color == IR_COLOR_GRAY ? 1 : 3,
        color == IR_COLOR_GRAY ? "gray" : "RGB or BGR");
  recipe->color = color;

  return TRUE;
}

static gboolean
apply_values (const IrPreproc *recipe, float *to, const double *values, guint n,
    const char *what, GError **error)
{
  if (n == 3 && recipe->color == IR_COLOR_GRAY)
    return ir_fail (error, IR_ERROR_SHAPE,
        "there are 3 %s values, but the model's input has one channel", what);
  for (guint i = 0; i < 3; i++)
    to[i] = values[n == 1 ? 0 : i];

  return TRUE;
}

gboolean
ir_recipe_apply (
    IrPreproc *recipe, const IrRecipeSource *source, GError **error)
{
  IrPreproc applied = *recipe;

  if ((source->fields & IR_RECIPE_COLOR) &&
      !apply_color (&applied, source->color, error))
    return FALSE;
  if ((source->fields & IR_RECIPE_MEAN) &&
      !apply_values (
          &applied, applied.mean, source->mean, source->n_mean, "mean", error))
    return FALSE;
  if ((source->fields & IR_RECIPE_SCALE) &&
      !apply_values (&applied, applied.scale, source->scale, source->n_scale,
          "scale", error))
    return FALSE;
  if (source->fields & IR_RECIPE_RESIZE) {
    applied.resize = source->resize;
    applied.top_left = source->top_left;
  }
  if (source->fields & IR_RECIPE_INTERPOLATION)
    applied.interpolation = source->interpolation;
  if (source->fields & IR_RECIPE_PAD)
    applied.pad_value = source->pad_value;
  *recipe = applied;

  return TRUE;
}

char *
ir_recipe_to_string (const IrPreproc *recipe)
{
  static const char *const resize[] = { "stretch", "letterbox", "crop",
    "no resize" };
  static const char *const interpolation[] = { "bilinear", "nearest", "area",
    "cubic" };
  static const char *const color[] = { "R,G,B", "B,G,R", "gray" };
  GString *text = g_string_new (NULL);
  guint n = recipe->color == IR_COLOR_GRAY ? 1 : 3;

  g_string_append_printf (text, "%s to %ux%u, %s", resize[recipe->resize],
      recipe->width, recipe->height, interpolation[recipe->interpolation]);
  if (recipe->resize == IR_RESIZE_LETTERBOX)
    g_string_append_printf (text, ", picture %s, rest %g",
        recipe->top_left ? "at the top left" : "centred", recipe->pad_value);
  g_string_append_printf (text, "; channels %s, ", color[recipe->color]);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s%g", i ? "," : "(x - [", recipe->mean[i]);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s%g", i ? "," : "]) / [", recipe->scale[i]);
  g_string_append_printf (text, "]; %s, %s", recipe->nhwc ? "NHWC" : "NCHW",
      ir_dtype_name (recipe->dtype));

  return g_string_free (text, FALSE);
}
