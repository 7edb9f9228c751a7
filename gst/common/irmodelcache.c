/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irmodelcache.h"

#include <glib/gstdio.h>
#include <ir/error.h>
#include <ir/graph.h>
#include <string.h>

#define MAX_DEPTH 8

static gboolean
fail_read (const char *path, const GError *cause, GError **error)
{
  return ir_fail (error, IR_ERROR_NOT_FOUND, "model file %s can't be read: %s",
      path, cause->message);
}

/* A file that is not read but should be noticed when it changes. */
static void
digest_stamp (GChecksum *sum, const char *path)
{
  g_autofree char *stamp = NULL;
  GStatBuf st;

  if (g_stat (path, &st) != 0)
    return;
  stamp = g_strdup_printf ("%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n",
      path, (gint64) st.st_size, (gint64) st.st_mtime);
  g_checksum_update (sum, (const guchar *) stamp, strlen (stamp));
}

/* ONNX files name others that hold weights: entries with the key "location" and
 * the name as value. Those can be large and don't change often: their size and
 * time stand for them. */
static void
digest_external (GChecksum *sum, const char *path, const char *data, gsize size)
{
  static const char key[] = "\x0a\x08location\x12";
  const gsize key_size = sizeof key - 1;
  g_autofree char *dir = g_path_get_dirname (path);
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const char *at = data, *end = data + size;

  while ((at = memmem (at, end - at, key, key_size)) != NULL) {
    gsize length;

    at += key_size;
    length = at < end ? (guchar) *at : 0;
    if (length > 0 && length < 128 && (gsize) (end - at) > length) {
      g_autofree char *name = g_strndup (at + 1, length);
      g_autofree char *file = g_build_filename (dir, name, NULL);

      if (g_hash_table_add (seen, g_steal_pointer (&name)))
        digest_stamp (sum, file);
    }
  }
}

static gboolean
digest_file (GChecksum *sum, const char *path, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, &cause);
  const char *data;
  gsize size;

  if (file == NULL)
    return fail_read (path, cause, error);

  data = g_mapped_file_get_contents (file);
  size = g_mapped_file_get_length (file);
  ir_checksum_add_bytes (sum, data, size);
  if (size > 0 && g_str_has_suffix (path, ".onnx"))
    digest_external (sum, path, data, size);

  return TRUE;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gboolean
digest_path (GChecksum *sum, const char *path, guint depth, GError **error)
{
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GError) cause = NULL;
  const char *name;
  GDir *dir;

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    return digest_file (sum, path, error);
  if (depth == MAX_DEPTH)
    return ir_fail (
        error, IR_ERROR_LIMIT, "model folder %s is nested too deeply", path);

  dir = g_dir_open (path, 0, &cause);
  if (dir == NULL)
    return fail_read (path, cause, error);
  names = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_dir_close (dir);

  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *child =
        g_build_filename (path, g_ptr_array_index (names, i), NULL);

    g_checksum_update (sum, g_ptr_array_index (names, i), -1);
    if (!digest_path (sum, child, depth + 1, error))
      return FALSE;
  }

  return TRUE;
}

static char *
stem_of (const char *model)
{
  g_autofree char *base = g_path_get_basename (model);
  char *dot = strrchr (base, '.');

  if (dot && dot != base)
    *dot = '\0';

  return g_steal_pointer (&base);
}

char *
ir_model_cache_path (const char *dir, const char *model,
    const char *const *extra, const char *options, GError **error)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *stem = stem_of (model);
  g_autofree char *file = NULL;

  g_checksum_update (sum, (const guchar *) "gst-ir " IR_VERSION "\n", -1);
  g_checksum_update (sum, (const guchar *) options, -1);
  if (!digest_path (sum, model, 0, error))
    return NULL;
  for (; extra && *extra; extra++) {
    if (!digest_path (sum, *extra, 0, error))
      return NULL;
  }
  file = g_strdup_printf ("%.64s-%.24s.xml", stem, g_checksum_get_string (sum));

  return g_build_filename (dir, file, NULL);
}
