/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The writer: what its text and weights look like, and that the reader gets the
 * same graph back. */
#include <ir/attrs.h>
#include <ir/xml.h>

#include <glib/gstdio.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  GBytes *xml;
  GBytes *weights;
} Written;

static void
written_clear (Written *written)
{
  g_clear_pointer (&written->xml, g_bytes_unref);
  g_clear_pointer (&written->weights, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Written, written_clear)

static void
write_graph (IrGraph *graph, Written *written)
{
  g_autoptr (GError) error = NULL;

  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  ir_graph_write_memory (graph, 11, &written->xml, &written->weights, &error);
  g_assert_no_error (error);
}

static IrGraph *
read_back (const Written *written)
{
  g_autoptr (GError) error = NULL;
  gsize size;
  const char *xml = g_bytes_get_data (written->xml, &size);
  IrGraph *graph =
      ir_graph_read_memory (xml, size, written->weights, "back", &error);

  g_assert_no_error (error);
  g_assert_true (ir_graph_validate (graph, NULL));
  return graph;
}

static void
assert_has (const Written *written, const char *part)
{
  gsize size;
  const char *xml = g_bytes_get_data (written->xml, &size);

  if (!g_strstr_len (xml, (gssize) size, part))
    g_error ("'%s' is not in\n%.*s", part, (int) size, xml);
}

static IrNode *
add_f32 (IrGraph *graph, const char *name, const float *values, gsize n)
{
  g_autoptr (IrTensor) tensor = ir_tensor_new_f32 (values, n);

  return ir_graph_add_const (graph, name, tensor);
}

static void
test_text (void)
{
  static const float one[] = { 1 };
  g_autoptr (IrGraph) graph = ir_graph_new ("a<b>&\"c\"");
  g_auto (Written) written = { NULL, NULL };
  IrShape shape = { 2, { -1, 3 } };
  IrNode *c = add_f32 (graph, "c", one, 1);
  IrNode *x = ir_graph_add_parameter (graph, "x", IR_DTYPE_F16, &shape);

  ir_graph_add_result (graph, "", ir_port (c, 0));
  ir_graph_add_result (graph, "second", ir_port (x, 0));
  ir_port_add_name (ir_port (x, 0), "z,1");
  ir_port_add_name (ir_port (x, 0), "a\nb");
  write_graph (graph, &written);
  assert_has (
      &written, "<net name=\"a&lt;b&gt;&amp;&quot;c&quot;\" version=\"11\">");
  assert_has (&written,
      "\t\t<layer id=\"0\" name=\"x\" type=\"Parameter\" version=\"opset1\">\n"
      "\t\t\t<data shape=\"?,3\" element_type=\"f16\"/>\n"
      "\t\t\t<output>\n"
      "\t\t\t\t<port id=\"0\" precision=\"FP16\" names=\"a&#10;b,z\\,1\">\n"
      "\t\t\t\t\t<dim>-1</dim>\n"
      "\t\t\t\t\t<dim>3</dim>\n"
      "\t\t\t\t</port>\n"
      "\t\t\t</output>\n"
      "\t\t</layer>\n");
  assert_has (&written,
      "\t\t\t<data element_type=\"f32\" shape=\"1\" offset=\"0\" size=\"4\"/>");
  assert_has (&written, "name=\"c/sink_port_0\" type=\"Result\"");
  assert_has (&written,
      "<edge from-layer=\"1\" from-port=\"0\" to-layer=\"2\" to-port=\"0\"/>");
}

static void
test_round_trip (void)
{
  static const char *const keys[] = { "value" };
  static const char *const values[] = { "a,b" };
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (IrGraph) back = NULL;
  g_auto (Written) written = { NULL, NULL };
  IrShape shape = { 2, { 1, 3 } };
  IrNode *b = ir_graph_add_parameter (graph, "b", IR_DTYPE_I64, &shape);
  IrNode *a = ir_graph_add_parameter (graph, "a\t<é", IR_DTYPE_F32, &shape);
  IrNode *node;

  ir_graph_add_result (graph, "r", ir_port (a, 0));
  ir_graph_add_result (graph, "r", ir_port (b, 0));
  ir_port_add_name (ir_port (a, 0), "q,w,");
  ir_port_add_name (ir_port (a, 0), "e");
  ir_graph_add_rt_info (
      graph, &a->rt_info, "fused_names", "0", keys, values, 1);
  ir_graph_add_rt_info (
      graph, &a->outputs[0].rt_info, "layout", "0", keys, values, 1);
  ir_graph_set_meta (graph, "model_info/labels", "x y\n<z>");
  ir_graph_set_meta (graph, "MO_version", "1");
  ir_graph_set_meta (graph, "model_info/1st key", "v");
  ir_graph_set_meta (graph, "model_info", "both");
  write_graph (graph, &written);
  back = read_back (&written);

  node = back->parameters->pdata[1];
  g_assert_cmpstr (back->name, ==, "g");
  g_assert_cmpstr (node->name, ==, "a\t<é");
  g_assert_cmpuint (node->outputs[0].n_names, ==, 2);
  g_assert_cmpstr (node->outputs[0].names[0], ==, "e");
  g_assert_cmpstr (node->outputs[0].names[1], ==, "q,w,");
  g_assert_cmpint ((gint) node->outputs[0].dtype, ==, IR_DTYPE_F32);
  g_assert_true (ir_shape_equal (&node->outputs[0].shape, &shape));
  g_assert_cmpstr (node->rt_info->values[0], ==, "a,b");
  g_assert_cmpstr (node->outputs[0].rt_info->name, ==, "layout");
  g_assert_cmpstr (
      ir_graph_get_meta (back, "model_info/labels"), ==, "x y\n<z>");
  g_assert_cmpstr (ir_graph_get_meta (back, "model_info/1st key"), ==, "v");
  g_assert_cmpstr (ir_graph_get_meta (back, "model_info"), ==, "both");
  g_assert_cmpstr (ir_graph_get_meta (back, "MO_version"), ==, "1");
  node = back->results->pdata[1];
  g_assert_cmpstr (node->inputs[0].node->name, ==, "b");
}

static void
test_weights (void)
{
  static const float one[] = { 1, 2, 3 }, other[] = { 1, 2, 4 };
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (IrGraph) back = NULL;
  g_auto (Written) written = { NULL, NULL };
  IrShape empty_shape = { 1, { 0 } };
  g_autoptr (IrTensor) empty = ir_tensor_new (IR_DTYPE_I8, &empty_shape, NULL);
  const float *bin;
  gsize size;
  guint i;

  ir_graph_add_result (graph, "a", ir_port (add_f32 (graph, "c", one, 3), 0));
  ir_graph_add_result (graph, "b", ir_port (add_f32 (graph, "d", other, 3), 0));
  ir_graph_add_result (graph, "e", ir_port (add_f32 (graph, "f", one, 3), 0));
  ir_graph_add_result (graph, "g", ir_port (add_f32 (graph, "h", one, 2), 0));
  ir_graph_add_result (
      graph, "i", ir_port (ir_graph_add_const (graph, "j", empty), 0));
  write_graph (graph, &written);
  bin = g_bytes_get_data (written.weights, &size);
  g_assert_cmpuint (size, ==, 128 + 8);
  g_assert_true (bin[2] == 3 && bin[16 + 2] == 4 && bin[32 + 1] == 2);
  back = read_back (&written);
  for (i = 0; i < graph->results->len; i++) {
    const IrNode *was = graph->results->pdata[i], *is = back->results->pdata[i];

    g_assert_true (ir_tensor_equal (
        ir_port_const (was->inputs[0]), ir_port_const (is->inputs[0])));
  }
}

static void
test_files (void)
{
  static const float one[] = { 1 };
  g_autofree char *folder = g_dir_make_tmp ("ir-write-XXXXXX", NULL);
  g_autofree char *xml = g_build_filename (folder, "m.xml", NULL);
  g_autofree char *bin = g_build_filename (folder, "m.bin", NULL);
  g_autofree char *nowhere = g_build_filename (folder, "no", "m.xml", NULL);
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (IrGraph) back = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = NULL;
  guint version = 0;

  ir_graph_add_result (graph, "a", ir_port (add_f32 (graph, "c", one, 1), 0));
  g_assert_true (ir_graph_infer (graph, NULL));
  g_assert_false (ir_graph_write (graph, nowhere, 11, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (ir_graph_write (graph, xml, 9, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  dir = g_dir_open (folder, 0, NULL);
  g_assert_null (g_dir_read_name (dir));

  g_assert_true (ir_graph_write (graph, xml, 11, NULL));
  g_assert_true (ir_probe_xml (xml, &version));
  g_assert_cmpuint (version, ==, 11);
  g_assert_false (ir_probe_xml (bin, NULL));
  back = ir_graph_read (xml, NULL, &error);
  g_assert_no_error (error);
  /* Over the files that are mapped. */
  g_assert_true (ir_graph_write (back, xml, 11, NULL));
  g_dir_rewind (dir);
  g_assert_nonnull (g_dir_read_name (dir));
  g_assert_nonnull (g_dir_read_name (dir));
  g_assert_null (g_dir_read_name (dir));
  g_unlink (bin);
  g_assert_null (ir_graph_read (xml, NULL, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, bin));
  g_unlink (xml);
  g_rmdir (folder);
}

/* OpenVINO takes a .bin of 0 bytes for none, although nothing is to be read. */
static void
test_empty_constant (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (IrGraph) back = NULL;
  g_auto (Written) written = { NULL, NULL };
  IrNode *none = add_f32 (graph, "none", NULL, 0);

  ir_graph_add_result (graph, "y", ir_port (none, 0));
  write_graph (graph, &written);
  g_assert_cmpuint (g_bytes_get_size (written.weights), >, 0);
  back = read_back (&written);
  g_assert_cmpuint (
      ir_graph_find (back, "none")->outputs[0].value->size, ==, 0);
}

#define MANY 16384

/* (transfer full): what the model's constants are said to hold after one of them has
 * been changed in place. */
static char *
change (const char *xml, int fd, float number)
{
  g_autoptr (IrGraph) graph = NULL;
  g_autofree char *place = NULL;
  char *contents = NULL;

  g_assert_cmpint (pwrite (fd, &number, sizeof number, MANY * 2), ==,
      (gssize) sizeof number);
  graph = ir_graph_read (xml, NULL, NULL);
  g_assert_nonnull (graph);
  ir_graph_identify (graph, &place, &contents);
  return contents;
}

/* A weight that changes as soon as the file has been read is noticed, though the clock
 * of the file system has not moved on. */
static void
test_same_tick (void)
{
  g_autofree char *folder = g_dir_make_tmp ("ir-XXXXXX", NULL);
  g_autofree char *xml = g_build_filename (folder, "model.xml", NULL);
  g_autofree char *bin = g_build_filename (folder, "model.bin", NULL);
  g_autofree float *values = g_new0 (float, MANY);
  g_autofree char *last = g_strdup ("");
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  int fd;

  ir_graph_add_result (
      graph, "a", ir_port (add_f32 (graph, "c", values, MANY), 0));
  g_assert_true (ir_graph_infer (graph, NULL));
  g_assert_true (ir_graph_write (graph, xml, 11, NULL));
  fd = g_open (bin, O_WRONLY | O_CLOEXEC, 0);
  g_assert_cmpint (fd, >=, 0);
  for (guint i = 0; i < 20; i++) {
    char *contents = change (xml, fd, i);

    g_assert_cmpstr (contents, !=, last);
    g_free (last);
    last = contents;
  }
  close (fd);
  g_unlink (xml);
  g_unlink (bin);
  g_rmdir (folder);
}

/* Later forms become earlier ones that do the same. */
static void
test_version_10 (void)
{
  const IrShape shape = { 3, { 2, 3, 5 } };
  const gint64 begin[] = { 1, 4 }, end[] = { 3, 0 }, step[] = { 1, -2 },
               axes[] = { 1, -1 };
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (IrGraph) read = NULL;
  g_autoptr (GBytes) xml = NULL;
  g_autoptr (GBytes) weights = NULL;
  g_autoptr (GError) error = NULL;
  IrNode *x = ir_graph_add_parameter (graph, "x", IR_DTYPE_F32, &shape);
  IrNode *slice =
      ir_graph_add_op (graph, "Slice", 8, "slice", 5, ir_port (x, 0),
          ir_port (ir_graph_add_const_i64 (graph, "b", begin, 2), 0),
          ir_port (ir_graph_add_const_i64 (graph, "e", end, 2), 0),
          ir_port (ir_graph_add_const_i64 (graph, "s", step, 2), 0),
          ir_port (ir_graph_add_const_i64 (graph, "a", axes, 2), 0));
  IrNode *softmax =
      ir_graph_add_op (graph, "SoftMax", 8, "softmax", 1, ir_port (slice, 0));

  ((IrAxisAttrs *) softmax->attrs)->axis = -1;
  ir_graph_add_result (graph, "r", ir_port (softmax, 0));
  g_assert_true (ir_graph_infer (graph, NULL));
  g_assert_true (ir_graph_write_memory (graph, 10, &xml, &weights, &error));
  g_assert_no_error (error);
  read = ir_graph_read_memory (g_bytes_get_data (xml, NULL),
      g_bytes_get_size (xml), weights, "v10", &error);
  g_assert_no_error (error);
  g_assert_true (ir_node_is (ir_graph_find (read, "slice"), "StridedSlice"));
  softmax = ir_graph_find (read, "softmax");
  g_assert_cmpuint (softmax->op->opset, ==, 1);
  g_assert_cmpint (((IrAxisAttrs *) softmax->attrs)->axis, ==, 2);
  g_assert_cmpint (softmax->outputs[0].shape.dim[1], ==, 2);
  g_assert_cmpint (softmax->outputs[0].shape.dim[2], ==, 2);
  /* The one that was given is as it was. */
  g_assert_true (ir_node_is (ir_graph_find (graph, "slice"), "Slice"));
}

static void
refuse_version_10 (const char *type, const IrShape *shape, const char *part)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GBytes) xml = NULL;
  g_autoptr (GBytes) weights = NULL;
  g_autoptr (GError) error = NULL;
  IrNode *x = ir_graph_add_parameter (graph, "x", IR_DTYPE_F32, shape);
  IrNode *op = ir_graph_add_op (graph, type, 20, "op", 1, ir_port (x, 0));

  ir_graph_add_result (graph, "r", ir_port (op, 0));
  g_assert_true (ir_graph_infer (graph, NULL));
  g_assert_false (ir_graph_write_memory (graph, 10, &xml, &weights, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_UNSUPPORTED);
  if (!strstr (error->message, part))
    g_error ("'%s' does not have '%s'", error->message, part);
}

static void
test_version_10_refusals (void)
{
  const IrShape open = { 2, { IR_DIM_UNKNOWN, 3 } }, fixed = { 2, { 2, 3 } };

  refuse_version_10 ("ReLU", &open, "--input_shape");
  refuse_version_10 ("SoftSign", &fixed, "'op' (SoftSign-9)");
}

/* Weights and biases go into the layer, under the name of what comes out. */
static void
test_version_7 (void)
{
  const IrShape shape = { 4, { 1, 1, 2, 2 } }, one = { 4, { 1, 1, 1, 1 } };
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (IrGraph) read = NULL;
  g_autoptr (GBytes) xml = NULL;
  g_autoptr (GBytes) weights = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (IrTensor) value = ir_tensor_new (IR_DTYPE_F32, &one, NULL);
  const gint64 ones[] = { 1, 1 }, zeros[] = { 0, 0 };
  IrNode *x = ir_graph_add_parameter (graph, "x", IR_DTYPE_F32, &shape);
  IrNode *w = ir_graph_add_const (graph, "w", value);
  IrNode *conv = ir_graph_add_op (
      graph, "Convolution", 1, "conv", 2, ir_port (x, 0), ir_port (w, 0));
  IrNode *bias = ir_graph_add_op (
      graph, "Add", 1, "bias", 2, ir_port (conv, 0), ir_port (w, 0));

  ir_node_set_i64s (conv, "strides", ones, 2, NULL);
  ir_node_set_i64s (conv, "dilations", ones, 2, NULL);
  ir_node_set_i64s (conv, "pads_begin", zeros, 2, NULL);
  ir_node_set_i64s (conv, "pads_end", zeros, 2, NULL);
  ir_graph_add_result (graph, "r", ir_port (bias, 0));
  g_assert_true (ir_graph_infer (graph, NULL));
  g_assert_true (ir_graph_write_memory (graph, 7, &xml, &weights, &error));
  g_assert_no_error (error);
  g_assert_nonnull (g_strstr_len (g_bytes_get_data (xml, NULL),
      (gssize) g_bytes_get_size (xml), "<biases"));
  read = ir_graph_read_memory (g_bytes_get_data (xml, NULL),
      g_bytes_get_size (xml), weights, "v7", &error);
  g_assert_no_error (error);
  g_assert_true (ir_node_is (ir_graph_find (read, "bias"), "Add"));
  g_assert_cmpuint (read->results->len, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ir/write/text", test_text);
  g_test_add_func ("/ir/write/round-trip", test_round_trip);
  g_test_add_func ("/ir/write/weights", test_weights);
  g_test_add_func ("/ir/write/files", test_files);
  g_test_add_func ("/ir/write/empty-constant", test_empty_constant);
  g_test_add_func ("/ir/write/same-tick", test_same_tick);
  g_test_add_func ("/ir/write/version-10", test_version_10);
  g_test_add_func ("/ir/write/version-10-refusals", test_version_10_refusals);
  g_test_add_func ("/ir/write/version-7", test_version_7);
  return g_test_run ();
}
