/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"

static void
new_line (IrText *text)
{
  guint i;

  if (text->in_tag)
    g_string_append_c (text->out, '>');
  text->in_tag = FALSE;
  if (text->out->len > 0)
    g_string_append_c (text->out, '\n');
  for (i = 0; i < text->depth; i++)
    g_string_append_c (text->out, '\t');
}

void
ir_text_open (IrText *text, const char *tag)
{
  new_line (text);
  g_string_append_c (text->out, '<');
  g_string_append (text->out, tag);
  text->in_tag = TRUE;
  text->depth++;
}

void
ir_text_close (IrText *text, const char *tag)
{
  text->depth--;
  if (text->in_tag) {
    g_string_append (text->out, "/>");
    text->in_tag = FALSE;
    return;
  }
  new_line (text);
  g_string_append_printf (text->out, "</%s>", tag);
}

/* Characters that XML cannot hold become question marks. */
static void
append_char (GString *out, gunichar c)
{
  switch (c) {
    case '&':
      g_string_append (out, "&amp;");
      break;
    case '<':
      g_string_append (out, "&lt;");
      break;
    case '>':
      g_string_append (out, "&gt;");
      break;
    case '"':
      g_string_append (out, "&quot;");
      break;
    case '\t':
    case '\n':
    case '\r':
      g_string_append_printf (out, "&#%u;", c);
      break;
    default:
      if (c < ' ' || c == 0xfffe || c == 0xffff)
        c = '?';
      g_string_append_unichar (out, c);
  }
}

void
ir_text_attr (IrText *text, const char *name, const char *value)
{
  g_autofree char *repaired = NULL;
  const char *at = value;

  if (!g_utf8_validate (value, -1, NULL))
    at = repaired = g_utf8_make_valid (value, -1);
  g_string_append_printf (text->out, " %s=\"", name);
  for (; *at; at = g_utf8_next_char (at))
    append_char (text->out, g_utf8_get_char (at));
  g_string_append_c (text->out, '"');
}

void
ir_text_attr_f (IrText *text, const char *name, const char *format, ...)
{
  g_autofree char *value = NULL;
  va_list args;

  va_start (args, format);
  value = g_strdup_vprintf (format, args);
  va_end (args);
  ir_text_attr (text, name, value);
}

void
ir_text_number (IrText *text, const char *tag, gint64 value)
{
  new_line (text);
  g_string_append_printf (
      text->out, "<%s>%" G_GINT64_FORMAT "</%s>", tag, value, tag);
}
