/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>
#include <glib/gstdio.h>
#include <ir/graph.h>

static IrNode *
chain (IrGraph *graph, IrNode **parameter)
{
  IrShape shape = { 2, { 2, 3 } };

  *parameter = ir_graph_add_parameter (graph, "x", IR_DTYPE_F32, &shape);
  return ir_graph_add_result (graph, "y", ir_port (*parameter, 0));
}

static void
test_build (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GError) error = NULL;
  IrNode *x;
  IrNode *y = chain (graph, &x);
  IrPort port;

  ir_port_add_name (ir_port (x, 0), "b");
  ir_port_add_name (ir_port (x, 0), "a");
  ir_port_add_name (ir_port (x, 0), "b");
  g_assert_cmpuint (x->outputs[0].n_names, ==, 2);
  g_assert_cmpstr (ir_port_name (ir_port (x, 0)), ==, "a");
  g_assert_true (ir_graph_find (graph, "x") == x);
  g_assert_true (ir_graph_find_tensor (graph, "b", &port));
  g_assert_true (port.node == x);
  g_assert_true (ir_graph_find_tensor (graph, "x:0", &port));
  g_assert_false (ir_graph_find_tensor (graph, "x:1", &port));
  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  g_assert_true (ir_graph_validate (graph, &error));
  g_assert_true (ir_node_input (y, 0)->shape.dim[1] == 3);
}

static void
test_names (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  gint64 values[] = { 1, 2 };
  IrNode *a = ir_graph_add_const_i64 (graph, "c", values, 2);
  IrNode *b = ir_graph_add_const_i64 (graph, "c", values, 2);

  g_assert_cmpstr (a->name, ==, "c");
  g_assert_cmpstr (b->name, ==, "c_1");
  ir_graph_rename (graph, a, "d");
  g_assert_true (ir_graph_find (graph, "d") == a);
  g_assert_null (ir_graph_find (graph, "c"));
}

/* A Clamp of a constant of @n numbers that end with @last. */
static IrGraph *
clamped (gsize n, float last, const char *max)
{
  IrGraph *graph = ir_graph_new ("g");
  g_autofree float *values = g_new0 (float, n);
  g_autoptr (IrTensor) tensor = NULL;
  IrNode *value, *clamp;

  values[n - 1] = last;
  tensor = ir_tensor_new_f32 (values, n);
  value = ir_graph_add_const (graph, "c", tensor);
  clamp = ir_graph_add_op (graph, "Clamp", 1, "l", 1, ir_port (value, 0));
  g_assert_true (ir_node_set_text (clamp, "max", max, NULL));
  ir_graph_add_result (graph, "r", ir_port (clamp, 0));
  g_assert_true (ir_graph_infer (graph, NULL));
  return graph;
}

static void
check_identity (IrGraph *graph, gboolean same_place, gboolean same_contents)
{
  g_autoptr (IrGraph) one = clamped (9001, 1, "6"), two = graph;
  g_autofree char *place = NULL, *contents = NULL;
  g_autofree char *other_place = NULL, *other_contents = NULL;

  ir_graph_identify (one, &place, &contents);
  ir_graph_identify (two, &other_place, &other_contents);
  g_assert_cmpint (strcmp (place, other_place) == 0, ==, same_place);
  g_assert_cmpint (strcmp (contents, other_contents) == 0, ==, same_contents);
}

static void
test_identify (void)
{
  g_autoptr (IrGraph) graph = clamped (9001, 1, "6");

  check_identity (ir_graph_clone (graph), TRUE, TRUE);
  check_identity (clamped (9001, 1, "5"), FALSE, TRUE);
  check_identity (clamped (9001, 2, "6"), TRUE, FALSE);
  check_identity (clamped (9000, 1, "6"), FALSE, FALSE);
}

/* Words that are summed side by side, and what is left of them. */
static void
test_checksum (void)
{
  guint8 bytes[77] = { 0 };
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gsize bit = 0; bit <= 8 * sizeof bytes; bit++) {
    g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

    if (bit < 8 * sizeof bytes)
      bytes[bit / 8] ^= 1 << bit % 8;
    ir_checksum_add_bytes (sum, bytes, sizeof bytes);
    g_assert_true (
        g_hash_table_add (seen, g_strdup (g_checksum_get_string (sum))));
    if (bit < 8 * sizeof bytes)
      bytes[bit / 8] ^= 1 << bit % 8;
  }
}

static void
test_replace_and_sweep (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GError) error = NULL;
  gint64 values[] = { 1, 2 };
  IrNode *x;
  IrNode *y = chain (graph, &x);
  IrNode *c = ir_graph_add_const_i64 (graph, "c", values, 2);

  ir_graph_replace (graph, ir_port (x, 0), ir_port (c, 0));
  g_assert_true (y->inputs[0].node == c);
  g_assert_cmpuint (x->outputs[0].uses->len, ==, 0);
  ir_node_set_input (y, 0, ir_port (x, 0));
  g_assert_cmpuint (ir_graph_sweep (graph), ==, 1);
  g_assert_cmpuint (graph->n_nodes, ==, 2);
  g_assert_true (ir_graph_validate (graph, &error));
}

static void
test_cycle (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GError) error = NULL;
  IrNode *x;
  IrNode *y = chain (graph, &x);

  /* A Result has no output; a second one fed by itself cannot be built, so the
   * cycle is made of an op that takes what it gives. */
  IrNode *a = ir_graph_add_op (graph, "ReLU", 1, "a", 1, ir_port (x, 0));

  ir_node_set_input (a, 0, ir_port (a, 0));
  ir_node_set_input (y, 0, ir_port (a, 0));
  g_assert_false (ir_graph_sort (graph, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_PARSE);
  g_assert_nonnull (strstr (error->message, "'a'"));
}

static void
test_clone (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (IrGraph) copy = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  IrNode *x;

  chain (graph, &x);
  ir_graph_set_meta (graph, "model_info/labels", "a b");
  before = ir_graph_print (graph);
  copy = ir_graph_clone (graph);
  g_assert_true (ir_graph_validate (copy, &error));
  after = ir_graph_print (copy);
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpstr (ir_graph_get_meta (copy, "model_info/labels"), ==, "a b");
  ir_graph_set_meta (copy, "model_info/labels", NULL);
  g_assert_null (ir_graph_get_meta (copy, "model_info/labels"));
  g_assert_nonnull (ir_graph_get_meta (graph, "model_info/labels"));
}

static void
test_evaluate (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GError) error = NULL;
  const float data[] = { 1, 2, 3, 4, 5, 6 };
  IrShape shape = { 2, { 2, 3 } };
  g_autoptr (IrTensor) flat = ir_tensor_new_f32 (data, 6);
  g_autoptr (IrTensor) in = ir_tensor_reshaped (flat, &shape, &error);
  IrTensor *out = NULL;
  IrNode *x;

  chain (graph, &x);
  g_assert_true (ir_graph_infer (graph, &error));
  g_assert_false (ir_graph_evaluate (graph, &flat, &out, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_SHAPE);
  g_clear_error (&error);
  g_assert_true (ir_graph_evaluate (graph, &in, &out, &error));
  g_assert_true (ir_tensor_equal (in, out));
  ir_tensor_unref (out);
}

static void
test_shapes (void)
{
  g_autoptr (GError) error = NULL;
  IrShape a;
  IrShape b;
  guint64 count;
  g_autofree char *text = NULL;

  g_assert_true (ir_shape_parse ("[1, ?,2..2,3..]", &a, &error));
  text = ir_shape_to_string (&a);
  g_assert_cmpstr (text, ==, "[1,?,2,?]");
  g_assert_true (ir_shape_parse ("5,2,1", &b, &error));
  g_assert_true (ir_shape_broadcast (&a, &b));
  g_assert_cmpint (a.dim[1], ==, 5);
  g_assert_cmpint (a.dim[3], ==, -1);
  g_assert_false (ir_shape_parse ("1,x", &a, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_PARSE);
  g_clear_error (&error);
  g_assert_false (ir_shape_parse ("1,1,1,1,1,1,1,1,1", &a, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_LIMIT);
  g_assert_true (ir_shape_parse ("4294967296,4294967296", &a, NULL));
  g_assert_false (ir_shape_count (&a, &count));
  g_assert_true (ir_shape_parse ("4294967296,4294967296,0", &a, NULL));
  g_assert_true (ir_shape_count (&a, &count));
  g_assert_cmpuint (count, ==, 0);
}

/* Every half there is, against a second formulation with ldexp. */
static void
test_half (void)
{
  for (guint i = 0; i < 65536; i++) {
    gint exponent = (i >> 10) & 31;
    float mantissa = (float) (i & 1023);
    float value = exponent == 0 ? ldexpf (mantissa, -24)
                                : ldexpf (mantissa + 1024, exponent - 25);

    if (exponent == 31)
      continue;
    if ((i & 0x8000) != 0)
      value = -value;
    g_assert_cmpfloat (ir_f16_to_f32 ((guint16) i), ==, value);
    g_assert_cmpuint (ir_f32_to_f16 (value), ==, i);
    /* Half way to the next one goes to the even one. */
    if (exponent > 0 && exponent < 30 && (i & 0x8000) == 0) {
      float next = ir_f16_to_f32 ((guint16) (i + 1));

      g_assert_cmpuint (
          ir_f32_to_f16 ((value + next) / 2), ==, (i & 1) != 0 ? i + 1 : i);
    }
  }
  g_assert_cmpuint (ir_f32_to_f16 (65519.0f), ==, 0x7bff);
  g_assert_cmpuint (ir_f32_to_f16 (65520.0f), ==, 0x7c00);
  g_assert_true (isnan (ir_f16_to_f32 (ir_f32_to_f16 (NAN))));
  g_assert_true (isnan (ir_bf16_to_f32 (ir_f32_to_bf16 (NAN))));
  g_assert_cmpuint (ir_f32_to_bf16 (1.00390625f), ==, 0x3f80);
  g_assert_cmpuint (ir_f32_to_bf16 (1.01171875f), ==, 0x3f82);
}

/* Whole tensors give the same bits as one after the other. */
static void
test_halves (void)
{
  const IrShape shape = ir_shape_1d (65536);
  g_autoptr (IrTensor) halves = ir_tensor_new (IR_DTYPE_F16, &shape, NULL);
  g_autoptr (IrTensor) floats = NULL;

  for (guint i = 0; i < 65536; i++)
    ((guint16 *) halves->data)[i] = i;
  floats = ir_tensor_convert (halves, IR_DTYPE_F32, NULL);
  for (guint i = 0; i < 65536; i++) {
    const float one = ir_f16_to_f32 ((guint16) i);
    guint32 bits;

    g_assert_cmpmem ((float *) floats->data + i, sizeof one, &one, sizeof one);
    memcpy (&bits, &one, sizeof bits);
    if ((i & 0x7c00) == 0x7c00)
      g_assert_cmphex (
          bits, ==, (i & 0x8000) << 16 | 0x7f800000 | (i & 0x3ff) << 13);
  }
}

static void
test_convert (void)
{
  g_autoptr (IrTensor) real = ir_tensor_new_scalar (IR_DTYPE_F32, -300.7);
  g_autoptr (IrTensor) byte = ir_tensor_convert (real, IR_DTYPE_U8, NULL);
  g_autoptr (IrTensor) word = ir_tensor_convert (real, IR_DTYPE_I16, NULL);
  g_autoptr (IrTensor) flag = ir_tensor_convert (real, IR_DTYPE_BOOLEAN, NULL);
  const gint64 wide[] = { G_MAXINT64 - 1 };
  g_autoptr (IrTensor) whole = ir_tensor_new_i64 (wide, 1);
  g_autoptr (IrTensor) back = ir_tensor_convert (whole, IR_DTYPE_I64, NULL);
  IrShape shape = ir_shape_1d (3);
  g_autoptr (IrTensor) packed = ir_tensor_new (IR_DTYPE_I4, &shape, NULL);

  g_assert_cmpint (ir_tensor_get_i64 (byte, 0), ==, 0);
  g_assert_cmpint (ir_tensor_get_i64 (word, 0), ==, -300);
  g_assert_cmpint (ir_tensor_get_i64 (flag, 0), ==, 1);
  g_assert_true (back == whole);
  ir_tensor_set_i64 (packed, 0, -3);
  ir_tensor_set_i64 (packed, 1, 7);
  ir_tensor_set_i64 (packed, 2, -100);
  g_assert_cmpint (ir_tensor_get_i64 (packed, 0), ==, -3);
  g_assert_cmpint (ir_tensor_get_i64 (packed, 1), ==, 7);
  g_assert_cmpint (ir_tensor_get_i64 (packed, 2), ==, -8);
  g_assert_cmpuint (packed->size, ==, 2);
}

static void
test_npy (void)
{
  g_autoptr (GError) error = NULL;
  const float data[] = { 1.5f, -2, 3, 4, 5, 6 };
  IrShape shape = { 2, { 2, 3 } };
  g_autoptr (IrTensor) flat = ir_tensor_new_f32 (data, 6);
  g_autoptr (IrTensor) tensor = ir_tensor_reshaped (flat, &shape, NULL);
  g_autofree char *folder = g_dir_make_tmp ("ir-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "t.npy", NULL);
  g_autoptr (IrTensor) back = NULL;

  g_assert_true (ir_tensor_save_npy (tensor, path, &error));
  back = ir_tensor_load_npy (path, &error);
  g_assert_no_error (error);
  g_assert_true (ir_tensor_equal (tensor, back));
  g_assert_true (
      g_file_set_contents (path, "\x93NUMPY\1\0\xff\xff{", 11, NULL));
  g_assert_null (ir_tensor_load_npy (path, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_PARSE);
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_scratch (void)
{
  g_autoptr (IrScratch) scratch = ir_scratch_new ();
  guint8 *first = ir_scratch_take (scratch, 3, 100);
  guint8 *second = ir_scratch_take0 (scratch, 1, 1000);

  memset (first, 1, 300);
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpuint (second[i], ==, 0);
  g_assert_cmpuint ((guintptr) second % IR_TENSOR_ALIGN, ==, 0);
  g_assert_null (ir_scratch_take (scratch, G_MAXSIZE / 2, 3));
  ir_scratch_reset (scratch);
  first = ir_scratch_take (scratch, 300, 1);
  second = ir_scratch_take (scratch, 10, 100);
  g_assert_cmpuint ((guintptr) first % IR_TENSOR_ALIGN, ==, 0);
  /* Both in what had been taken twice before. */
  g_assert_true (second > first && second < first + 2000);
  memset (first, 2, 300);
  memset (second, 3, 1000);
  g_assert_cmpuint (first[299], ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/graph/build", test_build);
  g_test_add_func ("/graph/names", test_names);
  g_test_add_func ("/graph/identify", test_identify);
  g_test_add_func ("/graph/checksum", test_checksum);
  g_test_add_func ("/graph/replace-and-sweep", test_replace_and_sweep);
  if (ir_op_lookup ("ReLU", "opset1") != NULL)
    g_test_add_func ("/graph/cycle", test_cycle);
  g_test_add_func ("/graph/clone", test_clone);
  g_test_add_func ("/graph/evaluate", test_evaluate);
  g_test_add_func ("/graph/shapes", test_shapes);
  g_test_add_func ("/graph/half", test_half);
  g_test_add_func ("/graph/halves", test_halves);
  g_test_add_func ("/graph/convert", test_convert);
  g_test_add_func ("/graph/npy", test_npy);
  g_test_add_func ("/graph/scratch", test_scratch);
  return g_test_run ();
}
