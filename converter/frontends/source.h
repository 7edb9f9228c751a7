/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_SOURCE_H
#define IR_SOURCE_H

#include <ir/op.h>

G_BEGIN_DECLS

/*
 * A model as its file has it, framework aside: nodes that read and write tensors
 * by name. A frontend's reader makes it, cutting and shaping work on it, and the
 * frontend's table turns what is left into a graph.
 *
 * All strings and lists live as long as the IrSource. They belong to it, or to
 * the parsed file that it holds on to (ir_source_hold()).
 */

typedef struct _IrSource IrSource;
typedef struct _IrSourceGraph IrSourceGraph;

/* What an attribute holds; says which field of the union is valid. */
typedef enum {
  IR_SOURCE_I64,
  IR_SOURCE_F64,
  IR_SOURCE_TEXT,
  IR_SOURCE_DTYPE,
  IR_SOURCE_SHAPE,
  IR_SOURCE_TENSOR,
  IR_SOURCE_GRAPH,
  IR_SOURCE_I64S,
  IR_SOURCE_F64S,
  IR_SOURCE_TEXTS,
  IR_SOURCE_REF,   /* ONNX functions: the caller's attribute of that name */
  IR_SOURCE_OTHER, /* a kind that no op of ours reads */
} IrSourceKind;

typedef struct {
  const char *name;
  IrSourceKind kind;
  union {
    gint64 i;
    double f;
    const char *text; /* also of REF */
    IrDType dtype;
    IrShape shape;
    IrTensor *tensor;
    IrSourceGraph *graph;
    IrI64s i64s;
    IrF64s f64s;
    IrStrings texts;
  } u;
} IrSourceAttr;

/* One op. Names of tensors are never NULL; "" is an optional one left out. */
typedef struct {
  const char *type;
  const char *domain; /* "" is the framework's own */
  const char *name;   /* may be "" */
  gsize n_inputs;
  const char **inputs;
  gsize n_outputs;
  const char **outputs;
  gsize n_attrs;
  IrSourceAttr *attrs;
} IrSourceNode;

/* A tensor that enters or leaves a graph. */
typedef struct {
  const char *name;  /* of the tensor */
  const char *label; /* name for the Parameter; the tensor's if NULL */
  const char
      *origin;    /* what was cut: the tensor in whose place it is, or NULL */
  IrDType dtype;  /* IR_DTYPE_DYNAMIC if the file doesn't say */
  IrDType asked;  /* if not IR_DTYPE_DYNAMIC, the Parameter's type; a Convert
                        to dtype follows */
  IrShape shape;  /* partial or of unknown rank, as the file says */
  gboolean given; /* the user says the shape, what is unknown in it, too */
} IrSourceValue;

struct _IrSourceGraph {
  const char *name;
  GPtrArray *nodes;   /* IrSourceNode */
  GPtrArray *inputs;  /* IrSourceValue; those with an initializer excepted */
  GPtrArray *outputs; /* IrSourceValue */
  GHashTable *initializers; /* tensor name -> IrTensor */
};

/* A set of ops that the model relies on. */
typedef struct {
  const char *domain;
  gint64 version;
} IrSourceOpset;

struct _IrSource {
  const char *path; /* for messages */
  IrSourceGraph *graph;
  gboolean nodes_first; /* names of --input are nodes' rather than tensors' */
  GPtrArray *opsets;    /* IrSourceOpset */
  GPtrArray *functions; /* IrSourceFunction */
  GHashTable *metadata; /* text -> text */
  GHashTable *aliases;  /* tensor name -> another name that it goes by */
  GPtrArray *notes;     /* char *: what the user should know of the reading */

  /*< private >*/
  GPtrArray *memory;
  GPtrArray *held;
};

/* An op that the model itself defines by a graph (ONNX local functions). */
typedef struct {
  const char *type;
  const char *domain;
  IrSourceGraph *graph;
  GPtrArray *opsets;
  gsize n_attrs;
  IrSourceAttr *attrs; /* defaults for what the node that calls leaves out */

  /*< private >*/
  gsize n_nodes; /* with all functions written out; 0 if not counted yet */
  gboolean is_open;
} IrSourceFunction;

/* --- making ---------------------------------------------------------------- */

IrSource *ir_source_new (const char *path);
void ir_source_free (IrSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrSource, ir_source_free)

/* Keeps @object until the source goes, then calls @destroy on it. */
void ir_source_hold (IrSource *source, gpointer object, GDestroyNotify destroy);
/* Zero-filled memory, a copied string, a made string: the source's. */
gpointer ir_source_alloc (IrSource *source, gsize n, gsize size);
const char *ir_source_strdup (IrSource *source, const char *text);
const char *ir_source_printf (IrSource *source, const char *format, ...)
    G_GNUC_PRINTF (2, 3);
/* Adds to the notes. */
void ir_source_note (IrSource *source, const char *format, ...)
    G_GNUC_PRINTF (2, 3);

IrSourceGraph *ir_source_graph_new (IrSource *source, const char *name);
IrSourceNode *ir_source_node_new (IrSource *source, const char *type,
    gsize n_inputs, gsize n_outputs, gsize n_attrs);
IrSourceValue *ir_source_value_new (
    IrSource *source, const char *name, IrDType dtype, const IrShape *shape);

/* --- looking --------------------------------------------------------------- */

/* The attribute of that name, or NULL. */
const IrSourceAttr *ir_source_attr (const IrSourceNode *node, const char *name);

/* The same by kind, with a default for one that is absent or of another kind. */
gint64 ir_source_i64 (const IrSourceNode *node, const char *name, gint64 def);
double ir_source_f64 (const IrSourceNode *node, const char *name, double def);
const char *ir_source_text (
    const IrSourceNode *node, const char *name, const char *def);
/* FALSE, @list empty, if absent. */
gboolean ir_source_i64s (
    const IrSourceNode *node, const char *name, IrI64s *list);
gboolean ir_source_f64s (
    const IrSourceNode *node, const char *name, IrF64s *list);

/* Version of a set of ops, 0 if the model doesn't import it. */
gint64 ir_source_opset (const IrSource *source, const char *domain);

/* What to call a node in messages and in the graph: its name, or its first
 * output's. */
const char *ir_source_node_label (const IrSourceNode *node);

/* The graph input of that tensor name, or NULL. */
IrSourceValue *ir_source_find_input (const IrSource *source, const char *name);

/* --- cutting and shaping (cut.c) ------------------------------------------- */

/*
 * What a user asks for one input. @name is, tried in this order: a tensor; a
 * node, all of whose inputs that are no constants are meant; "node:port", an
 * output; "port:node", an input. What is no input of the model yet becomes one:
 * the model is cut there. @value freezes it: it is converted to the input's type
 * and shape, and the input is gone.
 */
typedef struct {
  const char *name;
  gboolean has_shape;
  IrShape shape;
  IrDType dtype;   /* IR_DTYPE_DYNAMIC: as it is */
  IrTensor *value; /* NULL: not frozen */
} IrImportInput;

/* @outputs are tensors, nodes (their first output), "node:port" or "port:node";
 * without any, the model's own stay. */
typedef struct {
  gsize n_inputs;
  const IrImportInput *inputs;
  gsize n_outputs;
  const char *const *outputs;
  gboolean allow_unsupported; /* unknown ops end up as inputs of the graph */
} IrImportOptions;

/*
 * Cuts the model as asked, and drops what is not needed any more (inputs too if
 * something was cut). Inputs that @options names come first, in its order.
 * Fails with IR_ERROR_NOT_FOUND for an unknown name, saying which there are.
 */
gboolean ir_source_apply (
    IrSource *source, const IrImportOptions *options, GError **error);

/* Removes the nodes that no output needs; with @inputs those inputs too. */
void ir_source_prune (IrSource *source, gboolean inputs);

/* Appends the names of the tensors that a node reads, its sub-graphs included. */
void ir_source_node_reads (const IrSourceNode *node, GPtrArray *names);

/* Puts the nodes into an order in which each comes after those that it reads, as
 * near to the given one as can be. Fails with IR_ERROR_PARSE on a cycle. */
gboolean ir_source_sort (IrSourceGraph *graph, GError **error);

/* (transfer full): "a, b, c and 12 more": the graph's inputs or outputs, for
 * messages. */
char *ir_source_list_values (const GPtrArray *values);

G_END_DECLS

#endif
