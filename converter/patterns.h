/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_PATTERNS_H
#define IR_PATTERNS_H

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full) (element-type GRegex): the regular expressions of a comma
 * separated list. */
GPtrArray *ir_patterns_parse (const char *text, GError **error);

/* Whether one of them, if there are any, is found somewhere in @name. */
gboolean ir_patterns_match (const GPtrArray *patterns, const char *name);

/* For the option table: only whether it parses. */
gboolean ir_patterns_check (const char *text, GError **error);

G_END_DECLS

#endif
