/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes of old layers. */
#include "old.h"

#include <string.h>

const xmlNode *
ir_old_data (const xmlNode *layer)
{
  const xmlNode *xml;

  for (xml = ir_dom_child (layer, NULL); xml; xml = ir_dom_next (xml, NULL))
    if (ir_dom_is (xml, "data") ||
        g_str_has_suffix ((const char *) xml->name, "_data"))
      return xml;
  return NULL;
}

static gboolean
same_name (const char *a, const char *b)
{
  for (; *a && (*a == '-' ? '_' : *a) == (*b == '-' ? '_' : *b); a++)
    b++;
  return *a == *b;
}

const char *
ir_old_attr (const xmlNode *data, const char *name)
{
  for (const xmlAttr *attr = data ? data->properties : NULL; attr;
       attr = attr->next)
    if (same_name ((const char *) attr->name, name))
      return ir_dom_attr_value (attr);
  return NULL;
}

gboolean
ir_old_has (const IrOld *old, const char *name)
{
  return ir_old_attr (old->layer->data, name) != NULL;
}

/* Leaves @value alone if the attribute is not there. */
static void
get (IrOld *old, const char *name, IrAttrKind kind, gpointer value)
{
  const char *text = ir_old_attr (old->layer->data, name);
  const IrAttrDesc desc = { name, kind, 0, NULL, NULL, 0 };
  g_autoptr (GError) reason = NULL;

  if (text && !ir_attr_parse (old->graph, &desc, text, value, &reason))
    ir_old_fail (old, IR_ERROR_PARSE, "%s", reason->message);
}

gint64
ir_old_i64 (IrOld *old, const char *name, gint64 def)
{
  get (old, name, IR_ATTR_I64, &def);
  return def;
}

double
ir_old_f64 (IrOld *old, const char *name, double def)
{
  get (old, name, IR_ATTR_F64, &def);
  return def;
}

gboolean
ir_old_bool (IrOld *old, const char *name, gboolean def)
{
  get (old, name, IR_ATTR_BOOL, &def);
  return def;
}

const char *
ir_old_text (IrOld *old, const char *name, const char *def)
{
  get (old, name, IR_ATTR_STRING, &def);
  return def;
}

IrI64s
ir_old_i64s (IrOld *old, const char *name)
{
  IrI64s list = { 0, NULL };

  get (old, name, IR_ATTR_I64S, &list);
  return list;
}

guint
ir_old_axis (IrOld *old, const char *name, gint64 def)
{
  gint64 axis = ir_old_i64 (old, name, def);
  g_autoptr (GError) reason = NULL;
  guint index = 0;

  if (!ir_shape_axis (ir_old_in_shape (old, 0), axis, &index, &reason))
    ir_old_fail (old, IR_ERROR_PARSE, "%s: %s", name, reason->message);
  return index;
}

/* What old layers do without, of attributes that today's ops must have. */
static const struct {
  const char *type;
  const char *attr;
  const char *value;
} defaults[] = {
  { "Concat", "axis", "1" },
  { "DepthToSpace", "mode", "blocks_first" },
  { "DetectionOutput", "keep_top_k", "-1" },
  { "Elu", "alpha", "1" },
  { "GRN", "bias", "1" },
  { "MVN", "eps", "1e-9" },
  { "PriorBox", "offset", "0.5" },
  { "PriorBoxClustered", "offset", "0.5" },
  { "PriorBoxClustered", "clip", "false" },
  { "SpaceToDepth", "mode", "blocks_first" },
};

static const char *
default_of (const IrOpDesc *op, const IrAttrDesc *attr)
{
  for (gsize i = 0; i < G_N_ELEMENTS (defaults); i++)
    if (strcmp (defaults[i].type, op->type) == 0 &&
        strcmp (defaults[i].attr, attr->name) == 0)
      return defaults[i].value;
  return NULL;
}

void
ir_old_take_attrs (IrOld *old, IrPort port)
{
  const IrOpDesc *op = port.node ? port.node->op : NULL;

  for (const IrAttrDesc *attr = op ? op->attrs : NULL; attr && attr->name;
       attr++) {
    const char *text = ir_old_attr (old->layer->data, attr->name);
    g_autoptr (GError) reason = NULL;

    if (!text)
      text = default_of (op, attr);
    if (!text && !attr->def)
      ir_old_fail (old, IR_ERROR_PARSE, "has no attribute '%s'", attr->name);
    if (text &&
        !ir_attr_parse (old->graph, attr, text, port.node->attrs, &reason))
      ir_old_fail (old, IR_ERROR_PARSE, "%s", reason->message);
  }
}
