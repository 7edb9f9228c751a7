/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json.h"

#include <string.h>

void
ir_json_init (IrJson *json)
{
  json->text = g_string_new (NULL);
  json->depth = 0;
  json->first = TRUE;
}

char *
ir_json_finish (IrJson *json)
{
  g_string_append_c (json->text, '\n');
  return g_string_free (g_steal_pointer (&json->text), FALSE);
}

static void
put_line (IrJson *json)
{
  if (json->text->len > 0)
    g_string_append_c (json->text, '\n');
  for (guint i = 0; i < json->depth; i++)
    g_string_append (json->text, "  ");
}

static void
put_string (IrJson *json, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);

  g_string_append_c (json->text, '"');
  for (const char *p = valid; *p; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_printf (json->text, "\\%c", *p);
    else if ((guchar) *p < 0x20)
      g_string_append_printf (json->text, "\\u%04x", (guint) (guchar) *p);
    else
      g_string_append_c (json->text, *p);
  }
  g_string_append_c (json->text, '"');
}

static void
begin (IrJson *json, const char *key)
{
  if (!json->first)
    g_string_append_c (json->text, ',');
  json->first = FALSE;
  put_line (json);
  if (key) {
    put_string (json, key);
    g_string_append (json->text, ": ");
  }
}

void
ir_json_open (IrJson *json, const char *key, char bracket)
{
  begin (json, key);
  g_string_append_c (json->text, bracket);
  json->depth++;
  json->first = TRUE;
}

void
ir_json_close (IrJson *json, char bracket)
{
  json->depth--;
  if (!json->first)
    put_line (json);
  g_string_append_c (json->text, bracket);
  json->first = FALSE;
}

void
ir_json_text (IrJson *json, const char *key, const char *value)
{
  begin (json, key);
  put_string (json, value);
}

void
ir_json_number (IrJson *json, const char *key, guint64 value)
{
  begin (json, key);
  g_string_append_printf (json->text, "%" G_GUINT64_FORMAT, value);
}
