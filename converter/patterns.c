/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "patterns.h"

#include <ir/error.h>

GPtrArray *
ir_patterns_parse (const char *text, GError **error)
{
  /* At every comma, whatever it is inside of: so does the original. */
  g_auto (GStrv) items = g_strsplit (text, ",", -1);
  g_autoptr (GPtrArray) patterns =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_regex_unref);

  for (gsize i = 0; items[i]; i++) {
    g_autoptr (GError) reason = NULL;
    GRegex *pattern = g_regex_new (g_strstrip (items[i]), 0, 0, &reason);

    if (!pattern) {
      ir_fail (error, IR_ERROR_PARSE, "'%s' is no regular expression: %s",
          items[i], reason->message);
      return NULL;
    }
    g_ptr_array_add (patterns, pattern);
  }
  return g_steal_pointer (&patterns);
}

gboolean
ir_patterns_match (const GPtrArray *patterns, const char *name)
{
  for (guint i = 0; patterns && i < patterns->len; i++)
    if (g_regex_match (g_ptr_array_index (patterns, i), name, 0, NULL))
      return TRUE;
  return FALSE;
}

gboolean
ir_patterns_check (const char *text, GError **error)
{
  g_autoptr (GPtrArray) patterns = ir_patterns_parse (text, error);

  return patterns != NULL;
}
