/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ir-cli.h"

#include <string.h>

#define MAX_NAME 64

static char
fold (char c)
{
  return c == '-' ? '_' : c;
}

/* How many characters of @text agree with @name; the whole of @text or 0. */
static gsize
prefix_length (const char *name, gsize name_length, const char *text)
{
  gsize i;

  for (i = 0; text[i]; i++)
    if (i >= name_length || fold (name[i]) != fold (text[i]))
      return 0;
  return i;
}

static gboolean
is_alias (const IrCliOption *option, const char *text)
{
  const char *alias = option->alias;

  while (alias && *alias) {
    gsize length = strcspn (alias, ",");

    if (prefix_length (alias, length, text) == length && length > 0)
      return TRUE;
    alias += length + (alias[length] == ',');
  }
  return FALSE;
}

/* Levenshtein's distance, in one row. */
static guint
distance (const char *a, const char *b)
{
  guint row[MAX_NAME + 1];
  gsize n = strlen (b);

  if (n > MAX_NAME || strlen (a) > MAX_NAME)
    return G_MAXUINT;
  for (gsize j = 0; j <= n; j++)
    row[j] = (guint) j;
  for (gsize i = 0; a[i]; i++) {
    guint diagonal = row[0];

    row[0] = (guint) i + 1;
    for (gsize j = 0; j < n; j++) {
      guint replace = diagonal + (fold (a[i]) != fold (b[j]));

      diagonal = row[j + 1];
      row[j + 1] = MIN (replace, MIN (diagonal, row[j]) + 1);
    }
  }
  return row[n];
}

static gboolean
fail_ambiguous (
    const IrCliOption *options, gsize n, const char *text, GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (gsize i = 0; i < n; i++) {
    const char *name = options[i].name;

    if (prefix_length (name, strlen (name), text))
      g_string_append_printf (list, "%s--%s", list->len ? ", " : "", name);
  }
  return ir_fail (error, IR_ERROR_NOT_FOUND,
      "option --%s is ambiguous, it could be %s", text, list->str);
}

static gboolean
fail_unknown (
    const IrCliOption *options, gsize n, const char *text, GError **error)
{
  const char *nearest = NULL;
  guint best = MAX (2, (guint) MIN (strlen (text), MAX_NAME) / 3) + 1;

  for (gsize i = 0; i < n; i++) {
    guint d = distance (text, options[i].name);

    if (d < best) {
      best = d;
      nearest = options[i].name;
    }
  }
  if (nearest)
    return ir_fail (error, IR_ERROR_NOT_FOUND,
        "unknown option --%s, did you mean --%s?", text, nearest);
  return ir_fail (error, IR_ERROR_NOT_FOUND, "unknown option --%s", text);
}

gssize
ir_cli_match (
    const IrCliOption *options, gsize n, const char *text, GError **error)
{
  gsize hits = 0, hit = 0;

  for (gsize i = 0; i < n; i++) {
    gsize length = strlen (options[i].name);
    gsize same = prefix_length (options[i].name, length, text);

    if ((same == length && length > 0) || is_alias (&options[i], text))
      return (gssize) i;
    if (same > 0) {
      hits++;
      hit = i;
    }
  }
  if (hits == 1)
    return (gssize) hit;
  if (hits > 1)
    fail_ambiguous (options, n, text, error);
  else
    fail_unknown (options, n, text, error);
  return -1;
}
