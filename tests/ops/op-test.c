/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "op-test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static IrShape
parse_shape (const char *text)
{
  g_autoptr (GError) error = NULL;
  IrShape shape;

  ir_shape_parse (text, &shape, &error);
  g_assert_no_error (error);
  return shape;
}

IrTensor *
op_tensor_empty (IrDType dtype, const char *text)
{
  const IrShape shape = parse_shape (text);
  g_autoptr (GError) error = NULL;
  IrTensor *tensor = ir_tensor_new (dtype, &shape, &error);

  g_assert_no_error (error);
  return tensor;
}

IrTensor *
op_tensor_new (IrDType dtype, const char *shape, const double *values, gsize n)
{
  IrTensor *tensor = op_tensor_empty (dtype, shape);

  g_assert_cmpuint (ir_tensor_count (tensor), ==, n);
  for (gsize i = 0; i < n; i++)
    ir_tensor_set_f64 (tensor, i, values[i]);
  return tensor;
}

IrTensor *
op_tensor_new_wide (
    IrDType dtype, const char *shape, const gint64 *values, gsize n)
{
  IrTensor *tensor = op_tensor_empty (dtype, shape);

  g_assert_cmpuint (ir_tensor_count (tensor), ==, n);
  for (gsize i = 0; i < n; i++)
    ir_tensor_set_i64 (tensor, i, values[i]);
  return tensor;
}

IrTensor *
op_tensor_random (
    IrDType dtype, const char *shape, double low, double high, guint32 seed)
{
  IrTensor *tensor = op_tensor_empty (dtype, shape);
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  for (gsize i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_f64 (tensor, i, g_rand_double_range (rand, low, high));
  return tensor;
}

void
op_free (IrTensor **tensors)
{
  for (gsize i = 0; tensors[i]; i++)
    g_clear_pointer (&tensors[i], ir_tensor_unref);
}

/* --- building ------------------------------------------------------------- */

static gsize
count_tensors (IrTensor **tensors)
{
  gsize n = 0;

  while (tensors[n])
    n++;
  return n;
}

static IrNode *
build (IrGraph *graph, const char *op, const char *attrs, const IrPort *inputs,
    gsize n_inputs, gsize n_outputs)
{
  g_auto (GStrv) name = g_strsplit (op, "-", 2);
  g_auto (GStrv) list = g_strsplit (attrs, ";", -1);
  const IrOpDesc *desc;
  IrNode *node;

  g_assert_nonnull (name[1]);
  desc = ir_op_lookup_number (name[0], (guint) atoi (name[1]));
  if (!desc || desc->opset != (guint) atoi (name[1]))
    g_error ("there is no op %s", op);
  node = ir_graph_add (graph, desc, "op", inputs, n_inputs,
      desc->n_outputs == IR_VARIADIC ? n_outputs : 0);

  for (gsize i = 0; list[i] && *list[i]; i++) {
    g_auto (GStrv) pair = g_strsplit (list[i], "=", 2);
    g_autoptr (GError) error = NULL;

    ir_node_set_text (node, pair[0], pair[1], &error);
    g_assert_no_error (error);
  }
  return node;
}

/* How much inference is told about the inputs. */
typedef enum {
  TELL_VALUES,
  TELL_SHAPES,
  TELL_RANKS,
  TELL_NOTHING,
} Tell;

static IrNode *
add_input (IrGraph *graph, IrTensor *tensor, Tell tell)
{
  IrDType dtype = tensor->dtype;
  IrShape shape = tensor->shape;

  if (tell == TELL_VALUES)
    return ir_graph_add_const (graph, "in", tensor);
  if (tell == TELL_RANKS)
    shape = ir_shape_of_rank (shape.rank);
  if (tell == TELL_NOTHING) {
    shape = ir_shape_unknown ();
    dtype = IR_DTYPE_DYNAMIC;
  }
  return ir_graph_add_parameter (graph, "in", dtype, &shape);
}

static IrNode *
build_with (IrGraph *graph, const char *op, const char *attrs, IrTensor **in,
    gsize n_outputs, Tell tell)
{
  const gsize n = count_tensors (in);
  g_autofree IrPort *inputs = g_new0 (IrPort, n + 1);

  for (gsize i = 0; i < n; i++)
    inputs[i] = ir_port (add_input (graph, in[i], tell), 0);
  return build (graph, op, attrs, inputs, n, n_outputs);
}

/* --- checking ------------------------------------------------------------- */

static void
check_inference (const char *op, const char *attrs, IrTensor **in,
    IrTensor **want, Tell tell)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("test");
  IrNode *node = build_with (graph, op, attrs, in, count_tensors (want), tell);
  g_autoptr (GError) error = NULL;

  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  for (gsize i = 0; want[i]; i++) {
    const IrOutput *output = &node->outputs[i];
    char text[2][IR_SHAPE_TEXT];

    if (output->dtype != IR_DTYPE_DYNAMIC)
      g_assert_cmpstr (
          ir_dtype_name (output->dtype), ==, ir_dtype_name (want[i]->dtype));
    if (!ir_shape_fits (&output->shape, &want[i]->shape))
      g_error ("output %" G_GSIZE_FORMAT " is inferred as %s, not %s", i,
          ir_shape_print (&output->shape, text[0]),
          ir_shape_print (&want[i]->shape, text[1]));
  }
}

static double
largest_magnitude (const IrTensor *tensor)
{
  double largest = 0;

  for (gsize i = 0; i < ir_tensor_count (tensor); i++) {
    const double x = fabs (ir_tensor_get_f64 (tensor, i));

    if (isfinite (x))
      largest = fmax (largest, x);
  }
  return largest;
}

static gboolean
close_enough (double got, double want, double margin)
{
  if (isnan (want))
    return isnan (got);
  return got == want || fabs (got - want) <= margin;
}

static void
compare (const IrTensor *got, const IrTensor *want, double tolerance)
{
  const double margin = ir_dtype_is_float (want->dtype)
      ? tolerance * largest_magnitude (want)
      : 0;
  char text[2][IR_SHAPE_TEXT];

  g_assert_cmpstr (ir_dtype_name (got->dtype), ==, ir_dtype_name (want->dtype));
  g_assert_cmpstr (ir_shape_print (&got->shape, text[0]), ==,
      ir_shape_print (&want->shape, text[1]));
  for (gsize i = 0; i < ir_tensor_count (want); i++) {
    const double x = ir_tensor_get_f64 (got, i);
    const double y = ir_tensor_get_f64 (want, i);

    if (!ir_dtype_is_float (want->dtype))
      g_assert_cmpint (
          ir_tensor_get_i64 (got, i), ==, ir_tensor_get_i64 (want, i));
    else if (!close_enough (x, y, margin))
      g_error ("element %" G_GSIZE_FORMAT " is %.9g, not %.9g", i, x, y);
  }
}

IrTensor **
op_run (const char *op, const char *attrs, IrTensor **in, gsize n_outputs)
{
  IrTensor **out = g_new0 (IrTensor *, n_outputs + 1);
  g_autoptr (IrGraph) graph = ir_graph_new ("test");
  IrNode *node = build_with (graph, op, attrs, in, n_outputs, TELL_NOTHING);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (node->n_outputs, ==, n_outputs);
  ir_node_evaluate (node, in, out, &error);
  g_assert_no_error (error);
  op_free (in);
  return out;
}

void
op_check_near (const char *op, const char *attrs, IrTensor **in,
    IrTensor **want, double tolerance)
{
  g_autofree IrTensor **out = NULL;

  for (Tell tell = TELL_VALUES; tell <= TELL_NOTHING; tell++)
    check_inference (op, attrs, in, want, tell);
  out = op_run (op, attrs, in, count_tensors (want));
  for (gsize i = 0; want[i]; i++)
    compare (out[i], want[i], tolerance);

  op_free (out);
  op_free (want);
}

void
op_check (const char *op, const char *attrs, IrTensor **in, IrTensor **want)
{
  const gboolean half = ir_dtype_is_float (want[0]->dtype) &&
      ir_dtype_bits (want[0]->dtype) == 16;

  op_check_near (op, attrs, in, want, half ? 1e-2 : 1e-5);
}

void
op_reject (const char *op, const char *attrs, IrTensor **in, IrErrorCode code)
{
  g_autofree IrTensor **out = NULL;
  g_autoptr (IrGraph) graph = ir_graph_new ("test");
  IrNode *node = build_with (graph, op, attrs, in, 1, TELL_NOTHING);
  g_autoptr (GError) error = NULL;

  out = g_new0 (IrTensor *, node->n_outputs);
  g_assert_false (ir_node_evaluate (node, in, out, &error));
  g_assert_error (error, IR_ERROR, (gint) code);
  g_assert_null (out[0]);
  op_free (in);
}

/* --- shapes in words ------------------------------------------------------ */

static IrNode *
add_described (IrGraph *graph, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", 2);
  g_autoptr (GError) error = NULL;
  IrDType dtype;
  IrShape shape;

  if (text[0] == '=') {
    g_auto (GStrv) list = g_strsplit (text + 1, ",", -1);
    gint64 values[64];
    gsize n = 0;

    for (; list[n] && n < G_N_ELEMENTS (values); n++)
      values[n] = g_ascii_strtoll (list[n], NULL, 10);
    return ir_graph_add_const_i64 (graph, "in", values, n);
  }

  ir_dtype_parse (words[0], &dtype, &error);
  g_assert_no_error (error);
  shape = parse_shape (words[1]);
  return ir_graph_add_parameter (graph, "in", dtype, &shape);
}

static char *
describe_outputs (const IrNode *node)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < node->n_outputs; i++) {
    const IrOutput *output = &node->outputs[i];
    char shape[IR_SHAPE_TEXT];

    g_string_append_printf (text, "%s%s%s", i ? " " : "",
        ir_dtype_name (output->dtype), ir_shape_print (&output->shape, shape));
  }
  return g_string_free (text, FALSE);
}

static gsize
count_words (const char *text)
{
  gsize n = 1;

  for (; text && *text; text++)
    n += *text == ' ';
  return n;
}

void
op_check_shape (const char *op, const char *attrs, const char *want, ...)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("test");
  g_autoptr (GArray) inputs = g_array_new (FALSE, FALSE, sizeof (IrPort));
  g_autoptr (GError) error = NULL;
  g_autofree char *got = NULL;
  const char *text;
  IrNode *node;
  va_list args;

  va_start (args, want);
  while ((text = va_arg (args, const char *)) != NULL) {
    IrPort port = ir_port (add_described (graph, text), 0);

    g_array_append_val (inputs, port);
  }
  va_end (args);

  node = build (graph, op, attrs, (const IrPort *) (gpointer) inputs->data,
      inputs->len, count_words (want));
  if (!ir_graph_infer (graph, &error)) {
    if (want)
      g_error ("%s is refused: %s", op, error->message);
    g_assert_true (error->domain == IR_ERROR);
    return;
  }
  got = describe_outputs (node);
  g_assert_cmpstr (got, ==, want);
}
