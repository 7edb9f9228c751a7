/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

G_DEFINE_TYPE (IrCompiledModel, ir_compiled_model, G_TYPE_OBJECT)

static void
ir_compiled_model_finalize (GObject *object)
{
  IrCompiledModel *self = IR_COMPILED_MODEL (object);

  g_clear_pointer (&self->queue, ir_queue_free);
  g_clear_pointer (&self->variants, ir_variants_free);
  g_clear_pointer (&self->graph, ir_graph_unref);
  g_free (self->info.warning);
  g_free (self->inputs);
  g_free (self->outputs);
  G_OBJECT_CLASS (ir_compiled_model_parent_class)->finalize (object);
}

static void
ir_compiled_model_class_init (IrCompiledModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ir_compiled_model_finalize;
}

static void
ir_compiled_model_init (IrCompiledModel *self)
{
}

/* One tensor has several names where a model only renames it: an output takes the
 * one that its Result is called after. Where it is an input unchanged, the
 * Parameter's own is the input's, and the output takes another. */
static const char *
choose_name (const IrNode *node, IrPort port)
{
  const IrOutput *output = ir_port_output (port);
  const gboolean is_input = node == port.node;

  for (gsize i = 0; i < output->n_names && !is_input; i++) {
    const char *name = output->names[i];

    if (g_str_has_prefix (node->name, name) &&
        g_str_equal (node->name + strlen (name), "/sink_port_0"))
      return name;
  }
  if ((port.node->op->flags & IR_OP_PARAMETER) == 0)
    return ir_port_name (port);
  for (gsize i = 0; i < output->n_names; i++) {
    if (g_str_equal (output->names[i], port.node->name) == is_input)
      return output->names[i];
  }
  return ir_port_name (port);
}

/* An output is called as the tensor that it shows, not as its Result. */
static IrPortInfo
describe (const IrNode *node, IrPort port)
{
  const IrOutput *output = ir_port_output (port);
  IrPortInfo info = { choose_name (node, port), node->name, output->dtype,
    output->shape };

  return info;
}

static void
describe_ports (IrCompiledModel *self)
{
  self->n_inputs = self->graph->parameters->len;
  self->inputs = g_new (IrPortInfo, self->n_inputs);
  for (gsize i = 0; i < self->n_inputs; i++) {
    IrNode *node = g_ptr_array_index (self->graph->parameters, i);

    self->inputs[i] = describe (node, ir_port (node, 0));
  }
  self->n_outputs = self->graph->results->len;
  self->outputs = g_new (IrPortInfo, self->n_outputs);
  for (gsize i = 0; i < self->n_outputs; i++) {
    IrNode *node = g_ptr_array_index (self->graph->results, i);

    self->outputs[i] = describe (node, node->inputs[0]);
  }
}

/* Reading and compiling leave holes in the heap, which would stay as long as the
 * process: as much as small networks take. */
static void
trim_heap (void)
{
#ifdef __GLIBC__
  malloc_trim (0);
#endif
}

IrCompiledModel *
ir_compiled_model_new (const IrDevicePlugin *plugin, const IrGraph *graph,
    GHashTable *config, GError **error)
{
  g_autoptr (IrCompiledModel) self =
      g_object_new (IR_TYPE_COMPILED_MODEL, NULL);

  self->plugin = plugin;
  self->graph = ir_graph_clone (graph);
  if (!ir_graph_infer (self->graph, error))
    return NULL;
  describe_ports (self);
  self->variants =
      ir_variants_new (plugin, self->graph, config, &self->info, error);
  if (!self->variants)
    return NULL;
  ir_graph_release_pages (self->graph);
  trim_heap ();
  self->queue = ir_queue_new (self->info.streams);
  return g_steal_pointer (&self);
}

const char *
ir_compiled_model_get_device (IrCompiledModel *self)
{
  return self->plugin->device;
}

const IrGraph *
ir_compiled_model_get_graph (IrCompiledModel *self)
{
  return self->graph;
}

const IrPortInfo *
ir_compiled_model_get_inputs (IrCompiledModel *self, gsize *n)
{
  if (n)
    *n = self->n_inputs;
  return self->inputs;
}

const IrPortInfo *
ir_compiled_model_get_outputs (IrCompiledModel *self, gsize *n)
{
  if (n)
    *n = self->n_outputs;
  return self->outputs;
}

guint
ir_compiled_model_get_optimal_requests (IrCompiledModel *self)
{
  return MAX (self->info.optimal_requests, 1);
}

const char *
ir_compiled_model_get_precision (IrCompiledModel *self)
{
  return self->info.precision;
}

const char *
ir_compiled_model_get_warning (IrCompiledModel *self)
{
  return self->info.warning;
}

guint
ir_compiled_model_get_threads (IrCompiledModel *self)
{
  return MAX (self->info.threads, 1);
}

guint
ir_compiled_model_get_streams (IrCompiledModel *self)
{
  return MAX (self->info.streams, 1);
}

void
ir_compiled_model_set_profiling (IrCompiledModel *self, gboolean enabled)
{
  ir_variants_set_profiling (self->variants, enabled);
}

GPtrArray *
ir_compiled_model_get_profile (IrCompiledModel *self)
{
  return ir_variants_get_profile (self->variants);
}

gboolean
ir_compiled_model_get_memory (IrCompiledModel *self, IrModelMemory *memory)
{
  return ir_variants_get_memory (self->variants, memory);
}

double
ir_compiled_model_get_peak_gflops (IrCompiledModel *self)
{
  return self->plugin->peak_gflops
      ? self->plugin->peak_gflops (ir_compiled_model_get_threads (self))
      : 0;
}

IrInferRequest *
ir_compiled_model_create_request (IrCompiledModel *self, GError **error)
{
  /* The device's state of one inference is made now, so that a lack of memory
   * shows here and not in mid-stream. */
  if (!ir_variants_reserve (self->variants, 1, error))
    return NULL;
  return ir_infer_request_new (self);
}
