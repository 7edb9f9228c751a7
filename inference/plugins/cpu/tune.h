/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CPU_TUNE_H
#define CPU_TUNE_H

#include "cpu.h"

G_BEGIN_DECLS

/* Nanoseconds of a way that was not run: it does not fit the layer, or is another one
 * by another name, there is no other, or no memory. */
#define CPU_NEVER G_MAXINT64

/* Runs a layer in each of @n ways by turns and says in @ns how long each took at
 * least; what is much slower than the best is given up early. The model is as it was
 * afterwards. */
void cpu_race (CpuModel *model, const CpuFusion *fusion, const CpuWay *ways,
    guint n, gint64 *ns);

G_END_DECLS

#endif
