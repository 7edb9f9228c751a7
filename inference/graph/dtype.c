/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <ir/dtype.h>
#include "graph-private.h"

typedef struct {
  const char *name;
  const char *precision;
  guint bits;
  char kind;
} DTypeRow;

static const DTypeRow rows[IR_DTYPE_COUNT] = {
#define ROW(id, name, precision, bits, kind)                                   \
  [IR_DTYPE_##id] = { name, precision, bits, kind },
  IR_DTYPE_LIST (ROW)
#undef ROW
};

/* Spellings that files use besides the two of the table. */
static const struct {
  const char *text;
  IrDType dtype;
} synonyms[] = {
  { "half", IR_DTYPE_F16 },
  { "float", IR_DTYPE_F32 },
  { "double", IR_DTYPE_F64 },
  { "undefined", IR_DTYPE_DYNAMIC },
};

static const DTypeRow *
dtype_row (IrDType dtype)
{
  return (guint) dtype < IR_DTYPE_COUNT ? &rows[dtype]
                                        : &rows[IR_DTYPE_DYNAMIC];
}

const char *
ir_dtype_name (IrDType dtype)
{
  return dtype_row (dtype)->name;
}

const char *
ir_dtype_precision (IrDType dtype)
{
  return dtype_row (dtype)->precision;
}

guint
ir_dtype_bits (IrDType dtype)
{
  return dtype_row (dtype)->bits;
}

gsize
ir_dtype_size (IrDType dtype)
{
  return dtype_row (dtype)->bits / 8;
}

gboolean
ir_dtype_is_float (IrDType dtype)
{
  return dtype_row (dtype)->kind == 'f';
}

gboolean
ir_dtype_is_integer (IrDType dtype)
{
  char kind = dtype_row (dtype)->kind;

  return kind == 'i' || kind == 'u';
}

gboolean
ir_dtype_is_signed (IrDType dtype)
{
  char kind = dtype_row (dtype)->kind;

  return kind == 'i' || kind == 'f';
}

gboolean
ir_dtype_parse (const char *text, IrDType *dtype, GError **error)
{
  for (guint i = 0; i < IR_DTYPE_COUNT; i++) {
    if (g_ascii_strcasecmp (text, rows[i].name) == 0 ||
        g_ascii_strcasecmp (text, rows[i].precision) == 0) {
      *dtype = (IrDType) i;
      return TRUE;
    }
  }
  for (guint i = 0; i < G_N_ELEMENTS (synonyms); i++) {
    if (g_ascii_strcasecmp (text, synonyms[i].text) == 0) {
      *dtype = synonyms[i].dtype;
      return TRUE;
    }
  }
  return ir_fail (
      error, IR_ERROR_UNSUPPORTED, "element type '%.40s' is not known", text);
}

gboolean
ir_dtype_bytes (IrDType dtype, guint64 count, gsize *bytes)
{
  guint64 bits;

  if (ir_dtype_bits (dtype) == 0 ||
      !g_uint64_checked_mul (&bits, count, ir_dtype_bits (dtype)) ||
      bits > G_MAXUINT64 - 7 || (bits + 7) / 8 > G_MAXSIZE / 2)
    return FALSE;
  *bytes = (gsize) ((bits + 7) / 8);
  return TRUE;
}

static float
float_of_bits (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static guint32
bits_of_float (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return bits;
}

/* Without branches, so that the compiler converts several at once. */
static inline float
widen_half (guint16 half)
{
  const guint32 sign = (guint32) (half & 0x8000) << 16;
  const guint32 shifted = (guint32) (half & 0x7fff) << 13;
  const guint32 rebiased = shifted + (112u << 23);
  /* A subnormal half is what it adds to the smallest normal one. */
  const float subnormal =
      float_of_bits (shifted + (113u << 23)) - float_of_bits (113u << 23);
  const guint32 magnitude = shifted < (1u << 23) ? bits_of_float (subnormal)
      : shifted >= (31u << 23)                   ? rebiased + (112u << 23)
                                                 : rebiased;

  return float_of_bits (sign | magnitude);
}

float
ir_f16_to_f32 (guint16 half)
{
  return widen_half (half);
}

void
ir_f16s_to_f32 (gconstpointer halves, float *out, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    guint16 half;

    memcpy (&half, (const guint8 *) halves + sizeof half * i, sizeof half);
    out[i] = widen_half (half);
  }
}

guint16
ir_f32_to_f16 (float value)
{
  guint32 bits = bits_of_float (value);
  guint16 sign = (guint16) ((bits >> 16) & 0x8000);
  guint32 magnitude = bits & 0x7fffffffu;

  if (magnitude > 0x7f800000u)
    return sign | 0x7e00;
  /* 65520 is the first value that rounds to infinity. */
  if (magnitude >= 0x477ff000u)
    return sign | 0x7c00;
  if (magnitude < 0x38800000u) {
    /* The sum lines the half's lowest bit up with that of the float, so that
     * the hardware rounds to nearest even. */
    float rounded = float_of_bits (magnitude) + 0.5f;

    return (guint16) (sign | (bits_of_float (rounded) - 0x3f000000u));
  }
  magnitude += 0xfffu + ((magnitude >> 13) & 1);
  return (guint16) (sign | ((magnitude - 0x38000000u) >> 13));
}

float
ir_bf16_to_f32 (guint16 bits)
{
  return float_of_bits ((guint32) bits << 16);
}

guint16
ir_f32_to_bf16 (float value)
{
  guint32 bits = bits_of_float (value);

  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return (guint16) ((bits >> 16) | 0x40);
  return (guint16) ((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
}
