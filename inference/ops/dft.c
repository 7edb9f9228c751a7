/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Discrete Fourier transforms of pairs (real, imaginary), by the definition. */
#include "move.h"
#include "typed.h"

#include <math.h>

enum {
  DATA,
  AXES,
  SIZES
};

typedef struct {
  double re, im;
} Complex;

/* Axes count in the dimensions before the pairs. */
static gboolean
check_axes (
    const gint64 *values, gsize n, gint rank, guint *axes, GError **error)
{
  guint seen = 0;

  for (gsize i = 0; i < n; i++) {
    if (!ir_normalise_axis (rank - 1, values[i], &axes[i], error))
      return FALSE;
    if ((seen >> axes[i] & 1) != 0)
      return ir_fail (error, IR_ERROR_SHAPE, "axis %u is given twice", axes[i]);
    seen |= 1u << axes[i];
  }
  return TRUE;
}

/* The shape of what comes out; -1 leaves a size as it is. */
static gboolean
resize (IrShape *out, const guint *axes, gsize n, const gint64 *sizes,
    gsize n_sizes, GError **error)
{
  if (n != n_sizes)
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GSIZE_FORMAT " sizes for %" G_GSIZE_FORMAT " axes", n_sizes, n);
  for (gsize i = 0; i < n; i++) {
    if (sizes[i] < -1 || sizes[i] == 0)
      return ir_fail (error, IR_ERROR_SHAPE,
          "the size of axis %u is %" G_GINT64_FORMAT, axes[i], sizes[i]);
    if (sizes[i] > 0)
      out->dim[axes[i]] = sizes[i];
  }
  return TRUE;
}

static gboolean
check_types (IrInferCtx *ctx, GError **error)
{
  return ir_infer_accept_input (
             ctx, DATA, IR_ACCEPT_FLOAT, "the data", error) &&
      ir_infer_rank (ctx, DATA, ~3u, "data", error) &&
      ir_infer_integers (ctx, AXES, "axes", error) &&
      ir_infer_rank (ctx, AXES, 1 << 1, "axes", error) &&
      (ctx->n_inputs <= SIZES ||
          (ir_infer_integers (ctx, SIZES, "signal_size", error) &&
              ir_infer_rank (ctx, SIZES, 1 << 1, "signal_size", error)));
}

static gboolean
infer_dft (IrInferCtx *ctx, GError **error)
{
  gint64 values[IR_MAX_RANK], sizes[IR_MAX_RANK];
  gboolean known, known_sizes = FALSE;
  IrShape out = ctx->in_shape[DATA];
  guint axes[IR_MAX_RANK];
  gsize n, n_sizes = 0;

  if (!check_types (ctx, error) ||
      !ir_infer_ints (ctx, AXES, values, IR_MAX_RANK, &n, &known, error) ||
      (ctx->n_inputs > SIZES &&
          !ir_infer_ints (
              ctx, SIZES, sizes, IR_MAX_RANK, &n_sizes, &known_sizes, error)))
    return FALSE;
  if (out.rank != IR_RANK_UNKNOWN) {
    if (out.dim[out.rank - 1] >= 0 && out.dim[out.rank - 1] != 2)
      return ir_fail (error, IR_ERROR_SHAPE,
          "the last dimension is %" G_GINT64_FORMAT
          ", not 2 for real and imaginary parts",
          out.dim[out.rank - 1]);
    if (known && !check_axes (values, n, out.rank, axes, error))
      return FALSE;
    if (known && known_sizes && !resize (&out, axes, n, sizes, n_sizes, error))
      return FALSE;
    if (ctx->n_inputs > SIZES && !(known && known_sizes))
      out = ir_shape_of_rank (out.rank);
    out.dim[out.rank - 1] = 2;
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[DATA], &out);
  return TRUE;
}

/* Puts the data into the output, cut off or followed by zeros. */
static void
place_data (const IrEvalCtx *ctx)
{
  const IrShape *in = &ctx->in[DATA]->shape, *out = &ctx->out[0]->shape;
  gint64 from[IR_MAX_RANK], to[IR_MAX_RANK];
  IrMove move = { 0 };

  ir_strides (in, from);
  ir_strides (out, to);
  for (gint d = 0; d < in->rank; d++)
    ir_move_add (&move, MIN (in->dim[d], out->dim[d]), from[d], to[d]);
  ir_move_run (&move, sizeof (float), ctx->in[DATA]->data, ctx->out[0]->data);
}

/* @turns: the powers of the root of unity. Pairs are @step numbers apart. */
static void
transform_line (float *line, gint64 n, gint64 step, const Complex *turns,
    Complex *work, double scale)
{
  for (gint64 i = 0; i < n; i++)
    work[i] = (Complex){ line[i * step], line[i * step + 1] };
  for (gint64 k = 0; k < n; k++) {
    Complex sum = { 0, 0 };
    gint64 at = 0;

    for (gint64 i = 0; i < n; i++) {
      sum.re += work[i].re * turns[at].re - work[i].im * turns[at].im;
      sum.im += work[i].re * turns[at].im + work[i].im * turns[at].re;
      at += k;
      if (at >= n)
        at -= n;
    }
    line[k * step] = (float) (sum.re * scale);
    line[k * step + 1] = (float) (sum.im * scale);
  }
}

static gboolean
transform_axis (
    const IrEvalCtx *ctx, guint axis, gboolean inverse, GError **error)
{
  const IrTensor *tensor = ctx->out[0];
  const IrShape *shape = &tensor->shape;
  const gint64 n = shape->dim[axis];
  const gint64 step =
      (gint64) ir_shape_size (shape, (gint) axis + 1, shape->rank);
  const gint64 outer = (gint64) ir_shape_size (shape, 0, (gint) axis);
  Complex *turns = ir_scratch_take (ctx->scratch, (gsize) n, sizeof *turns);
  Complex *work = ir_scratch_take (ctx->scratch, (gsize) n, sizeof *work);
  float *data = tensor->data;

  if (turns == NULL || work == NULL)
    return ir_fail (error, IR_ERROR_LIMIT,
        "no memory to transform %" G_GINT64_FORMAT " numbers", n);
  for (gint64 i = 0; i < n; i++) {
    const double angle = (inverse ? 2 : -2) * G_PI * (double) i / (double) n;

    turns[i] = (Complex){ cos (angle), sin (angle) };
  }
  for (gint64 o = 0; o < outer; o++)
    for (gint64 i = 0; i < step; i += 2)
      transform_line (data + o * n * step + i, n, step, turns, work,
          inverse ? 1.0 / (double) n : 1);
  return TRUE;
}

static gboolean
evaluate (IrEvalCtx *ctx, gboolean inverse, GError **error)
{
  gint64 values[IR_MAX_RANK];
  guint axes[IR_MAX_RANK];
  gsize n;

  if (!ir_eval_ints (ctx, AXES, values, IR_MAX_RANK, &n, error) ||
      !check_axes (values, n, ctx->in[DATA]->shape.rank, axes, error))
    return FALSE;
  if (ctx->out[0]->size == 0)
    return TRUE;
  place_data (ctx);
  for (gsize i = 0; i < n; i++)
    if (!transform_axis (ctx, axes[i], inverse, error))
      return FALSE;
  return TRUE;
}

static gboolean
evaluate_dft (IrEvalCtx *ctx, GError **error)
{
  return evaluate (ctx, FALSE, error);
}

static gboolean
evaluate_idft (IrEvalCtx *ctx, GError **error)
{
  return evaluate (ctx, TRUE, error);
}

const IrOpDesc ir_op_dft_7 = {
  .type = "DFT",
  .opset = 7,
  .min_inputs = 2,
  .max_inputs = 3,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .infer = infer_dft,
  .evaluate = evaluate_dft,
  .summary = "discrete Fourier transform of pairs (real, imaginary)",
};

const IrOpDesc ir_op_idft_7 = {
  .type = "IDFT",
  .opset = 7,
  .min_inputs = 2,
  .max_inputs = 3,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .infer = infer_dft,
  .evaluate = evaluate_idft,
  .summary = "inverse discrete Fourier transform of pairs (real, imaginary)",
};
