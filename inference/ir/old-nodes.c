/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nodes, constants and weights of old layers. */
#include "old.h"

#include <string.h>

const IrPort IR_OLD_NONE = { NULL, 0 };

void
ir_old_fail (IrOld *old, IrErrorCode code, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  if (old->error)
    return;
  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  ir_layer_fail (old->layer, &old->error, code, "%s", message);
}

/* --- shapes ---------------------------------------------------------------- */

const IrShape *
ir_old_in_shape (const IrOld *old, gsize index)
{
  const IrLayerPort *port =
      ir_layers_port (old->layers, old->layer->first_in + index);
  const IrLayer *source = ir_layers_get (old->layers, (gsize) port->source);

  return &source->shapes[port->source_port];
}

const IrShape *
ir_old_out_shape (const IrOld *old, gsize index)
{
  return &old->layer->shapes[index];
}

gint64
ir_old_channels (const IrOld *old)
{
  const IrShape *shape = ir_old_in_shape (old, 0);

  return shape->rank > 1 ? shape->dim[1] : shape->rank > 0 ? shape->dim[0] : 1;
}

/* --- nodes ----------------------------------------------------------------- */

IrPort
ir_old_op_of (IrOld *old, const char *suffix, const char *type, guint opset,
    const IrPort *in, gsize n, gsize n_outputs)
{
  const IrOpDesc *op = ir_op_lookup_number (type, opset);
  g_autofree char *name = suffix
      ? g_strconcat (old->layer->name, "/", suffix, NULL)
      : g_strdup (old->layer->name);

  for (gsize i = 0; i < n && !old->error; i++)
    if (!in[i].node)
      ir_old_fail (old, IR_ERROR_INTERNAL, "an input was not made");
  if (old->error)
    return IR_OLD_NONE;
  return ir_port (ir_graph_add (old->graph, op, name, in, n, n_outputs), 0);
}

#define MAX_OPERANDS 6

IrPort
ir_old_op (
    IrOld *old, const char *suffix, const char *type, guint opset, gsize n, ...)
{
  IrPort in[MAX_OPERANDS];
  va_list args;

  va_start (args, n);
  for (gsize i = 0; i < n && i < MAX_OPERANDS; i++)
    in[i] = va_arg (args, IrPort);
  va_end (args);
  return ir_old_op_of (old, suffix, type, opset, in, n, 0);
}

void
ir_old_set (IrOld *old, IrPort port, const char *attr, const char *value)
{
  g_autoptr (GError) reason = NULL;

  if (port.node && !ir_node_set_text (port.node, attr, value, &reason))
    ir_old_fail (old, IR_ERROR_PARSE, "%s", reason->message);
}

void
ir_old_out (IrOld *old, gsize index, IrPort port)
{
  if (index < old->layer->n_out)
    old->layer->outs[index] = port;
}

IrPort
ir_old_add_convert (IrOld *old, const char *suffix, IrPort port, IrDType dtype)
{
  IrPort out = ir_old_op (old, suffix, "Convert", 1, 1, port);

  ir_old_set (old, out, "destination_type", ir_dtype_name (dtype));
  return out;
}

/* --- constants ------------------------------------------------------------- */

IrPort
ir_old_add_const (IrOld *old, const char *suffix, IrTensor *value)
{
  IrPort out = ir_old_op (old, suffix, "Const", 1, 0);

  if (out.node)
    ir_node_set_const (out.node, value);
  return out;
}

IrPort
ir_old_list (IrOld *old, const char *suffix, const gint64 *values, gsize n)
{
  g_autoptr (IrTensor) value = ir_tensor_new_i64 (values, n);

  return ir_old_add_const (old, suffix, value);
}

IrPort
ir_old_number (IrOld *old, const char *suffix, double number)
{
  g_autoptr (IrTensor) value = ir_tensor_new_scalar (IR_DTYPE_F32, number);

  return ir_old_add_const (old, suffix, value);
}

IrPort
ir_old_index (IrOld *old, const char *suffix, gint64 index)
{
  g_autoptr (IrTensor) value =
      ir_tensor_new_scalar (IR_DTYPE_I64, (double) index);

  return ir_old_add_const (old, suffix, value);
}

/* --- blobs ----------------------------------------------------------------- */

static IrDType
parse_precision (IrOld *old, const xmlNode *xml, IrDType def)
{
  const char *text = ir_dom_attr (xml, "precision");
  g_autoptr (GError) reason = NULL;
  IrDType dtype = def;

  if (text && !ir_dtype_parse (text, &dtype, &reason))
    ir_old_fail (old, IR_ERROR_UNSUPPORTED, "%s", reason->message);
  if (dtype == IR_DTYPE_DYNAMIC)
    ir_old_fail (old, IR_ERROR_PARSE, "has no precision");
  return dtype;
}

IrDType
ir_old_dtype (IrOld *old)
{
  IrDType dtype = parse_precision (old, old->layer->xml, IR_DTYPE_F32);

  return dtype == IR_DTYPE_F16 ? IR_DTYPE_F32 : dtype;
}

/* In <blobs>, in version 2 in the layer itself. */
static const xmlNode *
find_blob (const IrOld *old, const char *tag)
{
  const xmlNode *blobs = ir_dom_child (old->layer->xml, "blobs");
  const xmlNode *blob = ir_dom_child (blobs, tag);

  return blob ? blob : ir_dom_child (old->layer->xml, tag);
}

gboolean
ir_old_has_blob (const IrOld *old, const char *tag)
{
  return find_blob (old, tag) != NULL;
}

typedef struct {
  IrDType dtype;
  guint64 offset;
  guint64 size;
} Blob;

static gboolean
read_blob (IrOld *old, const char *tag, Blob *blob)
{
  const xmlNode *xml = find_blob (old, tag);

  if (old->error)
    return FALSE;
  if (!xml) {
    ir_old_fail (old, IR_ERROR_PARSE, "has no <%s>", tag);
    return FALSE;
  }
  blob->dtype = parse_precision (
      old, xml, parse_precision (old, old->layer->xml, IR_DTYPE_F32));
  return !old->error &&
      ir_dom_get_u64 (xml, "offset", &blob->offset, &old->error) &&
      ir_dom_get_u64 (xml, "size", &blob->size, &old->error);
}

guint64
ir_old_blob_count (IrOld *old, const char *tag)
{
  Blob blob;

  if (!read_blob (old, tag, &blob))
    return 0;
  return blob.size / MAX (ir_dtype_size (blob.dtype), 1);
}

static gboolean
has_size (IrOld *old, const char *tag, const Blob *blob, const IrShape *shape)
{
  guint64 count;
  gsize need;

  if (ir_shape_count (shape, &count) &&
      ir_dtype_bytes (blob->dtype, count, &need) && blob->size == need)
    return TRUE;
  ir_old_fail (old, IR_ERROR_PARSE,
      "<%s> has %" G_GUINT64_FORMAT
      " bytes, which is not what the layer's sizes take",
      tag, blob->size);
  return FALSE;
}

IrTensor *
ir_old_blob_tensor (IrOld *old, const char *tag, const IrShape *shape)
{
  Blob blob;

  if (!read_blob (old, tag, &blob) || !has_size (old, tag, &blob, shape))
    return NULL;
  return ir_layer_map_weights (old->reader, old->layer, blob.dtype, shape,
      blob.offset, blob.size, &old->error);
}

IrPort
ir_old_blob (IrOld *old, const char *tag, const IrShape *shape)
{
  g_autoptr (IrTensor) value = ir_old_blob_tensor (old, tag, shape);
  g_autofree char *half = g_strconcat (tag, "_compressed", NULL);
  IrPort stored, out;

  if (!value)
    return IR_OLD_NONE;
  if (value->dtype != IR_DTYPE_F16)
    return ir_old_add_const (old, tag, value);
  stored = ir_old_add_const (old, half, value);
  out = ir_old_add_convert (old, tag, stored, IR_DTYPE_F32);
  if (out.node)
    ir_graph_add_rt_info (
        old->graph, &out.node->rt_info, "decompression", "0", NULL, NULL, 0);
  return out;
}

IrPort
ir_old_channel_blob (IrOld *old, const char *tag)
{
  const IrShape *in = ir_old_in_shape (old, 0);
  const gint64 channels = ir_old_channels (old);
  IrShape shape = ir_shape_of_rank (MAX (in->rank, 1));

  for (gint d = 0; d < shape.rank; d++)
    shape.dim[d] = 1;
  if (ir_old_blob_count (old, tag) != 1)
    shape.dim[in->rank > 1 ? 1 : 0] = channels;
  return ir_old_blob (old, tag, &shape);
}
