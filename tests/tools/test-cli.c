/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command lines: how options are recognized and what is said otherwise. */
#include "ir-cli.h"

#include <string.h>

static const IrCliOption options[] = {
  { "input_model", "w,m", "Model", "FILE", NULL, "The model." },
  { "input", NULL, "Model", "LIST", NULL, "The inputs." },
  { "input_shape", NULL, "Model", "LIST", NULL, "The shapes." },
  { "scale", "s", "Model", "X", NULL, "A factor." },
  { "silent", NULL, "Messages", NULL, NULL, "Nothing is printed." },
  { "mean_values", "ms", "Model", "LIST", NULL, "The mean." },
};

static const IrCliProgram program = { "test", "tests", "[OPTION]...", NULL,
  options, G_N_ELEMENTS (options), NULL };

static gboolean
note (const IrCliOption *option, const char *value, gpointer user_data,
    GError **error)
{
  g_string_append_printf (
      user_data, "%s=%s;", option ? option->name : "", value ? value : "");
  return TRUE;
}

/* What `test @line` gives as "name=value;…", or its error. */
static char *
parse (const char *line)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  if (!ir_cli_parse (
          &program, (int) g_strv_length (argv), argv, note, seen, &error))
    return g_strdup (error->message);
  return g_strdup (seen->str);
}

static void
test_good (void)
{
  static const char *const rows[][2] = {
    { "test", "" },
    { "test --input_model a", "input_model=a;" },
    { "test --input-model=a", "input_model=a;" },
    { "test -input_model a", "input_model=a;" },
    { "test -m a -w b", "input_model=a;input_model=b;" },
    { "test --input_m a", "input_model=a;" },
    { "test --input a", "input=a;" },
    { "test --input=a=b", "input=a=b;" },
    { "test --sc -1", "scale=-1;" },
    { "test --scale -.5", "scale=-.5;" },
    { "test --input=-x", "input=-x;" },
    { "test --input -", "input=-;" },
    { "test --silent", "silent=;" },
    { "test --silent False", "silent=False;" },
    { "test --silent=true a", "silent=true;=a;" },
    { "test --silent a", "silent=;=a;" },
    { "test -ms (1)", "mean_values=(1);" },
    { "test -- --input", "=--input;" },
    { "test -", "=-;" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *got = parse (rows[i][0]);

    g_assert_cmpstr (got, ==, rows[i][1]);
  }
}

static void
test_bad (void)
{
  static const char *const rows[][2] = {
    { "test --frobnicate", "unknown option --frobnicate" },
    { "test --inptu_shape x", "did you mean --input_shape?" },
    { "test --in x", "--input_model, --input, --input_shape" },
    { "test --input", "--input LIST" },
    { "test --input --silent", "needs a value" },
    { "test --input -m", "needs a value" },
    { "test --=x", "unknown option" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *got = parse (rows[i][0]);

    if (!strstr (got, rows[i][1]))
      g_error ("'%s' gives '%s'", rows[i][0], got);
  }
}

/* --- fields ------------------------------------------------------------------ */

typedef struct {
  char *model;
  char *way;
  GPtrArray *inputs;
  guint64 number;
  double bound;
  gboolean loud;
} Values;

static const IrCliOption value_options[] = {
  { "model", "m", "Model", "FILE", NULL, "The model.",
      IR_CLI_TO (TEXT, Values, model) },
  { "way", NULL, "Run", "{sync,async}", "sync", "How.",
      IR_CLI_TO (WORD, Values, way) },
  { "input", "i", "Run", "FILE", NULL, "Inputs.",
      IR_CLI_TO (LIST, Values, inputs) },
  { "number", NULL, "Run", "N", "7", "A number.",
      IR_CLI_TO (NUMBER, Values, number), 1, 100 },
  { "bound", NULL, "Run", "X", "1e-4", "A bound.",
      IR_CLI_TO (REAL, Values, bound) },
  { "loud", NULL, "Run", NULL, NULL, "A flag.",
      IR_CLI_TO (FLAG, Values, loud) },
};

/* What a run has seen, and what it is to return. */
static char *seen;
static gboolean works;

static gboolean
check_values (gconstpointer fields, GError **error)
{
  const Values *v = fields;

  return v->model || ir_fail (error, IR_ERROR_PARSE, "no model");
}

static gboolean
run_values (gconstpointer fields, GError **error)
{
  const Values *v = fields;

  g_ptr_array_add (v->inputs, NULL);
  {
    g_autofree char *inputs = g_strjoinv ("+", (char **) v->inputs->pdata);

    seen = g_strdup_printf ("%s %s %s %" G_GUINT64_FORMAT " %g %d", v->model,
        v->way, inputs, v->number, v->bound, v->loud);
  }
  return works || ir_fail (error, IR_ERROR_DEVICE, "it does not work");
}

static const IrCliProgram value_program = { .name = "test",
  .summary = "tests",
  .usage = "MODEL",
  .options = value_options,
  .n_options = G_N_ELEMENTS (value_options),
  .rest = "model",
  .check = check_values,
  .run = run_values };

static int
run_line (const char *line)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  Values values = { 0 };

  g_clear_pointer (&seen, g_free);
  return ir_cli_main (
      &value_program, (int) g_strv_length (argv), argv, &values);
}

static void
test_fields (void)
{
  static const char *const rows[][2] = {
    { "test a", "a sync  7 0.0001 0" },
    { "test -m a --way async", "a async  7 0.0001 0" },
    { "test a -i x --input=y --number 100", "a sync x+y 100 0.0001 0" },
    { "test --loud a b --bound 0", "b sync  7 0 1" },
    { "test --loud --loud false a --bound=inf", "a sync  7 inf 0" },
  };

  works = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_assert_cmpint (run_line (rows[i][0]), ==, IR_CLI_DONE);
    g_assert_cmpstr (seen, ==, rows[i][1]);
  }
}

static void
test_exit_codes (void)
{
  static const char *const wrong[] = { "test", "test a --number 0",
    "test a --number 101", "test a --number -1", "test a --number x",
    "test a --bound -1", "test a --bound nan", "test a --bound 1x",
    "test a --way up", "test a --way s", "test a --unknown" };

  works = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_assert_cmpint (run_line (wrong[i]), ==, IR_CLI_USAGE);
    g_assert_null (seen);
  }
  works = FALSE;
  g_assert_cmpint (run_line ("test a"), ==, IR_CLI_FAILED);
  g_assert_nonnull (seen);
  g_assert_cmpint (run_line ("test a --silent"), ==, IR_CLI_FAILED);
  g_assert_true (ir_cli_is_silent ());
  ir_cli_set_level (IR_CLI_INFO);
  g_clear_pointer (&seen, g_free);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/good", test_good);
  g_test_add_func ("/cli/bad", test_bad);
  g_test_add_func ("/cli/fields", test_fields);
  g_test_add_func ("/cli/exit-codes", test_exit_codes);
  return g_test_run ();
}
