/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

/* Work of a few microseconds is not worth a second thread. */
#define SPLIT_FLOPS 400000

/* Of pixels that begin anywhere in a slot whole groups are read. */
#define BEHIND ((IR_IGEMM_GROUP - 1) * sizeof (float))
#define ALIGN(x) (((x) + IR_TENSOR_ALIGN - 1) & ~(gsize) (IR_TENSOR_ALIGN - 1))

static gint
compare_sizes (gconstpointer a, gconstpointer b)
{
  const CpuSlot *x = *(CpuSlot *const *) a, *y = *(CpuSlot *const *) b;

  return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

static gint
compare_offsets (gconstpointer a, gconstpointer b)
{
  const CpuSlot *x = *(CpuSlot *const *) a, *y = *(CpuSlot *const *) b;

  return x->offset > y->offset ? 1 : x->offset < y->offset ? -1 : 0;
}

/* --- outputs over inputs ---------------------------------------------------- */

/* Whether what @over is to hold has the order and size of all that is in the memory of
 * @under. */
static gboolean
lie_alike (const CpuModel *model, const CpuSlot *under, const CpuSlot *over)
{
  const CpuSlot *root = cpu_slot (model, under->root);

  return root->place == CPU_ARENA && over->place == CPU_ARENA && root->fixed &&
      over->fixed && root->bytes == over->bytes && under->shift == 0 &&
      under->layout == over->layout && under->dtype == over->dtype &&
      under->pitch == over->pitch &&
      ir_shape_equal (&under->shape, &over->shape);
}

/* Whether step @index is the last to need the memory of @slot, and sees nothing of it in
 * another way. */
static gboolean
ends_at (const CpuModel *model, const CpuStep *step, guint index, guint slot)
{
  const guint root = cpu_slot (model, slot)->root;

  if (cpu_slot (model, root)->last != index)
    return FALSE;
  for (guint i = 0; i < step->n_in; i++)
    if (step->in[i] != slot && cpu_slot (model, step->in[i])->root == root)
      return FALSE;
  return TRUE;
}

static void
put_over (const CpuModel *model, guint under, guint over)
{
  const guint at = cpu_slot (model, under)->root;
  CpuSlot *root = cpu_slot (model, at);

  root->last = MAX (root->last, cpu_slot (model, over)->last);
  for (guint i = 0; i < model->slots->len; i++) {
    CpuSlot *slot = cpu_slot (model, i);

    if (slot->root != over)
      continue;
    slot->root = at;
    slot->place = CPU_VIEW;
  }
}

/* Less memory to write to is less that has to come into the caches. */
static void
put_over_inputs (CpuModel *model)
{
  for (guint index = 0; index < model->steps->len; index++) {
    const CpuStep *step = g_ptr_array_index (model->steps, index);

    for (guint i = 0; step->over_input && i < step->n_in; i++) {
      const guint under = step->in[i], over = step->out[0];

      if (!lie_alike (model, cpu_slot (model, under), cpu_slot (model, over)) ||
          !ends_at (model, step, index, under))
        continue;
      put_over (model, under, over);
      break;
    }
  }
}

/* --- the arena -------------------------------------------------------------- */

static gboolean
live_together (const CpuSlot *a, const CpuSlot *b)
{
  return a->first <= b->last && b->first <= a->last;
}

static gsize
room (const CpuSlot *slot)
{
  return ALIGN (slot->bytes + (slot->layout == CPU_LAST ? BEHIND : 0));
}

/* The lowest place that is free as long as @slot lives; @placed is sorted. */
static gsize
find_place (const GPtrArray *placed, const CpuSlot *slot)
{
  gsize offset = 0;

  for (guint i = 0; i < placed->len; i++) {
    const CpuSlot *other = g_ptr_array_index (placed, i);

    if (!live_together (slot, other))
      continue;
    if (offset + room (slot) <= other->offset)
      break;
    offset = MAX (offset, other->offset + room (other));
  }
  return offset;
}

/* Where no value is while the step runs; most steps that need much have little
 * beside them. */
static void
place_scratch (CpuModel *model, const GPtrArray *placed)
{
  gsize end = model->arena;

  for (guint i = 0; i < model->steps->len; i++) {
    CpuStep *step = g_ptr_array_index (model->steps, i);
    CpuSlot slot = { .first = i, .last = i };

    step->scratch = ALIGN (step->scratch);
    slot.bytes = step->scratch * model->threads;
    if (slot.bytes == 0)
      continue;
    step->scratch_offset =
        step->scratch_is_values ? find_place (placed, &slot) : model->arena;
    end = MAX (end, step->scratch_offset + slot.bytes);
  }
  model->scratch = end - model->arena;
}

static void
plan_arena (CpuModel *model)
{
  g_autoptr (GPtrArray) roots = g_ptr_array_new ();
  g_autoptr (GPtrArray) placed = g_ptr_array_new ();

  for (guint i = 0; i < model->slots->len; i++)
    if (cpu_slot (model, i)->place == CPU_ARENA)
      g_ptr_array_add (roots, cpu_slot (model, i));
  g_ptr_array_sort (roots, compare_sizes);
  for (guint i = 0; i < roots->len; i++) {
    CpuSlot *slot = g_ptr_array_index (roots, i);

    slot->offset = find_place (placed, slot);
    model->arena = MAX (model->arena, slot->offset + room (slot));
    g_ptr_array_add (placed, slot);
    g_ptr_array_sort (placed, compare_offsets);
  }
  place_scratch (model, placed);
  for (guint i = 0; i < model->slots->len; i++)
    if (cpu_slot (model, i)->place == CPU_VIEW)
      cpu_slot (model, i)->offset =
          cpu_slot (model, cpu_slot (model, i)->root)->offset +
          cpu_slot (model, i)->shift;
}

/* What steps tell each other that they will read: not more than stays in a cache. */
#define MAX_LATER ((gsize) 1 << 20)

static void
look_ahead (CpuModel *model)
{
  const CpuStep *next = NULL;

  for (guint i = model->steps->len; i-- > 0;) {
    CpuStep *step = g_ptr_array_index (model->steps, i);

    if (next) {
      step->later = next->reads;
      step->later_bytes = MIN (next->reads_bytes, MAX_LATER);
    }
    if (step->reads)
      next = step;
  }
}

void
cpu_plan (CpuModel *model)
{
  put_over_inputs (model);
  plan_arena (model);
  look_ahead (model);
  for (guint i = 0; i < model->slots->len; i++) {
    const CpuSlot *slot = cpu_slot (model, i);

    if (slot->place == CPU_HEAP && slot->last < model->steps->len) {
      CpuStep *step = g_ptr_array_index (model->steps, slot->last);

      g_array_append_val (step->drop, i);
    }
  }
}

/* --- threads ---------------------------------------------------------------- */

guint
cpu_parts (const CpuModel *model, guint64 flops)
{
  if (model->way && model->way->parts != CPU_PARTS_RULE)
    return MAX (model->way->parts * model->threads, 1);
  return model->threads > 1 && flops > SPLIT_FLOPS ? 4 * model->threads : 1;
}

guint
cpu_split (const CpuModel *model, guint64 flops, guint n)
{
  const guint parts = cpu_parts (model, flops);

  return MAX ((n + parts - 1) / parts, 1);
}
