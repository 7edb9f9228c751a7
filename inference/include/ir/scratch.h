/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_SCRATCH_H
#define IR_SCRATCH_H

#include <ir/error.h>

G_BEGIN_DECLS

/**
 * IrScratch: memory that computations use and leave
 *
 * What is taken is there until all of it is given back at once. The memory stays, so
 * that a computation that takes no more than those before asks the system for nothing.
 *
 * Since: 0.1
 */
typedef struct _IrScratch IrScratch;

/** ir_scratch_new: (transfer full). Since: 0.1 */
IR_API IrScratch *ir_scratch_new (void);

/** ir_scratch_free: also what has been taken from it. Since: 0.1 */
IR_API void ir_scratch_free (IrScratch *scratch);

/** ir_scratch_take: (nullable): @n times @size bytes of any contents, aligned for the
 * widest vectors; %NULL if there are not so many. By any thread. Since: 0.1 */
IR_API gpointer ir_scratch_take (IrScratch *scratch, gsize n, gsize size);

/** ir_scratch_take0: the same, zeroed. Since: 0.1 */
IR_API gpointer ir_scratch_take0 (IrScratch *scratch, gsize n, gsize size);

/** ir_scratch_reset: gives back all that has been taken. Since: 0.1 */
IR_API void ir_scratch_reset (IrScratch *scratch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrScratch, ir_scratch_free)

G_END_DECLS

#endif
