/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader on small texts: what it accepts, and what it says about the rest. */
#include <ir/attrs.h>
#include <ir/xml.h>

#include <glib/gstdio.h>
#include <string.h>

/* The attributes of <net>, <layers> and <edges>. */
#define NET(version, layers, edges)                                            \
  "<?xml version=\"1.0\"?>\n<net name=\"n\" version=\"" version                \
  "\"><layers>" layers "</layers><edges>" edges "</edges></net>"

#define PARAMETER(id, name, shape)                                             \
  "<layer id=\"" id "\" name=\"" name "\" type=\"Parameter\" "                 \
  "version=\"opset1\"><data shape=\"" shape "\" element_type=\"f32\"/>"        \
  "<output><port id=\"0\" precision=\"FP32\"/></output></layer>"

#define CONST(id, name, type, shape, offset, size, port)                       \
  "<layer id=\"" id "\" name=\"" name "\" type=\"Const\" version=\"opset1\">"  \
  "<data element_type=\"" type "\" shape=\"" shape "\" offset=\"" offset       \
  "\" size=\"" size "\"/><output><port id=\"" port "\" precision=\"FP32\"/>"   \
  "</output></layer>"

#define RESULT(id, name)                                                       \
  "<layer id=\"" id "\" name=\"" name "\" type=\"Result\" version=\"opset1\">" \
  "<input><port id=\"0\"/></input></layer>"

#define EDGE(from, from_port, to, to_port)                                     \
  "<edge from-layer=\"" from "\" from-port=\"" from_port "\" to-layer=\"" to   \
  "\" to-port=\"" to_port "\"/>"

static IrGraph *
read_text (const char *xml, const void *weights, gsize size, GError **error)
{
  g_autoptr (GBytes) bytes = weights ? g_bytes_new (weights, size) : NULL;

  return ir_graph_read_memory (xml, strlen (xml), bytes, "test.xml", error);
}

static IrGraph *
read_good (const char *xml, const void *weights, gsize size)
{
  g_autoptr (GError) error = NULL;
  IrGraph *graph = read_text (xml, weights, size, &error);

  g_assert_no_error (error);
  g_assert_true (ir_graph_validate (graph, NULL));
  return graph;
}

static void
expect (const char *xml, const void *weights, gsize size, IrErrorCode code,
    const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) graph = read_text (xml, weights, size, &error);

  g_assert_null (graph);
  g_assert_error (error, IR_ERROR, (gint) code);
  if (!strstr (error->message, part) ||
      !g_str_has_prefix (error->message, "test.xml"))
    g_error ("'%s' does not have '%s'", error->message, part);
}

static void
test_order (void)
{
  g_autoptr (IrGraph) graph =
      read_good (NET ("11",
                     RESULT ("7", "out") PARAMETER ("40", "b", "2,?")
                         PARAMETER ("3", "a", "1..4, 3") RESULT ("8", "out"),
                     EDGE ("3", "0", "7", "0") EDGE ("40", "0", "8", "0")),
          NULL, 0);
  const IrNode *b = graph->parameters->pdata[0];
  const IrNode *a = graph->parameters->pdata[1];
  const IrNode *first = graph->results->pdata[0];

  g_assert_cmpstr (b->name, ==, "b");
  g_assert_cmpstr (a->name, ==, "a");
  g_assert_true (first->inputs[0].node == a);
  g_assert_cmpint (b->outputs[0].shape.dim[1], ==, IR_DIM_UNKNOWN);
  g_assert_cmpstr (((const IrParameterAttrs *) a->attrs)->shape, ==, "1..4, 3");
  g_assert_cmpuint (a->outputs[0].n_names, ==, 0);
}

static void
test_v10_names (void)
{
  g_autoptr (IrGraph) graph =
      read_good (NET ("10", PARAMETER ("0", "a", "1,3") RESULT ("1", "a"),
                     EDGE ("0", "0", "1", "0")),
          NULL, 0);
  const IrNode *a = graph->parameters->pdata[0];

  g_assert_cmpuint (a->outputs[0].n_names, ==, 1);
  g_assert_cmpstr (a->outputs[0].names[0], ==, "a");
}

static void
test_names_and_rt_info (void)
{
  g_autoptr (IrGraph) graph = read_good (
      "<net name=\"n\" version=\"11\"><layers>"
      "<layer id=\"0\" name=\"a\" type=\"parameter\" version=\"opset1\">"
      "<data element_type=\"FP32\" shape=\"[2]\" unknown=\"x\"/>"
      "<rt_info><attribute name=\"fused_names\" version=\"0\" value=\"a,b\"/>"
      "</rt_info><output><port id=\"5\" precision=\"FP32\" "
      "names=\"y\\,z,b,b,\"/></output></layer>" RESULT (
          "1", "r") "</layers>"
                    "<edges>" EDGE ("0", "5", "1",
                        "0") "</edges>"
                             "<rt_info><MO_version "
                             "value=\"1\"/><model_info><labels value=\"a b\"/>"
                             "<info name=\"1 x\" "
                             "value=\"2\"/></model_info></rt_info></net>",
      NULL, 0);
  const IrNode *a = graph->parameters->pdata[0];

  g_assert_cmpuint (a->outputs[0].n_names, ==, 2);
  g_assert_cmpstr (a->outputs[0].names[0], ==, "b");
  g_assert_cmpstr (a->outputs[0].names[1], ==, "y,z");
  g_assert_cmpstr (a->rt_info->name, ==, "fused_names");
  g_assert_cmpuint (a->rt_info->n, ==, 1);
  g_assert_cmpstr (a->rt_info->values[0], ==, "a,b");
  g_assert_cmpstr (ir_graph_get_meta (graph, "MO_version"), ==, "1");
  g_assert_cmpstr (ir_graph_get_meta (graph, "model_info/labels"), ==, "a b");
  g_assert_cmpstr (ir_graph_get_meta (graph, "model_info/1 x"), ==, "2");
}

static IrTensor *
read_const (IrGraph *graph)
{
  const IrNode *result = graph->results->pdata[0];

  return ir_port_const (result->inputs[0]);
}

/* A Const, its port numbered 1 as old files have it, and a Result. */
#define ONE_CONST(version, type, shape, offset, size)                          \
  NET (version,                                                                \
      CONST ("0", "c", type, shape, offset, size, "1") RESULT ("1", "r"),      \
      EDGE ("0", "1", "1", "0"))

static void
test_const (void)
{
  static const guint8 bin[16] = { 9, 0x21, 0x43, 3, 0, 0, 0, 0, 0, 0, 0x80,
    0x3f };
  g_autoptr (IrGraph) i16 =
      read_good (ONE_CONST ("11", "i16", "2", "3", "7"), bin, sizeof bin);
  g_autoptr (IrGraph) f32 =
      read_good (ONE_CONST ("11", "FP32", "", "8", "4"), bin, sizeof bin);
  g_autoptr (IrGraph) high =
      read_good (ONE_CONST ("10", "u4", "4", "1", "2"), bin, sizeof bin);
  g_autoptr (IrGraph) low =
      read_good (ONE_CONST ("11", "u4", "4", "1", "2"), bin, sizeof bin);
  g_autoptr (IrGraph) boolean =
      read_good (ONE_CONST ("11", "boolean", "5", "0", "5"), bin, sizeof bin);
  g_autoptr (IrGraph) empty =
      read_good (ONE_CONST ("11", "i64", "0,4", "0", "0"), NULL, 0);

  g_assert_cmpint (ir_tensor_get_i64 (read_const (i16), 0), ==, 3);
  g_assert_cmpuint ((guintptr) read_const (i16)->data % 2, ==, 0);
  g_assert_cmpfloat (ir_tensor_get_f64 (read_const (f32), 0), ==, 1.0);
  g_assert_cmpint (ir_tensor_get_i64 (read_const (high), 0), ==, 2);
  g_assert_cmpint (ir_tensor_get_i64 (read_const (high), 3), ==, 3);
  g_assert_cmpint (ir_tensor_get_i64 (read_const (low), 0), ==, 1);
  g_assert_cmpint (ir_tensor_get_i64 (read_const (low), 3), ==, 4);
  g_assert_cmpint (((guint8 *) read_const (boolean)->data)[0], ==, 1);
  g_assert_cmpint (((guint8 *) read_const (boolean)->data)[4], ==, 0);
  g_assert_cmpuint (ir_tensor_count (read_const (empty)), ==, 0);
}

static void
test_const_errors (void)
{
  static const guint8 bin[16] = { 0 };
#define BAD(shape, offset, size, code, part)                                   \
  expect (ONE_CONST ("11", "f32", shape, offset, size), bin, sizeof bin, code, \
      part)

  BAD ("4", "0", "15", IR_ERROR_PARSE, "takes 16 bytes");
  BAD ("4", "4", "16", IR_ERROR_PARSE, "outside weights");
  BAD ("1", "18446744073709551615", "4", IR_ERROR_PARSE, "outside weights");
  BAD ("1", "0", "18446744073709551615", IR_ERROR_PARSE, "outside weights");
  BAD ("1", "-1", "4", IR_ERROR_PARSE, "from 0 on");
  BAD ("1", "99999999999999999999", "4", IR_ERROR_PARSE, "from 0 on");
  BAD ("1", "", "4", IR_ERROR_PARSE, "from 0 on");
  BAD ("-1", "0", "4", IR_ERROR_PARSE, "cannot have the shape");
  BAD ("4294967296,4294967296", "0", "16", IR_ERROR_LIMIT, "can be counted");
  BAD ("4611686018427387904", "0", "16", IR_ERROR_LIMIT, "can be counted");
  BAD ("1,1,1,1,1,1,1,1,1", "0", "4", IR_ERROR_LIMIT, "8 dimensions");
  expect (ONE_CONST ("11", "f32", "1", "0", "4"), NULL, 0, IR_ERROR_NOT_FOUND,
      "needs 4 bytes");
  expect (ONE_CONST ("11", "string", "1", "0", "4"), bin, sizeof bin,
      IR_ERROR_UNSUPPORTED, "string");
}

static void
test_structure_errors (void)
{
  const char *pair =
      NET ("11", PARAMETER ("0", "a", "1") RESULT ("1", "r"), "");

  expect ("", NULL, 0, IR_ERROR_PARSE, "well-formed");
  expect ("<net", NULL, 0, IR_ERROR_PARSE, "well-formed");
  expect ("<html/>", NULL, 0, IR_ERROR_PARSE, "<html>");
  expect (NET ("8", "", ""), NULL, 0, IR_ERROR_UNSUPPORTED, "version 8");
  expect (NET ("11", "", ""), NULL, 0, IR_ERROR_PARSE, "no Result");
  expect (pair, NULL, 0, IR_ERROR_PARSE, "no edge goes to input port 0");
  expect (NET ("11", PARAMETER ("0", "a", "1") RESULT ("0", "r"), ""), NULL, 0,
      IR_ERROR_PARSE, "same id");
  expect (NET ("11", PARAMETER ("0", "a", "1") PARAMETER ("1", "a", "1"), ""),
      NULL, 0, IR_ERROR_PARSE, "same name");
  expect (NET ("11", PARAMETER ("0", "a", "1") RESULT ("1", "r"),
              EDGE ("0", "0", "9", "0")),
      NULL, 0, IR_ERROR_PARSE, "layer 9");
  expect (NET ("11", PARAMETER ("0", "a", "1") RESULT ("1", "r"),
              EDGE ("0", "3", "1", "0")),
      NULL, 0, IR_ERROR_PARSE, "output port 3");
  expect (NET ("11", PARAMETER ("0", "a", "1") RESULT ("1", "r"),
              EDGE ("0", "0", "1", "0") EDGE ("0", "0", "1", "0")),
      NULL, 0, IR_ERROR_PARSE, "two edges");
  expect (NET ("11", PARAMETER ("0", "a", "1,x") RESULT ("1", "r"),
              EDGE ("0", "0", "1", "0")),
      NULL, 0, IR_ERROR_PARSE, "layer 'a'");
}

static void
test_unknown_ops (void)
{
#define STRANGE(id, name, from)                                                \
  "<layer id=\"" id "\" name=\"" name "\" type=\"Strange\" "                   \
  "version=\"extension\"><input><port id=\"0\"/></input><output>"              \
  "<port id=\"1\"/></output></layer>"
  const char *needed = NET ("11",
      PARAMETER ("0", "a", "1") STRANGE ("1", "s", "0") STRANGE ("2", "t", "1")
          RESULT ("3", "r"),
      EDGE ("0", "0", "1", "0") EDGE ("1", "1", "2", "0")
          EDGE ("2", "1", "3", "0"));
  const char *idle = NET ("11",
      PARAMETER ("0", "a", "1") STRANGE ("1", "s", "0") RESULT ("3", "r"),
      EDGE ("0", "0", "1", "0") EDGE ("0", "0", "3", "0"));
  g_autoptr (IrGraph) graph = NULL;

  expect (needed, NULL, 0, IR_ERROR_UNSUPPORTED,
      "2 layer(s): Strange (extension), layer 's', id 1; Strange (extension), "
      "layer 't', id 2");
  graph = read_good (idle, NULL, 0);
  g_assert_cmpuint (graph->n_nodes, ==, 2);
}

static void
test_entities (void)
{
  const char *laughs = "<!DOCTYPE net [<!ENTITY a \"aaaaaaaa\">"
                       "<!ENTITY b \"&a;&a;\">]><net name=\"&b;\" "
                       "version=\"11\"/>";

  expect (laughs, NULL, 0, IR_ERROR_PARSE, "entities");
  expect ("<net name=\"&b;\" version=\"11\"/>", NULL, 0, IR_ERROR_PARSE,
      "well-formed");
}

static void
test_probe (void)
{
  static const struct {
    const char *text;
    guint version;
  } files[] = {
    { "<?xml version=\"1.0\"?>\n<net name=\"n\" version=\"11\">", 11 },
    { "<net\tversion = '10'\n name='n'>", 10 },
    { "<nets version=\"1\"/><net version=\"7\" batch=\"1\">", 7 },
    { "<net iversion=\"9\" version=\"8\"", 8 },
    { "<net name=\"n\"><layer version=\"1\">", 0 },
    { "<net version=\"11111\">", 0 },
    { "<net version=\"11'", 11 },
    { "<net version=11>", 0 },
    { "<net version=\"opset1\">", 0 },
    { "version=\"11\"", 0 },
    { "", 0 },
  };
  g_autofree char *folder = g_dir_make_tmp ("ir-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "probe.xml", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    guint version = 0;

    g_assert_true (g_file_set_contents (path, files[i].text, -1, NULL));
    g_assert_cmpint (ir_probe_xml (path, &version), ==, files[i].version > 0);
    g_assert_cmpuint (version, ==, files[i].version);
  }
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ir/read/order", test_order);
  g_test_add_func ("/ir/read/v10-names", test_v10_names);
  g_test_add_func ("/ir/read/names-and-rt-info", test_names_and_rt_info);
  g_test_add_func ("/ir/read/const", test_const);
  g_test_add_func ("/ir/read/const-errors", test_const_errors);
  g_test_add_func ("/ir/read/structure-errors", test_structure_errors);
  g_test_add_func ("/ir/read/unknown-ops", test_unknown_ops);
  g_test_add_func ("/ir/read/entities", test_entities);
  g_test_add_func ("/ir/read/probe", test_probe);
  return g_test_run ();
}
