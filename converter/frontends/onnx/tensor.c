/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reader.h"

#include <string.h>

/* clang-format off */
#define TYPE(onnx, ir)                                                         \
  { #onnx, ONNX__TENSOR_PROTO__DATA_TYPE__##onnx, IR_DTYPE_##ir }

static const struct {
  const char *name;
  gint64 data_type;
  IrDType dtype;
} types[] = {
  TYPE (FLOAT, F32),
  TYPE (UINT8, U8),
  TYPE (INT8, I8),
  TYPE (UINT16, U16),
  TYPE (INT16, I16),
  TYPE (INT32, I32),
  TYPE (INT64, I64),
  TYPE (BOOL, BOOLEAN),
  TYPE (FLOAT16, F16),
  TYPE (DOUBLE, F64),
  TYPE (UINT32, U32),
  TYPE (UINT64, U64),
  TYPE (BFLOAT16, BF16),
  TYPE (UINT4, U4),
  TYPE (INT4, I4),
};
/* clang-format on */

IrDType
onnx_dtype (gint64 data_type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
    if (types[i].data_type == data_type)
      return types[i].dtype;
  }
  return IR_DTYPE_DYNAMIC;
}

IrDType
onnx_dtype_named (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
    if (strcmp (types[i].name, name) == 0)
      return types[i].dtype;
  }
  return IR_DTYPE_DYNAMIC;
}

static void
file_unref (gpointer file)
{
  onnx_file_unref (file);
}

/* The list that a type's numbers are in when they are not raw: its elements,
 * how many, and how large one is. */
typedef struct {
  gconstpointer v;
  gsize n;
  gsize size;
} Field;

static Field
typed_field (const Onnx__TensorProto *proto, IrDType dtype)
{
  switch (dtype) {
    case IR_DTYPE_F32:
      return (Field){ proto->float_data, proto->n_float_data, 4 };
    case IR_DTYPE_F64:
      return (Field){ proto->double_data, proto->n_double_data, 8 };
    case IR_DTYPE_I64:
      return (Field){ proto->int64_data, proto->n_int64_data, 8 };
    case IR_DTYPE_U32:
    case IR_DTYPE_U64:
      return (Field){ proto->uint64_data, proto->n_uint64_data, 8 };
    default:
      return (Field){ proto->int32_data, proto->n_int32_data, 4 };
  }
}

/* Booleans are 0 or 1 in our tensors; files may have other bytes. */
static IrTensor *
copy_booleans (const guint8 *v, const IrShape *shape, GError **error)
{
  IrTensor *tensor = ir_tensor_new (IR_DTYPE_BOOLEAN, shape, error);
  guint8 *out = tensor != NULL ? tensor->data : NULL;

  for (gsize i = 0; tensor != NULL && i < tensor->size; i++)
    out[i] = v[i] != 0;
  return tensor;
}

static IrTensor *
wrap (gconstpointer data, gsize n, IrDType dtype, const IrShape *shape,
    OnnxFile *file, GError **error)
{
  IrTensor *tensor = ir_tensor_new_wrapped (
      dtype, shape, (gpointer) data, n, file_unref, file, error);

  if (tensor != NULL)
    onnx_file_ref (file);
  return tensor;
}

static IrTensor *
read_raw (const Onnx__TensorProto *proto, IrDType dtype, const IrShape *shape,
    gsize bytes, OnnxFile *file, GError **error)
{
  if (proto->raw_data.len != bytes) {
    ir_fail (error, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " bytes of data, but its type and shape take "
        "%" G_GSIZE_FORMAT,
        proto->raw_data.len, bytes);
    return NULL;
  }
  if (dtype == IR_DTYPE_BOOLEAN)
    return copy_booleans (proto->raw_data.data, shape, error);
  return wrap (proto->raw_data.data, bytes, dtype, shape, file, error);
}

/* Numbers of 32 or 64 bits whose low bytes are the elements. */
static IrTensor *
narrow (const Field *field, IrDType dtype, const IrShape *shape, GError **error)
{
  IrTensor *tensor = ir_tensor_new (dtype, shape, error);
  gsize size = MAX (ir_dtype_size (dtype), 1);
  guint8 *out = tensor != NULL ? tensor->data : NULL;

  for (gsize i = 0; tensor != NULL && i < field->n; i++) {
    guint64 bits = field->size == 8 ? ((const guint64 *) field->v)[i]
                                    : ((const guint32 *) field->v)[i];

    if (dtype == IR_DTYPE_BOOLEAN)
      bits = bits != 0;
    for (gsize b = 0; b < size; b++)
      out[i * size + b] = bits >> (8 * b);
  }
  return tensor;
}

static IrTensor *
read_typed (const Onnx__TensorProto *proto, IrDType dtype, const IrShape *shape,
    gsize bytes, OnnxFile *file, GError **error)
{
  Field field = typed_field (proto, dtype);
  gsize size = MAX (ir_dtype_size (dtype), 1);

  if (field.n != bytes / size) {
    ir_fail (error, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " numbers, but its shape takes %" G_GSIZE_FORMAT,
        field.n, bytes / size);
    return NULL;
  }
  if (size == field.size)
    return wrap (field.v, bytes, dtype, shape, file, error);
  return narrow (&field, dtype, shape, error);
}

static IrTensor *
read_tensor (const Onnx__TensorProto *proto, OnnxFile *file, OnnxFolder *folder,
    GError **error)
{
  IrDType dtype = onnx_dtype (proto->data_type);
  IrShape shape;
  guint64 count;
  gsize bytes;

  if (proto->segment != NULL) {
    ir_fail (error, IR_ERROR_UNSUPPORTED,
        "is one segment of a tensor; save the model with whole ones");
    return NULL;
  }
  if (dtype == IR_DTYPE_DYNAMIC) {
    ir_fail (error, IR_ERROR_UNSUPPORTED, "has the element type %d%s",
        proto->data_type,
        proto->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__STRING
            ? " (text), which the IR doesn't have"
            : ", which is unknown");
    return NULL;
  }
  if (!ir_shape_init (&shape, proto->n_dims, proto->dims, error))
    return NULL;
  if (!ir_shape_count (&shape, &count) ||
      !ir_dtype_bytes (dtype, count, &bytes)) {
    ir_fail (error, IR_ERROR_LIMIT, "has a shape that is unknown or too large");
    return NULL;
  }
  if (proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
    return onnx_external_read (proto, dtype, &shape, bytes, folder, error);
  if (proto->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT) {
    ir_fail (error, IR_ERROR_PARSE, "has its data in the unknown place %d",
        proto->data_location);
    return NULL;
  }
  if (bytes == 0)
    return ir_tensor_new (dtype, &shape, error);
  if (proto->has_raw_data)
    return read_raw (proto, dtype, &shape, bytes, file, error);
  return read_typed (proto, dtype, &shape, bytes, file, error);
}

IrTensor *
onnx_tensor_read (const Onnx__TensorProto *proto, OnnxFile *file,
    OnnxFolder *folder, GError **error)
{
  IrTensor *tensor = read_tensor (proto, file, folder, error);

  if (tensor == NULL)
    g_prefix_error (
        error, "tensor \"%s\" ", proto->name != NULL ? proto->name : "");
  return tensor;
}
