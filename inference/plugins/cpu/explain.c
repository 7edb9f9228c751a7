/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What was chosen, for people: IR_DEBUG=kernels and IR_DEBUG=plan. */
#include "cpu.h"

#include "quant/quant.h"

enum {
  DEBUG_KERNELS = 1 << 0,
  DEBUG_PLAN = 1 << 1,
};

/* --- kernels --------------------------------------------------------------- */

typedef struct {
  const char *name;
  /* Of each row: its name; what it needs. Rows are best first, the last one needs
   * nothing. */
  const char *(*row) (gsize row);
  unsigned (*flags) (size_t row);
} Family;

/* clang-format off */
#define FAMILIES(X) \
  X (colour) X (gemm) X (igemm) X (dwconv) X (winograd) X (eltwise) X (pool) \
  X (reduce) X (layout) X (argmax) X (quant) X (bgemm) X (qgemm)
/* clang-format on */

#define FAMILY_ROW(family)                                                     \
  static const char *row_of_##family (gsize row)                               \
  {                                                                            \
    size_t n;                                                                  \
                                                                               \
    return ir_##family##_table (&n)[row]->name;                                \
  }
FAMILIES (FAMILY_ROW)

static const Family families[] = {
#define FAMILY(family) { #family, row_of_##family, ir_##family##_flags },
  FAMILIES (FAMILY)
};

static gsize
chosen_row (const Family *family, unsigned flags)
{
  gsize row = 0;

  while (family->flags (row) & ~flags)
    row++;
  return row;
}

void
cpu_append_kernels (GString *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    g_string_append_printf (text, "%s%s %s", i ? ", " : "", families[i].name,
        families[i].row (chosen_row (&families[i], ir_cpu_flags ())));
}

/* Why a better row was passed over. */
static void
append_lacking (GString *text, unsigned flags)
{
  const unsigned hidden = flags & ir_cpu_detect ();
  gboolean first = TRUE;

  for (const IrCpuFeature *f = ir_cpu_features; f->name; f++) {
    if (!(flags & f->flag))
      continue;
    g_string_append_printf (text, "%s%s", first ? "" : ", ", f->text);
    if (hidden & f->flag)
      g_string_append_printf (
          text, " (hidden by IR_CPU_MASK=%s)", g_getenv ("IR_CPU_MASK"));
    first = FALSE;
  }
}

static void
explain_kernels (void)
{
  const unsigned flags = ir_cpu_flags ();

  for (guint i = 0; i < G_N_ELEMENTS (families); i++) {
    const Family *family = &families[i];
    const gsize chosen = chosen_row (family, flags);
    g_autoptr (GString) text = g_string_new (NULL);

    g_string_printf (
        text, "kernels %s: %s", family->name, family->row (chosen));
    for (gsize row = 0; row < chosen; row++) {
      g_string_append_printf (text, "; %s needs ", family->row (row));
      append_lacking (text, family->flags (row) & ~flags);
    }
    g_printerr ("%s\n", text->str);
  }
}

/* --- the plan -------------------------------------------------------------- */

static void
append_place (GString *text, const CpuModel *model, const CpuSlot *slot)
{
  switch (slot->place) {
    case CPU_CONST:
      g_string_append (text, "constant");
      break;
    case CPU_INPUT:
      g_string_append (text, "input");
      break;
    case CPU_HEAP:
      g_string_append (text, "made while running");
      break;
    case CPU_VIEW:
      g_string_append_printf (text, "in slot %u, ", slot->root);
      slot = cpu_slot (model, slot->root);
      /* fall through */
    case CPU_ARENA:
      g_string_append_printf (text,
          "arena from %" G_GSIZE_FORMAT ", steps %u to ", slot->offset,
          slot->first);
      if (slot->last < model->steps->len)
        g_string_append_printf (text, "%u", slot->last);
      else
        g_string_append (text, "the end");
      break;
  }
}

static void
explain_slot (const CpuModel *model, guint index)
{
  const CpuSlot *slot = cpu_slot (model, index);
  g_autoptr (GString) text = g_string_new (NULL);
  char shape[IR_SHAPE_TEXT];

  g_string_printf (text, "plan slot %u: %s %s", index,
      ir_dtype_name (slot->dtype), ir_shape_print (&slot->shape, shape));
  if (slot->layout == CPU_LAST)
    g_string_append_printf (
        text, ", channels last, pitch %" G_GSIZE_FORMAT, slot->pitch);
  g_string_append_printf (text, ", %" G_GSIZE_FORMAT " bytes, ", slot->bytes);
  append_place (text, model, slot);
  g_printerr ("%s\n", text->str);
}

static void
append_slots (GString *text, const char *title, const guint *slots, guint n)
{
  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s%u", i ? "," : title, slots[i]);
}

static void
explain_step (const CpuModel *model, guint index)
{
  const CpuStep *step = g_ptr_array_index (model->steps, index);
  const IrNode *head = step->head ? step->head : step->node;
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_printf (
      text, "plan step %u: %s '%s'", index, head->op->type, head->name);
  if (head != step->node)
    g_string_append_printf (text, " to '%s'", step->node->name);
  g_string_append_printf (text, ", %s", step->kernel);
  append_slots (text, ", slots ", step->in, step->n_in);
  append_slots (text, " to ", step->out, step->n_out);
  if (step->scratch)
    g_string_append_printf (text,
        ", scratch %" G_GSIZE_FORMAT " for each thread from %" G_GSIZE_FORMAT,
        step->scratch, step->scratch_offset);
  g_printerr ("%s\n", text->str);
}

static void
explain_plan (CpuModel *model)
{
  IrModelMemory memory;

  cpu_model_memory (model, &memory);
  g_printerr ("plan of '%s': %u steps, %u slots, arena of %" G_GSIZE_FORMAT
              " bytes, scratch memory beyond of %" G_GSIZE_FORMAT
              " bytes, weights of %" G_GUINT64_FORMAT " bytes, %u threads\n",
      model->graph->name, model->steps->len, model->slots->len, model->arena,
      model->scratch, memory.weights, model->threads);
  for (guint i = 0; i < model->slots->len; i++)
    explain_slot (model, i);
  for (guint i = 0; i < model->steps->len; i++)
    explain_step (model, i);
}

static guint
find_debug (void)
{
  static const GDebugKey keys[] = {
    { "kernels", DEBUG_KERNELS },
    { "plan", DEBUG_PLAN },
  };

  return g_parse_debug_string (
      g_getenv ("IR_DEBUG"), keys, G_N_ELEMENTS (keys));
}

gboolean
cpu_explains_plan (void)
{
  return (find_debug () & DEBUG_PLAN) != 0;
}

void
cpu_explain (CpuModel *model)
{
  const guint debug = find_debug ();

  if (debug & DEBUG_KERNELS)
    explain_kernels ();
  if (debug & DEBUG_PLAN)
    explain_plan (model);
}
