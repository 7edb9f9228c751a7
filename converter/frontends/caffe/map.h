/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CAFFE_MAP_H
#define IR_CAFFE_MAP_H

#include "caffe.h"

G_BEGIN_DECLS

/* The functions that rows of the table name, by file. */

/* map-window.c */
void caffe_map_convolution (IrBuild *n);
void caffe_map_deconvolution (IrBuild *n);
void caffe_map_pooling (IrBuild *n);

/* map-element.c */
void caffe_map_relu (IrBuild *n);
void caffe_map_prelu (IrBuild *n);
void caffe_map_elu (IrBuild *n);
void caffe_map_power (IrBuild *n);
void caffe_map_exp (IrBuild *n);
void caffe_map_log (IrBuild *n);
void caffe_map_threshold (IrBuild *n);
void caffe_map_relu6 (IrBuild *n);
void caffe_map_clip (IrBuild *n);
void caffe_map_swish (IrBuild *n);
void caffe_map_eltwise (IrBuild *n);
void caffe_map_axpy (IrBuild *n);
void caffe_map_scale (IrBuild *n);
void caffe_map_bias (IrBuild *n);

/* map-norm.c */
void caffe_map_inner_product (IrBuild *n);
void caffe_map_batch_norm (IrBuild *n);
void caffe_map_bn (IrBuild *n);
void caffe_map_lrn (IrBuild *n);
void caffe_map_mvn (IrBuild *n);
void caffe_map_normalize (IrBuild *n);
void caffe_map_grn (IrBuild *n);
void caffe_map_softmax (IrBuild *n);

/* map-shape.c */
void caffe_map_identity (IrBuild *n);
void caffe_map_concat (IrBuild *n);
void caffe_map_flatten (IrBuild *n);
void caffe_map_reshape (IrBuild *n);
void caffe_map_permute (IrBuild *n);
void caffe_map_slice (IrBuild *n);
void caffe_map_crop (IrBuild *n);
void caffe_map_tile (IrBuild *n);
void caffe_map_reduction (IrBuild *n);
void caffe_map_arg_max (IrBuild *n);
void caffe_map_shuffle_channel (IrBuild *n);

/* map-resize.c */
void caffe_map_interp (IrBuild *n);
void caffe_map_resample (IrBuild *n);
void caffe_map_upsample (IrBuild *n);

/* map-detect.c */
void caffe_map_prior_box (IrBuild *n);
void caffe_map_prior_box_clustered (IrBuild *n);
void caffe_map_detection_output (IrBuild *n);
void caffe_map_proposal (IrBuild *n);
void caffe_map_roi_pooling (IrBuild *n);
void caffe_map_psroi_pooling (IrBuild *n);
void caffe_map_reorg_yolo (IrBuild *n);
void caffe_map_region_yolo (IrBuild *n);

G_END_DECLS

#endif
