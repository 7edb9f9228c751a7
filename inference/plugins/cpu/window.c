/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

gboolean
cpu_window (const IrConvGeometry *g, IrWindow *w)
{
  const guint y = g->n - 2, x = g->n - 1;

  for (guint d = 0; d < g->n; d++)
    if (g->in[d] < 1 || g->out[d] < 1 || g->pad_begin[d] < 0 ||
        g->in[d] > 32768 || g->out[d] > 32768 || g->kernel[d] > 1024 ||
        g->stride[d] > 1024 || g->dilation[d] > 1024 || g->pad_begin[d] > 32768)
      return FALSE;
  *w = (IrWindow){ g->in[y], g->in[x], g->out[y], g->out[x], g->kernel[y],
    g->kernel[x], g->stride[y], g->stride[x], g->dilation[y], g->dilation[x],
    g->pad_begin[y], g->pad_begin[x] };
  return TRUE;
}

gboolean
cpu_conv_shape (const IrNode *node, CpuConvShape *s)
{
  const gboolean grouped = ir_node_is (node, "GroupConvolution");
  const IrShape *in = &ir_node_input (node, 0)->shape;
  const IrShape *weights = &ir_node_input (node, 1)->shape;
  const gint64 *dims = weights->dim + grouped;
  IrConvGeometry g;

  if (in->rank != 4 || !cpu_port_is_f32 (node->inputs[0]) ||
      !cpu_port_is_f32 (node->inputs[1]) ||
      !ir_conv_geometry (node->attrs, 2, in->dim + 2, dims + 2, &g, NULL) ||
      !cpu_window (&g, &s->window))
    return FALSE;
  if (in->dim[0] > 65536 || dims[0] > 65536 || dims[1] > 65536 || dims[0] < 1 ||
      dims[1] < 1 || in->dim[0] < 1 || (grouped && weights->dim[0] > 65536))
    return FALSE;
  s->batch = in->dim[0];
  s->groups = grouped ? weights->dim[0] : 1;
  s->out_channels = dims[0];
  s->in_channels = dims[1];
  return TRUE;
}

guint64
cpu_conv_flops (const CpuConvShape *s)
{
  const IrWindow *w = &s->window;

  return 2ull * s->batch * s->groups * s->out_channels * s->in_channels *
      w->kernel_h * w->kernel_w * w->out_h * w->out_w;
}

static gboolean
line_sees (int in, int out, int kernel, int stride, int dilation, int pad)
{
  for (int i = 0; i < out; i++) {
    gboolean sees = FALSE;

    for (int k = 0; k < kernel && !sees; k++) {
      const int at = i * stride + k * dilation - pad;

      sees = at >= 0 && at < in;
    }
    if (!sees)
      return FALSE;
  }
  return TRUE;
}

gboolean
cpu_window_sees (const IrWindow *w)
{
  return line_sees (w->in_h, w->out_h, w->kernel_h, w->stride_h, w->dilation_h,
             w->pad_h) &&
      line_sees (
          w->in_w, w->out_w, w->kernel_w, w->stride_w, w->dilation_w, w->pad_w);
}
