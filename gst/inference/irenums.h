/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ENUMS_H
#define IR_ENUMS_H

#include <glib-object.h>

G_BEGIN_DECLS

/* Types of properties with a choice of words. */

/** ir_resize_get_type: of #IrResize. */
GType ir_resize_get_type (void);
/** ir_interpolation_get_type: of #IrInterpolation. */
GType ir_interpolation_get_type (void);
/** ir_region_mode_get_type: of #IrRegionMode. */
GType ir_region_mode_get_type (void);
/** ir_infer_policy_get_type: of #IrInferPolicy. */
GType ir_infer_policy_get_type (void);

G_END_DECLS

#endif
