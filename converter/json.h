/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_JSON_H
#define IR_JSON_H

#include <glib.h>

G_BEGIN_DECLS

/*
 * Writes JSON, indented. Members need a @key, elements of lists take NULL.
 */
typedef struct {
  GString *text;
  guint depth;
  gboolean first;
} IrJson;

void ir_json_init (IrJson *json);
/* (transfer full) */
char *ir_json_finish (IrJson *json);

/* @bracket is '{' or '['; ir_json_close() takes the matching '}' or ']'. */
void ir_json_open (IrJson *json, const char *key, char bracket);
void ir_json_close (IrJson *json, char bracket);
void ir_json_text (IrJson *json, const char *key, const char *value);
void ir_json_number (IrJson *json, const char *key, guint64 value);

G_END_DECLS

#endif
