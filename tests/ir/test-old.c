/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of the layers of IR versions 2 to 7; numbers are compared by
 * tests/oracle/ir_old.py. */
#include <ir/attrs.h>
#include <ir/xml.h>

#include <string.h>

#define PORT(id, dims) "<port id=\"" id "\">" dims "</port>"
#define DIM(n) "<dim>" n "</dim>"
#define SMALL DIM ("1") DIM ("2") DIM ("3") DIM ("3")

#define NET(version, layers, edges, more)                                      \
  "<net name=\"n\" version=\"" version "\"><layers>" layers                    \
  "</layers><edges>" edges "</edges>" more "</net>"

#define INPUT                                                                  \
  "<layer id=\"0\" name=\"x\" type=\"Input\" "                                 \
  "precision=\"FP16\"><output>" PORT ("0", SMALL) "</output></layer>"

#define LAYER(id, name, type, data, out, more)                                 \
  "<layer id=\"" id "\" name=\"" name "\" type=\"" type                        \
  "\" precision=\"FP16\">" data "<input>" PORT ("0",                           \
      SMALL) "</input><output>" PORT ("3", out) "</output>" more "</layer>"

#define EDGE(to)                                                               \
  "<edge from-layer=\"0\" from-port=\"0\" to-layer=\"" to "\" to-port=\"0\"/>"

#define CONV                                                                   \
  LAYER ("1", "conv", "Convolution", "<data kernel=\"1,1\" output=\"2\"/>",    \
      SMALL,                                                                   \
      "<blobs><weights offset=\"0\" size=\"8\"/>"                              \
      "<biases offset=\"8\" size=\"4\"/></blobs>")

static IrGraph *
read_text (const char *xml, GError **error)
{
  static const guint8 zeros[16];
  g_autoptr (GBytes) weights = g_bytes_new_static (zeros, sizeof zeros);

  return ir_graph_read_memory (xml, strlen (xml), weights, "test.xml", error);
}

static IrGraph *
read_good (const char *xml)
{
  g_autoptr (GError) error = NULL;
  IrGraph *graph = read_text (xml, &error);

  g_assert_no_error (error);
  g_assert_true (ir_graph_validate (graph, NULL));
  return graph;
}

static void
expect (const char *xml, IrErrorCode code, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) graph = read_text (xml, &error);

  g_assert_null (graph);
  g_assert_error (error, IR_ERROR, (gint) code);
  if (!strstr (error->message, part))
    g_error ("'%s' does not have '%s'", error->message, part);
}

static void
test_names (void)
{
  g_autoptr (IrGraph) graph = read_good (NET ("6", INPUT CONV, EDGE ("1"), ""));
  const IrNode *result = graph->results->pdata[0];
  const IrNode *bias = ir_graph_find (graph, "conv");

  g_assert_true (ir_node_is (bias, "Add"));
  g_assert_true (result->inputs[0].node == bias);
  g_assert_cmpstr (bias->outputs[0].names[0], ==, "conv");
  g_assert_nonnull (ir_graph_find (graph, "conv/WithoutBiases"));
}

/* Halves are stored, floats computed. */
static void
test_halves (void)
{
  g_autoptr (IrGraph) graph = read_good (NET ("6", INPUT CONV, EDGE ("1"), ""));
  const IrNode *x = graph->parameters->pdata[0];
  const IrNode *convert = ir_graph_find (graph, "conv/weights");

  g_assert_cmpint (x->outputs[0].dtype, ==, IR_DTYPE_F32);
  g_assert_true (ir_node_is (convert, "Convert"));
  g_assert_cmpstr (convert->rt_info->name, ==, "decompression");
  g_assert_cmpint (ir_node_input (convert, 0)->dtype, ==, IR_DTYPE_F16);
}

/* What nobody reads is an output, in the order of the file. */
static void
test_outputs (void)
{
  g_autoptr (IrGraph) graph = read_good (NET ("3",
      INPUT LAYER ("5", "b", "ReLU", "", SMALL, "")
          LAYER ("2", "a", "SoftMax", "<softmax_data axis=\"1\"/>", SMALL, ""),
      EDGE ("5") EDGE ("2"), ""));

  g_assert_cmpuint (graph->results->len, ==, 2);
  g_assert_cmpstr (
      ((IrNode *) graph->results->pdata[0])->inputs[0].node->name, ==, "b");
}

static void
test_rounding (void)
{
#define POOL(kernel, pad, size)                                                \
  NET ("5",                                                                    \
      INPUT LAYER ("1", "pool", "Pooling",                                     \
          "<data kernel=\"" kernel "\" strides=\"2,2\" pads_begin=\"" pad      \
          "\" pool-method=\"max\" rounding_type=\"ceil\"/>",                   \
          DIM ("1") DIM ("2") DIM (size) DIM (size), ""),                      \
      EDGE ("1"), "")
  static const struct {
    const char *xml;
    gint rounding;
  } cases[] = {
    { POOL ("2,2", "0,0", "2"), IR_ROUNDING_CEIL },
    { POOL ("2,2", "0,0", "1"), IR_ROUNDING_FLOOR },
    /* One more would begin behind the end. */
    { POOL ("2,2", "1,1", "2"), IR_ROUNDING_FLOOR },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (IrGraph) graph = read_good (cases[i].xml);
    const IrPoolAttrs *attrs = ir_graph_find (graph, "pool")->attrs;

    g_assert_cmpint (attrs->rounding_type, ==, cases[i].rounding);
  }
}

static void
test_refusals (void)
{
  expect (
      NET ("6", INPUT LAYER ("1", "l", "What", "", SMALL, ""), EDGE ("1"), ""),
      IR_ERROR_UNSUPPORTED, "What (v6), layer 'l'");
  expect (NET ("6", INPUT LAYER ("1", "l", "ReLU", "", DIM ("4"), ""),
              EDGE ("1"), ""),
      IR_ERROR_SHAPE, "layer 'l'");
  expect (NET ("6",
              INPUT LAYER ("1", "l", "Convolution",
                  "<data kernel=\"1,1\" output=\"2\"/>", SMALL, ""),
              EDGE ("1"), ""),
      IR_ERROR_PARSE, "no <weights>");
  expect (NET ("6", INPUT CONV, EDGE ("1"),
              "<pre-process reference-layer-name=\"y\"/>"),
      IR_ERROR_PARSE, "no input 'y'");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ir/old/names", test_names);
  g_test_add_func ("/ir/old/halves", test_halves);
  g_test_add_func ("/ir/old/outputs", test_outputs);
  g_test_add_func ("/ir/old/rounding", test_rounding);
  g_test_add_func ("/ir/old/refusals", test_refusals);
  return g_test_run ();
}
