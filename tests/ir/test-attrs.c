/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes of every kind, written and read; what the reader forgives. */
#include <ir/attrs.h>
#include <ir/xml.h>

#include <string.h>

/* A model of one op on one float input. */
static char *
make_xml (
    const char *type, const char *opset, const char *shape, const char *data)
{
  return g_strdup_printf (
      "<net name=\"n\" version=\"11\"><layers>"
      "<layer id=\"0\" name=\"x\" type=\"Parameter\" version=\"opset1\">"
      "<data shape=\"%s\" element_type=\"f32\"/><output><port id=\"0\"/>"
      "</output></layer>"
      "<layer id=\"1\" name=\"op\" type=\"%s\" version=\"%s\"><data %s/>"
      "<input><port id=\"0\"/></input><output><port id=\"1\"/></output>"
      "</layer>"
      "<layer id=\"2\" name=\"r\" type=\"Result\" version=\"opset1\">"
      "<input><port id=\"0\"/></input></layer></layers><edges>"
      "<edge from-layer=\"0\" from-port=\"0\" to-layer=\"1\" to-port=\"0\"/>"
      "<edge from-layer=\"1\" from-port=\"1\" to-layer=\"2\" to-port=\"0\"/>"
      "</edges></net>",
      shape, type, opset, data);
}

static char *
read_and_write (
    const char *type, const char *opset, const char *shape, const char *data)
{
  g_autofree char *xml = make_xml (type, opset, shape, data);
  g_autoptr (IrGraph) graph = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GBytes) weights = NULL;
  gsize size;

  graph = ir_graph_read_memory (xml, strlen (xml), NULL, "test", &error);
  g_assert_no_error (error);
  ir_graph_write_memory (graph, 11, &text, &weights, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (weights), ==, 0);
  return g_strndup (g_bytes_get_data (text, &size), g_bytes_get_size (text));
}

/* @want is the <data> of the op, attributes in the order of OpenVINO. */
static void
check (const char *type, const char *opset, const char *shape, const char *data,
    const char *want)
{
  g_autofree char *text = read_and_write (type, opset, shape, data);
  g_autofree char *element = g_strdup_printf ("<data %s/>", want);

  if (!strstr (text, element))
    g_error ("no %s in %s", element, text);
}

static void
test_kinds (void)
{
  /* reals: what gives the same number back */
  check ("Clamp", "opset1", "2", "max=\"6\" min=\"0.10000000149011612\"",
      "min=\"0.1\" max=\"6\"");
  check ("Clamp", "opset1", "2", "min=\"-1e30\" max=\"0.30000000000000004\"",
      "min=\"-1e+30\" max=\"0.30000000000000004\"");
  check ("SoftMax", "opset8", "2,3", "axis=\"-1\"", "axis=\"-1\"");
  check ("Convert", "opset1", "2", "destination_type=\"FP16\"",
      "destination_type=\"f16\"");
  check ("MaxPool", "opset1", "1,1,4,4",
      "kernel=\" 2 , 2\" strides=\"[2,2]\" pads_begin=\"0,0\" "
      "pads_end=\"0,0\" rounding_type=\"CEIL\" auto_pad=\"Valid\"",
      "strides=\"2,2\" pads_begin=\"0,0\" pads_end=\"0,0\" kernel=\"2,2\" "
      "rounding_type=\"ceil\" auto_pad=\"valid\"");
  check ("AvgPool", "opset1", "1,1,4,4",
      "kernel=\"2,2\" strides=\"2,2\" pads_begin=\"0,0\" pads_end=\"0,0\" "
      "exclude-pad=\"True\"",
      "kernel=\"2,2\" strides=\"2,2\" pads_begin=\"0,0\" pads_end=\"0,0\" "
      "exclude-pad=\"true\" auto_pad=\"explicit\" rounding_type=\"floor\"");
}

/* Any case of the op's name, a later opset, attributes that it does not have. */
static void
test_lenient (void)
{
  g_autofree char *text =
      read_and_write ("relu", "opset5", "2", "output_padding=\"0\" old=\"1\"");

  g_assert_nonnull (strstr (text, "type=\"ReLU\" version=\"opset1\""));
  g_assert_null (strstr (text, "old"));
}

static void
test_defaults (void)
{
  g_autofree char *text = read_and_write ("SoftMax", "opset1", "2,3", "");

  g_assert_nonnull (strstr (text, "<data axis=\"1\"/>"));
}

static void
test_errors (void)
{
  static const struct {
    const char *type;
    const char *data;
    const char *part;
  } wrong[] = {
    { "Clamp", "min=\"0\"", "no attribute 'max'" },
    { "Clamp", "min=\"zero\" max=\"1\"", "'min' has the value 'zero'" },
    { "Convert", "destination_type=\"f31\"", "'f31'" },
    { "SoftMax", "axis=\"1.5\"", "'1.5'" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autofree char *xml =
        make_xml (wrong[i].type, "opset1", "2,3", wrong[i].data);
    g_autoptr (GError) error = NULL;

    g_assert_null (
        ir_graph_read_memory (xml, strlen (xml), NULL, "test", &error));
    g_assert_error (error, IR_ERROR, IR_ERROR_PARSE);
    if (!strstr (error->message, wrong[i].part) ||
        !strstr (error->message, "'op'"))
      g_error ("%s", error->message);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ir/attrs/kinds", test_kinds);
  g_test_add_func ("/ir/attrs/lenient", test_lenient);
  g_test_add_func ("/ir/attrs/defaults", test_defaults);
  g_test_add_func ("/ir/attrs/errors", test_errors);
  return g_test_run ();
}
