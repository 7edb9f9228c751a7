/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_RECURRENT_H
#define IR_RECURRENT_H

#include "op-util.h"

G_BEGIN_DECLS

/*
 * LSTM, GRU and RNN, each as a cell, which is one step, and as a sequence. What
 * differs is told by an IrRecurrentKind; shapes, activations and the way through
 * a sequence are the same.
 *
 * Inputs of a cell: data, hidden state, of an LSTM the cell state, weights,
 * recurrent weights, biases. A sequence has the lengths behind the states.
 */

/* Attributes of all forms; each form's table lists those that it has. */
typedef struct {
  gint64 hidden_size;
  IrStrings activations;
  IrF64s activations_alpha;
  IrF64s activations_beta;
  double clip;
  gint direction;
  gint weights_format;
  gboolean input_forget;
  gboolean linear_before_reset;
} IrRecurrentAttrs;

extern const char *const ir_recurrent_directions[];

#define IR_RECURRENT_MAX_ACTIVATIONS 3

typedef struct {
  double (*function) (double x, double alpha, double beta);
  double alpha;
  double beta;
} IrActivation;

static inline double
ir_activate (const IrActivation *activation, double x)
{
  return activation->function (x, activation->alpha, activation->beta);
}

/* One step of one batch element in one direction. Outputs may not be inputs. */
typedef struct {
  const IrRecurrentAttrs *attrs;
  IrActivation activation[IR_RECURRENT_MAX_ACTIVATIONS];
  gsize features;
  gsize hidden;
  const float *x; /* [features] */
  const float *h; /* [hidden] */
  const float *c;
  const float *w; /* [gates * hidden, features] */
  const float *r; /* [gates * hidden, hidden] */
  const float *b; /* NULL for none */
  float *h_out;
  float *c_out;
  float *reset; /* [hidden], for the step's own use */
} IrRecurrentStep;

typedef struct {
  guint n_gates;
  guint n_activations;
  gboolean has_cell_state;
  void (*step) (const IrRecurrentStep *step);
} IrRecurrentKind;

gboolean ir_recurrent_infer (IrInferCtx *ctx, const IrRecurrentKind *kind,
    gboolean is_sequence, GError **error);
gboolean ir_recurrent_evaluate_cell (
    IrEvalCtx *ctx, const IrRecurrentKind *kind, GError **error);
gboolean ir_recurrent_evaluate_sequence (
    IrEvalCtx *ctx, const IrRecurrentKind *kind, GError **error);

/* Looks up the activations that the attributes name. */
gboolean ir_recurrent_activations (const IrRecurrentAttrs *attrs,
    const IrRecurrentKind *kind, IrActivation *found, GError **error);

/* Products of row @row of the weights, and of the recurrent weights with @h. */
double ir_recurrent_data_sum (const IrRecurrentStep *step, gsize row);
double ir_recurrent_state_sum (
    const IrRecurrentStep *step, const float *h, gsize row);

static inline double
ir_recurrent_bias (const IrRecurrentStep *step, gsize row)
{
  return step->b ? step->b[row] : 0;
}

/* What goes into an activation. Files have 0 for "no limit". */
static inline double
ir_recurrent_clip (const IrRecurrentStep *step, double sum)
{
  const double clip = step->attrs->clip;

  return clip > 0 ? CLAMP (sum, -clip, clip) : sum;
}

/* Where the inputs are. */
typedef struct {
  guint x;
  guint h;
  guint c;
  guint lengths;
  guint w;
  guint r;
  guint b;
} IrRecurrentInputs;

IrRecurrentInputs ir_recurrent_inputs (
    const IrRecurrentKind *kind, gboolean is_sequence);

/* Rows that all tables have; @functions is the default of the activations. */
#define IR_RECURRENT_ATTRS(functions)                                          \
  IR_ATTR_ROW (IrRecurrentAttrs, hidden_size, I64, NULL),                      \
      IR_ATTR_ROW (IrRecurrentAttrs, activations, STRINGS, functions),         \
      IR_ATTR_ROW (IrRecurrentAttrs, activations_alpha, F64S, ""),             \
      IR_ATTR_ROW (IrRecurrentAttrs, activations_beta, F64S, ""),              \
      IR_ATTR_ROW (IrRecurrentAttrs, clip, F64, "0")

#define IR_RECURRENT_DIRECTION                                                 \
  IR_ATTR_ENUM_ROW (IrRecurrentAttrs, direction, NULL, ir_recurrent_directions)

/* A descriptor; infer_<name> and evaluate_<name> are in the file. */
#define IR_RECURRENT_OP(name, version, type_name, least, most, n_out, text)    \
  const IrOpDesc ir_op_##name##_##version = {                                  \
    .type = type_name,                                                         \
    .opset = version,                                                          \
    .min_inputs = least,                                                       \
    .max_inputs = most,                                                        \
    .n_outputs = n_out,                                                        \
    .flags = IR_OP_F32,                                                        \
    .attrs_size = sizeof (IrRecurrentAttrs),                                   \
    .attrs = name##_##version##_attrs,                                         \
    .infer = infer_##name,                                                     \
    .evaluate = evaluate_##name,                                               \
    .summary = text,                                                           \
  };

G_END_DECLS

#endif
