/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Convolution, Deconvolution, Pooling: what goes over planes with a window. */
#include "map.h"

#include <string.h>

#define MAX_SPATIAL (IR_MAX_RANK - 2)

typedef struct {
  gsize n; /* spatial dimensions */
  gint64 kernel[MAX_SPATIAL];
  gint64 stride[MAX_SPATIAL];
  gint64 pad[MAX_SPATIAL];
  gint64 dilation[MAX_SPATIAL];
} Window;

/* A list for all dimensions, one number for each of them, or "_h" and "_w". */
static void
read_numbers (IrBuild *n, const char *field, const char *field_h,
    const char *field_w, gint64 def, gsize count, gint64 *values)
{
  const gint64 single = caffe_node (n)->row->map == caffe_map_pooling
      ? caffe_i64 (n, field, def)
      : def;
  IrI64s list = { 0, NULL };

  for (gsize i = 0; i < count; i++)
    values[i] = single;
  if (field_h != NULL && count == 2 &&
      (caffe_has (n, field_h) || caffe_has (n, field_w))) {
    values[0] = caffe_i64 (n, field_h, def);
    values[1] = caffe_i64 (n, field_w, def);
    return;
  }
  if (caffe_node (n)->row->map == caffe_map_pooling ||
      !caffe_i64s (n, field, &list))
    return;
  if (list.n != 1 && list.n != count)
    ir_build_fail (n, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " numbers as %s for %" G_GSIZE_FORMAT
        " dimensions",
        list.n, field, count);
  for (gsize i = 0; i < count && list.n > 0 && !ir_build_failed (n); i++)
    values[i] = list.v[list.n == 1 ? 0 : i];
}

static void
read_window (IrBuild *n, IrPort data, Window *window)
{
  gint rank = ir_build_rank (n, data);

  memset (window, 0, sizeof *window);
  if (rank < 3)
    ir_build_fail (n, IR_ERROR_SHAPE, "has an input of %d dimensions", rank);
  if (ir_build_failed (n))
    return;
  window->n = (gsize) rank - 2;
  read_numbers (
      n, "kernel_size", "kernel_h", "kernel_w", 0, window->n, window->kernel);
  read_numbers (
      n, "stride", "stride_h", "stride_w", 1, window->n, window->stride);
  read_numbers (n, "pad", "pad_h", "pad_w", 0, window->n, window->pad);
  for (gsize i = 0; i < window->n; i++) {
    window->dilation[i] = 1;
    if (window->kernel[i] < 1 || window->stride[i] < 1 ||
        window->kernel[i] > G_MAXINT32 || window->stride[i] > G_MAXINT32 ||
        window->pad[i] > G_MAXINT32)
      ir_build_fail (n, IR_ERROR_PARSE,
          "has a kernel, stride or pad that is missing or out of range");
  }
}

static void
set_window (IrBuild *n, IrNode *op, const Window *window, const gint64 *ends)
{
  ir_build_set_i64s (n, op, "strides", window->stride, window->n);
  ir_build_set_i64s (n, op, "pads_begin", window->pad, window->n);
  ir_build_set_i64s (n, op, "pads_end", ends, window->n);
  ir_build_set_text (n, op, "auto_pad", "explicit");
}

/* --- convolutions ---------------------------------------------------------------- */

static gint64
read_count (IrBuild *n, const char *field, gint64 def)
{
  gint64 count = caffe_i64 (n, field, def);

  if (count >= 1 && count <= G_MAXINT32)
    return count;
  ir_build_fail (n, IR_ERROR_PARSE, "has %s %" G_GINT64_FORMAT, field, count);
  return 1;
}

/* The layer with the weights [first,second,kernel...] of its blob. */
static IrPort
convolve (IrBuild *n, const Window *window, gboolean transposed)
{
  IrPort data = ir_build_in (n, 0), weights;
  gint64 group = read_count (n, "group", 1);
  gint64 outputs = read_count (n, "num_output", 0);
  gint64 inputs = caffe_dim (n, data, 1);
  gint64 dims[IR_MAX_RANK + 1] = { group };
  const char *type = transposed
      ? (group > 1 ? "GroupConvolutionBackpropData" : "ConvolutionBackpropData")
      : (group > 1 ? "GroupConvolution" : "Convolution");
  IrNode *op;

  if (inputs % group != 0 || outputs % group != 0)
    ir_build_fail (n, IR_ERROR_SHAPE,
        "has %" G_GINT64_FORMAT " channels and num_output %" G_GINT64_FORMAT
        ", which can't be split into %" G_GINT64_FORMAT " groups",
        inputs, outputs, group);
  memcpy (dims + 2, window->kernel, window->n * sizeof (gint64));
  dims[0] = transposed ? inputs : outputs;
  dims[1] = (transposed ? outputs : inputs) / group;
  weights = caffe_blob (n, 0, "weights", dims, window->n + 2);
  if (group > 1) {
    gint64 grouped[IR_MAX_RANK + 1] = { group, dims[0] / group };

    memcpy (grouped + 2, dims + 1, (window->n + 1) * sizeof (gint64));
    weights = ir_build_reshape_to (n, weights, grouped, window->n + 3);
  }
  op = ir_build_add (n, type, 1, 2, data, weights);
  set_window (n, op, window, window->pad);
  ir_build_set_i64s (n, op, "dilations", window->dilation, window->n);
  return ir_build_done (n, op);
}

static void
map_convolution (IrBuild *n, gboolean transposed)
{
  IrPort data = ir_build_in (n, 0), out;
  Window window;

  read_window (n, data, &window);
  if (!ir_build_failed (n))
    read_numbers (n, "dilation", NULL, NULL, 1, window.n, window.dilation);
  if (caffe_i64 (n, "axis", 1) != 1)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has channels on another axis");
  if (ir_build_failed (n))
    return;
  out = convolve (n, &window, transposed);
  if (caffe_bool (n, "bias_term", TRUE)) {
    gint64 count = caffe_i64 (n, "num_output", 0);

    caffe_name (n, out, "WithoutBiases");
    out = ir_build_op (n, "Add", 1, 2, out,
        ir_build_per_channel (n, caffe_blob (n, 1, "biases", &count, 1), out));
  }
  ir_build_out (n, 0, out);
}

void
caffe_map_convolution (IrBuild *n)
{
  map_convolution (n, FALSE);
}

void
caffe_map_deconvolution (IrBuild *n)
{
  map_convolution (n, TRUE);
}

/* --- pooling ------------------------------------------------------------------------ */

/* How Caffe's windows lie, which are as many as it takes to cover the picture and
 * its padding, less a last one that would begin behind the padding. */
typedef struct {
  gboolean
      is_clipped; /* there is such a one, which the IR would not leave out */
  gboolean hangs_over;       /* the last window reaches over the padding */
  gint64 pad[MAX_SPATIAL];   /* at the end, not larger than at the beginning */
  gint64 reach[MAX_SPATIAL]; /* how much the last window takes at the end */
} Fit;

static void
fit_axis (const Window *window, gsize i, gint64 size, Fit *fit)
{
  const gint64 k = window->kernel[i], s = window->stride[i];
  const gint64 pad = window->pad[i];
  gint64 last = (size + 2 * pad - k + s - 1) / s;
  gboolean is_clipped = pad > 0 && last * s >= size + pad;

  if (is_clipped)
    last--;
  fit->reach[i] = MAX (0, last * s + k - (size + pad));
  fit->pad[i] = is_clipped ? fit->reach[i] : pad;
  fit->is_clipped |= is_clipped;
  fit->hangs_over |= fit->reach[i] > pad;
}

/* Where a size is not known, the windows are taken to fit. */
static void
fit_windows (IrBuild *n, IrPort data, const Window *window, Fit *fit)
{
  const gint64 *sizes = ir_build_shape_of (data)->dim + 2;

  *fit = (Fit){ 0 };
  memcpy (fit->pad, window->pad, sizeof fit->pad);
  for (gsize i = 0; i < window->n; i++) {
    if (sizes[i] >= 0 && sizes[i] + 2 * window->pad[i] < window->kernel[i])
      ir_build_fail (n, IR_ERROR_SHAPE, "has a window larger than its input");
    else if (sizes[i] >= 0)
      fit_axis (window, i, sizes[i], fit);
  }
}

/* Averages count zeros of the padding, but not what is behind it. The IR counts both
 * or, without padding, neither: zeros become part of the picture. */
static IrPort
pad_with_zeros (IrBuild *n, IrPort data, Window *window, gint64 *ends)
{
  gint64 begin[IR_MAX_RANK] = { 0 }, end[IR_MAX_RANK] = { 0 };
  IrNode *op;

  for (gsize i = 0; i < window->n; i++) {
    begin[i + 2] = window->pad[i];
    end[i + 2] = ends[i];
    window->pad[i] = ends[i] = 0;
  }
  op = ir_build_add (n, "Pad", 1, 4, data,
      ir_build_list (n, begin, window->n + 2),
      ir_build_list (n, end, window->n + 2), ir_build_like (n, data, 0));
  ir_build_set_text (n, op, "pad_mode", "constant");
  return ir_build_done (n, op);
}

static gboolean
has_padding (const Window *window)
{
  for (gsize i = 0; i < window->n; i++) {
    if (window->pad[i] > 0)
      return TRUE;
  }
  return FALSE;
}

static void
pool (IrBuild *n, IrPort data, Window *window, gboolean is_max)
{
  gboolean down = !caffe_bool (n, "ceil_mode",
      strcmp (caffe_text (n, "round_mode", "CEIL"), "CEIL") == 0);
  IrNode *op;
  Fit fit;

  fit_windows (n, data, window, &fit);
  if (down) {
    memcpy (fit.pad, window->pad, sizeof fit.pad);
  } else if (is_max && fit.is_clipped) {
    memcpy (fit.pad, fit.reach, sizeof fit.pad);
    down = TRUE;
  } else if (!is_max && fit.hangs_over && has_padding (window)) {
    data = pad_with_zeros (n, data, window, fit.pad);
  } else if (fit.is_clipped) {
    down = TRUE;
  }
  op = ir_build_add (n, is_max ? "MaxPool" : "AvgPool", 1, 1, data);
  ir_build_set_i64s (n, op, "kernel", window->kernel, window->n);
  set_window (n, op, window, fit.pad);
  ir_build_set_text (n, op, "rounding_type", down ? "floor" : "ceil");
  if (!is_max)
    ir_build_set_bool (n, op, "exclude-pad", FALSE);
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
caffe_map_pooling (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  const char *method = caffe_text (n, "pool", "MAX");
  gboolean is_max = strcmp (method, "MAX") == 0;
  Window window;

  if (strcmp (method, "STOCHASTIC") == 0 || n->n_outputs > 1)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "is stochastic or has a mask as its second top, which the IR has no op "
        "for");
  if (caffe_bool (n, "global_pooling", FALSE)) {
    ir_build_out (n, 0,
        ir_build_reduce (n, is_max ? "ReduceMax" : "ReduceMean", data,
            ir_build_axes_from (n, data, 2), TRUE));
    return;
  }
  read_window (n, data, &window);
  if (!ir_build_failed (n))
    pool (n, data, &window, is_max);
}
