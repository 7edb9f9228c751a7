/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CPU_LOOPS_H
#define CPU_LOOPS_H

#include <ir/op.h>

#include "layout/layout.h"

G_BEGIN_DECLS

/*
 * Nested loops that move elements from one order to another; distances are in
 * elements.
 */

/* Some rounds of a loop in a row: where the first reads and how far from it the
 * next one does, or IR_NOWHERE for what is filled. */
typedef struct {
  gint64 n;
  gint64 from;
  gint64 step;
} CpuSpan;

/* In place of @from, @spans or a @table of where each round reads. */
typedef struct {
  gint64 size;
  gint64 from;
  gint64 to;
  guint n_spans;
  CpuSpan *spans;
  gint64 *table;
} CpuLoop;

#define CPU_MAX_LOOPS (3 * IR_MAX_RANK)

typedef struct {
  gsize bytes;
  gint64 offset;
  guint8 fill[8];
  /* Outermost first, one at least; a table is the innermost one's and writes
   * without gaps. */
  guint rank;
  CpuLoop loop[CPU_MAX_LOOPS];
  /* The loop that is cut into tasks of so many rounds. */
  guint cut;
  gint64 part;
} CpuLoops;

/* Blocks of @bytes bytes to @n places in a row, from where the table says, counted in
 * blocks. */
void cpu_look_up (
    const guint8 *from, const gint64 *table, guint8 *to, gsize n, gsize bytes);

/* Steps in place of maps, where a map has no more to say. */
void cpu_straighten (const IrShape *shape, IrStrided *strided);

/* Loops that make a value of @shape of elements of @bytes bytes; @to are the
 * distances between these. */
void cpu_loops_init (CpuLoops *loops, gsize bytes, const IrShape *shape,
    const IrStrided *strided, const gint64 *to);
void cpu_loops_clear (CpuLoops *loops);

/* Into @parts tasks or fewer; there is one before. */
void cpu_loops_cut (CpuLoops *loops, guint parts);
guint cpu_loops_tasks (const CpuLoops *loops);
void cpu_loops_run (const CpuLoops *loops, guint task,
    const IrLayoutKernels *kernels, gconstpointer from, gpointer to);

G_END_DECLS

#endif
