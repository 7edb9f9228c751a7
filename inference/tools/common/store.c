/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ir-cli.h"

#include <string.h>

static gboolean
store_word (
    const IrCliOption *option, const char *value, char **field, GError **error)
{
  g_autofree char *list =
      g_strndup (option->value + 1, strlen (option->value) - 2);
  g_auto (GStrv) words = g_strsplit (list, ",", -1);

  if (!g_strv_contains ((const char *const *) words, value))
    return ir_fail (error, IR_ERROR_PARSE, "--%s takes one of %s, not '%s'",
        option->name, option->value, value);
  g_free (*field);
  *field = g_strdup (value);
  return TRUE;
}

static gboolean
store_number (const IrCliOption *option, const char *value, guint64 *field,
    GError **error)
{
  if (g_ascii_string_to_unsigned (
          value, 10, option->min, option->max, field, NULL))
    return TRUE;
  return ir_fail (error, IR_ERROR_PARSE,
      "--%s takes a number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
      ", not '%s'",
      option->name, option->min, option->max, value);
}

static gboolean
store_real (
    const IrCliOption *option, const char *value, double *field, GError **error)
{
  char *end;
  double number = g_ascii_strtod (value, &end);

  if (end == value || *end || !(number >= (double) option->min))
    return ir_fail (error, IR_ERROR_PARSE,
        "--%s takes a number of at least %" G_GUINT64_FORMAT ", not '%s'",
        option->name, option->min, value);
  *field = number;
  return TRUE;
}

gboolean
ir_cli_store (const IrCliOption *option, const char *value, gpointer fields,
    GError **error)
{
  gpointer field = G_STRUCT_MEMBER_P (fields, option->offset);

  switch (option->kind) {
    case IR_CLI_FLAG:
      *(gboolean *) field = !value || g_ascii_strcasecmp (value, "false") != 0;
      return TRUE;
    case IR_CLI_TEXT:
      g_free (*(char **) field);
      *(char **) field = g_strdup (value);
      return TRUE;
    case IR_CLI_WORD:
      return store_word (option, value, field, error);
    case IR_CLI_LIST:
      g_ptr_array_add (*(GPtrArray **) field, g_strdup (value));
      return TRUE;
    case IR_CLI_NUMBER:
      return store_number (option, value, field, error);
    case IR_CLI_REAL:
      return store_real (option, value, field, error);
    case IR_CLI_CALLBACK:
      break;
  }
  g_return_val_if_reached (FALSE);
}

void
ir_cli_fields_init (const IrCliProgram *program, gpointer fields)
{
  for (gsize i = 0; i < program->n_options; i++) {
    const IrCliOption *option = &program->options[i];

    if (option->kind == IR_CLI_LIST)
      *(GPtrArray **) G_STRUCT_MEMBER_P (fields, option->offset) =
          g_ptr_array_new_with_free_func (g_free);
    else if (option->kind != IR_CLI_CALLBACK && option->def)
      ir_cli_store (option, option->def, fields, NULL);
  }
}

void
ir_cli_fields_clear (const IrCliProgram *program, gpointer fields)
{
  for (gsize i = 0; i < program->n_options; i++) {
    const IrCliOption *option = &program->options[i];
    gpointer field = G_STRUCT_MEMBER_P (fields, option->offset);

    if (option->kind == IR_CLI_LIST)
      g_clear_pointer ((GPtrArray **) field, g_ptr_array_unref);
    else if (option->kind == IR_CLI_TEXT || option->kind == IR_CLI_WORD)
      g_clear_pointer ((char **) field, g_free);
  }
}
