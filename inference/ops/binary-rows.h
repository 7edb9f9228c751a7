/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_BINARY_ROWS_H
#define IR_BINARY_ROWS_H

#include "broadcast-infer.h"

G_BEGIN_DECLS

/* A run of `to[i] = (R) value` with x and y, of type V, from the two inputs. */
#define IR_BINARY_ROW(id, T, V, R, name, value)                                \
  static void name##_##id (gconstpointer const *in, const gsize *step,         \
      gpointer out, gsize n, gconstpointer data)                               \
  {                                                                            \
    const T *a = in[0], *b = in[1];                                            \
    R *to = out;                                                               \
                                                                               \
    for (gsize i = 0; i < n; i++) {                                            \
      const V x = a[i * step[0]], y = b[i * step[1]];                          \
                                                                               \
      to[i] = (R) (value);                                                     \
    }                                                                          \
  }

/* Integers are widened first: what wraps around does so in unsigned 64 bits
 * and is cut to the type then, so that nothing overflows. */
#define IR_BINARY_SAME(id, T, V, name, value)                                  \
  IR_BINARY_ROW (id, T, V, T, name, value)
#define IR_BINARY_TRUTH(id, T, V, name, value)                                 \
  IR_BINARY_ROW (id, T, V, guint8, name, value)
#define IR_BINARY_ENTRY(id, T, name) [IR_DTYPE_##id] = name##_##id,

#define IR_BINARY_EVALUATE(name, rows)                                         \
  static gboolean name##_evaluate (IrEvalCtx *ctx, GError **error)             \
  {                                                                            \
    ir_eval_rows (ctx, 2, NULL, rows[ctx->in[0]->dtype], NULL);                \
    return TRUE;                                                               \
  }

#define IR_BINARY_INFER(name, accept, dtype)                                   \
  static gboolean name##_infer (IrInferCtx *ctx, GError **error)               \
  {                                                                            \
    return ir_infer_binary (ctx, accept, dtype, error);                        \
  }

#define IR_BINARY_OP(name, first_opset, ir_type, infer_with, table, text)      \
  const IrOpDesc ir_op_##name##_##first_opset = {                              \
    .type = ir_type,                                                           \
    .opset = first_opset,                                                      \
    .min_inputs = 2,                                                           \
    .max_inputs = 2,                                                           \
    .n_outputs = 1,                                                            \
    .flags = IR_OP_F32 | IR_OP_F64 | IR_OP_ELEMENTWISE,                        \
    .attrs_size = sizeof (IrBroadcastAttrs),                                   \
    .attrs = table,                                                            \
    .infer = infer_with,                                                       \
    .evaluate = name##_evaluate,                                               \
    .summary = text,                                                           \
  };

G_END_DECLS

#endif
