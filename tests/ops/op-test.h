/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OP_TEST_H
#define OP_TEST_H

#include <ir/graph.h>

G_BEGIN_DECLS

/*
 * One op at a time: build it, infer it, run it, compare it.
 *
 * Ops are named "Type-opset". Attributes are "name=value;name=value" with the
 * values in the IR's syntax.
 *
 *   op_check ("Add-1", "auto_broadcast=numpy",
 *       OP_LIST (op_tensor (F32, "2", 1, 2), op_tensor (F32, "1", 3)),
 *       OP_LIST (op_tensor (F32, "2", 4, 5)));
 *   op_reject ("Add-1", "", OP_LIST (op_tensor (F32, "2", 1, 2),
 *       op_tensor (F32, "3", 3, 4, 5)), IR_ERROR_SHAPE);
 *   op_check_shape ("Add-1", "", "f32[2,?]", "f32 2,?", "f32 1", NULL);
 */

/* A tensor with the values, given as numbers of any kind. */
#define op_tensor(dtype, shape, ...)                                           \
  op_tensor_new (IR_DTYPE_##dtype, shape, (const double[]){ __VA_ARGS__ },     \
      sizeof ((const double[]){ __VA_ARGS__ }) / sizeof (double))
IrTensor *op_tensor_new (
    IrDType dtype, const char *shape, const double *values, gsize n);

/* The same for integers that a double cannot hold. */
#define op_tensor_wide(dtype, shape, ...)                                      \
  op_tensor_new_wide (IR_DTYPE_##dtype, shape,                                 \
      (const gint64[]){ __VA_ARGS__ },                                         \
      sizeof ((const gint64[]){ __VA_ARGS__ }) / sizeof (gint64))
IrTensor *op_tensor_new_wide (
    IrDType dtype, const char *shape, const gint64 *values, gsize n);

/* A tensor of the shape filled with numbers in [low, high), the same ones for
 * the same @seed. */
IrTensor *op_tensor_random (
    IrDType dtype, const char *shape, double low, double high, guint32 seed);

/* An empty tensor. */
IrTensor *op_tensor_empty (IrDType dtype, const char *shape);

#define OP_LIST(...) ((IrTensor *[]){ __VA_ARGS__, NULL })

/* Runs the op on @in and compares its outputs with @want: types and shapes,
 * integers exactly, floats to 1e-5 of the largest wanted magnitude (1e-2 for
 * f16 and bf16). Infers it three times more, with the inputs' values, sizes and
 * then ranks unknown: what comes out must agree with @want. Takes both lists of
 * tensors. */
void op_check (
    const char *op, const char *attrs, IrTensor **in, IrTensor **want);

/* The same with a tolerance of one's own, relative to the largest magnitude. */
void op_check_near (const char *op, const char *attrs, IrTensor **in,
    IrTensor **want, double tolerance);

/* Runs the op; (array zero-terminated=1) (transfer full): its outputs. Fails the
 * test if it does not work. Takes @in. */
IrTensor **op_run (
    const char *op, const char *attrs, IrTensor **in, gsize n_outputs);
void op_free (IrTensor **tensors);

/* The op must refuse @in with an error of IR_ERROR with @code. Takes @in. */
void op_reject (
    const char *op, const char *attrs, IrTensor **in, IrErrorCode code);

/* Infers the op from types and shapes in words, "f32 1,?,3", "i64 ..." or
 * "dynamic 2", or from the values of a list, "=1,-1,2" (i64); the last one is
 * followed by NULL. @want is what comes out, such as "f32[1,?] i64[?]", or NULL if
 * it must be refused. */
void op_check_shape (const char *op, const char *attrs, const char *want,
    ...) G_GNUC_NULL_TERMINATED;

G_END_DECLS

#endif
