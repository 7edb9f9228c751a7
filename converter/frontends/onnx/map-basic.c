/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Element-wise ops, activations, matrix products, reductions. */
#include "map.h"

#include <ir/attrs.h>

#include <string.h>

void
onnx_map_identity (OnnxNode *n)
{
  onnx_out (n, 0, onnx_in (n, 0));
}

/* Training does more; what is left for inference is the data. */
void
onnx_map_dropout (OnnxNode *n)
{
  if (onnx_has (n, 2)) {
    g_autoptr (IrTensor) training = onnx_value (n, n->in[2]);

    if (training == NULL || ir_tensor_get_i64 (training, 0) != 0)
      onnx_fail (n, IR_ERROR_UNSUPPORTED, "may be in training mode");
  }
  if (onnx_wants (n, 1))
    onnx_fail (n, IR_ERROR_UNSUPPORTED, "has a mask that is read");
  onnx_out (n, 0, onnx_in (n, 0));
}

void
onnx_map_constant (OnnxNode *n)
{
  const IrSourceAttr *attr = ir_source_attr (n->source, "value");
  const IrSourceAttr *real = ir_source_attr (n->source, "value_float");
  const IrSourceAttr *whole = ir_source_attr (n->source, "value_int");
  IrI64s list;

  if (attr && attr->kind == IR_SOURCE_TENSOR)
    onnx_out (n, 0, onnx_const (n, ir_tensor_ref (attr->u.tensor)));
  else if (real && real->kind == IR_SOURCE_F64)
    onnx_out (n, 0, onnx_number (n, IR_DTYPE_F32, real->u.f));
  else if (whole && whole->kind == IR_SOURCE_I64)
    onnx_out (n, 0, onnx_int (n, whole->u.i));
  else if (onnx_i64s (n, "value_ints", &list))
    onnx_out (n, 0, onnx_list (n, list.v, list.n));
  else
    onnx_fail (
        n, IR_ERROR_UNSUPPORTED, "has a value of a kind that is not read");
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

/* Before opset 7 broadcasting was asked for by attributes. */
void
onnx_map_binary (OnnxNode *n)
{
  if (n->opset < 7 && onnx_i64 (n, "broadcast", 0) != 0)
    onnx_fail (n, IR_ERROR_UNSUPPORTED,
        "has a 'broadcast' attribute of opset 6 and before");
  onnx_out (n, 0,
      onnx_op (
          n, n->row->ir, n->row->ir_opset, 2, onnx_in (n, 0), onnx_in (n, 1)));
}

/* Integers divide towards zero. */
void
onnx_map_div (OnnxNode *n)
{
  IrPort a = onnx_in (n, 0);
  IrNode *op = onnx_add (n, "Divide", 1, 2, a, onnx_in (n, 1));

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

/* A slope of rank 1 goes along the last dimension here, along the channels in
 * the IR: written out, there is no doubt. */
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
void
onnx_map_clip (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);

  if (n->opset < 11) {
    IrNode *op = onnx_add (n, "Clamp", 1, 1, data);

    onnx_set_f64 (n, op, "min", onnx_f64 (n, "min", -3.4028234663852886e38));
    onnx_set_f64 (n, op, "max", onnx_f64 (n, "max", 3.4028234663852886e38));
    onnx_out (n, 0, onnx_done (n, op));
    return;
  }
  if (onnx_has (n, 1))
    data = onnx_op (n, "Maximum", 1, 2, data, n->in[1]);
  if (onnx_has (n, 2))
    data = onnx_op (n, "Minimum", 1, 2, data, n->in[2]);
  onnx_out (n, 0, data);
}

/* Y = alpha A' B' + beta C. */
void
onnx_map_gemm (OnnxNode *n)
{
  double alpha = onnx_f64 (n, "alpha", 1);
  double beta = onnx_f64 (n, "beta", 1);
  IrNode *op = onnx_add (n, "MatMul", 1, 2, onnx_in (n, 0), onnx_in (n, 1));
  IrPort y;

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

/* Axes are an attribute, or an input from opset 13 (ReduceSum) or 18 on. */
void
onnx_map_reduce (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  gboolean keep = onnx_i64 (n, "keepdims", 1) != 0;
  IrI64s list;
  IrPort axes;

  if (onnx_i64s (n, "axes", &list))
    axes = onnx_list (n, list.v, list.n);
  else if (onnx_has (n, 1))
    axes = n->in[1];
  else
    axes = ONNX_NONE;
  /* An empty list means all, unless the node says that it means none. */
  if (axes.node && onnx_shape_of (axes)->rank == 1 &&
      onnx_shape_of (axes)->dim[0] == 0)
    axes = ONNX_NONE;
  if (axes.node == NULL && onnx_i64 (n, "noop_with_empty_axes", 0) != 0) {
    onnx_out (n, 0, data);
    return;
  }
  if (axes.node == NULL)
    axes = onnx_axes_from (n, data, 0);
  onnx_out (n, 0, onnx_reduce (n, n->row->ir, data, axes, keep));
}

/* Before opset 13 everything from the axis on is one dimension. */
void
onnx_map_softmax (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  gint64 axis =
      onnx_axis (n, data, onnx_i64 (n, "axis", n->opset < 13 ? 1 : -1));
  gboolean whole = n->opset >= 13 || axis + 1 == onnx_rank (n, data);
  IrPort shape = ONNX_NONE;
  IrNode *op;

  if (!whole) {
    shape = onnx_shape (n, data);
    data = onnx_reshape (n, data,
        onnx_concat (n, 0, 2, onnx_slice (n, shape, 0, 0, axis),
            onnx_list (n, (const gint64[]){ -1 }, 1)));
  }
  op = onnx_add (n, n->row->ir, n->row->ir_opset, 1, data);
  onnx_set_i64 (n, op, "axis", axis);
  data = onnx_done (n, op);
  onnx_out (n, 0, whole ? data : onnx_reshape (n, data, shape));
}

void
onnx_map_cast (OnnxNode *n)
{
  static const IrDType types[] = { IR_DTYPE_DYNAMIC, IR_DTYPE_F32, IR_DTYPE_U8,
    IR_DTYPE_I8, IR_DTYPE_U16, IR_DTYPE_I16, IR_DTYPE_I32, IR_DTYPE_I64,
    IR_DTYPE_DYNAMIC, IR_DTYPE_BOOLEAN, IR_DTYPE_F16, IR_DTYPE_F64,
    IR_DTYPE_U32, IR_DTYPE_U64 };
  const IrSourceAttr *attr = ir_source_attr (n->source, "to");
  gint64 to = onnx_i64 (n, "to", 0);
  IrDType dtype = IR_DTYPE_DYNAMIC;

  if (attr && attr->kind == IR_SOURCE_DTYPE)
    dtype = attr->u.dtype;
  else if (to > 0 && to < (gint64) G_N_ELEMENTS (types))
    dtype = types[to];
  if (dtype == IR_DTYPE_DYNAMIC || dtype == IR_DTYPE_BF16 ||
      onnx_dtype_of (onnx_in (n, 0)) == IR_DTYPE_BF16) {
    onnx_fail (n, IR_ERROR_UNSUPPORTED,
        "casts to the element type %" G_GINT64_FORMAT ", which is not handled",
        to);
    return;
  }
  onnx_out (n, 0, onnx_cast (n, onnx_in (n, 0), dtype));
}
