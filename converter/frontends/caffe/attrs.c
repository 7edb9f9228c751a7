/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is set in a protobuf message, as attributes. */
#include "reader.h"

#include <string.h>

typedef struct {
  IrSource *source;
  GArray *attrs; /* IrSourceAttr */
} Reader;

static void read_message (
    Reader *reader, const ProtobufCMessage *message, const char *prefix);

static gconstpointer
member (const ProtobufCMessage *message, guint offset)
{
  return (const guint8 *) message + offset;
}

/* How many values there are; of a field without "repeated", 0 or 1. */
static gsize
count_values (
    const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
  if (field->label == PROTOBUF_C_LABEL_REPEATED)
    return *(const size_t *) member (message, field->quantifier_offset);
  if (field->type == PROTOBUF_C_TYPE_MESSAGE ||
      field->type == PROTOBUF_C_TYPE_STRING)
    return *(const gconstpointer *) member (message, field->offset) != NULL;
  return *(const protobuf_c_boolean *) member (
             message, field->quantifier_offset) != 0;
}

static gint64
integer_at (ProtobufCType type, gconstpointer values, gsize i)
{
  switch (type) {
    case PROTOBUF_C_TYPE_UINT32:
      return ((const guint32 *) values)[i];
    case PROTOBUF_C_TYPE_INT64:
      return ((const gint64 *) values)[i];
    case PROTOBUF_C_TYPE_BOOL:
      return ((const protobuf_c_boolean *) values)[i] != 0;
    default:
      return ((const gint32 *) values)[i];
  }
}

static void
read_reals (Reader *reader, const float *values, gsize n, gboolean is_list,
    IrSourceAttr *attr)
{
  double *v = ir_source_alloc (reader->source, n, sizeof (double));

  for (gsize i = 0; i < n; i++)
    v[i] = values[i];
  attr->kind = is_list ? IR_SOURCE_F64S : IR_SOURCE_F64;
  if (is_list)
    attr->u.f64s = (IrF64s){ n, v };
  else
    attr->u.f = v[0];
}

static void
read_integers (Reader *reader, ProtobufCType type, gconstpointer values,
    gsize n, gboolean is_list, IrSourceAttr *attr)
{
  gint64 *v = ir_source_alloc (reader->source, n, sizeof (gint64));

  for (gsize i = 0; i < n; i++)
    v[i] = integer_at (type, values, i);
  attr->kind = is_list ? IR_SOURCE_I64S : IR_SOURCE_I64;
  if (is_list)
    attr->u.i64s = (IrI64s){ n, v };
  else
    attr->u.i = v[0];
}

static void
read_field (Reader *reader, const ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field, const char *name)
{
  gboolean is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
  gsize n = count_values (message, field);
  gconstpointer values = member (message, field->offset);
  IrSourceAttr attr = { .name = name, .kind = IR_SOURCE_TEXT };

  if (is_list)
    values = *(const gconstpointer *) values;
  switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
      if (!is_list)
        read_message (reader, *(ProtobufCMessage *const *) values, name);
      return;
    case PROTOBUF_C_TYPE_STRING:
      attr.u.text = *(const char *const *) values;
      break;
    case PROTOBUF_C_TYPE_ENUM:
      attr.u.text = protobuf_c_enum_descriptor_get_value (
          field->descriptor, *(const int *) values)
                        ->name;
      break;
    case PROTOBUF_C_TYPE_FLOAT:
      read_reals (reader, values, n, is_list, &attr);
      break;
    default:
      read_integers (reader, field->type, values, n, is_list, &attr);
      break;
  }
  g_array_append_val (reader->attrs, attr);
}

static void
read_message (
    Reader *reader, const ProtobufCMessage *message, const char *prefix)
{
  for (guint i = 0; i < message->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

    if (count_values (message, field) > 0)
      read_field (reader, message, field,
          ir_source_printf (reader->source, "%s.%s", prefix, field->name));
  }
}

void
caffe_attrs_read (
    IrSource *source, const CaffeLayer *layer, gsize extra, IrSourceNode *node)
{
  const ProtobufCMessageDescriptor *desc = layer->params->descriptor;
  g_autoptr (GArray) attrs = g_array_new (FALSE, TRUE, sizeof (IrSourceAttr));
  Reader reader = { source, attrs };

  g_array_set_size (attrs, (guint) extra);
  for (guint i = 0; i < desc->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &desc->fields[i];

    if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
        g_str_has_suffix (field->name, "_param") &&
        count_values (layer->params, field) > 0)
      read_field (&reader, layer->params, field, field->name);
  }
  node->n_attrs = attrs->len;
  node->attrs = ir_source_alloc (source, attrs->len, sizeof (IrSourceAttr));
  memcpy (node->attrs, attrs->data, attrs->len * sizeof (IrSourceAttr));
}
