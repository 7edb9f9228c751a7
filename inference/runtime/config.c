/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#define MAX_NUMBER 1024
#define MAX_KEY 64

enum {
  KEY_STREAMS,
  KEY_THREADS,
  KEY_PRECISION,
  KEY_CACHE
};

static const IrConfigKey common[] = {
  [KEY_STREAMS] = { "STREAMS", "0..1024 or auto", "inferences side by side" },
  [KEY_THREADS] = { "THREADS", "0..1024", "processor cores to use" },
  [KEY_PRECISION] = { "PRECISION", "auto or f32", "what to compute in" },
  [KEY_CACHE] = { IR_CONFIG_CACHE, "a folder or auto",
      "where to keep what compiling has made" },
  { NULL, NULL, NULL },
};

static const IrConfigKey *
find_key (const IrConfigKey *keys, const char *name)
{
  for (const IrConfigKey *k = keys; k && k->key; k++)
    if (g_ascii_strcasecmp (k->key, name) == 0)
      return k;
  return NULL;
}

static char *
known_keys (const IrConfigKey *own)
{
  const IrConfigKey *const tables[] = { common, own };
  GString *text = g_string_new (NULL);

  for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const IrConfigKey *k = tables[t]; k && k->key; k++)
      if (t > 0 || !find_key (own, k->key))
        g_string_append_printf (
            text, "%s%s (%s)", text->len ? ", " : "", k->key, k->values);
  return g_string_free (text, FALSE);
}

/* How many letters to change, to add or to take away: of keys, which are short. */
static guint
distance (const char *a, const char *b)
{
  guint row[MAX_KEY + 1];
  const gsize n = MIN (strlen (b), MAX_KEY);

  for (gsize j = 0; j <= n; j++)
    row[j] = j;
  for (gsize i = 0; a[i]; i++) {
    guint corner = row[0];

    row[0] = i + 1;
    for (gsize j = 0; j < n; j++) {
      const guint same = g_ascii_toupper (a[i]) == g_ascii_toupper (b[j]);
      const guint next = MIN (MIN (row[j], row[j + 1]) + 1, corner + !same);

      corner = row[j + 1];
      row[j + 1] = next;
    }
  }
  return row[n];
}

/* The key that was meant, if there is one that is not very different. */
static const char *
nearest_key (const IrConfigKey *own, const char *name)
{
  const IrConfigKey *const tables[] = { common, own };
  const char *best = NULL;
  guint least = strlen (name) / 2 + 1;

  for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const IrConfigKey *k = tables[t]; k && k->key; k++)
      if (distance (k->key, name) < least) {
        least = distance (k->key, name);
        best = k->key;
      }
  return best;
}

static gboolean
fail_unknown (const IrConfigKey *own, const char *name, const char *device,
    GError **error)
{
  const char *nearest = nearest_key (own, name);
  g_autofree char *known = known_keys (own);

  if (nearest)
    return ir_fail (error, IR_ERROR_NOT_FOUND,
        "device %s has no config key '%s', is %s meant? It takes %s", device,
        name, nearest, known);
  return ir_fail (error, IR_ERROR_NOT_FOUND,
      "device %s has no config key '%s'; it takes %s", device, name, known);
}

static gboolean
check_value (const IrConfigKey *key, const char *value, GError **error)
{
  guint64 number;

  if (key == &common[KEY_PRECISION]) {
    if (g_str_equal (value, "auto") || g_str_equal (value, "f32"))
      return TRUE;
  } else if (key == &common[KEY_STREAMS] || key == &common[KEY_THREADS]) {
    if (key == &common[KEY_STREAMS] && g_str_equal (value, "auto"))
      return TRUE;
    if (g_ascii_string_to_unsigned (value, 10, 0, MAX_NUMBER, &number, NULL))
      return TRUE;
  } else {
    return TRUE;
  }
  return ir_fail (error, IR_ERROR_PARSE, "config key %s takes %s, not '%s'",
      key->key, key->values, value);
}

static gboolean
parse_one (GHashTable *config, char *text, const IrConfigKey *own,
    const char *device, GError **error)
{
  char *equals = strchr (text, '=');
  const IrConfigKey *key;
  char *value;

  if (!equals)
    return ir_fail (error, IR_ERROR_PARSE,
        "config '%s' is not of the form KEY=VALUE", text);
  *equals = '\0';
  value = g_strstrip (equals + 1);
  g_strstrip (text);

  key = find_key (own, text);
  if (!key)
    key = find_key (common, text);
  if (!key)
    return fail_unknown (own, text, device, error);
  if (!check_value (key, value, error))
    return FALSE;
  g_hash_table_replace (config, g_strdup (key->key), g_strdup (value));
  return TRUE;
}

GHashTable *
ir_config_parse (const char *text, const IrConfigKey *own, const char *device,
    GError **error)
{
  g_autoptr (GHashTable) config =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) parts = g_strsplit (text ? text : "", ",", -1);

  for (char **p = parts; *p; p++) {
    if (!*g_strstrip (*p))
      continue;
    if (!parse_one (config, *p, own, device, error))
      return NULL;
  }
  return g_steal_pointer (&config);
}

GHashTable *
ir_config_without (GHashTable *config, const char *key)
{
  GHashTable *rest =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, config);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (!g_str_equal (name, key))
      g_hash_table_insert (rest, g_strdup (name), g_strdup (value));
  return rest;
}
