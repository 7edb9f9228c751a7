/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_RECIPE_H
#define IR_RECIPE_H

#include <ir/graph.h>
#include <ir/preproc.h>

G_BEGIN_DECLS

/*
 * How pictures become a model's input, put together from what is known about
 * it. Later sources win: defaults, `model_info` in the IR, a description file,
 * what the user set.
 *
 * Colour order: a network is fed B, G, R, as OpenVINO's users know it, unless
 * some source says that it wants R, G, B. `reverse-input-channels=true` says
 * so: the channels of the picture are reversed on their way into the network.
 * Mean and scale are in the network's own channel order, and are applied after
 * the reversal: (x - mean) / scale, x from 0 to 255.
 */

/** IrRecipeField: which fields a source knows. */
typedef enum {
  IR_RECIPE_COLOR = 1 << 0,
  IR_RECIPE_RESIZE = 1 << 1,
  IR_RECIPE_INTERPOLATION = 1 << 2,
  IR_RECIPE_PAD = 1 << 3,
  IR_RECIPE_MEAN = 1 << 4,
  IR_RECIPE_SCALE = 1 << 5,
} IrRecipeField;

/**
 * IrRecipeSource: what one source knows
 * @fields: of #IrRecipeField, the others are unset
 * @n_mean: values in @mean, 1 for all channels or one per channel
 * @n_scale: likewise for @scale
 */
typedef struct {
  guint fields;
  IrColorOrder color;
  IrResize resize;
  gboolean top_left;
  IrInterpolation interpolation;
  double pad_value;
  guint n_mean;
  double mean[3];
  guint n_scale;
  double scale[3];
} IrRecipeSource;

/** ir_recipe_parse_values: one or three numbers between @low and @high, with
 * commas or blanks between and brackets around; @what names them in messages.
 * @values has room for 3. */
gboolean ir_recipe_parse_values (const char *text, const char *what,
    double *values, guint *n, GError **error);

/** ir_recipe_set_scale: sets the divisors after a check that none is 0. */
gboolean ir_recipe_set_scale (IrRecipeSource *source, const double *values,
    guint n, const char *what, GError **error);

/** ir_recipe_read_model_info: what `model_info` of the IR says. */
gboolean ir_recipe_read_model_info (
    const IrGraph *graph, IrRecipeSource *source, GError **error);

/** ir_recipe_apply: lets @source overrule @recipe, whose size, layout, type and
 * number of channels (gray or not) are set already. */
gboolean ir_recipe_apply (
    IrPreproc *recipe, const IrRecipeSource *source, GError **error);

/** ir_recipe_to_string: (transfer full): the recipe in plain words. */
char *ir_recipe_to_string (const IrPreproc *recipe);

G_END_DECLS

#endif
