/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mean-file.h"

#include <string.h>

/* No picture is larger; keeps sizes far from overflows. */
#define MAX_SIDE 65536

/* --- Caffe's BlobProto ------------------------------------------------------------- */

/* Field numbers: 1 to 4 the old form of the shape, 5 the values as floats, 8 as
 * doubles, 7 a message whose field 1 lists the dimensions. */
typedef struct {
  const guint8 *at;
  const guint8 *end;
} Cursor;

typedef struct {
  gint64 dim[4]; /* number, channels, height, width */
  gsize n_dims;  /* of the new form */
  GArray *values;
} Blob;

static gboolean
read_varint (Cursor *c, guint64 *value)
{
  *value = 0;
  for (guint shift = 0; shift < 64 && c->at < c->end; shift += 7) {
    guint8 byte = *c->at++;

    *value |= (guint64) (byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return TRUE;
  }
  return FALSE;
}

static gboolean
read_bytes (Cursor *c, gsize n, Cursor *part)
{
  if (n > (gsize) (c->end - c->at))
    return FALSE;
  part->at = c->at;
  part->end = c->at + n;
  c->at += n;
  return TRUE;
}

/* One field: its number, and its contents as bytes or as a number. */
static gboolean
read_field (
    Cursor *c, guint64 *field, guint *wire, Cursor *bytes, guint64 *number)
{
  guint64 key, length;

  if (!read_varint (c, &key))
    return FALSE;
  *field = key >> 3;
  *wire = (guint) (key & 7);
  switch (*wire) {
    case 0:
      return read_varint (c, number);
    case 1:
      return read_bytes (c, 8, bytes);
    case 2:
      return read_varint (c, &length) && length <= G_MAXSIZE &&
          read_bytes (c, (gsize) length, bytes);
    case 5:
      return read_bytes (c, 4, bytes);
    default:
      return FALSE;
  }
}

static void
add_values (GArray *values, const Cursor *bytes, gboolean doubles)
{
  gsize step = doubles ? sizeof (double) : sizeof (float);

  for (const guint8 *p = bytes->at; (gsize) (bytes->end - p) >= step;
       p += step) {
    float value;
    double wide;

    if (doubles) {
      memcpy (&wide, p, sizeof wide);
      value = (float) wide;
    } else {
      memcpy (&value, p, sizeof value);
    }
    g_array_append_val (values, value);
  }
}

static void
add_dim (Blob *blob, guint64 dim)
{
  if (blob->n_dims < G_N_ELEMENTS (blob->dim))
    blob->dim[blob->n_dims] = (gint64) MIN (dim, MAX_SIDE + 1);
  blob->n_dims++;
}

static gboolean
read_shape (Cursor c, Blob *blob)
{
  while (c.at < c.end) {
    guint64 field, number = 0;
    Cursor bytes = { NULL, NULL };
    guint wire;

    if (!read_field (&c, &field, &wire, &bytes, &number))
      return FALSE;
    if (field == 1 && wire == 0)
      add_dim (blob, number);
    while (field == 1 && wire == 2 && bytes.at < bytes.end) {
      if (!read_varint (&bytes, &number))
        return FALSE;
      add_dim (blob, number);
    }
  }
  return TRUE;
}

static gboolean
read_blob (Cursor c, Blob *blob)
{
  while (c.at < c.end) {
    guint64 field, number = 0;
    Cursor bytes = { NULL, NULL };
    guint wire;

    if (!read_field (&c, &field, &wire, &bytes, &number))
      return FALSE;
    if (field >= 1 && field <= 4 && wire == 0)
      blob->dim[field - 1] = (gint64) MIN (number, MAX_SIDE + 1);
    else if ((field == 5 && (wire == 2 || wire == 5)) ||
        (field == 8 && (wire == 2 || wire == 1)))
      add_values (blob->values, &bytes, field == 8);
    else if (field == 7 && wire == 2 && !read_shape (bytes, blob))
      return FALSE;
  }
  return TRUE;
}

static gboolean
blob_shape (const Blob *blob, IrShape *shape)
{
  gint64 count = 1;

  *shape = ir_shape_of_rank (3);
  for (gint i = 0; i < 3; i++) {
    /* Of the new form the last three; a leading 1 is the number. */
    gsize at = blob->n_dims == 3 ? (gsize) i : (gsize) i + 1;

    shape->dim[i] = blob->dim[at];
    if (shape->dim[i] < 1 || shape->dim[i] > MAX_SIDE)
      return FALSE;
    count *= shape->dim[i];
  }
  return (blob->n_dims == 0 || blob->n_dims == 3 || blob->n_dims == 4) &&
      count == (gint64) blob->values->len;
}

IrTensor *
ir_mean_file_parse_caffe (
    const guint8 *data, gsize size, const char *path, GError **error)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (float));
  Blob blob = { { 1, 0, 0, 0 }, 0, values };
  Cursor all = { data, data + size };
  IrTensor *tensor;
  IrShape shape;

  if (!read_blob (all, &blob) || !blob_shape (&blob, &shape)) {
    ir_fail (error, IR_ERROR_PARSE,
        "%s: this is not a mean image as Caffe writes it (.binaryproto)", path);
    return NULL;
  }
  tensor = ir_tensor_new (IR_DTYPE_F32, &shape, error);
  if (tensor)
    memcpy (tensor->data, values->data, tensor->size);
  return tensor;
}

/* --- files ------------------------------------------------------------------------- */

static IrTensor *
load_npy (const char *path, GError **error)
{
  g_autoptr (IrTensor) tensor = ir_tensor_load_npy (path, error);
  g_autoptr (IrTensor) shaped = NULL;
  IrShape shape;

  if (!tensor)
    return NULL;
  shape = tensor->shape;
  if (shape.rank == 4 && shape.dim[0] == 1) {
    shape = ir_shape_of_rank (3);
    for (gint i = 0; i < 3; i++)
      shape.dim[i] = tensor->shape.dim[i + 1];
  }
  if (shape.rank != 3) {
    ir_fail (error, IR_ERROR_SHAPE,
        "%s: a mean image has the shape [channels,height,width]", path);
    return NULL;
  }
  shaped = ir_tensor_reshaped (tensor, &shape, error);
  return shaped ? ir_tensor_convert (shaped, IR_DTYPE_F32, error) : NULL;
}

IrTensor *
ir_mean_file_load (const char *path, GError **error)
{
  g_autofree char *data = NULL;
  g_autoptr (GError) reason = NULL;
  gsize size;

  if (g_str_has_suffix (path, ".npy"))
    return load_npy (path, error);
  if (!g_file_get_contents (path, &data, &size, &reason)) {
    ir_fail (error, IR_ERROR_NOT_FOUND, "--mean_file: %s", reason->message);
    return NULL;
  }
  return ir_mean_file_parse_caffe ((const guint8 *) data, size, path, error);
}

IrTensor *
ir_mean_file_crop (const IrTensor *image, gint64 height, gint64 width,
    const gint64 *offsets, const char *path, GError **error)
{
  gint64 channels = image->shape.dim[0];
  gint64 rows = image->shape.dim[1], columns = image->shape.dim[2];
  const gint64 top = offsets ? offsets[0] : MAX (rows - height, 0) / 2;
  const gint64 left = offsets ? offsets[1] : MAX (columns - width, 0) / 2;
  IrShape shape = ir_shape_of_rank (4);
  const float *from = image->data;
  IrTensor *tensor;
  float *to;

  if (top + height > rows || left + width > columns) {
    ir_fail (error, IR_ERROR_SHAPE,
        "%s: the mean image of %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT
        ", from row %" G_GINT64_FORMAT " and column %" G_GINT64_FORMAT
        " on, is smaller than the input of %" G_GINT64_FORMAT
        "x%" G_GINT64_FORMAT,
        path, columns, rows, top, left, width, height);
    return NULL;
  }
  shape.dim[0] = 1;
  shape.dim[1] = channels;
  shape.dim[2] = height;
  shape.dim[3] = width;
  tensor = ir_tensor_new (IR_DTYPE_F32, &shape, error);
  if (!tensor)
    return NULL;
  to = tensor->data;
  from += top * columns + left;
  for (gint64 c = 0; c < channels; c++)
    for (gint64 y = 0; y < height; y++)
      for (gint64 x = 0; x < width; x++)
        *to++ = -from[(c * rows + y) * columns + x];
  return tensor;
}
