/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frontend.h"

#include "map-file.h"

#include <string.h>

static const IrFrontend *const frontends[] = {
  &ir_frontend_onnx,
  &ir_frontend_caffe,
};

const IrFrontend *const *
ir_frontend_list (gsize *n)
{
  *n = G_N_ELEMENTS (frontends);
  return frontends;
}

static gboolean
has_suffix (const IrFrontend *frontend, const char *lower)
{
  for (gsize i = 0; frontend->suffixes[i] != NULL; i++) {
    if (g_str_has_suffix (lower, frontend->suffixes[i]))
      return TRUE;
  }
  return FALSE;
}

static char *
list_readable (void)
{
  GString *text = g_string_new (NULL);

  for (gsize f = 0; f < G_N_ELEMENTS (frontends); f++) {
    g_string_append_printf (text, "%s%s (--framework %s:", f ? ", " : "",
        frontends[f]->title, frontends[f]->name);
    for (gsize i = 0; frontends[f]->suffixes[i] != NULL; i++)
      g_string_append_printf (text, " %s", frontends[f]->suffixes[i]);
    g_string_append_c (text, ')');
  }
  return g_string_free (text, FALSE);
}

static const IrFrontend *
find_by_contents (const char *path)
{
  enum {
    HEAD = 512
  };
  g_autoptr (GMappedFile) file = ir_map_file (path, NULL);
  const guint8 *head;
  gsize n;

  if (file == NULL || g_mapped_file_get_length (file) == 0)
    return NULL;
  head = (const guint8 *) g_mapped_file_get_contents (file);
  n = MIN (g_mapped_file_get_length (file), HEAD);
  for (gsize f = 0; f < G_N_ELEMENTS (frontends); f++) {
    if (frontends[f]->probe != NULL && frontends[f]->probe (head, n))
      return frontends[f];
  }
  return NULL;
}

static const IrFrontend *
find_by_name (const char *framework, GError **error)
{
  g_autofree char *readable = NULL;

  for (gsize f = 0; f < G_N_ELEMENTS (frontends); f++) {
    if (strcmp (frontends[f]->name, framework) == 0)
      return frontends[f];
  }
  readable = list_readable ();
  ir_fail (error, IR_ERROR_NOT_FOUND,
      "there is no framework \"%s\"; there is: %s", framework, readable);
  return NULL;
}

const IrFrontend *
ir_frontend_find (const char *path, const char *framework, GError **error)
{
  g_autofree char *lower = NULL;
  g_autofree char *readable = NULL;
  const IrFrontend *found;

  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    ir_fail (error, IR_ERROR_NOT_FOUND, "%s: no such file", path);
    return NULL;
  }
  if (framework != NULL)
    return find_by_name (framework, error);
  lower = g_ascii_strdown (path, -1);
  for (gsize f = 0; f < G_N_ELEMENTS (frontends); f++) {
    if (has_suffix (frontends[f], lower))
      return frontends[f];
  }
  found = find_by_contents (path);
  if (found == NULL) {
    readable = list_readable ();
    ir_fail (error, IR_ERROR_UNSUPPORTED,
        "%s: neither the suffix nor the contents are those of a model that can "
        "be read: %s",
        path, readable);
  }
  return found;
}
