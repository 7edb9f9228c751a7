/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reader.h"

#include <string.h>

static gboolean
fail_weights (const IrReader *reader, const IrLayer *layer, guint64 offset,
    guint64 size, GError **error)
{
  if (!reader->weights)
    return ir_layer_fail (layer, error, IR_ERROR_NOT_FOUND,
        "needs %" G_GUINT64_FORMAT " bytes of weights, but there is no %s",
        size, reader->bin_name);
  return ir_layer_fail (layer, error, IR_ERROR_PARSE,
      "%" G_GUINT64_FORMAT " bytes at offset %" G_GUINT64_FORMAT
      " are outside %s, which has %" G_GSIZE_FORMAT
      " (truncated, or another model's?)",
      size, offset, reader->bin_name, g_bytes_get_size (reader->weights));
}

static gboolean
parse_shape (const IrLayer *layer, IrShape *shape, GError **error)
{
  const char *text;
  guint64 count;

  if (!ir_dom_get_text (layer->data, "shape", &text, error))
    return FALSE;
  if (!ir_shape_parse (text, shape, error)) {
    ir_dom_prefix (layer->data, error);
    return FALSE;
  }
  if (!ir_shape_is_static (shape))
    return ir_layer_fail (layer, error, IR_ERROR_PARSE,
        "a constant cannot have the shape \"%.64s\"", text);
  if (!ir_shape_count (shape, &count))
    return ir_layer_fail (layer, error, IR_ERROR_LIMIT,
        "the shape \"%.64s\" has more elements than can be counted", text);
  return TRUE;
}

static gboolean
parse_dtype (const IrLayer *layer, IrDType *dtype, GError **error)
{
  const char *text;

  if (!ir_dom_get_text (layer->data, "element_type", &text, error))
    return FALSE;
  if (!ir_dtype_parse (text, dtype, error)) {
    ir_dom_prefix (layer->data, error);
    return FALSE;
  }
  if (*dtype == IR_DTYPE_DYNAMIC)
    return ir_layer_fail (layer, error, IR_ERROR_PARSE,
        "a constant cannot have the element type \"%.64s\"", text);
  return TRUE;
}

/* Booleans of any byte but 0 count as true in OpenVINO; here they are 0 or 1. */
static gboolean
has_odd_booleans (const guint8 *data, gsize size)
{
  gsize i;

  for (i = 0; i < size; i++)
    if (data[i] > 1)
      return TRUE;
  return FALSE;
}

static gboolean
must_copy (
    const IrReader *reader, IrDType dtype, const guint8 *data, gsize size)
{
  gsize align = MAX (ir_dtype_size (dtype), 1);

  if (size == 0 || (guintptr) data % align != 0)
    return TRUE;
  if (ir_dtype_bits (dtype) == 4)
    return reader->version < 11;
  return dtype == IR_DTYPE_BOOLEAN && has_odd_booleans (data, size);
}

static IrTensor *
copy_const (const IrReader *reader, IrDType dtype, const IrShape *shape,
    const guint8 *data, gsize size, GError **error)
{
  IrTensor *tensor = ir_tensor_new (dtype, shape, error);
  guint8 *out;
  gsize i;

  if (!tensor || size == 0)
    return tensor;
  out = tensor->data;
  memcpy (out, data, size);
  if (ir_dtype_bits (dtype) == 4 && reader->version < 11)
    for (i = 0; i < size; i++)
      out[i] = (guint8) (out[i] << 4 | out[i] >> 4);
  if (dtype == IR_DTYPE_BOOLEAN)
    for (i = 0; i < size; i++)
      out[i] = out[i] != 0;
  return tensor;
}

static void
release_weights (gpointer bytes)
{
  g_bytes_unref (bytes);
}

static IrTensor *
make_const (IrReader *reader, IrDType dtype, const IrShape *shape, gsize offset,
    gsize size, GError **error)
{
  const guint8 *data = NULL;
  IrTensor *tensor;

  if (size > 0)
    data = (const guint8 *) g_bytes_get_data (reader->weights, NULL) + offset;
  if (must_copy (reader, dtype, data, size))
    return copy_const (reader, dtype, shape, data, size, error);
  tensor = ir_tensor_new_wrapped (dtype, shape, (gpointer) data, size,
      release_weights, reader->weights, error);
  if (tensor)
    g_bytes_ref (reader->weights);
  return tensor;
}

IrTensor *
ir_layer_map_weights (IrReader *reader, const IrLayer *layer, IrDType dtype,
    const IrShape *shape, guint64 offset, guint64 size, GError **error)
{
  gsize available = reader->weights ? g_bytes_get_size (reader->weights) : 0;
  guint64 count;
  IrTensor *tensor;
  gsize need;

  if (!ir_shape_count (shape, &count) ||
      !ir_dtype_bytes (dtype, count, &need)) {
    ir_layer_fail (layer, error, IR_ERROR_LIMIT,
        "the constant has more bytes than can be counted");
    return NULL;
  }
  if (size < need) {
    ir_layer_fail (layer, error, IR_ERROR_PARSE,
        "its shape takes %" G_GSIZE_FORMAT
        " bytes, but its size is %" G_GUINT64_FORMAT,
        need, size);
    return NULL;
  }
  if (size > 0 && (size > available || offset > available - size)) {
    fail_weights (reader, layer, offset, size, error);
    return NULL;
  }
  tensor = make_const (reader, dtype, shape, (gsize) offset, need, error);
  if (!tensor)
    ir_dom_prefix (layer->xml, error);
  return tensor;
}

IrTensor *
ir_layer_read_const (IrReader *reader, const IrLayer *layer, GError **error)
{
  guint64 offset, size;
  IrShape shape;
  IrDType dtype;

  if (!layer->data) {
    ir_layer_fail (layer, error, IR_ERROR_PARSE, "has no <data>");
    return NULL;
  }
  if (!parse_dtype (layer, &dtype, error) ||
      !parse_shape (layer, &shape, error) ||
      !ir_dom_get_u64 (layer->data, "offset", &offset, error) ||
      !ir_dom_get_u64 (layer->data, "size", &size, error))
    return NULL;
  return ir_layer_map_weights (
      reader, layer, dtype, &shape, offset, size, error);
}
