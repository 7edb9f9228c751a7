/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <pre-process>: mean values, a mean image and factors, as ops behind an input. */
#include "old.h"

#include <string.h>

/* What is said of the channels of an input. @mean and @scale have one value for
 * each channel, @image one for each of its pixels. */
typedef struct {
  IrReader *reader;
  const IrLayer *layer;
  IrShape shape;
  IrDType dtype;
  IrTensor *mean;
  IrTensor *scale;
  IrTensor *image;
} Channels;

static void
channels_clear (Channels *channels)
{
  g_clear_pointer (&channels->mean, ir_tensor_unref);
  g_clear_pointer (&channels->scale, ir_tensor_unref);
  g_clear_pointer (&channels->image, ir_tensor_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Channels, channels_clear)

/* The layer of the name; without one the first input of four dimensions. */
static const IrLayer *
find_layer (const IrLayers *layers, const char *name)
{
  for (gsize i = 0; i < layers->layers->len; i++) {
    const IrLayer *layer = ir_layers_get (layers, i);

    if (g_ascii_strcasecmp (layer->type, "Input") == 0 &&
        (name && *name ? strcmp (layer->name, name) == 0
                       : layer->shapes[0].rank == 4))
      return layer;
  }
  return NULL;
}

static gboolean
read_number (const xmlNode *xml, double *value, GError **error)
{
  const char *text;
  char *end;

  if (!ir_dom_get_text (xml, "value", &text, error))
    return FALSE;
  *value = g_ascii_strtod (text, &end);
  if (end == text || *end)
    return ir_dom_fail (
        xml, error, IR_ERROR_PARSE, "value=\"%.64s\" is not a number", text);
  return TRUE;
}

/* Makes the tensor, of @def everywhere, if it is not there. */
static gboolean
need (IrTensor **tensor, const IrShape *shape, double def, GError **error)
{
  if (*tensor)
    return TRUE;
  *tensor = ir_tensor_new (IR_DTYPE_F32, shape, error);
  for (guint64 i = 0; *tensor && i < ir_tensor_count (*tensor); i++)
    ir_tensor_set_f64 (*tensor, i, def);
  return *tensor != NULL;
}

static IrShape
channel_shape (const Channels *channels)
{
  IrShape shape = channels->shape;

  for (gint d = 0; d < shape.rank; d++)
    shape.dim[d] = d == 1 ? shape.dim[1] : 1;
  return shape;
}

/* The pixels of one channel are a blob of the file. */
static gboolean
read_image (
    Channels *channels, const xmlNode *xml, gint64 channel, GError **error)
{
  const guint64 pixels =
      ir_shape_size (&channels->shape, 2, channels->shape.rank);
  const IrShape flat = ir_shape_1d ((gint64) pixels);
  IrShape whole = channels->shape;
  g_autoptr (IrTensor) stored = NULL;
  guint64 offset, size;

  whole.dim[0] = 1;
  if (!ir_dom_get_u64 (xml, "offset", &offset, error) ||
      !ir_dom_get_u64 (xml, "size", &size, error))
    return FALSE;
  stored = ir_layer_map_weights (channels->reader, channels->layer,
      channels->dtype, &flat, offset, size, error);
  if (!stored || !need (&channels->image, &whole, 0, error))
    return FALSE;
  for (guint64 i = 0; i < pixels; i++)
    ir_tensor_set_f64 (channels->image, (guint64) channel * pixels + i,
        ir_tensor_get_f64 (stored, i));
  return TRUE;
}

static gboolean
read_channel (Channels *channels, const xmlNode *xml, GError **error)
{
  const xmlNode *mean = ir_dom_child (xml, "mean");
  const xmlNode *scale = ir_dom_child (xml, "scale");
  const IrShape shape = channel_shape (channels);
  guint64 id;
  double value;

  if (!ir_dom_get_u64 (xml, "id", &id, error))
    return FALSE;
  if (id >= (guint64) channels->shape.dim[1])
    return ir_dom_fail (xml, error, IR_ERROR_PARSE,
        "the input has no channel %" G_GUINT64_FORMAT, id);
  if (mean && ir_dom_attr (mean, "size")) {
    if (!read_image (channels, mean, (gint64) id, error))
      return FALSE;
  } else if (mean) {
    if (!read_number (mean, &value, error) ||
        !need (&channels->mean, &shape, 0, error))
      return FALSE;
    ir_tensor_set_f64 (channels->mean, id, value);
  }
  if (!scale)
    return TRUE;
  if (!read_number (scale, &value, error) ||
      !need (&channels->scale, &shape, 1, error))
    return FALSE;
  if (value == 0)
    return ir_dom_fail (
        scale, error, IR_ERROR_PARSE, "a channel is divided by 0");
  ir_tensor_set_f64 (channels->scale, id, value);
  return TRUE;
}

/* All channels are described, or none. */
static gboolean
read_channels (Channels *channels, const xmlNode *block, GError **error)
{
  const xmlNode *xml;
  guint n = 0;

  for (xml = ir_dom_child (block, "channel"); xml;
       xml = ir_dom_next (xml, "channel"))
    n++;
  if (n != 0 && n != channels->shape.dim[1])
    return ir_dom_fail (block, error, IR_ERROR_PARSE,
        "describes %u channels of %" G_GINT64_FORMAT, n,
        channels->shape.dim[1]);
  for (xml = ir_dom_child (block, "channel"); xml;
       xml = ir_dom_next (xml, "channel"))
    if (!read_channel (channels, xml, error))
      return FALSE;
  return TRUE;
}

/* Puts an op with a constant behind @port; returns what comes out. */
static IrPort
put_behind (IrGraph *graph, IrPort port, const char *name, const char *type,
    IrTensor *value)
{
  g_autofree char *op_name = g_strconcat (port.node->name, "/", name, NULL);
  g_autofree char *const_name = g_strconcat (op_name, "/value", NULL);
  IrNode *constant, *node;

  if (!value)
    return port;
  constant = ir_graph_add_const (graph, const_name, value);
  node =
      ir_graph_add_op (graph, type, 1, op_name, 2, port, ir_port (constant, 0));
  return ir_port (node, 0);
}

static void
apply (IrGraph *graph, const Channels *channels)
{
  const IrPort input = channels->layer->outs[0];
  g_autoptr (GArray) uses = g_array_copy (ir_port_output (input)->uses);
  IrPort out =
      put_behind (graph, input, "mean_image", "Subtract", channels->image);

  out = put_behind (graph, out, "mean", "Subtract", channels->mean);
  out = put_behind (graph, out, "scale", "Divide", channels->scale);
  for (guint i = 0; i < uses->len; i++) {
    const IrUse *use = &g_array_index (uses, IrUse, i);

    ir_node_set_input (use->node, use->index, out);
  }
}

static gboolean
is_picture (const Channels *channels, const xmlNode *block, GError **error)
{
  if (channels->shape.rank == 4 &&
      channels->layer->outs[0].node->op->flags & IR_OP_PARAMETER)
    return TRUE;
  return ir_dom_fail (block, error, IR_ERROR_UNSUPPORTED,
      "input '%s' has no channels to pre-process: it needs four dimensions",
      channels->layer->name);
}

gboolean
ir_old_preprocess (IrReader *reader, const IrLayers *layers, const xmlNode *net,
    IrGraph *graph, GError **error)
{
  const xmlNode *block = ir_dom_child (net, "pre-process");

  for (; block; block = ir_dom_next (block, "pre-process")) {
    g_auto (Channels) channels = { .reader = reader, .dtype = IR_DTYPE_F32 };
    const char *name = ir_dom_attr (block, "reference-layer-name");
    const char *precision = ir_dom_attr (block, "mean-precision");

    channels.layer = find_layer (layers, name);
    if (!channels.layer)
      return ir_dom_fail (block, error, IR_ERROR_PARSE,
          "there is no input '%s' to pre-process", name ? name : "");
    channels.shape = channels.layer->shapes[0];
    if (precision && !ir_dtype_parse (precision, &channels.dtype, error)) {
      ir_dom_prefix (block, error);
      return FALSE;
    }
    if (!is_picture (&channels, block, error) ||
        !read_channels (&channels, block, error))
      return FALSE;
    apply (graph, &channels);
  }
  return TRUE;
}
