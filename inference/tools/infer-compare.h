/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_INFER_COMPARE_H
#define IR_INFER_COMPARE_H

#include <ir/core.h>

G_BEGIN_DECLS

/* Prints how far the outputs of one device are from those of another. FALSE if
 * the largest absolute difference of one is above @tolerance times the range of
 * the reference's values, or a type or shape differs. */
gboolean ir_infer_compare (IrCompiledModel *model, const GPtrArray *outputs,
    const GPtrArray *reference, double tolerance, GError **error);

G_END_DECLS

#endif
