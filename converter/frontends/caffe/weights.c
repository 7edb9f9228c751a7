/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "blob.h"
#include "reader.h"

/* The unpacked file, kept as long as a tensor points into it. */
typedef struct {
  IrProtobuf unpacked;
} File;

static void
file_clear (gpointer file)
{
  ir_protobuf_clear (&((File *) file)->unpacked);
}

static void
file_unref (gpointer file)
{
  g_atomic_rc_box_release_full (file, file_clear);
}

/* Old blobs have always four dimensions. */
static gboolean
read_shape (const Caffe__BlobProto *proto, IrShape *shape, GError **error)
{
  const gint64 old[] = { proto->num, proto->channels, proto->height,
    proto->width };

  if (proto->shape == NULL &&
      (proto->has_num || proto->has_channels || proto->has_height ||
          proto->has_width))
    return ir_shape_init (shape, G_N_ELEMENTS (old), old, error);
  /* One number may have no dimensions, which writers don't write. */
  if (proto->shape == NULL) {
    *shape = ir_shape_scalar ();
    return TRUE;
  }
  return ir_shape_init (shape, proto->shape->n_dim, proto->shape->dim, error);
}

static IrTensor *
from_doubles (
    const double *values, gsize n, const IrShape *shape, GError **error)
{
  IrTensor *tensor = ir_tensor_new (IR_DTYPE_F32, shape, error);

  for (gsize i = 0; tensor != NULL && i < n; i++)
    ((float *) tensor->data)[i] = (float) values[i];
  return tensor;
}

static IrTensor *
read_blob (const Caffe__BlobProto *proto, File *file, GError **error)
{
  gboolean is_double = proto->n_data == 0 && proto->n_double_data > 0;
  gsize n = is_double ? proto->n_double_data : proto->n_data;
  char text[IR_SHAPE_TEXT];
  IrTensor *tensor;
  IrShape shape;
  guint64 count;

  if (!read_shape (proto, &shape, error))
    return NULL;
  if (!ir_shape_is_static (&shape) || !ir_shape_count (&shape, &count) ||
      count != n) {
    ir_fail (error, IR_ERROR_PARSE,
        "has the shape %s and %" G_GSIZE_FORMAT " numbers",
        ir_shape_print (&shape, text), n);
    return NULL;
  }
  if (is_double)
    return from_doubles (proto->double_data, n, &shape, error);
  tensor = ir_tensor_new_wrapped (IR_DTYPE_F32, &shape, proto->data,
      n * sizeof (float), file_unref, file, error);
  if (tensor != NULL)
    g_atomic_rc_box_acquire (file);
  return tensor;
}

static void
tensor_unref (gpointer tensor)
{
  ir_tensor_unref (tensor);
}

/* The first of two layers with one name counts. */
static gboolean
add_layer (GHashTable *weights, const char *name,
    Caffe__BlobProto *const *protos, gsize n, File *file, GError **error)
{
  g_autoptr (GPtrArray) blobs = g_ptr_array_new_with_free_func (tensor_unref);

  if (n == 0 || name == NULL || g_hash_table_contains (weights, name))
    return TRUE;
  for (gsize i = 0; i < n; i++) {
    IrTensor *tensor = read_blob (protos[i], file, error);

    if (tensor == NULL) {
      g_prefix_error (
          error, "layer \"%s\": blob %" G_GSIZE_FORMAT " ", name, i);
      return FALSE;
    }
    g_ptr_array_add (blobs, tensor);
  }
  g_hash_table_insert (weights, g_strdup (name), g_steal_pointer (&blobs));
  return TRUE;
}

static gboolean
add_layers (GHashTable *weights, const Caffe__Weights *proto, File *file,
    GError **error)
{
  for (gsize i = 0; i < proto->n_layer; i++) {
    if (!add_layer (weights, proto->layer[i]->name, proto->layer[i]->blobs,
            proto->layer[i]->n_blobs, file, error))
      return FALSE;
  }
  for (gsize i = 0; i < proto->n_layers; i++) {
    if (proto->layers[i]->layer != NULL)
      return ir_fail (error, IR_ERROR_UNSUPPORTED,
          "is written in Caffe's first format; Caffe's "
          "upgrade_net_proto_binary makes a newer one of it");
    if (!add_layer (weights, proto->layers[i]->name, proto->layers[i]->blobs,
            proto->layers[i]->n_blobs, file, error))
      return FALSE;
  }
  return TRUE;
}

static void
array_unref (gpointer array)
{
  g_ptr_array_unref (array);
}

GHashTable *
caffe_weights_read (const char *path, GError **error)
{
  g_autoptr (GHashTable) weights =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, array_unref);
  File *file = g_atomic_rc_box_new0 (File);
  gboolean ok = ir_protobuf_unpack_file (
      &caffe__weights__descriptor, path, &file->unpacked, error);

  if (ok) {
    ok = add_layers (
        weights, (const Caffe__Weights *) file->unpacked.message, file, error);
    if (!ok)
      g_prefix_error (error, "%s: ", path);
  }
  file_unref (file);
  return ok ? g_steal_pointer (&weights) : NULL;
}

IrTensor *
caffe_blob_load (const char *path, GError **error)
{
  File *file = g_atomic_rc_box_new0 (File);
  IrTensor *tensor = NULL;

  if (ir_protobuf_unpack_file (
          &caffe__blob_proto__descriptor, path, &file->unpacked, error)) {
    tensor = read_blob (
        (const Caffe__BlobProto *) file->unpacked.message, file, error);
    if (tensor == NULL)
      g_prefix_error (error, "%s: ", path);
  }
  file_unref (file);
  return tensor;
}
