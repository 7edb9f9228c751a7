/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "map.h"

#include <string.h>

#define ANY G_MAXUINT16

/* What later versions change can't be known. */
#define MAX_OPSET 28

/* The same op under another name, and one that a function converts. */
#define SAME(type, ir, opset)                                                  \
  {                                                                            \
    type, "", 1, ANY, ir, opset, NULL                                          \
  }
#define MAP(type, since, until, map)                                           \
  {                                                                            \
    type, "", since, until, NULL, 0, map                                       \
  }

#define BINARY(type, ir, opset)                                                \
  {                                                                            \
    type, "", 1, ANY, ir, opset, onnx_map_binary                               \
  }
/* A function with the IR's op as its hint. */
#define HINT(type, since, until, ir, opset, map)                               \
  {                                                                            \
    type, "", since, until, ir, opset, map                                     \
  }

/* clang-format off */
static const OnnxRow rows[] = {
  /* element-wise */
  SAME ("Abs", "Abs", 1),
  SAME ("Acos", "Acos", 1),
  SAME ("Acosh", "Acosh", 4),
  BINARY ("Add", "Add", 1),
  MAP ("Affine", 1, ANY, onnx_map_affine),
  BINARY ("And", "LogicalAnd", 1),
  SAME ("Asin", "Asin", 1),
  SAME ("Asinh", "Asinh", 4),
  SAME ("Atan", "Atan", 1),
  SAME ("Atanh", "Atanh", 4),
  MAP ("BitShift", 11, ANY, onnx_map_bit_shift),
  BINARY ("BitwiseAnd", "BitwiseAnd", 13),
  SAME ("BitwiseNot", "BitwiseNot", 13),
  BINARY ("BitwiseOr", "BitwiseOr", 13),
  BINARY ("BitwiseXor", "BitwiseXor", 13),
  MAP ("BlackmanWindow", 17, ANY, onnx_map_cosine_window),
  MAP ("Cast", 1, ANY, onnx_map_cast),
  MAP ("CastLike", 15, ANY, onnx_map_cast_like),
  SAME ("Ceil", "Ceiling", 1),
  MAP ("Celu", 12, ANY, onnx_map_celu),
  MAP ("Clip", 1, ANY, onnx_map_clip),
  SAME ("Cos", "Cos", 1),
  SAME ("Cosh", "Cosh", 1),
  MAP ("Div", 1, ANY, onnx_map_div),
  MAP ("Elu", 1, ANY, onnx_map_elu),
  BINARY ("Equal", "Equal", 1),
  SAME ("Erf", "Erf", 1),
  SAME ("Exp", "Exp", 1),
  SAME ("Floor", "Floor", 1),
  MAP ("Gelu", 20, ANY, onnx_map_gelu),
  BINARY ("Greater", "Greater", 1),
  BINARY ("GreaterOrEqual", "GreaterEqual", 1),
  MAP ("HammingWindow", 17, ANY, onnx_map_cosine_window),
  MAP ("HannWindow", 17, ANY, onnx_map_cosine_window),
  MAP ("HardSigmoid", 1, ANY, onnx_map_hard_sigmoid),
  SAME ("HardSwish", "HSwish", 4),
  MAP ("ImageScaler", 1, ANY, onnx_map_image_scaler),
  { "IsInf", "", 1, ANY, "IsInf", 10, NULL,
    { { "detect_negative", "detect_negative", NULL },
      { "detect_positive", "detect_positive", NULL } } },
  SAME ("IsNaN", "IsNaN", 10),
  MAP ("LeakyRelu", 1, ANY, onnx_map_leaky_relu),
  BINARY ("Less", "Less", 1),
  BINARY ("LessOrEqual", "LessEqual", 1),
  SAME ("Log", "Log", 1),
  HINT ("Max", 1, ANY, "Maximum", 1, onnx_map_variadic),
  HINT ("Mean", 1, ANY, "Add", 1, onnx_map_variadic),
  HINT ("Min", 1, ANY, "Minimum", 1, onnx_map_variadic),
  SAME ("Mish", "Mish", 4),
  MAP ("Mod", 10, ANY, onnx_map_mod),
  BINARY ("Mul", "Multiply", 1),
  SAME ("Neg", "Negative", 1),
  SAME ("Not", "LogicalNot", 1),
  BINARY ("Or", "LogicalOr", 1),
  HINT ("ParametricSoftplus", 1, ANY, "SoftPlus", 4, onnx_map_scaled),
  MAP ("Pow", 1, ANY, onnx_map_pow),
  MAP ("PRelu", 1, ANY, onnx_map_prelu),
  MAP ("Reciprocal", 1, ANY, onnx_map_reciprocal),
  SAME ("Round", "Round", 5),
  MAP ("Scale", 1, ANY, onnx_map_scale),
  HINT ("ScaledTanh", 1, ANY, "Tanh", 1, onnx_map_scaled),
  MAP ("Selu", 1, ANY, onnx_map_selu),
  MAP ("Shrink", 9, ANY, onnx_map_shrink),
  SAME ("Sign", "Sign", 1),
  SAME ("Sin", "Sin", 1),
  SAME ("Sinh", "Sinh", 1),
  SAME ("Softplus", "SoftPlus", 4),
  SAME ("Softsign", "SoftSign", 9),
  SAME ("Sqrt", "Sqrt", 1),
  BINARY ("Sub", "Subtract", 1),
  HINT ("Sum", 1, ANY, "Add", 1, onnx_map_variadic),
  SAME ("Tan", "Tan", 1),
  SAME ("Tanh", "Tanh", 1),
  MAP ("ThresholdedRelu", 1, ANY, onnx_map_thresholded_relu),
  SAME ("Where", "Select", 1),
  BINARY ("Xor", "LogicalXor", 1),
  SAME ("Relu", "ReLU", 1),
  SAME ("Sigmoid", "Sigmoid", 1),

  /* convolution */
  MAP ("Conv", 1, ANY, onnx_map_conv),
  MAP ("ConvTranspose", 1, ANY, onnx_map_conv_transpose),

  MAP ("AveragePool", 1, ANY, onnx_map_average_pool),
  HINT ("GlobalAveragePool", 1, ANY, "ReduceMean", 1, onnx_map_global_pool),
  MAP ("GlobalLpPool", 1, ANY, onnx_map_global_lp_pool),
  HINT ("GlobalMaxPool", 1, ANY, "ReduceMax", 1, onnx_map_global_pool),
  MAP ("LpPool", 1, ANY, onnx_map_lp_pool),
  MAP ("MaxPool", 1, ANY, onnx_map_max_pool),
  MAP ("Resize", 10, ANY, onnx_map_resize),
  MAP ("Upsample", 1, ANY, onnx_map_upsample),

  /* products and reductions */
  MAP ("DFT", 17, ANY, onnx_map_dft),
  MAP ("Einsum", 12, ANY, onnx_map_einsum),
  MAP ("Gemm", 1, ANY, onnx_map_gemm),
  MAP ("Hardmax", 1, ANY, onnx_map_softmax),
  HINT ("LogSoftmax", 1, ANY, "LogSoftmax", 5, onnx_map_softmax),
  SAME ("MatMul", "MatMul", 1),
  HINT ("ReduceL1", 1, ANY, "ReduceL1", 4, onnx_map_reduce_norm),
  HINT ("ReduceL2", 1, ANY, "ReduceL2", 4, onnx_map_reduce_norm),
  MAP ("ReduceLogSum", 1, ANY, onnx_map_reduce_log_sum),
  MAP ("ReduceLogSumExp", 1, ANY, onnx_map_reduce_log_sum_exp),
  HINT ("ReduceMax", 1, ANY, "ReduceMax", 1, onnx_map_reduce),
  HINT ("ReduceMean", 1, ANY, "ReduceMean", 1, onnx_map_reduce),
  HINT ("ReduceMin", 1, ANY, "ReduceMin", 1, onnx_map_reduce),
  HINT ("ReduceProd", 1, ANY, "ReduceProd", 1, onnx_map_reduce),
  HINT ("ReduceSum", 1, ANY, "ReduceSum", 1, onnx_map_reduce),
  MAP ("ReduceSumSquare", 1, ANY, onnx_map_reduce_sum_square),
  HINT ("Softmax", 1, ANY, "SoftMax", 8, onnx_map_softmax),

  /* movement and shapes */
  MAP ("ArgMax", 1, ANY, onnx_map_arg),
  MAP ("ArgMin", 1, ANY, onnx_map_arg),
  MAP ("Concat", 1, ANY, onnx_map_concat),
  MAP ("Constant", 1, ANY, onnx_map_constant),
  MAP ("ConstantOfShape", 9, ANY, onnx_map_constant_of_shape),
  MAP ("Crop", 1, ANY, onnx_map_crop),
  HINT ("DepthToSpace", 1, ANY, "DepthToSpace", 1, onnx_map_depth_to_space),
  MAP ("Dropout", 1, ANY, onnx_map_dropout),
  MAP ("Expand", 8, ANY, onnx_map_expand),
  MAP ("EyeLike", 9, ANY, onnx_map_eye_like),
  MAP ("Flatten", 1, ANY, onnx_map_flatten),
  MAP ("Gather", 1, ANY, onnx_map_gather),
  MAP ("GatherElements", 11, ANY, onnx_map_gather_elements),
  MAP ("GatherND", 11, ANY, onnx_map_gather_nd),
  MAP ("Identity", 1, ANY, onnx_map_identity),
  MAP ("Pad", 1, ANY, onnx_map_pad),
  MAP ("Reshape", 1, ANY, onnx_map_reshape),
  MAP ("Shape", 1, ANY, onnx_map_shape),
  MAP ("Size", 1, ANY, onnx_map_size),
  MAP ("Slice", 1, ANY, onnx_map_slice),
  HINT ("SpaceToDepth", 1, ANY, "SpaceToDepth", 1, onnx_map_depth_to_space),
  MAP ("Split", 1, ANY, onnx_map_split),
  MAP ("Squeeze", 1, ANY, onnx_map_squeeze),
  MAP ("Tile", 1, 5, onnx_map_old_tile),
  { "Tile", "", 6, ANY, "Tile", 1, NULL },
  MAP ("TopK", 1, ANY, onnx_map_top_k),
  MAP ("Transpose", 1, ANY, onnx_map_transpose),
  MAP ("Trilu", 14, ANY, onnx_map_trilu),
  MAP ("Unsqueeze", 1, ANY, onnx_map_unsqueeze),

  /* indices */
  MAP ("AffineGrid", 20, ANY, onnx_map_affine_grid),
  MAP ("CenterCropPad", 18, ANY, onnx_map_center_crop_pad),
  MAP ("Col2Im", 18, ANY, onnx_map_col2im),
  MAP ("Compress", 9, ANY, onnx_map_compress),
  MAP ("CumSum", 11, ANY, onnx_map_cum_sum),
  MAP ("MaxUnpool", 9, ANY, onnx_map_max_unpool),
  MAP ("NonMaxSuppression", 10, ANY, onnx_map_nms),
  MAP ("NonZero", 9, ANY, onnx_map_nonzero),
  MAP ("OneHot", 9, ANY, onnx_map_one_hot),
  MAP ("Range", 11, ANY, onnx_map_range),
  MAP ("ReverseSequence", 10, ANY, onnx_map_reverse_sequence),
  MAP ("Scatter", 9, ANY, onnx_map_scatter_elements),
  MAP ("ScatterElements", 11, ANY, onnx_map_scatter_elements),
  MAP ("ScatterND", 11, ANY, onnx_map_scatter_nd),
  MAP ("Unique", 11, ANY, onnx_map_unique),

  /* control flow */
  MAP ("If", 1, ANY, onnx_map_if),
  MAP ("Loop", 1, ANY, onnx_map_loop),
  MAP ("Scan", 8, 8, onnx_map_scan_8),
  MAP ("Scan", 9, ANY, onnx_map_scan),

  /* recurrent */
  MAP ("GRU", 3, ANY, onnx_map_gru),
  MAP ("LSTM", 1, ANY, onnx_map_lstm),
  MAP ("RNN", 1, ANY, onnx_map_rnn),

  /* normalisation */
  MAP ("BatchNormalization", 1, ANY, onnx_map_batch_norm),
  MAP ("GroupNormalization", 18, ANY, onnx_map_group_norm),
  MAP ("InstanceNormalization", 1, ANY, onnx_map_instance_norm),
  MAP ("LayerNormalization", 17, ANY, onnx_map_layer_norm),
  MAP ("LpNormalization", 1, ANY, onnx_map_lp_normalization),
  MAP ("LRN", 1, ANY, onnx_map_lrn),
  MAP ("MeanVarianceNormalization", 1, ANY, onnx_map_mean_variance_norm),
  MAP ("RMSNormalization", 23, ANY, onnx_map_rms_norm),

  /* losses */
  MAP ("NegativeLogLikelihoodLoss", 12, ANY, onnx_map_nll_loss),
  MAP ("SoftmaxCrossEntropyLoss", 12, ANY, onnx_map_softmax_loss),

  /* quantized numbers */
  MAP ("ConvInteger", 10, ANY, onnx_map_conv_integer),
  MAP ("DequantizeLinear", 10, ANY, onnx_map_dequantize),
  MAP ("DynamicQuantizeLinear", 11, ANY, onnx_map_dynamic_quantize),
  MAP ("MatMulInteger", 10, ANY, onnx_map_matmul_integer),
  MAP ("QLinearConv", 10, ANY, onnx_map_qlinear_conv),
  MAP ("QLinearMatMul", 10, ANY, onnx_map_qlinear_matmul),
  MAP ("QuantizeLinear", 10, ANY, onnx_map_quantize),

  /* regions, moved samples */
  MAP ("DeformConv", 19, ANY, onnx_map_deform_conv),
  MAP ("GridSample", 16, ANY, onnx_map_grid_sample),
  MAP ("MaxRoiPool", 1, ANY, onnx_map_max_roi_pool),
  MAP ("RoiAlign", 10, ANY, onnx_map_roi_align),
};
/* clang-format on */

const OnnxRow *
onnx_row_list (gsize *n)
{
  *n = G_N_ELEMENTS (rows);
  return rows;
}

const OnnxRow *
onnx_row_find (
    const char *domain, const char *type, gint64 opset, const char **reason)
{
  *reason = "there is no rule for this op";
  if (opset < 1) {
    *reason = "the model doesn't import its domain's ops in a version";
    return NULL;
  }
  if (domain[0] == '\0' && opset > MAX_OPSET) {
    *reason = "the model has ONNX's ops in a version that is not known yet; "
              "export it with an older opset";
    return NULL;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    const OnnxRow *row = &rows[i];

    if (strcmp (row->type, type) != 0 || strcmp (row->domain, domain) != 0)
      continue;
    if (opset >= row->since && opset <= row->until)
      return row;
    *reason = "there is no rule for this version of the op";
  }
  return NULL;
}
