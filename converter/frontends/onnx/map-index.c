/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ops that pick and place elements by index. */
#include "map.h"

#include <float.h>
#include <string.h>

static IrPort
scalar_of (IrBuild *n, IrPort port)
{
  return ir_build_shape_of (port)->rank == 0
      ? port
      : ir_build_reshape_to (n, port, NULL, 0);
}

/* Indices below zero count from the end, which is at @size. */
static IrPort
from_start (IrBuild *n, IrPort indices, IrPort size)
{
  return ir_build_op (n, "Select", 1, 3,
      ir_build_op (n, "Less", 1, 2, indices, ir_build_like (n, indices, 0)),
      ir_build_op (n, "Add", 1, 2, indices, size), indices);
}

void
onnx_map_one_hot (IrBuild *n)
{
  IrPort indices = ir_build_cast (n, ir_build_in (n, 0), IR_DTYPE_I64);
  IrPort depth =
      scalar_of (n, ir_build_cast (n, ir_build_in (n, 1), IR_DTYPE_I64));
  IrPort values = ir_build_in (n, 2);
  IrNode *op = ir_build_add (n, "OneHot", 1, 4, from_start (n, indices, depth),
      depth, ir_build_gather (n, values, ir_build_int (n, 1), 0),
      ir_build_gather (n, values, ir_build_int (n, 0), 0));

  ir_build_set_i64 (n, op, "axis", ir_build_i64 (n, "axis", -1));
  ir_build_out (n, 0, ir_build_done (n, op));
}

/* The IR's name for a reduction; NULL for none at all. */
static const char *
reduction_of (IrBuild *n)
{
  static const char *const names[][2] = { { "add", "sum" }, { "mul", "prod" },
    { "min", "min" }, { "max", "max" } };
  const char *own = ir_build_text (n, "reduction", "none");

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    if (strcmp (own, names[i][0]) == 0)
      return names[i][1];
  }
  if (strcmp (own, "none") != 0)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has the reduction \"%s\"", own);
  return NULL;
}

/* Scatter is the first name of ScatterElements. */
void
onnx_map_scatter_elements (IrBuild *n)
{
  const char *reduction = reduction_of (n);
  IrPort data = ir_build_in (n, 0);
  IrNode *op = ir_build_add (n, "ScatterElementsUpdate", reduction ? 12 : 3, 4,
      data, ir_build_in (n, 1), ir_build_in (n, 2),
      ir_build_int (n, ir_build_i64 (n, "axis", 0)));

  if (reduction != NULL)
    ir_build_set_text (n, op, "reduction", reduction);
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
onnx_map_scatter_nd (IrBuild *n)
{
  const char *reduction = reduction_of (n);
  IrNode *op = ir_build_add (n, "ScatterNDUpdate", reduction ? 15 : 4, 3,
      ir_build_in (n, 0), ir_build_in (n, 1), ir_build_in (n, 2));

  if (reduction != NULL)
    ir_build_set_text (n, op, "reduction", reduction);
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
onnx_map_nonzero (IrBuild *n)
{
  ir_build_out (n, 0, ir_build_op (n, "NonZero", 3, 1, ir_build_in (n, 0)));
}

/* Without an axis the data is one row. */
void
onnx_map_compress (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrPort kept = ir_build_squeeze (
      n, ir_build_op (n, "NonZero", 3, 1, ir_build_in (n, 1)), 0);

  if (ir_source_attr (n->source, "axis") == NULL)
    data = ir_build_reshape_to (n, data, (const gint64[]){ -1 }, 1);
  ir_build_out (
      n, 0, ir_build_gather (n, data, kept, ir_build_i64 (n, "axis", 0)));
}

void
onnx_map_range (IrBuild *n)
{
  IrPort start = ir_build_in (n, 0);
  IrNode *op = ir_build_add (n, "Range", 4, 3, scalar_of (n, start),
      scalar_of (n, ir_build_in (n, 1)), scalar_of (n, ir_build_in (n, 2)));

  if (ir_build_dtype_of (start) == IR_DTYPE_DYNAMIC)
    ir_build_fail (n, IR_ERROR_SHAPE, "has a start whose type is not known");
  ir_build_set_dtype (n, op, "output_type", ir_build_dtype_of (start));
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
onnx_map_cum_sum (IrBuild *n)
{
  IrNode *op = ir_build_add (
      n, "CumSum", 3, 2, ir_build_in (n, 0), scalar_of (n, ir_build_in (n, 1)));

  ir_build_set_bool (n, op, "exclusive", ir_build_i64 (n, "exclusive", 0) != 0);
  ir_build_set_bool (n, op, "reverse", ir_build_i64 (n, "reverse", 0) != 0);
  ir_build_out (n, 0, ir_build_done (n, op));
}

static IrPort
limit_of (IrBuild *n, gsize input, IrPort def)
{
  return ir_build_has (n, input) ? scalar_of (n, n->in[input]) : def;
}

/* OpenVINO takes boxes that meet the threshold for overlapping, which at 0 are
 * those that are apart as well. */
static IrPort
overlap_of (IrBuild *n)
{
  IrPort limit = limit_of (n, 3, IR_NO_PORT);
  g_autoptr (IrTensor) value = ir_build_value (n, limit);

  if (limit.node == NULL ||
      (value != NULL && ir_tensor_get_f64 (value, 0) == 0))
    limit = ir_build_number (n, IR_DTYPE_F32, FLT_MIN);
  return limit;
}

/* Without a threshold of scores boxes of any score are taken. */
void
onnx_map_nms (IrBuild *n)
{
  IrNode *op = ir_build_add (n, "NonMaxSuppression", 9, 5, ir_build_in (n, 0),
      ir_build_in (n, 1), limit_of (n, 2, ir_build_int (n, 0)), overlap_of (n),
      limit_of (n, 4, ir_build_number (n, IR_DTYPE_F32, -FLT_MAX)));

  ir_build_set_text (n, op, "box_encoding",
      ir_build_i64 (n, "center_point_box", 0) != 0 ? "center" : "corner");
  ir_build_set_bool (n, op, "sort_result_descending", FALSE);
  ir_build_set_dtype (n, op, "output_type", IR_DTYPE_I64);
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
onnx_map_reverse_sequence (IrBuild *n)
{
  IrNode *op = ir_build_add (
      n, "ReverseSequence", 1, 2, ir_build_in (n, 0), ir_build_in (n, 1));

  ir_build_set_i64 (n, op, "batch_axis", ir_build_i64 (n, "batch_axis", 1));
  ir_build_set_i64 (n, op, "seq_axis", ir_build_i64 (n, "time_axis", 0));
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
onnx_map_unique (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrNode *op;

  if (ir_source_attr (n->source, "axis") != NULL)
    op = ir_build_add (n, "Unique", 10, 2, data,
        ir_build_int (n, ir_build_i64 (n, "axis", 0)));
  else
    op = ir_build_add (n, "Unique", 10, 1, data);
  ir_build_set_bool (n, op, "sorted", ir_build_i64 (n, "sorted", 1) != 0);
  ir_build_done (n, op);
  for (guint i = 0; !ir_build_failed (n) && i < op->n_outputs; i++)
    ir_build_out (n, i, ir_port (op, i));
}

/* The equation as the IR wants it: without blanks, and with an output. An
 * implied one has an ellipsis, then the labels that there is one of. */
static char *
whole_equation (const char *text)
{
  GString *equation = g_string_new (NULL);
  guint count[G_MAXUINT8 + 1] = { 0 };

  for (const char *at = text; *at != '\0'; at++) {
    if (!g_ascii_isspace (*at))
      g_string_append_c (equation, *at);
    count[(guint8) *at]++;
  }
  if (strstr (equation->str, "->") == NULL) {
    g_string_append (equation, count['.'] != 0 ? "->..." : "->");
    for (guint c = 0; c < G_N_ELEMENTS (count); c++) {
      if (g_ascii_isalpha ((char) c) && count[c] == 1)
        g_string_append_c (equation, (char) c);
    }
  }
  return g_string_free (equation, FALSE);
}

void
onnx_map_einsum (IrBuild *n)
{
  const char *text = ir_build_text (n, "equation", NULL);
  g_autofree char *equation = NULL;
  IrNode *op = ir_build_add_v (n, "Einsum", 7, n->in, n->n_inputs, 0);

  if (text == NULL) {
    ir_build_fail (n, IR_ERROR_PARSE, "has no equation");
    return;
  }
  equation = whole_equation (text);
  ir_build_set_text (n, op, "equation", equation);
  ir_build_out (n, 0, ir_build_done (n, op));
}
