/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#define MAX_NUMBER 1024

enum {
  KEY_STREAMS,
  KEY_THREADS,
  KEY_PRECISION
};

static const IrConfigKey common[] = {
  [KEY_STREAMS] = { "STREAMS", "0..1024", "inferences side by side" },
  [KEY_THREADS] = { "THREADS", "0..1024", "processor cores to use" },
  [KEY_PRECISION] = { "PRECISION", "auto or f32", "what to compute in" },
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
      g_string_append_printf (
          text, "%s%s (%s)", text->len ? ", " : "", k->key, k->values);
  return g_string_free (text, FALSE);
}

static gboolean
check_value (const IrConfigKey *key, const char *value, GError **error)
{
  guint64 number;

  if (key == &common[KEY_PRECISION]) {
    if (g_str_equal (value, "auto") || g_str_equal (value, "f32"))
      return TRUE;
  } else if (key == &common[KEY_STREAMS] || key == &common[KEY_THREADS]) {
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

  key = find_key (common, text);
  if (!key)
    key = find_key (own, text);
  if (!key) {
    g_autofree char *known = known_keys (own);

    return ir_fail (error, IR_ERROR_NOT_FOUND,
        "device %s has no config key '%s'; it takes %s", device, text, known);
  }
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
