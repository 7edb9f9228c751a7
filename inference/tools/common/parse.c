/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ir-cli.h"

#include <string.h>

typedef struct {
  const IrCliOption *options;
  gsize n_options;
  int argc;
  char **argv;
  int next;
  IrCliSet set;
  gpointer user_data;
} Parser;

static gboolean
is_boolean_word (const char *text)
{
  return g_ascii_strcasecmp (text, "true") == 0 ||
      g_ascii_strcasecmp (text, "false") == 0;
}

/* "-1" and "-" are values, "-x" and "--x" are not. */
static gboolean
looks_like_option (const char *text)
{
  return text[0] == '-' &&
      (text[1] == '-' || g_ascii_isalpha (text[1]) || text[1] == '_');
}

static gboolean
find_value (Parser *parser, const IrCliOption *option, const char **value,
    GError **error)
{
  const char *next =
      parser->next < parser->argc ? parser->argv[parser->next] : NULL;

  if (!option->value) {
    if (next && is_boolean_word (next)) {
      *value = next;
      parser->next++;
    }
    return TRUE;
  }
  if (!next || looks_like_option (next))
    return ir_fail (error, IR_ERROR_PARSE, "option --%s needs a value: --%s %s",
        option->name, option->name, option->value);
  *value = next;
  parser->next++;
  return TRUE;
}

static gboolean
parse_option (Parser *parser, const char *arg, GError **error)
{
  const char *start = arg + (arg[1] == '-' ? 2 : 1);
  const char *equal = strchr (start, '=');
  const char *value = equal ? equal + 1 : NULL;
  g_autofree char *name =
      equal ? g_strndup (start, (gsize) (equal - start)) : g_strdup (start);
  gssize index = ir_cli_match (parser->options, parser->n_options, name, error);

  if (index < 0)
    return FALSE;
  if (!equal && !find_value (parser, &parser->options[index], &value, error))
    return FALSE;
  return parser->set (&parser->options[index], value, parser->user_data, error);
}

static gboolean
parse_all (Parser *parser, GError **error)
{
  gboolean options_over = FALSE;

  while (parser->next < parser->argc) {
    const char *arg = parser->argv[parser->next++];

    if (!options_over && strcmp (arg, "--") == 0) {
      options_over = TRUE;
    } else if (!options_over && arg[0] == '-' && arg[1] != '\0') {
      if (!parse_option (parser, arg, error))
        return FALSE;
    } else if (!parser->set (NULL, arg, parser->user_data, error)) {
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
ir_cli_parse (const IrCliProgram *program, int argc, char **argv, IrCliSet set,
    gpointer user_data, GError **error)
{
  Parser parser = { program->options, program->n_options, argc, argv, 1, set,
    user_data };

  return parse_all (&parser, error);
}
