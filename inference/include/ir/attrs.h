/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ATTRS_H
#define IR_ATTRS_H

#include <ir/op.h>

G_BEGIN_DECLS

/*
 * The attribute structs of ops, for code that reads a node's `attrs`: passes,
 * device plugins. Field names are the IR's attribute names. A struct may serve
 * several ops; each says which. Since: 0.1
 */

/** IrAutoPad: names "explicit", "same_upper", "same_lower", "valid". */
typedef enum {
  IR_PAD_EXPLICIT,
  IR_PAD_SAME_UPPER,
  IR_PAD_SAME_LOWER,
  IR_PAD_VALID,
} IrAutoPad;

/** IrBroadcastMode: names "none", "numpy", "pdpd", "explicit",
 * "bidirectional"; not every op takes all of them. */
typedef enum {
  IR_BROADCAST_NONE,
  IR_BROADCAST_NUMPY,
  IR_BROADCAST_PDPD,
  IR_BROADCAST_EXPLICIT,
  IR_BROADCAST_BIDIRECTIONAL,
} IrBroadcastMode;

/** IrConvAttrs: Convolution, GroupConvolution, ConvolutionBackpropData,
 * GroupConvolutionBackpropData. @output_padding is of the latter two and may be
 * empty (zeros). */
typedef struct {
  IrI64s strides;
  IrI64s dilations;
  IrI64s pads_begin;
  IrI64s pads_end;
  gint auto_pad;
  IrI64s output_padding;
} IrConvAttrs;

/** IrRounding: names "floor", "ceil", "ceil_torch". */
typedef enum {
  IR_ROUNDING_FLOOR,
  IR_ROUNDING_CEIL,
  IR_ROUNDING_CEIL_TORCH,
} IrRounding;

/** IrPoolAttrs: MaxPool (all forms) and AvgPool. @exclude_pad is of AvgPool;
 * @dilations (may be empty), @index_element_type and @axis are of MaxPool-8. */
typedef struct {
  IrI64s strides;
  IrI64s dilations;
  IrI64s pads_begin;
  IrI64s pads_end;
  IrI64s kernel;
  gint rounding_type;
  gint auto_pad;
  gboolean exclude_pad;
  gint index_element_type;
  gint64 axis;
} IrPoolAttrs;

/** IrBroadcastAttrs: element-wise binary ops, Select, FakeQuantize's ranges.
 * @pythondiv is of Divide, @levels of FakeQuantize. */
typedef struct {
  gint auto_broadcast;
  gboolean pythondiv;
  gint64 levels;
} IrBroadcastAttrs;

/** IrAxisAttrs: Concat, SoftMax, LogSoftmax, GatherElements, OneHot. */
typedef struct {
  gint64 axis;
} IrAxisAttrs;

/** IrMatMulAttrs: MatMul. */
typedef struct {
  gboolean transpose_a;
  gboolean transpose_b;
} IrMatMulAttrs;

/** IrClampAttrs: Clamp. */
typedef struct {
  double min;
  double max;
} IrClampAttrs;

/** IrAlphaAttrs: Elu. */
typedef struct {
  double alpha;
} IrAlphaAttrs;

/** IrGeluAttrs: Gelu-7; @approximation_mode 0 is "erf", 1 "tanh". */
typedef struct {
  gint approximation_mode;
} IrGeluAttrs;

/** IrBatchNormAttrs: BatchNormInference, both forms. */
typedef struct {
  double epsilon;
} IrBatchNormAttrs;

/** IrReduceAttrs: the Reduce ops. */
typedef struct {
  gboolean keep_dims;
} IrReduceAttrs;

/** IrRoundAttrs: Round; @mode 0 is "half_to_even", 1 "half_away_from_zero". */
typedef struct {
  gint mode;
} IrRoundAttrs;

/** IrMvnAttrs: MVN, both forms. @across_channels and @reduction_axes are of the
 * first one, whose axes ir_mvn_axes() finds; @eps_mode 0 is "inside_sqrt", 1
 * "outside_sqrt". */
typedef struct {
  double eps;
  gboolean across_channels;
  gboolean normalize_variance;
  IrI64s reduction_axes;
  gint eps_mode;
} IrMvnAttrs;

/**
 * ir_mvn_axes:
 * @attrs: of MVN-2
 * @shape: of its input
 * @axes: (out): bit d is set where dimension d is normalised over
 * @error: return location for a #GError
 *
 * Returns: %FALSE if an axis is outside @shape
 *
 * Since: 0.1
 */
IR_API gboolean ir_mvn_axes (
    const IrMvnAttrs *attrs, const IrShape *shape, guint *axes, GError **error);

/** IrGroupNormAttrs: GroupNormalization. */
typedef struct {
  gint64 num_groups;
  double epsilon;
} IrGroupNormAttrs;

/** IrNormalizeAttrs: NormalizeL2; @eps_mode 0 is "add", 1 "max". */
typedef struct {
  double eps;
  gint eps_mode;
} IrNormalizeAttrs;

/** IrGrnAttrs: GRN. */
typedef struct {
  double bias;
} IrGrnAttrs;

/** IrLrnAttrs: LRN. */
typedef struct {
  double alpha;
  double beta;
  double bias;
  gint64 size;
} IrLrnAttrs;

/** IrCumSumAttrs: CumSum. */
typedef struct {
  gboolean exclusive;
  gboolean reverse;
} IrCumSumAttrs;

/** IrReshapeAttrs: Reshape. */
typedef struct {
  gboolean special_zero;
} IrReshapeAttrs;

/** IrConvertAttrs: Convert. */
typedef struct {
  gint destination_type;
} IrConvertAttrs;

/** IrParameterAttrs: Parameter. @shape is text in the file's syntax, so that
 * intervals survive; the output port has it parsed. */
typedef struct {
  const char *shape;
  gint element_type;
} IrParameterAttrs;

/** IrSplitAttrs: Split. */
typedef struct {
  gint64 num_splits;
} IrSplitAttrs;

/** IrStridedSliceAttrs: StridedSlice; in begin and end masks 1 means ignore. */
typedef struct {
  IrI64s begin_mask;
  IrI64s end_mask;
  IrI64s new_axis_mask;
  IrI64s shrink_axis_mask;
  IrI64s ellipsis_mask;
} IrStridedSliceAttrs;

/** IrPadMode: names "constant", "edge", "reflect", "symmetric". */
typedef enum {
  IR_PAD_CONSTANT,
  IR_PAD_EDGE,
  IR_PAD_REFLECT,
  IR_PAD_SYMMETRIC,
} IrPadMode;

/** IrPadAttrs: Pad. */
typedef struct {
  gint pad_mode;
} IrPadAttrs;

/** IrInterpolateMode: names "nearest", "linear", "linear_onnx", "cubic",
 * "area", "bilinear_pillow", "bicubic_pillow". */
typedef enum {
  IR_INTERPOLATE_NEAREST,
  IR_INTERPOLATE_LINEAR,
  IR_INTERPOLATE_LINEAR_ONNX,
  IR_INTERPOLATE_CUBIC,
  IR_INTERPOLATE_AREA,
  IR_INTERPOLATE_BILINEAR_PILLOW,
  IR_INTERPOLATE_BICUBIC_PILLOW,
} IrInterpolateMode;

/** IrCoordinateMode: names "half_pixel", "pytorch_half_pixel", "asymmetric",
 * "tf_half_pixel_for_nn", "align_corners". */
typedef enum {
  IR_COORDINATE_HALF_PIXEL,
  IR_COORDINATE_PYTORCH_HALF_PIXEL,
  IR_COORDINATE_ASYMMETRIC,
  IR_COORDINATE_TF_HALF_PIXEL_FOR_NN,
  IR_COORDINATE_ALIGN_CORNERS,
} IrCoordinateMode;

/** IrNearestMode: names "round_prefer_floor", "round_prefer_ceil", "floor",
 * "ceil", "simple". */
typedef enum {
  IR_NEAREST_ROUND_PREFER_FLOOR,
  IR_NEAREST_ROUND_PREFER_CEIL,
  IR_NEAREST_FLOOR,
  IR_NEAREST_CEIL,
  IR_NEAREST_SIMPLE,
} IrNearestMode;

/** IrInterpolateAttrs: Interpolate-4 and -11. @shape_calculation_mode 0 is
 * "sizes", 1 "scales". */
typedef struct {
  gint mode;
  gint shape_calculation_mode;
  gint coordinate_transformation_mode;
  gint nearest_mode;
  gboolean antialias;
  IrI64s pads_begin;
  IrI64s pads_end;
  double cube_coeff;
} IrInterpolateAttrs;

/**
 * IrTopKAttrs: TopK
 * @mode: an #IrTopKMode
 * @sort: an #IrTopKSort
 *
 * Since: 0.1
 */
typedef enum {
  IR_TOPK_MIN,
  IR_TOPK_MAX,
} IrTopKMode;
typedef enum {
  IR_TOPK_SORT_NONE,
  IR_TOPK_SORT_INDEX,
  IR_TOPK_SORT_VALUE,
} IrTopKSort;
typedef struct {
  gint64 axis;
  gint mode;
  gint sort;
  gint index_element_type;
  gboolean stable;
} IrTopKAttrs;

G_END_DECLS

#endif
