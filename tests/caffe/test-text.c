/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text form of protobuf. */
#include "caffe.pb-c.h"
#include "text.h"

#include <math.h>
#include <string.h>

static gboolean
parse (
    const char *text, GPtrArray *unknown, IrProtobuf *unpacked, GError **error)
{
  return ir_text_unpack (&caffe__net_parameter__descriptor, text, strlen (text),
      "net", unknown, unpacked, error);
}

static void
test_forms (void)
{
  static const char text[] =
      "# a comment\n"
      "name: 'one\\x41' \"two\\n\\101\" # joined\n"
      "layer { name: \"a\", type: 'ReLU'; bottom: 'x' bottom: [\"y\", 'z']\n"
      "  phase: TEST loss_weight: [1, -2.5e1, .5f, inf, -nan]\n"
      "  relu_param < negative_slope: 0x10 engine: 2 > }\n"
      "layer: { propagate_down: [true, false, t, 0] "
      "convolution_param: { pad: 010 pad: 7 } }\n"
      "input_dim: [] input_shape { dim: -9223372036854775808 }";
  IrProtobuf unpacked = { 0 };
  const Caffe__NetParameter *net;
  const Caffe__LayerParameter *layer;

  g_assert_true (parse (text, NULL, &unpacked, NULL));
  net = (const Caffe__NetParameter *) unpacked.message;
  g_assert_cmpstr (net->name, ==, "oneAtwo\nA");
  g_assert_cmpuint (net->n_layer, ==, 2);
  layer = net->layer[0];
  g_assert_cmpuint (layer->n_bottom, ==, 3);
  g_assert_cmpstr (layer->bottom[2], ==, "z");
  g_assert_cmpint (layer->phase, ==, CAFFE__PHASE__TEST);
  g_assert_cmpuint (layer->n_loss_weight, ==, 5);
  g_assert_cmpfloat (layer->loss_weight[1], ==, -25);
  g_assert_cmpfloat (layer->loss_weight[2], ==, 0.5);
  g_assert_true (isinf (layer->loss_weight[3]));
  g_assert_true (isnan (layer->loss_weight[4]));
  g_assert_cmpfloat (layer->relu_param->negative_slope, ==, 16);
  g_assert_cmpint (layer->relu_param->engine, ==, 2);
  g_assert_cmpuint (net->layer[1]->n_propagate_down, ==, 4);
  g_assert_false (net->layer[1]->propagate_down[3]);
  g_assert_cmpuint (net->layer[1]->convolution_param->pad[0], ==, 8);
  g_assert_cmpuint (net->n_input_dim, ==, 0);
  g_assert_cmpint (net->input_shape[0]->dim[0], ==, G_MININT64);
  ir_protobuf_clear (&unpacked);
}

/* Fields that protobuf-c can't be given by their own name. */
static void
test_escaped_name (void)
{
  IrProtobuf unpacked = { 0 };
  const Caffe__NetParameter *net;

  g_assert_true (
      parse ("layer { exp_param { base: 2 } }", NULL, &unpacked, NULL));
  net = (const Caffe__NetParameter *) unpacked.message;
  g_assert_cmpfloat (net->layer[0]->exp_param->base_, ==, 2);
  ir_protobuf_clear (&unpacked);
}

static void
test_unknown (void)
{
  static const char text[] =
      "own: -3 own { deep < a: ['x' 'y', 2] > b { } } force_backward: true\n"
      "layer { weights: [ { a: 1 }, < > ] name: 'l'\n"
      "  transform_param { whatever: 1 } }";
  g_autoptr (GPtrArray) unknown = g_ptr_array_new_with_free_func (g_free);
  IrProtobuf unpacked = { 0 };
  const Caffe__NetParameter *net;

  g_assert_true (parse (text, unknown, &unpacked, NULL));
  net = (const Caffe__NetParameter *) unpacked.message;
  g_assert_cmpstr (net->layer[0]->name, ==, "l");
  g_assert_cmpuint (unknown->len, ==, 2);
  g_assert_cmpstr (unknown->pdata[0], ==, "NetParameter.own");
  g_assert_cmpstr (unknown->pdata[1], ==, "LayerParameter.weights");
  ir_protobuf_clear (&unpacked);
}

static const struct {
  const char *text;
  const char *message;
} bad[] = {
  { "name", "net:1:5: expected a colon and a value, but the file ends" },
  { "name: x", "net:1:7: expected a string in quotes, found x" },
  { "\n name: 'x\n'", "net:2:8: expected a quote at the end" },
  { "name: 'a' name: 'b'", "net:1:11: \"name\" is given twice" },
  { "name: ['a']", "\"name\" takes one value, not a list" },
  { "name: '\\q'", "net:1:7: the string has an escape" },
  { "name: '\\x00'", "net:1:7: the string has a zero byte" },
  { "layer {", "net:1:8: expected a field or }, but the file ends" },
  { "layer <}", "net:1:8: expected the name of a field, found }" },
  { "layer: 3", "net:1:8: expected { and the fields of a message, found 3" },
  { "}", "net:1:1: expected the name of a field, found }" },
  { "input_dim: 1.5", "net:1:12: expected a whole number, found 1.5" },
  { "input_dim: 3000000000", "the number does not fit \"input_dim\"" },
  { "input_dim: 99999999999999999999", "expected a whole number" },
  { "input_dim: [1 2]", "net:1:15: expected a comma or ], found 2" },
  { "layer { convolution_param { pad: -1 } }", "does not fit \"pad\"" },
  { "force_backward: yes", "expected true or false, found yes" },
  { "layer { phase: NONE }", "expected one of TEST, TRAIN, found NONE" },
  { "layer { phase: 7 }", "expected one of" },
  { "layer { loss_weight: 1x }", "expected a number, found 1x" },
  { "own", "expected a colon or {, but the file ends" },
  { "own: ]", "expected a value, found ]" },
  { "own: [1 2]", "expected a comma or ], found 2" },
};

static void
test_bad (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    IrProtobuf unpacked = { 0 };

    g_assert_false (parse (bad[i].text, NULL, &unpacked, &error));
    g_assert_error (error, IR_ERROR, IR_ERROR_PARSE);
    if (strstr (error->message, bad[i].message) == NULL)
      g_error ("%s: %s", bad[i].text, error->message);
  }
}

/* Nesting without end, known and unknown. */
static void
test_deep (void)
{
  static const char *const opening[] = { "own {", "own: [" };

  for (gsize k = 0; k < G_N_ELEMENTS (opening); k++) {
    g_autoptr (GString) text = g_string_new (opening[k]);
    g_autoptr (GError) error = NULL;
    IrProtobuf unpacked = { 0 };

    for (guint i = 0; i < 100000; i++)
      g_string_append (text, k == 0 ? opening[k] : "[");
    g_assert_false (parse (text->str, NULL, &unpacked, &error));
    g_assert_nonnull (strstr (error->message, "nested more than"));
  }
}

/* Every beginning of a text is refused or read, without reading behind it. */
static void
test_cut (void)
{
  static const char text[] =
      "name: 'a\\x41' layer < type: \"b\" loss_weight: [ -1e-3, 0x1F ] > "
      "own { a: [ 'b' ] } # end";

  for (gsize n = 0; n < sizeof text; n++) {
    g_autofree char *part = g_memdup2 (text, MAX (n, 1));
    IrProtobuf unpacked = { 0 };

    if (ir_text_unpack (&caffe__net_parameter__descriptor, part, n, "net", NULL,
            &unpacked, NULL))
      ir_protobuf_clear (&unpacked);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/caffe/text/forms", test_forms);
  g_test_add_func ("/caffe/text/escaped-name", test_escaped_name);
  g_test_add_func ("/caffe/text/unknown", test_unknown);
  g_test_add_func ("/caffe/text/bad", test_bad);
  g_test_add_func ("/caffe/text/deep", test_deep);
  g_test_add_func ("/caffe/text/cut", test_cut);
  return g_test_run ();
}
