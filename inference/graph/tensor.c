/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>
#include <ir/tensor.h>
#include "graph-private.h"

G_DEFINE_BOXED_TYPE (IrTensor, ir_tensor, ir_tensor_ref, ir_tensor_unref)

static gboolean
tensor_bytes (IrDType dtype, const IrShape *shape, gsize *bytes, GError **error)
{
  char text[IR_SHAPE_TEXT];
  guint64 count;

  if (dtype == IR_DTYPE_DYNAMIC || !ir_shape_is_static (shape))
    return ir_fail (error, IR_ERROR_SHAPE,
        "a tensor cannot have the type %s and the shape %s: both must be known",
        ir_dtype_name (dtype), ir_shape_print (shape, text));
  if (!ir_shape_count (shape, &count) || !ir_dtype_bytes (dtype, count, bytes))
    return ir_fail (error, IR_ERROR_LIMIT,
        "a tensor of type %s and shape %s is too large", ir_dtype_name (dtype),
        ir_shape_print (shape, text));
  return TRUE;
}

static IrTensor *
tensor_wrap (IrDType dtype, const IrShape *shape, gpointer data, gsize size,
    GDestroyNotify destroy, gpointer owner)
{
  IrTensor *tensor = g_new0 (IrTensor, 1);

  tensor->dtype = dtype;
  tensor->shape = *shape;
  tensor->size = size;
  tensor->data = data;
  tensor->destroy = destroy;
  tensor->owner = owner;
  g_atomic_ref_count_init (&tensor->refs);
  return tensor;
}

IrTensor *
ir_tensor_new_unset (IrDType dtype, const IrShape *shape, GError **error)
{
  char text[IR_SHAPE_TEXT];
  gsize size;
  gsize room;
  gpointer data;

  if (!tensor_bytes (dtype, shape, &size, error))
    return NULL;
  room = (size / IR_TENSOR_ALIGN + 2) * IR_TENSOR_ALIGN;
  data = aligned_alloc (IR_TENSOR_ALIGN, room);
  if (data == NULL) {
    ir_fail (error, IR_ERROR_LIMIT,
        "no memory for a tensor of type %s and shape %s (%" G_GSIZE_FORMAT
        " bytes)",
        ir_dtype_name (dtype), ir_shape_print (shape, text), size);
    return NULL;
  }
  memset ((guint8 *) data + size, 0, room - size);
  return tensor_wrap (dtype, shape, data, size, free, data);
}

IrTensor *
ir_tensor_new (IrDType dtype, const IrShape *shape, GError **error)
{
  IrTensor *tensor = ir_tensor_new_unset (dtype, shape, error);

  if (tensor != NULL)
    memset (tensor->data, 0, tensor->size);
  return tensor;
}

IrTensor *
ir_tensor_new_wrapped (IrDType dtype, const IrShape *shape, gpointer data,
    gsize size, GDestroyNotify destroy, gpointer owner, GError **error)
{
  char text[IR_SHAPE_TEXT];
  gsize needed;

  if (!tensor_bytes (dtype, shape, &needed, error))
    return NULL;
  if (size < needed) {
    ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GSIZE_FORMAT " bytes are not enough for a tensor of type %s and "
        "shape %s, which takes %" G_GSIZE_FORMAT,
        size, ir_dtype_name (dtype), ir_shape_print (shape, text), needed);
    return NULL;
  }
  return tensor_wrap (dtype, shape, data, needed, destroy, owner);
}

static IrTensor *
tensor_new_list (IrDType dtype, gconstpointer values, gsize n)
{
  IrShape shape = ir_shape_1d ((gint64) n);
  IrTensor *tensor = ir_tensor_new (dtype, &shape, NULL);

  g_assert (tensor != NULL);
  if (n > 0)
    memcpy (tensor->data, values, tensor->size);
  return tensor;
}

IrTensor *
ir_tensor_new_i64 (const gint64 *values, gsize n)
{
  return tensor_new_list (IR_DTYPE_I64, values, n);
}

IrTensor *
ir_tensor_new_f32 (const float *values, gsize n)
{
  return tensor_new_list (IR_DTYPE_F32, values, n);
}

IrTensor *
ir_tensor_new_scalar (IrDType dtype, double value)
{
  IrShape shape = ir_shape_scalar ();
  IrTensor *tensor = ir_tensor_new (dtype, &shape, NULL);

  g_assert (tensor != NULL);
  ir_tensor_set_f64 (tensor, 0, value);
  return tensor;
}

IrTensor *
ir_tensor_ref (IrTensor *tensor)
{
  g_atomic_ref_count_inc (&tensor->refs);
  return tensor;
}

void
ir_tensor_unref (IrTensor *tensor)
{
  if (!g_atomic_ref_count_dec (&tensor->refs))
    return;
  if (tensor->destroy != NULL)
    tensor->destroy (tensor->owner);
  g_free (tensor);
}

guint64
ir_tensor_count (const IrTensor *tensor)
{
  return ir_shape_size (&tensor->shape, 0, tensor->shape.rank);
}

IrTensor *
ir_tensor_copy (const IrTensor *tensor, GError **error)
{
  IrTensor *copy = ir_tensor_new_unset (tensor->dtype, &tensor->shape, error);

  if (copy != NULL && tensor->size > 0)
    memcpy (copy->data, tensor->data, tensor->size);
  return copy;
}

static void
tensor_drop (gpointer tensor)
{
  ir_tensor_unref (tensor);
}

IrTensor *
ir_tensor_reshaped (IrTensor *tensor, const IrShape *shape, GError **error)
{
  char from[IR_SHAPE_TEXT];
  char to[IR_SHAPE_TEXT];
  guint64 count;

  if (!ir_shape_count (shape, &count) || count != ir_tensor_count (tensor)) {
    ir_fail (error, IR_ERROR_SHAPE,
        "a tensor of shape %s cannot be seen as one of shape %s",
        ir_shape_print (&tensor->shape, from), ir_shape_print (shape, to));
    return NULL;
  }
  return tensor_wrap (tensor->dtype, shape, tensor->data, tensor->size,
      tensor_drop, ir_tensor_ref (tensor));
}

gboolean
ir_tensor_equal (const IrTensor *a, const IrTensor *b)
{
  return a->dtype == b->dtype && ir_shape_equal (&a->shape, &b->shape) &&
      (a->data == b->data || a->size == 0 ||
          memcmp (a->data, b->data, a->size) == 0);
}

gboolean
ir_tensor_read_i64 (
    const IrTensor *tensor, gint64 *values, gsize max, gsize *n, GError **error)
{
  guint64 count = ir_tensor_count (tensor);

  if (ir_dtype_size (tensor->dtype) == 0)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "a list of integers cannot have the type %s",
        ir_dtype_name (tensor->dtype));
  if (count > max)
    return ir_fail (error, IR_ERROR_LIMIT,
        "a list of %" G_GUINT64_FORMAT " values where at most %" G_GSIZE_FORMAT
        " make sense",
        count, max);
  for (gsize i = 0; i < count; i++)
    values[i] = ir_tensor_get_i64 (tensor, i);
  *n = (gsize) count;
  return TRUE;
}
