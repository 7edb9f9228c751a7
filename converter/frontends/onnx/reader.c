/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  IrSource *source;
  OnnxFile *file;
  OnnxFolder folder;
} Reader;

OnnxFile *
onnx_file_ref (OnnxFile *file)
{
  g_atomic_ref_count_inc (&file->refs);
  return file;
}

void
onnx_file_unref (OnnxFile *file)
{
  if (!g_atomic_ref_count_dec (&file->refs))
    return;
  ir_protobuf_clear (&file->unpacked);
  g_free (file);
}

static void
file_release (gpointer file)
{
  onnx_file_unref (file);
}

/* What XML can hold and a terminal doesn't take for orders. */
static gboolean
is_printable (const char *text)
{
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    if (g_unichar_iscntrl (c) || c == 0xfffe || c == 0xffff)
      return FALSE;
  }
  return TRUE;
}

/* Names go into messages and XML. */
static gboolean
read_name (const char *name, const char **out, GError **error)
{
  g_autofree char *shown = NULL;

  *out = "";
  if (name == NULL)
    return TRUE;
  if (!g_utf8_validate (name, -1, NULL) || !is_printable (name)) {
    shown = g_strescape (name, NULL);
    return ir_fail (error, IR_ERROR_PARSE,
        "the name \"%.100s\" is no text or holds control characters", shown);
  }
  *out = name;
  return TRUE;
}

static gboolean
read_names (char *const *names, gsize n, const char **out, GError **error)
{
  for (gsize i = 0; i < n; i++) {
    if (!read_name (names[i], &out[i], error))
      return FALSE;
  }
  return TRUE;
}

/* --- values ------------------------------------------------------------------ */

static gboolean
read_shape (const Onnx__TensorShapeProto *proto, const char *name,
    IrShape *shape, GError **error)
{
  gint64 dims[IR_MAX_RANK];

  if (proto->n_dim > IR_MAX_RANK)
    return ir_fail (error, IR_ERROR_LIMIT,
        "tensor \"%s\" has %" G_GSIZE_FORMAT
        " dimensions; at most %d are possible",
        name, proto->n_dim, IR_MAX_RANK);
  for (gsize i = 0; i < proto->n_dim; i++)
    dims[i] = proto->dim[i]->has_dim_value ? proto->dim[i]->dim_value
                                           : IR_DIM_UNKNOWN;
  if (!ir_shape_init (shape, proto->n_dim, dims, error)) {
    g_prefix_error (error, "tensor \"%s\": ", name);
    return FALSE;
  }
  return TRUE;
}

static IrSourceValue *
read_value (Reader *reader, const Onnx__ValueInfoProto *proto, GError **error)
{
  const Onnx__TypeProto *type = proto->type;
  IrDType dtype = IR_DTYPE_DYNAMIC;
  IrShape shape = ir_shape_unknown ();
  const char *name;

  if (!read_name (proto->name, &name, error))
    return NULL;
  if (type != NULL &&
      (type->sequence_type != NULL || type->map_type != NULL ||
          type->optional_type != NULL)) {
    ir_fail (error, IR_ERROR_UNSUPPORTED,
        "\"%s\" is a %s; only tensors can enter or leave a graph", name,
        type->sequence_type != NULL  ? "sequence"
            : type->map_type != NULL ? "map"
                                     : "optional value");
    return NULL;
  }
  if (type != NULL && type->tensor_type != NULL) {
    const Onnx__TypeProto__Tensor *tensor = type->tensor_type;

    dtype = onnx_dtype (tensor->elem_type);
    if (tensor->elem_type != 0 && dtype == IR_DTYPE_DYNAMIC) {
      ir_fail (error, IR_ERROR_UNSUPPORTED,
          "tensor \"%s\" has the element type %d, which the IR doesn't "
          "have",
          name, tensor->elem_type);
      return NULL;
    }
    if (tensor->shape != NULL &&
        !read_shape (tensor->shape, name, &shape, error))
      return NULL;
  }
  return ir_source_value_new (reader->source, name, dtype, &shape);
}

static gboolean
read_values (Reader *reader, Onnx__ValueInfoProto *const *protos, gsize n,
    GHashTable *except, GPtrArray *into, GError **error)
{
  for (gsize i = 0; i < n; i++) {
    IrSourceValue *value;

    if (except != NULL && protos[i]->name != NULL &&
        g_hash_table_contains (except, protos[i]->name))
      continue;
    value = read_value (reader, protos[i], error);
    if (value == NULL)
      return FALSE;
    g_ptr_array_add (into, value);
  }
  return TRUE;
}

/* --- nodes ------------------------------------------------------------------- */

static IrSourceGraph *read_graph (
    Reader *reader, const Onnx__GraphProto *proto, GError **error);

static void
tensor_release (gpointer tensor)
{
  ir_tensor_unref (tensor);
}

/* NULL if it is no text, which only ops that we don't have take. */
static const char *
read_text (Reader *reader, const ProtobufCBinaryData *bytes)
{
  char *text;

  if (bytes->len == 0)
    return "";
  if (!g_utf8_validate_len ((const char *) bytes->data, bytes->len, NULL))
    return NULL;
  text = ir_source_alloc (reader->source, bytes->len + 1, 1);
  memcpy (text, bytes->data, bytes->len);
  return text;
}

static void
read_f64s (
    Reader *reader, const Onnx__AttributeProto *proto, IrSourceAttr *attr)
{
  double *v =
      ir_source_alloc (reader->source, proto->n_floats, sizeof (double));

  for (gsize i = 0; i < proto->n_floats; i++)
    v[i] = proto->floats[i];
  attr->u.f64s.n = proto->n_floats;
  attr->u.f64s.v = v;
}

static void
read_texts (
    Reader *reader, const Onnx__AttributeProto *proto, IrSourceAttr *attr)
{
  const char **v =
      ir_source_alloc (reader->source, proto->n_strings, sizeof (char *));

  attr->kind = IR_SOURCE_TEXTS;
  for (gsize i = 0; i < proto->n_strings; i++) {
    v[i] = read_text (reader, &proto->strings[i]);
    if (v[i] == NULL)
      attr->kind = IR_SOURCE_OTHER;
  }
  attr->u.texts.n = proto->n_strings;
  attr->u.texts.v = v;
}

static gboolean
read_tensor_attr (Reader *reader, const Onnx__AttributeProto *proto,
    IrSourceAttr *attr, GError **error)
{
  if (proto->t == NULL)
    return ir_fail (
        error, IR_ERROR_PARSE, "attribute \"%s\" lacks its tensor", attr->name);
  /* Text is no tensor of ours; whether it matters is the op's affair. */
  if (onnx_dtype (proto->t->data_type) == IR_DTYPE_DYNAMIC) {
    attr->kind = IR_SOURCE_OTHER;
    return TRUE;
  }
  attr->u.tensor =
      onnx_tensor_read (proto->t, reader->file, &reader->folder, error);
  if (attr->u.tensor == NULL)
    return FALSE;
  ir_source_hold (reader->source, attr->u.tensor, tensor_release);
  return TRUE;
}

static gboolean
read_graph_attr (Reader *reader, const Onnx__AttributeProto *proto,
    IrSourceAttr *attr, GError **error)
{
  if (proto->g == NULL)
    return ir_fail (
        error, IR_ERROR_PARSE, "attribute \"%s\" lacks its graph", attr->name);
  attr->u.graph = read_graph (reader, proto->g, error);
  return attr->u.graph != NULL;
}

/* The types, as bits, that the fields in use belong to. */
static guint
attr_contents (const Onnx__AttributeProto *proto)
{
  const struct {
    gboolean used;
    gint32 type;
  } fields[] = {
    { proto->has_f, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT },
    { proto->has_i, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT },
    { proto->has_s, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING },
    { proto->t != NULL, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR },
    { proto->g != NULL, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH },
    { proto->n_floats > 0, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS },
    { proto->n_ints > 0, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS },
    { proto->n_strings > 0, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS },
  };
  guint bits = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    bits |= (guint) (fields[i].used != 0) << fields[i].type;
  return bits;
}

/* Files of the first versions don't say the type; what holds nothing is an empty
 * list then. Writers leave out zeros, so a type without contents is right. */
static gboolean
attr_type (const Onnx__AttributeProto *proto, const char *name, guint *type,
    GError **error)
{
  guint contents = attr_contents (proto);
  gint first = g_bit_nth_lsf (contents, -1);

  *type = (guint) proto->type;
  if (proto->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED)
    *type =
        first > 0 ? (guint) first : ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
  if (*type > ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTOS)
    return ir_fail (error, IR_ERROR_PARSE,
        "attribute \"%s\" has the unknown type %d", name, proto->type);
  if ((contents & ~(1u << *type)) != 0)
    return ir_fail (error, IR_ERROR_PARSE,
        "attribute \"%s\" holds something else than its type says", name);
  return TRUE;
}

static gboolean
read_attr (Reader *reader, const Onnx__AttributeProto *proto,
    IrSourceAttr *attr, GError **error)
{
  guint type;

  if (!read_name (proto->name, &attr->name, error))
    return FALSE;
  if (attr->name[0] == '\0')
    return ir_fail (error, IR_ERROR_PARSE, "an attribute has no name");
  if (proto->ref_attr_name != NULL && proto->ref_attr_name[0] != '\0') {
    attr->kind = IR_SOURCE_REF;
    return read_name (proto->ref_attr_name, &attr->u.text, error);
  }
  if (!attr_type (proto, attr->name, &type, error))
    return FALSE;
  switch (type) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
      attr->kind = IR_SOURCE_F64;
      attr->u.f = proto->f;
      return TRUE;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
      attr->kind = IR_SOURCE_I64;
      attr->u.i = proto->i;
      return TRUE;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
      attr->u.text = read_text (reader, &proto->s);
      attr->kind = attr->u.text != NULL ? IR_SOURCE_TEXT : IR_SOURCE_OTHER;
      return TRUE;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
      attr->kind = IR_SOURCE_F64S;
      read_f64s (reader, proto, attr);
      return TRUE;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
      attr->kind = IR_SOURCE_I64S;
      attr->u.i64s.n = proto->n_ints;
      attr->u.i64s.v = proto->ints;
      return TRUE;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
      read_texts (reader, proto, attr);
      return TRUE;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
      attr->kind = IR_SOURCE_TENSOR;
      return read_tensor_attr (reader, proto, attr, error);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH:
      attr->kind = IR_SOURCE_GRAPH;
      return read_graph_attr (reader, proto, attr, error);
    default:
      attr->kind = IR_SOURCE_OTHER;
      return TRUE;
  }
}

static gboolean
read_attrs (Reader *reader, const Onnx__NodeProto *proto, IrSourceNode *node,
    GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (gsize i = 0; i < proto->n_attribute; i++) {
    IrSourceAttr *attr = &node->attrs[i];

    if (!read_attr (reader, proto->attribute[i], attr, error))
      return FALSE;
    if (!g_hash_table_add (seen, (gpointer) attr->name))
      return ir_fail (error, IR_ERROR_PARSE,
          "there are two attributes called \"%s\"", attr->name);
  }
  return TRUE;
}

static gboolean
read_node (Reader *reader, const Onnx__NodeProto *proto, GPtrArray *into,
    GError **error)
{
  IrSourceNode *node = ir_source_node_new (
      reader->source, "", proto->n_input, proto->n_output, proto->n_attribute);

  if (!read_name (proto->op_type, &node->type, error) ||
      !read_name (proto->domain, &node->domain, error) ||
      !read_name (proto->name, &node->name, error) ||
      !read_names (proto->input, proto->n_input, node->inputs, error) ||
      !read_names (proto->output, proto->n_output, node->outputs, error))
    return FALSE;
  if (strcmp (node->domain, "ai.onnx") == 0)
    node->domain = "";
  if (node->n_inputs > IR_MAX_INPUTS || node->n_outputs > IR_MAX_OUTPUTS)
    return ir_fail (error, IR_ERROR_LIMIT,
        "node \"%s\" (%s): has %" G_GSIZE_FORMAT " inputs and %" G_GSIZE_FORMAT
        " outputs; at most %d are possible",
        ir_source_node_label (node), node->type, node->n_inputs,
        node->n_outputs, IR_MAX_INPUTS);
  if (!read_attrs (reader, proto, node, error)) {
    g_prefix_error (
        error, "node \"%s\" (%s): ", ir_source_node_label (node), node->type);
    return FALSE;
  }
  g_ptr_array_add (into, node);
  return TRUE;
}

static gboolean
read_nodes (Reader *reader, Onnx__NodeProto *const *protos, gsize n,
    GPtrArray *into, GError **error)
{
  for (gsize i = 0; i < n; i++) {
    if (!read_node (reader, protos[i], into, error))
      return FALSE;
  }
  return TRUE;
}

/* --- graphs ------------------------------------------------------------------ */

static gboolean
read_initializers (Reader *reader, const Onnx__GraphProto *proto,
    IrSourceGraph *graph, GError **error)
{
  for (gsize i = 0; i < proto->n_initializer; i++) {
    const char *name;
    IrTensor *tensor;

    if (!read_name (proto->initializer[i]->name, &name, error))
      return FALSE;
    if (name[0] == '\0')
      return ir_fail (error, IR_ERROR_PARSE, "an initializer has no name");
    tensor = onnx_tensor_read (
        proto->initializer[i], reader->file, &reader->folder, error);
    if (tensor == NULL)
      return FALSE;
    if (!g_hash_table_replace (graph->initializers, (gpointer) name, tensor))
      return ir_fail (error, IR_ERROR_PARSE,
          "there are two initializers called \"%s\"", name);
  }
  if (proto->n_sparse_initializer > 0)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "graph \"%s\" has sparse initializers; save the model with dense "
        "ones",
        graph->name);
  return TRUE;
}

static gboolean
check_values (
    const GPtrArray *values, const char *what, GHashTable *seen, GError **error)
{
  for (guint i = 0; i < values->len; i++) {
    const IrSourceValue *value = values->pdata[i];

    if (value->name[0] == '\0')
      return ir_fail (error, IR_ERROR_PARSE, "an %s has no name", what);
    if (!g_hash_table_add (seen, (gpointer) value->name))
      return ir_fail (error, IR_ERROR_PARSE, "there are two %ss called \"%s\"",
          what, value->name);
  }
  return TRUE;
}

/* Each tensor has one origin, and leaves the graph once. */
static gboolean
check_origins (const IrSourceGraph *graph, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) out = g_hash_table_new (g_str_hash, g_str_equal);

  if (!check_values (graph->inputs, "input", seen, error) ||
      !check_values (graph->outputs, "output", out, error))
    return FALSE;
  for (guint i = 0; i < graph->nodes->len; i++) {
    const IrSourceNode *node = graph->nodes->pdata[i];

    for (gsize o = 0; o < node->n_outputs; o++) {
      const char *name = node->outputs[o];

      if (name[0] == '\0')
        continue;
      if (!g_hash_table_add (seen, (gpointer) name) ||
          g_hash_table_contains (graph->initializers, name))
        return ir_fail (error, IR_ERROR_PARSE,
            "tensor \"%s\" is made by node \"%s\" and by something else too",
            name, ir_source_node_label (node));
    }
  }
  return TRUE;
}

static gboolean
fill_graph (Reader *reader, const Onnx__GraphProto *proto, IrSourceGraph *graph,
    GError **error)
{
  return read_name (proto->name, &graph->name, error) &&
      read_initializers (reader, proto, graph, error) &&
      read_values (reader, proto->input, proto->n_input, graph->initializers,
          graph->inputs, error) &&
      read_values (reader, proto->output, proto->n_output, NULL, graph->outputs,
          error) &&
      read_nodes (reader, proto->node, proto->n_node, graph->nodes, error) &&
      check_origins (graph, error);
}

static IrSourceGraph *
read_graph (Reader *reader, const Onnx__GraphProto *proto, GError **error)
{
  IrSourceGraph *graph = ir_source_graph_new (reader->source, "");

  return fill_graph (reader, proto, graph, error) ? graph : NULL;
}

/* Every node looks through them. */
#define MAX_OPSETS 64

static gboolean
read_opsets (Reader *reader, Onnx__OperatorSetIdProto *const *protos, gsize n,
    GPtrArray *into, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  if (n > MAX_OPSETS)
    return ir_fail (error, IR_ERROR_LIMIT,
        "imports the opsets of %" G_GSIZE_FORMAT
        " domains; at most %d are possible",
        n, MAX_OPSETS);
  for (gsize i = 0; i < n; i++) {
    IrSourceOpset *opset =
        ir_source_alloc (reader->source, 1, sizeof (IrSourceOpset));

    if (!read_name (protos[i]->domain, &opset->domain, error))
      return FALSE;
    if (strcmp (opset->domain, "ai.onnx") == 0)
      opset->domain = "";
    if (!g_hash_table_add (seen, (gpointer) opset->domain))
      return ir_fail (error, IR_ERROR_PARSE,
          "the opset of the domain \"%s\" is imported twice", opset->domain);
    opset->version = protos[i]->version;
    g_ptr_array_add (into, opset);
  }
  return TRUE;
}

static void
array_release (gpointer array)
{
  g_ptr_array_unref (array);
}

static gboolean
read_function_values (Reader *reader, char *const *names, gsize n,
    GPtrArray *into, GError **error)
{
  IrShape shape = ir_shape_unknown ();

  for (gsize i = 0; i < n; i++) {
    const char *name;

    if (!read_name (names[i], &name, error))
      return FALSE;
    g_ptr_array_add (into,
        ir_source_value_new (reader->source, name, IR_DTYPE_DYNAMIC, &shape));
  }
  return TRUE;
}

static gboolean
read_function_attrs (Reader *reader, const Onnx__FunctionProto *proto,
    IrSourceFunction *function, GError **error)
{
  function->n_attrs = proto->n_attribute_proto;
  function->attrs = ir_source_alloc (
      reader->source, function->n_attrs, sizeof (IrSourceAttr));
  for (gsize i = 0; i < function->n_attrs; i++) {
    if (!read_attr (
            reader, proto->attribute_proto[i], &function->attrs[i], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
fill_function (Reader *reader, const Onnx__FunctionProto *proto,
    IrSourceFunction *function, GError **error)
{
  IrSourceGraph *graph = function->graph;

  return read_name (proto->domain, &function->domain, error) &&
      read_opsets (reader, proto->opset_import, proto->n_opset_import,
          function->opsets, error) &&
      read_function_values (
          reader, proto->input, proto->n_input, graph->inputs, error) &&
      read_function_values (
          reader, proto->output, proto->n_output, graph->outputs, error) &&
      read_function_attrs (reader, proto, function, error) &&
      read_nodes (reader, proto->node, proto->n_node, graph->nodes, error) &&
      check_origins (graph, error);
}

static gboolean
read_function (Reader *reader, const Onnx__FunctionProto *proto, GError **error)
{
  IrSource *source = reader->source;
  IrSourceFunction *function =
      ir_source_alloc (source, 1, sizeof (IrSourceFunction));

  function->graph = ir_source_graph_new (source, "");
  function->opsets = g_ptr_array_new ();
  ir_source_hold (source, function->opsets, array_release);
  g_ptr_array_add (source->functions, function);
  if (!read_name (proto->name, &function->type, error))
    return FALSE;
  if (fill_function (reader, proto, function, error))
    return TRUE;
  g_prefix_error (error, "function \"%s\": ", function->type);
  return FALSE;
}

/* The graph keeps it in a list that it searches. */
#define MAX_METADATA 4096

static gboolean
read_metadata (Reader *reader, const Onnx__ModelProto *proto, GError **error)
{
  if (proto->n_metadata_props > MAX_METADATA)
    return ir_fail (error, IR_ERROR_LIMIT, "more than %d entries of metadata",
        MAX_METADATA);
  for (gsize i = 0; i < proto->n_metadata_props; i++) {
    const char *key = proto->metadata_props[i]->key;
    const char *value = proto->metadata_props[i]->value;

    if (key != NULL && value != NULL && g_utf8_validate (key, -1, NULL) &&
        g_utf8_validate (value, -1, NULL))
      g_hash_table_replace (
          reader->source->metadata, g_strdup (key), g_strdup (value));
  }
  return TRUE;
}

/* The first versions of the format knew one set of ops only. */
static void
default_opset (Reader *reader, const Onnx__ModelProto *proto)
{
  IrSourceOpset *opset;

  if (proto->n_opset_import > 0 || proto->ir_version >= 3)
    return;
  opset = ir_source_alloc (reader->source, 1, sizeof (IrSourceOpset));
  opset->domain = "";
  opset->version = 1;
  g_ptr_array_add (reader->source->opsets, opset);
}

static gboolean
read_model (Reader *reader, const Onnx__ModelProto *proto, GError **error)
{
  IrSource *source = reader->source;

  if (proto->graph == NULL)
    return ir_fail (error, IR_ERROR_PARSE, "the file has no graph");
  default_opset (reader, proto);
  if (!read_opsets (reader, proto->opset_import, proto->n_opset_import,
          source->opsets, error) ||
      !fill_graph (reader, proto->graph, source->graph, error))
    return FALSE;
  for (gsize i = 0; i < proto->n_functions; i++) {
    if (!read_function (reader, proto->functions[i], error))
      return FALSE;
  }
  return read_metadata (reader, proto, error);
}

static void
map_release (gpointer map)
{
  g_mapped_file_unref (map);
}

static void
folder_init (OnnxFolder *folder, const char *path)
{
  g_autofree char *name = g_path_get_dirname (path);
  char *real = realpath (name, NULL);

  folder->folder = g_strdup (real != NULL ? real : name);
  folder->maps =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, map_release);
  free (real);
}

IrSource *
onnx_read (const char *path, const IrReadOptions *options, GError **error)
{
  g_autoptr (IrSource) source = NULL;
  Reader reader = { NULL };
  IrProtobuf unpacked;
  gboolean ok;

  if (!ir_protobuf_unpack_file (
          &onnx__model_proto__descriptor, path, &unpacked, error))
    return NULL;
  source = ir_source_new (path);
  reader.source = source;
  reader.file = g_new (OnnxFile, 1);
  reader.file->unpacked = unpacked;
  g_atomic_ref_count_init (&reader.file->refs);
  ir_source_hold (source, reader.file, file_release);
  folder_init (&reader.folder, path);
  ok = read_model (&reader, (const Onnx__ModelProto *) unpacked.message, error);
  onnx_folder_clear (&reader.folder);
  if (ok)
    return g_steal_pointer (&source);
  g_prefix_error (error, "%s: ", path);
  return NULL;
}

/* A model begins with its format's version: tag 0x08, a small number; other
 * formats on top of protobuf begin with messages. */
gboolean
onnx_probe (const guint8 *head, gsize n)
{
  return n > 4 && head[0] == 0x08 && head[1] > 0 && head[1] < 64 &&
      (head[2] == 0x12 || head[2] == 0x3a || head[2] == 0x42);
}
