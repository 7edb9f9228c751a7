/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ops that pick and place elements by index. */
#include "map.h"

#include <float.h>
#include <string.h>

static IrPort
scalar_of (OnnxNode *n, IrPort port)
{
  return onnx_shape_of (port)->rank == 0 ? port
                                         : onnx_reshape_to (n, port, NULL, 0);
}

/* Indices below zero count from the end, which is at @size. */
static IrPort
from_start (OnnxNode *n, IrPort indices, IrPort size)
{
  return onnx_op (n, "Select", 1, 3,
      onnx_op (n, "Less", 1, 2, indices, onnx_like (n, indices, 0)),
      onnx_op (n, "Add", 1, 2, indices, size), indices);
}

void
onnx_map_one_hot (OnnxNode *n)
{
  IrPort indices = onnx_cast (n, onnx_in (n, 0), IR_DTYPE_I64);
  IrPort depth = scalar_of (n, onnx_cast (n, onnx_in (n, 1), IR_DTYPE_I64));
  IrPort values = onnx_in (n, 2);
  IrNode *op = onnx_add (n, "OneHot", 1, 4, from_start (n, indices, depth),
      depth, onnx_gather (n, values, onnx_int (n, 1), 0),
      onnx_gather (n, values, onnx_int (n, 0), 0));

  onnx_set_i64 (n, op, "axis", onnx_i64 (n, "axis", -1));
  onnx_out (n, 0, onnx_done (n, op));
}

/* The IR's name for a reduction; NULL for none at all. */
static const char *
reduction_of (OnnxNode *n)
{
  static const char *const names[][2] = { { "add", "sum" }, { "mul", "prod" },
    { "min", "min" }, { "max", "max" } };
  const char *own = onnx_text (n, "reduction", "none");

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    if (strcmp (own, names[i][0]) == 0)
      return names[i][1];
  }
  if (strcmp (own, "none") != 0)
    onnx_fail (n, IR_ERROR_UNSUPPORTED, "has the reduction \"%s\"", own);
  return NULL;
}

/* Scatter is the first name of ScatterElements. */
void
onnx_map_scatter_elements (OnnxNode *n)
{
  const char *reduction = reduction_of (n);
  IrPort data = onnx_in (n, 0);
  IrNode *op = onnx_add (n, "ScatterElementsUpdate", reduction ? 12 : 3, 4,
      data, onnx_in (n, 1), onnx_in (n, 2),
      onnx_int (n, onnx_i64 (n, "axis", 0)));

  if (reduction != NULL)
    onnx_set_text (n, op, "reduction", reduction);
  onnx_out (n, 0, onnx_done (n, op));
}

void
onnx_map_scatter_nd (OnnxNode *n)
{
  const char *reduction = reduction_of (n);
  IrNode *op = onnx_add (n, "ScatterNDUpdate", reduction ? 15 : 4, 3,
      onnx_in (n, 0), onnx_in (n, 1), onnx_in (n, 2));

  if (reduction != NULL)
    onnx_set_text (n, op, "reduction", reduction);
  onnx_out (n, 0, onnx_done (n, op));
}

void
onnx_map_nonzero (OnnxNode *n)
{
  onnx_out (n, 0, onnx_op (n, "NonZero", 3, 1, onnx_in (n, 0)));
}

/* Without an axis the data is one row. */
void
onnx_map_compress (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  IrPort kept =
      onnx_squeeze (n, onnx_op (n, "NonZero", 3, 1, onnx_in (n, 1)), 0);

  if (ir_source_attr (n->source, "axis") == NULL)
    data = onnx_reshape_to (n, data, (const gint64[]){ -1 }, 1);
  onnx_out (n, 0, onnx_gather (n, data, kept, onnx_i64 (n, "axis", 0)));
}

void
onnx_map_range (OnnxNode *n)
{
  IrPort start = onnx_in (n, 0);
  IrNode *op = onnx_add (n, "Range", 4, 3, scalar_of (n, start),
      scalar_of (n, onnx_in (n, 1)), scalar_of (n, onnx_in (n, 2)));

  if (onnx_dtype_of (start) == IR_DTYPE_DYNAMIC)
    onnx_fail (n, IR_ERROR_SHAPE, "has a start whose type is not known");
  onnx_set_dtype (n, op, "output_type", onnx_dtype_of (start));
  onnx_out (n, 0, onnx_done (n, op));
}

void
onnx_map_cum_sum (OnnxNode *n)
{
  IrNode *op = onnx_add (
      n, "CumSum", 3, 2, onnx_in (n, 0), scalar_of (n, onnx_in (n, 1)));

  onnx_set_bool (n, op, "exclusive", onnx_i64 (n, "exclusive", 0) != 0);
  onnx_set_bool (n, op, "reverse", onnx_i64 (n, "reverse", 0) != 0);
  onnx_out (n, 0, onnx_done (n, op));
}

static IrPort
limit_of (OnnxNode *n, gsize input, IrPort def)
{
  return onnx_has (n, input) ? scalar_of (n, n->in[input]) : def;
}

/* OpenVINO takes boxes that meet the threshold for overlapping, which at 0 are
 * those that are apart as well. */
static IrPort
overlap_of (OnnxNode *n)
{
  IrPort limit = limit_of (n, 3, ONNX_NONE);
  g_autoptr (IrTensor) value = onnx_value (n, limit);

  if (limit.node == NULL ||
      (value != NULL && ir_tensor_get_f64 (value, 0) == 0))
    limit = onnx_number (n, IR_DTYPE_F32, FLT_MIN);
  return limit;
}

/* Without a threshold of scores boxes of any score are taken. */
void
onnx_map_nms (OnnxNode *n)
{
  IrNode *op = onnx_add (n, "NonMaxSuppression", 9, 5, onnx_in (n, 0),
      onnx_in (n, 1), limit_of (n, 2, onnx_int (n, 0)), overlap_of (n),
      limit_of (n, 4, onnx_number (n, IR_DTYPE_F32, -FLT_MAX)));

  onnx_set_text (n, op, "box_encoding",
      onnx_i64 (n, "center_point_box", 0) != 0 ? "center" : "corner");
  onnx_set_bool (n, op, "sort_result_descending", FALSE);
  onnx_set_dtype (n, op, "output_type", IR_DTYPE_I64);
  onnx_out (n, 0, onnx_done (n, op));
}

void
onnx_map_reverse_sequence (OnnxNode *n)
{
  IrNode *op =
      onnx_add (n, "ReverseSequence", 1, 2, onnx_in (n, 0), onnx_in (n, 1));

  onnx_set_i64 (n, op, "batch_axis", onnx_i64 (n, "batch_axis", 1));
  onnx_set_i64 (n, op, "seq_axis", onnx_i64 (n, "time_axis", 0));
  onnx_out (n, 0, onnx_done (n, op));
}

void
onnx_map_unique (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  IrNode *op;

  if (ir_source_attr (n->source, "axis") != NULL)
    op = onnx_add (
        n, "Unique", 10, 2, data, onnx_int (n, onnx_i64 (n, "axis", 0)));
  else
    op = onnx_add (n, "Unique", 10, 1, data);
  onnx_set_bool (n, op, "sorted", onnx_i64 (n, "sorted", 1) != 0);
  onnx_done (n, op);
  for (guint i = 0; !onnx_failed (n) && i < op->n_outputs; i++)
    onnx_out (n, i, ir_port (op, i));
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
onnx_map_einsum (OnnxNode *n)
{
  const char *text = onnx_text (n, "equation", NULL);
  g_autofree char *equation = NULL;
  IrNode *op = onnx_add_v (n, "Einsum", 7, n->in, n->n_inputs, 0);

  if (text == NULL) {
    onnx_fail (n, IR_ERROR_PARSE, "has no equation");
    return;
  }
  equation = whole_equation (text);
  onnx_set_text (n, op, "equation", equation);
  onnx_out (n, 0, onnx_done (n, op));
}
