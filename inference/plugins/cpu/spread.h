/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CPU_SPREAD_H
#define CPU_SPREAD_H

#include "cpu.h"

G_BEGIN_DECLS

/*
 * Values that are broadcast, as plain arrays of f32 in the order of what they are
 * broadcast to: units, which are pixels of @width numbers, of which @channels mean
 * something, or, of the plain layout, single elements.
 */
typedef struct {
  /* How far from one unit to the next, innermost loop last, and from one channel to
   * the next. */
  guint rank;
  gsize size[IR_MAX_RANK], step[IR_MAX_RANK];
  gsize channel_step;
  gsize width, channels;
} CpuSpread;

/* What @slot holds, seen with as many dimensions as @out has, in @layout. */
void cpu_spread_init (CpuSpread *spread, const CpuSlot *slot,
    const IrShape *seen, const IrShape *out, CpuLayout layout);
/* The @n units from @first on. */
void cpu_spread (const CpuSpread *spread, const CpuRun *run, guint slot,
    gsize first, gsize n, float *to);
/* @n numbers of a slot that lie side by side from @at on, whatever their type. */
void cpu_load (const CpuRun *run, guint slot, gsize at, gsize n, float *to);

G_END_DECLS

#endif
