/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_TENSOR_H
#define IR_TENSOR_H

#include <glib-object.h>
#include <ir/dtype.h>
#include <ir/shape.h>

G_BEGIN_DECLS

/** IR_TYPE_TENSOR: the boxed type of #IrTensor. Since: 0.1 */
#define IR_TYPE_TENSOR (ir_tensor_get_type ())
IR_API GType ir_tensor_get_type (void);

/** IR_TENSOR_ALIGN: alignment in bytes of what ir_tensor_new() allocates; it
 * also leaves that many readable bytes behind the data. Since: 0.1 */
#define IR_TENSOR_ALIGN 64

/**
 * IrTensor:
 * @dtype: type of the elements
 * @shape: always static
 * @size: bytes at @data
 * @data: the elements, dense, row-major, innermost dimension last
 *
 * A block of numbers with a type and a shape, reference counted. The fields
 * are read-only; the contents may be written by whoever made the tensor until
 * it hands it on. References may be taken and dropped in any thread.
 *
 * Since: 0.1
 */
typedef struct _IrTensor {
  IrDType dtype;
  IrShape shape;
  gsize size;
  gpointer data;

  /*< private >*/
  gatomicrefcount refs;
  GDestroyNotify destroy;
  gpointer owner;
} IrTensor;

/**
 * ir_tensor_new:
 *
 * Returns: (transfer full): a zero-filled tensor, or %NULL with
 *   %IR_ERROR_SHAPE (not static), %IR_ERROR_LIMIT (overflow, out of memory)
 *
 * Since: 0.1
 */
IR_API IrTensor *ir_tensor_new (
    IrDType dtype, const IrShape *shape, GError **error);

/**
 * ir_tensor_new_wrapped:
 * @data: (transfer none): @size bytes that stay valid until @destroy is called
 * @size: at least what @dtype and @shape take
 * @destroy: (nullable): called with @owner when the last reference is dropped;
 *   not called when this function fails
 *
 * Returns: (transfer full): a tensor over memory of the caller's, not copied,
 *   whatever its alignment
 *
 * Since: 0.1
 */
IR_API IrTensor *ir_tensor_new_wrapped (IrDType dtype, const IrShape *shape,
    gpointer data, gsize size, GDestroyNotify destroy, gpointer owner,
    GError **error);

/** ir_tensor_new_i64: (transfer full): a tensor of rank 1 with the @n values.
 * Since: 0.1 */
IR_API IrTensor *ir_tensor_new_i64 (const gint64 *values, gsize n);
/** ir_tensor_new_f32: (transfer full): a tensor of rank 1 with the @n values.
 * Since: 0.1 */
IR_API IrTensor *ir_tensor_new_f32 (const float *values, gsize n);
/** ir_tensor_new_scalar: (transfer full): rank 0, @value converted to @dtype
 * (not a packed one). Since: 0.1 */
IR_API IrTensor *ir_tensor_new_scalar (IrDType dtype, double value);

/** ir_tensor_ref: (transfer full). Since: 0.1 */
IR_API IrTensor *ir_tensor_ref (IrTensor *tensor);
/** ir_tensor_unref: Since: 0.1 */
IR_API void ir_tensor_unref (IrTensor *tensor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrTensor, ir_tensor_unref)

/** ir_tensor_count: number of elements. Since: 0.1 */
IR_API guint64 ir_tensor_count (const IrTensor *tensor);

/** ir_tensor_copy: (transfer full): contents in memory of its own, aligned.
 * %NULL with %IR_ERROR_LIMIT. Since: 0.1 */
IR_API IrTensor *ir_tensor_copy (const IrTensor *tensor, GError **error);

/**
 * ir_tensor_reshaped:
 *
 * Returns: (transfer full): the same memory under another shape, or %NULL with
 *   %IR_ERROR_SHAPE if the number of elements differs
 *
 * Since: 0.1
 */
IR_API IrTensor *ir_tensor_reshaped (
    IrTensor *tensor, const IrShape *shape, GError **error);

/**
 * ir_tensor_convert:
 *
 * Element by element as OpenVINO's Convert: float to integer truncates, out of
 * range saturates, NaN gives 0; to boolean is `!= 0`; to f16 rounds to nearest
 * even. 4-bit types hold element 0 in the low nibble, u1 in the highest bit.
 *
 * Returns: (transfer full): a reference to @tensor itself if it has that type
 *   already, or %NULL with %IR_ERROR_LIMIT or %IR_ERROR_UNSUPPORTED
 *
 * Since: 0.1
 */
IR_API IrTensor *ir_tensor_convert (
    IrTensor *tensor, IrDType dtype, GError **error);

/** ir_tensor_convert_to: the same into @to, which has the shape of @from and a type that
 * is known. Since: 0.1 */
IR_API void ir_tensor_convert_to (const IrTensor *from, IrTensor *to);

/** ir_tensor_equal: type, shape and bytes are the same. Since: 0.1 */
IR_API gboolean ir_tensor_equal (const IrTensor *a, const IrTensor *b);

/**
 * ir_tensor_read_i64:
 * @values: (out caller-allocated) (array length=max)
 * @n: (out): how many there are
 *
 * Reads a small list such as axes or a target shape, whatever its integer or
 * float type (floats are truncated).
 *
 * Returns: %FALSE with %IR_ERROR_LIMIT if there are more than @max, or
 *   %IR_ERROR_UNSUPPORTED for a packed type
 *
 * Since: 0.1
 */
IR_API gboolean ir_tensor_read_i64 (const IrTensor *tensor, gint64 *values,
    gsize max, gsize *n, GError **error);

/** ir_tensor_get_i64, ir_tensor_get_f64: element @index, converted; packed types
 * included. @index must be below ir_tensor_count(). Since: 0.1 */
IR_API gint64 ir_tensor_get_i64 (const IrTensor *tensor, gsize index);
IR_API double ir_tensor_get_f64 (const IrTensor *tensor, gsize index);
/** ir_tensor_set_i64, ir_tensor_set_f64: the other way round, with the rules of
 * ir_tensor_convert(). Since: 0.1 */
IR_API void ir_tensor_set_i64 (IrTensor *tensor, gsize index, gint64 value);
IR_API void ir_tensor_set_f64 (IrTensor *tensor, gsize index, double value);

/**
 * ir_tensor_load_npy:
 * @path: a NumPy .npy file, format 1.0 to 3.0, little-endian, C or Fortran
 *   order (the latter is rearranged)
 *
 * Returns: (transfer full): the tensor, or %NULL with an error naming @path
 *
 * Since: 0.1
 */
IR_API IrTensor *ir_tensor_load_npy (const char *path, GError **error);

/**
 * ir_tensor_save_npy:
 * @path: replaced as a whole or not at all
 *
 * bf16 is written as f32, packed types as bytes.
 *
 * Since: 0.1
 */
IR_API gboolean ir_tensor_save_npy (
    IrTensor *tensor, const char *path, GError **error);

G_END_DECLS

#endif
