/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reader.h"

#include "map-file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *
external_value (const Onnx__TensorProto *proto, const char *key)
{
  for (gsize i = 0; i < proto->n_external_data; i++) {
    const Onnx__StringStringEntryProto *entry = proto->external_data[i];

    if (entry->key != NULL && strcmp (entry->key, key) == 0)
      return entry->value;
  }
  return NULL;
}

static gboolean
external_size (const Onnx__TensorProto *proto, const char *key, gsize *size,
    GError **error)
{
  const char *text = external_value (proto, key);
  guint64 value;

  if (text == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXSIZE / 2, &value, NULL))
    return ir_fail (error, IR_ERROR_PARSE,
        "has external data whose %s is \"%s\"", key, text);
  *size = value;
  return TRUE;
}

/* (transfer full): the real path, if it is a file inside the model's folder:
 * a model from elsewhere must not read what is not its own. */
static char *
external_path (const OnnxFolder *folder, const char *location, GError **error)
{
  g_autofree char *joined = g_build_filename (folder->folder, location, NULL);
  char *real = realpath (joined, NULL);
  gsize n = strlen (folder->folder);

  if (real == NULL) {
    ir_fail (error, IR_ERROR_NOT_FOUND, "has external data in %s: %s", joined,
        g_strerror (errno));
    return NULL;
  }
  if (g_path_is_absolute (location) || strncmp (real, folder->folder, n) != 0 ||
      (n > 1 && real[n] != G_DIR_SEPARATOR)) {
    ir_fail (error, IR_ERROR_PARSE,
        "has external data in \"%s\", which is not inside the model's folder",
        location);
    free (real);
    return NULL;
  }
  return real;
}

static GMappedFile *
external_map (OnnxFolder *folder, const char *location, GError **error)
{
  g_autofree char *path = NULL;
  GMappedFile *map;

  path = external_path (folder, location, error);
  if (path == NULL)
    return NULL;
  map = g_hash_table_lookup (folder->maps, path);
  if (map != NULL)
    return map;
  map = ir_map_file (path, error);
  if (map == NULL) {
    g_prefix_error (error, "has external data in ");
    return NULL;
  }
  g_hash_table_insert (folder->maps, g_steal_pointer (&path), map);
  return map;
}

static void
map_unref (gpointer map)
{
  g_mapped_file_unref (map);
}

IrTensor *
onnx_external_read (const Onnx__TensorProto *proto, IrDType dtype,
    const IrShape *shape, gsize bytes, OnnxFolder *folder, GError **error)
{
  const char *location = external_value (proto, "location");
  gsize offset = 0, length = bytes;
  GMappedFile *map;
  IrTensor *tensor;
  guint8 *data;

  if (location == NULL || location[0] == '\0') {
    ir_fail (
        error, IR_ERROR_PARSE, "has external data, but no file name for it");
    return NULL;
  }
  if (!external_size (proto, "offset", &offset, error) ||
      !external_size (proto, "length", &length, error))
    return NULL;
  map = external_map (folder, location, error);
  if (map == NULL)
    return NULL;
  if (length != bytes || offset > g_mapped_file_get_length (map) ||
      length > g_mapped_file_get_length (map) - offset) {
    ir_fail (error, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " bytes at offset %" G_GSIZE_FORMAT
        " of \"%s\", but takes %" G_GSIZE_FORMAT
        " and the file has %" G_GSIZE_FORMAT,
        length, offset, location, bytes, g_mapped_file_get_length (map));
    return NULL;
  }
  if (bytes == 0)
    return ir_tensor_new (dtype, shape, error);
  data = (guint8 *) g_mapped_file_get_contents (map) + offset;
  tensor =
      ir_tensor_new_wrapped (dtype, shape, data, bytes, map_unref, map, error);
  if (tensor == NULL)
    return NULL;
  g_mapped_file_ref (map);
  /* Ops read elements in place: those must lie where the CPU wants them. */
  if ((gsize) data % MAX (ir_dtype_size (dtype), 1) != 0) {
    IrTensor *copy = ir_tensor_copy (tensor, error);

    ir_tensor_unref (tensor);
    tensor = copy;
  }
  return tensor;
}

void
onnx_folder_clear (OnnxFolder *folder)
{
  g_free (folder->folder);
  g_hash_table_unref (folder->maps);
}
