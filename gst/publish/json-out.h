/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_JSON_OUT_H
#define IR_JSON_OUT_H

#include <glib.h>

G_BEGIN_DECLS

/*
 * JSON text of small objects, the same in every locale. Values are texts; an
 * object collects members and comes out on one line, sorted by key, as the
 * field's tools write it.
 */

/** ir_json_text: (transfer full): a string value; bytes that are not UTF-8 are
 * replaced. */
char *ir_json_text (const char *text);
/** ir_json_number: (transfer full): the shortest form that reads back as the
 * same double; "null" for what is not finite. */
char *ir_json_number (double value);
/** ir_json_single: (transfer full): the same for a float. */
char *ir_json_single (float value);
/** ir_json_integer: (transfer full). */
char *ir_json_integer (gint64 value);

/** IrJsonObject: members on their way into a text. */
typedef GPtrArray IrJsonObject;

/** ir_json_object_new: (transfer full): no members yet. */
IrJsonObject *ir_json_object_new (void);
/**
 * ir_json_set:
 * @value: (transfer full): a text
 *
 * A key that is there already gets a number appended: nothing is lost and no
 * key comes twice.
 */
void ir_json_set (IrJsonObject *object, const char *key, char *value);
/** ir_json_end: (transfer full): the text; frees @object. */
char *ir_json_end (IrJsonObject *object);

/** ir_json_array: (transfer full): @items: (transfer full): of texts */
char *ir_json_array (GPtrArray *items);

G_END_DECLS

#endif
