/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_REWRITE_H
#define IR_REWRITE_H

#include <ir/attrs.h>
#include <ir/graph.h>

G_BEGIN_DECLS

/* What the rewrites share. */

/* The node's value comes from a Const, not from shape inference. */
gboolean ir_is_const (IrPort port);

/* @port is a Const of one element, which becomes @value. */
gboolean ir_const_scalar (IrPort port, double *value);

/* Reads the output alone, once; NULL if nobody or several do. */
IrNode *ir_sole_reader (IrPort port);

/* Computed from constants only, whether folded or not. */
gboolean ir_is_weights (IrPort port);

/* A node of a commutative op with one constant float operand: @x gets the other,
 * @c the constant one. */
gboolean ir_split_linear (
    const IrNode *node, const char *type, IrPort *x, IrPort *c);

/* (transfer none): a Const of @dtype and @shape from @values, which has one value
 * for all elements or one for each. */
IrNode *ir_add_const_f64 (IrGraph *graph, const char *name, IrDType dtype,
    const IrShape *shape, const double *values, gsize n, GError **error);

/* Adds an op of two inputs, infers it, folds it if both are constant. @out gets
 * its output. */
gboolean ir_add_binary (IrGraph *graph, const char *type, const char *name,
    IrPort a, IrPort b, IrPort *out, GError **error);

/* A Gather of @indices along @axis, inferred and folded if it can be. */
gboolean ir_add_gather (IrGraph *graph, const char *name, IrPort data,
    const gint64 *indices, gsize n, gint64 axis, IrPort *out, GError **error);

/* @with takes the place of @node, its name too; @node is removed. */
void ir_take_place (IrNode *node, IrNode *with);

/* The same op with the same attributes. */
gboolean ir_same_op (const IrNode *a, const IrNode *b);

/* (transfer none): a node like @node that reads @inputs, as many as @node has;
 * not inferred. */
IrNode *ir_add_like (const IrNode *node, const IrPort *inputs);

/* Input @input of @node is constant and an axis of @shape. */
gboolean ir_const_axis (
    const IrNode *node, guint input, const IrShape *shape, guint *axis);

/* --- convolutions and matrix products ---------------------------------------- */

/* Where channels are in the weights of a Convolution, GroupConvolution,
 * ConvolutionBackpropData, GroupConvolutionBackpropData or MatMul. With groups
 * they are two dimensions: the group's and the one inside. */
typedef struct {
  gboolean grouped;
  guint in;
  guint out;
  gint channel; /* dimension of data and output; -1: the last */
} IrConvDims;

/* FALSE if @node is none of them, or its weights are not a Const of known
 * shape. */
gboolean ir_conv_dims (const IrNode *node, IrConvDims *dims);

/* One of them, whatever its weights are. */
gboolean ir_is_product (const IrNode *node);

/*
 * @c as a factor per channel: it must be constant with all dimensions 1 but
 * that of the channels of a tensor of @rank. @n gets 1 or the number of
 * channels.
 */
gboolean ir_per_channel (IrPort c, gint rank, gint channel, gsize *n);

/* Multiplies the weights of @conv along its input or output channels. */
gboolean ir_scale_weights (IrNode *conv, const IrConvDims *dims, gboolean out,
    IrPort c, GError **error);

G_END_DECLS

#endif
