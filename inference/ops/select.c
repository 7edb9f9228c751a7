/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "broadcast-infer.h"

static gboolean
select_infer (IrInferCtx *ctx, GError **error)
{
  const IrBroadcastAttrs *attrs = ctx->attrs;
  IrShape shape = ctx->in_shape[1];
  IrDType dtype;

  if (!ir_infer_accept_input (
          ctx, 0, IR_ACCEPT_BOOLEAN, "the condition", error) ||
      !ir_infer_same_dtype (ctx, 1, 3, &dtype, error) ||
      !ir_infer_accept (dtype, IR_ACCEPT_ANY, "the data", error) ||
      !ir_infer_join (ctx, 2, attrs->auto_broadcast, &shape, error) ||
      !ir_infer_join (ctx, 0, attrs->auto_broadcast, &shape, error))
    return FALSE;

  ir_infer_set (ctx, 0, dtype, &shape);
  return TRUE;
}

/* Numbers are moved, not looked at: their size is all that matters. */
#define SELECT_ROW(bits)                                                       \
  static void select_##bits (gconstpointer const *in, const gsize *step,       \
      gpointer out, gsize n, gconstpointer data)                               \
  {                                                                            \
    const guint8 *condition = in[0];                                           \
    const guint##bits *yes = in[1], *no = in[2];                               \
    guint##bits *to = out;                                                     \
                                                                               \
    for (gsize i = 0; i < n; i++)                                              \
      to[i] = condition[i * step[0]] ? yes[i * step[1]] : no[i * step[2]];     \
  }
SELECT_ROW (8)
SELECT_ROW (16)
SELECT_ROW (32)
SELECT_ROW (64)

static gboolean
select_evaluate (IrEvalCtx *ctx, GError **error)
{
  static const IrRowFunc rows[] = {
    [1] = select_8, [2] = select_16, [4] = select_32, [8] = select_64
  };

  ir_eval_rows (ctx, 3, NULL, rows[ir_dtype_size (ctx->in[1]->dtype)], NULL);
  return TRUE;
}

const IrOpDesc ir_op_select_1 = {
  .type = "Select",
  .opset = 1,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .flags = IR_OP_ELEMENTWISE,
  .attrs_size = sizeof (IrBroadcastAttrs),
  .attrs = ir_auto_broadcast_attrs,
  .infer = select_infer,
  .evaluate = select_evaluate,
  .summary = "One of two numbers, by a condition",
};
