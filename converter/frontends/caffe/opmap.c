/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "map.h"

#include <string.h>

/* The same as an op of the IR. */
#define SAME(type, ir, opset)                                                  \
  {                                                                            \
    type, "", ir, opset, NULL                                                  \
  }
/* A function, which reads that field of the layer. */
#define MAP(type, param, map)                                                  \
  {                                                                            \
    type, param, NULL, 0, map                                                  \
  }

/* clang-format off */
static const CaffeRow rows[] = {
  /* windows */
  MAP ("Convolution", "convolution_param", caffe_map_convolution),
  MAP ("Deconvolution", "convolution_param", caffe_map_deconvolution),
  MAP ("DepthwiseConvolution", "convolution_param", caffe_map_convolution),
  MAP ("Pooling", "pooling_param", caffe_map_pooling),

  /* element-wise */
  SAME ("AbsVal", "Abs", 1),
  MAP ("Axpy", "", caffe_map_axpy),
  SAME ("BNLL", "SoftPlus", 4),
  MAP ("Bias", "bias_param", caffe_map_bias),
  MAP ("Clip", "clip_param", caffe_map_clip),
  MAP ("ELU", "elu_param", caffe_map_elu),
  MAP ("Eltwise", "eltwise_param", caffe_map_eltwise),
  MAP ("Exp", "exp_param", caffe_map_exp),
  MAP ("Log", "log_param", caffe_map_log),
  MAP ("PReLU", "prelu_param", caffe_map_prelu),
  MAP ("Power", "power_param", caffe_map_power),
  MAP ("ReLU", "relu_param", caffe_map_relu),
  MAP ("ReLU6", "relu6_param", caffe_map_relu6),
  MAP ("Scale", "scale_param", caffe_map_scale),
  SAME ("Sigmoid", "Sigmoid", 1),
  MAP ("Swish", "swish_param", caffe_map_swish),
  SAME ("TanH", "Tanh", 1),
  MAP ("Threshold", "threshold_param", caffe_map_threshold),

  /* products, normalizations */
  MAP ("BN", "", caffe_map_bn),
  MAP ("BatchNorm", "batch_norm_param", caffe_map_batch_norm),
  MAP ("GRN", "grn_param", caffe_map_grn),
  MAP ("InnerProduct", "inner_product_param", caffe_map_inner_product),
  MAP ("LRN", "lrn_param", caffe_map_lrn),
  MAP ("MVN", "mvn_param", caffe_map_mvn),
  MAP ("Normalize", "norm_param", caffe_map_normalize),
  MAP ("Softmax", "softmax_param", caffe_map_softmax),

  /* moves, cuts, joins */
  MAP ("ArgMax", "argmax_param", caffe_map_arg_max),
  MAP ("Concat", "concat_param", caffe_map_concat),
  MAP ("Crop", "crop_param", caffe_map_crop),
  MAP ("Dropout", "", caffe_map_identity),
  MAP ("Flatten", "flatten_param", caffe_map_flatten),
  MAP ("Permute", "permute_param", caffe_map_permute),
  MAP ("Reduction", "reduction_param", caffe_map_reduction),
  MAP ("Reshape", "reshape_param", caffe_map_reshape),
  MAP ("ShuffleChannel", "shuffle_channel_param", caffe_map_shuffle_channel),
  MAP ("Slice", "slice_param", caffe_map_slice),
  MAP ("Split", "", caffe_map_identity),
  MAP ("Tile", "tile_param", caffe_map_tile),

  /* sizes of planes */
  MAP ("Interp", "interp_param", caffe_map_interp),
  MAP ("Resample", "resample_param", caffe_map_resample),
  MAP ("Upsample", "upsample_param", caffe_map_upsample),

  /* detection */
  MAP ("DetectionOutput", "detection_output_param", caffe_map_detection_output),
  MAP ("PSROIPooling", "psroi_pooling_param", caffe_map_psroi_pooling),
  MAP ("PriorBox", "prior_box_param", caffe_map_prior_box),
  MAP ("PriorBoxClustered", "prior_box_param", caffe_map_prior_box_clustered),
  MAP ("Proposal", "proposal_param", caffe_map_proposal),
  MAP ("ROIPooling", "roi_pooling_param", caffe_map_roi_pooling),
  MAP ("RegionYolo", "region_yolo_param", caffe_map_region_yolo),
  MAP ("ReorgYolo", "reorg_yolo_param", caffe_map_reorg_yolo),
};
/* clang-format on */

const CaffeRow *
caffe_row_find (const char *type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (strcmp (rows[i].type, type) == 0)
      return &rows[i];
  }
  return NULL;
}
