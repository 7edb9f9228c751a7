/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Element-wise ops, activations, matrix products. */
#include "map.h"

#include <ir/attrs.h>

#include <string.h>

IrPort
onnx_second_in (IrBuild *n)
{
  const gint64 ones[IR_MAX_RANK] = { 1, 1, 1, 1, 1, 1, 1, 1 };
  IrPort first = ir_build_in (n, 0), second = ir_build_in (n, 1);
  gint64 axis, behind;

  if (onnx_node (n)->opset >= 7 || ir_build_i64 (n, "broadcast", 0) == 0 ||
      ir_source_attr (n->source, "axis") == NULL)
    return second;
  axis = ir_build_axis (n, first, ir_build_i64 (n, "axis", 0));
  behind = ir_build_rank (n, first) - axis - ir_build_rank (n, second);
  if (behind < 0)
    ir_build_fail (n, IR_ERROR_SHAPE, "has an axis that is out of range");
  if (ir_build_failed (n) || behind == 0)
    return second;
  return ir_build_reshape (n, second,
      ir_build_concat (n, 0, 2, ir_build_shape (n, second),
          ir_build_list (n, ones, (gsize) behind)));
}

void
onnx_map_identity (IrBuild *n)
{
  ir_build_out (n, 0, ir_build_in (n, 0));
}

/* Training with a ratio above 0 draws numbers. Before opset 12 the model can't
 * say; then it is taken for inference. */
static void
check_dropout (IrBuild *n)
{
  double training = 0, ratio = 0.5;

  if (ir_build_has (n, 1) && ir_build_scalar (n, n->in[1], &ratio) &&
      ratio == 0)
    return;
  if (ir_build_has (n, 2) &&
      (!ir_build_scalar (n, n->in[2], &training) || training != 0))
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "is in training mode, or the model's input says whether it is; only "
        "inference can be converted");
}

void
onnx_map_dropout (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrDType mask =
      onnx_node (n)->opset < 10 ? ir_build_dtype_of (data) : IR_DTYPE_BOOLEAN;

  check_dropout (n);
  ir_build_out (n, 0, data);
  if (ir_build_wants (n, 1))
    ir_build_out (n, 1,
        ir_build_op (n, "Broadcast", 3, 2, ir_build_number (n, mask, 1),
            ir_build_shape (n, data)));
}

void
onnx_map_constant (IrBuild *n)
{
  const IrSourceAttr *attr = ir_source_attr (n->source, "value");
  const IrSourceAttr *real = ir_source_attr (n->source, "value_float");
  const IrSourceAttr *whole = ir_source_attr (n->source, "value_int");
  IrI64s list;
  IrF64s reals;

  if (n->source->n_attrs > 1)
    ir_build_fail (n, IR_ERROR_PARSE, "has more than one value");
  if (attr && attr->kind == IR_SOURCE_TENSOR)
    ir_build_out (n, 0, ir_build_const (n, ir_tensor_ref (attr->u.tensor)));
  else if (real && real->kind == IR_SOURCE_F64)
    ir_build_out (n, 0, ir_build_number (n, IR_DTYPE_F32, real->u.f));
  else if (whole && whole->kind == IR_SOURCE_I64)
    ir_build_out (n, 0, ir_build_int (n, whole->u.i));
  else if (ir_build_i64s (n, "value_ints", &list))
    ir_build_out (n, 0, ir_build_list (n, list.v, list.n));
  else if (ir_build_f64s (n, "value_floats", &reals))
    ir_build_out (n, 0, ir_build_reals (n, IR_DTYPE_F32, reals.v, reals.n));
  else
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "has a value that is text or sparse, which the IR doesn't have");
}

/* Max, Min, Sum, Mean take any number of inputs. */
void
onnx_map_variadic (IrBuild *n)
{
  IrPort sum = ir_build_in (n, 0);

  for (gsize i = 1; i < n->n_inputs; i++)
    sum =
        ir_build_op (n, onnx_node (n)->row->ir, 1, 2, sum, ir_build_in (n, i));
  if (strcmp (onnx_node (n)->row->type, "Mean") == 0 && n->n_inputs > 1)
    sum = ir_build_op (
        n, "Divide", 1, 2, sum, ir_build_like (n, sum, (double) n->n_inputs));
  ir_build_out (n, 0, sum);
}

void
onnx_map_binary (IrBuild *n)
{
  ir_build_out (n, 0,
      ir_build_op (n, onnx_node (n)->row->ir, onnx_node (n)->row->ir_opset, 2,
          ir_build_in (n, 0), onnx_second_in (n)));
}

/* Integers divide towards zero. */
void
onnx_map_div (IrBuild *n)
{
  IrPort a = ir_build_in (n, 0);
  IrNode *op = ir_build_add (n, "Divide", 1, 2, a, onnx_second_in (n));

  if (!ir_build_failed (n) && !ir_dtype_is_float (ir_build_dtype_of (a)))
    ((IrBroadcastAttrs *) op->attrs)->pythondiv = FALSE;
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
onnx_map_elu (IrBuild *n)
{
  IrNode *op = ir_build_add (n, "Elu", 1, 1, ir_build_in (n, 0));

  ir_build_set_f64 (n, op, "alpha", ir_build_f64 (n, "alpha", 1));
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
onnx_map_leaky_relu (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);

  ir_build_out (n, 0,
      ir_build_op (n, "PReLU", 1, 2, data,
          ir_build_reshape_to (n,
              ir_build_like (n, data, ir_build_f64 (n, "alpha", 0.01)),
              (const gint64[]){ 1 }, 1)));
}

/* A slope of rank 1 goes along the last dimension from opset 7 on, along the
 * channels before and in the IR: written out, there is no doubt. */
void
onnx_map_prelu (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrPort zero = ir_build_like (n, data, 0);
  IrPort above = ir_build_op (n, "Maximum", 1, 2, data, zero);
  IrPort below = ir_build_op (n, "Minimum", 1, 2, data, zero);
  const IrShape *slope = ir_build_shape_of (ir_build_in (n, 1));
  const IrShape *shape = ir_build_shape_of (data);
  gint64 count = 1;

  if (onnx_node (n)->opset < 7 && slope->rank == 1) {
    ir_build_out (n, 0, ir_build_op (n, "PReLU", 1, 2, data, n->in[1]));
    return;
  }
  /* The usual [C,1,1] is what the IR's op has a kernel for. */
  if (slope->rank == 3 && shape->rank == 4 && slope->dim[1] == 1 &&
      slope->dim[2] == 1 && slope->dim[0] > 0 &&
      (slope->dim[0] == 1 || slope->dim[0] == shape->dim[1])) {
    count = slope->dim[0];
    ir_build_out (n, 0,
        ir_build_op (n, "PReLU", 1, 2, data,
            ir_build_reshape_to (n, ir_build_in (n, 1), &count, 1)));
    return;
  }
  ir_build_out (n, 0,
      ir_build_op (n, "Add", 1, 2, above,
          ir_build_op (n, "Multiply", 1, 2, below, ir_build_in (n, 1))));
}

void
onnx_map_hard_sigmoid (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);

  ir_build_out (n, 0,
      ir_build_op (n, "HardSigmoid", 1, 3, data,
          ir_build_like (n, data, ir_build_f64 (n, "alpha", 0.2)),
          ir_build_like (n, data, ir_build_f64 (n, "beta", 0.5))));
}

/* Limits are attributes before opset 11, optional inputs from then on. */
#define F32_LIMIT 3.4028234663852886e38

/* The constant limits of real numbers, if they can be those of a Clamp. */
static gboolean
clip_limits (IrBuild *n, double *low, double *high)
{
  if (onnx_node (n)->opset < 11) {
    *low = ir_build_f64 (n, "min", -F32_LIMIT);
    *high = ir_build_f64 (n, "max", F32_LIMIT);
    return TRUE;
  }
  *low = -F32_LIMIT;
  *high = F32_LIMIT;
  return ir_dtype_is_float (ir_build_dtype_of (n->in[0])) &&
      ir_build_dtype_of (n->in[0]) != IR_DTYPE_F64 &&
      (!ir_build_has (n, 1) || ir_build_scalar (n, n->in[1], low)) &&
      (!ir_build_has (n, 2) || ir_build_scalar (n, n->in[2], high)) &&
      -F32_LIMIT <= *low && *low <= *high && *high <= F32_LIMIT;
}

void
onnx_map_clip (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  double low, high;

  if (ir_build_failed (n))
    return;
  if (clip_limits (n, &low, &high)) {
    IrNode *op = ir_build_add (n, "Clamp", 1, 1, data);

    ir_build_set_f64 (n, op, "min", low);
    ir_build_set_f64 (n, op, "max", high);
    ir_build_out (n, 0, ir_build_done (n, op));
    return;
  }
  if (ir_build_has (n, 1))
    data = ir_build_op (n, "Maximum", 1, 2, data, n->in[1]);
  if (ir_build_has (n, 2))
    data = ir_build_op (n, "Minimum", 1, 2, data, n->in[2]);
  ir_build_out (n, 0, data);
}

static void
check_matrix (IrBuild *n, gsize input)
{
  gint rank = ir_build_shape_of (ir_build_in (n, input))->rank;

  if (rank >= 0 && rank != 2)
    ir_build_fail (n, IR_ERROR_SHAPE,
        "takes matrices, but input %" G_GSIZE_FORMAT " has %d dimensions",
        input, rank);
}

/* Y = alpha A' B' + beta C. */
void
onnx_map_gemm (IrBuild *n)
{
  double alpha = ir_build_f64 (n, "alpha", 1);
  double beta = ir_build_f64 (n, "beta", 1);
  IrNode *op =
      ir_build_add (n, "MatMul", 1, 2, ir_build_in (n, 0), ir_build_in (n, 1));
  IrPort y;

  check_matrix (n, 0);
  check_matrix (n, 1);
  ir_build_set_bool (n, op, "transpose_a", ir_build_i64 (n, "transA", 0) != 0);
  ir_build_set_bool (n, op, "transpose_b", ir_build_i64 (n, "transB", 0) != 0);
  y = ir_build_done (n, op);
  if (alpha != 1)
    y = ir_build_op (n, "Multiply", 1, 2, y, ir_build_like (n, y, alpha));
  if (ir_build_has (n, 2)) {
    IrPort c = n->in[2];

    if (beta != 1)
      c = ir_build_op (n, "Multiply", 1, 2, c, ir_build_like (n, c, beta));
    y = ir_build_op (n, "Add", 1, 2, y, c);
  }
  ir_build_out (n, 0, y);
}

/* Opset 1 names the type, later ones number it. */
void
onnx_map_cast (IrBuild *n)
{
  const IrSourceAttr *attr = ir_source_attr (n->source, "to");
  IrDType dtype = IR_DTYPE_DYNAMIC;

  if (attr && attr->kind == IR_SOURCE_TEXT)
    dtype = onnx_dtype_named (attr->u.text);
  else if (attr && attr->kind == IR_SOURCE_I64)
    dtype = onnx_dtype (attr->u.i);
  if (dtype == IR_DTYPE_DYNAMIC)
    ir_build_fail (
        n, IR_ERROR_UNSUPPORTED, "casts to a type that the IR doesn't have");
  else
    ir_build_out (n, 0, ir_build_cast (n, ir_build_in (n, 0), dtype));
}
