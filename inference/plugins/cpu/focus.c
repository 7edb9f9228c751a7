/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Some networks begin by cutting a picture into its even and odd rows and columns,
 * joining the four quarters as channels and convolving these. That is a convolution
 * of the picture itself with a window and a step of twice the size: the same
 * products, without the picture being moved. */
#include "cpu.h"

#include <string.h>

/* Slices on the way from the picture to a quarter. */
#define MAX_SLICES 4
/* Pictures have few channels; beyond them the larger window costs more than it
 * saves. */
#define MAX_CHANNELS 4

/* Which channels of the joined input come from which rows and columns. */
typedef struct {
  IrPort picture;
  gint64 channels, height, width;
  guint order[4];
} Focus;

/* How far apart the elements of an output are in the input, whose are @steps apart;
 * FALSE if they are not evenly spaced. */
static gboolean
find_steps (IrPort port, const gint64 *steps, IrStrided *at)
{
  CpuStandIns s;
  gboolean ok;

  *at = (IrStrided){ 0 };
  if (!port.node->op->strided)
    return FALSE;
  ok = cpu_stand_ins_init (&s, NULL, port.node) &&
      port.node->op->strided (&s.ctx, port.index, steps, at, NULL);
  for (guint d = 0; d < IR_MAX_RANK; d++)
    ok = ok && !at->map[d];
  ir_strided_clear (at);
  cpu_stand_ins_clear (&s);
  return ok;
}

/* Where the elements of an output are in a value that it is picked from. */
static gboolean
find_origin (IrPort port, IrPort *origin, IrStrided *at)
{
  static const gint64 none[IR_MAX_RANK] = { 0 };
  IrPort chain[MAX_SLICES];
  const IrShape *shape;
  gint64 step = 1;
  guint n = 0;

  while (n < MAX_SLICES && find_steps (port, none, at)) {
    chain[n++] = port;
    port = port.node->inputs[0];
  }
  *origin = port;
  shape = &ir_port_output (port)->shape;
  if (!cpu_port_is_f32 (port))
    return FALSE;
  *at = (IrStrided){ 0 };
  for (gint d = shape->rank; d-- > 0; step *= shape->dim[d])
    at->step[d] = step;
  while (n-- > 0) {
    const IrStrided outer = *at;

    if (!find_steps (chain[n], outer.step, at))
      return FALSE;
    at->offset += outer.offset;
  }
  return TRUE;
}

/* Which quarter it is, or -1: 2 for the odd rows plus 1 for the odd columns. */
static gint
find_quarter (const Focus *f, const IrShape *shape, const IrStrided *at)
{
  const gint64 plane = f->height * f->width;
  const gint64 steps[] = { f->channels * plane, plane, 2 * f->width, 2 };
  const gint64 y = at->offset / f->width, x = at->offset % f->width;

  if (shape->rank != 4 || shape->dim[1] != f->channels ||
      2 * shape->dim[2] != f->height || 2 * shape->dim[3] != f->width ||
      y < 0 || y > 1 || x > 1)
    return -1;
  for (guint d = 0; d < 4; d++)
    if (shape->dim[d] != 1 && at->step[d] != steps[d])
      return -1;
  return 2 * y + x;
}

static gboolean
find_focus (const IrNode *concat, Focus *f)
{
  const IrAxisAttrs *attrs = concat->attrs;
  guint seen = 0;

  if (!ir_node_is (concat, "Concat") || attrs->axis != 1 ||
      concat->n_inputs != 4)
    return FALSE;
  for (guint i = 0; i < 4; i++) {
    const IrShape *shape;
    IrStrided at;
    IrPort origin;
    gint quarter;

    if (!find_origin (concat->inputs[i], &origin, &at))
      return FALSE;
    shape = &ir_port_output (origin)->shape;
    if (i == 0) {
      f->picture = origin;
      f->channels = shape->dim[1];
      f->height = shape->dim[2];
      f->width = shape->dim[3];
    }
    if (origin.node != f->picture.node || origin.index != f->picture.index ||
        shape->rank != 4 || f->channels > MAX_CHANNELS)
      return FALSE;
    quarter = find_quarter (f, &ir_node_input (concat, i)->shape, &at);
    if (quarter < 0)
      return FALSE;
    f->order[i] = quarter;
    seen |= 1u << quarter;
  }
  return seen == 15;
}

/* From [out][quarter, channel][y][x] to [out][channel][2 y + row][2 x + column]. */
static IrTensor *
spread_weights (const Focus *f, IrTensor *given)
{
  const gint64 out = given->shape.dim[0], h = given->shape.dim[2];
  const gint64 w = given->shape.dim[3];
  const IrShape shape = { 4, { out, f->channels, 2 * h, 2 * w } };
  g_autoptr (IrTensor) weights = ir_tensor_convert (given, IR_DTYPE_F32, NULL);
  IrTensor *spread =
      weights ? ir_tensor_new (IR_DTYPE_F32, &shape, NULL) : NULL;
  const float *from;

  if (!spread)
    return NULL;
  from = weights->data;
  for (gint64 o = 0; o < out; o++)
    for (guint q = 0; q < 4; q++)
      for (gint64 c = 0; c < f->channels; c++) {
        float *to = (float *) spread->data +
            ((o * f->channels + c) * 2 * h + f->order[q] / 2) * 2 * w +
            f->order[q] % 2;

        for (gint64 y = 0; y < h; y++)
          for (gint64 x = 0; x < w; x++)
            to[y * 4 * w + 2 * x] = *from++;
      }
  return spread;
}

static gboolean
set_window (IrNode *conv, const IrConvGeometry *g)
{
  const gint64 ones[] = { 1, 1 };
  gint64 strides[2], begin[2], end[2];

  for (guint d = 0; d < 2; d++) {
    strides[d] = 2 * g->stride[d];
    begin[d] = 2 * g->pad_begin[d];
    end[d] = 2 * g->pad_end[d];
  }
  return ir_node_set_i64s (conv, "strides", strides, 2, NULL) &&
      ir_node_set_i64s (conv, "dilations", ones, 2, NULL) &&
      ir_node_set_i64s (conv, "pads_begin", begin, 2, NULL) &&
      ir_node_set_i64s (conv, "pads_end", end, 2, NULL) &&
      ir_node_set_text (conv, "auto_pad", "explicit", NULL);
}

static gboolean
rewrite (IrGraph *graph, IrNode *conv)
{
  g_autoptr (IrTensor) spread = NULL;
  IrTensor *weights;
  const IrShape *in;
  IrConvGeometry g;
  IrNode *value;
  Focus f;

  if (!ir_node_is (conv, "Convolution"))
    return FALSE;
  weights = ir_port_const (conv->inputs[1]);
  in = &ir_node_input (conv, 0)->shape;
  if (!weights || weights->shape.rank != 4 ||
      !find_focus (conv->inputs[0].node, &f) ||
      !ir_conv_geometry (
          conv->attrs, 2, in->dim + 2, weights->shape.dim + 2, &g, NULL) ||
      g.dilation[0] != 1 || g.dilation[1] != 1 ||
      !(spread = spread_weights (&f, weights)) || !set_window (conv, &g))
    return FALSE;
  value = ir_graph_add_const (graph, conv->name, spread);
  ir_graph_move_before (graph, value, conv);
  ir_node_set_input (conv, 0, f.picture);
  ir_node_set_input (conv, 1, ir_port (value, 0));
  return TRUE;
}

gboolean
cpu_focus (IrGraph *graph, GError **error)
{
  return cpu_rewrite (graph, rewrite, error);
}
