/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CPU_GROUPS_H
#define CPU_GROUPS_H

#include "cpu.h"

G_BEGIN_DECLS

/*
 * A value as groups of elements that an op joins: sums up, normalises over. It is
 * walked in the order in which it lies, whatever the layout, in blocks that stay in
 * the first-level cache: sums are f32 inside a block and double across them.
 */

/* Columns that are worked on at a time. */
#define CPU_COLUMNS 128

/* @size elements, so far apart on the input and on the output. */
typedef struct {
  gsize size, in, out;
} CpuAxis;

typedef struct {
  /* Outermost first, without the innermost one if its elements lie side by side:
   * these are a row. */
  CpuAxis kept[IR_MAX_RANK], joined[IR_MAX_RANK];
  guint n_kept, n_joined;
  gsize row;
  gboolean row_is_kept;
  /* Each column of the rows that belong together by itself; of kept rows, so many of
   * them are a group. */
  gboolean by_columns;
  gsize columns;
  /* Elements behind a row that have to be finite. */
  gsize gap;
  gsize n_groups, n_blocks, n_chunks;
  gsize blocks_per_chunk;
  gsize groups_per_task;
} CpuGroups;

/* Rows of columns inside one group; @gap is behind each. */
typedef struct {
  gsize in, out;
  gsize rows, columns;
  gsize in_pitch, out_pitch;
  gsize gap;
} CpuBlock;

/* What is known of @n elements, for each column: what they make, or their mean and
 * the sum of squares of deviations from it. */
typedef struct {
  gsize n;
  double value[CPU_COLUMNS];
  double squares[CPU_COLUMNS];
} CpuTotal;

/* What groups are asked for: mean and deviations, or what joining makes. */
typedef struct {
  gboolean moments;
  IrFold fold;
} CpuQuestion;

/* The axes that input @index of a node lists, as bits; FALSE if they aren't known. */
gboolean cpu_axes_mask (
    const CpuModel *model, const IrNode *node, guint index, guint *mask);

/* Whether input 0 of a node can be walked. */
gboolean cpu_groups_can (const IrNode *node);
/* Input 0 and output 0 of @step, whose pitches stay as they are from now on; @mask has
 * the bits of the axes that are joined, @work is what an element takes. */
void cpu_groups_init (CpuGroups *groups, CpuModel *model, const CpuStep *step,
    guint mask, guint work);
/* Scratch memory that a step takes whose groups have several chunks. */
gsize cpu_groups_scratch (const CpuGroups *groups);
CpuBlock cpu_groups_block (const CpuGroups *groups, gsize group, gsize block);
/* How many columns have totals of their own in a group. */
gsize cpu_groups_columns (const CpuGroups *groups, gsize group);
typedef void (*CpuGroupFunc) (const CpuWork *work, gsize group, guint worker);
/* Lets threads share groups between them. */
void cpu_groups_run (
    const CpuGroups *groups, const CpuWork *work, CpuGroupFunc func);
/* What is known of groups of several chunks, into scratch memory; nothing if they have
 * one. */
void cpu_groups_prepare (
    const CpuGroups *groups, const CpuQuestion *question, const CpuWork *work);
/* What is known of a group, columns that belong together joined,
 * after cpu_groups_prepare(). */
void cpu_groups_find (const CpuGroups *groups, const CpuQuestion *question,
    const CpuWork *work, gsize group, CpuTotal *total);

G_END_DECLS

#endif
