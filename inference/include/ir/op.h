/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_OP_H
#define IR_OP_H

#include <ir/scratch.h>
#include <ir/tensor.h>

G_BEGIN_DECLS

/*
 * An op is described once, by an #IrOpDesc. Reader, writer, validation, shape
 * inference, constant folding, the reference device, dumps, documentation and
 * tests are derived from it.
 */

typedef struct _IrGraph IrGraph;
typedef struct _IrNode IrNode;
typedef struct _IrOpDesc IrOpDesc;
typedef struct _IrSampling IrSampling;

/** IrI64s, IrF64s, IrStrings: lists inside attribute structs. The memory belongs
 * to the node's graph and is never freed before it. Since: 0.1 */
typedef struct {
  gsize n;
  const gint64 *v;
} IrI64s;
typedef struct {
  gsize n;
  const double *v;
} IrF64s;
typedef struct {
  gsize n;
  const char *const *v;
} IrStrings;

/**
 * IrAttrKind: type of the field that an attribute is kept in
 * @IR_ATTR_BOOL: #gboolean
 * @IR_ATTR_I64: #gint64
 * @IR_ATTR_F64: double
 * @IR_ATTR_STRING: const char *, in the graph's memory, never %NULL once set
 * @IR_ATTR_ENUM: #gint, one of the descriptor's names
 * @IR_ATTR_DTYPE: #IrDType kept as #gint
 * @IR_ATTR_I64S: #IrI64s
 * @IR_ATTR_F64S: #IrF64s
 * @IR_ATTR_STRINGS: #IrStrings
 *
 * Since: 0.1
 */
typedef enum {
  IR_ATTR_BOOL,
  IR_ATTR_I64,
  IR_ATTR_F64,
  IR_ATTR_STRING,
  IR_ATTR_ENUM,
  IR_ATTR_DTYPE,
  IR_ATTR_I64S,
  IR_ATTR_F64S,
  IR_ATTR_STRINGS,
} IrAttrKind;

/**
 * IrAttrFlags:
 * @IR_ATTR_STRUCTURAL: kept in the IR elsewhere than in `<data>`: the port maps
 *   of ops with bodies
 *
 * Since: 0.1
 */
typedef enum {
  IR_ATTR_STRUCTURAL = 1 << 0,
} IrAttrFlags;

/**
 * IrAttrDesc:
 * @name: as in the IR's `<data>`
 * @kind: type of the field
 * @offset: of the field in the op's attribute struct (G_STRUCT_OFFSET)
 * @def: default as text in the IR's syntax; %NULL means that the attribute is
 *   required
 * @names: for %IR_ATTR_ENUM, the lower-case spellings in the order of the enum,
 *   %NULL-terminated
 * @flags: #IrAttrFlags
 *
 * Since: 0.1
 */
typedef struct {
  const char *name;
  IrAttrKind kind;
  gsize offset;
  const char *def;
  const char *const *names;
  guint flags;
} IrAttrDesc;

/** IR_MAX_INPUTS, IR_MAX_OUTPUTS: limits of one node, Concat and Split
 * included. Since: 0.1 */
#define IR_MAX_INPUTS 4096
#define IR_MAX_OUTPUTS 4096
/** IR_VARIADIC: as @max_inputs or @n_outputs of an #IrOpDesc: any number.
 * Since: 0.1 */
#define IR_VARIADIC 0xffff

/**
 * IrOpFlags:
 * @IR_OP_PARAMETER: a graph input
 * @IR_OP_RESULT: a graph output
 * @IR_OP_CONST: its value is in the output's @value
 * @IR_OP_SINK: has an effect (Assign): kept although nobody reads it
 * @IR_OP_NO_FOLD: not folded although its inputs are constant (random numbers)
 * @IR_OP_F32: `evaluate` handles f32 among the float types only; the caller
 *   converts bf16, f16 and f64 to f32 before and back after it
 * @IR_OP_F64: with %IR_OP_F32: `evaluate` handles f64 as well
 * @IR_OP_DYNAMIC: sizes of the outputs depend on values of the inputs; when
 *   `infer` left them unknown, `evaluate` allocates the outputs itself
 * @IR_OP_ELEMENTWISE: output element i depends on element i of the (broadcast)
 *   inputs only
 *
 * Since: 0.1
 */
typedef enum {
  IR_OP_PARAMETER = 1 << 0,
  IR_OP_RESULT = 1 << 1,
  IR_OP_CONST = 1 << 2,
  IR_OP_SINK = 1 << 3,
  IR_OP_NO_FOLD = 1 << 4,
  IR_OP_F32 = 1 << 5,
  IR_OP_DYNAMIC = 1 << 6,
  IR_OP_ELEMENTWISE = 1 << 7,
  IR_OP_F64 = 1 << 8,
} IrOpFlags;

/**
 * IrInferCtx: what `infer` reads and fills
 * @node: the node, for messages, bodies and its graph; its edges may be absent
 *   from what is being inferred: use the fields below
 * @attrs: the op's attribute struct
 * @n_inputs: between the descriptor's limits
 * @in_dtype: (array length=n_inputs): may be %IR_DTYPE_DYNAMIC
 * @in_shape: (array length=n_inputs): may be partial
 * @in_value: (array length=n_inputs): values where they are known, else %NULL
 * @n_outputs: as the node has; fixed when the node was made
 * @out_dtype: (out) (array length=n_outputs): starts as %IR_DTYPE_DYNAMIC
 * @out_shape: (out) (array length=n_outputs): starts with unknown rank
 * @out_value: (out) (transfer full) (array length=n_outputs): starts as %NULL; to
 *   be set where shapes alone tell the value, as for ShapeOf. Values that follow
 *   from the inputs' values are found by the runner
 *
 * Since: 0.1
 */
typedef struct {
  const IrNode *node;
  const void *attrs;
  gsize n_inputs;
  const IrDType *in_dtype;
  const IrShape *in_shape;
  const IrTensor *const *in_value;
  gsize n_outputs;
  IrDType *out_dtype;
  IrShape *out_shape;
  IrTensor **out_value;
} IrInferCtx;

/** IrPartFunc: computes part @part; parts may run side by side, in any order.
 * @worker is below the number of workers and differs between parts that run at the
 * same time. Since: 0.1 */
typedef void (*IrPartFunc) (gpointer data, guint part, guint worker);

/**
 * IrParts: who runs the parts of a computation that do not depend on each other
 * @workers: how many run at the same time at most
 * @run: runs parts 0 to @n - 1 and returns when all are done
 *
 * Since: 0.1
 */
typedef struct _IrParts IrParts;
struct _IrParts {
  guint workers;
  void (*run) (const IrParts *parts, guint n, IrPartFunc func, gpointer data);
};

/**
 * IrEvalCtx: what `evaluate` reads and fills
 * @node: the node, for messages, bodies and its graph
 * @attrs: the op's attribute struct
 * @n_inputs: number of inputs
 * @in: (array length=n_inputs): the inputs; `infer` accepted their types and
 *   shapes
 * @n_outputs: number of outputs
 * @out: (array length=n_outputs): zero-filled tensors of the inferred type and
 *   shape, to be filled; %NULL where `infer` could not tell the shape, to be
 *   made by `evaluate` (ops with %IR_OP_DYNAMIC only)
 * @max_bytes: what tensors made in between may take; ops with bodies pass it on
 * @parts: (nullable): who runs parts of the computation; %NULL is the caller, one
 *   after the other. What comes out does not depend on it
 * @scratch: memory for what `evaluate` leaves behind
 *
 * Since: 0.1
 */
typedef struct {
  const IrNode *node;
  const void *attrs;
  gsize n_inputs;
  IrTensor *const *in;
  gsize n_outputs;
  IrTensor **out;
  gsize max_bytes;
  const IrParts *parts;
  IrScratch *scratch;
} IrEvalCtx;

/** IR_NOWHERE: in the map of an #IrStrided, for what is not in the input. Since:
 * 0.1 */
#define IR_NOWHERE G_MININT64

/**
 * IrStrided: an output that is a selection of the elements of input 0
 * @offset: where its element (0, 0, …) is in the input
 * @step: how far from it the next one along each of its dimensions is; may be
 *   negative or 0
 * @map: (nullable): of a dimension whose elements are not evenly spaced, in place
 *   of its @step: how far from @offset each of its indices leads, or %IR_NOWHERE,
 *   which makes @fill of every element with that index
 * @fill: (nullable): one element, %NULL for zero; belongs to an input
 *
 * Since: 0.1
 */
typedef struct {
  gint64 offset;
  gint64 step[IR_MAX_RANK];
  gint64 *map[IR_MAX_RANK];
  gconstpointer fill;
} IrStrided;

/** ir_strided_clear: frees the maps. Since: 0.1 */
static inline void
ir_strided_clear (IrStrided *strided)
{
  for (guint d = 0; d < IR_MAX_RANK; d++)
    g_clear_pointer (&strided->map[d], g_free);
}

/**
 * IrOpDesc:
 * @type: the IR's spelling, such as "Convolution"
 * @opset: number of the opset where this form appeared first; the IR's
 *   `version` is "opset<number>"
 * @min_inputs: fewest inputs; optional ones are trailing
 * @max_inputs: most inputs, or %IR_VARIADIC
 * @n_outputs: number of outputs, or %IR_VARIADIC where attributes or inputs
 *   decide
 * @flags: #IrOpFlags
 * @attrs_size: bytes of the attribute struct, 0 for none
 * @attrs: (nullable): ends with a row whose name is %NULL; in the order in which
 *   they are written
 * @infer: checks the inputs and says what comes out. Must cope with unknown
 *   types, ranks, dimensions and values, and must reject with %IR_ERROR_SHAPE or
 *   %IR_ERROR_UNSUPPORTED everything that `evaluate` could not compute:
 *   `evaluate` relies on it. The runner adds the node's name to the message
 * @evaluate: (nullable): the plain, obvious computation
 * @summary: one line for the documentation
 * @strided: (nullable): of ops that only pick, repeat and permute the elements of
 *   input 0: where those of output @index come from. @steps are the distances between
 *   elements of input 0, one per dimension, in whatever order a device keeps
 *   them; of @ctx, the contents of input 0 and the outputs are not looked at,
 *   their types and shapes are. The #IrStrided starts as zeros and is to be
 *   cleared in any case. Also FALSE, with %IR_ERROR_UNSUPPORTED, of what can't be
 *   said so but evaluated
 *
 * Since: 0.1
 */
struct _IrOpDesc {
  const char *type;
  guint opset;
  guint16 min_inputs;
  guint16 max_inputs;
  guint16 n_outputs;
  guint flags;
  gsize attrs_size;
  const IrAttrDesc *attrs;
  gboolean (*infer) (IrInferCtx *ctx, GError **error);
  gboolean (*evaluate) (IrEvalCtx *ctx, GError **error);
  const char *summary;
  gboolean (*strided) (const IrEvalCtx *ctx, guint index, const gint64 *steps,
      IrStrided *strided, GError **error);
  gboolean (*sampling) (
      const IrEvalCtx *ctx, IrSampling *sampling, GError **error);
};

/**
 * ir_op_lookup:
 * @type: the op's name, any case
 * @opset: "opset1" … ; the newest form that is not newer is taken
 *
 * Returns: (nullable): the descriptor
 *
 * Since: 0.1
 */
IR_API const IrOpDesc *ir_op_lookup (const char *type, const char *opset);

/** ir_op_lookup_number: the same with the opset as a number, G_MAXUINT for the
 * newest form. Since: 0.1 */
IR_API const IrOpDesc *ir_op_lookup_number (const char *type, guint opset);

/** ir_op_list: (array length=n): every op form, sorted by type, then opset.
 * Since: 0.1 */
IR_API const IrOpDesc *const *ir_op_list (gsize *n);

/**
 * ir_attr_parse:
 * @graph: owner of the memory of lists and strings
 * @desc: the attribute
 * @text: value in the IR's syntax, as lenient as OpenVINO's reader: blanks
 *   around commas, brackets, true/false/1/0 in any case, enums in any case
 * @attrs: (inout): the attribute struct, written on success
 *
 * Since: 0.1
 */
IR_API gboolean ir_attr_parse (IrGraph *graph, const IrAttrDesc *desc,
    const char *text, gpointer attrs, GError **error);

/** ir_attr_to_string: (transfer full): the value in the IR's syntax; reals with
 * the digits that give the same number back. Since: 0.1 */
IR_API char *ir_attr_to_string (const IrAttrDesc *desc, gconstpointer attrs);

G_END_DECLS

#endif
