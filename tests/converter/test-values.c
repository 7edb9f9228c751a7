/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Option values and options: what is understood, and what is refused. */
#include "values.h"

#include <ir/convert.h>

#include <string.h>

/* --- --input ------------------------------------------------------------------ */

static GPtrArray *
inputs (const char *text)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *specs = ir_value_parse_inputs (text, &error);

  g_assert_no_error (error);
  return specs;
}

static void
test_input_full (void)
{
  g_autoptr (GPtrArray) specs =
      inputs ("0:a/b[1 3 224 224]{f16}, c:1[1,?], d->[1, 2,3], e{i32}->0.5");
  const IrInputSpec *a = g_ptr_array_index (specs, 0);
  const IrInputSpec *c = g_ptr_array_index (specs, 1);
  const IrInputSpec *d = g_ptr_array_index (specs, 2);
  const IrInputSpec *e = g_ptr_array_index (specs, 3);
  char text[IR_SHAPE_TEXT];

  g_assert_cmpuint (specs->len, ==, 4);
  g_assert_cmpstr (a->name, ==, "0:a/b");
  g_assert_true (a->has_shape);
  g_assert_cmpstr (ir_shape_print (&a->shape, text), ==, "[1,3,224,224]");
  g_assert_cmpint (a->dtype, ==, IR_DTYPE_F16);
  g_assert_null (a->value);
  g_assert_cmpstr (c->name, ==, "c:1");
  g_assert_cmpstr (ir_shape_print (&c->shape, text), ==, "[1,?]");
  g_assert_cmpint (d->value->dtype, ==, IR_DTYPE_I64);
  g_assert_cmpuint (ir_tensor_count (d->value), ==, 3);
  g_assert_cmpint (ir_tensor_get_i64 (d->value, 2), ==, 3);
  g_assert_cmpint (e->dtype, ==, IR_DTYPE_I32);
  g_assert_cmpint (e->value->shape.rank, ==, 0);
  g_assert_cmpfloat (ir_tensor_get_f64 (e->value, 0), ==, 0.5);
}

static void
test_input_values (void)
{
  g_autoptr (GPtrArray) specs = inputs ("a->False,b->[True false],c[]");
  const IrInputSpec *a = g_ptr_array_index (specs, 0);
  const IrInputSpec *b = g_ptr_array_index (specs, 1);
  const IrInputSpec *c = g_ptr_array_index (specs, 2);

  g_assert_cmpint (a->value->dtype, ==, IR_DTYPE_BOOLEAN);
  g_assert_cmpint (ir_tensor_get_i64 (a->value, 0), ==, 0);
  g_assert_cmpint (ir_tensor_get_i64 (b->value, 0), ==, 1);
  g_assert_cmpint (ir_tensor_get_i64 (b->value, 1), ==, 0);
  g_assert_true (c->has_shape);
  g_assert_cmpint (c->shape.rank, ==, 0);
}

/* --- shapes ---------------------------------------------------------------------- */

static void
test_shapes (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) two =
      ir_value_parse_shapes ("(1,3,224,224),[1 -1]", &error);
  g_autoptr (GArray) bare = ir_value_parse_shapes ("1,3,64,64", &error);
  char text[IR_SHAPE_TEXT];

  g_assert_no_error (error);
  g_assert_cmpuint (two->len, ==, 2);
  g_assert_cmpstr (ir_shape_print (&g_array_index (two, IrShape, 0), text), ==,
      "[1,3,224,224]");
  g_assert_cmpstr (
      ir_shape_print (&g_array_index (two, IrShape, 1), text), ==, "[1,?]");
  g_assert_cmpuint (bare->len, ==, 1);
  g_assert_cmpint (g_array_index (bare, IrShape, 0).rank, ==, 4);
}

/* --- mean and scale ----------------------------------------------------------------- */

static void
test_groups (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) named =
      ir_value_parse_groups ("data[104,117.5,-1e2],info(0)", &error);
  g_autoptr (GPtrArray) unnamed = ir_value_parse_groups ("(1,2,3),[4]", &error);
  g_autoptr (GPtrArray) bare = ir_value_parse_groups ("127", &error);
  const IrValueGroup *group;

  g_assert_no_error (error);
  group = g_ptr_array_index (named, 0);
  g_assert_cmpstr (group->name, ==, "data");
  g_assert_cmpuint (group->n, ==, 3);
  g_assert_cmpfloat (group->values[1], ==, 117.5);
  g_assert_cmpfloat (group->values[2], ==, -100.0);
  group = g_ptr_array_index (named, 1);
  g_assert_cmpstr (group->name, ==, "info");
  g_assert_cmpuint (unnamed->len, ==, 2);
  group = g_ptr_array_index (unnamed, 1);
  g_assert_null (group->name);
  g_assert_cmpfloat (group->values[0], ==, 4.0);
  group = g_ptr_array_index (bare, 0);
  g_assert_cmpuint (group->n, ==, 1);
  g_assert_cmpfloat (group->values[0], ==, 127.0);
}

/* --- layouts --------------------------------------------------------------------------- */

static void
test_layouts (void)
{
  static const struct {
    const char *text, *name, *source, *target;
  } rows[] = {
    { "nhwc", NULL, "nhwc", NULL },
    { "[N, C, H, W]", NULL, "nchw", NULL },
    { "n...c", NULL, "n.c", NULL },
    { "nc??", NULL, "nc??", NULL },
    { "nhwc->nchw", NULL, "nhwc", "nchw" },
    { "[n,h,w,c]->[n,c,h,w]", NULL, "nhwc", "nchw" },
    { "in/1(nhwc->nchw)", "in/1", "nhwc", "nchw" },
    { "in[n,h,w,c]->[n,c,h,w]", "in", "nhwc", "nchw" },
    { "data(nchw)", "data", "nchw", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) specs = ir_value_parse_layouts (rows[i].text, &error);
    const IrLayoutSpec *spec;

    g_assert_no_error (error);
    g_assert_cmpuint (specs->len, ==, 1);
    spec = g_ptr_array_index (specs, 0);
    g_assert_cmpstr (spec->name, ==, rows[i].name);
    g_assert_cmpstr (spec->source, ==, rows[i].source);
    g_assert_cmpstr (spec->target, ==, rows[i].target);
  }
}

static void
test_layout_find (void)
{
  guint dim = 99;
  g_autofree char *text = ir_layout_to_string ("n.c?");

  g_assert_true (ir_layout_find ("nhwc", 4, 'c', &dim));
  g_assert_cmpuint (dim, ==, 3);
  g_assert_true (ir_layout_find ("n.c", 5, 'c', &dim));
  g_assert_cmpuint (dim, ==, 4);
  g_assert_true (ir_layout_find (".chw", 3, 'h', &dim));
  g_assert_cmpuint (dim, ==, 1);
  g_assert_false (ir_layout_find ("nhwc", 3, 'c', &dim));
  g_assert_false (ir_layout_find ("nhw?", 4, 'c', &dim));
  g_assert_cmpstr (text, ==, "[N,...,C,?]");
}

/* --- refusals ----------------------------------------------------------------------------- */

static void
test_bad (void)
{
  static const struct {
    const char *option, *value;
  } rows[] = {
    { "input", "" },
    { "input", "a,,b" },
    { "input", "a," },
    { "input", "a[1,2" },
    { "input", "a]1,2[" },
    { "input", "[1,3]" },
    { "input", "a[1,x]" },
    { "input", "a[-2]" },
    { "input", "a[1,2,3,4,5,6,7,8,9]" },
    { "input", "a{f31}" },
    { "input", "a{f32" },
    { "input", "a->" },
    { "input", "a->x" },
    { "input", "a->[1,True]" },
    { "input", "a->1 2" },
    { "input", "a[1]tail" },
    { "input", "a{f32}[1]" },
    { "input", "0:a:1" },
    { "input", "a,a" },
    { "input_shape", "[1,3" },
    { "input_shape", "1,3]" },
    { "input_shape", "[1,three]" },
    { "input_shape", "[1.5]" },
    { "input_shape", "[99999999999999999999]" },
    { "output", ",a" },
    { "batch", "0" },
    { "batch", "-1" },
    { "batch", "1.5" },
    { "batch", "99999999999" },
    { "mean_values", "(1,2" },
    { "mean_values", "()" },
    { "mean_values", "(1,,2)" },
    { "mean_values", "(1,nan)" },
    { "mean_values", "(1,inf)" },
    { "mean_values", "a(1),(2)" },
    { "mean_values", "a(1),a(2)" },
    { "mean_values", "a(1]" },
    { "scale_values", "(1,0,1)" },
    { "scale", "0" },
    { "scale", "x" },
    { "mean_file_offsets", "(-1,0)" },
    { "mean_file_offsets", "1" },
    { "mean_file_offsets", "(1,2,3)" },
    { "layout", "n1hw" },
    { "layout", "nn" },
    { "layout", "[]" },
    { "layout", "nchw,nc" },
    { "layout", "nhwc->nch" },
    { "layout", "n...->nchw" },
    { "layout", "a(nchw" },
    { "data_type", "FP8" },
    { "ir_version", "12" },
    { "log_level", "loud" },
    { "silent", "perhaps" },
    { "model_name", "a/b" },
    { "model_name", ".." },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
    g_autoptr (GError) error = NULL;
    const char *def = ir_convert_options_get (options, rows[i].option);

    g_test_message ("%s=%s", rows[i].option, rows[i].value);
    g_assert_false (ir_convert_options_set (
        options, rows[i].option, rows[i].value, &error));
    g_assert_error (error, IR_ERROR, IR_ERROR_PARSE);
    g_assert_nonnull (strstr (error->message, rows[i].option));
    /* Untouched. */
    g_assert_cmpstr (ir_convert_options_get (options, rows[i].option), ==, def);
  }
}

/* --- option names ------------------------------------------------------------------------- */

static void
test_names (void)
{
  static const struct {
    const char *name, *option, *value, *got;
  } rows[] = {
    { "input-model", "input_model", "x", "x" },
    { "m", "input_model", "x", "x" },
    { "w", "input_model", "x", "x" },
    { "o", "output_dir", "x", "x" },
    { "n", "model_name", "x", "x" },
    { "b", "batch", "2", "2" },
    { "s", "scale", "2", "2" },
    { "ms", "mean_values", "(1)", "(1)" },
    { "mean_v", "mean_values", "(1)", "(1)" },
    { "scale", "scale", "2", "2" },
    { "input", "input", "a", "a" },
    { "rev", "reverse_input_channels", NULL, "true" },
    { "data-type", "data_type", "fp16", "FP16" },
    { "silent", "silent", "True", "true" },
  };
  static const char *const unknown[] = { "inp", "x", "", "input_modell",
    "input model" };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
    g_autoptr (GError) error = NULL;

    ir_convert_options_set (options, rows[i].name, rows[i].value, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (
        ir_convert_options_get (options, rows[i].option), ==, rows[i].got);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (unknown); i++) {
    g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
    g_autoptr (GError) error = NULL;

    g_assert_false (ir_convert_options_set (options, unknown[i], "x", &error));
    g_assert_error (error, IR_ERROR, IR_ERROR_NOT_FOUND);
  }
}

/* Every default is a value that its option takes. */
static void
test_table (void)
{
  gsize n;
  const IrOptionDesc *descs = ir_convert_list_options (&n);

  for (gsize i = 0; i < n; i++) {
    g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
    g_autoptr (GError) error = NULL;

    if (descs[i].def)
      ir_convert_options_set (options, descs[i].name, descs[i].def, &error);
    g_assert_no_error (error);
    g_assert_true (g_str_has_suffix (descs[i].help, "."));
    g_assert_cmpint (
        descs[i].value != NULL, ==, descs[i].kind != IR_OPTION_FLAG);
  }
}

static void
test_exclusive (void)
{
  static const char *const rows[][4] = {
    { "batch", "1", "input_shape", "[1]" },
    { "scale", "2", "scale_values", "(2)" },
    { "layout", "nchw", "target_layout", "nhwc" },
    { "input", "a[1]", "input_shape", "[1]" },
    { "input", "a[1]", "batch", "2" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
    g_autoptr (GError) error = NULL;

    g_assert_false (ir_convert_options_check (options, NULL));
    ir_convert_options_set (options, "input_model", "x.onnx", NULL);
    g_assert_true (ir_convert_options_check (options, NULL));
    ir_convert_options_set (options, rows[i][0], rows[i][1], NULL);
    ir_convert_options_set (options, rows[i][2], rows[i][3], NULL);
    g_assert_false (ir_convert_options_check (options, &error));
    g_assert_nonnull (strstr (error->message, rows[i][0]));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/values/input", test_input_full);
  g_test_add_func ("/values/input-values", test_input_values);
  g_test_add_func ("/values/shapes", test_shapes);
  g_test_add_func ("/values/groups", test_groups);
  g_test_add_func ("/values/layouts", test_layouts);
  g_test_add_func ("/values/layout-find", test_layout_find);
  g_test_add_func ("/values/bad", test_bad);
  g_test_add_func ("/options/names", test_names);
  g_test_add_func ("/options/table", test_table);
  g_test_add_func ("/options/exclusive", test_exclusive);
  return g_test_run ();
}
