/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool.h"

#include <string.h>

/* Whether the integers of @b are the numbers of @a. */
static gboolean
same_numbers (const IrTensor *a, const IrTensor *b, gsize *where)
{
  const guint64 n = ir_tensor_count (a);

  for (guint64 i = 0; i < n; i++) {
    *where = i;
    if (ir_tensor_get_f64 (a, i) != ir_tensor_get_f64 (b, i))
      return FALSE;
  }
  return TRUE;
}

IrTensor *
ir_tool_load_input (
    const IrPortInfo *port, const char *path, char **note, GError **error)
{
  g_autoptr (IrTensor) loaded = ir_tensor_load_npy (path, error);
  g_autoptr (IrTensor) converted = NULL;
  gsize where = 0;

  *note = NULL;
  if (!loaded)
    return NULL;
  if (loaded->dtype == port->dtype)
    return g_steal_pointer (&loaded);
  converted = ir_tensor_convert (loaded, port->dtype, error);
  if (!converted)
    return NULL;
  if (!ir_dtype_is_float (port->dtype) &&
      !same_numbers (loaded, converted, &where)) {
    ir_fail (error, IR_ERROR_SHAPE,
        "input '%s' takes %s, which can't hold element %zu of '%s', %g",
        port->name, ir_dtype_name (port->dtype), where, path,
        ir_tensor_get_f64 (loaded, where));
    return NULL;
  }
  *note = g_strdup_printf ("converted from %s", ir_dtype_name (loaded->dtype));
  return g_steal_pointer (&converted);
}

/* Steele, Lea and Flood's SplitMix64. */
static guint64
next_random (guint64 *state)
{
  guint64 z = *state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

IrTensor *
ir_tool_random_input (const IrPortInfo *port, guint64 seed, GError **error)
{
  IrShape shape = port->shape;
  char text[IR_SHAPE_TEXT];
  guint64 state = seed;
  IrTensor *tensor;

  if (shape.rank > 0 && shape.dim[0] == IR_DIM_UNKNOWN)
    shape.dim[0] = 1;
  if (!ir_shape_is_static (&shape)) {
    ir_fail (error, IR_ERROR_SHAPE,
        "input '%s' has the shape %s: say which to use with -shape \"%s[…]\", "
        "or give an array with -i",
        port->name, ir_shape_print (&port->shape, text), port->name);
    return NULL;
  }
  tensor = ir_tensor_new (port->dtype, &shape, error);
  if (!tensor)
    return NULL;
  for (guint64 i = 0, n = ir_tensor_count (tensor); i < n; i++) {
    guint64 bits = next_random (&state);

    if (ir_dtype_is_float (port->dtype))
      ir_tensor_set_f64 (tensor, i, (bits >> 40) * 0x1p-24);
    else if (port->dtype == IR_DTYPE_U8)
      ir_tensor_set_i64 (tensor, i, bits >> 56);
    else if (port->dtype == IR_DTYPE_I8)
      ir_tensor_set_i64 (tensor, i, (gint64) (bits >> 56) - 128);
    else
      ir_tensor_set_i64 (tensor, i, bits >> 63);
  }
  return tensor;
}

gboolean
ir_tool_assign_inputs (const IrGraph *graph, const GPtrArray *given,
    const char **files, GError **error)
{
  gsize next = 0;

  for (guint g = 0; g < given->len; g++) {
    const char *text = g_ptr_array_index (given, g);
    const char *equals = strchr (text, '=');
    gsize index = next;

    if (equals) {
      g_autofree char *name = g_strndup (text, equals - text);

      if (!ir_tool_find_input (graph, name, &index, error))
        return FALSE;
      text = equals + 1;
    } else {
      while (index < graph->parameters->len && files[index])
        index++;
      next = index + 1;
    }
    if (index >= graph->parameters->len)
      return ir_fail (error, IR_ERROR_NOT_FOUND,
          "there is no input left for '%s': the model has %u", text,
          graph->parameters->len);
    if (files[index])
      return ir_fail (error, IR_ERROR_PARSE,
          "'%s' and '%s' are both given for one input", files[index], text);
    files[index] = text;
  }
  return TRUE;
}

gboolean
ir_tool_make_inputs (IrCompiledModel *model, const GPtrArray *given,
    guint64 seed, GPtrArray *tensors, GPtrArray *notes, GError **error)
{
  gsize n;
  const IrPortInfo *ports = ir_compiled_model_get_inputs (model, &n);
  g_autofree const char **files = g_new0 (const char *, n);

  if (!ir_tool_assign_inputs (
          ir_compiled_model_get_graph (model), given, files, error))
    return FALSE;
  for (gsize i = 0; i < n; i++) {
    g_autofree char *note = NULL;
    IrTensor *tensor = files[i]
        ? ir_tool_load_input (&ports[i], files[i], &note, error)
        : ir_tool_random_input (&ports[i], seed + i, error);

    if (!tensor)
      return FALSE;
    g_ptr_array_add (tensors, tensor);
    if (!notes)
      continue;
    g_ptr_array_add (notes,
        files[i]
            ? g_strdup_printf (
                  "%s%s%s", files[i], note ? ", " : "", note ? note : "")
            : g_strdup_printf ("random, seed %" G_GUINT64_FORMAT, seed + i));
  }
  return TRUE;
}
