/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ONNX_WINDOW_H
#define IR_ONNX_WINDOW_H

#include "onnx.h"

G_BEGIN_DECLS

/* How a window moves over an image: what convolutions and poolings have in
 * common. */
typedef struct {
  gsize n; /* spatial dimensions */
  gint64 kernel[IR_MAX_RANK];
  gint64 strides[IR_MAX_RANK];
  gint64 dilations[IR_MAX_RANK];
  gint64 begin[IR_MAX_RANK];
  gint64 end[IR_MAX_RANK];
  const char *auto_pad; /* in the IR's spelling */
} OnnxWindow;

/* The spatial dimensions of @data; a failure if there are none. */
gsize onnx_window_dims (IrBuild *n, IrPort data);

/* Reads the node's attributes for @n_dims spatial dimensions. */
void onnx_window_read (IrBuild *n, gsize n_dims, OnnxWindow *window);

/* Strides, padding and, if @dilations, dilations of an op of the IR. */
void onnx_window_write (
    IrBuild *n, const OnnxWindow *window, IrNode *op, gboolean dilations);

/* Convolution or GroupConvolution by the node's attributes (map-conv.c). */
IrPort onnx_conv (IrBuild *n, IrPort data, IrPort weights);

/* @port plus the per-channel bias of input @input, if there is one. */
IrPort onnx_add_bias (IrBuild *n, IrPort port, gsize input);

/* Weights [a, b, k…] as [group, a / group, b, k…]. */
IrPort onnx_group_weights (IrBuild *n, IrPort weights, gint64 group);

G_END_DECLS

#endif
