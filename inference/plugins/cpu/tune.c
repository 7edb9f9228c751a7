/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* TUNE=YES: which way to compute a layer is found by trying, and kept in the model's
 * store. */
#include "tune.h"

#include <string.h>

/* For all layers of a model; those after it are computed as the rules say. */
#define TUNE_US (10 * G_USEC_PER_SEC)
/* Less than this part of the other's time is no chance. */
#define GAIN 0.95
#define NAME 32

typedef struct {
  CpuLower rule;
  CpuWay way;
} Method;

/* Of each rule the rule itself first. A method refuses what it can't compute. */
static const Method methods[] = {
  { cpu_lower_conv, { "rules", cpu_lower_conv, 0, CPU_PARTS_RULE } },
  { cpu_lower_conv, { "igemm", cpu_lower_igemm, 0, CPU_PARTS_RULE } },
  { cpu_lower_conv, { "stem", cpu_lower_stem, 0, CPU_PARTS_RULE } },
  { cpu_lower_conv, { "winograd 4x4", cpu_lower_winograd, 4, CPU_PARTS_RULE } },
  { cpu_lower_conv, { "winograd 2x2", cpu_lower_winograd, 2, CPU_PARTS_RULE } },
  { cpu_lower_matmul, { "rules", cpu_lower_matmul, 0, CPU_PARTS_RULE } },
  { cpu_lower_matmul, { "gemm", cpu_lower_product, 0, CPU_PARTS_RULE } },
};

/* For each thread, who may be alone and get smaller blocks so; none: no other thread
 * takes part. */
static const gint parts[] = { CPU_PARTS_RULE, 0, 1, 2, 8 };

#define MAX_WAYS MAX (G_N_ELEMENTS (methods), G_N_ELEMENTS (parts))

static void
print_name (const CpuWay *way, char name[NAME])
{
  if (way->parts == CPU_PARTS_RULE)
    g_strlcpy (name, way->name, NAME);
  else
    g_snprintf (name, NAME, "%s, %d part(s)", way->name, way->parts);
}

/* --- what is kept ----------------------------------------------------------- */

static void
add_port (GString *text, const CpuModel *model, IrPort port)
{
  const IrOutput *output = ir_port_output (port);
  char shape[IR_SHAPE_TEXT];

  g_string_append_printf (text, " %s%s%s", ir_dtype_name (output->dtype),
      ir_shape_print (&output->shape, shape),
      cpu_port_is_known (model, port) ? " known" : "");
}

/* All that a time depends on. */
static char *
describe (const CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *head = fusion->head;
  GString *text = g_string_new (head->op->type);

  for (gsize i = 0; i < head->n_inputs; i++)
    add_port (text, model, head->inputs[i]);
  for (const IrAttrDesc *a = head->op->attrs; a && a->name; a++) {
    g_autofree char *value = ir_attr_to_string (a, head->attrs);

    g_string_append_printf (text, " %s=%s", a->name, value);
  }
  g_string_append_printf (text, " %d %d %d %d; cpu %x, %u threads, %s",
      cpu_port_layout (model, head->inputs[0]), fusion->residual.node != NULL,
      fusion->unary, fusion->slopes != NULL, ir_cpu_flags (), model->threads,
      model->bgemm ? "bf16" : "f32");
  return g_string_free (text, FALSE);
}

static void
make_label (
    const CpuModel *model, const CpuFusion *fusion, char label[CPU_LABEL])
{
  g_autofree char *text = describe (model, fusion);
  g_autofree char *sum =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);

  g_snprintf (label, CPU_LABEL, "tune %s", sum);
}

static gboolean
is_named (const CpuWay *way, const char *name)
{
  char own[NAME];

  print_name (way, own);
  return strncmp (own, name, NAME) == 0;
}

/* The way that an entry names; FALSE if it is none of ours. */
static gboolean
recall (const CpuModel *model, CpuLower rule, const char *label, CpuWay *way)
{
  const CpuBlob *blob = cpu_store_find (model->store, label);

  if (!blob || blob->bytes != NAME)
    return FALSE;
  for (guint m = 0; m < G_N_ELEMENTS (methods); m++)
    for (guint p = 0; p < G_N_ELEMENTS (parts); p++) {
      *way = methods[m].way;
      way->parts = parts[p];
      if (methods[m].rule == rule && is_named (way, blob->data))
        return TRUE;
    }
  return FALSE;
}

static void
keep (CpuModel *model, const char *label, const CpuWay *way)
{
  char *data = (char *) cpu_alloc_floats (NAME / sizeof (float));

  if (!data)
    return;
  print_name (way, data);
  cpu_store_add (model->store, label, data, NAME);
}

/* --- choosing --------------------------------------------------------------- */

/* The fastest, the first if what that gains might be chance; adds times to @text. */
static CpuWay
compete (CpuModel *model, const CpuFusion *fusion, const CpuWay *ways, guint n,
    GString *text)
{
  gint64 ns[MAX_WAYS];
  guint best = 0;

  cpu_race (model, fusion, ways, n, ns);
  for (guint i = 0; i < n; i++) {
    char name[NAME];

    if (ns[i] == CPU_NEVER)
      continue;
    print_name (&ways[i], name);
    g_string_append_printf (text, "%s %.3f ms; ", name, ns[i] / 1e6);
    if (ns[i] < ns[best] && ns[i] < GAIN * ns[0])
      best = i;
  }
  return ways[best];
}

/* Methods first, then the number of parts of the best, and at last this against the
 * rules once more: the least of many times is less than each of them is. */
static CpuWay
try_ways (CpuModel *model, const CpuWay *rules, const CpuFusion *fusion,
    GString *text)
{
  const CpuLower rule = rules->lower;
  CpuWay ways[MAX_WAYS], best;
  guint n = 0;

  for (guint m = 0; m < G_N_ELEMENTS (methods); m++)
    if (methods[m].rule == rule)
      ways[n++] = methods[m].way;
  best = compete (model, fusion, ways, n, text);
  for (n = 0; n < G_N_ELEMENTS (parts); n++) {
    ways[n] = best;
    ways[n].parts = parts[n];
  }
  best = compete (model, fusion, ways, n, text);
  if (best.lower == rule && best.parts == CPU_PARTS_RULE)
    return best;
  ways[0] = *rules;
  ways[1] = best;
  return compete (model, fusion, ways, 2, text);
}

static void
explain (const CpuFusion *fusion, const char *text, const CpuWay *way)
{
  char name[NAME];

  if (!cpu_explains_plan ())
    return;
  print_name (way, name);
  g_printerr ("plan tune: %s '%s': %stakes %s\n", fusion->head->op->type,
      fusion->head->name, text, name);
}

static CpuWay
choose (CpuModel *model, CpuLower rule, const CpuFusion *fusion)
{
  const CpuWay rules = { "rules", rule, 0, CPU_PARTS_RULE };
  CpuWay way = rules;
  g_autoptr (GString) text = g_string_new (NULL);
  char label[CPU_LABEL];

  make_label (model, fusion, label);
  if (recall (model, rule, label, &way)) {
    explain (fusion, "is known, ", &way);
  } else if (g_get_monotonic_time () < model->tune_until) {
    way = try_ways (model, &rules, fusion, text);
    explain (fusion, text->str, &way);
    keep (model, label, &way);
  } else {
    way = rules;
    explain (fusion, "there is no time left to try, ", &way);
  }
  return way;
}

void
cpu_tune_begin (CpuModel *model)
{
  model->tune_until = g_get_monotonic_time () + TUNE_US;
}

static gboolean
has_methods (CpuLower rule)
{
  for (guint m = 0; m < G_N_ELEMENTS (methods); m++)
    if (methods[m].rule == rule)
      return TRUE;
  return FALSE;
}

gboolean
cpu_tune_lower (CpuModel *model, CpuLower rule, const CpuFusion *fusion)
{
  gboolean made;
  CpuWay way;

  if (!model->tune_until || !has_methods (rule) ||
      cpu_takes_levels (model, fusion->head))
    return rule (model, fusion);
  way = choose (model, rule, fusion);
  model->way = &way;
  made = way.lower (model, fusion);
  model->way = NULL;
  return made || rule (model, fusion);
}
