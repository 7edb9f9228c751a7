/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CAFFE_H
#define IR_CAFFE_H

#include "../build.h"
#include "../frontend.h"

G_BEGIN_DECLS

/*
 * Inside of the Caffe frontend: what the functions that convert one layer each see
 * and use. The source's nodes are called as layers, and so are their tensors; a
 * layer's weights are its last inputs.
 */

typedef struct {
  const char *type;
  const char *param; /* the field of LayerParameter that the layer reads */
  const char *ir;    /* the op, or a hint for @map */
  guint ir_opset;
  void (*map) (IrBuild *n); /* NULL: the IR's op does the same */
} CaffeRow;

/* A layer; what converts it gets it as its IrBuild. */
typedef struct {
  IrBuild build; /* the first */
  const CaffeRow *row;
  gsize n_bottoms;
} CaffeNode;

static inline CaffeNode *
caffe_node (IrBuild *n)
{
  return (CaffeNode *) n;
}

/* Names of attributes that the reader adds to those of the parameters. */
#define CAFFE_ATTR_BLOBS "blobs" /* how many of the inputs are weights */

/* --- the table (opmap.c) --------------------------------------------------------- */

const CaffeRow *caffe_row_find (const char *type);

/* --- asking (layer.c) -------------------------------------------------------------- */

/* A field of the layer's parameters, or its default; "nms_param.top_k" is one of a
 * message inside. */
gint64 caffe_i64 (IrBuild *n, const char *field, gint64 def);
double caffe_f64 (IrBuild *n, const char *field, double def);
gboolean caffe_bool (IrBuild *n, const char *field, gboolean def);
const char *caffe_text (IrBuild *n, const char *field, const char *def);
/* FALSE and empty if absent. */
gboolean caffe_i64s (IrBuild *n, const char *field, IrI64s *list);
gboolean caffe_f64s (IrBuild *n, const char *field, IrF64s *list);
gboolean caffe_has (IrBuild *n, const char *field);

/* What the layer reads but its weights. */
static inline gsize
caffe_n_bottoms (IrBuild *n)
{
  return caffe_node (n)->n_bottoms;
}

/* How many blobs of weights the .caffemodel has for it. */
static inline gsize
caffe_n_blobs (IrBuild *n)
{
  return n->n_inputs - caffe_node (n)->n_bottoms;
}

/* Blob @index in the shape that the prototxt asks for, of which one dimension may
 * be -1; a failure, with @what naming it, if it is missing or does not fit. */
IrPort caffe_blob (
    IrBuild *n, gsize index, const char *what, const gint64 *dims, gsize count);

/* The axis in field @field, from 0 on. */
gint64 caffe_axis (IrBuild *n, IrPort port, const char *field, gint64 def);
/* A dimension; a failure, asking for --input_shape, if it is not known. */
gint64 caffe_dim (IrBuild *n, IrPort port, gint64 axis);

/* --- building (layer.c) --------------------------------------------------------------- */

/* Reshape where 0 is the input's own dimension. */
IrPort caffe_reshape (IrBuild *n, IrPort port, const gint64 *dims, gsize count);
/* Calls the op as the Model Optimizer does: "LAYER/SUFFIX". */
void caffe_name (IrBuild *n, IrPort port, const char *suffix);
/* The op with a number on its right; nothing is built for what changes nothing. */
IrPort caffe_multiply (IrBuild *n, IrPort port, double factor);
IrPort caffe_add (IrBuild *n, IrPort port, double term);

G_END_DECLS

#endif
