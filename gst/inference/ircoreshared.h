/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CORE_SHARED_H
#define IR_CORE_SHARED_H

#include <ir/core.h>

G_BEGIN_DECLS

/** ir_core_shared: (transfer full): the one core of all elements of this
 * process, made when the first one asks and gone with the last. */
IrCore *ir_core_shared (void);

G_END_DECLS

#endif
