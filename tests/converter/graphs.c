/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "graphs.h"

#include <ir/attrs.h>
#include <ir/convert.h>
#include <ir/xml.h>

#include <glib/gstdio.h>
#include <math.h>

char *folder;

/* --- building ------------------------------------------------------------------- */

IrPort
constant (
    IrGraph *graph, const char *shape, double low, double high, guint seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  g_autoptr (IrTensor) tensor = NULL;
  IrShape s;

  ir_shape_parse (shape, &s, NULL);
  tensor = ir_tensor_new (IR_DTYPE_F32, &s, NULL);
  for (guint64 i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_f64 (tensor, i, g_rand_double_range (random, low, high));
  return ir_port (ir_graph_add_const (graph, "c", tensor), 0);
}

IrPort
input (IrGraph *graph, const char *name, const char *shape)
{
  IrShape s;
  IrNode *node;

  ir_shape_parse (shape, &s, NULL);
  node = ir_graph_add_parameter (graph, name, IR_DTYPE_F32, &s);
  ir_port_add_name (ir_port (node, 0), name);
  return ir_port (node, 0);
}

IrPort
conv (IrGraph *graph, const char *type, IrPort x, IrPort weights, gint64 pad)
{
  IrNode *node = ir_graph_add_op (graph, type, 1, "conv", 2, x, weights);
  gint64 ones[] = { 1, 1 }, pads[] = { pad, pad };

  ir_node_set_i64s (node, "strides", ones, 2, NULL);
  ir_node_set_i64s (node, "dilations", ones, 2, NULL);
  ir_node_set_i64s (node, "pads_begin", pads, 2, NULL);
  ir_node_set_i64s (node, "pads_end", pads, 2, NULL);
  return ir_port (node, 0);
}

IrPort
binary (IrGraph *graph, const char *type, IrPort a, IrPort b)
{
  return ir_port (ir_graph_add_op (graph, type, 1, type, 2, a, b), 0);
}

IrPort
batch_norm (IrGraph *graph, IrPort x, const char *channels)
{
  IrNode *node = ir_graph_add_op (graph, "BatchNormInference", 5, "bn", 5, x,
      constant (graph, channels, 0.5, 2, 1),
      constant (graph, channels, -1, 1, 2),
      constant (graph, channels, -1, 1, 3),
      constant (graph, channels, 0.5, 2, 4));

  ir_node_set_f64 (node, "epsilon", 1e-3, NULL);
  return ir_port (node, 0);
}

void
output (IrGraph *graph, IrPort port)
{
  g_autoptr (GError) error = NULL;

  ir_port_add_name (port, "y");
  ir_graph_add_result (graph, "y/sink_port_0", port);
  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
}

/* --- converting and comparing ----------------------------------------------------- */

IrGraph *
convert (IrGraph *graph, GError **error, ...)
{
  g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
  g_autofree char *path = g_build_filename (folder, "m.xml", NULL);
  g_autoptr (GError) reason = NULL;
  const char *name;
  va_list args;

  ir_graph_write (graph, path, 11, &reason);
  g_assert_no_error (reason);
  ir_convert_options_set (options, "input_model", path, NULL);
  va_start (args, error);
  while ((name = va_arg (args, const char *))) {
    ir_convert_options_set (
        options, name, va_arg (args, const char *), &reason);
    g_assert_no_error (reason);
  }
  va_end (args);
  return ir_convert (options, NULL, NULL, error);
}

IrTensor *
ramp (const IrNode *parameter)
{
  IrTensor *tensor =
      ir_tensor_new (IR_DTYPE_F32, &parameter->outputs[0].shape, NULL);

  for (guint64 i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_f64 (tensor, i, sin ((double) i * 0.7) * 3);
  return tensor;
}

IrTensor *
evaluate (IrGraph *graph, IrTensor *in)
{
  g_autoptr (GError) error = NULL;
  IrTensor *out = NULL;

  g_assert_cmpuint (graph->parameters->len, ==, 1);
  g_assert_cmpuint (graph->results->len, ==, 1);
  ir_graph_evaluate (graph, &in, &out, &error);
  g_assert_no_error (error);
  return out;
}

void
compare (const IrTensor *a, const IrTensor *b, double tolerance)
{
  double most = 1e-9, worst = 0;

  g_assert_true (ir_shape_equal (&a->shape, &b->shape));
  for (guint64 i = 0; i < ir_tensor_count (a); i++) {
    most = MAX (most, fabs (ir_tensor_get_f64 (a, i)));
    worst =
        MAX (worst, fabs (ir_tensor_get_f64 (a, i) - ir_tensor_get_f64 (b, i)));
  }
  g_assert_cmpfloat (worst / most, <, tolerance);
}

void
compare_graphs (IrGraph *before, IrGraph *after, double tolerance)
{
  g_autoptr (IrTensor) in = ramp (g_ptr_array_index (before->parameters, 0));
  g_autoptr (IrTensor) a = evaluate (before, in);
  g_autoptr (IrTensor) b = evaluate (after, in);

  compare (a, b, tolerance);
}

gsize
count (const IrGraph *graph, const char *type)
{
  gsize n = 0;

  for (const IrNode *node = graph->first; node; node = node->next)
    n += ir_node_is (node, type);
  return n;
}

/* --- the program -------------------------------------------------------------------- */

void
graphs_init (int *argc, char ***argv)
{
  g_test_init (argc, argv, NULL);
  g_setenv ("IR_DEBUG", "roundtrip", TRUE);
  folder = g_dir_make_tmp ("ir-converter-XXXXXX", NULL);
}

int
graphs_run (void)
{
  int code = g_test_run ();
  g_autofree char *xml = g_build_filename (folder, "m.xml", NULL);
  g_autofree char *bin = g_build_filename (folder, "m.bin", NULL);

  g_remove (xml);
  g_remove (bin);
  g_rmdir (folder);
  g_free (folder);
  return code;
}
