/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* REFERENCE: every op as its descriptor computes it, one after the other. Slow,
 * obvious, and what the other devices are measured with. */
#include <ir/plugin.h>

typedef struct {
  const IrGraph *graph;
} Model;

static gboolean
reference_probe (char **text, GError **error)
{
  *text = g_strdup ("plain C, one thread; for checking other devices");
  return TRUE;
}

static void
add_unsupported (const IrGraph *graph, GString *list)
{
  for (const IrNode *n = graph->first; n; n = n->next) {
    const guint source = IR_OP_PARAMETER | IR_OP_RESULT | IR_OP_CONST;

    if (!n->op->evaluate && !(n->op->flags & source))
      g_string_append_printf (
          list, "%s%s '%s'", list->len ? ", " : "", n->op->type, n->name);
    for (gsize b = 0; b < n->n_bodies; b++)
      add_unsupported (n->bodies[b], list);
  }
}

static gpointer
reference_compile (const IrGraph *graph, GHashTable *config, GError **error)
{
  GString *list = g_string_new (NULL);
  Model *model = NULL;

  add_unsupported (graph, list);
  if (list->len) {
    ir_fail (error, IR_ERROR_UNSUPPORTED,
        "REFERENCE can't compute these ops of '%s': %s", graph->name,
        list->str);
  } else {
    model = g_new (Model, 1);
    model->graph = graph;
  }
  g_string_free (list, TRUE);
  return model;
}

static void
reference_model_info (gpointer model, IrDeviceModelInfo *info)
{
  *info = (IrDeviceModelInfo){ "as in the model", 1, 1, 1 };
}

/* Nothing is kept between inferences: the model is its own request. */
static gpointer
reference_request_new (gpointer model, GError **error)
{
  return model;
}

static void
reference_request_free (gpointer request)
{
}

static gboolean
reference_infer (gpointer request, IrTensor *const *inputs, IrTensor **outputs,
    const gint *cancelled, GError **error)
{
  const Model *model = request;

  if (!ir_graph_evaluate (model->graph, inputs, outputs, error))
    return FALSE;
  if (!g_atomic_int_get (cancelled))
    return TRUE;
  for (guint i = 0; i < model->graph->results->len; i++)
    g_clear_pointer (&outputs[i], ir_tensor_unref);
  return ir_fail (error, IR_ERROR_CANCELLED, "the inference was cancelled");
}

static const IrDevicePlugin plugin = {
  .abi = IR_PLUGIN_ABI,
  .size = sizeof (IrDevicePlugin),
  .device = "REFERENCE",
  .summary = "every op as it is defined, slow and obvious",
  .priority = 0,
  .probe = reference_probe,
  .compile = reference_compile,
  .model_free = g_free,
  .model_info = reference_model_info,
  .request_new = reference_request_new,
  .request_free = reference_request_free,
  .infer = reference_infer,
  .preprocess = ir_preproc_run_reference,
};

IR_API const IrDevicePlugin *ir_device_plugin (void);

const IrDevicePlugin *
ir_device_plugin (void)
{
  return &plugin;
}
