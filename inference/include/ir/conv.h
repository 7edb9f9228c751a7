/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CONV_H
#define IR_CONV_H

#include <ir/attrs.h>

G_BEGIN_DECLS

/*
 * Where the windows of convolutions and pooling lie: the one place that turns
 * `auto_pad`, rounding and optional attributes into numbers. Shape inference,
 * the reference device and other devices all take it from here.
 */

/** IR_MAX_SPATIAL: the most spatial dimensions a convolution or pooling can
 * have (depth, height, width). Since: 0.1 */
#define IR_MAX_SPATIAL 3

/** IR_CONV_LIMIT: sizes, strides, dilations and pads beyond it are refused, so
 * that sums and products of them fit into 64 bits. Since: 0.1 */
#define IR_CONV_LIMIT (G_GINT64_CONSTANT (1) << 30)

/**
 * IrConvGeometry: the spatial side of a convolution or pooling, outermost
 * dimension first
 * @n: number of spatial dimensions, 1 to %IR_MAX_SPATIAL
 * @in: sizes of the input
 * @kernel: sizes of the window, without dilation
 * @stride: steps of the window
 * @dilation: distances between the window's elements
 * @pad_begin: elements added before the input; may be negative (cropped)
 * @pad_end: the same behind it
 * @out: sizes of the output
 *
 * Element o of the output belongs to the elements `o * stride - pad_begin + k *
 * dilation` of the input, k from 0 to kernel - 1. For the backprop ops it is the
 * other way round: element i of the input goes to the elements `i * stride -
 * pad_begin + k * dilation` of the output, those outside are dropped, and the
 * ones that nothing reaches are 0.
 *
 * What is not known is %IR_DIM_UNKNOWN: `in` and `kernel` as given, `out` when
 * it depends on an unknown size; the pads are 0 when `auto_pad` would compute
 * them from one.
 *
 * Since: 0.1
 */
typedef struct {
  guint n;
  gint64 in[IR_MAX_SPATIAL];
  gint64 kernel[IR_MAX_SPATIAL];
  gint64 stride[IR_MAX_SPATIAL];
  gint64 dilation[IR_MAX_SPATIAL];
  gint64 pad_begin[IR_MAX_SPATIAL];
  gint64 pad_end[IR_MAX_SPATIAL];
  gint64 out[IR_MAX_SPATIAL];
} IrConvGeometry;

/**
 * ir_conv_geometry:
 * @attrs: of Convolution, GroupConvolution, BinaryConvolution,
 *   DeformableConvolution; empty lists stand for ones (strides, dilations) and
 *   zeros (pads)
 * @n: number of spatial dimensions
 * @in: (array length=n): the data's spatial sizes, each may be unknown
 * @kernel: (array length=n): the weights' spatial sizes, each may be unknown
 * @geometry: (out): filled on success
 *
 * Returns: %FALSE with %IR_ERROR_SHAPE (lists of the wrong length, strides or
 *   dilations below 1, a window that is larger than the padded input) or
 *   %IR_ERROR_LIMIT
 *
 * Since: 0.1
 */
IR_API gboolean ir_conv_geometry (const IrConvAttrs *attrs, guint n,
    const gint64 *in, const gint64 *kernel, IrConvGeometry *geometry,
    GError **error);

/**
 * ir_conv_backprop_geometry:
 * @attrs: of ConvolutionBackpropData or GroupConvolutionBackpropData
 * @output_shape: (nullable) (array length=n): the wanted spatial sizes, each may
 *   be unknown. With same_upper and same_lower the pads are derived from them,
 *   the odd one at the beginning and the end respectively; else they only cut or
 *   extend the output at its end
 *
 * ir_conv_geometry() for the ops that go the other way round. Without
 * @output_shape, same_upper and same_lower are the same as valid.
 *
 * Since: 0.1
 */
IR_API gboolean ir_conv_backprop_geometry (const IrConvAttrs *attrs, guint n,
    const gint64 *in, const gint64 *kernel, const gint64 *output_shape,
    IrConvGeometry *geometry, GError **error);

/**
 * ir_pool_geometry:
 * @attrs: of MaxPool or AvgPool
 *
 * ir_conv_geometry() for pooling. The last window may reach beyond the padded
 * input when the rounding type is not floor; `ceil_torch` drops it if it starts
 * there.
 *
 * Since: 0.1
 */
IR_API gboolean ir_pool_geometry (const IrPoolAttrs *attrs, guint n,
    const gint64 *in, IrConvGeometry *geometry, GError **error);

/**
 * ir_pool_counts_pads:
 * @attrs: of AvgPool
 * @geometry: from ir_pool_geometry(), pads known
 *
 * Returns: whether every average is divided by the number of elements of the
 *   whole window, even of one that overhangs the padded input; otherwise by the
 *   number of those inside the input. Without any padding that is so whatever
 *   exclude-pad says, as in OpenVINO's CPU device
 *
 * Since: 0.1
 */
IR_API gboolean ir_pool_counts_pads (
    const IrPoolAttrs *attrs, const IrConvGeometry *geometry);

G_END_DECLS

#endif
