/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single elements of tensors of any type, and conversion between types. */
#include <math.h>
#include <string.h>
#include <ir/tensor.h>
#include "graph-private.h"

/* The integer types with a C type of their own. */
/* clang-format off */
#define IR_INTEGER_LIST(X)                     \
  X (I64, gint64, G_MININT64, G_MAXINT64)      \
  X (I32, gint32, G_MININT32, G_MAXINT32)      \
  X (I16, gint16, G_MININT16, G_MAXINT16)      \
  X (I8,  gint8,  G_MININT8,  G_MAXINT8)       \
  X (U32, guint32, 0,         G_MAXUINT32)     \
  X (U16, guint16, 0,         G_MAXUINT16)     \
  X (U8,  guint8,  0,         G_MAXUINT8)      \
  X (BOOLEAN, guint8, 0,      1)
/* clang-format on */

static gint64
truncate_real (double value)
{
  if (isnan (value))
    return 0;
  if (value >= 0x1p63)
    return G_MAXINT64;
  if (value < -0x1p63)
    return G_MININT64;
  return (gint64) value;
}

static guint64
truncate_real_unsigned (double value)
{
  if (isnan (value) || value <= 0)
    return 0;
  return value >= 0x1p64 ? G_MAXUINT64 : (guint64) value;
}

static gint64
packed_get (const IrTensor *tensor, gsize index)
{
  const guint8 *bytes = tensor->data;
  guint nibble;

  if (tensor->dtype == IR_DTYPE_U1)
    return (bytes[index / 8] >> (7 - index % 8)) & 1;
  nibble = (bytes[index / 2] >> (4 * (index % 2))) & 15;
  if (tensor->dtype == IR_DTYPE_I4 && nibble >= 8)
    return (gint64) nibble - 16;
  return nibble;
}

static void
packed_set (IrTensor *tensor, gsize index, gint64 value)
{
  guint8 *bytes = tensor->data;
  gint64 low = tensor->dtype == IR_DTYPE_I4 ? -8 : 0;
  guint shift = 4 * (guint) (index % 2);
  guint nibble;

  if (tensor->dtype == IR_DTYPE_U1) {
    guint8 bit = (guint8) (1 << (7 - index % 8));

    bytes[index / 8] = (guint8) (value != 0 ? bytes[index / 8] | bit
                                            : bytes[index / 8] & ~bit);
    return;
  }
  nibble = (guint) CLAMP (value, low, low + 15) & 15;
  bytes[index / 2] =
      (guint8) ((bytes[index / 2] & ~(15u << shift)) | (nibble << shift));
}

/* Constants of a file need not be aligned: every access goes through memcpy. */
static inline gconstpointer
element_at (const IrTensor *tensor, gsize index)
{
  return (const guint8 *) tensor->data + index * ir_dtype_size (tensor->dtype);
}

static gboolean
read_real (const IrTensor *tensor, gsize index, double *real)
{
  gconstpointer at = element_at (tensor, index);
  guint16 half;
  float single;

  switch (tensor->dtype) {
    case IR_DTYPE_F64:
      memcpy (real, at, sizeof *real);
      return TRUE;
    case IR_DTYPE_F32:
      memcpy (&single, at, sizeof single);
      *real = single;
      return TRUE;
    case IR_DTYPE_F16:
      memcpy (&half, at, sizeof half);
      *real = ir_f16_to_f32 (half);
      return TRUE;
    case IR_DTYPE_BF16:
      memcpy (&half, at, sizeof half);
      *real = ir_bf16_to_f32 (half);
      return TRUE;
    default:
      return FALSE;
  }
}

static guint64
read_u64 (const IrTensor *tensor, gsize index)
{
  guint64 value;

  memcpy (&value, element_at (tensor, index), sizeof value);
  return value;
}

static gint64
read_integer (const IrTensor *tensor, gsize index)
{
  gconstpointer at = element_at (tensor, index);

  switch (tensor->dtype) {
#define READ(id, type, low, high)                                              \
  case IR_DTYPE_##id: {                                                        \
    type value;                                                                \
                                                                               \
    memcpy (&value, at, sizeof value);                                         \
    return (gint64) value;                                                     \
  }
    IR_INTEGER_LIST (READ)
#undef READ
    case IR_DTYPE_U64:
      return (gint64) MIN (read_u64 (tensor, index), (guint64) G_MAXINT64);
    default:
      return packed_get (tensor, index);
  }
}

gint64
ir_tensor_get_i64 (const IrTensor *tensor, gsize index)
{
  double real;

  if (read_real (tensor, index, &real))
    return truncate_real (real);
  return read_integer (tensor, index);
}

double
ir_tensor_get_f64 (const IrTensor *tensor, gsize index)
{
  double real;

  if (read_real (tensor, index, &real))
    return real;
  if (tensor->dtype == IR_DTYPE_U64)
    return (double) read_u64 (tensor, index);
  return (double) read_integer (tensor, index);
}

static gboolean
write_real (IrTensor *tensor, gsize index, double real)
{
  gpointer at = (gpointer) element_at (tensor, index);
  float single = (float) real;
  guint16 half;

  switch (tensor->dtype) {
    case IR_DTYPE_F64:
      memcpy (at, &real, sizeof real);
      return TRUE;
    case IR_DTYPE_F32:
      memcpy (at, &single, sizeof single);
      return TRUE;
    case IR_DTYPE_F16:
      half = ir_f32_to_f16 (single);
      memcpy (at, &half, sizeof half);
      return TRUE;
    case IR_DTYPE_BF16:
      half = ir_f32_to_bf16 (single);
      memcpy (at, &half, sizeof half);
      return TRUE;
    default:
      return FALSE;
  }
}

static void
write_integer (IrTensor *tensor, gsize index, gint64 integer)
{
  gpointer at = (gpointer) element_at (tensor, index);

  if (tensor->dtype == IR_DTYPE_BOOLEAN)
    integer = integer != 0;
  switch (tensor->dtype) {
#define WRITE(id, type, low, high)                                             \
  case IR_DTYPE_##id: {                                                        \
    type value = (type) CLAMP (integer, low, high);                            \
                                                                               \
    memcpy (at, &value, sizeof value);                                         \
    return;                                                                    \
  }
    IR_INTEGER_LIST (WRITE)
#undef WRITE
    case IR_DTYPE_U64: {
      guint64 value = integer < 0 ? 0 : (guint64) integer;

      memcpy (at, &value, sizeof value);
      return;
    }
    default:
      packed_set (tensor, index, integer);
  }
}

void
ir_tensor_set_i64 (IrTensor *tensor, gsize index, gint64 value)
{
  if (!write_real (tensor, index, (double) value))
    write_integer (tensor, index, value);
}

void
ir_tensor_set_f64 (IrTensor *tensor, gsize index, double value)
{
  if (write_real (tensor, index, value))
    return;
  if (tensor->dtype == IR_DTYPE_U64) {
    guint64 whole = truncate_real_unsigned (value);

    memcpy ((gpointer) element_at (tensor, index), &whole, sizeof whole);
  } else if (tensor->dtype == IR_DTYPE_BOOLEAN) {
    write_integer (tensor, index, value != 0);
  } else {
    write_integer (tensor, index, truncate_real (value));
  }
}

static void
convert_f32_to_f16 (const IrTensor *from, IrTensor *to, guint64 count)
{
  guint16 *out = to->data;

  for (guint64 i = 0; i < count; i++) {
    float single;

    memcpy (&single, (const guint8 *) from->data + 4 * i, sizeof single);
    out[i] = ir_f32_to_f16 (single);
  }
}

/* Whole numbers beyond 2^53 must not pass through a double. */
static void
convert_any (const IrTensor *from, IrTensor *to, guint64 count)
{
  gboolean real = ir_dtype_is_float (from->dtype) ||
      ir_dtype_is_float (to->dtype) || from->dtype == IR_DTYPE_U64;

  for (guint64 i = 0; i < count; i++) {
    if (real)
      ir_tensor_set_f64 (to, i, ir_tensor_get_f64 (from, i));
    else
      write_integer (to, i, read_integer (from, i));
  }
}

void
ir_tensor_convert_to (const IrTensor *from, IrTensor *to)
{
  const guint64 count = ir_tensor_count (from);

  if (from->dtype == to->dtype && from->size > 0)
    memcpy (to->data, from->data, from->size);
  else if (from->dtype == IR_DTYPE_F16 && to->dtype == IR_DTYPE_F32)
    ir_f16s_to_f32 (from->data, to->data, count);
  else if (from->dtype == IR_DTYPE_F32 && to->dtype == IR_DTYPE_F16)
    convert_f32_to_f16 (from, to, count);
  else
    convert_any (from, to, count);
}

IrTensor *
ir_tensor_convert (IrTensor *tensor, IrDType dtype, GError **error)
{
  IrTensor *converted;

  if (tensor->dtype == dtype)
    return ir_tensor_ref (tensor);
  if (dtype == IR_DTYPE_DYNAMIC) {
    ir_fail (error, IR_ERROR_UNSUPPORTED,
        "a tensor cannot be converted to a type that is not known");
    return NULL;
  }
  converted = ir_dtype_size (dtype) > 0
      ? ir_tensor_new_unset (dtype, &tensor->shape, error)
      : ir_tensor_new (dtype, &tensor->shape, error);
  if (converted)
    ir_tensor_convert_to (tensor, converted);
  return converted;
}
