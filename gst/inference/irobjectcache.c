/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irobjectcache.h"

/* More objects than a scene has; when a tracker made that many numbers, the
 * older half goes. */
#define MOST_OBJECTS 1024

typedef struct {
  guint64 inferred;
  guint64 seen;
  gsize n_outputs;
  IrTensor **outputs;
} Object;

struct _IrObjectCache {
  GHashTable *objects;
  gsize n_outputs;
};

static void
object_free (gpointer data)
{
  Object *object = data;

  for (gsize i = 0; object->outputs && i < object->n_outputs; i++)
    ir_tensor_unref (object->outputs[i]);
  g_free (object->outputs);
  g_free (object);
}

IrObjectCache *
ir_object_cache_new (gsize n_outputs)
{
  IrObjectCache *cache = g_new0 (IrObjectCache, 1);

  cache->objects =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, object_free);
  cache->n_outputs = n_outputs;
  return cache;
}

void
ir_object_cache_free (IrObjectCache *cache)
{
  g_hash_table_unref (cache->objects);
  g_free (cache);
}

void
ir_object_cache_clear (IrObjectCache *cache)
{
  g_hash_table_remove_all (cache->objects);
}

static gint
compare_seen (gconstpointer a, gconstpointer b)
{
  guint64 first = *(const guint64 *) a, second = *(const guint64 *) b;

  return first < second ? -1 : first > second;
}

static gboolean
is_older (gpointer key, gpointer value, gpointer user_data)
{
  return ((const Object *) value)->seen <= *(const guint64 *) user_data;
}

static void
make_room (IrObjectCache *cache)
{
  g_autoptr (GArray) seen = NULL;
  GHashTableIter iter;
  gpointer value;

  if (g_hash_table_size (cache->objects) < MOST_OBJECTS)
    return;
  seen = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_hash_table_iter_init (&iter, cache->objects);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_array_append_val (seen, ((Object *) value)->seen);
  g_array_sort (seen, compare_seen);
  g_hash_table_foreach_remove (
      cache->objects, is_older, &g_array_index (seen, guint64, seen->len / 2));
}

gboolean
ir_object_cache_ask (
    IrObjectCache *cache, gint64 id, guint64 frame, guint every)
{
  Object *object;

  if (id < 0 || every == 1)
    return TRUE;
  object = g_hash_table_lookup (cache->objects, &id);
  if (object) {
    object->seen = frame;
    if (every == 0 || frame - object->inferred < every)
      return FALSE;
  } else {
    make_room (cache);
    object = g_new0 (Object, 1);
    object->n_outputs = cache->n_outputs;
    object->seen = frame;
    g_hash_table_insert (cache->objects, g_memdup2 (&id, sizeof id), object);
  }
  object->inferred = frame;
  return TRUE;
}

void
ir_object_cache_store (
    IrObjectCache *cache, gint64 id, IrTensor *const *outputs)
{
  Object *object = g_hash_table_lookup (cache->objects, &id);

  if (object == NULL)
    return;
  if (object->outputs == NULL)
    object->outputs = g_new0 (IrTensor *, object->n_outputs);
  for (gsize i = 0; i < object->n_outputs; i++) {
    g_clear_pointer (&object->outputs[i], ir_tensor_unref);
    object->outputs[i] = ir_tensor_ref (outputs[i]);
  }
}

IrTensor *const *
ir_object_cache_find (IrObjectCache *cache, gint64 id)
{
  const Object *object = g_hash_table_lookup (cache->objects, &id);

  return object ? object->outputs : NULL;
}
