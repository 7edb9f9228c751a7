/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ONNX_MAP_H
#define IR_ONNX_MAP_H

#include "onnx.h"

G_BEGIN_DECLS

/* The functions that rows of the table name, by file. */

/* map-conv.c */
void onnx_map_conv (IrBuild *n);
void onnx_map_conv_transpose (IrBuild *n);

/* map-basic.c */
void onnx_map_identity (IrBuild *n);
void onnx_map_dropout (IrBuild *n);
void onnx_map_constant (IrBuild *n);
void onnx_map_variadic (IrBuild *n);
void onnx_map_binary (IrBuild *n);
void onnx_map_div (IrBuild *n);
void onnx_map_elu (IrBuild *n);
void onnx_map_leaky_relu (IrBuild *n);
void onnx_map_prelu (IrBuild *n);
void onnx_map_hard_sigmoid (IrBuild *n);
void onnx_map_clip (IrBuild *n);
void onnx_map_gemm (IrBuild *n);
void onnx_map_cast (IrBuild *n);

/* map-shape.c */
void onnx_map_concat (IrBuild *n);
void onnx_map_transpose (IrBuild *n);
void onnx_map_reshape (IrBuild *n);
void onnx_map_flatten (IrBuild *n);
void onnx_map_unsqueeze (IrBuild *n);
void onnx_map_squeeze (IrBuild *n);
void onnx_map_gather (IrBuild *n);
void onnx_map_gather_elements (IrBuild *n);
void onnx_map_gather_nd (IrBuild *n);
void onnx_map_slice (IrBuild *n);
void onnx_map_split (IrBuild *n);
void onnx_map_shape (IrBuild *n);
void onnx_map_size (IrBuild *n);
void onnx_map_expand (IrBuild *n);
void onnx_map_constant_of_shape (IrBuild *n);
void onnx_map_pad (IrBuild *n);
void onnx_map_old_tile (IrBuild *n);
void onnx_map_depth_to_space (IrBuild *n);
void onnx_map_top_k (IrBuild *n);

/* map-dft.c */
void onnx_map_dft (IrBuild *n);

/* map-index.c */
void onnx_map_one_hot (IrBuild *n);
void onnx_map_scatter_elements (IrBuild *n);
void onnx_map_scatter_nd (IrBuild *n);
void onnx_map_nonzero (IrBuild *n);
void onnx_map_compress (IrBuild *n);
void onnx_map_range (IrBuild *n);
void onnx_map_cum_sum (IrBuild *n);
void onnx_map_nms (IrBuild *n);
void onnx_map_reverse_sequence (IrBuild *n);
void onnx_map_unique (IrBuild *n);
void onnx_map_einsum (IrBuild *n);

/* map-place.c */
void onnx_map_center_crop_pad (IrBuild *n);
void onnx_map_max_unpool (IrBuild *n);
void onnx_map_affine_grid (IrBuild *n);
void onnx_map_col2im (IrBuild *n);

/* map-pool.c */
void onnx_map_max_pool (IrBuild *n);
void onnx_map_average_pool (IrBuild *n);
void onnx_map_global_pool (IrBuild *n);
void onnx_map_upsample (IrBuild *n);
void onnx_map_resize (IrBuild *n);

/* map-control.c */
void onnx_map_if (IrBuild *n);
void onnx_map_loop (IrBuild *n);

/* map-scan.c */
void onnx_map_scan_8 (IrBuild *n);
void onnx_map_scan (IrBuild *n);

/* map-recurrent.c */
void onnx_map_lstm (IrBuild *n);
void onnx_map_gru (IrBuild *n);
void onnx_map_rnn (IrBuild *n);

/* map-norm.c */
void onnx_map_batch_norm (IrBuild *n);
void onnx_map_layer_norm (IrBuild *n);
void onnx_map_rms_norm (IrBuild *n);
void onnx_map_instance_norm (IrBuild *n);
void onnx_map_group_norm (IrBuild *n);
void onnx_map_mean_variance_norm (IrBuild *n);
void onnx_map_lrn (IrBuild *n);

/* map-lp.c */
void onnx_map_lp_normalization (IrBuild *n);
void onnx_map_global_lp_pool (IrBuild *n);
void onnx_map_lp_pool (IrBuild *n);

/* map-math.c */
void onnx_map_pow (IrBuild *n);
void onnx_map_mod (IrBuild *n);
void onnx_map_reciprocal (IrBuild *n);
void onnx_map_bit_shift (IrBuild *n);
void onnx_map_affine (IrBuild *n);
void onnx_map_scale (IrBuild *n);
void onnx_map_scaled (IrBuild *n);
void onnx_map_selu (IrBuild *n);
void onnx_map_celu (IrBuild *n);
void onnx_map_gelu (IrBuild *n);
void onnx_map_shrink (IrBuild *n);
void onnx_map_thresholded_relu (IrBuild *n);
void onnx_map_cast_like (IrBuild *n);
void onnx_map_cosine_window (IrBuild *n);

/* map-reduce.c */
void onnx_map_reduce (IrBuild *n);
void onnx_map_reduce_norm (IrBuild *n);
void onnx_map_reduce_sum_square (IrBuild *n);
void onnx_map_reduce_log_sum (IrBuild *n);
void onnx_map_reduce_log_sum_exp (IrBuild *n);
void onnx_map_arg (IrBuild *n);
void onnx_map_softmax (IrBuild *n);

/* map-loss.c */
void onnx_map_nll_loss (IrBuild *n);
void onnx_map_softmax_loss (IrBuild *n);

/* map-matrix.c */
void onnx_map_eye_like (IrBuild *n);
void onnx_map_trilu (IrBuild *n);

/* map-quantize.c */
void onnx_map_quantize (IrBuild *n);
void onnx_map_dequantize (IrBuild *n);
void onnx_map_dynamic_quantize (IrBuild *n);
void onnx_map_conv_integer (IrBuild *n);
void onnx_map_matmul_integer (IrBuild *n);
void onnx_map_qlinear_conv (IrBuild *n);
void onnx_map_qlinear_matmul (IrBuild *n);

/* map-legacy.c */
void onnx_map_image_scaler (IrBuild *n);
void onnx_map_crop (IrBuild *n);

/* map-roi.c */
void onnx_map_roi_align (IrBuild *n);
void onnx_map_max_roi_pool (IrBuild *n);
void onnx_map_deform_conv (IrBuild *n);
void onnx_map_grid_sample (IrBuild *n);

G_END_DECLS

#endif
