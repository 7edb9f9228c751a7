/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "variants.h"
#include "config.h"

struct _IrVariant {
  IrGraph *graph;
  gpointer model;
  IrShape *shapes;
  GPtrArray *idle;
  guint leases;
  guint requests;
};

struct _IrVariants {
  const IrDevicePlugin *plugin;
  const IrGraph *graph;
  GHashTable *config;
  gboolean dynamic;

  /* Serialises compiling, so that two streams don't compile the same shapes
   * twice; taken before @lock. */
  GMutex compiling;
  GMutex lock;
  /* Most recently used first. */
  GQueue list;
  gboolean profiling;
};

static void
variant_free (const IrVariants *self, IrVariant *variant)
{
  for (guint i = 0; i < variant->idle->len; i++)
    self->plugin->request_free (variant->idle->pdata[i]);
  g_ptr_array_unref (variant->idle);
  self->plugin->model_free (variant->model);
  ir_graph_unref (variant->graph);
  g_free (variant->shapes);
  g_free (variant);
}

/* Takes the graph over, also when it fails. */
static IrVariant *
variant_new (const IrVariants *self, IrGraph *graph, GError **error)
{
  gpointer model = self->plugin->compile (graph, self->config, error);
  IrVariant *variant;

  if (!model) {
    ir_graph_unref (graph);
    return NULL;
  }
  variant = g_new0 (IrVariant, 1);
  variant->graph = graph;
  variant->model = model;
  variant->idle = g_ptr_array_new ();
  variant->shapes = g_new (IrShape, graph->parameters->len);
  for (guint i = 0; i < graph->parameters->len; i++) {
    IrNode *node = g_ptr_array_index (graph->parameters, i);

    variant->shapes[i] = node->outputs[0].shape;
  }
  return variant;
}

static gboolean
is_dynamic (const IrGraph *graph)
{
  for (guint i = 0; i < graph->parameters->len; i++) {
    const IrNode *node = g_ptr_array_index (graph->parameters, i);

    if (!ir_shape_is_static (&node->outputs[0].shape))
      return TRUE;
  }
  return FALSE;
}

IrVariants *
ir_variants_new (const IrDevicePlugin *plugin, const IrGraph *graph,
    GHashTable *config, IrDeviceModelInfo *info, GError **error)
{
  IrVariants *self = g_new0 (IrVariants, 1);
  IrVariant *first;

  self->plugin = plugin;
  self->graph = graph;
  self->dynamic = is_dynamic (graph);
  /* Shapes that come with the data would fill the disk with forms. */
  self->config = self->dynamic ? ir_config_without (config, IR_CONFIG_CACHE)
                               : g_hash_table_ref (config);
  g_mutex_init (&self->compiling);
  g_mutex_init (&self->lock);
  g_queue_init (&self->list);

  first = variant_new (self, ir_graph_ref ((IrGraph *) graph), error);
  if (!first) {
    ir_variants_free (self);
    return NULL;
  }
  plugin->model_info (first->model, info);
  if (self->dynamic)
    variant_free (self, first);
  else
    g_queue_push_head (&self->list, first);
  return self;
}

void
ir_variants_free (IrVariants *self)
{
  IrVariant *variant;

  while ((variant = g_queue_pop_head (&self->list)))
    variant_free (self, variant);
  g_hash_table_unref (self->config);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->compiling);
  g_free (self);
}

static gboolean
variant_matches (const IrVariant *variant, IrTensor *const *inputs)
{
  for (guint i = 0; i < variant->graph->parameters->len; i++)
    if (!ir_shape_equal (&variant->shapes[i], &inputs[i]->shape))
      return FALSE;
  return TRUE;
}

/* With @lock held: the form for these shapes, leased and in front. */
static IrVariant *
lease (IrVariants *self, IrTensor *const *inputs)
{
  for (GList *l = self->list.head; l; l = l->next) {
    IrVariant *variant = l->data;

    if (self->dynamic && !variant_matches (variant, inputs))
      continue;
    if (l != self->list.head) {
      g_queue_unlink (&self->list, l);
      g_queue_push_head_link (&self->list, l);
    }
    variant->leases++;
    return variant;
  }
  return NULL;
}

static IrVariant *
compile_for (IrVariants *self, IrTensor *const *inputs, GError **error)
{
  g_autoptr (IrGraph) graph = ir_graph_clone (self->graph);
  IrVariant *variant;

  for (guint i = 0; i < graph->parameters->len; i++) {
    IrNode *node = g_ptr_array_index (graph->parameters, i);

    ir_node_set_parameter (node, node->outputs[0].dtype, &inputs[i]->shape);
  }
  if (!ir_graph_infer (graph, error)) {
    g_prefix_error (error, "the model does not take inputs of these shapes: ");
    return NULL;
  }
  variant = variant_new (self, g_steal_pointer (&graph), error);
  ir_graph_release_pages (self->graph);
  if (variant && self->plugin->set_profiling)
    self->plugin->set_profiling (variant->model, self->profiling);
  return variant;
}

/* With @lock held: takes the forms that are too many, and idle, off the list. */
static GSList *
evict (IrVariants *self)
{
  GSList *victims = NULL;
  GList *l = self->list.tail;

  while (l && self->list.length > IR_VARIANTS_MAX) {
    GList *prev = l->prev;
    IrVariant *variant = l->data;

    if (variant->leases == 0) {
      victims = g_slist_prepend (victims, variant);
      g_queue_delete_link (&self->list, l);
    }
    l = prev;
  }
  return victims;
}

static IrVariant *
compile_and_lease (IrVariants *self, IrTensor *const *inputs, GError **error)
{
  g_autoptr (GMutexLocker) compiling = g_mutex_locker_new (&self->compiling);
  IrVariant *variant;
  GSList *victims;

  g_mutex_lock (&self->lock);
  variant = lease (self, inputs);
  g_mutex_unlock (&self->lock);
  if (variant)
    return variant;

  variant = compile_for (self, inputs, error);
  if (!variant)
    return NULL;

  g_mutex_lock (&self->lock);
  variant->leases = 1;
  g_queue_push_head (&self->list, variant);
  victims = evict (self);
  g_mutex_unlock (&self->lock);

  for (GSList *v = victims; v; v = v->next)
    variant_free (self, v->data);
  g_slist_free (victims);
  return variant;
}

static void
release (IrVariants *self, IrVariant *variant, gpointer request)
{
  g_mutex_lock (&self->lock);
  if (request)
    g_ptr_array_add (variant->idle, request);
  variant->leases--;
  g_mutex_unlock (&self->lock);
}

gboolean
ir_variants_take (
    IrVariants *self, IrTensor *const *inputs, IrLease *out, GError **error)
{
  gpointer request = NULL;
  IrVariant *variant;

  g_mutex_lock (&self->lock);
  variant = lease (self, inputs);
  if (variant && variant->idle->len)
    request =
        g_ptr_array_steal_index_fast (variant->idle, variant->idle->len - 1);
  g_mutex_unlock (&self->lock);

  if (!variant && !(variant = compile_and_lease (self, inputs, error)))
    return FALSE;
  if (!request) {
    request = self->plugin->request_new (variant->model, error);
    if (!request) {
      release (self, variant, NULL);
      return FALSE;
    }
    g_atomic_int_inc (&variant->requests);
  }
  out->variant = variant;
  out->request = request;
  return TRUE;
}

void
ir_variants_give_back (IrVariants *self, IrLease *leased)
{
  release (self, leased->variant, leased->request);
}

gboolean
ir_variants_reserve (IrVariants *self, guint n, GError **error)
{
  IrVariant *variant = g_queue_peek_head (&self->list);

  if (self->dynamic)
    return TRUE;
  while ((guint) g_atomic_int_get (&variant->requests) < n) {
    gpointer request = self->plugin->request_new (variant->model, error);

    if (!request)
      return FALSE;
    g_atomic_int_inc (&variant->requests);
    g_mutex_lock (&self->lock);
    g_ptr_array_add (variant->idle, request);
    g_mutex_unlock (&self->lock);
  }
  return TRUE;
}

void
ir_variants_set_profiling (IrVariants *self, gboolean enabled)
{
  if (!self->plugin->set_profiling)
    return;
  g_mutex_lock (&self->compiling);
  g_mutex_lock (&self->lock);
  self->profiling = enabled;
  for (GList *l = self->list.head; l; l = l->next)
    self->plugin->set_profiling (((IrVariant *) l->data)->model, enabled);
  g_mutex_unlock (&self->lock);
  g_mutex_unlock (&self->compiling);
}

GPtrArray *
ir_variants_get_profile (IrVariants *self)
{
  GPtrArray *profile = NULL;
  IrVariant *variant;

  if (!self->plugin->get_profile)
    return NULL;
  g_mutex_lock (&self->lock);
  variant = g_queue_peek_head (&self->list);
  if (variant)
    profile = self->plugin->get_profile (variant->model);
  g_mutex_unlock (&self->lock);
  return profile;
}

gboolean
ir_variants_get_memory (IrVariants *self, IrModelMemory *memory)
{
  IrVariant *variant;

  if (self->plugin->size <= G_STRUCT_OFFSET (IrDevicePlugin, memory) ||
      !self->plugin->memory)
    return FALSE;
  g_mutex_lock (&self->lock);
  variant = g_queue_peek_head (&self->list);
  if (variant)
    self->plugin->memory (variant->model, memory);
  g_mutex_unlock (&self->lock);
  return variant != NULL;
}
