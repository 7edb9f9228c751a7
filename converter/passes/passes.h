/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_PASSES_H
#define IR_PASSES_H

#include <ir/pass.h>

G_BEGIN_DECLS

/*
 * The converter's own rewrites, a file each. Their data is the IrConvertConfig.
 * Those that follow the preprocessing plans touch the model only, no bodies.
 */

/* normalise: what comes in many forms gets one */
extern const IrPass ir_pass_preprocess;
extern const IrPass ir_pass_weights;
extern const IrPass ir_pass_transposes;
extern const IrPass ir_pass_pairs;
extern const IrPass ir_pass_batch_norm;
extern const IrPass ir_pass_linear;

/* fuse: fewer nodes */
extern const IrPass ir_pass_activations;
extern const IrPass ir_pass_layer_norm;
extern const IrPass ir_pass_pad;
extern const IrPass ir_pass_merge_linear;
extern const IrPass ir_pass_multiply_back;
extern const IrPass ir_pass_multiply_forward;
extern const IrPass ir_pass_group_convolutions;
extern const IrPass ir_pass_quantize_pairs;
extern const IrPass ir_pass_quantize_before;
extern const IrPass ir_pass_quantize_after;
extern const IrPass ir_pass_strides;
extern const IrPass ir_pass_join_convolutions;
extern const IrPass ir_pass_reverse_channels;

/* layout: order of dimensions */
extern const IrPass ir_pass_layout;

/* compress: how weights are stored */
extern const IrPass ir_pass_f16;
extern const IrPass ir_pass_f32;

G_END_DECLS

#endif
