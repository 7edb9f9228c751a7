/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ops that place what they read in a larger tensor. */
#include "window.h"

#include "map.h"

/* Zeros put on or, where a number is negative, elements cut off at the ends. */
static IrPort
pad_by (IrBuild *n, IrPort data, IrPort begin, IrPort end)
{
  IrNode *op = ir_build_add (
      n, "Pad", 12, 4, data, begin, end, ir_build_like (n, data, 0));

  ir_build_set_text (n, op, "pad_mode", "constant");
  return ir_build_done (n, op);
}

/* The axes of @data from 0 on. */
static IrPort
whole_axes (IrBuild *n, IrPort data, const IrI64s *axes)
{
  gint64 whole[IR_MAX_RANK];

  if (axes->n > IR_MAX_RANK)
    ir_build_fail (n, IR_ERROR_LIMIT, "has too many axes");
  for (gsize i = 0; !ir_build_failed (n) && i < axes->n; i++)
    whole[i] = ir_build_axis (n, data, axes->v[i]);
  return ir_build_failed (n) ? IR_NO_PORT : ir_build_list (n, whole, axes->n);
}

/* Half of what is missing, or too much, goes to the beginning, rounded towards
 * nothing. */
void
onnx_map_center_crop_pad (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), shape = ir_build_shape (n, data);
  IrPort wanted = ir_build_cast (n, ir_build_in (n, 1), IR_DTYPE_I64);
  IrPort missing, begin;
  IrI64s axes;
  IrNode *half;

  if (ir_build_i64s (n, "axes", &axes))
    wanted = ir_build_op (n, "ScatterUpdate", 3, 4, shape,
        whole_axes (n, data, &axes), wanted, ir_build_int (n, 0));
  missing = ir_build_op (n, "Subtract", 1, 2, wanted, shape);
  half = ir_build_add (n, "Divide", 1, 2, missing, ir_build_int (n, 2));
  ir_build_set_bool (n, half, "m_pythondiv", FALSE);
  begin = ir_build_done (n, half);
  ir_build_out (n, 0,
      pad_by (
          n, data, begin, ir_build_op (n, "Subtract", 1, 2, missing, begin)));
}

/* The shape that MaxPool had read. */
static IrPort
unpooled_shape (IrBuild *n, IrPort data)
{
  IrPort shape = ir_build_shape (n, data), spatial;
  const gsize dims = onnx_window_dims (n, data);
  gint64 rest[IR_MAX_RANK];
  OnnxWindow window;

  onnx_window_read (n, dims, &window);
  if (ir_build_failed (n))
    return IR_NO_PORT;
  for (gsize i = 0; i < dims; i++)
    rest[i] = window.kernel[i] - window.begin[i] - window.end[i];
  spatial = ir_build_op (n, "Subtract", 1, 2,
      ir_build_slice (n, shape, 0, 2, G_MAXINT32), ir_build_int (n, 1));
  spatial = ir_build_op (
      n, "Multiply", 1, 2, spatial, ir_build_list (n, window.strides, dims));
  spatial =
      ir_build_op (n, "Add", 1, 2, spatial, ir_build_list (n, rest, dims));
  return ir_build_concat (n, 0, 2, ir_build_slice (n, shape, 0, 0, 2), spatial);
}

/* Indices count through the whole of what MaxPool had read; a wanted shape may
 * be larger. */
void
onnx_map_max_unpool (IrBuild *n)
{
  static const gint64 flat[] = { -1 }, nothing[IR_MAX_RANK] = { 0 };
  IrPort data = ir_build_in (n, 0), shape = unpooled_shape (n, data);
  IrPort zeros = ir_build_op (n, "Broadcast", 3, 2, ir_build_like (n, data, 0),
      ir_build_reduce (
          n, "ReduceProd", shape, ir_build_list (n, nothing, 1), TRUE));
  IrPort out = ir_build_reshape (n,
      ir_build_op (n, "ScatterElementsUpdate", 3, 4, zeros,
          ir_build_reshape_to (n, ir_build_in (n, 1), flat, 1),
          ir_build_reshape_to (n, data, flat, 1), ir_build_int (n, 0)),
      shape);

  if (ir_build_has (n, 2))
    out = pad_by (n, out, ir_build_list (n, nothing, ir_build_rank (n, data)),
        ir_build_op (n, "Subtract", 1, 2, n->in[2], shape));
  ir_build_out (n, 0, out);
}

/* --- AffineGrid -------------------------------------------------------------- */

/* Coordinate @i of @n between -1 and 1: of the middle of a pixel, or so that the
 * first and last are the corners. */
static double
coordinate (gint64 i, gint64 n, gboolean corners)
{
  return corners ? 2.0 * (double) i / (double) (n - 1) - 1
                 : (2.0 * (double) i + 1) / (double) n - 1;
}

/* For every pixel its coordinates, innermost dimension first, and a one. */
static IrPort
pixel_grid (IrBuild *n, const gint64 *size, gint dims, gboolean corners)
{
  IrShape shape = ir_shape_of_rank (dims);
  gint64 index[IR_MAX_RANK] = { 0 };
  IrTensor *grid;
  gsize at = 0;

  for (gint d = 0; d < dims; d++) {
    shape.dim[d] = size[d];
    if (size[d] < (corners ? 2 : 1)) {
      ir_build_fail (n, IR_ERROR_UNSUPPORTED,
          "has a grid with a dimension of %" G_GINT64_FORMAT, size[d]);
      return IR_NO_PORT;
    }
  }
  shape.dim[shape.rank++] = dims + 1;
  grid = ir_tensor_new (IR_DTYPE_F32, &shape, &n->error);
  if (grid == NULL)
    return IR_NO_PORT;
  while (at < ir_tensor_count (grid)) {
    for (gint d = dims - 1; d >= 0; d--)
      ir_tensor_set_f64 (grid, at++, coordinate (index[d], size[d], corners));
    ir_tensor_set_f64 (grid, at++, 1);
    for (gint d = dims - 1; d >= 0 && ++index[d] == size[d]; d--)
      index[d] = 0;
  }
  return ir_build_reshape_to (
      n, ir_build_const (n, grid), (const gint64[]){ -1, dims + 1 }, 2);
}

void
onnx_map_affine_grid (IrBuild *n)
{
  const gboolean corners = ir_build_i64 (n, "align_corners", 0) != 0;
  IrPort theta = ir_build_in (n, 0), grid;
  gint64 size[IR_BUILD_LIST];
  gsize count = 0;
  IrNode *op;
  gint dims;

  if (!ir_build_ints (n, ir_build_in (n, 1), size, &count) || count < 4 ||
      count > 5) {
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "has a size that is not constant, or not of four or five numbers");
    return;
  }
  dims = (gint) count - 2;
  grid = ir_build_cast (
      n, pixel_grid (n, size + 2, dims, corners), ir_build_dtype_of (theta));
  op = ir_build_add (n, "MatMul", 1, 2, grid, theta);
  ir_build_set_bool (n, op, "transpose_b", TRUE);
  /* [batch, every pixel, coordinates] */
  for (gint d = 0; d < dims; d++)
    size[d + 1] = size[d + 2];
  size[count - 1] = dims;
  ir_build_out (
      n, 0, ir_build_reshape_to (n, ir_build_done (n, op), size, count));
}

/* --- Col2Im ------------------------------------------------------------------ */

/* What makes a transposed convolution put columns back where they were: element
 * i of a column goes to element i of the block. */
static IrPort
identity_weights (IrBuild *n, gint64 channels, gint64 block,
    const OnnxWindow *window, IrDType dtype)
{
  IrShape shape = ir_shape_of_rank (3 + (gint) window->n);
  IrTensor *weights;

  shape.dim[0] = channels;
  shape.dim[1] = block;
  shape.dim[2] = 1;
  for (gsize d = 0; d < window->n; d++)
    shape.dim[3 + d] = window->kernel[d];
  weights = ir_tensor_new (IR_DTYPE_F32, &shape, &n->error);
  if (weights == NULL)
    return IR_NO_PORT;
  for (gint64 i = 0; i < channels * block; i++)
    ir_tensor_set_f64 (weights, (i * block) + i % block, 1);
  return ir_build_cast (n, ir_build_const (n, weights), dtype);
}

/* How often the window fits the image along each dimension, and what is left
 * over behind its last place. */
static gboolean
place_blocks (const OnnxWindow *w, const gint64 *image, gint64 *places,
    gint64 *left, GError **error)
{
  for (gsize d = 0; d < w->n; d++) {
    const gint64 extent = (w->kernel[d] - 1) * w->dilations[d] + 1;
    const gint64 room = image[d] + w->begin[d] + w->end[d] - extent;

    if (room < 0)
      return ir_fail (error, IR_ERROR_SHAPE,
          "has an image of %" G_GINT64_FORMAT
          " for blocks of %" G_GINT64_FORMAT,
          image[d], extent);
    places[d] = room / w->strides[d] + 1;
    left[d] = room % w->strides[d];
  }
  return TRUE;
}

static gboolean
read_blocks (IrBuild *n, gint64 *image, OnnxWindow *w)
{
  gint64 block[IR_BUILD_LIST];
  gsize n_block = 0, dims = 0;

  if (!ir_build_ints (n, ir_build_in (n, 1), image, &dims) ||
      !ir_build_ints (n, ir_build_in (n, 2), block, &n_block) ||
      dims != n_block || dims < 1 || dims > 3) {
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "has sizes of image and block that are not constant, or not of one to "
        "three dimensions");
    return FALSE;
  }
  onnx_window_read (n, dims, w);
  for (gsize d = 0; d < dims; d++) {
    if (block[d] < 1 || block[d] > G_MAXINT32 || image[d] < 0 ||
        image[d] > G_MAXINT32)
      ir_build_fail (
          n, IR_ERROR_SHAPE, "has an image or a block of a wrong size");
    w->kernel[d] = block[d];
  }
  return !ir_build_failed (n);
}

/* Blocks may overlap; what falls onto one place is added up. */
void
onnx_map_col2im (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  const IrShape *shape = ir_build_shape_of (data);
  gint64 image[IR_BUILD_LIST], dims[IR_MAX_RANK] = { -1 }, left[IR_MAX_RANK];
  gint64 block = 1;
  OnnxWindow w;
  IrNode *op;

  if (!read_blocks (n, image, &w))
    return;
  for (gsize d = 0; d < w.n; d++)
    block = MIN (block * w.kernel[d], G_MAXINT32);
  if (shape->rank != 3 || shape->dim[1] < 1 || shape->dim[1] % block != 0) {
    ir_build_fail (n, IR_ERROR_SHAPE,
        "needs data [batch, channels of whole blocks, columns]");
    return;
  }
  if (!place_blocks (&w, image, dims + 2, left, &n->error))
    return;
  dims[1] = shape->dim[1];
  op = ir_build_add (n, "GroupConvolutionBackpropData", 1, 2,
      ir_build_reshape_to (n, data, dims, w.n + 2),
      identity_weights (
          n, shape->dim[1] / block, block, &w, ir_build_dtype_of (data)));
  onnx_window_write (n, &w, op, TRUE);
  ir_build_set_i64s (n, op, "output_padding", left, w.n);
  ir_build_out (n, 0, ir_build_done (n, op));
}
