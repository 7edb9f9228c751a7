/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LSTMCell: one step of a long short-term memory. */
#include <math.h>
#include <string.h>

#include "op-util.h"

enum {
  X,
  H,
  C,
  W,
  R,
  B
};
enum {
  FORGET,
  INPUT,
  CELL,
  OUTPUT,
  GATES
};

typedef struct {
  gint64 hidden_size;
  IrStrings activations;
  IrF64s activations_alpha;
  IrF64s activations_beta;
  double clip;
  gint weights_format;
  gboolean input_forget;
} LstmAttrs;

typedef double (*Activation) (double x);

static double
sigmoid (double x)
{
  return 1 / (1 + exp (-x));
}

static double
relu (double x)
{
  return x > 0 ? x : 0;
}

/* For gates, for the cell's candidate and for its output. */
static gboolean
find_activations (const LstmAttrs *attrs, Activation *found, GError **error)
{
  static const struct {
    const char *name;
    Activation function;
  } known[] = {
    { "sigmoid", sigmoid },
    { "tanh", tanh },
    { "relu", relu },
  };

  if (attrs->activations.n != 3)
    return ir_fail (error, IR_ERROR_SHAPE,
        "there are %" G_GSIZE_FORMAT " activations instead of 3",
        attrs->activations.n);
  for (gsize i = 0; i < 3; i++) {
    const char *name = attrs->activations.v[i];

    found[i] = NULL;
    for (gsize k = 0; k < G_N_ELEMENTS (known); k++)
      if (g_ascii_strcasecmp (name, known[k].name) == 0)
        found[i] = known[k].function;
    if (!found[i])
      return ir_fail (error, IR_ERROR_UNSUPPORTED,
          "the activation '%.40s' is none of sigmoid, tanh and relu", name);
  }
  return TRUE;
}

/* Dimension @d of an input is @want; @want (inout) may be unknown before. */
static gboolean
check_dim (const IrInferCtx *ctx, guint index, gint d, gint64 *want,
    const char *what, GError **error)
{
  const IrShape *shape = &ctx->in_shape[index];
  char text[IR_SHAPE_TEXT];

  if (shape->rank < 0 || shape->dim[d] < 0)
    return TRUE;
  if (*want < 0)
    *want = shape->dim[d];
  if (*want != shape->dim[d])
    return ir_fail (error, IR_ERROR_SHAPE,
        "%s have the shape %s where dimension %d should be %" G_GINT64_FORMAT,
        what, ir_shape_print (shape, text), d, *want);
  return TRUE;
}

static gboolean
check_shapes (IrInferCtx *ctx, gint64 hidden, gint64 *batch, GError **error)
{
  gint64 gates = GATES * hidden, features = IR_DIM_UNKNOWN;

  return ir_infer_rank (ctx, X, 1 << 2, "the data", error) &&
      ir_infer_rank (ctx, H, 1 << 2, "the hidden state", error) &&
      ir_infer_rank (ctx, C, 1 << 2, "the cell state", error) &&
      ir_infer_rank (ctx, W, 1 << 2, "the weights", error) &&
      ir_infer_rank (ctx, R, 1 << 2, "the recurrent weights", error) &&
      (ctx->n_inputs <= B ||
          ir_infer_rank (ctx, B, 1 << 1, "the biases", error)) &&
      check_dim (ctx, X, 0, batch, "the data", error) &&
      check_dim (ctx, H, 0, batch, "the hidden states", error) &&
      check_dim (ctx, C, 0, batch, "the cell states", error) &&
      check_dim (ctx, X, 1, &features, "the data", error) &&
      check_dim (ctx, W, 1, &features, "the weights", error) &&
      check_dim (ctx, H, 1, &hidden, "the hidden states", error) &&
      check_dim (ctx, C, 1, &hidden, "the cell states", error) &&
      check_dim (ctx, R, 1, &hidden, "the recurrent weights", error) &&
      check_dim (ctx, W, 0, &gates, "the weights", error) &&
      check_dim (ctx, R, 0, &gates, "the recurrent weights", error) &&
      (ctx->n_inputs <= B ||
          check_dim (ctx, B, 0, &gates, "the biases", error));
}

static gboolean
infer_lstm_cell (IrInferCtx *ctx, GError **error)
{
  const LstmAttrs *attrs = ctx->attrs;
  gint64 batch = IR_DIM_UNKNOWN;
  Activation activations[3];
  IrShape shape;
  IrDType dtype;

  if (attrs->hidden_size < 1 || attrs->hidden_size > G_MAXINT32)
    return ir_fail (error, IR_ERROR_SHAPE, "hidden_size is %" G_GINT64_FORMAT,
        attrs->hidden_size);
  if (attrs->input_forget)
    return ir_fail (
        error, IR_ERROR_UNSUPPORTED, "input_forget is not supported");
  if (!find_activations (attrs, activations, error) ||
      !ir_infer_same_dtype (ctx, 0, (guint) ctx->n_inputs, &dtype, error) ||
      !check_shapes (ctx, attrs->hidden_size, &batch, error))
    return FALSE;
  if (dtype != IR_DTYPE_DYNAMIC && !ir_dtype_is_float (dtype))
    return ir_fail (error, IR_ERROR_UNSUPPORTED, "the data are %s, not floats",
        ir_dtype_name (dtype));
  shape = ir_shape_of_rank (2);
  shape.dim[0] = batch;
  shape.dim[1] = attrs->hidden_size;
  ir_infer_set (ctx, 0, dtype, &shape);
  ir_infer_set (ctx, 1, dtype, &shape);
  return TRUE;
}

static const char *const format_names[] = { "fico", "icof", "ifco", "ifoc",
  "iofc", NULL };

/* Where the weights of a gate are. */
static gsize
gate_position (gint format, gint gate)
{
  static const char letters[GATES] = { 'f', 'i', 'c', 'o' };
  const char *order = format_names[format];

  return (gsize) (strchr (order, letters[gate]) - order);
}

/* The sum that goes into the activation of a gate. */
static double
gate_sum (const IrEvalCtx *ctx, gsize batch, gsize row)
{
  const gsize features = (gsize) ctx->in[X]->shape.dim[1];
  const gsize hidden = (gsize) ctx->in[H]->shape.dim[1];
  const float *x = ir_eval_f32 (ctx, X) + batch * features;
  const float *h = ir_eval_f32 (ctx, H) + batch * hidden;
  const float *w = ir_eval_f32 (ctx, W) + row * features;
  const float *r = ir_eval_f32 (ctx, R) + row * hidden;
  const double clip = ((const LstmAttrs *) ctx->attrs)->clip;
  double sum = ctx->n_inputs > B ? ir_eval_f32 (ctx, B)[row] : 0;

  for (gsize i = 0; i < features; i++)
    sum += (double) x[i] * w[i];
  for (gsize i = 0; i < hidden; i++)
    sum += (double) h[i] * r[i];
  /* Converters write 0 for "no limit". */
  return clip > 0 ? CLAMP (sum, -clip, clip) : sum;
}

static gboolean
evaluate_lstm_cell (IrEvalCtx *ctx, GError **error)
{
  const LstmAttrs *attrs = ctx->attrs;
  const gsize batches = (gsize) ctx->in[X]->shape.dim[0];
  const gsize hidden = (gsize) attrs->hidden_size;
  const float *cell = ir_eval_f32 (ctx, C);
  float *h_out = ir_eval_out_f32 (ctx, 0), *c_out = ir_eval_out_f32 (ctx, 1);
  Activation act[3];

  if (!find_activations (attrs, act, error))
    return FALSE;
  for (gsize n = 0; n < batches; n++) {
    for (gsize i = 0; i < hidden; i++) {
      double gate[GATES], state;

      for (gint g = 0; g < GATES; g++)
        gate[g] = act[g == CELL ? 1 : 0](gate_sum (
            ctx, n, gate_position (attrs->weights_format, g) * hidden + i));
      state = gate[FORGET] * cell[n * hidden + i] + gate[INPUT] * gate[CELL];
      c_out[n * hidden + i] = (float) state;
      h_out[n * hidden + i] = (float) (gate[OUTPUT] * act[2](state));
    }
  }
  return TRUE;
}

#define COMMON_ATTRS                                                           \
  IR_ATTR_ROW (LstmAttrs, hidden_size, I64, NULL),                             \
      IR_ATTR_ROW (LstmAttrs, activations, STRINGS, "sigmoid,tanh,tanh"),      \
      IR_ATTR_ROW (LstmAttrs, activations_alpha, F64S, ""),                    \
      IR_ATTR_ROW (LstmAttrs, activations_beta, F64S, ""),                     \
      IR_ATTR_ROW (LstmAttrs, clip, F64, "0")

static const IrAttrDesc lstm_cell_1_attrs[] = {
  COMMON_ATTRS,
  IR_ATTR_ENUM_ROW (LstmAttrs, weights_format, "fico", format_names),
  IR_ATTR_ROW (LstmAttrs, input_forget, BOOL, "false"),
  IR_ATTR_END,
};

static const IrAttrDesc lstm_cell_4_attrs[] = {
  COMMON_ATTRS,
  IR_ATTR_END,
};

#define LSTM_CELL(version)                                                     \
  const IrOpDesc ir_op_lstm_cell_##version = {                                 \
    .type = "LSTMCell",                                                        \
    .opset = version,                                                          \
    .min_inputs = 5,                                                           \
    .max_inputs = 6,                                                           \
    .n_outputs = 2,                                                            \
    .flags = IR_OP_F32,                                                        \
    .attrs_size = sizeof (LstmAttrs),                                          \
    .attrs = lstm_cell_##version##_attrs,                                      \
    .infer = infer_lstm_cell,                                                  \
    .evaluate = evaluate_lstm_cell,                                            \
    .summary = "One step of a long short-term memory",                         \
  };

LSTM_CELL (1)
LSTM_CELL (4)
