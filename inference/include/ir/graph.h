/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_GRAPH_H
#define IR_GRAPH_H

#include <ir/op.h>

G_BEGIN_DECLS

/*
 * A model: nodes in a list, each reading outputs of others. Everything that
 * belongs to a graph, nodes, names, lists, lives in its arena and dies with it.
 *
 * Threads: a graph that nobody edits may be read from any thread. Editing needs
 * the graph for oneself.
 */

/** IrPort: one output of a node; the source of an edge. Since: 0.1 */
typedef struct {
  IrNode *node;
  guint index;
} IrPort;

/** IrUse: one input of a node; the end of an edge. Since: 0.1 */
typedef struct {
  IrNode *node;
  guint index;
} IrUse;

/**
 * IrRtInfo: one `<attribute>` of an `<rt_info>` block, with its strings
 * @name: such as "fused_names"
 * @version: such as "0"
 * @n: number of further attributes
 * @keys: (array length=n): their names
 * @values: (array length=n): their values
 *
 * Since: 0.1
 */
typedef struct _IrRtInfo IrRtInfo;
struct _IrRtInfo {
  const char *name;
  const char *version;
  gsize n;
  const char *const *keys;
  const char *const *values;
  IrRtInfo *next;
};

/**
 * IrOutput: what one output port carries
 * @dtype: as inferred
 * @shape: as inferred; partial as long as something is not known
 * @value: (nullable): the contents, if they are known without running: of a
 *   Const always, of others when inference found them (shape arithmetic)
 * @n_names: number of tensor names
 * @names: the tensor's names, sorted, in the graph's memory
 * @uses: (element-type IrUse): who reads it
 * @rt_info: (nullable): list of the port's rt_info
 *
 * Since: 0.1
 */
typedef struct {
  IrDType dtype;
  IrShape shape;
  IrTensor *value;
  gsize n_names;
  const char **names;
  GArray *uses;
  IrRtInfo *rt_info;
} IrOutput;

/**
 * IrNode:
 * @graph: where it lives
 * @op: what it does
 * @name: unique in its graph, Results excepted
 * @id: unique in its graph, ascending in order of creation
 * @attrs: the op's attribute struct; may be written, then
 *   ir_graph_infer() is due
 * @n_inputs: number of inputs
 * @inputs: (array length=n_inputs): sources; change with ir_node_set_input()
 * @n_outputs: number of outputs
 * @outputs: (array length=n_outputs): what comes out
 * @n_bodies: number of sub-graphs
 * @bodies: (array length=n_bodies): of TensorIterator and Loop one, of If
 *   then and else; owned
 * @rt_info: (nullable): list of the layer's rt_info
 * @prev: (nullable): list of the graph
 * @next: (nullable): list of the graph
 * @mark: scratch for walks; no meaning between them
 *
 * Since: 0.1
 */
struct _IrNode {
  IrGraph *graph;
  const IrOpDesc *op;
  const char *name;
  guint id;
  gpointer attrs;
  gsize n_inputs;
  IrPort *inputs;
  gsize n_outputs;
  IrOutput *outputs;
  gsize n_bodies;
  IrGraph **bodies;
  IrRtInfo *rt_info;
  IrNode *prev;
  IrNode *next;
  guint32 mark;
};

/** IR_TYPE_GRAPH: the boxed type of #IrGraph. Since: 0.1 */
#define IR_TYPE_GRAPH (ir_graph_get_type ())
IR_API GType ir_graph_get_type (void);

/**
 * IrGraph:
 * @name: the model's name
 * @first: (nullable): head of the node list
 * @last: (nullable): its tail
 * @n_nodes: number of nodes
 * @parameters: (element-type IrNode): inputs, in the model's order
 * @results: (element-type IrNode): outputs, in the model's order
 *
 * Since: 0.1
 */
struct _IrGraph {
  const char *name;
  IrNode *first;
  IrNode *last;
  gsize n_nodes;
  GPtrArray *parameters;
  GPtrArray *results;

  /*< private >*/
  gatomicrefcount refs;
  struct _IrArena *arena;
  guint next_id;
  GHashTable *names;
  GPtrArray *meta;
  GHashTable *meta_by_path;
  gsize known_bytes;
  gsize const_bytes;
  gsize folded_bytes;
  /* The file that constants are in, if they were not copied; its path and what
   * changes whenever its contents do. */
  GBytes *mapping;
  char *mapping_path;
  guint64 mapping_stamp[4];
  guint64 folded_work;
};

/** ir_graph_new: (transfer full): an empty graph. Since: 0.1 */
IR_API IrGraph *ir_graph_new (const char *name);
/** ir_graph_ref: (transfer full). Since: 0.1 */
IR_API IrGraph *ir_graph_ref (IrGraph *graph);
/** ir_graph_unref: Since: 0.1 */
IR_API void ir_graph_unref (IrGraph *graph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrGraph, ir_graph_unref)

/** ir_graph_clone: (transfer full): nodes, bodies, names and rt_info copied;
 * constants shared. Since: 0.1 */
IR_API IrGraph *ir_graph_clone (const IrGraph *graph);

/**
 * ir_graph_release_pages:
 *
 * Gives back the memory that the constants of a graph take as far as it is a
 * mapped file's: they stay as they are, and are read from the file again when
 * somebody looks at them. For whoever has made a copy in a form of its own. Other
 * threads may use the graph and its clones meanwhile. Since: 0.1
 */
IR_API void ir_graph_release_pages (const IrGraph *graph);

/** ir_graph_set_name: Since: 0.1 */
IR_API void ir_graph_set_name (IrGraph *graph, const char *name);

/* --- memory in the arena ------------------------------------------------- */

/** ir_graph_alloc: zero-filled memory that dies with the graph. Since: 0.1 */
IR_API gpointer ir_graph_alloc (IrGraph *graph, gsize bytes);
/** ir_graph_strdup: a string that dies with the graph. Since: 0.1 */
IR_API const char *ir_graph_strdup (IrGraph *graph, const char *text);
/** ir_graph_i64s, ir_graph_f64s, ir_graph_strings: copies of lists for
 * attribute structs. Since: 0.1 */
IR_API IrI64s ir_graph_i64s (IrGraph *graph, const gint64 *v, gsize n);
IR_API IrF64s ir_graph_f64s (IrGraph *graph, const double *v, gsize n);
IR_API IrStrings ir_graph_strings (
    IrGraph *graph, const char *const *v, gsize n);

/* --- building ------------------------------------------------------------ */

/**
 * ir_graph_add:
 * @op: what it does
 * @name: wanted name; made unique by a suffix if it is taken, Results excepted
 * @inputs: (array length=n_inputs): sources, of this graph
 * @n_outputs: number of outputs; 0 takes the descriptor's number
 *
 * Appends a node with default attributes (required ones are zero) and nothing
 * inferred. Parameters and Results join the graph's lists.
 *
 * Returns: (transfer none): the node
 *
 * Since: 0.1
 */
IR_API IrNode *ir_graph_add (IrGraph *graph, const IrOpDesc *op,
    const char *name, const IrPort *inputs, gsize n_inputs, gsize n_outputs);

/**
 * ir_graph_add_op:
 * @type: name of the op; it must exist (a programmer's error otherwise)
 * @opset: newest opset to take
 * @...: sources as #IrPort by value, @n_inputs of them
 *
 * ir_graph_add() for code that knows what it wants.
 *
 * Since: 0.1
 */
IR_API IrNode *ir_graph_add_op (IrGraph *graph, const char *type, guint opset,
    const char *name, gsize n_inputs, ...);

/** ir_graph_add_const: a Const with a reference to @value. Since: 0.1 */
IR_API IrNode *ir_graph_add_const (
    IrGraph *graph, const char *name, IrTensor *value);

/** ir_graph_add_const_i64: a Const of rank 1 with the values. Since: 0.1 */
IR_API IrNode *ir_graph_add_const_i64 (
    IrGraph *graph, const char *name, const gint64 *values, gsize n);

/** ir_graph_add_parameter: a graph input. Since: 0.1 */
IR_API IrNode *ir_graph_add_parameter (
    IrGraph *graph, const char *name, IrDType dtype, const IrShape *shape);

/** ir_graph_add_result: a graph output that reads @source. Since: 0.1 */
IR_API IrNode *ir_graph_add_result (
    IrGraph *graph, const char *name, IrPort source);

/** ir_node_set_parameter: type and shape of a Parameter. Since: 0.1 */
IR_API void ir_node_set_parameter (
    IrNode *node, IrDType dtype, const IrShape *shape);

/** ir_node_set_const: replaces the value of a Const. Since: 0.1 */
IR_API void ir_node_set_const (IrNode *node, IrTensor *value);

/** ir_node_add_body: adds a sub-graph; takes the reference. Since: 0.1 */
IR_API void ir_node_add_body (IrNode *node, IrGraph *body);

/** ir_port: @node's output @index as a value. Since: 0.1 */
static inline IrPort
ir_port (IrNode *node, guint index)
{
  IrPort port = { node, index };

  return port;
}

/* --- attributes by name -------------------------------------------------- */

/**
 * ir_node_set_bool, ir_node_set_i64, ir_node_set_f64, ir_node_set_text,
 * ir_node_set_dtype, ir_node_set_i64s, ir_node_set_f64s:
 * @attr: an attribute of the node's op
 *
 * Set a field of the attribute struct through the op's attribute table, for
 * code that has names from elsewhere. ir_node_set_text() takes the IR's syntax
 * and sets any kind, enums and strings above all. The lists are copied.
 *
 * Returns: %FALSE with %IR_ERROR_PARSE for an unknown name, a wrong kind or a
 *   text that does not parse
 *
 * Since: 0.1
 */
IR_API gboolean ir_node_set_bool (
    IrNode *node, const char *attr, gboolean value, GError **error);
IR_API gboolean ir_node_set_i64 (
    IrNode *node, const char *attr, gint64 value, GError **error);
IR_API gboolean ir_node_set_f64 (
    IrNode *node, const char *attr, double value, GError **error);
IR_API gboolean ir_node_set_text (
    IrNode *node, const char *attr, const char *value, GError **error);
IR_API gboolean ir_node_set_dtype (
    IrNode *node, const char *attr, IrDType value, GError **error);
IR_API gboolean ir_node_set_i64s (IrNode *node, const char *attr,
    const gint64 *values, gsize n, GError **error);
IR_API gboolean ir_node_set_f64s (IrNode *node, const char *attr,
    const double *values, gsize n, GError **error);

/** ir_node_feeds_result: whether an output of @node is one of its graph's.
 * Since: 0.1 */
IR_API gboolean ir_node_feeds_result (const IrNode *node);

/* --- editing ------------------------------------------------------------- */

/** ir_node_set_input: makes input @index read @source. Since: 0.1 */
IR_API void ir_node_set_input (IrNode *node, guint index, IrPort source);

/** ir_node_append_input: gives the node one more input. Since: 0.1 */
IR_API void ir_node_append_input (IrNode *node, IrPort source);

/** ir_node_remove_inputs: drops the inputs from @first on. Since: 0.1 */
IR_API void ir_node_remove_inputs (IrNode *node, guint first);

/**
 * ir_graph_replace:
 * @from: an output
 * @to: another one of the same graph
 *
 * Everybody who reads @from now reads @to, the node of @to itself excepted (so
 * that a node can be put behind another). @to gets the tensor names of @from.
 *
 * Since: 0.1
 */
IR_API void ir_graph_replace (IrGraph *graph, IrPort from, IrPort to);

/** ir_graph_remove: takes out a node that nobody reads. Since: 0.1 */
IR_API void ir_graph_remove (IrGraph *graph, IrNode *node);

/** ir_graph_rename: another name for a node, made unique. Since: 0.1 */
IR_API void ir_graph_rename (IrGraph *graph, IrNode *node, const char *name);

/** ir_graph_move_before: puts @node into the list before @place, or at the end
 * for %NULL. Since: 0.1 */
IR_API void ir_graph_move_before (IrGraph *graph, IrNode *node, IrNode *place);

/**
 * ir_graph_sort:
 *
 * Brings the node list into topological order, stable: Parameters first, then
 * whatever was earlier stays earlier where it can.
 *
 * Returns: %FALSE with %IR_ERROR_PARSE naming a node on a cycle; the order is
 *   unchanged then
 *
 * Since: 0.1
 */
IR_API gboolean ir_graph_sort (IrGraph *graph, GError **error);

/** ir_graph_sweep: removes the nodes that neither a Result nor a sink needs;
 * Parameters stay. Returns the number removed. Since: 0.1 */
IR_API gsize ir_graph_sweep (IrGraph *graph);

/* --- looking ------------------------------------------------------------- */

/** ir_graph_find: (nullable) (transfer none): the node of that name. Since: 0.1 */
IR_API IrNode *ir_graph_find (const IrGraph *graph, const char *name);

/**
 * ir_graph_find_tensor:
 * @name: a tensor name, a node's name, or "node:index"
 * @port: (out): the output
 *
 * Since: 0.1
 */
IR_API gboolean ir_graph_find_tensor (
    const IrGraph *graph, const char *name, IrPort *port);

/** ir_node_input: what input @index reads. Since: 0.1 */
IR_API const IrOutput *ir_node_input (const IrNode *node, guint index);

/** ir_node_is: whether it is an op of that type, any opset. Since: 0.1 */
IR_API gboolean ir_node_is (const IrNode *node, const char *type);

/** ir_port_output: what the port carries. Since: 0.1 */
IR_API IrOutput *ir_port_output (IrPort port);

/** ir_port_const: (nullable): the value, if it is known. Since: 0.1 */
IR_API IrTensor *ir_port_const (IrPort port);

/** ir_port_name: the first tensor name, or the node's name if the port has
 * none. Since: 0.1 */
IR_API const char *ir_port_name (IrPort port);

/** ir_port_add_name: adds a tensor name; duplicates merge. Since: 0.1 */
IR_API void ir_port_add_name (IrPort port, const char *name);

/** ir_port_has_name: Since: 0.1 */
IR_API gboolean ir_port_has_name (IrPort port, const char *name);

/* --- metadata ------------------------------------------------------------ */

/** IrMeta: one leaf of the model's `<rt_info>`. Since: 0.1 */
typedef struct {
  const char *const *path;
  gsize depth;
  const char *value;
} IrMeta;

/**
 * ir_graph_set_meta:
 * @path: keys from outermost to innermost with '/' between, such as
 *   "model_info/labels"
 * @value: (nullable): %NULL removes it
 *
 * Since: 0.1
 */
IR_API void ir_graph_set_meta (
    IrGraph *graph, const char *path, const char *value);
/** ir_graph_get_meta: (nullable). Since: 0.1 */
IR_API const char *ir_graph_get_meta (const IrGraph *graph, const char *path);
/** ir_graph_list_meta: (array length=n): in the order in which they were set.
 * Since: 0.1 */
IR_API const IrMeta *const *ir_graph_list_meta (const IrGraph *graph, gsize *n);

/** ir_node_add_rt_info: appends one entry to the list at @list, which is a
 * node's or an output's @rt_info. Since: 0.1 */
IR_API void ir_graph_add_rt_info (IrGraph *graph, IrRtInfo **list,
    const char *name, const char *version, const char *const *keys,
    const char *const *values, gsize n);

/* --- shapes and values --------------------------------------------------- */

/**
 * ir_graph_infer:
 *
 * Sorts the graph, then computes type, shape and, for small results of constant
 * inputs, value of every output, bodies included.
 *
 * Returns: %FALSE with an error that names the node; outputs of the nodes before
 *   it are inferred then
 *
 * Since: 0.1
 */
IR_API gboolean ir_graph_infer (IrGraph *graph, GError **error);

/** ir_node_infer: the same for one node whose inputs are inferred. Since: 0.1 */
IR_API gboolean ir_node_infer (IrNode *node, GError **error);

/**
 * ir_node_know:
 *
 * Computes the values of a node's outputs from those of its inputs and keeps them
 * until the node is inferred again, as ir_node_infer() does with small ones. All
 * that a graph knows in this way stays below 64 MiB.
 *
 * Returns: %FALSE if an input has no value, or the outputs take too much memory or
 *   can't be computed
 *
 * Since: 0.1
 */
IR_API gboolean ir_node_know (IrNode *node);

/**
 * ir_node_evaluate:
 * @in: (array): one tensor per input
 * @out: (out caller-allocated) (array): one tensor per output, (transfer full)
 *
 * Infers with the tensors' own types and shapes, allocates the outputs and calls
 * the op's `evaluate`, with float types converted where the op asks for it. The
 * node itself is not changed.
 *
 * Since: 0.1
 */
IR_API gboolean ir_node_evaluate (
    const IrNode *node, IrTensor *const *in, IrTensor **out, GError **error);

/**
 * IrMeans: what the computation of a node may use
 * @parts: (nullable): who runs parts of it
 * @scratch: memory for what it leaves behind; some of it stays taken
 * @into: (array): for each output %NULL, or a tensor to be filled instead of a new one
 *   if its type and shape turn out to be the output's
 *
 * Since: 0.1
 */
typedef struct {
  const IrParts *parts;
  IrScratch *scratch;
  IrTensor *const *into;
} IrMeans;

/** ir_node_evaluate_with: as ir_node_evaluate() with @means. Since: 0.1 */
IR_API gboolean ir_node_evaluate_with (const IrNode *node, const IrMeans *means,
    IrTensor *const *in, IrTensor **out, GError **error);

/**
 * ir_graph_evaluate:
 * @in: (array): one tensor per Parameter
 * @out: (out caller-allocated) (array): one per Result, (transfer full)
 *
 * Runs a sorted graph node by node with ir_node_evaluate(). Tensors are dropped
 * as soon as their last reader has run.
 *
 * Since: 0.1
 */
IR_API gboolean ir_graph_evaluate (
    const IrGraph *graph, IrTensor *const *in, IrTensor **out, GError **error);

/**
 * ir_graph_evaluate_within:
 * @max_bytes: what the tensors that are there at one time may take, constants and
 *   @in excepted
 *
 * ir_graph_evaluate() for bodies, whose tensors may grow with every iteration.
 *
 * Returns: %FALSE with %IR_ERROR_LIMIT before more memory than that is allocated
 *
 * Since: 0.1
 */
IR_API gboolean ir_graph_evaluate_within (const IrGraph *graph, gsize max_bytes,
    IrTensor *const *in, IrTensor **out, GError **error);

/**
 * ir_node_macs:
 * @macs: (out): multiplications of a convolution or matrix product, 0 for other ops
 *
 * Returns: %FALSE if the shapes that it takes are not known, or it is too large
 *
 * Since: 0.1
 */
IR_API gboolean ir_node_macs (const IrNode *node, guint64 *macs);

/**
 * ir_graph_validate:
 *
 * Checks what editing could have broken: edges and uses agree, input counts are
 * within the op's limits, names are unique, attributes are in range.
 *
 * Returns: %FALSE with %IR_ERROR_INTERNAL naming the node
 *
 * Since: 0.1
 */
IR_API gboolean ir_graph_validate (const IrGraph *graph, GError **error);

/**
 * ir_graph_identify:
 * @place: (out) (transfer full): what the model is: its nodes, attributes, types
 *   and shapes, and the path of the file that its constants are in
 * @contents: (out) (transfer full): what its constants hold. Large ones that are a
 *   mapped file's are not read: size, inode and times of the file stand for them, if
 *   its file system counts more than seconds
 *
 * For caches of what is made of a model: something kept under the name of @place
 * is of use as long as @contents is the same. Both are short texts of letters and
 * digits. Names and metadata do not count.
 *
 * Since: 0.1
 */
IR_API void ir_graph_identify (
    const IrGraph *graph, char **place, char **contents);

/**
 * ir_checksum_add_bytes:
 *
 * For caches of what is made of large files: adds what tells these bytes from others
 * that nobody chose to be mistaken for them, at the pace of memory, ten times
 * that of g_checksum_update().
 *
 * Since: 0.1
 */
IR_API void ir_checksum_add_bytes (
    GChecksum *sum, gconstpointer data, gsize size);

/** ir_graph_print: (transfer full): one line per node, bodies indented; for
 * people. Since: 0.1 */
IR_API char *ir_graph_print (const IrGraph *graph);

/** ir_graph_dot: (transfer full): the graph in Graphviz' language. Since: 0.1 */
IR_API char *ir_graph_dot (const IrGraph *graph);

G_END_DECLS

#endif
