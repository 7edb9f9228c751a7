/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NormalizeL2 and GRN: numbers divided by the length of their group. */
#include <math.h>

#include "axes-walk.h"

enum {
  EPS_ADD,
  EPS_MAX,
};

static const char *const eps_names[] = { "add", "max", NULL };

static const IrAttrDesc normalize_attrs[] = {
  IR_ATTR_ROW (IrNormalizeAttrs, eps, F64, NULL),
  IR_ATTR_ENUM_ROW (IrNormalizeAttrs, eps_mode, NULL, eps_names),
  IR_ATTR_END,
};

static const IrAttrDesc grn_attrs[] = {
  IR_ATTR_ROW (IrGrnAttrs, bias, F64, NULL),
  IR_ATTR_END,
};

static gboolean
normalize_infer (IrInferCtx *ctx, GError **error)
{
  gboolean known;
  guint axes;

  return ir_infer_unary (ctx, IR_ACCEPT_FLOAT, error) &&
      ir_infer_rank (ctx, 1, 3, "axes", error) &&
      ir_infer_axes_mask (ctx, 1, 0, &axes, &known, error);
}

static gboolean
grn_infer (IrInferCtx *ctx, GError **error)
{
  return ir_infer_rank (ctx, 0, ~3u, "data", error) &&
      ir_infer_unary (ctx, IR_ACCEPT_FLOAT, error);
}

typedef struct {
  const float *in;
  float *out;
  double sum;
  double length;
} Group;

static void
add_squares (gint64 first, gint64 n, gint64 step, gpointer data)
{
  Group *group = data;
  const float *in = group->in + first;

  for (gint64 i = 0; i < n; i++)
    group->sum += (double) in[i * step] * in[i * step];
}

static void
divide (gint64 first, gint64 n, gint64 step, gpointer data)
{
  const Group *group = data;

  for (gint64 i = first; n > 0; i += step, n--)
    group->out[i] = (float) (group->in[i] / group->length);
}

static void
run (const IrEvalCtx *ctx, guint axes, double eps, gint mode)
{
  Group group = { .in = ir_eval_f32 (ctx, 0), .out = ir_eval_out_f32 (ctx, 0) };
  gint64 index[IR_MAX_RANK] = { 0 };
  IrAxesWalk walk;

  if (ir_tensor_count (ctx->in[0]) == 0)
    return;

  ir_axes_walk_init (&walk, &ctx->in[0]->shape, axes);
  do {
    const gint64 at = ir_axes_walk_at (&walk, index);

    group.sum = 0;
    ir_axes_walk_runs (&walk, at, add_squares, &group);
    group.length =
        sqrt (mode == EPS_ADD ? group.sum + eps : fmax (group.sum, eps));
    ir_axes_walk_runs (&walk, at, divide, &group);
  } while (ir_next_index (&walk.kept, index));
}

static gboolean
normalize_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrNormalizeAttrs *attrs = ctx->attrs;
  guint axes;

  if (!ir_eval_axes_mask (ctx, 1, 0, &axes, error))
    return FALSE;
  run (ctx, axes, attrs->eps, attrs->eps_mode);
  return TRUE;
}

static gboolean
grn_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrGrnAttrs *attrs = ctx->attrs;

  run (ctx, 1u << 1, attrs->bias, EPS_ADD);
  return TRUE;
}

const IrOpDesc ir_op_normalize_l2_1 = {
  .type = "NormalizeL2",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrNormalizeAttrs),
  .attrs = normalize_attrs,
  .infer = normalize_infer,
  .evaluate = normalize_evaluate,
  .summary = "Vectors along axes, divided by their length",
};

const IrOpDesc ir_op_grn_1 = {
  .type = "GRN",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrGrnAttrs),
  .attrs = grn_attrs,
  .infer = grn_infer,
  .evaluate = grn_evaluate,
  .summary = "Vectors of channels, divided by their length",
};
