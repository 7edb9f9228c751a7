/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recurrent.h"

#include <math.h>
#include <string.h>

/* --- activations ----------------------------------------------------------- */

static double
sigmoid (double x, double alpha, double beta)
{
  return 1 / (1 + exp (-x));
}

static double
hyperbolic_tangent (double x, double alpha, double beta)
{
  return tanh (x);
}

static double
relu (double x, double alpha, double beta)
{
  return x > 0 ? x : 0;
}

static double
hard_sigmoid (double x, double alpha, double beta)
{
  return CLAMP (alpha * x + beta, 0, 1);
}

/* With the parameters that hold where the attributes give none. */
static const struct {
  const char *name;
  IrActivation activation;
} activations[] = {
  { "sigmoid", { sigmoid } },
  { "tanh", { hyperbolic_tangent } },
  { "relu", { relu } },
  { "hardsigmoid", { hard_sigmoid, 0.2, 0.5 } },
};

static const IrActivation *
find_activation (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (activations); i++)
    if (g_ascii_strcasecmp (name, activations[i].name) == 0)
      return &activations[i].activation;
  return NULL;
}

gboolean
ir_recurrent_activations (const IrRecurrentAttrs *attrs,
    const IrRecurrentKind *kind, IrActivation *found, GError **error)
{
  if (attrs->activations.n != kind->n_activations)
    return ir_fail (error, IR_ERROR_SHAPE,
        "there are %" G_GSIZE_FORMAT " activations instead of %u",
        attrs->activations.n, kind->n_activations);
  for (gsize i = 0; i < kind->n_activations; i++) {
    const IrActivation *known = find_activation (attrs->activations.v[i]);

    if (!known)
      return ir_fail (error, IR_ERROR_UNSUPPORTED,
          "the activation '%.40s' is none of sigmoid, tanh, relu and "
          "hardsigmoid",
          attrs->activations.v[i]);
    found[i] = *known;
    if (i < attrs->activations_alpha.n)
      found[i].alpha = attrs->activations_alpha.v[i];
    if (i < attrs->activations_beta.n)
      found[i].beta = attrs->activations_beta.v[i];
  }
  return TRUE;
}

/* --- sums ------------------------------------------------------------------- */

static double
product (const float *a, const float *b, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (double) a[i] * b[i];
  return sum;
}

double
ir_recurrent_data_sum (const IrRecurrentStep *step, gsize row)
{
  return product (step->x, step->w + row * step->features, step->features);
}

double
ir_recurrent_state_sum (const IrRecurrentStep *step, const float *h, gsize row)
{
  return product (h, step->r + row * step->hidden, step->hidden);
}

/* --- running ----------------------------------------------------------------- */

static const float *
input_f32 (const IrEvalCtx *ctx, guint index)
{
  return index < ctx->n_inputs ? ir_eval_f32 (ctx, index) : NULL;
}

static gboolean
fail_memory (gsize hidden, GError **error)
{
  return ir_fail (
      error, IR_ERROR_LIMIT, "no memory for a state of %zu numbers", hidden);
}

gboolean
ir_recurrent_evaluate_cell (
    IrEvalCtx *ctx, const IrRecurrentKind *kind, GError **error)
{
  const IrRecurrentInputs in = ir_recurrent_inputs (kind, FALSE);
  const gsize batches = (gsize) ctx->in[in.x]->shape.dim[0];
  IrRecurrentStep step = { .attrs = ctx->attrs };

  if (!ir_recurrent_activations (step.attrs, kind, step.activation, error))
    return FALSE;
  step.features = (gsize) ctx->in[in.x]->shape.dim[1];
  step.hidden = (gsize) step.attrs->hidden_size;
  step.reset = ir_scratch_take (ctx->scratch, step.hidden, sizeof (float));
  if (!step.reset)
    return fail_memory (step.hidden, error);
  step.w = ir_eval_f32 (ctx, in.w);
  step.r = ir_eval_f32 (ctx, in.r);
  step.b = input_f32 (ctx, in.b);
  for (gsize n = 0; n < batches; n++) {
    step.x = ir_eval_f32 (ctx, in.x) + n * step.features;
    step.h = ir_eval_f32 (ctx, in.h) + n * step.hidden;
    step.h_out = ir_eval_out_f32 (ctx, 0) + n * step.hidden;
    if (kind->has_cell_state) {
      step.c = ir_eval_f32 (ctx, in.c) + n * step.hidden;
      step.c_out = ir_eval_out_f32 (ctx, 1) + n * step.hidden;
    }
    kind->step (&step);
  }
  return TRUE;
}

typedef struct {
  const IrEvalCtx *ctx;
  const IrRecurrentKind *kind;
  IrRecurrentInputs in;
  IrRecurrentStep step;
  gsize time;
  gsize directions;
} Sequence;

/* Points the step to the weights of a direction. */
static void
set_direction (Sequence *s, gsize direction)
{
  const gsize gates = s->kind->n_gates * s->step.hidden;
  const gsize biases = (gsize) s->ctx->in[s->in.b]->shape.dim[1];

  s->step.w =
      ir_eval_f32 (s->ctx, s->in.w) + direction * gates * s->step.features;
  s->step.r =
      ir_eval_f32 (s->ctx, s->in.r) + direction * gates * s->step.hidden;
  s->step.b = ir_eval_f32 (s->ctx, s->in.b) + direction * biases;
}

/* One batch element in one direction. States go from step to step through the
 * outputs: what a step makes is first the place in the sequence and then the
 * state; @scratch keeps the cell state that is being read. */
static void
run_element (
    Sequence *s, gsize batch, gsize direction, gsize length, float *scratch)
{
  const gsize hidden = s->step.hidden;
  const gsize bytes = hidden * sizeof (float);
  const gsize at = batch * s->directions + direction;
  const gboolean backwards =
      s->step.attrs->direction == 1 || (direction == 1 && s->directions == 2);
  float *y = ir_eval_out_f32 (s->ctx, 0) + at * s->time * hidden;
  float *h = ir_eval_out_f32 (s->ctx, 1) + at * hidden;
  float *c = s->kind->has_cell_state ? ir_eval_out_f32 (s->ctx, 2) + at * hidden
                                     : NULL;

  memcpy (h, ir_eval_f32 (s->ctx, s->in.h) + at * hidden, bytes);
  if (c)
    memcpy (c, ir_eval_f32 (s->ctx, s->in.c) + at * hidden, bytes);
  memset (y, 0, s->time * bytes);
  /* Of a sequence of no steps OpenVINO and ONNX Runtime keep no state. */
  if (length == 0) {
    memset (h, 0, bytes);
    if (c)
      memset (c, 0, bytes);
  }
  s->step.h = h;
  s->step.c = scratch;
  s->step.c_out = c;
  for (gsize i = 0; i < length; i++) {
    const gsize t = backwards ? length - 1 - i : i;

    s->step.x = ir_eval_f32 (s->ctx, s->in.x) +
        (batch * s->time + t) * s->step.features;
    s->step.h_out = y + t * hidden;
    if (c)
      memcpy (scratch, c, bytes);
    s->kind->step (&s->step);
    memcpy (h, s->step.h_out, bytes);
  }
}

static gboolean
read_length (const Sequence *s, gsize batch, gsize *length, GError **error)
{
  gint64 value = ir_tensor_get_i64 (s->ctx->in[s->in.lengths], batch);

  if (value < 0 || (guint64) value > s->time)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the length %" G_GINT64_FORMAT " of sequence %" G_GSIZE_FORMAT
        " is not between 0 and %" G_GSIZE_FORMAT,
        value, batch, s->time);
  *length = (gsize) value;
  return TRUE;
}

gboolean
ir_recurrent_evaluate_sequence (
    IrEvalCtx *ctx, const IrRecurrentKind *kind, GError **error)
{
  const IrShape *shape = &ctx->in[0]->shape;
  Sequence s = { .ctx = ctx,
    .kind = kind,
    .in = ir_recurrent_inputs (kind, TRUE),
    .step = { .attrs = ctx->attrs } };
  float *scratch;

  if (!ir_recurrent_activations (s.step.attrs, kind, s.step.activation, error))
    return FALSE;
  s.time = (gsize) shape->dim[1];
  s.directions = (gsize) ctx->in[s.in.h]->shape.dim[1];
  s.step.features = (gsize) shape->dim[2];
  s.step.hidden = (gsize) s.step.attrs->hidden_size;
  s.step.reset = ir_scratch_take (ctx->scratch, s.step.hidden, sizeof (float));
  scratch = ir_scratch_take (ctx->scratch, s.step.hidden, sizeof *scratch);
  if (!s.step.reset || !scratch)
    return fail_memory (s.step.hidden, error);
  for (gsize n = 0; n < (gsize) shape->dim[0]; n++) {
    gsize length;

    if (!read_length (&s, n, &length, error))
      return FALSE;
    for (gsize d = 0; d < s.directions; d++) {
      set_direction (&s, d);
      run_element (&s, n, d, length, scratch);
    }
  }
  return TRUE;
}
