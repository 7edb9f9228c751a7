/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irmodelinput.h"

#include <string.h>

/* Larger pictures than any network takes; keeps products of sizes small. */
#define MAX_SIDE 32768

static const IrNode *
parameter (const IrModel *model, gsize index)
{
  return g_ptr_array_index (model->graph->parameters, index);
}

static gboolean
is_named (const IrNode *node, const char *name)
{
  IrPort port = { (IrNode *) node, 0 };

  return strcmp (node->name, name) == 0 || ir_port_has_name (port, name);
}

static gssize
find_named (const IrModel *model, const char *name)
{
  for (guint i = 0; i < model->graph->parameters->len; i++) {
    if (is_named (parameter (model, i), name))
      return i;
  }

  return -1;
}

static const char *
layout_in (const IrRtInfo *info)
{
  for (; info; info = info->next) {
    for (gsize i = 0; strcmp (info->name, "layout") == 0 && i < info->n; i++) {
      if (strcmp (info->keys[i], "layout") == 0)
        return info->values[i];
    }
  }

  return NULL;
}

/* The axis that a layout such as "[N,C,H,W]" calls C, -1 if it doesn't say. */
static gint
layout_channels (const IrNode *node)
{
  const char *layout = layout_in (node->outputs[0].rt_info);
  gint axis = 0;

  if (layout == NULL)
    layout = layout_in (node->rt_info);
  for (const char *at = layout; at && *at; at++) {
    if (*at == 'C' || *at == 'c')
      return axis;
    if (*at == ',')
      axis++;
  }

  return -1;
}

/* The axis of the channels if the input can take a picture, else -1. */
static gint
image_channels (const IrNode *node)
{
  static const gint64 sizes[] = { 3, 1 };
  const IrShape *shape = &node->outputs[0].shape;
  gint told = layout_channels (node);
  gint first, last;

  if (shape->rank != 3 && shape->rank != 4)
    return -1;
  first = shape->rank - 3;
  last = shape->rank - 1;
  if (told == first || told == last)
    return shape->dim[told] == 3 || shape->dim[told] == 1 ? told : -1;

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    if (shape->dim[first] == sizes[i])
      return first;
    if (shape->dim[last] == sizes[i])
      return last;
  }

  return -1;
}

static char *
list_inputs (const IrModel *model)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < model->graph->parameters->len; i++) {
    const IrNode *node = parameter (model, i);
    char shape[IR_SHAPE_TEXT];

    g_string_append_printf (text, "%s'%s' %s", i ? ", " : "", node->name,
        ir_shape_print (&node->outputs[0].shape, shape));
  }

  return g_string_free (text, FALSE);
}

static gboolean
find_image (IrModel *model, const char *layer, GError **error)
{
  g_autofree char *inputs = list_inputs (model);
  gssize found = -1;

  if (layer) {
    found = find_named (model, layer);
    if (found < 0)
      return ir_fail (error, IR_ERROR_NOT_FOUND,
          "the description's layer_name '%s' is no input of model %s, which "
          "has %s",
          layer, model->info->path, inputs);
  }
  for (guint i = 0; layer == NULL && i < model->graph->parameters->len; i++) {
    if (image_channels (parameter (model, i)) < 0)
      continue;
    if (found >= 0)
      return ir_fail (error, IR_ERROR_UNSUPPORTED,
          "more than one input of model %s could take the picture: %s; say "
          "which one with the layer_name of a description file, or cut or "
          "freeze the others with the property 'input'",
          model->info->path, inputs);
    found = i;
  }
  if (found < 0 || image_channels (parameter (model, found)) < 0)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "no input of model %s takes a picture of 1 or 3 channels: it has %s; "
        "set the property 'input-shape' if a size is missing",
        model->info->path, inputs);
  model->image = found;

  return TRUE;
}

static gboolean
fill_recipe (IrModel *model, GError **error)
{
  const IrNode *node = parameter (model, model->image);
  const IrShape *shape = &node->outputs[0].shape;
  gint channels = image_channels (node);
  gboolean nhwc = channels == shape->rank - 1;
  gint64 height = shape->dim[shape->rank - (nhwc ? 3 : 2)];
  gint64 width = shape->dim[shape->rank - (nhwc ? 2 : 1)];
  char text[IR_SHAPE_TEXT];

  if (height < 1 || width < 1)
    return ir_fail (error, IR_ERROR_SHAPE,
        "input '%s' of model %s has no fixed size: %s; set the property "
        "'input-shape', for example input-shape=%s",
        node->name, model->info->path, ir_shape_print (shape, text),
        nhwc ? "1,480,640,3" : "1,3,480,640");
  if (height > MAX_SIDE || width > MAX_SIDE)
    return ir_fail (error, IR_ERROR_LIMIT,
        "input '%s' of model %s is larger than %d pixels: %s", node->name,
        model->info->path, MAX_SIDE, ir_shape_print (shape, text));

  ir_preproc_init (&model->recipe, width, height);
  model->recipe.nhwc = nhwc;
  model->recipe.dtype = node->outputs[0].dtype;
  model->recipe.color =
      shape->dim[channels] == 1 ? IR_COLOR_GRAY : IR_COLOR_BGR;
  model->info->width = width;
  model->info->height = height;

  return TRUE;
}

static gboolean
find_size_input (IrModel *model, const char *layer, GError **error)
{
  model->size_input = layer ? find_named (model, layer) : -1;
  if (layer && model->size_input < 0)
    return ir_fail (error, IR_ERROR_NOT_FOUND,
        "the description's layer_name '%s' is no input of model %s", layer,
        model->info->path);

  for (guint i = 0; i < model->graph->parameters->len; i++) {
    const IrNode *node = parameter (model, i);
    const IrShape *shape = &node->outputs[0].shape;
    char text[IR_SHAPE_TEXT];

    if (i == model->image || (gssize) i == model->size_input)
      continue;
    /* What the detectors of Faster R-CNN's family call image_info. */
    if (model->size_input < 0 && shape->rank == 2 && shape->dim[1] >= 2 &&
        shape->dim[1] <= 6) {
      model->size_input = i;
      continue;
    }
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "input '%s' %s of model %s takes neither the picture nor its size; "
        "give it a value with the property 'input', for example "
        "\"input=%s->0,%s\"",
        node->name, ir_shape_print (shape, text), model->info->path, node->name,
        parameter (model, model->image)->name);
  }

  return TRUE;
}

gboolean
ir_model_find_inputs (IrModel *model, const IrModelProc *proc, GError **error)
{
  return find_image (model, proc->image_layer, error) &&
      fill_recipe (model, error) &&
      find_size_input (model, proc->info_layer, error);
}

char *
ir_model_pick_values (
    const IrModel *model, const char *text, const char *what, GError **error)
{
  const IrNode *image = parameter (model, model->image);
  const char *at = text;

  if (strpbrk (text, "[(") == NULL)
    return g_strdup (text);

  for (gsize index = 0; *at; index++) {
    gsize length = strcspn (at, "[(");
    g_autofree char *name = g_strstrip (g_strndup (at, length));
    gsize values = at[length] ? strcspn (at + length + 1, "])") : 0;
    const char *begin = at + length + 1;

    if (at[length] == '\0' || begin[values] == '\0')
      break;
    if (*name ? is_named (image, name) : index == model->image)
      return g_strndup (begin, values);
    if (*name && find_named (model, name) < 0) {
      ir_fail (error, IR_ERROR_NOT_FOUND,
          "property '%s' names '%s', which is no input of model %s", what, name,
          model->info->path);
      return NULL;
    }
    at = begin + values + 1;
    at += strspn (at, ", ");
  }
  ir_fail (error, IR_ERROR_PARSE,
      "property '%s' is '%s', which has no values for input '%s' of model %s; "
      "write one number or three, such as '123.675,116.28,103.53'",
      what, text, image->name, model->info->path);

  return NULL;
}
