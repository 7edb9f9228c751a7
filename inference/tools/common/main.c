/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ir-cli.h"

#include <string.h>

enum {
  COMMON_SILENT,
  COMMON_PROGRESS,
  COMMON_HELP,
  COMMON_VERSION,
  COMMON_MAN,
  N_COMMON
};

/* clang-format off */
static const IrCliOption common_options[N_COMMON] = {
  { "silent", NULL, "Messages", NULL, NULL, "Prints nothing but errors." },
  { "progress", NULL, "Messages", NULL, NULL,
    "Shows the progress at once, and as plain lines where there is no terminal." },
  { "help", "h", "Help", NULL, NULL, "Shows the options." },
  { "version", NULL, "Help", NULL, NULL, "Shows the version." },
  { "man", NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

typedef struct {
  const IrCliProgram *program;
  IrCliSet set;
  gpointer user_data;
  gssize answer;
} Begin;

const IrCliOption *
ir_cli_common_options (gsize *n)
{
  *n = N_COMMON;
  return common_options;
}

gboolean
ir_cli_has_option (const IrCliProgram *program, const char *name)
{
  for (gsize i = 0; i < program->n_options; i++)
    if (strcmp (program->options[i].name, name) == 0)
      return TRUE;
  return FALSE;
}

static void
set_common (Begin *begin, gssize index, const char *value)
{
  gboolean on = !value || g_ascii_strcasecmp (value, "false") != 0;

  if (index >= COMMON_HELP && begin->answer < 0)
    begin->answer = index;
  else if (index == COMMON_SILENT && on)
    ir_cli_set_level (IR_CLI_ERROR);
  else if (index == COMMON_PROGRESS && on)
    ir_cli_force_progress ();
}

static gboolean
set_or_note (const IrCliOption *option, const char *value, gpointer user_data,
    GError **error)
{
  Begin *begin = user_data;

  for (gssize i = 0; option && i < N_COMMON; i++) {
    if (strcmp (option->name, common_options[i].name) == 0 &&
        !ir_cli_has_option (begin->program, option->name)) {
      set_common (begin, i, value);
      return TRUE;
    }
  }
  /* --help on a wrong command line still helps. */
  if (begin->answer >= 0)
    return TRUE;
  return begin->set (option, value, begin->user_data, error);
}

/* The program's options, then those of the common ones that it lacks. */
static IrCliOption *
all_options (const IrCliProgram *program, gsize *n)
{
  IrCliOption *options = g_new (IrCliOption, program->n_options + N_COMMON);

  *n = program->n_options;
  if (*n)
    memcpy (options, program->options, *n * sizeof *options);
  for (gsize i = 0; i < N_COMMON; i++)
    if (!ir_cli_has_option (program, common_options[i].name))
      options[(*n)++] = common_options[i];
  return options;
}

int
ir_cli_begin (const IrCliProgram *program, int argc, char **argv, IrCliSet set,
    gpointer user_data)
{
  IrCliProgram all = *program;
  g_autofree IrCliOption *options = all_options (program, &all.n_options);
  Begin begin = { program, set, user_data, -1 };
  g_autoptr (GError) error = NULL;

  all.options = options;
  if (!ir_cli_parse (&all, argc, argv, set_or_note, &begin, &error))
    return ir_cli_usage (program, error);
  switch (begin.answer) {
    case COMMON_HELP:
      ir_cli_print_help (program);
      return IR_CLI_DONE;
    case COMMON_VERSION:
      ir_cli_print_version (program);
      return IR_CLI_DONE;
    case COMMON_MAN:
      ir_cli_print_man (program);
      return IR_CLI_DONE;
    default:
      return -1;
  }
}

/* --- with fields ------------------------------------------------------------ */

typedef struct {
  const IrCliProgram *program;
  gpointer fields;
} Fields;

static gboolean
set_field (const IrCliOption *option, const char *value, gpointer user_data,
    GError **error)
{
  const Fields *to = user_data;
  const IrCliProgram *program = to->program;

  for (gsize i = 0; !option && program->rest && i < program->n_options; i++)
    if (strcmp (program->options[i].name, program->rest) == 0)
      option = &program->options[i];
  if (!option)
    return ir_fail (error, IR_ERROR_PARSE,
        "'%s' is not an option: values follow the name of their option", value);
  return ir_cli_store (option, value, to->fields, error);
}

int
ir_cli_main (
    const IrCliProgram *program, int argc, char **argv, gpointer fields)
{
  Fields to = { program, fields };
  g_autoptr (GError) error = NULL;
  int code;

  ir_cli_fields_init (program, fields);
  code = ir_cli_begin (program, argc, argv, set_field, &to);
  if (code < 0 && program->check && !program->check (fields, &error)) {
    code = ir_cli_usage (program, error);
  } else if (code < 0) {
    code = program->run (fields, &error) ? IR_CLI_DONE : IR_CLI_FAILED;
    ir_cli_progress_end ();
    if (error)
      ir_cli_fail (error);
  }
  ir_cli_fields_clear (program, fields);
  return code;
}
