/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ops that move data and compute with shapes. */
#include "map.h"

#include <string.h>

/* The list that is attribute @attr or, from a later opset on, input @input. */
static IrPort
list_of (IrBuild *n, const char *attr, gsize input)
{
  IrI64s list;

  if (ir_build_i64s (n, attr, &list))
    return ir_build_list (n, list.v, list.n);
  return ir_build_has (n, input) ? n->in[input] : IR_NO_PORT;
}

void
onnx_map_concat (IrBuild *n)
{
  g_autofree IrPort *ports = g_new (IrPort, n->n_inputs + 1);
  IrNode *op;

  for (gsize i = 0; i < n->n_inputs; i++)
    ports[i] = ir_build_in (n, i);
  if (onnx_node (n)->opset >= 4)
    ir_build_need_attr (n, "axis");
  op = ir_build_add_v (n, "Concat", 1, ports, n->n_inputs, 0);
  ir_build_set_i64 (n, op, "axis",
      ir_build_i64 (n, "axis", onnx_node (n)->opset < 4 ? 1 : 0));
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
onnx_map_transpose (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  gint64 order[IR_MAX_RANK];
  IrI64s perm;

  if (!ir_build_i64s (n, "perm", &perm)) {
    perm = (IrI64s){ (gsize) ir_build_rank (n, data), order };
    for (gsize i = 0; i < perm.n; i++)
      order[i] = (gint64) (perm.n - 1 - i);
  }
  ir_build_out (n, 0, ir_build_transpose (n, data, perm.v, perm.n));
}

void
onnx_map_reshape (IrBuild *n)
{
  IrPort shape = list_of (n, "shape", 1);
  IrNode *op;

  if (shape.node == NULL)
    ir_build_fail (n, IR_ERROR_PARSE, "has no shape");
  op = ir_build_add (n, "Reshape", 1, 2, ir_build_in (n, 0), shape);
  ir_build_set_bool (
      n, op, "special_zero", ir_build_i64 (n, "allowzero", 0) == 0);
  ir_build_out (n, 0, ir_build_done (n, op));
}

/* [d0], [the rest]: without computing with the shape, so that it can be another. */
static IrPort
flatten_behind_first (IrBuild *n, IrPort data)
{
  IrNode *op = ir_build_add (n, "Reshape", 1, 2, data,
      ir_build_list (n, (const gint64[]){ 0, -1 }, 2));

  ir_build_set_bool (n, op, "special_zero", TRUE);
  return ir_build_done (n, op);
}

/* [d0 .. d(axis-1)], [the rest], both as one dimension. */
void
onnx_map_flatten (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  gint64 axis = ir_build_i64 (n, "axis", 1);
  gint rank = ir_build_shape_of (data)->rank;
  IrPort head;

  if (rank >= 0 && axis < 0)
    axis += rank;
  if (rank >= 0 && (axis < 0 || axis > rank))
    ir_build_fail (n, IR_ERROR_SHAPE, "has an axis that is out of range");
  if (axis == 1) {
    ir_build_out (n, 0, flatten_behind_first (n, data));
    return;
  }
  if (axis == 0)
    head = ir_build_list (n, (const gint64[]){ 1 }, 1);
  else
    head = ir_build_reduce (n, "ReduceProd",
        ir_build_slice (n, ir_build_shape (n, data), 0, 0, axis),
        ir_build_int (n, 0), TRUE);
  if (axis != 0)
    head = ir_build_reshape_to (n, head, (const gint64[]){ 1 }, 1);
  ir_build_out (n, 0,
      ir_build_reshape (n, data,
          ir_build_concat (
              n, 0, 2, head, ir_build_list (n, (const gint64[]){ -1 }, 1))));
}

void
onnx_map_unsqueeze (IrBuild *n)
{
  IrPort axes = list_of (n, "axes", 1);

  if (axes.node == NULL)
    ir_build_fail (n, IR_ERROR_PARSE, "has no axes");
  ir_build_out (
      n, 0, ir_build_op (n, "Unsqueeze", 1, 2, ir_build_in (n, 0), axes));
}

void
onnx_map_squeeze (IrBuild *n)
{
  IrPort axes = list_of (n, "axes", 1);

  if (axes.node)
    ir_build_out (
        n, 0, ir_build_op (n, "Squeeze", 1, 2, ir_build_in (n, 0), axes));
  else
    ir_build_out (n, 0, ir_build_op (n, "Squeeze", 1, 1, ir_build_in (n, 0)));
}

void
onnx_map_gather (IrBuild *n)
{
  ir_build_out (n, 0,
      ir_build_gather (n, ir_build_in (n, 0), ir_build_in (n, 1),
          ir_build_i64 (n, "axis", 0)));
}

void
onnx_map_gather_elements (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrNode *op =
      ir_build_add (n, "GatherElements", 6, 2, data, ir_build_in (n, 1));

  ir_build_set_i64 (
      n, op, "axis", ir_build_axis (n, data, ir_build_i64 (n, "axis", 0)));
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
onnx_map_gather_nd (IrBuild *n)
{
  IrNode *op = ir_build_add (
      n, "GatherND", 8, 2, ir_build_in (n, 0), ir_build_in (n, 1));

  ir_build_set_i64 (n, op, "batch_dims", ir_build_i64 (n, "batch_dims", 0));
  ir_build_out (n, 0, ir_build_done (n, op));
}

/* Lists are attributes before opset 10. */
void
onnx_map_slice (IrBuild *n)
{
  IrPort starts = list_of (n, "starts", 1);
  IrPort ends = list_of (n, "ends", 2);
  IrPort axes = list_of (n, "axes", 3);
  IrPort steps = ir_build_has (n, 4) ? n->in[4] : IR_NO_PORT;

  if (starts.node == NULL || ends.node == NULL) {
    ir_build_fail (n, IR_ERROR_PARSE, "has no starts or ends");
    return;
  }
  if (steps.node == NULL)
    steps = ir_build_op (n, "Broadcast", 3, 2, ir_build_like (n, starts, 1),
        ir_build_shape (n, starts));
  if (axes.node)
    ir_build_out (n, 0,
        ir_build_op (
            n, "Slice", 8, 5, ir_build_in (n, 0), starts, ends, steps, axes));
  else
    ir_build_out (n, 0,
        ir_build_op (
            n, "Slice", 8, 4, ir_build_in (n, 0), starts, ends, steps));
}

/* Lengths of @parts parts of which all but the last are equally long. */
static IrPort
part_lengths (IrBuild *n, IrPort data, gint64 axis, gsize parts)
{
  gint64 rest = -1, count = (gint64) parts;
  IrPort length = ir_build_op (n, "Add", 1, 2, ir_build_dim (n, data, axis),
      ir_build_int (n, count - 1));
  IrPort repeat = ir_build_list (n, (const gint64[]){ count - 1 }, 1);

  length = ir_build_op (n, "Divide", 1, 2, length, ir_build_int (n, count));
  return ir_build_concat (n, 0, 2,
      ir_build_op (n, "Broadcast", 3, 2, length, repeat),
      ir_build_list (n, &rest, 1));
}

/* Unlike here, -1 is the rest in the IR. */
static void
check_lengths (IrBuild *n, IrPort lengths)
{
  gint64 values[IR_BUILD_LIST];
  gsize count;

  if (!ir_build_ints (n, lengths, values, &count))
    return;
  for (gsize i = 0; i < count; i++)
    if (values[i] < 0)
      ir_build_fail (n, IR_ERROR_SHAPE,
          "has a part of %" G_GINT64_FORMAT " elements", values[i]);
}

void
onnx_map_split (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrPort lengths = list_of (n, "split", 1);
  gint64 axis = ir_build_axis (n, data, ir_build_i64 (n, "axis", 0));
  gsize parts = n->n_outputs;
  IrNode *op;

  if (lengths.node)
    check_lengths (n, lengths);
  if (ir_build_failed (n))
    return;
  /* From opset 18 on the last part may be smaller. */
  if (lengths.node == NULL && onnx_node (n)->opset >= 18 &&
      (ir_build_shape_of (data)->dim[axis] < 0 ||
          ir_build_shape_of (data)->dim[axis] % (gint64) parts != 0))
    lengths = part_lengths (n, data, axis, parts);
  if (lengths.node) {
    IrPort ports[] = { data, ir_build_int (n, axis), lengths };

    op = ir_build_add_v (n, "VariadicSplit", 1, ports, 3, parts);
  } else {
    IrPort ports[] = { data, ir_build_int (n, axis) };

    op = ir_build_add_v (n, "Split", 1, ports, 2, parts);
    ir_build_set_i64 (n, op, "num_splits", (gint64) parts);
  }
  ir_build_done (n, op);
  for (gsize i = 0; !ir_build_failed (n) && i < parts; i++)
    ir_build_out (n, i, ir_port (op, (guint) i));
}

void
onnx_map_shape (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  gint64 start = ir_build_i64 (n, "start", 0);
  gint64 end = ir_build_i64 (n, "end", G_MAXINT32);
  IrPort shape = ir_build_shape (n, data);

  if (start != 0 || end != G_MAXINT32)
    shape = ir_build_slice (n, shape, 0, start, end);
  ir_build_out (n, 0, shape);
}

void
onnx_map_size (IrBuild *n)
{
  ir_build_out (n, 0,
      ir_build_reduce (n, "ReduceProd", ir_build_shape (n, ir_build_in (n, 0)),
          ir_build_int (n, 0), FALSE));
}

void
onnx_map_expand (IrBuild *n)
{
  IrNode *op = ir_build_add (
      n, "Broadcast", 3, 2, ir_build_in (n, 0), ir_build_in (n, 1));

  ir_build_set_text (n, op, "mode", "bidirectional");
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
onnx_map_constant_of_shape (IrBuild *n)
{
  const IrSourceAttr *attr = ir_source_attr (n->source, "value");
  IrPort value;

  if (attr && attr->kind == IR_SOURCE_TENSOR)
    value = ir_build_reshape_to (
        n, ir_build_const (n, ir_tensor_ref (attr->u.tensor)), NULL, 0);
  else
    value = ir_build_number (n, IR_DTYPE_F32, 0);
  ir_build_out (
      n, 0, ir_build_op (n, "Broadcast", 3, 2, value, ir_build_in (n, 0)));
}

/* The number of dimensions, a list of one. */
static IrPort
rank_of (IrBuild *n, IrPort data)
{
  gint64 rank = ir_build_shape_of (data)->rank;

  return rank >= 0 ? ir_build_list (n, &rank, 1)
                   : ir_build_shape (n, ir_build_shape (n, data));
}

/* Both halves of @pads as numbers for each dimension of @data, though they may be
 * for the dimensions of @axes only. */
static void
split_pads (IrBuild *n, IrPort data, IrPort pads, IrPort axes, IrPort halves[2])
{
  IrPort ports[] = { pads, ir_build_int (n, 0) };
  IrNode *op = ir_build_add_v (n, "Split", 1, ports, 2, 2);
  IrPort rank = rank_of (n, data);

  ir_build_set_i64 (n, op, "num_splits", 2);
  ir_build_done (n, op);
  for (guint i = 0; i < 2; i++) {
    IrPort zeros =
        ir_build_op (n, "Broadcast", 3, 2, ir_build_like (n, pads, 0), rank);

    halves[i] = ir_build_failed (n) ? IR_NO_PORT : ir_port (op, i);
    if (axes.node)
      halves[i] = ir_build_op (n, "ScatterElementsUpdate", 3, 4, zeros,
          ir_build_op (
              n, "FloorMod", 1, 2, ir_build_cast (n, axes, IR_DTYPE_I64), rank),
          halves[i], ir_build_int (n, 0));
  }
}

void
onnx_map_pad (IrBuild *n)
{
  const char *mode = ir_build_text (n, "mode", "constant");
  IrPort data = ir_build_in (n, 0), halves[2];
  IrPort pads = list_of (n, onnx_node (n)->opset < 2 ? "paddings" : "pads", 1);
  IrPort value = ir_build_has (n, 2) ? n->in[2] : IR_NO_PORT;
  IrNode *op;

  if (strcmp (mode, "constant") != 0 && strcmp (mode, "edge") != 0 &&
      strcmp (mode, "reflect") != 0)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has the mode \"%s\"", mode);
  if (pads.node == NULL)
    ir_build_fail (n, IR_ERROR_PARSE, "has no pads");
  if (value.node)
    value = ir_build_reshape_to (n, value, NULL, 0);
  else
    value = ir_build_like (n, data, ir_build_f64 (n, "value", 0));
  split_pads (
      n, data, pads, ir_build_has (n, 3) ? n->in[3] : IR_NO_PORT, halves);
  op = ir_build_add (n, "Pad", 12, 4, data, halves[0], halves[1], value);
  ir_build_set_text (n, op, "pad_mode", mode);
  ir_build_out (n, 0, ir_build_done (n, op));
}

/* One axis, so many times: both are inputs of one element. */
void
onnx_map_old_tile (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrPort rank = rank_of (n, data);
  IrPort one = ir_build_list (n, (const gint64[]){ 1 }, 1);
  IrPort times = ir_build_reshape_to (n,
      ir_build_cast (n, ir_build_in (n, 1), IR_DTYPE_I64),
      (const gint64[]){ 1 }, 1);
  IrPort axis = ir_build_reshape_to (n,
      ir_build_cast (n, ir_build_in (n, 2), IR_DTYPE_I64),
      (const gint64[]){ 1 }, 1);

  times = ir_build_op (n, "ScatterElementsUpdate", 3, 4,
      ir_build_op (n, "Broadcast", 3, 2, one, rank), axis, times,
      ir_build_int (n, 0));
  ir_build_out (n, 0, ir_build_op (n, "Tile", 1, 2, data, times));
}

void
onnx_map_depth_to_space (IrBuild *n)
{
  const char *mode = ir_build_text (n, "mode", "DCR");
  IrNode *op =
      ir_build_add (n, onnx_node (n)->row->ir, 1, 1, ir_build_in (n, 0));

  ir_build_set_i64 (n, op, "block_size", ir_build_i64 (n, "blocksize", 1));
  ir_build_set_text (n, op, "mode",
      strcmp (mode, "CRD") == 0 ? "depth_first" : "blocks_first");
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
onnx_map_top_k (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrPort k = onnx_node (n)->opset < 10
      ? ir_build_int (n, ir_build_i64 (n, "k", 1))
      : ir_build_reshape_to (n, ir_build_in (n, 1), NULL, 0);
  IrNode *op = ir_build_add (n, "TopK", 3, 2, data, k);

  ir_build_set_i64 (
      n, op, "axis", ir_build_axis (n, data, ir_build_i64 (n, "axis", -1)));
  ir_build_set_text (
      n, op, "mode", ir_build_i64 (n, "largest", 1) != 0 ? "max" : "min");
  ir_build_set_text (n, op, "sort", "value");
  ir_build_set_dtype (n, op, "index_element_type", IR_DTYPE_I64);
  ir_build_done (n, op);
  for (guint i = 0; !ir_build_failed (n) && i < 2 && i < n->n_outputs; i++)
    ir_build_out (n, i, ir_port (op, i));
}
