/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reader.h"

#include "text.h"

#include <string.h>

/*
 * Caffe's blobs can be written over: a layer's top may be the bottom of the same
 * layer. Tensors can't; each top gets one of its own, called as the layer, and
 * `blobs` says which tensor a blob is at the moment.
 */
typedef struct {
  IrSource *source;
  GHashTable *weights; /* layer name -> GPtrArray of IrTensor, or NULL */
  GHashTable *blobs;   /* blob -> tensor */
  GHashTable *tensors; /* names that are taken */
  GHashTable *read;    /* tensors that some layer reads */
  GHashTable *data;    /* blobs of layers that bring data for training */
  GPtrArray *made;     /* tensors that could be outputs */
} Reader;

/* --- names ---------------------------------------------------------------------- */

/* @name, or with a number behind it if that is taken. */
static const char *
take_name (Reader *reader, const char *name)
{
  const char *free_name = name;

  for (guint i = 1; g_hash_table_contains (reader->tensors, free_name); i++)
    free_name = ir_source_printf (reader->source, "%s:%u", name, i);
  g_hash_table_add (reader->tensors, (gpointer) free_name);
  return free_name;
}

/* The tensor that takes the place of blob @top. */
static const char *
new_tensor (Reader *reader, const CaffeLayer *layer, const char *top)
{
  const char *name = layer->n_tops == 1 && layer->name[0] != '\0' &&
          !g_hash_table_contains (reader->tensors, layer->name)
      ? layer->name
      : top;

  name = take_name (reader, name);
  g_hash_table_replace (reader->blobs, (gpointer) top, (gpointer) name);
  g_ptr_array_add (reader->made, (gpointer) name);
  return name;
}

static gboolean
check_name (const char *name, GError **error)
{
  g_autofree char *shown = NULL;

  if (g_utf8_validate (name, -1, NULL)) {
    const char *at = name;

    while (*at != '\0' && !g_unichar_iscntrl (g_utf8_get_char (at)))
      at = g_utf8_next_char (at);
    if (*at == '\0')
      return TRUE;
  }
  shown = g_strescape (name, NULL);
  return ir_fail (error, IR_ERROR_PARSE,
      "the name \"%.100s\" is no text or holds control characters", shown);
}

static gboolean
check_names (const CaffeLayer *layer, GError **error)
{
  gboolean ok =
      check_name (layer->name, error) && check_name (layer->type, error);

  for (gsize i = 0; ok && i < layer->n_bottoms; i++)
    ok = check_name (layer->bottoms[i], error);
  for (gsize i = 0; ok && i < layer->n_tops; i++)
    ok = check_name (layer->tops[i], error);
  return ok;
}

/* --- inputs --------------------------------------------------------------------- */

static gboolean
add_input (
    Reader *reader, const char *blob, const IrShape *shape, GError **error)
{
  IrSourceValue *value;

  if (!check_name (blob, error))
    return FALSE;
  if (blob[0] == '\0' || g_hash_table_contains (reader->blobs, blob))
    return ir_fail (
        error, IR_ERROR_PARSE, "input \"%s\": another one has that name", blob);
  value = ir_source_value_new (
      reader->source, take_name (reader, blob), IR_DTYPE_F32, shape);
  g_hash_table_insert (reader->blobs, (gpointer) blob, (gpointer) value->name);
  g_ptr_array_add (reader->source->graph->inputs, value);
  return TRUE;
}

/* An Input layer: a shape for each top, or one for all. */
static gboolean
add_input_layer (Reader *reader, const CaffeLayer *layer, GError **error)
{
  gsize n = layer->input != NULL ? layer->input->n_shape : 0;

  if (n > 1 && n != layer->n_tops)
    return ir_fail (error, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " shapes for %" G_GSIZE_FORMAT " tops", n,
        layer->n_tops);
  for (gsize i = 0; i < layer->n_tops; i++) {
    IrShape shape = ir_shape_unknown ();

    if (n > 0) {
      const Caffe__BlobShape *proto = layer->input->shape[MIN (i, n - 1)];

      if (!caffe_shape (proto->dim, proto->n_dim, &shape, error))
        return FALSE;
    }
    if (!add_input (reader, layer->tops[i], &shape, error))
      return FALSE;
  }
  return TRUE;
}

/* --- layers --------------------------------------------------------------------- */

static gboolean
find_bottom (
    Reader *reader, const char *blob, const char **tensor, GError **error)
{
  IrShape shape = ir_shape_unknown ();

  /* What brings data for training is an input if it is read. */
  if (!g_hash_table_contains (reader->blobs, blob) &&
      g_hash_table_contains (reader->data, blob) &&
      !add_input (reader, blob, &shape, error))
    return FALSE;
  *tensor = g_hash_table_lookup (reader->blobs, blob);
  if (*tensor == NULL)
    return ir_fail (error, IR_ERROR_PARSE,
        "reads \"%s\", which no layer before it makes", blob);
  g_hash_table_add (reader->read, (gpointer) *tensor);
  return TRUE;
}

static void
add_weights (Reader *reader, const CaffeLayer *layer, const GPtrArray *blobs,
    IrSourceNode *node)
{
  for (guint i = 0; i < blobs->len; i++) {
    const char *name = take_name (
        reader, ir_source_printf (reader->source, "%s/blob%u", layer->name, i));

    node->inputs[layer->n_bottoms + i] = name;
    g_hash_table_insert (reader->source->graph->initializers, (gpointer) name,
        ir_tensor_ref (blobs->pdata[i]));
  }
}

static gboolean
check_top (Reader *reader, const CaffeLayer *layer, gsize i, GError **error)
{
  const char *top = layer->tops[i];

  if (top[0] == '\0')
    return ir_fail (error, IR_ERROR_PARSE, "has a top without a name");
  for (gsize k = 0; k < layer->n_bottoms; k++) {
    if (strcmp (layer->bottoms[k], top) == 0)
      return TRUE;
  }
  return !g_hash_table_contains (reader->blobs, top) ||
      ir_fail (error, IR_ERROR_PARSE,
          "makes \"%s\", which a layer before it has made already", top);
}

static gboolean
add_node (Reader *reader, const CaffeLayer *layer, GError **error)
{
  const GPtrArray *blobs = reader->weights != NULL
      ? g_hash_table_lookup (reader->weights, layer->name)
      : NULL;
  gsize n_blobs = blobs != NULL ? blobs->len : 0;
  IrSourceNode *node;

  if (layer->n_bottoms + n_blobs > IR_MAX_INPUTS ||
      layer->n_tops > IR_MAX_OUTPUTS)
    return ir_fail (error, IR_ERROR_LIMIT,
        "has too many bottoms or tops; at most %d are possible", IR_MAX_INPUTS);
  node = ir_source_node_new (reader->source, layer->type,
      layer->n_bottoms + n_blobs, layer->n_tops, 0);
  node->name = layer->name;
  caffe_attrs_read (reader->source, layer, 1, node);
  node->attrs[0] = (IrSourceAttr){ CAFFE_ATTR_BLOBS, IR_SOURCE_I64,
    { .i = (gint64) n_blobs } };
  for (gsize i = 0; i < layer->n_bottoms; i++) {
    if (!find_bottom (reader, layer->bottoms[i], &node->inputs[i], error))
      return FALSE;
  }
  if (blobs != NULL)
    add_weights (reader, layer, blobs, node);
  for (gsize i = 0; i < layer->n_tops; i++) {
    if (!check_top (reader, layer, i, error))
      return FALSE;
    node->outputs[i] = new_tensor (reader, layer, layer->tops[i]);
  }
  g_ptr_array_add (reader->source->graph->nodes, node);
  return TRUE;
}

static gboolean
add_layer (Reader *reader, const CaffeLayer *layer, GError **error)
{
  switch (caffe_layer_role (layer)) {
    case CAFFE_ROLE_INPUT:
      return add_input_layer (reader, layer, error);
    case CAFFE_ROLE_DATA:
      for (gsize i = 0; i < layer->n_tops; i++)
        g_hash_table_add (reader->data, layer->tops[i]);
      return TRUE;
    case CAFFE_ROLE_END:
      ir_source_note (reader->source,
          "layer \"%s\" (%s) is left out: it is there for training and tests",
          layer->name, layer->type);
      return TRUE;
    default:
      return add_node (reader, layer, error);
  }
}

/* --- the net -------------------------------------------------------------------- */

/* Outputs are what no layer reads. */
static void
add_outputs (Reader *reader)
{
  IrShape shape = ir_shape_unknown ();

  for (guint i = 0; i < reader->made->len; i++) {
    const char *name = reader->made->pdata[i];

    if (!g_hash_table_contains (reader->read, name))
      g_ptr_array_add (reader->source->graph->outputs,
          ir_source_value_new (reader->source, name, IR_DTYPE_DYNAMIC, &shape));
  }
}

/* What a blob is at the end can be asked for by the blob's name, too. */
static void
add_aliases (Reader *reader)
{
  GHashTableIter iter;
  gpointer blob, tensor;

  g_hash_table_iter_init (&iter, reader->blobs);
  while (g_hash_table_iter_next (&iter, &blob, &tensor)) {
    if (!g_hash_table_contains (reader->tensors, blob))
      g_hash_table_insert (reader->source->aliases, tensor, blob);
  }
}

static gboolean
read_net (Reader *reader, const CaffeNet *net, GError **error)
{
  for (guint i = 0; i < net->inputs->len; i++) {
    const CaffeInput *input = &g_array_index (net->inputs, CaffeInput, i);

    if (!add_input (reader, input->name, &input->shape, error))
      return FALSE;
  }
  for (guint i = 0; i < net->layers->len; i++) {
    const CaffeLayer *layer = &g_array_index (net->layers, CaffeLayer, i);

    if (!check_names (layer, error))
      return FALSE;
    if (caffe_layer_is_in (layer, net) && !add_layer (reader, layer, error)) {
      g_prefix_error (error, "layer \"%s\" (%s): ", layer->name, layer->type);
      return FALSE;
    }
  }
  add_outputs (reader);
  add_aliases (reader);
  return TRUE;
}

static void
reader_init (Reader *reader, IrSource *source, GHashTable *weights)
{
  reader->source = source;
  reader->weights = weights;
  reader->blobs = g_hash_table_new (g_str_hash, g_str_equal);
  reader->tensors = g_hash_table_new (g_str_hash, g_str_equal);
  reader->read = g_hash_table_new (g_str_hash, g_str_equal);
  reader->data = g_hash_table_new (g_str_hash, g_str_equal);
  reader->made = g_ptr_array_new ();
}

static void
reader_clear (Reader *reader)
{
  g_hash_table_unref (reader->blobs);
  g_hash_table_unref (reader->tensors);
  g_hash_table_unref (reader->read);
  g_hash_table_unref (reader->data);
  g_ptr_array_unref (reader->made);
}

/* --- the files ------------------------------------------------------------------ */

static void
unpacked_free (gpointer data)
{
  IrProtobuf *unpacked = data;

  ir_protobuf_clear (unpacked);
  g_free (unpacked);
}

/* The names of the net live in the source's own copy of the unpacked text. */
static const Caffe__NetParameter *
read_text (IrSource *source, const char *path, GError **error)
{
  g_autoptr (GPtrArray) unknown = g_ptr_array_new_with_free_func (g_free);
  IrProtobuf *unpacked = g_new0 (IrProtobuf, 1);

  ir_source_hold (source, unpacked, unpacked_free);
  if (!ir_text_unpack_file (
          &caffe__net_parameter__descriptor, path, unknown, unpacked, error))
    return NULL;
  for (guint i = 0; i < unknown->len; i++)
    ir_source_note (source,
        "%s: the field %s is not known; it is not looked at", path,
        (const char *) unknown->pdata[i]);
  return (const Caffe__NetParameter *) unpacked->message;
}

/* (transfer full): the text that goes with a .caffemodel. */
static char *
text_path (const char *path, const IrReadOptions *options, GError **error)
{
  g_autofree char *beside = NULL;
  const char *dot = strrchr (path, '.');

  if (options->proto != NULL)
    return g_strdup (options->proto);
  if (dot == NULL || strchr (dot, '/') != NULL)
    dot = path + strlen (path);
  beside = g_strdup_printf ("%.*s.prototxt", (int) (dot - path), path);
  if (g_file_test (beside, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&beside);
  ir_fail (error, IR_ERROR_NOT_FOUND,
      "%s: a Caffe model takes its .prototxt, too, but there is no %s; give it "
      "with --input_proto",
      path, beside);
  return NULL;
}

static gboolean
read_files (
    IrSource *source, const char *text, const char *weights, GError **error)
{
  const Caffe__NetParameter *proto = read_text (source, text, error);
  g_autoptr (GHashTable) blobs = NULL;
  g_auto (CaffeNet) net = { 0 };
  Reader reader;
  gboolean ok;

  if (proto == NULL ||
      (weights != NULL && !(blobs = caffe_weights_read (weights, error))))
    return FALSE;
  reader_init (&reader, source, blobs);
  ok = caffe_net_init (&net, proto, error) && read_net (&reader, &net, error);
  reader_clear (&reader);
  if (!ok)
    g_prefix_error (error, "%s: ", text);
  else if (proto->name != NULL && check_name (proto->name, NULL))
    source->graph->name = proto->name;
  return ok;
}

IrSource *
caffe_read (const char *path, const IrReadOptions *options, GError **error)
{
  g_autoptr (IrSource) source = ir_source_new (path);
  g_autofree char *lower = g_ascii_strdown (path, -1);
  gboolean is_text = options->proto == NULL &&
      (g_str_has_suffix (lower, ".prototxt") ||
          g_str_has_suffix (lower, ".pbtxt"));
  g_autofree char *text =
      is_text ? g_strdup (path) : text_path (path, options, error);

  source->nodes_first = TRUE;
  if (text == NULL || !read_files (source, text, is_text ? NULL : path, error))
    return NULL;
  return g_steal_pointer (&source);
}
