/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CAFFE_READER_H
#define IR_CAFFE_READER_H

#include "caffe.h"

#include "caffe.pb-c.h"
#include "protobuf.h"

G_BEGIN_DECLS

/* --- the net as today's Caffe would have it (upgrade.c) -------------------------------- */

typedef struct {
  const char *name;
  IrShape shape; /* of unknown rank if the file doesn't say it */
} CaffeInput;

typedef struct {
  const char *name;
  const char *type;
  gsize n_bottoms;
  char *const *bottoms;
  gsize n_tops;
  char *const *tops;
  gsize n_include;
  Caffe__NetStateRule *const *include;
  gsize n_exclude;
  Caffe__NetStateRule *const *exclude;
  gboolean is_for_training;           /* by its own phase */
  const Caffe__InputParameter *input; /* of an Input layer, or NULL */
  const ProtobufCMessage *params;     /* whose fields end in "_param" */
} CaffeLayer;

typedef struct {
  const Caffe__NetState *state; /* or NULL */
  GArray *inputs;               /* CaffeInput: those of the old headers */
  GArray *layers;               /* CaffeLayer, all phases */
} CaffeNet;

/* Everything belongs to @proto, the arrays excepted. */
gboolean caffe_net_init (
    CaffeNet *net, const Caffe__NetParameter *proto, GError **error);
void caffe_net_clear (CaffeNet *net);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CaffeNet, caffe_net_clear)

/* Dimensions that are 0 or less are unknown ones. */
gboolean caffe_shape (
    const gint64 *dims, gsize n, IrShape *shape, GError **error);

/* --- phases (phase.c) -------------------------------------------------------------------- */

/* Whether the layer is part of the net that is deployed. */
gboolean caffe_layer_is_in (const CaffeLayer *layer, const CaffeNet *net);

typedef enum {
  CAFFE_ROLE_LAYER,
  CAFFE_ROLE_INPUT, /* brings data from outside: Input */
  CAFFE_ROLE_DATA,  /* the same for training, shapes unknown */
  CAFFE_ROLE_END,   /* losses, accuracies: nothing is left of them */
} CaffeRole;

CaffeRole caffe_layer_role (const CaffeLayer *layer);

/* --- parameters (attrs.c) ------------------------------------------------------------------ */

/* The fields that are set in the layer's parameters as attributes of @node, called
 * "convolution_param.num_output"; enums are their names. @extra more are left at
 * the front. */
void caffe_attrs_read (
    IrSource *source, const CaffeLayer *layer, gsize extra, IrSourceNode *node);

/* --- weights (weights.c) -------------------------------------------------------------------- */

/* (transfer full): layer name -> GPtrArray of IrTensor, which wrap the unpacked
 * file's memory. */
GHashTable *caffe_weights_read (const char *path, GError **error);

/* The frontend's `read`. (reader.c) */
IrSource *caffe_read (
    const char *path, const IrReadOptions *options, GError **error);

G_END_DECLS

#endif
