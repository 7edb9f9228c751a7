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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/good", test_good);
  g_test_add_func ("/cli/bad", test_bad);
  return g_test_run ();
}
