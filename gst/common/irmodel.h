/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_MODEL_H
#define IR_MODEL_H

#include "irrecipe.h"
#include "irtensormeta.h"

#include <ir/convert.h>

G_BEGIN_DECLS

/*
 * A model as the elements use it: read or converted, with the recipe that
 * prepares its input.
 */

/**
 * IrModelOptions: what users set
 *
 * Texts are in the syntax of `ir-convert`'s options of the same name, %NULL or
 * "" if unset. Mean, scale and channel order are not built into the network but
 * done by preprocessing, in the same pass as everything else: the numbers that
 * reach the first layer are the same.
 *
 * @scale: divisor for all channels; only if @recipe_set has %IR_RECIPE_SCALE
 * @reverse: the network wants R, G, B; only if @recipe_set has
 *   %IR_RECIPE_COLOR
 * @recipe: resize, interpolation and pad value
 * @recipe_set: which fields of @recipe, @reverse and @scale were set by the user
 */
typedef struct {
  char *model;
  char *input;
  char *output;
  char *input_shape;
  char *data_type;
  char *mean_file;
  char *transformations_config;
  char *extensions;
  char *mean_values;
  char *scale_values;
  double scale;
  gboolean reverse;
  IrRecipeSource recipe;
  guint recipe_set;
  char *cache_dir;
  char *description;
} IrModelOptions;

/** IrModelOrigin: where the graph came from. */
typedef enum {
  IR_MODEL_READ,
  IR_MODEL_CONVERTED,
  IR_MODEL_CACHED,
} IrModelOrigin;

/**
 * IrModel: reference counted, unchanged once made; a boxed type
 * @graph: inferred; never edited
 * @info: what travels with tensors
 * @origin: how @graph was had
 * @file: (nullable): the IR's `.xml` that @graph was read from
 * @image: index of the input that takes the picture
 * @size_input: index of the input that takes the picture's height and width, -1
 *   if there is none
 * @recipe: how pictures are prepared
 */
typedef struct {
  gatomicrefcount refs;
  IrGraph *graph;
  IrModelInfo *info;
  IrModelOrigin origin;
  char *file;
  gsize image;
  gssize size_input;
  IrPreproc recipe;
} IrModel;

#define IR_TYPE_MODEL (ir_model_get_type ())
GType ir_model_get_type (void);

/**
 * ir_model_load:
 * @log: (nullable): gets the converter's messages
 *
 * Returns: (transfer full): the model, or %NULL with an error that names the
 *   file, input or property
 */
IrModel *ir_model_load (const IrModelOptions *options, IrConvertLog log,
    gpointer user_data, GError **error);

/** ir_model_load_logged: ir_model_load() with the converter's messages as @object's
 * in the debug log of @category. */
IrModel *ir_model_load_logged (const IrModelOptions *options,
    GstDebugCategory *category, gpointer object, GError **error);

/** ir_model_ref: (transfer full). */
IrModel *ir_model_ref (IrModel *model);
/** ir_model_unref: */
void ir_model_unref (IrModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrModel, ir_model_unref)

/** ir_model_explain: (transfer full): model, input and recipe in plain words, a
 * line each. */
char *ir_model_explain (const IrModel *model);

/** ir_model_size_tensor: (transfer full): contents of @size_input for @batch
 * pictures: height, width and then ones. */
IrTensor *ir_model_size_tensor (
    const IrModel *model, guint batch, GError **error);

/*
 * How irconvert tells irinfer which model its tensors are for: a sticky event
 * that comes before the first buffer with tensors. An irinfer that uses it does
 * not pass it on.
 */

/** ir_model_event_new: (transfer full): the announcement of @model. */
GstEvent *ir_model_event_new (IrModel *model);
/** ir_model_event_get: (transfer full) (nullable): the model, if @event is an
 * announcement. */
IrModel *ir_model_event_get (GstEvent *event);

G_END_DECLS

#endif
