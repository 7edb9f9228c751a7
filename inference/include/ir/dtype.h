/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_DTYPE_H
#define IR_DTYPE_H

#include <ir/error.h>

G_BEGIN_DECLS

/*
 * Every element type, described once: enum suffix, spelling in `element_type`
 * attributes, spelling in `precision` attributes of ports, bits, kind.
 * Kinds: f floating point, i signed, u unsigned, b boolean, - none.
 * Source of the spellings: OpenVINO's IR v10 and v11 files.
 */
/* clang-format off */
#define IR_DTYPE_LIST(X)                                   \
  X (DYNAMIC, "dynamic", "UNSPECIFIED", 0,  '-')           \
  X (BOOLEAN, "boolean", "BOOL",        8,  'b')           \
  X (BF16,    "bf16",    "BF16",        16, 'f')           \
  X (F16,     "f16",     "FP16",        16, 'f')           \
  X (F32,     "f32",     "FP32",        32, 'f')           \
  X (F64,     "f64",     "FP64",        64, 'f')           \
  X (I4,      "i4",      "I4",          4,  'i')           \
  X (I8,      "i8",      "I8",          8,  'i')           \
  X (I16,     "i16",     "I16",         16, 'i')           \
  X (I32,     "i32",     "I32",         32, 'i')           \
  X (I64,     "i64",     "I64",         64, 'i')           \
  X (U1,      "u1",      "BIN",         1,  'u')           \
  X (U4,      "u4",      "U4",          4,  'u')           \
  X (U8,      "u8",      "U8",          8,  'u')           \
  X (U16,     "u16",     "U16",         16, 'u')           \
  X (U32,     "u32",     "U32",         32, 'u')           \
  X (U64,     "u64",     "U64",         64, 'u')
/* clang-format on */

/**
 * IrDType:
 *
 * Type of a tensor's elements. %IR_DTYPE_DYNAMIC means that it is not known
 * yet. Booleans take one byte, 0 or 1; types below eight bits are packed.
 *
 * Since: 0.1
 */
typedef enum {
#define IR_DTYPE_ENUM(id, name, precision, bits, kind) IR_DTYPE_##id,
  IR_DTYPE_LIST (IR_DTYPE_ENUM)
#undef IR_DTYPE_ENUM
  IR_DTYPE_COUNT
} IrDType;

/**
 * ir_dtype_name:
 *
 * Returns: the spelling in `element_type` attributes, such as "f32"; "dynamic"
 *   for a value outside the enum
 *
 * Since: 0.1
 */
IR_API const char *ir_dtype_name (IrDType dtype);

/**
 * ir_dtype_precision:
 *
 * Returns: the spelling in `precision` attributes of ports, such as "FP32"
 *
 * Since: 0.1
 */
IR_API const char *ir_dtype_precision (IrDType dtype);

/**
 * ir_dtype_bits:
 *
 * Returns: bits of one element, 0 for %IR_DTYPE_DYNAMIC
 *
 * Since: 0.1
 */
IR_API guint ir_dtype_bits (IrDType dtype);

/**
 * ir_dtype_size:
 *
 * Returns: bytes of one element, 0 for types that are packed or dynamic
 *
 * Since: 0.1
 */
IR_API gsize ir_dtype_size (IrDType dtype);

/** ir_dtype_is_float: whether it is bf16, f16, f32 or f64. Since: 0.1 */
IR_API gboolean ir_dtype_is_float (IrDType dtype);

/** ir_dtype_is_integer: whether it is a signed or unsigned integer, boolean
 * excepted. Since: 0.1 */
IR_API gboolean ir_dtype_is_integer (IrDType dtype);

/** ir_dtype_is_signed: whether it is a float or a signed integer. Since: 0.1 */
IR_API gboolean ir_dtype_is_signed (IrDType dtype);

/**
 * ir_dtype_parse:
 * @text: either spelling, case-insensitive; also "half", "float", "bool" and
 *   "undefined"
 * @dtype: (out): the type
 *
 * Returns: %FALSE with %IR_ERROR_UNSUPPORTED for an unknown name
 *
 * Since: 0.1
 */
IR_API gboolean ir_dtype_parse (
    const char *text, IrDType *dtype, GError **error);

/**
 * ir_dtype_bytes:
 * @count: number of elements
 * @bytes: (out): storage for them, packed types rounded up to whole bytes
 *
 * Returns: %FALSE if the size overflows or the type is dynamic
 *
 * Since: 0.1
 */
IR_API gboolean ir_dtype_bytes (IrDType dtype, guint64 count, gsize *bytes);

/** ir_f16_to_f32, ir_f32_to_f16: IEEE 754 binary16, round to nearest even.
 * Since: 0.1 */
IR_API float ir_f16_to_f32 (guint16 half);
IR_API guint16 ir_f32_to_f16 (float value);

/** ir_bf16_to_f32, ir_f32_to_bf16: the upper half of binary32, round to nearest
 * even, NaN kept. Since: 0.1 */
IR_API float ir_bf16_to_f32 (guint16 bits);
IR_API guint16 ir_f32_to_bf16 (float value);

G_END_DECLS

#endif
