/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values between steps that compute in bf16 are kept in it: half of the memory to
 * write and to read. A slot and its views change together, if all steps that know
 * one of them can. */
#include "cpu.h"

static void
refuse (const CpuModel *model, gboolean *fit, const guint *slots, guint n)
{
  for (guint i = 0; i < n; i++)
    fit[cpu_slot (model, slots[i])->root] = FALSE;
}

/* Which roots can change. */
static gboolean *
find_roots (const CpuModel *model)
{
  gboolean *fit = g_new0 (gboolean, model->slots->len + 1);
  const guint n_outputs = model->graph->results->len;

  for (guint i = 0; i < model->slots->len; i++)
    fit[i] = cpu_slot (model, i)->place == CPU_ARENA;
  for (guint i = 0; i < model->slots->len; i++) {
    const CpuSlot *slot = cpu_slot (model, i);

    if (slot->layout != CPU_LAST || slot->dtype != IR_DTYPE_F32)
      fit[slot->root] = FALSE;
  }
  for (guint i = 0; i < model->steps->len; i++) {
    const CpuStep *step = g_ptr_array_index (model->steps, i);

    if (!step->takes_bf16)
      refuse (model, fit, step->in, step->n_in);
    if (!step->gives_bf16)
      refuse (model, fit, step->out, step->n_out);
  }
  refuse (model, fit, model->output_slots, n_outputs);
  return fit;
}

void
cpu_narrow (CpuModel *model)
{
  g_autofree gboolean *fit = find_roots (model);

  for (guint i = 0; i < model->slots->len; i++) {
    CpuSlot *slot = cpu_slot (model, i);

    if (!fit[slot->root])
      continue;
    slot->dtype = IR_DTYPE_BF16;
    slot->bytes /= 2;
    slot->shift /= 2;
  }
}
