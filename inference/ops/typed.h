/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_TYPED_H
#define IR_TYPED_H

#include "op-util.h"

G_BEGIN_DECLS

/*
 * Computation on the types that take whole bytes. bf16 and f16 don't appear, f64
 * only among the real types: ops that compute carry IR_OP_F32, with IR_OP_F64 if
 * they have the real ones. Use: X (ID, C type, …).
 */
/* clang-format off */
#define IR_SIGNED_TYPES(X, ...) \
  X (I8,  gint8,   __VA_ARGS__) \
  X (I16, gint16,  __VA_ARGS__) \
  X (I32, gint32,  __VA_ARGS__) \
  X (I64, gint64,  __VA_ARGS__)
#define IR_UNSIGNED_TYPES(X, ...) \
  X (U8,  guint8,  __VA_ARGS__)   \
  X (U16, guint16, __VA_ARGS__)   \
  X (U32, guint32, __VA_ARGS__)   \
  X (U64, guint64, __VA_ARGS__)
/* clang-format on */
#define IR_FLOAT_TYPES(X, ...) X (F32, float, __VA_ARGS__)
#define IR_DOUBLE_TYPES(X, ...) X (F64, double, __VA_ARGS__)
#define IR_REAL_TYPES(X, ...)                                                  \
  IR_FLOAT_TYPES (X, __VA_ARGS__)                                              \
  IR_DOUBLE_TYPES (X, __VA_ARGS__)
#define IR_INTEGER_TYPES(X, ...)                                               \
  IR_SIGNED_TYPES (X, __VA_ARGS__)                                             \
  IR_UNSIGNED_TYPES (X, __VA_ARGS__)
#define IR_NUMBER_TYPES(X, ...)                                                \
  IR_FLOAT_TYPES (X, __VA_ARGS__)                                              \
  IR_INTEGER_TYPES (X, __VA_ARGS__)

/* What infer lets through. */
typedef enum {
  IR_ACCEPT_FLOAT = 1 << 0,
  IR_ACCEPT_INT = 1 << 1,
  IR_ACCEPT_BOOLEAN = 1 << 2,
  IR_ACCEPT_PACKED = 1 << 3,
  IR_ACCEPT_NUMBER = IR_ACCEPT_FLOAT | IR_ACCEPT_INT,
  IR_ACCEPT_ANY = IR_ACCEPT_NUMBER | IR_ACCEPT_BOOLEAN,
} IrAccept;

/* Checks that @dtype is of one of the kinds; an unknown type passes. @what names what has it in the message. */
gboolean ir_infer_accept (
    IrDType dtype, guint accept, const char *what, GError **error);

/* The same for input @index. */
gboolean ir_infer_accept_input (IrInferCtx *ctx, guint index, guint accept,
    const char *what, GError **error);

/* Output 0 has type and shape of input 0, which is of the kinds. */
gboolean ir_infer_unary (IrInferCtx *ctx, guint accept, GError **error);

/* One run of elements: o[i] = f (in[0][i * step[0]], in[1][i * step[1]], …);
 * steps count elements. */
typedef void (*IrRowFunc) (gconstpointer const *in, const gsize *step,
    gpointer out, gsize n, gconstpointer data);

#define IR_ROW_INPUTS 5

/* Computes output 0 run by run from the first @n_inputs inputs, each read as
 * if it were broadcast to the output's shape. @shapes (nullable) (array
 * length=n_inputs): shapes to see the inputs in, of the same number of
 * elements. */
void ir_eval_rows (const IrEvalCtx *ctx, guint n_inputs, const IrShape *shapes,
    IrRowFunc func, gconstpointer data);

/* A per-channel tensor (1-D, or one element) as seen from data of @rank, its
 * elements along dimension 1. */
IrShape ir_channel_shape (const IrShape *shape, gint rank);

G_END_DECLS

#endif
