/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_OLD_H
#define IR_OLD_H

#include <ir/attrs.h>

#include "reader.h"

G_BEGIN_DECLS

/*
 * IR versions 2 to 7. A layer may stand for several of today's nodes and has its
 * weights inside. old-layers.inc is the table of them; the functions that its
 * rows name make the nodes of one layer.
 *
 * Failing is remembered: after the first failure the helpers do nothing and return
 * IR_OLD_NONE, so that a row's function needs no checks.
 */

#define IR_OLD_FIRST_VERSION 2
#define IR_OLD_LAST_VERSION 7

typedef struct {
  IrReader *reader;
  const IrLayers *layers;
  IrLayer *layer;
  IrGraph *graph;
  IrPort *in;
  GError *error;
} IrOld;

/* Makes the nodes of a layer; returns output 0. */
typedef IrPort (*IrOldRead) (IrOld *old);

/* A row: layers of @type, whose attribute @key has the value @value if there is
 * one, with @min_in to @max_in inputs. @op and @opset are for the row's function. */
struct _IrOldRow {
  const char *type;
  const char *key;
  const char *value;
  const char *op;
  guint opset;
  guint min_in;
  guint max_in;
  IrOldRead read;
};

extern const IrPort IR_OLD_NONE;

/* The row of a <layer>, NULL if there is none. */
const IrOldRow *ir_old_find (const char *type, const xmlNode *data);

/* The element with the attributes of a layer: <data>, in version 2 also
 * <convolution_data> and the like. NULL if there is none. */
const xmlNode *ir_old_data (const xmlNode *layer);
/* Of attributes '-' and '_' are the same: versions differ. */
const char *ir_old_attr (const xmlNode *data, const char *name);

/* Fills @graph with the layers, and their outputs with the shapes of the file. */
gboolean ir_old_build (IrReader *reader, IrLayers *layers, const xmlNode *net,
    IrGraph *graph, GError **error);
/* Whether what was inferred is what the file says. */
gboolean ir_old_check (const IrLayers *layers, GError **error);

/* <pre-process>: subtracts and divides behind the Parameters. */
gboolean ir_old_preprocess (IrReader *reader, const IrLayers *layers,
    const xmlNode *net, IrGraph *graph, GError **error);

/* --- for the rows' functions ----------------------------------------------- */

void ir_old_fail (IrOld *old, IrErrorCode code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

gint64 ir_old_i64 (IrOld *old, const char *name, gint64 def);
double ir_old_f64 (IrOld *old, const char *name, double def);
gboolean ir_old_bool (IrOld *old, const char *name, gboolean def);
const char *ir_old_text (IrOld *old, const char *name, const char *def);
/* Empty if it is not there. */
IrI64s ir_old_i64s (IrOld *old, const char *name);
gboolean ir_old_has (const IrOld *old, const char *name);

/* Shapes as the file says. */
const IrShape *ir_old_in_shape (const IrOld *old, gsize index);
const IrShape *ir_old_out_shape (const IrOld *old, gsize index);
/* Dimension 1, of a vector dimension 0. */
gint64 ir_old_channels (const IrOld *old);
/* The axis of input 0, counted from its end if negative. */
guint ir_old_axis (IrOld *old, const char *name, gint64 def);

/* Blobs. Halves get a Convert behind them. */
gboolean ir_old_has_blob (const IrOld *old, const char *tag);
guint64 ir_old_blob_count (IrOld *old, const char *tag);
IrPort ir_old_blob (IrOld *old, const char *tag, const IrShape *shape);
IrTensor *ir_old_blob_tensor (
    IrOld *old, const char *tag, const IrShape *shape);
/* One value per channel, or one for all, to be broadcast over input 0. */
IrPort ir_old_channel_blob (IrOld *old, const char *tag);

/* Constants beside a layer. */
IrPort ir_old_add_const (IrOld *old, const char *suffix, IrTensor *value);
IrPort ir_old_list (
    IrOld *old, const char *suffix, const gint64 *values, gsize n);
IrPort ir_old_number (IrOld *old, const char *suffix, double value);
IrPort ir_old_index (IrOld *old, const char *suffix, gint64 value);

/* A node, named after the layer and @suffix, or as the layer for NULL, that reads
 * @n ports. */
IrPort ir_old_op (IrOld *old, const char *suffix, const char *type, guint opset,
    gsize n, ...);
IrPort ir_old_op_of (IrOld *old, const char *suffix, const char *type,
    guint opset, const IrPort *in, gsize n, gsize n_outputs);
/* Attributes of a node by name. */
void ir_old_set (IrOld *old, IrPort port, const char *attr, const char *value);
/* Takes all attributes of the op that the layer has. */
void ir_old_take_attrs (IrOld *old, IrPort port);
IrPort ir_old_add_convert (
    IrOld *old, const char *suffix, IrPort port, IrDType dtype);
/* Says what output @index of the layer is, other than what the function returns. */
void ir_old_out (IrOld *old, gsize index, IrPort port);

/* Reads @dtype from the layer's precision; halves are computed in f32. */
IrDType ir_old_dtype (IrOld *old);

/* The rows' functions, by file. */
#define OLD_READ(name) IrPort ir_old_##name (IrOld *old);
OLD_READ (argmax)
OLD_READ (batch_norm)
OLD_READ (broadcast)
OLD_READ (compare)
OLD_READ (cast)
OLD_READ (constant)
OLD_READ (convolution)
OLD_READ (copy)
OLD_READ (crop)
OLD_READ (deformable)
OLD_READ (direct)
OLD_READ (eltwise)
OLD_READ (fill)
OLD_READ (flatten)
OLD_READ (fully_connected)
OLD_READ (gather)
OLD_READ (gemm)
OLD_READ (input)
OLD_READ (interp)
OLD_READ (logical)
OLD_READ (lrn)
OLD_READ (nms)
OLD_READ (normalize)
OLD_READ (one_hot)
OLD_READ (pad)
OLD_READ (permute)
OLD_READ (pooling)
OLD_READ (power)
OLD_READ (prelu)
OLD_READ (prior_box)
OLD_READ (proposal)
OLD_READ (reciprocal)
OLD_READ (recurrent)
OLD_READ (relu)
OLD_READ (relu6)
OLD_READ (resample)
OLD_READ (reshape)
OLD_READ (scale_shift)
OLD_READ (select)
OLD_READ (shape)
OLD_READ (split)
OLD_READ (strided_slice)
OLD_READ (sum)
OLD_READ (tile)
OLD_READ (topk)
#undef OLD_READ

G_END_DECLS

#endif
