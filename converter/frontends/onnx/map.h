/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ONNX_MAP_H
#define IR_ONNX_MAP_H

#include "onnx.h"

G_BEGIN_DECLS

/* The functions that rows of the table name, by file. */

/* map-conv.c */
void onnx_map_conv (OnnxNode *n);
void onnx_map_conv_transpose (OnnxNode *n);

/* map-basic.c */
void onnx_map_identity (OnnxNode *n);
void onnx_map_dropout (OnnxNode *n);
void onnx_map_constant (OnnxNode *n);
void onnx_map_variadic (OnnxNode *n);
void onnx_map_binary (OnnxNode *n);
void onnx_map_div (OnnxNode *n);
void onnx_map_elu (OnnxNode *n);
void onnx_map_leaky_relu (OnnxNode *n);
void onnx_map_prelu (OnnxNode *n);
void onnx_map_hard_sigmoid (OnnxNode *n);
void onnx_map_clip (OnnxNode *n);
void onnx_map_gemm (OnnxNode *n);
void onnx_map_cast (OnnxNode *n);

/* map-shape.c */
void onnx_map_concat (OnnxNode *n);
void onnx_map_transpose (OnnxNode *n);
void onnx_map_reshape (OnnxNode *n);
void onnx_map_flatten (OnnxNode *n);
void onnx_map_unsqueeze (OnnxNode *n);
void onnx_map_squeeze (OnnxNode *n);
void onnx_map_gather (OnnxNode *n);
void onnx_map_gather_elements (OnnxNode *n);
void onnx_map_gather_nd (OnnxNode *n);
void onnx_map_slice (OnnxNode *n);
void onnx_map_split (OnnxNode *n);
void onnx_map_shape (OnnxNode *n);
void onnx_map_size (OnnxNode *n);
void onnx_map_expand (OnnxNode *n);
void onnx_map_constant_of_shape (OnnxNode *n);
void onnx_map_pad (OnnxNode *n);
void onnx_map_old_tile (OnnxNode *n);
void onnx_map_depth_to_space (OnnxNode *n);
void onnx_map_top_k (OnnxNode *n);

/* map-dft.c */
void onnx_map_dft (OnnxNode *n);

/* map-index.c */
void onnx_map_one_hot (OnnxNode *n);
void onnx_map_scatter_elements (OnnxNode *n);
void onnx_map_scatter_nd (OnnxNode *n);
void onnx_map_nonzero (OnnxNode *n);
void onnx_map_compress (OnnxNode *n);
void onnx_map_range (OnnxNode *n);
void onnx_map_cum_sum (OnnxNode *n);
void onnx_map_nms (OnnxNode *n);
void onnx_map_reverse_sequence (OnnxNode *n);
void onnx_map_unique (OnnxNode *n);
void onnx_map_einsum (OnnxNode *n);

/* map-place.c */
void onnx_map_center_crop_pad (OnnxNode *n);
void onnx_map_max_unpool (OnnxNode *n);
void onnx_map_affine_grid (OnnxNode *n);
void onnx_map_col2im (OnnxNode *n);

/* map-pool.c */
void onnx_map_max_pool (OnnxNode *n);
void onnx_map_average_pool (OnnxNode *n);
void onnx_map_global_pool (OnnxNode *n);
void onnx_map_upsample (OnnxNode *n);
void onnx_map_resize (OnnxNode *n);

/* map-control.c */
void onnx_map_if (OnnxNode *n);
void onnx_map_loop (OnnxNode *n);

/* map-scan.c */
void onnx_map_scan_8 (OnnxNode *n);
void onnx_map_scan (OnnxNode *n);

/* map-recurrent.c */
void onnx_map_lstm (OnnxNode *n);
void onnx_map_gru (OnnxNode *n);
void onnx_map_rnn (OnnxNode *n);

/* map-norm.c */
void onnx_map_batch_norm (OnnxNode *n);
void onnx_map_layer_norm (OnnxNode *n);
void onnx_map_rms_norm (OnnxNode *n);
void onnx_map_instance_norm (OnnxNode *n);
void onnx_map_group_norm (OnnxNode *n);
void onnx_map_mean_variance_norm (OnnxNode *n);
void onnx_map_lrn (OnnxNode *n);

/* map-lp.c */
void onnx_map_lp_normalization (OnnxNode *n);
void onnx_map_global_lp_pool (OnnxNode *n);
void onnx_map_lp_pool (OnnxNode *n);

/* map-math.c */
void onnx_map_pow (OnnxNode *n);
void onnx_map_mod (OnnxNode *n);
void onnx_map_reciprocal (OnnxNode *n);
void onnx_map_bit_shift (OnnxNode *n);
void onnx_map_affine (OnnxNode *n);
void onnx_map_scale (OnnxNode *n);
void onnx_map_scaled (OnnxNode *n);
void onnx_map_selu (OnnxNode *n);
void onnx_map_celu (OnnxNode *n);
void onnx_map_gelu (OnnxNode *n);
void onnx_map_shrink (OnnxNode *n);
void onnx_map_thresholded_relu (OnnxNode *n);
void onnx_map_cast_like (OnnxNode *n);
void onnx_map_cosine_window (OnnxNode *n);

/* map-reduce.c */
void onnx_map_reduce (OnnxNode *n);
void onnx_map_reduce_norm (OnnxNode *n);
void onnx_map_reduce_sum_square (OnnxNode *n);
void onnx_map_reduce_log_sum (OnnxNode *n);
void onnx_map_reduce_log_sum_exp (OnnxNode *n);
void onnx_map_arg (OnnxNode *n);
void onnx_map_softmax (OnnxNode *n);

/* map-loss.c */
void onnx_map_nll_loss (OnnxNode *n);
void onnx_map_softmax_loss (OnnxNode *n);

/* map-matrix.c */
void onnx_map_eye_like (OnnxNode *n);
void onnx_map_trilu (OnnxNode *n);

/* map-quantize.c */
void onnx_map_quantize (OnnxNode *n);
void onnx_map_dequantize (OnnxNode *n);
void onnx_map_dynamic_quantize (OnnxNode *n);
void onnx_map_conv_integer (OnnxNode *n);
void onnx_map_matmul_integer (OnnxNode *n);
void onnx_map_qlinear_conv (OnnxNode *n);
void onnx_map_qlinear_matmul (OnnxNode *n);

/* map-legacy.c */
void onnx_map_image_scaler (OnnxNode *n);
void onnx_map_crop (OnnxNode *n);

/* map-roi.c */
void onnx_map_roi_align (OnnxNode *n);
void onnx_map_max_roi_pool (OnnxNode *n);
void onnx_map_deform_conv (OnnxNode *n);
void onnx_map_grid_sample (OnnxNode *n);

G_END_DECLS

#endif
