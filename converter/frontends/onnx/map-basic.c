/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Element-wise ops, activations, matrix products. */
#include "map.h"

#include <ir/attrs.h>

#include <string.h>

void
onnx_map_identity (OnnxNode *n)
{
  onnx_out (n, 0, onnx_in (n, 0));
}

/* Training with a ratio above 0 draws numbers. Before opset 12 the model can't
 * say; then it is taken for inference. */
static void
check_dropout (OnnxNode *n)
{
  double training = 0, ratio = 0.5;

  if (onnx_has (n, 1) && onnx_scalar (n, n->in[1], &ratio) && ratio == 0)
    return;
  if (onnx_has (n, 2) &&
      (!onnx_scalar (n, n->in[2], &training) || training != 0))
    onnx_fail (n, IR_ERROR_UNSUPPORTED,
        "is in training mode, or the model's input says whether it is; only "
        "inference can be converted");
}

void
onnx_map_dropout (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  IrDType mask = n->opset < 10 ? onnx_dtype_of (data) : IR_DTYPE_BOOLEAN;

  check_dropout (n);
  onnx_out (n, 0, data);
  if (onnx_wants (n, 1))
    onnx_out (n, 1,
        onnx_op (n, "Broadcast", 3, 2, onnx_number (n, mask, 1),
            onnx_shape (n, data)));
}

void
onnx_map_constant (OnnxNode *n)
{
  const IrSourceAttr *attr = ir_source_attr (n->source, "value");
  const IrSourceAttr *real = ir_source_attr (n->source, "value_float");
  const IrSourceAttr *whole = ir_source_attr (n->source, "value_int");
  IrI64s list;
  IrF64s reals;

  if (n->source->n_attrs > 1)
    onnx_fail (n, IR_ERROR_PARSE, "has more than one value");
  if (attr && attr->kind == IR_SOURCE_TENSOR)
    onnx_out (n, 0, onnx_const (n, ir_tensor_ref (attr->u.tensor)));
  else if (real && real->kind == IR_SOURCE_F64)
    onnx_out (n, 0, onnx_number (n, IR_DTYPE_F32, real->u.f));
  else if (whole && whole->kind == IR_SOURCE_I64)
    onnx_out (n, 0, onnx_int (n, whole->u.i));
  else if (onnx_i64s (n, "value_ints", &list))
    onnx_out (n, 0, onnx_list (n, list.v, list.n));
  else if (onnx_f64s (n, "value_floats", &reals))
    onnx_out (n, 0, onnx_reals (n, IR_DTYPE_F32, reals.v, reals.n));
  else
    onnx_fail (n, IR_ERROR_UNSUPPORTED,
        "has a value that is text or sparse, which the IR doesn't have");
}

/* Max, Min, Sum, Mean take any number of inputs. */
void
onnx_map_variadic (OnnxNode *n)
{
  IrPort sum = onnx_in (n, 0);

  for (gsize i = 1; i < n->n_inputs; i++)
    sum = onnx_op (n, n->row->ir, 1, 2, sum, onnx_in (n, i));
  if (strcmp (n->row->type, "Mean") == 0 && n->n_inputs > 1)
    sum = onnx_op (
        n, "Divide", 1, 2, sum, onnx_like (n, sum, (double) n->n_inputs));
  onnx_out (n, 0, sum);
}

void
onnx_map_binary (OnnxNode *n)
{
  onnx_out (n, 0,
      onnx_op (n, n->row->ir, n->row->ir_opset, 2, onnx_in (n, 0),
          onnx_second_in (n)));
}

/* Integers divide towards zero. */
void
onnx_map_div (OnnxNode *n)
{
  IrPort a = onnx_in (n, 0);
  IrNode *op = onnx_add (n, "Divide", 1, 2, a, onnx_second_in (n));

  if (!onnx_failed (n) && !ir_dtype_is_float (onnx_dtype_of (a)))
    ((IrBroadcastAttrs *) op->attrs)->pythondiv = FALSE;
  onnx_out (n, 0, onnx_done (n, op));
}

void
onnx_map_elu (OnnxNode *n)
{
  IrNode *op = onnx_add (n, "Elu", 1, 1, onnx_in (n, 0));

  onnx_set_f64 (n, op, "alpha", onnx_f64 (n, "alpha", 1));
  onnx_out (n, 0, onnx_done (n, op));
}

void
onnx_map_leaky_relu (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);

  onnx_out (n, 0,
      onnx_op (n, "PReLU", 1, 2, data,
          onnx_reshape_to (n, onnx_like (n, data, onnx_f64 (n, "alpha", 0.01)),
              (const gint64[]){ 1 }, 1)));
}

/* A slope of rank 1 goes along the last dimension from opset 7 on, along the
 * channels before and in the IR: written out, there is no doubt. */
void
onnx_map_prelu (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  IrPort zero = onnx_like (n, data, 0);
  IrPort above = onnx_op (n, "Maximum", 1, 2, data, zero);
  IrPort below = onnx_op (n, "Minimum", 1, 2, data, zero);
  const IrShape *slope = onnx_shape_of (onnx_in (n, 1));
  const IrShape *shape = onnx_shape_of (data);
  gint64 count = 1;

  if (n->opset < 7 && slope->rank == 1) {
    onnx_out (n, 0, onnx_op (n, "PReLU", 1, 2, data, n->in[1]));
    return;
  }
  /* The usual [C,1,1] is what the IR's op has a kernel for. */
  if (slope->rank == 3 && shape->rank == 4 && slope->dim[1] == 1 &&
      slope->dim[2] == 1 && slope->dim[0] > 0 &&
      (slope->dim[0] == 1 || slope->dim[0] == shape->dim[1])) {
    count = slope->dim[0];
    onnx_out (n, 0,
        onnx_op (n, "PReLU", 1, 2, data,
            onnx_reshape_to (n, onnx_in (n, 1), &count, 1)));
    return;
  }
  onnx_out (n, 0,
      onnx_op (n, "Add", 1, 2, above,
          onnx_op (n, "Multiply", 1, 2, below, onnx_in (n, 1))));
}

void
onnx_map_hard_sigmoid (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);

  onnx_out (n, 0,
      onnx_op (n, "HardSigmoid", 1, 3, data,
          onnx_like (n, data, onnx_f64 (n, "alpha", 0.2)),
          onnx_like (n, data, onnx_f64 (n, "beta", 0.5))));
}

/* Limits are attributes before opset 11, optional inputs from then on. */
#define F32_LIMIT 3.4028234663852886e38

/* The constant limits of real numbers, if they can be those of a Clamp. */
static gboolean
clip_limits (OnnxNode *n, double *low, double *high)
{
  if (n->opset < 11) {
    *low = onnx_f64 (n, "min", -F32_LIMIT);
    *high = onnx_f64 (n, "max", F32_LIMIT);
    return TRUE;
  }
  *low = -F32_LIMIT;
  *high = F32_LIMIT;
  return ir_dtype_is_float (onnx_dtype_of (n->in[0])) &&
      onnx_dtype_of (n->in[0]) != IR_DTYPE_F64 &&
      (!onnx_has (n, 1) || onnx_scalar (n, n->in[1], low)) &&
      (!onnx_has (n, 2) || onnx_scalar (n, n->in[2], high)) &&
      -F32_LIMIT <= *low && *low <= *high && *high <= F32_LIMIT;
}

void
onnx_map_clip (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  double low, high;

  if (onnx_failed (n))
    return;
  if (clip_limits (n, &low, &high)) {
    IrNode *op = onnx_add (n, "Clamp", 1, 1, data);

    onnx_set_f64 (n, op, "min", low);
    onnx_set_f64 (n, op, "max", high);
    onnx_out (n, 0, onnx_done (n, op));
    return;
  }
  if (onnx_has (n, 1))
    data = onnx_op (n, "Maximum", 1, 2, data, n->in[1]);
  if (onnx_has (n, 2))
    data = onnx_op (n, "Minimum", 1, 2, data, n->in[2]);
  onnx_out (n, 0, data);
}

static void
check_matrix (OnnxNode *n, gsize input)
{
  gint rank = onnx_shape_of (onnx_in (n, input))->rank;

  if (rank >= 0 && rank != 2)
    onnx_fail (n, IR_ERROR_SHAPE,
        "takes matrices, but input %" G_GSIZE_FORMAT " has %d dimensions",
        input, rank);
}

/* Y = alpha A' B' + beta C. */
void
onnx_map_gemm (OnnxNode *n)
{
  double alpha = onnx_f64 (n, "alpha", 1);
  double beta = onnx_f64 (n, "beta", 1);
  IrNode *op = onnx_add (n, "MatMul", 1, 2, onnx_in (n, 0), onnx_in (n, 1));
  IrPort y;

  check_matrix (n, 0);
  check_matrix (n, 1);
  onnx_set_bool (n, op, "transpose_a", onnx_i64 (n, "transA", 0) != 0);
  onnx_set_bool (n, op, "transpose_b", onnx_i64 (n, "transB", 0) != 0);
  y = onnx_done (n, op);
  if (alpha != 1)
    y = onnx_op (n, "Multiply", 1, 2, y, onnx_like (n, y, alpha));
  if (onnx_has (n, 2)) {
    IrPort c = n->in[2];

    if (beta != 1)
      c = onnx_op (n, "Multiply", 1, 2, c, onnx_like (n, c, beta));
    y = onnx_op (n, "Add", 1, 2, y, c);
  }
  onnx_out (n, 0, y);
}

/* Opset 1 names the type, later ones number it. */
void
onnx_map_cast (OnnxNode *n)
{
  const IrSourceAttr *attr = ir_source_attr (n->source, "to");
  IrDType dtype = IR_DTYPE_DYNAMIC;

  if (attr && attr->kind == IR_SOURCE_TEXT)
    dtype = onnx_dtype_named (attr->u.text);
  else if (attr && attr->kind == IR_SOURCE_I64)
    dtype = onnx_dtype (attr->u.i);
  if (dtype == IR_DTYPE_DYNAMIC)
    onnx_fail (
        n, IR_ERROR_UNSUPPORTED, "casts to a type that the IR doesn't have");
  else
    onnx_out (n, 0, onnx_cast (n, onnx_in (n, 0), dtype));
}
