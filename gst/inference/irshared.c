/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irshared.h"

#include <string.h>

/* Held while compiling, so that those who come second wait for the first. */
static GMutex lock;
static GHashTable *instances;

static void
append (GString *config, const char *key, const char *value)
{
  g_string_append_printf (
      config, "%s%s=%s", config->len ? "," : "", key, value);
}

static char *
make_config (const IrEngineOptions *options)
{
  GString *config = g_string_new (NULL);
  char number[16];

  if (options->streams) {
    g_snprintf (number, sizeof number, "%u", options->streams);
    append (config, "STREAMS", number);
  } else if (!options->live) {
    append (config, "STREAMS", "auto");
  }
  if (options->threads) {
    g_snprintf (number, sizeof number, "%u", options->threads);
    append (config, "THREADS", number);
  }
  if (options->precision && *options->precision &&
      g_ascii_strcasecmp (options->precision, "auto") != 0)
    append (config, "PRECISION", options->precision);
  if (options->config && *options->config)
    g_string_append_printf (
        config, "%s%s", config->len ? "," : "", options->config);

  return g_string_free (config, FALSE);
}

static void
shared_free (IrShared *shared)
{
  g_free (shared->id);
  g_clear_pointer (&shared->model, ir_model_unref);
  g_clear_object (&shared->compiled);
  g_free (shared->splits);
  g_free (shared);
}

static IrShared *
compile (IrCore *core, const IrEngineOptions *options, GError **error)
{
  g_autofree char *config = make_config (options);
  g_autoptr (IrGraph) graph = NULL;
  IrShared *shared;

  if (options->model == NULL) {
    ir_fail (error, IR_ERROR_NOT_FOUND,
        "no model is given: set the property 'model', put irconvert with a "
        "model in front, or set 'instance-id' to that of an element that has "
        "one");
    return NULL;
  }

  shared = g_new0 (IrShared, 1);
  shared->refs = 1;
  shared->model = ir_model_ref (options->model);
  shared->batch = options->batch;
  shared->splits = g_new0 (IrBatchSplit, options->model->graph->results->len);
  graph =
      ir_batch_graph (options->model, options->batch, shared->splits, error);
  if (graph)
    shared->compiled =
        ir_core_compile (core, graph, options->device, config, error);
  if (shared->compiled == NULL)
    g_clear_pointer (&shared, shared_free);

  return shared;
}

static gboolean
is_same_file (const IrModelInfo *a, const IrModelInfo *b)
{
  const char *digest = ir_digest_get (a->digest);

  return digest && g_strcmp0 (digest, ir_digest_get (b->digest)) == 0;
}

static gboolean
is_same_model (
    const IrShared *shared, const IrEngineOptions *options, GError **error)
{
  const IrModel *own = options->model;

  if (own == NULL || own == shared->model ||
      (is_same_file (own->info, shared->model->info) &&
          memcmp (&own->recipe, &shared->model->recipe, sizeof own->recipe) ==
              0))
    return TRUE;

  return ir_fail (error, IR_ERROR_UNSUPPORTED,
      "instance-id '%s' is that of an element with model %s, prepared its way; "
      "model %s needs another id, or the same settings",
      shared->id, shared->model->info->path, own->info->path);
}

IrShared *
ir_shared_get (IrCore *core, const IrEngineOptions *options, GError **error)
{
  const char *id = options->instance;
  IrShared *shared = NULL;

  if (id == NULL || *id == '\0')
    return compile (core, options, error);

  g_mutex_lock (&lock);
  if (instances == NULL)
    instances = g_hash_table_new (g_str_hash, g_str_equal);
  shared = g_hash_table_lookup (instances, id);
  if (shared) {
    if (is_same_model (shared, options, error))
      shared->refs++;
    else
      shared = NULL;
  } else {
    shared = compile (core, options, error);
    if (shared) {
      shared->id = g_strdup (id);
      g_hash_table_insert (instances, shared->id, shared);
    }
  }
  g_mutex_unlock (&lock);

  return shared;
}

void
ir_shared_release (IrShared *shared)
{
  gboolean last;

  g_mutex_lock (&lock);
  last = --shared->refs == 0;
  if (last && shared->id) {
    g_hash_table_remove (instances, shared->id);
    if (g_hash_table_size (instances) == 0)
      g_clear_pointer (&instances, g_hash_table_unref);
  }
  g_mutex_unlock (&lock);

  if (last)
    shared_free (shared);
}
