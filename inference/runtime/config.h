/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CONFIG_H
#define IR_CONFIG_H

#include <ir/plugin.h>

G_BEGIN_DECLS

/* The key that says where devices keep what compiling has made. */
#define IR_CONFIG_CACHE "CACHE_DIR"

/* Parses "KEY=VALUE,…" against the common keys and @own ones, which may be
 * %NULL. Keys are taken in any case; a later setting of a key wins.
 * Returns: (transfer full) (element-type utf8 utf8). */
GHashTable *ir_config_parse (const char *text, const IrConfigKey *own,
    const char *device, GError **error);

/* (transfer full) (element-type utf8 utf8): the same without one key. */
GHashTable *ir_config_without (GHashTable *config, const char *key);

G_END_DECLS

#endif
