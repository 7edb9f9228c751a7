/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dom.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include <errno.h>
#include <string.h>

/* Beyond this size libxml2 needs its limits lifted. */
#define HUGE_SIZE (8u << 20)
/* A node costs libxml2 up to 30 bytes per byte of text. */
#define MAX_SIZE (512u << 20)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlParserCtxt, xmlFreeParserCtxt)

/* Entities are the one way to make a short file long, and an IR has none: the
 * parser stops at the first declaration, before anything can be expanded. */
static void
on_entity (void *data, const xmlChar *name, int type, const xmlChar *public_id,
    const xmlChar *system_id, xmlChar *content)
{
  xmlParserCtxt *ctxt = data;
  gboolean *seen = ctxt->_private;

  *seen = TRUE;
  xmlStopParser (ctxt);
}

static gboolean
fail_parse (xmlParserCtxt *ctxt, const char *label, GError **error)
{
  const xmlError *last = xmlCtxtGetLastError (ctxt);
  g_autofree char *message = NULL;

  if (!last || !last->message)
    return ir_fail (
        error, IR_ERROR_PARSE, "%s: not a well-formed XML file", label);
  message = g_strchomp (g_utf8_make_valid (last->message, -1));
  return ir_fail (error, IR_ERROR_PARSE, "%s:%d: not well-formed XML: %s",
      label, last->line, message);
}

xmlDoc *
ir_dom_parse (const char *text, gsize size, const char *label, GError **error)
{
  g_autoptr (xmlParserCtxt) ctxt = NULL;
  g_autoptr (xmlDoc) doc = NULL;
  gboolean entity = FALSE;
  int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
      XML_PARSE_NOBLANKS | XML_PARSE_NOCDATA | XML_PARSE_COMPACT |
      XML_PARSE_BIG_LINES;

  if (size > MAX_SIZE) {
    ir_fail (error, IR_ERROR_LIMIT,
        "%s: %" G_GSIZE_FORMAT
        " bytes of XML are more than the %u that are accepted",
        label, size, MAX_SIZE);
    return NULL;
  }
  if (size > HUGE_SIZE)
    options |= XML_PARSE_HUGE;
  xmlInitParser ();
  ctxt = xmlNewParserCtxt ();
  if (!ctxt) {
    ir_fail (error, IR_ERROR_LIMIT, "%s: out of memory", label);
    return NULL;
  }
  ctxt->sax->entityDecl = on_entity;
  ctxt->_private = &entity;
  doc = xmlCtxtReadMemory (ctxt, text, (int) size, NULL, NULL, options);
  if (entity) {
    ir_fail (error, IR_ERROR_PARSE,
        "%s: declares XML entities, which an IR does not have", label);
    return NULL;
  }
  if (!doc || !xmlDocGetRootElement (doc)) {
    fail_parse (ctxt, label, error);
    return NULL;
  }
  doc->_private = (void *) label;
  return g_steal_pointer (&doc);
}

gboolean
ir_dom_fail (const xmlNode *node, GError **error, IrErrorCode code,
    const char *format, ...)
{
  va_list args;
  g_autofree char *message = NULL;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  return ir_fail (error, code, "%s:%ld: %s", (const char *) node->doc->_private,
      xmlGetLineNo (node), message);
}

void
ir_dom_prefix (const xmlNode *node, GError **error)
{
  g_prefix_error (error, "%s:%ld: ", (const char *) node->doc->_private,
      xmlGetLineNo (node));
}

gboolean
ir_dom_is (const xmlNode *node, const char *name)
{
  return strcmp ((const char *) node->name, name) == 0;
}

static const xmlNode *
find_element (const xmlNode *node, const char *name)
{
  while (node &&
      (node->type != XML_ELEMENT_NODE || (name && !ir_dom_is (node, name))))
    node = node->next;
  return node;
}

const xmlNode *
ir_dom_child (const xmlNode *node, const char *name)
{
  return node ? find_element (node->children, name) : NULL;
}

const xmlNode *
ir_dom_next (const xmlNode *node, const char *name)
{
  return find_element (node->next, name);
}

const char *
ir_dom_attr_value (const xmlAttr *attr)
{
  const xmlNode *text = attr->children;

  return text && text->content ? (const char *) text->content : "";
}

const char *
ir_dom_attr (const xmlNode *node, const char *name)
{
  const xmlAttr *attr;

  for (attr = node->properties; attr; attr = attr->next)
    if (strcmp ((const char *) attr->name, name) == 0)
      return ir_dom_attr_value (attr);
  return NULL;
}

gboolean
ir_dom_get_text (
    const xmlNode *node, const char *name, const char **value, GError **error)
{
  const char *text = ir_dom_attr (node, name);

  if (!text)
    return ir_dom_fail (node, error, IR_ERROR_PARSE,
        "<%s> has no attribute '%s'", (const char *) node->name, name);
  *value = text;
  return TRUE;
}

static gboolean
only_blanks (const char *text)
{
  return text[strspn (text, " \t\r\n")] == '\0';
}

gboolean
ir_dom_get_u64 (
    const xmlNode *node, const char *name, guint64 *value, GError **error)
{
  const char *text;
  char *end;
  guint64 v;

  if (!ir_dom_get_text (node, name, &text, error))
    return FALSE;
  errno = 0;
  v = g_ascii_strtoull (text, &end, 10);
  /* strtoull() takes a minus and wraps around. */
  if (errno || end == text || !only_blanks (end) || strchr (text, '-'))
    return ir_dom_fail (node, error, IR_ERROR_PARSE,
        "%s=\"%.64s\" is not a whole number from 0 on", name, text);
  *value = v;
  return TRUE;
}

gboolean
ir_dom_get_i64 (
    const xmlNode *node, const char *name, gint64 *value, GError **error)
{
  const char *text = ir_dom_attr (node, name);
  char *end;
  gint64 v;

  if (!text)
    return TRUE;
  errno = 0;
  v = g_ascii_strtoll (text, &end, 10);
  if (errno || end == text || !only_blanks (end))
    return ir_dom_fail (node, error, IR_ERROR_PARSE,
        "%s=\"%.64s\" is not a whole number", name, text);
  *value = v;
  return TRUE;
}
