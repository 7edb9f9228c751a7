/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which layers and tensors a net has. */
#include "files.h"

#include <string.h>

#define IN "input: 'in' input_dim: [1, 2, 3, 4] "
#define RELU(name, bottom, top)                                                \
  "layer { name: '" name "' type: 'ReLU' bottom: '" bottom "' top: '" top "' "

/* A net, and what is read of it: nodes, inputs, outputs. */
static const struct {
  const char *name;
  const char *text;
  const char *nodes;
  const char *inputs;
  const char *outputs;
} nets[] = {
  { "in-place", IN RELU ("a", "in", "x") "}" RELU ("b", "x", "x") "}",
      "ReLU(in)->a; ReLU(a)->b", "in[1,2,3,4]", "b" },
  { "v1",
      IN "layers { name: 'a' type: RELU bottom: 'in' top: 'a' } layers { name: "
         "'l' type: SOFTMAX_LOSS bottom: 'a' bottom: 'label' }",
      "ReLU(in)->a", "in[1,2,3,4]", "a" },
  { "input-shape",
      "input: 'p' input_shape { dim: 1 dim: 5 } input: 'q' input_shape { dim: "
      "-1 "
      "dim: 2 dim: 3 } layer { name: 'e' type: 'Eltwise' bottom: 'p' bottom: "
      "'q' "
      "top: 'e' }",
      "Eltwise(p,q)->e", "p[1,5] q[?,2,3]", "e" },
  { "input-layer",
      "layer { name: 'data' type: 'Input' top: 'd' top: 'i' input_param { "
      "shape { "
      "dim: 1 } } }" RELU ("a", "d", "a") "}",
      "ReLU(d)->a", "d[1] i[1]", "a" },
  { "phases",
      IN RELU ("t", "in", "t") "include { phase: TRAIN } }" RELU (
          "u", "in", "u") "exclude { phase: TEST } }" RELU ("v", "in",
          "v") "phase: TRAIN }" RELU ("w", "in",
          "w") "include { phase: TEST } }",
      "ReLU(in)->w", "in[1,2,3,4]", "w" },
  { "stages",
      IN "state { stage: 'deploy' level: 2 }" RELU (
          "a", "in", "a") "include { stage: 'deploy' } }" RELU ("b", "in",
          "b") "include { not_stage: 'deploy' } }" RELU ("c", "in",
          "c") "include { min_level: 3 } }" RELU ("d", "in",
          "d") "include { max_level: 2 } }",
      "ReLU(in)->a; ReLU(in)->d", "in[1,2,3,4]", "a d" },
  { "data",
      "layer { name: 'd' type: 'Data' top: 'data' top: 'label' }" RELU ("a",
          "data", "a") "} layer { name: 'acc' type: 'Accuracy' bottom: 'a' "
                       "bottom: 'label' top: 'acc' }",
      "ReLU(data)->a", "data[...]", "a" },
  { "tops",
      IN "layer { name: 's' type: 'Slice' bottom: 'in' top: 'p' top: 'q' }",
      "Slice(in)->p,q", "in[1,2,3,4]", "p q" },
};

static char *
print_values (const GPtrArray *values, gboolean shapes)
{
  GString *text = g_string_new (NULL);
  char shape[IR_SHAPE_TEXT];

  for (guint i = 0; i < values->len; i++) {
    const IrSourceValue *value = values->pdata[i];

    g_string_append_printf (text, "%s%s%s", i ? " " : "", value->name,
        shapes ? ir_shape_print (&value->shape, shape) : "");
  }
  return g_string_free (text, FALSE);
}

static void
test_net (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  const TestNet net = { nets[i].text, NULL, 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (IrSource) source = test_net_read (&net, &error);
  g_autofree char *nodes = NULL, *inputs = NULL, *outputs = NULL;

  g_assert_no_error (error);
  nodes = test_source_print (source);
  inputs = print_values (source->graph->inputs, TRUE);
  outputs = print_values (source->graph->outputs, FALSE);
  g_assert_cmpstr (nodes, ==, nets[i].nodes);
  g_assert_cmpstr (inputs, ==, nets[i].inputs);
  g_assert_cmpstr (outputs, ==, nets[i].outputs);
}

/* The blob's name leads to the last tensor that it was. */
static void
test_alias (void)
{
  const TestNet net = { IN RELU ("a", "in", "x") "}" RELU ("b", "x", "x") "}",
    NULL, 0 };
  g_autoptr (IrGraph) graph = test_net_convert (&net, NULL);
  const IrNode *result = graph->results->pdata[0];

  g_assert_cmpstr (result->inputs[0].node->name, ==, "b");
  g_assert_true (ir_port_has_name (result->inputs[0], "b"));
  g_assert_true (ir_port_has_name (result->inputs[0], "x"));
}

static const struct {
  const char *text;
  const char *message;
} bad[] = {
  { "name: 'x'", "has no \"layer\"" },
  { IN "layer { } layers { }", "has both \"layer\"" },
  { "layers { layer { } }", "Caffe's first format" },
  { "layers { name: 'x' }", "layer \"x\" has no type" },
  { "input: 'a' input_dim: 1 layer { }", "each input takes four" },
  { "input: 'a' input: 'b' input_shape { } layer { }", "each input takes one" },
  { "input: 'a' input: 'a' layer { }", "another one has that name" },
  { IN RELU ("r", "y", "x") "}",
      "reads \"y\", which no layer before it makes" },
  { IN RELU ("r", "in", "a") "}" RELU ("s", "in", "a") "}",
      "makes \"a\", which a layer before it has made already" },
  { IN RELU ("r\\001", "in", "a") "}", "holds control characters" },
  { IN "layer { name: 'o' type: 'Odd' bottom: 'in' top: 'o' }",
      "there is no rule for this layer" },
  { IN "layer { name: 'i' type: 'InnerProduct' bottom: 'in' top: 'i' "
       "inner_product_param { num_output: 2 } }",
      "node \"i\" (InnerProduct): lacks its weights" },
};

static void
test_bad (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    const TestNet net = { bad[i].text, NULL, 0 };
    g_autoptr (GError) error = NULL;

    g_assert_null (test_net_convert (&net, &error));
    if (strstr (error->message, bad[i].message) == NULL)
      g_error ("%s: %s", bad[i].text, error->message);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (nets); i++) {
    g_autofree char *path = g_strconcat ("/caffe/net/", nets[i].name, NULL);

    g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_net);
  }
  g_test_add_func ("/caffe/net/alias", test_alias);
  g_test_add_func ("/caffe/net/bad", test_bad);
  return g_test_run ();
}
