/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ops that move data and compute with shapes. */
#include "map.h"

#include <string.h>

/* The list that is attribute @attr or, from a later opset on, input @input. */
static IrPort
list_of (OnnxNode *n, const char *attr, gsize input)
{
  IrI64s list;

  if (onnx_i64s (n, attr, &list))
    return onnx_list (n, list.v, list.n);
  return onnx_has (n, input) ? n->in[input] : ONNX_NONE;
}

void
onnx_map_concat (OnnxNode *n)
{
  g_autofree IrPort *ports = g_new (IrPort, n->n_inputs + 1);
  IrNode *op;

  for (gsize i = 0; i < n->n_inputs; i++)
    ports[i] = onnx_in (n, i);
  if (n->opset >= 4)
    onnx_need_attr (n, "axis");
  op = onnx_add_v (n, "Concat", 1, ports, n->n_inputs, 0);
  onnx_set_i64 (n, op, "axis", onnx_i64 (n, "axis", n->opset < 4 ? 1 : 0));
  onnx_out (n, 0, onnx_done (n, op));
}

void
onnx_map_transpose (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  gint64 order[IR_MAX_RANK];
  IrI64s perm;

  if (!onnx_i64s (n, "perm", &perm)) {
    perm = (IrI64s){ (gsize) onnx_rank (n, data), order };
    for (gsize i = 0; i < perm.n; i++)
      order[i] = (gint64) (perm.n - 1 - i);
  }
  onnx_out (n, 0, onnx_transpose (n, data, perm.v, perm.n));
}

void
onnx_map_reshape (OnnxNode *n)
{
  IrPort shape = list_of (n, "shape", 1);
  IrNode *op;

  if (shape.node == NULL)
    onnx_fail (n, IR_ERROR_PARSE, "has no shape");
  op = onnx_add (n, "Reshape", 1, 2, onnx_in (n, 0), shape);
  onnx_set_bool (n, op, "special_zero", onnx_i64 (n, "allowzero", 0) == 0);
  onnx_out (n, 0, onnx_done (n, op));
}

/* [d0], [the rest]: without computing with the shape, so that it can be another. */
static IrPort
flatten_behind_first (OnnxNode *n, IrPort data)
{
  IrNode *op = onnx_add (
      n, "Reshape", 1, 2, data, onnx_list (n, (const gint64[]){ 0, -1 }, 2));

  onnx_set_bool (n, op, "special_zero", TRUE);
  return onnx_done (n, op);
}

/* [d0 .. d(axis-1)], [the rest], both as one dimension. */
void
onnx_map_flatten (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  gint64 axis = onnx_i64 (n, "axis", 1);
  gint rank = onnx_shape_of (data)->rank;
  IrPort head;

  if (rank >= 0 && axis < 0)
    axis += rank;
  if (rank >= 0 && (axis < 0 || axis > rank))
    onnx_fail (n, IR_ERROR_SHAPE, "has an axis that is out of range");
  if (axis == 1) {
    onnx_out (n, 0, flatten_behind_first (n, data));
    return;
  }
  if (axis == 0)
    head = onnx_list (n, (const gint64[]){ 1 }, 1);
  else
    head = onnx_reduce (n, "ReduceProd",
        onnx_slice (n, onnx_shape (n, data), 0, 0, axis), onnx_int (n, 0),
        TRUE);
  if (axis != 0)
    head = onnx_reshape_to (n, head, (const gint64[]){ 1 }, 1);
  onnx_out (n, 0,
      onnx_reshape (n, data,
          onnx_concat (
              n, 0, 2, head, onnx_list (n, (const gint64[]){ -1 }, 1))));
}

void
onnx_map_unsqueeze (OnnxNode *n)
{
  IrPort axes = list_of (n, "axes", 1);

  if (axes.node == NULL)
    onnx_fail (n, IR_ERROR_PARSE, "has no axes");
  onnx_out (n, 0, onnx_op (n, "Unsqueeze", 1, 2, onnx_in (n, 0), axes));
}

void
onnx_map_squeeze (OnnxNode *n)
{
  IrPort axes = list_of (n, "axes", 1);

  if (axes.node)
    onnx_out (n, 0, onnx_op (n, "Squeeze", 1, 2, onnx_in (n, 0), axes));
  else
    onnx_out (n, 0, onnx_op (n, "Squeeze", 1, 1, onnx_in (n, 0)));
}

void
onnx_map_gather (OnnxNode *n)
{
  onnx_out (n, 0,
      onnx_gather (n, onnx_in (n, 0), onnx_in (n, 1), onnx_i64 (n, "axis", 0)));
}

void
onnx_map_gather_elements (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  IrNode *op = onnx_add (n, "GatherElements", 6, 2, data, onnx_in (n, 1));

  onnx_set_i64 (n, op, "axis", onnx_axis (n, data, onnx_i64 (n, "axis", 0)));
  onnx_out (n, 0, onnx_done (n, op));
}

void
onnx_map_gather_nd (OnnxNode *n)
{
  IrNode *op = onnx_add (n, "GatherND", 8, 2, onnx_in (n, 0), onnx_in (n, 1));

  onnx_set_i64 (n, op, "batch_dims", onnx_i64 (n, "batch_dims", 0));
  onnx_out (n, 0, onnx_done (n, op));
}

/* Lists are attributes before opset 10. */
void
onnx_map_slice (OnnxNode *n)
{
  IrPort starts = list_of (n, "starts", 1);
  IrPort ends = list_of (n, "ends", 2);
  IrPort axes = list_of (n, "axes", 3);
  IrPort steps = onnx_has (n, 4) ? n->in[4] : ONNX_NONE;

  if (starts.node == NULL || ends.node == NULL) {
    onnx_fail (n, IR_ERROR_PARSE, "has no starts or ends");
    return;
  }
  if (steps.node == NULL)
    steps = onnx_op (
        n, "Broadcast", 3, 2, onnx_like (n, starts, 1), onnx_shape (n, starts));
  if (axes.node)
    onnx_out (n, 0,
        onnx_op (n, "Slice", 8, 5, onnx_in (n, 0), starts, ends, steps, axes));
  else
    onnx_out (
        n, 0, onnx_op (n, "Slice", 8, 4, onnx_in (n, 0), starts, ends, steps));
}

/* Lengths of @parts parts of which all but the last are equally long. */
static IrPort
part_lengths (OnnxNode *n, IrPort data, gint64 axis, gsize parts)
{
  gint64 rest = -1, count = (gint64) parts;
  IrPort length = onnx_op (
      n, "Add", 1, 2, onnx_dim (n, data, axis), onnx_int (n, count - 1));
  IrPort repeat = onnx_list (n, (const gint64[]){ count - 1 }, 1);

  length = onnx_op (n, "Divide", 1, 2, length, onnx_int (n, count));
  return onnx_concat (n, 0, 2, onnx_op (n, "Broadcast", 3, 2, length, repeat),
      onnx_list (n, &rest, 1));
}

/* Unlike here, -1 is the rest in the IR. */
static void
check_lengths (OnnxNode *n, IrPort lengths)
{
  gint64 values[IR_ONNX_LIST];
  gsize count;

  if (!onnx_ints (n, lengths, values, &count))
    return;
  for (gsize i = 0; i < count; i++)
    if (values[i] < 0)
      onnx_fail (n, IR_ERROR_SHAPE,
          "has a part of %" G_GINT64_FORMAT " elements", values[i]);
}

void
onnx_map_split (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  IrPort lengths = list_of (n, "split", 1);
  gint64 axis = onnx_axis (n, data, onnx_i64 (n, "axis", 0));
  gsize parts = n->n_outputs;
  IrNode *op;

  if (lengths.node)
    check_lengths (n, lengths);
  if (onnx_failed (n))
    return;
  /* From opset 18 on the last part may be smaller. */
  if (lengths.node == NULL && n->opset >= 18 &&
      (onnx_shape_of (data)->dim[axis] < 0 ||
          onnx_shape_of (data)->dim[axis] % (gint64) parts != 0))
    lengths = part_lengths (n, data, axis, parts);
  if (lengths.node) {
    IrPort ports[] = { data, onnx_int (n, axis), lengths };

    op = onnx_add_v (n, "VariadicSplit", 1, ports, 3, parts);
  } else {
    IrPort ports[] = { data, onnx_int (n, axis) };

    op = onnx_add_v (n, "Split", 1, ports, 2, parts);
    onnx_set_i64 (n, op, "num_splits", (gint64) parts);
  }
  onnx_done (n, op);
  for (gsize i = 0; !onnx_failed (n) && i < parts; i++)
    onnx_out (n, i, ir_port (op, (guint) i));
}

void
onnx_map_shape (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  gint64 start = onnx_i64 (n, "start", 0);
  gint64 end = onnx_i64 (n, "end", G_MAXINT32);
  IrPort shape = onnx_shape (n, data);

  if (start != 0 || end != G_MAXINT32)
    shape = onnx_slice (n, shape, 0, start, end);
  onnx_out (n, 0, shape);
}

void
onnx_map_size (OnnxNode *n)
{
  onnx_out (n, 0,
      onnx_reduce (n, "ReduceProd", onnx_shape (n, onnx_in (n, 0)),
          onnx_int (n, 0), FALSE));
}

void
onnx_map_expand (OnnxNode *n)
{
  IrNode *op = onnx_add (n, "Broadcast", 3, 2, onnx_in (n, 0), onnx_in (n, 1));

  onnx_set_text (n, op, "mode", "bidirectional");
  onnx_out (n, 0, onnx_done (n, op));
}

void
onnx_map_constant_of_shape (OnnxNode *n)
{
  const IrSourceAttr *attr = ir_source_attr (n->source, "value");
  IrPort value;

  if (attr && attr->kind == IR_SOURCE_TENSOR)
    value = onnx_reshape_to (
        n, onnx_const (n, ir_tensor_ref (attr->u.tensor)), NULL, 0);
  else
    value = onnx_number (n, IR_DTYPE_F32, 0);
  onnx_out (n, 0, onnx_op (n, "Broadcast", 3, 2, value, onnx_in (n, 0)));
}

/* The number of dimensions, a list of one. */
static IrPort
rank_of (OnnxNode *n, IrPort data)
{
  gint64 rank = onnx_shape_of (data)->rank;

  return rank >= 0 ? onnx_list (n, &rank, 1)
                   : onnx_shape (n, onnx_shape (n, data));
}

/* Both halves of @pads as numbers for each dimension of @data, though they may be
 * for the dimensions of @axes only. */
static void
split_pads (
    OnnxNode *n, IrPort data, IrPort pads, IrPort axes, IrPort halves[2])
{
  IrPort ports[] = { pads, onnx_int (n, 0) };
  IrNode *op = onnx_add_v (n, "Split", 1, ports, 2, 2);
  IrPort rank = rank_of (n, data);

  onnx_set_i64 (n, op, "num_splits", 2);
  onnx_done (n, op);
  for (guint i = 0; i < 2; i++) {
    IrPort zeros = onnx_op (n, "Broadcast", 3, 2, onnx_like (n, pads, 0), rank);

    halves[i] = onnx_failed (n) ? ONNX_NONE : ir_port (op, i);
    if (axes.node)
      halves[i] = onnx_op (n, "ScatterElementsUpdate", 3, 4, zeros,
          onnx_op (
              n, "FloorMod", 1, 2, onnx_cast (n, axes, IR_DTYPE_I64), rank),
          halves[i], onnx_int (n, 0));
  }
}

void
onnx_map_pad (OnnxNode *n)
{
  const char *mode = onnx_text (n, "mode", "constant");
  IrPort data = onnx_in (n, 0), halves[2];
  IrPort pads = list_of (n, n->opset < 2 ? "paddings" : "pads", 1);
  IrPort value = onnx_has (n, 2) ? n->in[2] : ONNX_NONE;
  IrNode *op;

  if (strcmp (mode, "constant") != 0 && strcmp (mode, "edge") != 0 &&
      strcmp (mode, "reflect") != 0)
    onnx_fail (n, IR_ERROR_UNSUPPORTED, "has the mode \"%s\"", mode);
  if (pads.node == NULL)
    onnx_fail (n, IR_ERROR_PARSE, "has no pads");
  if (value.node)
    value = onnx_reshape_to (n, value, NULL, 0);
  else
    value = onnx_like (n, data, onnx_f64 (n, "value", 0));
  split_pads (n, data, pads, onnx_has (n, 3) ? n->in[3] : ONNX_NONE, halves);
  op = onnx_add (n, "Pad", 12, 4, data, halves[0], halves[1], value);
  onnx_set_text (n, op, "pad_mode", mode);
  onnx_out (n, 0, onnx_done (n, op));
}

/* One axis, so many times: both are inputs of one element. */
void
onnx_map_old_tile (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  IrPort rank = rank_of (n, data);
  IrPort one = onnx_list (n, (const gint64[]){ 1 }, 1);
  IrPort times = onnx_reshape_to (
      n, onnx_cast (n, onnx_in (n, 1), IR_DTYPE_I64), (const gint64[]){ 1 }, 1);
  IrPort axis = onnx_reshape_to (
      n, onnx_cast (n, onnx_in (n, 2), IR_DTYPE_I64), (const gint64[]){ 1 }, 1);

  times = onnx_op (n, "ScatterElementsUpdate", 3, 4,
      onnx_op (n, "Broadcast", 3, 2, one, rank), axis, times, onnx_int (n, 0));
  onnx_out (n, 0, onnx_op (n, "Tile", 1, 2, data, times));
}

void
onnx_map_depth_to_space (OnnxNode *n)
{
  const char *mode = onnx_text (n, "mode", "DCR");
  IrNode *op = onnx_add (n, n->row->ir, 1, 1, onnx_in (n, 0));

  onnx_set_i64 (n, op, "block_size", onnx_i64 (n, "blocksize", 1));
  onnx_set_text (n, op, "mode",
      strcmp (mode, "CRD") == 0 ? "depth_first" : "blocks_first");
  onnx_out (n, 0, onnx_done (n, op));
}

void
onnx_map_top_k (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  IrPort k = n->opset < 10 ? onnx_int (n, onnx_i64 (n, "k", 1))
                           : onnx_reshape_to (n, onnx_in (n, 1), NULL, 0);
  IrNode *op = onnx_add (n, "TopK", 3, 2, data, k);

  onnx_set_i64 (n, op, "axis", onnx_axis (n, data, onnx_i64 (n, "axis", -1)));
  onnx_set_text (
      n, op, "mode", onnx_i64 (n, "largest", 1) != 0 ? "max" : "min");
  onnx_set_text (n, op, "sort", "value");
  onnx_set_dtype (n, op, "index_element_type", IR_DTYPE_I64);
  onnx_done (n, op);
  for (guint i = 0; !onnx_failed (n) && i < 2 && i < n->n_outputs; i++)
    onnx_out (n, i, ir_port (op, i));
}
