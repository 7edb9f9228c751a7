/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_DOM_H
#define IR_DOM_H

#include <ir/error.h>

#include <libxml/tree.h>

G_BEGIN_DECLS

/*
 * libxml2 behind typed getters. Strings that are handed out belong to the
 * document. Messages begin with the document's label and the line.
 */

/* Parses the text. Declarations of entities are refused, nothing is fetched
 * and nothing is printed. @label must outlive the document. */
xmlDoc *ir_dom_parse (
    const char *text, gsize size, const char *label, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)

/* Sets an error that says where @node is. Returns FALSE. */
gboolean ir_dom_fail (const xmlNode *node, GError **error, IrErrorCode code,
    const char *format, ...) G_GNUC_PRINTF (4, 5);

/* Puts the place of @node before the message of @error. */
void ir_dom_prefix (const xmlNode *node, GError **error);

gboolean ir_dom_is (const xmlNode *node, const char *name);

/* First child element and next sibling element of that name; any for NULL. */
const xmlNode *ir_dom_child (const xmlNode *node, const char *name);
const xmlNode *ir_dom_next (const xmlNode *node, const char *name);

/* Value of an attribute, NULL if it is not there. */
const char *ir_dom_attr (const xmlNode *node, const char *name);
const char *ir_dom_attr_value (const xmlAttr *attr);

/* The same for an attribute that must be there. */
gboolean ir_dom_get_text (
    const xmlNode *node, const char *name, const char **value, GError **error);
gboolean ir_dom_get_u64 (
    const xmlNode *node, const char *name, guint64 *value, GError **error);

/* @value stays as it is if the attribute is not there. */
gboolean ir_dom_get_i64 (
    const xmlNode *node, const char *name, gint64 *value, GError **error);

G_END_DECLS

#endif
