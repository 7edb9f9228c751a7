/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ir-cli.h"

#include <stdio.h>
#include <string.h>

#define WIDTH 79
#define INDENT 6

const char *
ir_cli_version (void)
{
  return IR_CLI_VERSION;
}

void
ir_cli_print_version (const IrCliProgram *program)
{
  printf ("%s (gst-ir) %s\n", program->name, ir_cli_version ());
}

/* Words of @text in lines of at most WIDTH columns; an empty line stays one. */
static void
print_wrapped (const char *text, guint indent)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \n", -1);
  guint column = 0;

  for (gsize i = 0; words[i]; i++) {
    guint length = (guint) g_utf8_strlen (words[i], -1);

    if (column > 0 && column + 1 + length > WIDTH) {
      putchar ('\n');
      column = 0;
    }
    if (column == 0)
      column = (guint) printf ("%*s", (int) indent, "");
    else
      column += (guint) printf (" ");
    fputs (words[i], stdout);
    column += length;
  }
  putchar ('\n');
}

static void
print_paragraphs (const char *text, guint indent)
{
  g_auto (GStrv) paragraphs = g_strsplit (text, "\n\n", -1);

  for (gsize i = 0; paragraphs[i]; i++) {
    if (i)
      putchar ('\n');
    print_wrapped (paragraphs[i], indent);
  }
}

/* "--input_model, -m FILE" */
static char *
option_heading (const IrCliOption *option)
{
  GString *heading = g_string_new (NULL);
  g_auto (GStrv) aliases =
      g_strsplit (option->alias ? option->alias : "", ",", -1);

  g_string_append_printf (heading, "--%s", option->name);
  for (gsize i = 0; aliases[i]; i++)
    g_string_append_printf (
        heading, ", %s%s", aliases[i][1] ? "--" : "-", aliases[i]);
  if (option->value)
    g_string_append_printf (heading, " %s", option->value);
  return g_string_free (heading, FALSE);
}

static void
print_option (const IrCliOption *option)
{
  g_autofree char *heading = option_heading (option);
  g_autofree char *help = option->def && *option->def
      ? g_strdup_printf ("%s (Default: %s)", option->help, option->def)
      : g_strdup (option->help);

  printf ("  %s\n", heading);
  print_wrapped (help, INDENT);
}

/* Calls @print for every option that is listed, the common ones last, with a
 * heading before each group. */
static void
each_option (const IrCliProgram *program, void (*heading) (const char *group),
    void (*print) (const IrCliOption *option))
{
  const IrCliOption *lists[2] = { program->options, NULL };
  gsize n[2] = { program->n_options, 0 };
  const char *group = NULL;

  lists[1] = ir_cli_common_options (&n[1]);
  for (gsize list = 0; list < 2; list++)
    for (gsize i = 0; i < n[list]; i++) {
      const IrCliOption *option = &lists[list][i];

      if (!option->help ||
          (list == 1 && ir_cli_has_option (program, option->name)))
        continue;
      if (g_strcmp0 (group, option->group) != 0)
        heading (option->group);
      group = option->group;
      print (option);
    }
}

static void
print_group (const char *group)
{
  printf ("\n%s:\n", group);
}

void
ir_cli_print_help (const IrCliProgram *program)
{
  printf ("Usage: %s %s\n\n", program->name, program->usage);
  print_wrapped (program->summary, 0);
  if (program->description) {
    putchar ('\n');
    print_paragraphs (program->description, 0);
  }
  each_option (program, print_group, print_option);
  if (program->examples && program->examples[0])
    printf ("\nExamples:\n");
  for (gsize i = 0; program->examples && program->examples[i]; i += 2)
    printf (
        "  %s:\n      %s\n", program->examples[i], program->examples[i + 1]);
  printf ("\nNames may be shortened as long as they are unique, and written "
          "with - or _.\n"
          "Exit status: 0 done, 1 failed, 2 wrong usage.\n");
}

/* --- man page -------------------------------------------------------------- */

static void
put_roff (const char *text)
{
  for (const char *p = text; *p; p++) {
    gboolean line_start = p == text || p[-1] == '\n';

    if (line_start && (*p == '.' || *p == '\''))
      fputs ("\\&", stdout);
    if (*p == '\\')
      fputs ("\\e", stdout);
    else if (*p == '-')
      fputs ("\\-", stdout);
    else
      putchar (*p);
  }
}

static void
put_roff_paragraphs (const char *text)
{
  g_auto (GStrv) paragraphs = g_strsplit (text, "\n\n", -1);

  for (gsize i = 0; paragraphs[i]; i++) {
    fputs (".PP\n", stdout);
    put_roff (paragraphs[i]);
    putchar ('\n');
  }
}

static void
put_roff_option (const IrCliOption *option)
{
  g_autofree char *heading = option_heading (option);

  fputs (".TP\n.B ", stdout);
  put_roff (heading);
  putchar ('\n');
  put_roff (option->help);
  putchar ('\n');
  if (option->def && *option->def) {
    fputs ("(Default: ", stdout);
    put_roff (option->def);
    fputs (")\n", stdout);
  }
}

static void
put_roff_group (const char *group)
{
  printf (".SS %s\n", group);
}

void
ir_cli_print_man (const IrCliProgram *program)
{
  g_autofree char *title = g_ascii_strup (program->name, -1);

  printf (".TH %s 1 \"\" \"gst-ir %s\" \"User Commands\"\n.SH NAME\n", title,
      ir_cli_version ());
  put_roff (program->name);
  fputs (" \\- ", stdout);
  put_roff (program->summary);
  printf ("\n.SH SYNOPSIS\n.B ");
  put_roff (program->name);
  printf ("\n");
  put_roff (program->usage);
  printf ("\n");
  if (program->description) {
    fputs (".SH DESCRIPTION\n", stdout);
    put_roff_paragraphs (program->description);
  }
  fputs (".SH OPTIONS\nNames may be shortened as long as they are unique, and "
         "written with \\- or _.\n",
      stdout);
  each_option (program, put_roff_group, put_roff_option);
  if (program->examples && program->examples[0])
    fputs (".SH EXAMPLES\n", stdout);
  for (gsize i = 0; program->examples && program->examples[i]; i += 2) {
    fputs (".TP\n", stdout);
    put_roff (program->examples[i]);
    fputs ("\n.B ", stdout);
    put_roff (program->examples[i + 1]);
    putchar ('\n');
  }
  fputs (".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage.\n", stdout);
}
