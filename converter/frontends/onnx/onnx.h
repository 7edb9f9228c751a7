/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ONNX_H
#define IR_ONNX_H

#include "../frontend.h"

G_BEGIN_DECLS

/*
 * Inside of the ONNX frontend: what the functions that convert one node each see
 * and use. Rows of the table (opmap.inc) name these functions.
 */

typedef struct _OnnxConvert OnnxConvert;
typedef struct _OnnxScope OnnxScope;
typedef struct _OnnxNode OnnxNode;
typedef struct _OnnxRow OnnxRow;

typedef void (*OnnxMap) (OnnxNode *n);

/* An attribute of the framework that becomes one of the IR's as it is. */
typedef struct {
  const char *onnx;
  const char *ir;
  const char *def; /* in the IR's syntax; NULL: the IR's own default */
} OnnxAttrRow;

#define ONNX_MAX_ATTRS 4

/*
 * One op of ONNX in the versions @since to @until. Either @ir and @attrs say it
 * all: same inputs, same outputs. Or @map converts it, with @ir as its hint.
 */
struct _OnnxRow {
  const char *type;
  const char *domain;
  guint since;
  guint until;
  const char *ir;
  guint ir_opset;
  OnnxMap map;
  OnnxAttrRow attrs[ONNX_MAX_ATTRS];
};

/* The names of one graph, and the graph that they are turned into. */
struct _OnnxScope {
  OnnxScope *outer; /* the graph around, whose tensors a body may read */
  IrGraph *graph;
  IrSourceGraph *source;
  GHashTable *ports;          /* tensor name -> IrPort * */
  GArray *captures;           /* OnnxCapture */
  const char *prefix;         /* of node names; "" outside functions */
  GPtrArray *opsets;          /* IrSourceOpset */
  const IrSourceNode *caller; /* of a function: whose attributes REFs mean */
  guint depth;
};

/* A tensor of the graph around that a body reads: what the body has in its place
 * is a Parameter. */
typedef struct {
  IrPort outside;
  IrNode *parameter;
} OnnxCapture;

/* A conversion. */
struct _OnnxConvert {
  IrSource *source;
  const IrImportOptions *options;
  IrConvertLog log;
  gpointer user_data;
  GHashTable *functions; /* IrSourceFunction, by type and domain */
};

/*
 * One node on its way into the graph. The building functions below do nothing
 * and return a port without a node once @error is set; so a conversion is
 * written straight down and checked at its end.
 */
struct _OnnxNode {
  OnnxConvert *convert;
  OnnxScope *scope;
  const IrSourceNode *source;
  const OnnxRow *row;
  IrGraph *graph;
  gint64 opset; /* version of the node's domain */
  const char *label;
  gsize n_inputs;
  IrPort *in; /* without a node where an optional input is left out */
  gsize n_outputs;
  IrPort *out; /* to be set; those that nobody reads need not be */
  guint first_id;
  GError *error;
};

/* --- the table (opmap.c) ----------------------------------------------------- */

/* The row for an op, or NULL. @reason (out) says why, if it is about versions. */
const OnnxRow *onnx_row_find (
    const char *domain, const char *type, gint64 opset, const char **reason);

/* (array length=n): all rows. */
const OnnxRow *onnx_row_list (gsize *n);

/* --- conversion (convert.c) --------------------------------------------------- */

extern const IrPort ONNX_NONE;

/* How deep bodies and functions may call each other. */
#define ONNX_MAX_DEPTH 32

OnnxScope *onnx_scope_new (
    OnnxScope *outer, IrSourceGraph *source, IrGraph *graph);
void onnx_scope_free (OnnxScope *scope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OnnxScope, onnx_scope_free)

/* What tensor @name is in @scope; captures it from outside if it must. */
gboolean onnx_scope_find (OnnxConvert *convert, OnnxScope *scope,
    const char *name, IrPort *port, GError **error);
void onnx_scope_set (OnnxScope *scope, const char *name, IrPort port);

/* Converts all nodes of the scope's source graph. */
gboolean onnx_convert_nodes (
    OnnxConvert *convert, OnnxScope *scope, GError **error);

/* The version of @domain's ops; 0 if it is ONNX's own and not imported. Others go
 * without saying at version 1, as their exporters do. */
gint64 onnx_opset_of (const GPtrArray *opsets, const char *domain);

void onnx_log (OnnxConvert *convert, GLogLevelFlags level, const char *format,
    ...) G_GNUC_PRINTF (3, 4);

/* --- the model's own ops (functions.c) ---------------------------------------- */

gboolean onnx_functions_init (OnnxConvert *convert, GError **error);
/* (nullable): the function that the node calls. */
IrSourceFunction *onnx_function_find (
    const OnnxConvert *convert, const IrSourceNode *node);
/* Fails if functions call themselves, or come to a graph beyond all limits. */
gboolean onnx_functions_check (const OnnxConvert *convert, GError **error);
/* Puts the function's nodes in the place of the one that calls it. */
void onnx_function_inline (OnnxNode *n, const IrSourceFunction *function);

/* --- asking (build.c) --------------------------------------------------------- */

static inline gboolean
onnx_has (const OnnxNode *n, gsize input)
{
  return input < n->n_inputs && n->in[input].node != NULL;
}

/* Whether somebody may read that output. */
static inline gboolean
onnx_wants (const OnnxNode *n, gsize output)
{
  return output < n->n_outputs && n->source->outputs[output][0] != '\0';
}

/* Input @index; a failure if it is left out. */
IrPort onnx_in (OnnxNode *n, gsize index);

/* Input 1 of an element-wise op, in a shape that broadcasts against input 0:
 * before opset 7 an attribute says which of its axes it goes along. */
IrPort onnx_second_in (OnnxNode *n);

void onnx_fail (OnnxNode *n, IrErrorCode code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static inline gboolean
onnx_failed (const OnnxNode *n)
{
  return n->error != NULL;
}

/* An attribute, or its default if it is absent; a failure if it is of another
 * kind. */
gint64 onnx_i64 (OnnxNode *n, const char *attr, gint64 def);
double onnx_f64 (OnnxNode *n, const char *attr, double def);
const char *onnx_text (OnnxNode *n, const char *attr, const char *def);
/* FALSE and empty if absent. */
gboolean onnx_i64s (OnnxNode *n, const char *attr, IrI64s *list);
gboolean onnx_f64s (OnnxNode *n, const char *attr, IrF64s *list);
/* A failure if it is absent. */
void onnx_need_attr (OnnxNode *n, const char *attr);

/* ONNX's number or name of a type; IR_DTYPE_DYNAMIC for one that the IR doesn't
 * have. (tensor.c) */
IrDType onnx_dtype (gint64 data_type);
IrDType onnx_dtype_named (const char *name);

IrDType onnx_dtype_of (IrPort port);
/* Never NULL; of unknown rank if nothing is known. */
const IrShape *onnx_shape_of (IrPort port);
/* The rank; a failure if it is unknown. */
gint onnx_rank (OnnxNode *n, IrPort port);
/* The axis from 0 on; a failure if it is out of range or the rank unknown. */
gint64 onnx_axis (OnnxNode *n, IrPort port, gint64 axis);
/* (nullable) (transfer full): the value, worked out if it only depends on
 * constants and takes no more memory than folding them would. */
IrTensor *onnx_value (OnnxNode *n, IrPort port);
/* Reads a constant list of integers of at most IR_ONNX_LIST; FALSE, without
 * failing, if it is not constant. */
#define IR_ONNX_LIST 64
gboolean onnx_ints (
    OnnxNode *n, IrPort port, gint64 values[IR_ONNX_LIST], gsize *count);
/* Reads a constant of one element; FALSE, without failing, if it is not one. */
gboolean onnx_scalar (OnnxNode *n, IrPort port, double *value);

/* --- building (build.c) ------------------------------------------------------- */

/* Sets output @index. */
void onnx_out (OnnxNode *n, gsize index, IrPort port);

/* Adds a node that reads the @n_in ports that follow, and infers it. */
IrPort onnx_op (OnnxNode *n, const char *type, guint opset, gsize n_in, ...);
/* The same without inferring, for ops with attributes or more outputs; NULL once
 * something failed. */
IrNode *onnx_add (OnnxNode *n, const char *type, guint opset, gsize n_in, ...);
IrNode *onnx_add_v (OnnxNode *n, const char *type, guint opset,
    const IrPort *ports, gsize n_in, gsize n_out);
void onnx_set_bool (OnnxNode *n, IrNode *op, const char *attr, gboolean value);
void onnx_set_i64 (OnnxNode *n, IrNode *op, const char *attr, gint64 value);
void onnx_set_f64 (OnnxNode *n, IrNode *op, const char *attr, double value);
void onnx_set_text (
    OnnxNode *n, IrNode *op, const char *attr, const char *value);
void onnx_set_dtype (OnnxNode *n, IrNode *op, const char *attr, IrDType value);
void onnx_set_i64s (OnnxNode *n, IrNode *op, const char *attr,
    const gint64 *values, gsize count);
/* Infers the node; its first output. */
IrPort onnx_done (OnnxNode *n, IrNode *op);

/* Constants. */
IrPort onnx_const (OnnxNode *n, IrTensor *value); /* takes the reference */
IrPort onnx_int (OnnxNode *n, gint64 value);      /* i64 scalar */
IrPort onnx_list (OnnxNode *n, const gint64 *values, gsize count);
IrPort onnx_reals (
    OnnxNode *n, IrDType dtype, const double *values, gsize count);
IrPort onnx_number (OnnxNode *n, IrDType dtype, double value); /* scalar */
/* Scalar of the type of @port. */
IrPort onnx_like (OnnxNode *n, IrPort port, double value);

/* --- frequent ops (build.c) ---------------------------------------------------- */

IrPort onnx_cast (OnnxNode *n, IrPort port, IrDType dtype);
IrPort onnx_shape (OnnxNode *n, IrPort port);            /* ShapeOf, i64 */
IrPort onnx_dim (OnnxNode *n, IrPort port, gint64 axis); /* i64, rank 1 */
IrPort onnx_gather (OnnxNode *n, IrPort port, IrPort index, gint64 axis);
IrPort onnx_concat (OnnxNode *n, gint64 axis, gsize count, ...);
IrPort onnx_reshape (OnnxNode *n, IrPort port, IrPort shape);
IrPort onnx_reshape_to (
    OnnxNode *n, IrPort port, const gint64 *dims, gsize count);
IrPort onnx_squeeze (OnnxNode *n, IrPort port, gint64 axis);
IrPort onnx_unsqueeze (OnnxNode *n, IrPort port, gint64 axis);
IrPort onnx_transpose (
    OnnxNode *n, IrPort port, const gint64 *order, gsize count);
IrPort onnx_reduce (OnnxNode *n, const char *type, IrPort port, IrPort axes,
    gboolean keep_dims);
/* [start, end) along one axis; negative ones count from the end. */
IrPort onnx_slice (
    OnnxNode *n, IrPort port, gint64 axis, gint64 start, gint64 end);
/* The numbers from @start to @end - 1, i64; both are of one element. */
IrPort onnx_range (OnnxNode *n, IrPort start, IrPort end);
/* The axes from @first on up to the rank, as a list; without the rank, too. */
IrPort onnx_axes_from (OnnxNode *n, IrPort port, gint64 first);
/* A rank-1 tensor of C elements as [1,C,1…], to go along an axis of @like. */
IrPort onnx_along (OnnxNode *n, IrPort vector, IrPort like, gint64 axis);
/* The same for axis 1. */
IrPort onnx_per_channel (OnnxNode *n, IrPort vector, IrPort like);

G_END_DECLS

#endif
