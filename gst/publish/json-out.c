/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-out.h"

#include <math.h>
#include <string.h>

char *
ir_json_text (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *out = g_string_new ("\"");

  for (const char *c = valid; *c; c++) {
    if (*c == '"' || *c == '\\')
      g_string_append_printf (out, "\\%c", *c);
    else if (*c == '\n')
      g_string_append (out, "\\n");
    else if (*c == '\t')
      g_string_append (out, "\\t");
    else if ((guchar) *c < 0x20 || *c == 0x7f)
      g_string_append_printf (out, "\\u%04x", (guchar) *c);
    else
      g_string_append_c (out, *c);
  }
  g_string_append_c (out, '"');
  return g_string_free (out, FALSE);
}

static char *
number (double value, gboolean single)
{
  static const char *const formats[] = { "%.6g", "%.7g", "%.8g", "%.9g",
    "%.15g", "%.16g", "%.17g" };
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (value))
    return g_strdup ("null");
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    double back;

    g_ascii_formatd (text, sizeof text, formats[i], value);
    back = g_ascii_strtod (text, NULL);
    if (back == value || (single && (float) back == (float) value))
      break;
  }
  return g_strdup (text);
}

char *
ir_json_number (double value)
{
  return number (value, FALSE);
}

char *
ir_json_single (float value)
{
  return number (value, TRUE);
}

char *
ir_json_integer (gint64 value)
{
  return g_strdup_printf ("%" G_GINT64_FORMAT, value);
}

typedef struct {
  char *key;
  char *value;
} Member;

static void
member_free (gpointer data)
{
  Member *member = data;

  g_free (member->key);
  g_free (member->value);
  g_free (member);
}

IrJsonObject *
ir_json_object_new (void)
{
  return g_ptr_array_new_with_free_func (member_free);
}

static gboolean
has_key (const IrJsonObject *object, const char *key)
{
  for (guint i = 0; i < object->len; i++) {
    const Member *member = g_ptr_array_index (object, i);

    if (g_str_equal (member->key, key))
      return TRUE;
  }
  return FALSE;
}

void
ir_json_set (IrJsonObject *object, const char *key, char *value)
{
  Member *member = g_new (Member, 1);

  member->value = value;
  member->key = g_strdup (key);
  for (guint n = 2; has_key (object, member->key); n++) {
    g_free (member->key);
    member->key = g_strdup_printf ("%s-%u", key, n);
  }
  g_ptr_array_add (object, member);
}

static gint
by_key (gconstpointer a, gconstpointer b)
{
  const Member *const *x = a, *const *y = b;

  return strcmp ((*x)->key, (*y)->key);
}

char *
ir_json_end (IrJsonObject *object)
{
  GString *out = g_string_new ("{");

  g_ptr_array_sort (object, by_key);
  for (guint i = 0; i < object->len; i++) {
    const Member *member = g_ptr_array_index (object, i);
    g_autofree char *key = ir_json_text (member->key);

    g_string_append_printf (out, "%s%s:%s", i ? "," : "", key, member->value);
  }
  g_ptr_array_unref (object);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

char *
ir_json_array (GPtrArray *items)
{
  GString *out = g_string_new ("[");

  for (guint i = 0; i < items->len; i++) {
    char *item = g_ptr_array_index (items, i);

    if (i > 0)
      g_string_append_c (out, ',');
    g_string_append (out, item);
    g_free (item);
  }
  g_ptr_array_unref (items);
  g_string_append_c (out, ']');
  return g_string_free (out, FALSE);
}
