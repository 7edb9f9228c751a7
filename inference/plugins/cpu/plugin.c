/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* CPU: fused steps over one arena; what has no faster way runs by its op's own
 * definition, so that every op runs. */
#include "cpu.h"

#include <ir/pass.h>

static gboolean
cpu_probe (char **text, GError **error)
{
  GString *line = g_string_new (NULL);
  unsigned flags = ir_cpu_flags ();

  g_string_printf (line, "%u core(s)", cpu_pool_cores ());
  for (const IrCpuFeature *f = ir_cpu_features; f->name; f++)
    if (flags & f->flag)
      g_string_append_printf (line, ", %s", f->text);
  g_string_append (line, "; kernels: ");
  cpu_append_kernels (line);
  if (g_getenv ("IR_CPU_MASK"))
    g_string_append_printf (
        line, " (IR_CPU_MASK=%s)", g_getenv ("IR_CPU_MASK"));
  *text = g_string_free (line, FALSE);
  return TRUE;
}

static void
check_unsupported (const IrGraph *graph, GString *list)
{
  const guint source = IR_OP_PARAMETER | IR_OP_RESULT | IR_OP_CONST;

  for (const IrNode *n = graph->first; n; n = n->next) {
    if (!n->op->evaluate && !(n->op->flags & source))
      g_string_append_printf (
          list, "%s%s '%s'", list->len ? ", " : "", n->op->type, n->name);
    for (gsize b = 0; b < n->n_bodies; b++)
      check_unsupported (n->bodies[b], list);
  }
}

static gboolean
check_ops (const IrGraph *graph, GError **error)
{
  GString *list = g_string_new (NULL);
  gboolean ok = TRUE;

  check_unsupported (graph, list);
  if (list->len)
    ok = ir_fail (error, IR_ERROR_UNSUPPORTED,
        "CPU can't compute these ops of '%s': %s", graph->name, list->str);
  g_string_free (list, TRUE);
  return ok;
}

#define SWITCH "YES or NO"

/* @fallback if the key is not given. */
static gboolean
config_switch (GHashTable *config, const char *key, gboolean fallback,
    gboolean *on, GError **error)
{
  const char *value = g_hash_table_lookup (config, key);

  *on = value ? g_ascii_strcasecmp (value, "YES") == 0 : fallback;
  if (!value || *on || g_ascii_strcasecmp (value, "NO") == 0)
    return TRUE;
  return ir_fail (error, IR_ERROR_PARSE, "config key %s takes %s, not '%s'",
      key, SWITCH, value);
}

static guint
config_number (GHashTable *config, const char *key)
{
  const char *value = g_hash_table_lookup (config, key);

  return value ? g_ascii_strtoull (value, NULL, 10) : 0;
}

void
cpu_warn (CpuModel *model, const char *text)
{
  char *both = model->warning ? g_strdup_printf ("%s; %s", model->warning, text)
                              : g_strdup (text);

  g_free (model->warning);
  model->warning = both;
}

/* More threads than processors only take turns. */
static guint
clip_threads (CpuModel *model, guint wanted)
{
  const guint there = g_get_num_processors ();
  g_autofree char *text = NULL;

  if (wanted <= there)
    return wanted;
  text = g_strdup_printf ("THREADS=%u is more than the %u processor(s) that "
                          "there are; %u are used",
      wanted, there, there);
  cpu_warn (model, text);
  return there;
}

static void
choose_threads (CpuModel *model, GHashTable *config)
{
  guint threads = clip_threads (model, config_number (config, "THREADS"));

  if (!threads)
    threads = cpu_pool_cores ();
  model->streams =
      cpu_pool_streams (g_hash_table_lookup (config, "STREAMS"), threads);
  model->threads = MAX (threads / model->streams, 1);
}

#define PRECISIONS "auto, f32 or bf16"

/* Whether there are levels that bf16 could not tell from each other. */
static gboolean
is_quantized (const IrGraph *graph)
{
  for (const IrNode *node = graph->first; node; node = node->next)
    if (ir_node_is (node, "FakeQuantize"))
      return TRUE;
  return FALSE;
}

/* bf16 where it is asked for, or where it is much faster and nothing is. */
static gboolean
choose_precision (CpuModel *model, GHashTable *config, GError **error)
{
  const char *precision = g_hash_table_lookup (config, "PRECISION");
  const unsigned flags = ir_cpu_flags ();
  const IrBgemmKernels *bgemm = ir_bgemm_select (flags);

  if (!precision || g_str_equal (precision, "auto")) {
    if ((flags & IR_CPU_AMX) && !is_quantized (model->graph))
      model->bgemm = bgemm;
    return TRUE;
  }
  if (g_str_equal (precision, "f32"))
    return TRUE;
  if (!g_str_equal (precision, "bf16"))
    return ir_fail (error, IR_ERROR_PARSE,
        "config key PRECISION takes %s, not '%s'", PRECISIONS, precision);
  if (bgemm == ir_bgemm_select (0))
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "this CPU has no instructions for bf16; PRECISION=auto takes what it "
        "has");
  model->bgemm = bgemm;
  return TRUE;
}

static gboolean
choose_kernels (CpuModel *model, GHashTable *config, GError **error)
{
  unsigned flags = ir_cpu_flags ();
  gboolean int8, winograd;

  if (!config_switch (config, "INT8", TRUE, &int8, error) ||
      !config_switch (config, "WINOGRAD", TRUE, &winograd, error))
    return FALSE;
  model->argmax = ir_argmax_select (flags);
  model->gemm = ir_gemm_select (flags);
  model->dwconv = ir_dwconv_select (flags);
  model->eltwise = ir_eltwise_select (flags);
  model->igemm = ir_igemm_select (flags);
  model->layout = ir_layout_select (flags);
  model->pool = ir_pool_select (flags);
  model->reduce = ir_reduce_select (flags);
  model->bdwconv = ir_bdwconv_select (flags);
  model->bpool = ir_bpool_select (flags);
  if (int8 && is_quantized (model->graph) &&
      ir_qgemm_select (flags) != ir_qgemm_select (0)) {
    model->qgemm = ir_qgemm_select (flags);
    model->qpool = ir_qpool_select (flags);
  }
  if (winograd)
    model->winograd = ir_winograd_select (flags);
  return TRUE;
}

void
cpu_model_free (gpointer data)
{
  CpuModel *model = data;

  g_clear_pointer (&model->steps, g_ptr_array_unref);
  for (guint i = 0; model->slots && i < model->slots->len; i++)
    g_clear_pointer (&cpu_slot (model, i)->value, ir_tensor_unref);
  g_clear_pointer (&model->slots, g_array_unref);
  g_clear_pointer (&model->first_slots, g_hash_table_unref);
  g_clear_pointer (&model->graph, ir_graph_unref);
  g_clear_pointer (&model->store, cpu_store_free);
  g_free (model->cache_path);
  g_free (model->warning);
  g_free (model->output_dtypes);
  g_free (model->output_slots);
  g_free (model);
}

/* Who asks for nothing but the size of a tensor does not read it, and should not keep
 * it from being part of another step. */
static gboolean
forget_sizes (IrGraph *graph, GError **error)
{
  static const IrPass *const passes[] = { &ir_pass_fold_values, &ir_pass_dce };

  return ir_passes_run (
      graph, passes, G_N_ELEMENTS (passes), NULL, NULL, NULL, error);
}

static gpointer
cpu_compile (const IrGraph *graph, GHashTable *config, GError **error)
{
  CpuModel *model;
  gboolean tune;

  if (!check_ops (graph, error))
    return NULL;
  model = g_new0 (CpuModel, 1);
  model->graph = ir_graph_clone (graph);
  model->store = cpu_store_new ();
  model->output_dtypes = g_new (IrDType, graph->results->len + 1);
  for (guint i = 0; i < graph->results->len; i++) {
    const IrNode *result = g_ptr_array_index (graph->results, i);

    model->output_dtypes[i] = ir_port_output (result->inputs[0])->dtype;
  }
  choose_threads (model, config);
  if (!choose_kernels (model, config, error) ||
      !choose_precision (model, config, error) ||
      !config_switch (config, "TUNE", FALSE, &tune, error) ||
      !cpu_to_f32 (model->graph, error) ||
      !ir_graph_infer (model->graph, error) ||
      !forget_sizes (model->graph, error) || !cpu_norms (model->graph, error) ||
      !cpu_regroup (model->graph, error) || !cpu_pads (model->graph, error) ||
      !cpu_siblings (model->graph, error) || !cpu_focus (model->graph, error) ||
      /* Computed weights have no way in bf16. */
      !cpu_gate (model->graph, model->bgemm != NULL, error)) {
    cpu_model_free (model);
    return NULL;
  }
  cpu_cache_load (model, config);
  if (tune)
    cpu_tune_begin (model);
  if (!cpu_build (model, error)) {
    cpu_model_free (model);
    return NULL;
  }
  cpu_cache_save (model);
  cpu_narrow (model);
  cpu_plan (model);
  cpu_explain (model);
  return model;
}

static void
cpu_model_info (gpointer data, IrDeviceModelInfo *info)
{
  const CpuModel *model = data;

  *info = (IrDeviceModelInfo){ model->bgemm ? "bf16" : "f32", model->streams,
    model->threads, model->streams + 1, g_strdup (model->warning) };
}

/* Constants that steps read as they are, beside those that were packed. */
static gsize
constant_bytes (const CpuModel *model)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  gsize bytes = 0;

  for (guint i = 0; i < model->steps->len; i++) {
    const CpuStep *step = g_ptr_array_index (model->steps, i);

    for (guint k = 0; k < step->n_in; k++) {
      const CpuSlot *slot = cpu_slot (model, step->in[k]);

      if (slot->place == CPU_CONST && slot->value &&
          g_hash_table_add (seen, slot->value))
        bytes += slot->value->size;
    }
  }
  return bytes;
}

void
cpu_model_memory (gpointer data, IrModelMemory *memory)
{
  const CpuModel *model = data;

  *memory =
      (IrModelMemory){ cpu_store_used (model->store) + constant_bytes (model),
        model->arena, model->scratch };
}

static void
cpu_set_profiling (gpointer data, gboolean enabled)
{
  CpuModel *model = data;

  for (guint i = 0; enabled && i < model->steps->len; i++) {
    CpuStep *step = g_ptr_array_index (model->steps, i);

    g_atomic_int_set (&step->calls, 0);
    g_atomic_pointer_set (&step->ns, 0);
  }
  g_atomic_int_set (&model->profiling, enabled);
}

static void
profile_free (gpointer data)
{
  IrProfile *profile = data;

  g_free (profile->name);
  g_free (profile->type);
  g_free (profile->kernel);
  g_free (profile);
}

static GPtrArray *
cpu_get_profile (gpointer data)
{
  const CpuModel *model = data;
  GPtrArray *list = g_ptr_array_new_with_free_func (profile_free);

  for (guint i = 0; i < model->steps->len; i++) {
    CpuStep *step = g_ptr_array_index (model->steps, i);
    IrProfile *profile = g_new0 (IrProfile, 1);
    const IrNode *head = step->head ? step->head : step->node;

    profile->name = g_strdup (head->name);
    profile->type = g_strdup (head->op->type);
    profile->kernel = g_strdup (step->kernel);
    profile->calls = g_atomic_int_get (&step->calls);
    profile->ns = (gsize) g_atomic_pointer_get (&step->ns);
    profile->flops = step->flops;
    g_ptr_array_add (list, profile);
  }
  return list;
}

static const IrConfigKey config_keys[] = {
  { "PRECISION", PRECISIONS,
      "what to compute in; auto: bf16 where there is AMX, f32 of what is "
      "quantized" },
  { "INT8", SWITCH, "convolutions of what is quantized to 8 bits in integers" },
  { "TUNE", SWITCH,
      "try which way to compute a layer is the fastest; CACHE_DIR keeps the "
      "answer" },
  { "WINOGRAD", SWITCH, "faster 3x3 convolutions whose last digits differ" },
  { NULL, NULL, NULL },
};

static const IrDevicePlugin plugin = {
  .abi = IR_PLUGIN_ABI,
  .size = sizeof (IrDevicePlugin),
  .device = "CPU",
  .summary = "the processor's cores, in f32, bf16 and INT8",
  .priority = 100,
  .config = config_keys,
  .probe = cpu_probe,
  .compile = cpu_compile,
  .model_free = cpu_model_free,
  .model_info = cpu_model_info,
  .request_new = cpu_request_new,
  .request_free = cpu_request_free,
  .infer = cpu_infer,
  .set_profiling = cpu_set_profiling,
  .get_profile = cpu_get_profile,
  .preprocess = cpu_preprocess,
  .peak_gflops = cpu_peak_gflops,
  .memory = cpu_model_memory,
};

IR_API const IrDevicePlugin *ir_device_plugin (void);

const IrDevicePlugin *
ir_device_plugin (void)
{
  return &plugin;
}
