/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_PRIOR_BOX_H
#define IR_PRIOR_BOX_H

#include "op-util.h"

G_BEGIN_DECLS

/* What PriorBox and PriorBoxClustered share. Inputs: size of the feature map,
 * size of the image, height first; output [2, 4 * boxes]: boxes, variances. */

gboolean ir_infer_priors (IrInferCtx *ctx, gint64 per_cell, GError **error);
void ir_clip_priors (IrTensor *out);

/* No value stands for 0.1, one for all four. */
void ir_fill_variances (IrTensor *out, const IrF64s *variance);

G_END_DECLS

#endif
