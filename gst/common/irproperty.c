/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irproperty.h"

static GQuark
table_quark (void)
{
  return g_quark_from_static_string ("ir-property-table");
}

static const IrPropertyTable *
table_of (const GParamSpec *spec)
{
  return g_type_get_qdata (spec->owner_type, table_quark ());
}

#define FIELD(object, row, type) G_STRUCT_MEMBER (type, object, (row)->offset)

static void
write_value (gpointer object, const IrProperty *row, const GValue *value)
{
  switch (row->type) {
    case IR_PROPERTY_TEXT:
      g_free (FIELD (object, row, char *));
      FIELD (object, row, char *) = g_value_dup_string (value);
      break;
    case IR_PROPERTY_BOOLEAN:
      FIELD (object, row, gboolean) = g_value_get_boolean (value);
      break;
    case IR_PROPERTY_INT:
      FIELD (object, row, gint) = g_value_get_int (value);
      break;
    case IR_PROPERTY_UINT:
      FIELD (object, row, guint) = g_value_get_uint (value);
      break;
    case IR_PROPERTY_UINT64:
      FIELD (object, row, guint64) = g_value_get_uint64 (value);
      break;
    case IR_PROPERTY_FLOAT:
      FIELD (object, row, float) = g_value_get_float (value);
      break;
    case IR_PROPERTY_DOUBLE:
      FIELD (object, row, double) = g_value_get_double (value);
      break;
    case IR_PROPERTY_ENUM:
      FIELD (object, row, gint) = g_value_get_enum (value);
      break;
    case IR_PROPERTY_FLAGS:
      FIELD (object, row, guint) = g_value_get_flags (value);
      break;
    case IR_PROPERTY_STRUCTURE:
      break;
  }
}

static void
read_value (gpointer object, const IrProperty *row, GValue *value)
{
  switch (row->type) {
    case IR_PROPERTY_TEXT:
      g_value_set_string (value, FIELD (object, row, char *));
      break;
    case IR_PROPERTY_BOOLEAN:
      g_value_set_boolean (value, FIELD (object, row, gboolean));
      break;
    case IR_PROPERTY_INT:
      g_value_set_int (value, FIELD (object, row, gint));
      break;
    case IR_PROPERTY_UINT:
      g_value_set_uint (value, FIELD (object, row, guint));
      break;
    case IR_PROPERTY_UINT64:
      g_value_set_uint64 (value, FIELD (object, row, guint64));
      break;
    case IR_PROPERTY_FLOAT:
      g_value_set_float (value, FIELD (object, row, float));
      break;
    case IR_PROPERTY_DOUBLE:
      g_value_set_double (value, FIELD (object, row, double));
      break;
    case IR_PROPERTY_ENUM:
      g_value_set_enum (value, FIELD (object, row, gint));
      break;
    case IR_PROPERTY_FLAGS:
      g_value_set_flags (value, FIELD (object, row, guint));
      break;
    case IR_PROPERTY_STRUCTURE:
      break;
  }
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  const IrPropertyTable *table = table_of (spec);
  const IrProperty *row = &table->rows[id - 1];

  GST_OBJECT_LOCK (object);
  write_value (object, row, value);
  if (row->mark)
    G_STRUCT_MEMBER (guint, object, row->mark) |= row->bit;
  if (table->changed)
    G_STRUCT_MEMBER (guint, object, table->changed) |=
        row->live ? IR_CHANGED_LIVE : IR_CHANGED_READY;
  GST_OBJECT_UNLOCK (object);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  const IrProperty *row = &table_of (spec)->rows[id - 1];

  if (row->read) {
    row->read (object, value);
    return;
  }
  GST_OBJECT_LOCK (object);
  read_value (object, row, value);
  GST_OBJECT_UNLOCK (object);
}

static GParamSpec *
make_spec (const IrProperty *row, const char *blurb, GParamFlags flags)
{
  const char *name = row->name, *nick = row->nick;

  switch (row->type) {
    case IR_PROPERTY_TEXT:
      return g_param_spec_string (name, nick, blurb, row->text, flags);
    case IR_PROPERTY_BOOLEAN:
      return g_param_spec_boolean (name, nick, blurb, row->def != 0, flags);
    case IR_PROPERTY_INT:
      return g_param_spec_int (
          name, nick, blurb, row->least, row->most, row->def, flags);
    case IR_PROPERTY_UINT:
      return g_param_spec_uint (
          name, nick, blurb, row->least, row->most, row->def, flags);
    case IR_PROPERTY_UINT64:
      return g_param_spec_uint64 (
          name, nick, blurb, 0, G_MAXUINT64, row->def, flags);
    case IR_PROPERTY_FLOAT:
      return g_param_spec_float (
          name, nick, blurb, row->least, row->most, row->def, flags);
    case IR_PROPERTY_DOUBLE:
      return g_param_spec_double (
          name, nick, blurb, row->least, row->most, row->def, flags);
    case IR_PROPERTY_ENUM:
      return g_param_spec_enum (
          name, nick, blurb, row->values (), row->def, flags);
    case IR_PROPERTY_FLAGS:
      return g_param_spec_flags (
          name, nick, blurb, row->values (), row->def, flags);
    case IR_PROPERTY_STRUCTURE:
      return g_param_spec_boxed (name, nick, blurb, GST_TYPE_STRUCTURE, flags);
  }
  g_return_val_if_reached (NULL);
}

static GParamFlags
flags_of (const IrProperty *row)
{
  GParamFlags flags = G_PARAM_STATIC_NAME | G_PARAM_STATIC_NICK;

  if (row->describe == NULL)
    flags |= G_PARAM_STATIC_BLURB;
  if (row->read)
    return flags | G_PARAM_READABLE;
  return flags | G_PARAM_READWRITE |
      (row->live ? GST_PARAM_MUTABLE_PLAYING : GST_PARAM_MUTABLE_READY);
}

void
ir_properties_install (GObjectClass *klass, const IrPropertyTable *table)
{
  g_type_set_qdata (
      G_OBJECT_CLASS_TYPE (klass), table_quark (), (gpointer) table);
  klass->set_property = set_property;
  klass->get_property = get_property;
  for (guint i = 0; i < table->n_rows; i++) {
    const IrProperty *row = &table->rows[i];
    g_autofree char *made = row->describe ? row->describe () : NULL;

    if (row->values)
      gst_type_mark_as_plugin_api (row->values (), 0);
    g_object_class_install_property (klass, i + 1,
        make_spec (row, made ? made : row->blurb, flags_of (row)));
  }
}

void
ir_properties_init (gpointer object, const IrPropertyTable *table)
{
  for (guint i = 0; i < table->n_rows; i++) {
    const IrProperty *row = &table->rows[i];
    GParamSpec *spec;

    if (row->read)
      continue;
    spec =
        g_object_class_find_property (G_OBJECT_GET_CLASS (object), row->name);
    write_value (object, row, g_param_spec_get_default_value (spec));
  }
}

void
ir_properties_clear (gpointer object, const IrPropertyTable *table)
{
  for (guint i = 0; i < table->n_rows; i++) {
    const IrProperty *row = &table->rows[i];

    if (row->type == IR_PROPERTY_TEXT && row->read == NULL)
      g_clear_pointer (&FIELD (object, row, char *), g_free);
  }
}
