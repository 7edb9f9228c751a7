/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ONNX_H
#define IR_ONNX_H

#include "../build.h"
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

typedef void (*OnnxMap) (IrBuild *n);

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
  GHashTable *functions; /* IrSourceFunction, by type and domain */
};

/* One node on its way into the graph; what converts it gets it as its IrBuild. */
struct _OnnxNode {
  IrBuild build; /* the first */
  OnnxConvert *convert;
  OnnxScope *scope;
  const OnnxRow *row;
  gint64 opset; /* version of the node's domain */
};

static inline OnnxNode *
onnx_node (IrBuild *n)
{
  return (OnnxNode *) n;
}

/* --- the table (opmap.c) ----------------------------------------------------- */

/* The row for an op, or NULL. @reason (out) says why, if it is about versions. */
const OnnxRow *onnx_row_find (
    const char *domain, const char *type, gint64 opset, const char **reason);

/* (array length=n): all rows. */
const OnnxRow *onnx_row_list (gsize *n);

/* --- conversion (convert.c) --------------------------------------------------- */

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

/* --- the model's own ops (functions.c) ---------------------------------------- */

gboolean onnx_functions_init (OnnxConvert *convert, GError **error);
/* (nullable): the function that the node calls. */
IrSourceFunction *onnx_function_find (
    const OnnxConvert *convert, const IrSourceNode *node);
/* Fails if functions call themselves, or come to a graph beyond all limits. */
gboolean onnx_functions_check (const OnnxConvert *convert, GError **error);
/* Puts the function's nodes in the place of the one that calls it. */
void onnx_function_inline (IrBuild *n, const IrSourceFunction *function);

/* --- asking -------------------------------------------------------------------- */

/* Input 1 of an element-wise op, in a shape that broadcasts against input 0:
 * before opset 7 an attribute says which of its axes it goes along. (map-basic.c) */
IrPort onnx_second_in (IrBuild *n);

/* ONNX's number or name of a type; IR_DTYPE_DYNAMIC for one that the IR doesn't
 * have. (tensor.c) */
IrDType onnx_dtype (gint64 data_type);
IrDType onnx_dtype_named (const char *name);

G_END_DECLS

#endif
