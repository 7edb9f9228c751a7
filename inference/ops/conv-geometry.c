/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/conv.h>

static gboolean
in_limit (gint64 value)
{
  return value >= -IR_CONV_LIMIT && value <= IR_CONV_LIMIT;
}

/* Copies an attribute's list, @fallback where it is empty. */
static gboolean
take (const char *name, IrI64s list, guint n, gint64 lowest, gint64 fallback,
    gint64 *values, GError **error)
{
  if (list.n != 0 && list.n != n) {
    return ir_fail (error, IR_ERROR_SHAPE,
        "%s has %" G_GSIZE_FORMAT " values for %u spatial dimensions", name,
        list.n, n);
  }

  for (guint i = 0; i < n; i++) {
    values[i] = list.n ? list.v[i] : fallback;
    if (values[i] < lowest) {
      return ir_fail (error, IR_ERROR_SHAPE,
          "%s has the value %" G_GINT64_FORMAT
          ", the least is %" G_GINT64_FORMAT,
          name, values[i], lowest);
    }
    if (!in_limit (values[i])) {
      return ir_fail (error, IR_ERROR_LIMIT,
          "%s has the value %" G_GINT64_FORMAT ", which is too large", name,
          values[i]);
    }
  }

  return TRUE;
}

static gboolean
take_sizes (const char *what, guint n, const gint64 *sizes, gint64 lowest,
    gint64 *values, GError **error)
{
  for (guint i = 0; i < n; i++) {
    values[i] = sizes[i];
    if (sizes[i] == IR_DIM_UNKNOWN)
      continue;
    if (sizes[i] < lowest || !in_limit (sizes[i])) {
      return ir_fail (error,
          sizes[i] < lowest ? IR_ERROR_SHAPE : IR_ERROR_LIMIT,
          "the %s has the spatial size %" G_GINT64_FORMAT, what, sizes[i]);
    }
  }

  return TRUE;
}

typedef struct {
  IrI64s strides;
  IrI64s dilations;
  IrI64s pads_begin;
  IrI64s pads_end;
} Lists;

static gboolean
start (const Lists *lists, guint n, const gint64 *in, const gint64 *kernel,
    IrConvGeometry *g, GError **error)
{
  if (n < 1 || n > IR_MAX_SPATIAL) {
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "%u spatial dimensions, only 1 to %d are supported", n, IR_MAX_SPATIAL);
  }

  *g = (IrConvGeometry){ .n = n };
  return take_sizes ("data", n, in, 0, g->in, error) &&
      take_sizes ("window", n, kernel, 1, g->kernel, error) &&
      take ("strides", lists->strides, n, 1, 1, g->stride, error) &&
      take ("dilations", lists->dilations, n, 1, 1, g->dilation, error) &&
      take ("pads_begin", lists->pads_begin, n, -IR_CONV_LIMIT, 0, g->pad_begin,
          error) &&
      take (
          "pads_end", lists->pads_end, n, -IR_CONV_LIMIT, 0, g->pad_end, error);
}

/* What the window covers. */
static gint64
extent (const IrConvGeometry *g, guint i)
{
  return (g->kernel[i] - 1) * g->dilation[i] + 1;
}

static void
clear_pads (IrConvGeometry *g)
{
  for (guint i = 0; i < g->n; i++)
    g->pad_begin[i] = g->pad_end[i] = 0;
}

static gboolean
is_same (gint auto_pad)
{
  return auto_pad == IR_PAD_SAME_UPPER || auto_pad == IR_PAD_SAME_LOWER;
}

static void
pad_same (IrConvGeometry *g, guint i, gboolean upper)
{
  gint64 total;

  g->out[i] = IR_DIM_UNKNOWN;
  if (g->in[i] == IR_DIM_UNKNOWN)
    return;

  g->out[i] = (g->in[i] + g->stride[i] - 1) / g->stride[i];
  if (g->kernel[i] == IR_DIM_UNKNOWN || g->out[i] == 0)
    return;

  total = MAX (0, (g->out[i] - 1) * g->stride[i] + extent (g, i) - g->in[i]);
  g->pad_begin[i] = upper ? total / 2 : total - total / 2;
  g->pad_end[i] = total - g->pad_begin[i];
}

/* The number of windows in the padded input. */
static gboolean
slide (IrConvGeometry *g, guint i, gint rounding, GError **error)
{
  gint64 padded, room;

  g->out[i] = IR_DIM_UNKNOWN;
  if (g->in[i] == IR_DIM_UNKNOWN || g->kernel[i] == IR_DIM_UNKNOWN)
    return TRUE;

  padded = g->in[i] + g->pad_begin[i] + g->pad_end[i];
  room = padded - extent (g, i);
  if (room < 0) {
    return ir_fail (error, IR_ERROR_SHAPE,
        "the window covers %" G_GINT64_FORMAT " elements, but the padded data "
        "has only %" G_GINT64_FORMAT " along spatial dimension %u",
        extent (g, i), padded, i);
  }

  if (rounding == IR_ROUNDING_FLOOR) {
    g->out[i] = room / g->stride[i] + 1;
    return TRUE;
  }

  g->out[i] = (room + g->stride[i] - 1) / g->stride[i] + 1;
  if (rounding == IR_ROUNDING_CEIL_TORCH && g->out[i] > 1 &&
      (g->out[i] - 1) * g->stride[i] >= g->in[i] + g->pad_begin[i])
    g->out[i]--;
  return TRUE;
}

static gboolean
forward (gint auto_pad, gint rounding, IrConvGeometry *g, GError **error)
{
  if (auto_pad != IR_PAD_EXPLICIT)
    clear_pads (g);

  for (guint i = 0; i < g->n; i++) {
    if (is_same (auto_pad))
      pad_same (g, i, auto_pad == IR_PAD_SAME_UPPER);
    else if (!slide (g, i, rounding, error))
      return FALSE;
  }

  return TRUE;
}

gboolean
ir_conv_geometry (const IrConvAttrs *attrs, guint n, const gint64 *in,
    const gint64 *kernel, IrConvGeometry *geometry, GError **error)
{
  const Lists lists = { attrs->strides, attrs->dilations, attrs->pads_begin,
    attrs->pads_end };
  IrConvGeometry g;

  if (!start (&lists, n, in, kernel, &g, error) ||
      !forward (attrs->auto_pad, IR_ROUNDING_FLOOR, &g, error))
    return FALSE;

  *geometry = g;
  return TRUE;
}

gboolean
ir_pool_geometry (const IrPoolAttrs *attrs, guint n, const gint64 *in,
    IrConvGeometry *geometry, GError **error)
{
  const Lists lists = { attrs->strides, attrs->dilations, attrs->pads_begin,
    attrs->pads_end };
  IrConvGeometry g;

  if (attrs->kernel.n != n) {
    return ir_fail (error, IR_ERROR_SHAPE,
        "kernel has %" G_GSIZE_FORMAT " values for %u spatial dimensions",
        attrs->kernel.n, n);
  }
  if (!start (&lists, n, in, attrs->kernel.v, &g, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    if (g.kernel[i] == IR_DIM_UNKNOWN)
      return ir_fail (error, IR_ERROR_SHAPE, "kernel has the value -1");
  }
  if (!forward (attrs->auto_pad, attrs->rounding_type, &g, error))
    return FALSE;

  *geometry = g;
  return TRUE;
}

/* Output size that the pads leave, or pads that the wanted size leaves. */
static gboolean
slide_back (const IrConvAttrs *attrs, gint64 padding, const gint64 *wanted,
    IrConvGeometry *g, guint i, GError **error)
{
  gint64 full, total;

  g->out[i] = wanted ? wanted[i] : IR_DIM_UNKNOWN;
  if (g->in[i] == IR_DIM_UNKNOWN || g->kernel[i] == IR_DIM_UNKNOWN)
    return TRUE;

  full = g->in[i] == 0
      ? padding
      : g->stride[i] * (g->in[i] - 1) + extent (g, i) + padding;
  if (!wanted) {
    g->out[i] = full - g->pad_begin[i] - g->pad_end[i];
    if (g->out[i] < 0 || !in_limit (g->out[i])) {
      return ir_fail (error, g->out[i] < 0 ? IR_ERROR_SHAPE : IR_ERROR_LIMIT,
          "the output gets the size %" G_GINT64_FORMAT
          " along spatial dimension %u",
          g->out[i], i);
    }
  } else if (is_same (attrs->auto_pad) && g->out[i] != IR_DIM_UNKNOWN) {
    total = MAX (0, full - g->out[i]);
    g->pad_end[i] =
        attrs->auto_pad == IR_PAD_SAME_UPPER ? total / 2 : total - total / 2;
    g->pad_begin[i] = total - g->pad_end[i];
  }

  return TRUE;
}

gboolean
ir_conv_backprop_geometry (const IrConvAttrs *attrs, guint n, const gint64 *in,
    const gint64 *kernel, const gint64 *output_shape, IrConvGeometry *geometry,
    GError **error)
{
  const Lists lists = { attrs->strides, attrs->dilations, attrs->pads_begin,
    attrs->pads_end };
  gint64 padding[IR_MAX_SPATIAL], wanted[IR_MAX_SPATIAL];
  IrConvGeometry g;

  if (!start (&lists, n, in, kernel, &g, error) ||
      !take ("output_padding", attrs->output_padding, n, 0, 0, padding, error))
    return FALSE;
  if (output_shape &&
      !take_sizes ("wanted output", n, output_shape, 0, wanted, error))
    return FALSE;
  if (attrs->auto_pad != IR_PAD_EXPLICIT)
    clear_pads (&g);
  for (guint i = 0; i < n; i++) {
    if (!slide_back (
            attrs, padding[i], output_shape ? wanted : NULL, &g, i, error))
      return FALSE;
  }

  *geometry = g;
  return TRUE;
}

gboolean
ir_pool_counts_pads (const IrPoolAttrs *attrs, const IrConvGeometry *g)
{
  for (guint i = 0; i < g->n; i++)
    if (g->pad_begin[i] != 0 || g->pad_end[i] != 0)
      return !attrs->exclude_pad;
  return FALSE;
}
