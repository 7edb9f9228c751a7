/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "values.h"

#include <string.h>

void
ir_layout_spec_free (IrLayoutSpec *spec)
{
  if (!spec)
    return;
  g_free (spec->name);
  g_free (spec->source);
  g_free (spec->target);
  g_free (spec);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrLayoutSpec, ir_layout_spec_free)

static gboolean
fail_layout (const char *text, GError **error)
{
  return ir_fail (error, IR_ERROR_PARSE,
      "'%s' is not a layout: write nchw or [n,c,h,w], with ? for a dimension "
      "without a name and ... for any number of them",
      text);
}

/* "nchw", "[N, C, ...]" to a letter per dimension. */
static char *
parse_layout (const char *text, GError **error)
{
  g_autoptr (GString) layout = g_string_new (NULL);

  for (const char *p = text; *p; p++) {
    char c = g_ascii_tolower (*p);

    if (strchr ("[], \t", c))
      continue;
    if (strncmp (p, "...", 3) == 0) {
      c = '.';
      p += 2;
    } else if (!g_ascii_isalpha (c) && c != '?') {
      fail_layout (text, error);
      return NULL;
    }
    if (c != '?' && strchr (layout->str, c)) {
      ir_fail (error, IR_ERROR_PARSE, "layout '%s' has '%c' twice", text, c);
      return NULL;
    }
    g_string_append_c (layout, c);
  }
  if (layout->len == 0 || layout->len > IR_MAX_RANK + 1) {
    fail_layout (text, error);
    return NULL;
  }
  return g_string_free (g_steal_pointer (&layout), FALSE);
}

/* Both sides of an arrow have the same dimensions. */
static gboolean
check_change (const char *source, const char *target, GError **error)
{
  gboolean same = strlen (source) == strlen (target);

  for (const char *p = source; *p && same; p++)
    same = *p != '?' && *p != '.' && strchr (target, *p);
  return same ||
      ir_fail (error, IR_ERROR_PARSE,
          "layout '%s' can't be changed to '%s': both must name the same "
          "dimensions",
          source, target);
}

/* Where the name ends: "in(nchw)" and "in[n,c]" have one, "nchw" and "[n,c]" have
 * none. */
static gsize
name_length (const char *item)
{
  gsize length = strcspn (item, "[(");

  return item[length] ? length : 0;
}

static IrLayoutSpec *
parse_item (const char *item, GError **error)
{
  g_autoptr (IrLayoutSpec) spec = g_new0 (IrLayoutSpec, 1);
  gsize length = name_length (item), end;
  g_autofree char *body = g_strdup (item + length);
  g_auto (GStrv) sides = NULL;

  if (length > 0)
    spec->name = g_strstrip (g_strndup (item, length));
  end = strlen (body);
  if (body[0] == '(') {
    if (body[end - 1] != ')') {
      fail_layout (item, error);
      return NULL;
    }
    body[end - 1] = '\0';
    body[0] = ' ';
  }
  sides = g_strsplit (body, "->", 2);
  spec->source = parse_layout (g_strstrip (sides[0]), error);
  if (!spec->source)
    return NULL;
  if (sides[1]) {
    spec->target = parse_layout (g_strstrip (sides[1]), error);
    if (!spec->target || !check_change (spec->source, spec->target, error))
      return NULL;
  }
  return g_steal_pointer (&spec);
}

GPtrArray *
ir_value_parse_layouts (const char *text, GError **error)
{
  g_autoptr (GPtrArray) specs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ir_layout_spec_free);
  g_auto (GStrv) items = ir_value_split (text, error);

  for (gsize i = 0; items && items[i]; i++) {
    IrLayoutSpec *spec = parse_item (items[i], error);

    if (!spec)
      return NULL;
    g_ptr_array_add (specs, spec);
    if (!spec->name && items[1]) {
      ir_fail (error, IR_ERROR_PARSE,
          "'%s': several layouts need names, as in data(nchw)", text);
      return NULL;
    }
  }
  return items ? g_steal_pointer (&specs) : NULL;
}

/* --- looking ------------------------------------------------------------------ */

gboolean
ir_layout_fits (const char *layout, gint rank)
{
  gsize length = strlen (layout);

  if (rank < 0)
    return FALSE;
  return strchr (layout, '.') ? length - 1 <= (gsize) rank
                              : length == (gsize) rank;
}

gboolean
ir_layout_find (const char *layout, gint rank, char letter, guint *dim)
{
  const char *at = strchr (layout, letter);
  const char *dots = strchr (layout, '.');

  if (!at || !ir_layout_fits (layout, rank))
    return FALSE;
  /* What follows the dots counts from the end. */
  *dim = dots && at > dots
      ? (guint) ((gsize) rank - (strlen (layout) - (gsize) (at - layout)))
      : (guint) (at - layout);
  return TRUE;
}

char *
ir_layout_to_string (const char *layout)
{
  GString *text = g_string_new ("[");

  for (const char *p = layout; *p; p++) {
    if (p > layout)
      g_string_append_c (text, ',');
    if (*p == '.')
      g_string_append (text, "...");
    else
      g_string_append_c (text, g_ascii_toupper (*p));
  }
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}
