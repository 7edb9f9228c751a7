/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mean-file.h"

#include "frontends/caffe/blob.h"

/* As [C,H,W]; a leading 1 is the number of pictures. */
static IrTensor *
take_picture (IrTensor *tensor, const char *path, GError **error)
{
  const gint64 *dim = tensor->shape.dim;
  const gint rank = tensor->shape.rank;
  g_autoptr (IrTensor) shaped = NULL;
  IrShape shape;

  if (rank < 3 || rank > 4 || (rank == 4 && dim[0] != 1) ||
      ir_tensor_count (tensor) == 0) {
    ir_fail (error, IR_ERROR_SHAPE,
        "%s: a mean image has the shape [channels,height,width]", path);
    return NULL;
  }
  shape = ir_shape_of_rank (3);
  for (gint i = 0; i < 3; i++)
    shape.dim[i] = dim[rank - 3 + i];
  shaped = ir_tensor_reshaped (tensor, &shape, error);
  return shaped ? ir_tensor_convert (shaped, IR_DTYPE_F32, error) : NULL;
}

IrTensor *
ir_mean_file_load (const char *path, GError **error)
{
  g_autoptr (IrTensor) tensor = g_str_has_suffix (path, ".npy")
      ? ir_tensor_load_npy (path, error)
      : caffe_blob_load (path, error);
  g_autoptr (IrTensor) picture =
      tensor ? take_picture (tensor, path, error) : NULL;

  if (!picture)
    g_prefix_error (error, "--mean_file: ");
  return g_steal_pointer (&picture);
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
