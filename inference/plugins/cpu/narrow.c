/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values between steps that compute in bf16 are kept in it, levels between steps that
 * know them in bytes: a half or a quarter of the memory to write and to read. A slot
 * and its views change together, if all steps that know one of them can. */
#include "cpu.h"

enum {
  AS_BF16 = 1 << 0,
  AS_LEVELS = 1 << 1,
};

typedef struct {
  const CpuModel *model;
  /* Of each root: what it can be kept as. */
  guint8 *ways;
} Narrowing;

static void
restrict_slots (const Narrowing *n, const guint *slots, guint count, guint ways)
{
  for (guint i = 0; i < count; i++)
    n->ways[cpu_slot (n->model, slots[i])->root] &= ways;
}

static guint
slot_ways (const CpuModel *model, const CpuSlot *slot)
{
  if (slot->layout != CPU_LAST || slot->dtype != IR_DTYPE_F32)
    return 0;
  /* bf16 could not tell 256 levels from each other. */
  return slot->levels.step != 0 ? AS_LEVELS : model->bgemm ? AS_BF16 : 0;
}

static guint
step_ways (gboolean bf16, gboolean levels)
{
  return (bf16 ? AS_BF16 : 0) | (levels ? AS_LEVELS : 0);
}

static void
find_ways (const Narrowing *n)
{
  const CpuModel *model = n->model;

  for (guint i = 0; i < model->slots->len; i++)
    n->ways[i] =
        cpu_slot (model, i)->place == CPU_ARENA ? AS_BF16 | AS_LEVELS : 0;
  for (guint i = 0; i < model->slots->len; i++)
    restrict_slots (n, &i, 1, slot_ways (model, cpu_slot (model, i)));
  for (guint i = 0; i < model->steps->len; i++) {
    const CpuStep *step = g_ptr_array_index (model->steps, i);

    restrict_slots (n, step->in, step->n_in,
        step_ways (step->takes_bf16, step->takes_levels));
    restrict_slots (n, step->out, step->n_out,
        step_ways (step->gives_bf16, step->gives_levels));
  }
  restrict_slots (n, model->output_slots, model->graph->results->len, 0);
}

void
cpu_narrow (CpuModel *model)
{
  g_autofree guint8 *ways = g_new0 (guint8, model->slots->len + 1);
  const Narrowing n = { model, ways };

  find_ways (&n);
  for (guint i = 0; i < model->slots->len; i++) {
    CpuSlot *slot = cpu_slot (model, i);
    const guint way = ways[slot->root];
    const guint part = way & AS_LEVELS ? 4 : 2;

    if (!way)
      continue;
    slot->dtype = way & AS_LEVELS ? IR_DTYPE_U8 : IR_DTYPE_BF16;
    slot->bytes /= part;
    slot->shift /= part;
  }
}
