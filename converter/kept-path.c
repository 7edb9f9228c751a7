/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Under which name the result of a conversion is kept. */
#include "kept.h"

#include <glib/gstdio.h>

#include <string.h>
#include <sys/stat.h>

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
  struct stat st;

  if (stat (path, &st) != 0)
    return;
  stamp = g_strdup_printf ("%s %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT
                           " %" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT
                           ".%09ld\n",
      path, (guint64) st.st_ino, (gint64) st.st_size,
      (gint64) st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
      (gint64) st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
  g_checksum_update (sum, (const guchar *) stamp, strlen (stamp));
}

/* ONNX files name others that hold weights: entries with the key "location" and
 * the name as value. Those can be large and don't change often: their size and
 * times stand for them. FALSE if there are none. */
static gboolean
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
  return g_hash_table_size (seen) > 0;
}

static gboolean
digest_file (
    GChecksum *sum, const char *folder, const char *path, GError **error)
{
  g_auto (IrKeptDigest) digest = { 0 };
  g_autoptr (GError) cause = NULL;
  gboolean alone = TRUE;

  if (!ir_kept_digest (&digest, folder, path, &cause))
    return fail_read (path, cause, error);
  g_checksum_update (sum, (const guchar *) digest.text, IR_KEPT_DIGEST);
  if (digest.file && g_str_has_suffix (path, ".onnx"))
    alone =
        !digest_external (sum, path, g_mapped_file_get_contents (digest.file),
            g_mapped_file_get_length (digest.file));
  if (alone)
    ir_kept_digest_note (&digest, folder);
  return TRUE;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gboolean
digest_path (GChecksum *sum, const char *folder, const char *path, guint depth,
    GError **error)
{
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GError) cause = NULL;
  const char *name;
  GDir *dir;

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    return digest_file (sum, folder, path, error);
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
    if (!digest_path (sum, folder, child, depth + 1, error))
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

/* Options that say what else is done with the result. */
static gboolean
changes_result (const IrOptionDesc *desc)
{
  static const char *const others[] = { "input_model", "output_dir",
    "ir_version", NULL };

  return strcmp (desc->group, "Messages") != 0 &&
      !g_strv_contains (others, desc->name);
}

static gboolean
digest_options (GChecksum *sum, const IrConvertOptions *options,
    const char *folder, GError **error)
{
  gsize n;
  const IrOptionDesc *descs = ir_convert_list_options (&n);

  for (gsize i = 0; i < n; i++) {
    const char *value = ir_convert_options_get (options, descs[i].name);
    g_autofree char *text = NULL;

    if (!value || !changes_result (&descs[i]))
      continue;
    text = g_strdup_printf ("%s=%s\n", descs[i].name, value);
    g_checksum_update (sum, (const guchar *) text, -1);
    if (descs[i].kind == IR_OPTION_PATH &&
        g_file_test (value, G_FILE_TEST_EXISTS) &&
        !digest_path (sum, folder, value, 0, error))
      return FALSE;
  }
  return TRUE;
}

/* Models that are two files. */
static const struct {
  const char *suffix;
  const char *other;
} pairs[] = {
  { ".xml", ".bin" },
  { ".caffemodel", ".prototxt" },
};

static gboolean
digest_model (
    GChecksum *sum, const char *folder, const char *model, GError **error)
{
  if (!digest_path (sum, folder, model, 0, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++) {
    g_autofree char *other = NULL;

    if (!g_str_has_suffix (model, pairs[i].suffix))
      continue;
    other = g_strdup_printf ("%.*s%s",
        (int) (strlen (model) - strlen (pairs[i].suffix)), model,
        pairs[i].other);
    if (g_file_test (other, G_FILE_TEST_EXISTS) &&
        !digest_path (sum, folder, other, 0, error))
      return FALSE;
  }
  return TRUE;
}

char *
ir_kept_path (
    const IrConvertOptions *options, const char *folder, GError **error)
{
  const char *model = ir_convert_options_get (options, "input_model");
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *stem = stem_of (model);
  g_autofree char *file = NULL;

  g_checksum_update (sum, (const guchar *) "gst-ir " IR_VERSION "\n", -1);
  if (!digest_options (sum, options, folder, error) ||
      !digest_model (sum, folder, model, error))
    return NULL;
  file = g_strdup_printf ("%.64s-%.24s.xml", stem, g_checksum_get_string (sum));
  return g_build_filename (folder, file, NULL);
}
