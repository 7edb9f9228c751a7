/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small ONNX models, written field by field, through the frontend. */
#include "frontend.h"

#include <ir/convert.h>

#include <glib/gstdio.h>

#include <math.h>
#include <string.h>

/* --- writing protobuf ------------------------------------------------------------ */

static void
put_varint (GString *out, guint64 value)
{
  for (; value >= 0x80; value >>= 7)
    g_string_append_c (out, (gchar) (value | 0x80));
  g_string_append_c (out, (gchar) value);
}

static void
put_int (GString *out, guint field, gint64 value)
{
  put_varint (out, field << 3);
  put_varint (out, (guint64) value);
}

static void
put_bytes (GString *out, guint field, gconstpointer data, gsize n)
{
  put_varint (out, field << 3 | 2);
  put_varint (out, n);
  g_string_append_len (out, data, (gssize) n);
}

static void
put_text (GString *out, guint field, const char *text)
{
  put_bytes (out, field, text, strlen (text));
}

/* Takes @message. */
static void
put_message (GString *out, guint field, GString *message)
{
  put_bytes (out, field, message->str, message->len);
  g_string_free (message, TRUE);
}

/* --- parts of models -------------------------------------------------------------- */

enum {
  FLOAT = 1,
  INT64 = 7,
};

/* Names are separated by blanks; @attr is taken and may be NULL. */
static GString *
make_node (const char *op, const char *domain, const char *name,
    const char *inputs, const char *outputs, GString *attr)
{
  GString *node = g_string_new (NULL);
  g_auto (GStrv) in = g_strsplit (inputs, " ", -1);
  g_auto (GStrv) out = g_strsplit (outputs, " ", -1);

  for (char **i = in; *i != NULL; i++)
    put_text (node, 1, *i);
  for (char **i = out; *i != NULL; i++)
    put_text (node, 2, *i);
  put_text (node, 3, name);
  put_text (node, 4, op);
  put_text (node, 7, domain);
  if (attr != NULL)
    put_message (node, 5, attr);
  return node;
}

static GString *
make_int_attr (const char *name, gint64 value)
{
  GString *attr = g_string_new (NULL);

  put_text (attr, 1, name);
  put_int (attr, 3, value);
  put_int (attr, 20, 2);
  return attr;
}

/* An attribute that is the caller's @of. */
static GString *
make_reference (const char *name, const char *of)
{
  GString *attr = g_string_new (NULL);

  put_text (attr, 1, name);
  put_int (attr, 20, 2);
  put_text (attr, 21, of);
  return attr;
}

/* Dimensions are numbers or names, separated by blanks; NULL leaves them out. */
static GString *
make_value (const char *name, const char *dims)
{
  GString *value = g_string_new (NULL), *tensor = g_string_new (NULL);
  GString *type = g_string_new (NULL), *shape = g_string_new (NULL);
  g_auto (GStrv) list = g_strsplit (dims != NULL ? dims : "", " ", -1);

  for (char **i = list; *i != NULL; i++) {
    GString *dim = g_string_new (NULL);

    if (g_ascii_isdigit (**i))
      put_int (dim, 1, g_ascii_strtoll (*i, NULL, 10));
    else
      put_text (dim, 2, *i);
    put_message (shape, 1, dim);
  }
  put_int (tensor, 1, FLOAT);
  if (dims != NULL)
    put_message (tensor, 2, shape);
  else
    g_string_free (shape, TRUE);
  put_message (type, 1, tensor);
  put_text (value, 1, name);
  put_message (value, 2, type);
  return value;
}

static GString *
make_tensor (
    const char *name, guint dtype, gint64 count, gconstpointer data, gsize size)
{
  GString *tensor = g_string_new (NULL);

  put_int (tensor, 1, count);
  put_int (tensor, 2, dtype);
  put_text (tensor, 8, name);
  if (data != NULL)
    put_bytes (tensor, 9, data, size);
  return tensor;
}

static void
put_external (GString *tensor, const char *key, const char *value)
{
  GString *entry = g_string_new (NULL);

  put_text (entry, 1, key);
  put_text (entry, 2, value);
  put_message (tensor, 13, entry);
}

static void
put_opset (GString *model, guint field, const char *domain, gint64 version)
{
  GString *opset = g_string_new (NULL);

  put_text (opset, 1, domain);
  put_int (opset, 2, version);
  put_message (model, field, opset);
}

/* --- models ------------------------------------------------------------------------- */

typedef struct {
  char *folder;
  char *path;
  GString *graph;
  GString *rest; /* of the model */
} Model;

static void
model_init (Model *model)
{
  model->folder = g_dir_make_tmp ("ir-onnx-XXXXXX", NULL);
  model->path = g_build_filename (model->folder, "m.onnx", NULL);
  model->graph = g_string_new (NULL);
  model->rest = g_string_new (NULL);
}

static void
model_clear (Model *model)
{
  g_unlink (model->path);
  g_rmdir (model->folder);
  g_free (model->path);
  g_free (model->folder);
  g_string_free (model->graph, TRUE);
  g_string_free (model->rest, TRUE);
}

static void
model_add (Model *model, const char *op, const char *name, const char *inputs,
    const char *outputs)
{
  put_message (
      model->graph, 1, make_node (op, "", name, inputs, outputs, NULL));
}

static void
model_ends (
    Model *model, const char *input, const char *dims, const char *output)
{
  put_message (model->graph, 11, make_value (input, dims));
  put_message (model->graph, 12, make_value (output, NULL));
}

static IrGraph *
model_convert (Model *model, gint64 opset, gboolean allow,
    GPtrArray **unsupported, GError **error)
{
  GString *file = g_string_new (NULL);
  IrImportOptions options = { .allow_unsupported = allow };
  g_autoptr (IrSource) source = NULL;

  put_int (file, 1, 8);
  put_bytes (file, 7, model->graph->str, model->graph->len);
  if (opset != 0)
    put_opset (file, 8, "", opset);
  g_string_append_len (file, model->rest->str, (gssize) model->rest->len);
  g_assert_true (
      g_file_set_contents (model->path, file->str, (gssize) file->len, NULL));
  g_string_free (file, TRUE);
  source = ir_frontend_onnx.read (model->path, &(IrReadOptions){ NULL }, error);
  if (source == NULL || !ir_source_apply (source, &options, error))
    return NULL;
  return ir_frontend_onnx.convert (
      source, &options, unsupported, NULL, NULL, error);
}

static IrGraph *
convert_good (Model *model, gint64 opset)
{
  g_autoptr (GError) error = NULL;
  IrGraph *graph = model_convert (model, opset, FALSE, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ir_graph_infer (graph, NULL));
  g_assert_true (ir_graph_validate (graph, NULL));
  return graph;
}

static void
expect_bad (Model *model, gint64 opset, IrErrorCode code, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) graph = model_convert (model, opset, FALSE, NULL, &error);

  g_assert_null (graph);
  g_assert_error (error, IR_ERROR, (gint) code);
  if (strstr (error->message, part) == NULL ||
      !g_str_has_prefix (error->message, model->path))
    g_error ("'%s' is not in '%s'", part, error->message);
}

static const IrNode *
find_type (const IrGraph *graph, const char *type)
{
  for (const IrNode *node = graph->first; node != NULL; node = node->next) {
    if (strcmp (node->op->type, type) == 0)
      return node;
  }
  return NULL;
}

/* What a graph of one input of two numbers makes of 3 and 5. */
static void
expect_numbers (const IrGraph *graph, float first, float second)
{
  const float numbers[] = { 3, 5 };
  g_autoptr (IrTensor) in = ir_tensor_new_f32 (numbers, 2);
  g_autoptr (IrTensor) out = NULL;
  g_autoptr (GError) error = NULL;

  ir_graph_evaluate (graph, &in, &out, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (((float *) out->data)[0], ==, first);
  g_assert_cmpfloat (((float *) out->data)[1], ==, second);
}

/* --- tests ---------------------------------------------------------------------------- */

static void
test_names (void)
{
  g_autoptr (IrGraph) graph = NULL;
  Model m;
  IrPort port;

  model_init (&m);
  model_ends (&m, "in.0", "1 3", "out:0");
  model_add (&m, "Relu", "act", "in.0", "mid");
  model_add (&m, "Sigmoid", "", "mid", "out:0");
  graph = convert_good (&m, 17);
  g_assert_cmpstr (
      ir_port_name (ir_port (graph->parameters->pdata[0], 0)), ==, "in.0");
  g_assert_true (ir_graph_find_tensor (graph, "mid", &port));
  g_assert_cmpstr (port.node->name, ==, "act");
  g_assert_true (ir_graph_find_tensor (graph, "out:0", &port));
  g_assert_cmpstr (port.node->op->type, ==, "Sigmoid");
  g_assert_cmpstr (port.node->name, ==, "out:0");
  g_assert_cmpuint (graph->results->len, ==, 1);
  model_clear (&m);
}

/* Where a model is cut, the shape is that of the whole model, the name the
 * tensor's. */
static void
test_cut (void)
{
  g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
  g_autoptr (IrGraph) whole = NULL, graph = NULL;
  g_autoptr (GError) error = NULL;
  const IrNode *parameter;
  Model m;
  IrPort port;

  model_init (&m);
  model_ends (&m, "x", "2 3 4", "y");
  model_add (&m, "Flatten", "flat", "x", "mid");
  model_add (&m, "Relu", "act", "mid", "y");
  whole = convert_good (&m, 17);
  g_assert_nonnull (whole);
  ir_convert_options_set (options, "input_model", m.path, NULL);
  ir_convert_options_set (options, "input", "0:act", NULL);
  graph = ir_convert (options, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (graph->parameters->len, ==, 1);
  parameter = graph->parameters->pdata[0];
  g_assert_cmpint (parameter->outputs[0].shape.rank, ==, 2);
  g_assert_cmpint (parameter->outputs[0].shape.dim[1], ==, 12);
  g_assert_true (ir_graph_find_tensor (graph, "mid", &port));
  g_assert_true (port.node == parameter);
  g_assert_true (ir_graph_find_tensor (graph, "y", &port));
  g_assert_cmpstr (port.node->name, ==, "y");
  model_clear (&m);
}

/* What the user leaves open in a shape stays open. */
static void
test_open_shape (void)
{
  g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
  g_autoptr (IrGraph) whole = NULL, graph = NULL;
  g_autoptr (GError) error = NULL;
  const IrNode *parameter;
  Model m;

  model_init (&m);
  model_ends (&m, "x", "2 3 4", "y");
  model_add (&m, "Relu", "act", "x", "y");
  whole = convert_good (&m, 17);
  g_assert_nonnull (whole);
  ir_convert_options_set (options, "input_model", m.path, NULL);
  ir_convert_options_set (options, "input_shape", "[2,?,4]", NULL);
  graph = ir_convert (options, NULL, NULL, &error);
  g_assert_no_error (error);
  parameter = graph->parameters->pdata[0];
  g_assert_cmpint (parameter->outputs[0].shape.dim[0], ==, 2);
  g_assert_cmpint (parameter->outputs[0].shape.dim[1], <, 0);
  model_clear (&m);
}

/* Flattening behind the batch reads no shape: whatever the batch, it is one op. */
static void
test_flatten (void)
{
  g_autoptr (IrGraph) graph = NULL;
  Model m;
  IrPort port;

  model_init (&m);
  model_ends (&m, "x", "2 3 4", "y");
  model_add (&m, "Flatten", "", "x", "y");
  graph = convert_good (&m, 17);
  g_assert_cmpuint (graph->n_nodes, ==, 4);
  g_assert_true (ir_graph_find_tensor (graph, "y", &port));
  g_assert_cmpstr (port.node->op->type, ==, "Reshape");
  g_assert_cmpint (ir_port_output (port)->shape.dim[0], ==, 2);
  g_assert_cmpint (ir_port_output (port)->shape.dim[1], ==, 12);
  model_clear (&m);
}

/* Named dimensions are unknown ones. */
static void
test_dimensions (void)
{
  g_autoptr (IrGraph) graph = NULL;
  char text[IR_SHAPE_TEXT];
  const IrNode *result;
  Model m;

  model_init (&m);
  model_ends (&m, "x", "batch 3 height 8", "y");
  model_add (&m, "Relu", "r", "x", "y");
  graph = convert_good (&m, 17);
  result = graph->results->pdata[0];
  g_assert_cmpstr (ir_shape_print (&ir_node_input (result, 0)->shape, text), ==,
      "[?,3,?,8]");
  model_clear (&m);
}

/* The same op in two versions: before 13, Softmax joins all dimensions behind the
 * axis, so [2,1] along axis 0 is one row. */
static void
test_versions (void)
{
  static const gint64 opsets[] = { 11, 13 };
  static const gint64 bad[] = { 0, -1, 999 };
  Model m;

  model_init (&m);
  model_ends (&m, "x", "1 3 4", "y");
  model_add (&m, "Softmax", "s", "x", "y");
  for (gsize i = 0; i < G_N_ELEMENTS (opsets); i++) {
    g_autoptr (IrGraph) graph = convert_good (&m, opsets[i]);

    g_assert_cmpint (find_type (graph, "Reshape") != NULL, ==, opsets[i] < 13);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    expect_bad (&m, bad[i], IR_ERROR_UNSUPPORTED, "Softmax, 1 time");
  model_clear (&m);
}

/* A shape that is worked out from constants is known while converting. */
static void
test_values (void)
{
  const gint64 two[] = { 2 }, three[] = { 3 };
  g_autoptr (IrGraph) graph = NULL;
  char text[IR_SHAPE_TEXT];
  const IrNode *result;
  Model m;

  model_init (&m);
  model_ends (&m, "x", "2 9", "y");
  put_message (m.graph, 5, make_tensor ("two", INT64, 1, two, 8));
  put_message (m.graph, 5, make_tensor ("three", INT64, 1, three, 8));
  model_add (&m, "Mul", "m", "two three", "six");
  put_message (m.graph, 1,
      make_node (
          "Concat", "", "c", "six three", "shape", make_int_attr ("axis", 0)));
  model_add (&m, "Reshape", "r", "x shape", "y");
  graph = convert_good (&m, 17);
  result = graph->results->pdata[0];
  g_assert_cmpstr (
      ir_shape_print (&ir_node_input (result, 0)->shape, text), ==, "[6,3]");
  model_clear (&m);
}

/* Constant limits make a Clamp, which devices fuse; those that it can't have, and
 * computed ones, don't. */
static void
test_limits (void)
{
  static const struct {
    float low, high;
    gboolean clamp;
  } cases[] = { { 0, 6, TRUE }, { -1, -1, TRUE }, { 1, 0, FALSE },
    { -INFINITY, 6, FALSE }, { NAN, 6, FALSE } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (IrGraph) graph = NULL;
    Model m;

    model_init (&m);
    model_ends (&m, "x", "2 3", "y");
    put_message (m.graph, 5, make_tensor ("low", FLOAT, 1, &cases[i].low, 4));
    put_message (m.graph, 5, make_tensor ("high", FLOAT, 1, &cases[i].high, 4));
    model_add (&m, "Clip", "c", "x low high", "y");
    graph = convert_good (&m, 13);
    g_assert_cmpint (find_type (graph, "Clamp") != NULL, ==, cases[i].clamp);
    g_assert_cmpint (find_type (graph, "Minimum") == NULL, ==, cases[i].clamp);
    model_clear (&m);
  }
}

/* F (a; k = @k) = a cast to a type and back: what counts is that the attribute of
 * the call, or else its default, reaches the node. */
static void
put_function (Model *m, gint64 def)
{
  GString *function = g_string_new (NULL);

  put_text (function, 1, "F");
  put_text (function, 4, "a");
  put_text (function, 5, "b");
  put_message (function, 7,
      make_node ("Cast", "", "cast", "a", "t", make_reference ("to", "type")));
  put_message (function, 7,
      make_node ("Cast", "", "back", "t", "b", make_int_attr ("to", FLOAT)));
  put_opset (function, 9, "", 17);
  put_text (function, 10, "own");
  if (def != 0)
    put_message (function, 11, make_int_attr ("type", def));
  else
    put_text (function, 6, "type");
  put_message (m->rest, 25, function);
  put_opset (m->rest, 8, "own", 1);
}

static const char *
cast_type (const IrGraph *graph)
{
  return ir_dtype_name (find_type (graph, "Convert")->outputs[0].dtype);
}

static void
test_functions (void)
{
  static const struct {
    gint64 given, def;
    const char *type;
  } rows[] = {
    { 6, 0, "i32" },
    { 6, INT64, "i32" },
    { 0, INT64, "i64" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrGraph) graph = NULL;
    Model m;

    model_init (&m);
    model_ends (&m, "x", "2", "y");
    put_message (m.graph, 1,
        make_node ("F", "own", "call", "x", "y",
            rows[i].given != 0 ? make_int_attr ("type", rows[i].given) : NULL));
    put_function (&m, rows[i].def);
    graph = convert_good (&m, 17);
    g_assert_cmpstr (cast_type (graph), ==, rows[i].type);
    g_assert_nonnull (ir_graph_find (graph, "call/cast"));
    expect_numbers (graph, 3, 5);
    model_clear (&m);
  }
}

/* Without an argument or a default the op has to do without the attribute. */
static void
test_function_gap (void)
{
  Model m;

  model_init (&m);
  model_ends (&m, "x", "2", "y");
  put_message (m.graph, 1, make_node ("F", "own", "call", "x", "y", NULL));
  put_function (&m, 0);
  expect_bad (&m, 17, IR_ERROR_UNSUPPORTED, "\"call/cast\"");
  model_clear (&m);
}

static void
test_unsupported (void)
{
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) none = NULL;
  g_autoptr (IrGraph) cut = NULL;
  const IrUnsupported *first;
  Model m;

  model_init (&m);
  model_ends (&m, "x", "2", "y");
  model_add (&m, "Frob", "one", "x", "a");
  model_add (&m, "Frob", "two", "a", "b");
  model_add (&m, "Nicate", "three", "b", "c");
  model_add (&m, "Relu", "four", "c", "y");
  none = model_convert (&m, 17, FALSE, &list, &error);
  g_assert_null (none);
  g_assert_error (error, IR_ERROR, IR_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "2 ops"));
  g_assert_nonnull (strstr (error->message, "Frob, 2 times"));
  g_assert_nonnull (strstr (error->message, "\"one\", \"two\""));
  g_assert_nonnull (strstr (error->message, "Nicate, 1 time ("));
  g_assert_cmpuint (list->len, ==, 2);
  first = list->pdata[0];
  g_assert_cmpuint (first->nodes->len, ==, 2);
  g_assert_cmpstr (first->cuts->pdata[0], ==, "a");
  g_assert_cmpstr (first->ends->pdata[0], ==, "x");
  g_clear_error (&error);
  cut = model_convert (&m, 17, TRUE, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (cut->parameters->len, ==, 1);
  g_assert_cmpstr (
      ir_port_name (ir_port (cut->parameters->pdata[0], 0)), ==, "c");
  model_clear (&m);
}

/* x + w, with w in another file. */
static void
put_sum (Model *m, const char *offset, const char *length)
{
  GString *tensor = make_tensor ("w", FLOAT, 2, NULL, 0);

  model_ends (m, "x", "2", "y");
  model_add (m, "Add", "sum", "x w", "y");
  put_external (tensor, "location", "w.bin");
  put_external (tensor, "offset", offset);
  put_external (tensor, "length", length);
  put_int (tensor, 14, 1);
  put_message (m->graph, 5, tensor);
}

static void
test_external (void)
{
  static const struct {
    const char *offset, *length, *problem;
  } rows[] = {
    { "4", "8", NULL },
    { "2", "8", NULL }, /* not where floats should lie */
    { "8", "8", "has 8 bytes at offset 8" },
    { "4", "4", "has 4 bytes" },
    { "-4", "8", "offset is \"-4\"" },
    { "18446744073709551608", "8", "offset is" },
  };
  const guint8 bytes[] = { 0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40 };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *data = NULL;
    Model m;

    model_init (&m);
    data = g_build_filename (m.folder, "w.bin", NULL);
    g_assert_true (
        g_file_set_contents (data, (const char *) bytes, sizeof bytes, NULL));
    put_sum (&m, rows[i].offset, rows[i].length);
    if (rows[i].problem != NULL) {
      expect_bad (&m, 17, IR_ERROR_PARSE, rows[i].problem);
    } else {
      g_autoptr (IrGraph) graph = convert_good (&m, 17);

      if (i == 0)
        expect_numbers (graph, 4, 7);
    }
    g_unlink (data);
    model_clear (&m);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/onnx/names", test_names);
  g_test_add_func ("/onnx/cut", test_cut);
  g_test_add_func ("/onnx/open-shape", test_open_shape);
  g_test_add_func ("/onnx/flatten", test_flatten);
  g_test_add_func ("/onnx/dimensions", test_dimensions);
  g_test_add_func ("/onnx/versions", test_versions);
  g_test_add_func ("/onnx/values", test_values);
  g_test_add_func ("/onnx/limits", test_limits);
  g_test_add_func ("/onnx/functions", test_functions);
  g_test_add_func ("/onnx/function-gap", test_function_gap);
  g_test_add_func ("/onnx/unsupported", test_unsupported);
  g_test_add_func ("/onnx/external", test_external);
  return g_test_run ();
}
