/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Old ways to write a net, and the one of today. */
#include "reader.h"

/* What V1 called its types. */
static const char *const v1_types[] = {
#define V1(number, name)                                                       \
  [CAFFE__V1_LAYER_PARAMETER__LAYER_TYPE__##number] = name
  V1 (ABSVAL, "AbsVal"),
  V1 (ACCURACY, "Accuracy"),
  V1 (ARGMAX, "ArgMax"),
  V1 (BNLL, "BNLL"),
  V1 (CONCAT, "Concat"),
  V1 (CONTRASTIVE_LOSS, "ContrastiveLoss"),
  V1 (CONVOLUTION, "Convolution"),
  V1 (DATA, "Data"),
  V1 (DECONVOLUTION, "Deconvolution"),
  V1 (DROPOUT, "Dropout"),
  V1 (DUMMY_DATA, "DummyData"),
  V1 (ELTWISE, "Eltwise"),
  V1 (EUCLIDEAN_LOSS, "EuclideanLoss"),
  V1 (EXP, "Exp"),
  V1 (FLATTEN, "Flatten"),
  V1 (HDF5_DATA, "HDF5Data"),
  V1 (HDF5_OUTPUT, "HDF5Output"),
  V1 (HINGE_LOSS, "HingeLoss"),
  V1 (IM2COL, "Im2col"),
  V1 (IMAGE_DATA, "ImageData"),
  V1 (INFOGAIN_LOSS, "InfogainLoss"),
  V1 (INNER_PRODUCT, "InnerProduct"),
  V1 (LRN, "LRN"),
  V1 (MEMORY_DATA, "MemoryData"),
  V1 (MULTINOMIAL_LOGISTIC_LOSS, "MultinomialLogisticLoss"),
  V1 (MVN, "MVN"),
  V1 (POOLING, "Pooling"),
  V1 (POWER, "Power"),
  V1 (RELU, "ReLU"),
  V1 (SIGMOID, "Sigmoid"),
  V1 (SIGMOID_CROSS_ENTROPY_LOSS, "SigmoidCrossEntropyLoss"),
  V1 (SILENCE, "Silence"),
  V1 (SLICE, "Slice"),
  V1 (SOFTMAX, "Softmax"),
  V1 (SOFTMAX_LOSS, "SoftmaxWithLoss"),
  V1 (SPLIT, "Split"),
  V1 (TANH, "TanH"),
  V1 (THRESHOLD, "Threshold"),
  V1 (WINDOW_DATA, "WindowData"),
#undef V1
};

gboolean
caffe_shape (const gint64 *dims, gsize n, IrShape *shape, GError **error)
{
  gint64 known[IR_MAX_RANK];

  if (n > IR_MAX_RANK)
    return ir_fail (error, IR_ERROR_LIMIT,
        "a shape has %" G_GSIZE_FORMAT " dimensions; at most %d are possible",
        n, IR_MAX_RANK);
  for (gsize i = 0; i < n; i++)
    known[i] = dims[i] > 0 ? dims[i] : IR_DIM_UNKNOWN;
  return ir_shape_init (shape, n, known, error);
}

/* --- inputs --------------------------------------------------------------------- */

/* "input: NAME" with its shape, or with the next four numbers of all dimensions. */
static gboolean
input_shape (const Caffe__NetParameter *proto, gsize index, IrShape *shape,
    GError **error)
{
  gint64 dims[4];

  if (proto->n_input_shape > 0)
    return caffe_shape (proto->input_shape[index]->dim,
        proto->input_shape[index]->n_dim, shape, error);
  *shape = ir_shape_unknown ();
  if (proto->n_input_dim == 0)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (dims); i++)
    dims[i] = proto->input_dim[4 * index + i];
  return caffe_shape (dims, G_N_ELEMENTS (dims), shape, error);
}

static gboolean
add_inputs (CaffeNet *net, const Caffe__NetParameter *proto, GError **error)
{
  if (proto->n_input_shape > 0 && proto->n_input_shape != proto->n_input)
    return ir_fail (error, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " \"input\" and %" G_GSIZE_FORMAT
        " \"input_shape\"; each input takes one",
        proto->n_input, proto->n_input_shape);
  if (proto->n_input_dim > 0 && proto->n_input_dim != 4 * proto->n_input)
    return ir_fail (error, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " \"input\" and %" G_GSIZE_FORMAT
        " \"input_dim\"; each input takes four",
        proto->n_input, proto->n_input_dim);
  for (gsize i = 0; i < proto->n_input; i++) {
    CaffeInput input = { .name = proto->input[i] };

    if (!input_shape (proto, i, &input.shape, error))
      return FALSE;
    g_array_append_val (net->inputs, input);
  }
  return TRUE;
}

/* --- layers --------------------------------------------------------------------- */

/* Of a CaffeLayer, from a message of either form. */
#define SAME_FIELDS(proto)                                                     \
  .name = (proto)->name ? (proto)->name : "", .n_bottoms = (proto)->n_bottom,  \
  .bottoms = (proto)->bottom, .n_tops = (proto)->n_top, .tops = (proto)->top,  \
  .n_include = (proto)->n_include, .include = (proto)->include,                \
  .n_exclude = (proto)->n_exclude, .exclude = (proto)->exclude,                \
  .params = &(proto)->base

static void
add_layer (CaffeNet *net, const Caffe__LayerParameter *proto)
{
  CaffeLayer layer = {
    SAME_FIELDS (proto),
    .type = proto->type ? proto->type : "",
    .is_for_training = proto->has_phase && proto->phase == CAFFE__PHASE__TRAIN,
    .input = proto->input_param,
  };

  g_array_append_val (net->layers, layer);
}

static gboolean
add_v1_layer (
    CaffeNet *net, const Caffe__V1LayerParameter *proto, GError **error)
{
  CaffeLayer layer = {
    SAME_FIELDS (proto),
  };

  if (proto->layer != NULL)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "is written in Caffe's first format (\"layers { layer {\"); Caffe's "
        "upgrade_net_proto_text makes a newer one of it");
  layer.type = v1_types[proto->type];
  if (layer.type == NULL)
    return ir_fail (
        error, IR_ERROR_PARSE, "layer \"%s\" has no type", layer.name);
  g_array_append_val (net->layers, layer);
  return TRUE;
}

gboolean
caffe_net_init (CaffeNet *net, const Caffe__NetParameter *proto, GError **error)
{
  net->state = proto->state;
  net->inputs = g_array_new (FALSE, FALSE, sizeof (CaffeInput));
  net->layers = g_array_new (FALSE, FALSE, sizeof (CaffeLayer));
  if (proto->n_layer > 0 && proto->n_layers > 0)
    return ir_fail (error, IR_ERROR_PARSE,
        "has both \"layer\" and, from older Caffe, \"layers\"");
  if (proto->n_layer == 0 && proto->n_layers == 0)
    return ir_fail (
        error, IR_ERROR_PARSE, "has no \"layer\": it describes no net");
  if (!add_inputs (net, proto, error))
    return FALSE;
  for (gsize i = 0; i < proto->n_layer; i++)
    add_layer (net, proto->layer[i]);
  for (gsize i = 0; i < proto->n_layers; i++) {
    if (!add_v1_layer (net, proto->layers[i], error))
      return FALSE;
  }
  return TRUE;
}

void
caffe_net_clear (CaffeNet *net)
{
  g_clear_pointer (&net->inputs, g_array_unref);
  g_clear_pointer (&net->layers, g_array_unref);
}
