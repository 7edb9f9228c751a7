/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "build.h"

#include <string.h>

const IrPort IR_NO_PORT = { NULL, 0 };

/* --- a node --------------------------------------------------------------------- */

void
ir_build_init (
    IrBuild *n, const IrSourceNode *source, IrGraph *graph, const char *label)
{
  n->source = source;
  n->graph = graph;
  n->label = label;
  n->n_inputs = source->n_inputs;
  n->n_outputs = source->n_outputs;
  n->in = g_new0 (IrPort, n->n_inputs + 1);
  n->out = g_new0 (IrPort, n->n_outputs + 1);
  n->first_id = graph->next_id;
  n->error = NULL;
}

void
ir_build_name (IrBuild *n)
{
  gboolean renamed = FALSE;

  for (gsize i = 0; i < n->n_outputs; i++) {
    IrPort port = n->out[i];

    if (!ir_build_wants (n, i))
      continue;
    if (port.node == NULL) {
      ir_build_fail (n, IR_ERROR_UNSUPPORTED,
          "has the output %" G_GSIZE_FORMAT ", which the IR has no op for", i);
      return;
    }
    if (!renamed && port.node->id >= n->first_id &&
        !(port.node->op->flags & IR_OP_PARAMETER)) {
      ir_graph_rename (n->graph, port.node, n->label);
      renamed = TRUE;
    }
  }
}

gboolean
ir_build_finish (IrBuild *n, GError **error)
{
  g_free (n->in);
  g_free (n->out);
  if (!ir_build_failed (n))
    return TRUE;
  g_propagate_prefixed_error (
      error, n->error, "node \"%s\" (%s): ", n->label, n->source->type);
  return FALSE;
}

/* --- asking -------------------------------------------------------------------- */

void
ir_build_fail (IrBuild *n, IrErrorCode code, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (n->error != NULL)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  n->error = g_error_new_literal (IR_ERROR, code, text);
}

IrPort
ir_build_in (IrBuild *n, gsize index)
{
  if (ir_build_has (n, index))
    return n->in[index];
  ir_build_fail (n, IR_ERROR_PARSE, "lacks input %" G_GSIZE_FORMAT, index);
  return IR_NO_PORT;
}

/* The attribute, or NULL: then the default holds. One of another kind is a failure:
 * its writer meant something. */
static const IrSourceAttr *
attr_of_kind (IrBuild *n, const char *name, IrSourceKind kind)
{
  const IrSourceAttr *attr = ir_source_attr (n->source, name);

  if (attr == NULL || attr->kind == kind)
    return attr;
  ir_build_fail (
      n, IR_ERROR_PARSE, "has an attribute \"%s\" of a wrong kind", name);
  return NULL;
}

gint64
ir_build_i64 (IrBuild *n, const char *attr, gint64 def)
{
  const IrSourceAttr *found = attr_of_kind (n, attr, IR_SOURCE_I64);

  return found != NULL ? found->u.i : def;
}

double
ir_build_f64 (IrBuild *n, const char *attr, double def)
{
  const IrSourceAttr *found = attr_of_kind (n, attr, IR_SOURCE_F64);

  return found != NULL ? found->u.f : def;
}

const char *
ir_build_text (IrBuild *n, const char *attr, const char *def)
{
  const IrSourceAttr *found = attr_of_kind (n, attr, IR_SOURCE_TEXT);

  return found != NULL ? found->u.text : def;
}

gboolean
ir_build_i64s (IrBuild *n, const char *attr, IrI64s *list)
{
  const IrSourceAttr *found = attr_of_kind (n, attr, IR_SOURCE_I64S);

  *list = found != NULL ? found->u.i64s : (IrI64s){ 0, NULL };
  return found != NULL;
}

void
ir_build_need_attr (IrBuild *n, const char *attr)
{
  if (ir_source_attr (n->source, attr) == NULL)
    ir_build_fail (n, IR_ERROR_PARSE, "lacks the attribute \"%s\"", attr);
}

gboolean
ir_build_f64s (IrBuild *n, const char *attr, IrF64s *list)
{
  const IrSourceAttr *found = attr_of_kind (n, attr, IR_SOURCE_F64S);

  *list = found != NULL ? found->u.f64s : (IrF64s){ 0, NULL };
  return found != NULL;
}

IrDType
ir_build_dtype_of (IrPort port)
{
  return port.node != NULL ? ir_port_output (port)->dtype : IR_DTYPE_DYNAMIC;
}

const IrShape *
ir_build_shape_of (IrPort port)
{
  static const IrShape unknown = { IR_RANK_UNKNOWN, { 0 } };

  return port.node != NULL ? &ir_port_output (port)->shape : &unknown;
}

gint
ir_build_rank (IrBuild *n, IrPort port)
{
  gint rank = ir_build_shape_of (port)->rank;

  if (rank >= 0)
    return rank;
  ir_build_fail (n, IR_ERROR_SHAPE,
      "needs to know how many dimensions its input has; give the shape of the "
      "model's inputs (--input_shape)");
  return 0;
}

gint64
ir_build_axis (IrBuild *n, IrPort port, gint64 axis)
{
  const IrShape *shape = ir_build_shape_of (port);
  guint index = 0;

  if (shape->rank < 0)
    ir_build_rank (n, port);
  else if (n->error == NULL)
    ir_shape_axis (shape, axis, &index, &n->error);
  return index;
}

/* So that the stack suffices. */
#define MAX_VALUE_DEPTH 256

static gboolean
find_value (IrNode *node, guint depth)
{
  if (node->outputs[0].value != NULL)
    return TRUE;
  if (depth > MAX_VALUE_DEPTH || node->n_inputs == 0 || node->n_bodies > 0)
    return FALSE;
  for (gsize i = 0; i < node->n_inputs; i++) {
    if (!find_value (node->inputs[i].node, depth + 1))
      return FALSE;
  }
  return ir_node_know (node);
}

IrTensor *
ir_build_value (IrBuild *n, IrPort port)
{
  if (port.node == NULL || n->error != NULL ||
      (ir_port_const (port) == NULL && !find_value (port.node, 0)) ||
      ir_port_const (port) == NULL)
    return NULL;
  return ir_tensor_ref (ir_port_const (port));
}

gboolean
ir_build_ints (
    IrBuild *n, IrPort port, gint64 values[IR_BUILD_LIST], gsize *count)
{
  g_autoptr (IrTensor) tensor = ir_build_value (n, port);

  return tensor != NULL &&
      ir_tensor_read_i64 (tensor, values, IR_BUILD_LIST, count, &n->error);
}

gboolean
ir_build_scalar (IrBuild *n, IrPort port, double *value)
{
  g_autoptr (IrTensor) tensor = ir_build_value (n, port);

  if (tensor == NULL || ir_tensor_count (tensor) != 1)
    return FALSE;
  *value = ir_tensor_get_f64 (tensor, 0);
  return TRUE;
}

/* --- building ------------------------------------------------------------------ */

void
ir_build_out (IrBuild *n, gsize index, IrPort port)
{
  if (index < n->n_outputs)
    n->out[index] = port;
}

IrNode *
ir_build_add_v (IrBuild *n, const char *type, guint opset, const IrPort *ports,
    gsize n_in, gsize n_out)
{
  const IrOpDesc *op = ir_op_lookup_number (type, opset);
  g_autofree char *name = NULL;

  for (gsize i = 0; i < n_in; i++) {
    if (ports[i].node == NULL)
      ir_build_fail (n, IR_ERROR_PARSE, "lacks an input");
  }
  if (op == NULL)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "takes the op %s-%u, which is missing", type, opset);
  if (n_in > IR_MAX_INPUTS || n_out > IR_MAX_OUTPUTS)
    ir_build_fail (n, IR_ERROR_LIMIT, "has too many inputs or outputs");
  if (ir_build_failed (n))
    return NULL;
  name = g_strconcat (n->label, "/", type, NULL);
  return ir_graph_add (n->graph, op, name, ports, n_in, n_out);
}

static IrNode *
add_list (IrBuild *n, const char *type, guint opset, gsize n_in, va_list args)
{
  g_autofree IrPort *ports = g_new (IrPort, MAX (n_in, 1));

  for (gsize i = 0; i < n_in; i++)
    ports[i] = va_arg (args, IrPort);
  return ir_build_add_v (n, type, opset, ports, n_in, 0);
}

IrNode *
ir_build_add (IrBuild *n, const char *type, guint opset, gsize n_in, ...)
{
  IrNode *op;
  va_list args;

  va_start (args, n_in);
  op = add_list (n, type, opset, n_in, args);
  va_end (args);
  return op;
}

IrPort
ir_build_done (IrBuild *n, IrNode *op)
{
  if (ir_build_failed (n) || !ir_node_infer (op, &n->error))
    return IR_NO_PORT;
  return ir_port (op, 0);
}

IrPort
ir_build_op (IrBuild *n, const char *type, guint opset, gsize n_in, ...)
{
  IrNode *op;
  va_list args;

  va_start (args, n_in);
  op = add_list (n, type, opset, n_in, args);
  va_end (args);
  return ir_build_done (n, op);
}

void
ir_build_set_bool (IrBuild *n, IrNode *op, const char *attr, gboolean value)
{
  if (!ir_build_failed (n))
    ir_node_set_bool (op, attr, value, &n->error);
}

void
ir_build_set_i64 (IrBuild *n, IrNode *op, const char *attr, gint64 value)
{
  if (!ir_build_failed (n))
    ir_node_set_i64 (op, attr, value, &n->error);
}

void
ir_build_set_f64 (IrBuild *n, IrNode *op, const char *attr, double value)
{
  if (!ir_build_failed (n))
    ir_node_set_f64 (op, attr, value, &n->error);
}

void
ir_build_set_text (IrBuild *n, IrNode *op, const char *attr, const char *value)
{
  if (!ir_build_failed (n))
    ir_node_set_text (op, attr, value, &n->error);
}

void
ir_build_set_dtype (IrBuild *n, IrNode *op, const char *attr, IrDType value)
{
  if (!ir_build_failed (n))
    ir_node_set_dtype (op, attr, value, &n->error);
}

void
ir_build_set_i64s (
    IrBuild *n, IrNode *op, const char *attr, const gint64 *values, gsize count)
{
  if (!ir_build_failed (n))
    ir_node_set_i64s (op, attr, values, count, &n->error);
}

void
ir_build_set_f64s (
    IrBuild *n, IrNode *op, const char *attr, const double *values, gsize count)
{
  if (!ir_build_failed (n))
    ir_node_set_f64s (op, attr, values, count, &n->error);
}

/* --- constants ------------------------------------------------------------------ */

IrPort
ir_build_const (IrBuild *n, IrTensor *value)
{
  g_autofree char *name = g_strconcat (n->label, "/Const", NULL);
  IrNode *node;

  if (value == NULL || ir_build_failed (n)) {
    g_clear_pointer (&value, ir_tensor_unref);
    return IR_NO_PORT;
  }
  node = ir_graph_add_const (n->graph, name, value);
  ir_tensor_unref (value);
  return ir_build_done (n, node);
}

IrPort
ir_build_int (IrBuild *n, gint64 value)
{
  IrShape shape = ir_shape_scalar ();
  IrTensor *tensor = ir_tensor_new (IR_DTYPE_I64, &shape, NULL);

  if (tensor != NULL)
    ir_tensor_set_i64 (tensor, 0, value);
  return ir_build_const (n, tensor);
}

IrPort
ir_build_list (IrBuild *n, const gint64 *values, gsize count)
{
  return ir_build_const (n, ir_tensor_new_i64 (values, count));
}

IrPort
ir_build_reals (IrBuild *n, IrDType dtype, const double *values, gsize count)
{
  gint64 length = (gint64) count;
  IrTensor *tensor = NULL;
  IrShape shape;

  if (!ir_build_failed (n) && ir_shape_init (&shape, 1, &length, &n->error))
    tensor = ir_tensor_new (dtype, &shape, &n->error);
  for (gsize i = 0; tensor != NULL && i < count; i++)
    ir_tensor_set_f64 (tensor, i, values[i]);
  return ir_build_const (n, tensor);
}

IrPort
ir_build_number (IrBuild *n, IrDType dtype, double value)
{
  if (dtype == IR_DTYPE_DYNAMIC || ir_dtype_size (dtype) == 0) {
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has an input of the type %s",
        ir_dtype_name (dtype));
    return IR_NO_PORT;
  }
  return ir_build_const (n, ir_tensor_new_scalar (dtype, value));
}

IrPort
ir_build_like (IrBuild *n, IrPort port, double value)
{
  return ir_build_failed (n)
      ? IR_NO_PORT
      : ir_build_number (n, ir_build_dtype_of (port), value);
}

/* --- frequent ops --------------------------------------------------------------- */

IrPort
ir_build_cast (IrBuild *n, IrPort port, IrDType dtype)
{
  IrNode *op;

  if (ir_build_dtype_of (port) == dtype)
    return port;
  op = ir_build_add (n, "Convert", 1, 1, port);
  ir_build_set_dtype (n, op, "destination_type", dtype);
  return ir_build_done (n, op);
}

IrPort
ir_build_shape (IrBuild *n, IrPort port)
{
  return ir_build_op (n, "ShapeOf", 3, 1, port);
}

IrPort
ir_build_gather (IrBuild *n, IrPort port, IrPort index, gint64 axis)
{
  return ir_build_op (n, "Gather", 8, 3, port, index, ir_build_int (n, axis));
}

IrPort
ir_build_dim (IrBuild *n, IrPort port, gint64 axis)
{
  return ir_build_gather (
      n, ir_build_shape (n, port), ir_build_list (n, &axis, 1), 0);
}

IrPort
ir_build_concat (IrBuild *n, gint64 axis, gsize count, ...)
{
  IrNode *op;
  va_list args;

  va_start (args, count);
  op = add_list (n, "Concat", 1, count, args);
  va_end (args);
  ir_build_set_i64 (n, op, "axis", axis);
  return ir_build_done (n, op);
}

IrPort
ir_build_reshape (IrBuild *n, IrPort port, IrPort shape)
{
  IrNode *op = ir_build_add (n, "Reshape", 1, 2, port, shape);

  ir_build_set_bool (n, op, "special_zero", FALSE);
  return ir_build_done (n, op);
}

/* The same constant under another shape; FALSE if @dims don't say one. */
static gboolean
reshape_value (
    const IrTensor *value, const gint64 *dims, gsize count, IrShape *shape)
{
  guint64 known = 1, total = ir_tensor_count (value);
  gint open = -1;

  if (!ir_shape_init (shape, count, dims, NULL))
    return FALSE;
  for (gint i = 0; i < shape->rank; i++) {
    if (shape->dim[i] >= 0)
      known *= (guint64) shape->dim[i];
    else if (open >= 0)
      return FALSE;
    else
      open = i;
    if (known > total)
      return FALSE;
  }
  if (open >= 0 && (known == 0 || total % known != 0))
    return FALSE;
  if (open >= 0)
    shape->dim[open] = (gint64) (total / known);
  return open >= 0 || known == total;
}

IrPort
ir_build_reshape_to (IrBuild *n, IrPort port, const gint64 *dims, gsize count)
{
  IrShape shape;

  if (!ir_build_failed (n) && (port.node->op->flags & IR_OP_CONST) &&
      reshape_value (ir_port_const (port), dims, count, &shape))
    return ir_build_const (
        n, ir_tensor_reshaped (ir_port_const (port), &shape, &n->error));
  return ir_build_reshape (n, port, ir_build_list (n, dims, count));
}

IrPort
ir_build_squeeze (IrBuild *n, IrPort port, gint64 axis)
{
  return ir_build_op (n, "Squeeze", 1, 2, port, ir_build_list (n, &axis, 1));
}

IrPort
ir_build_unsqueeze (IrBuild *n, IrPort port, gint64 axis)
{
  return ir_build_op (n, "Unsqueeze", 1, 2, port, ir_build_list (n, &axis, 1));
}

IrPort
ir_build_transpose (IrBuild *n, IrPort port, const gint64 *order, gsize count)
{
  return ir_build_op (
      n, "Transpose", 1, 2, port, ir_build_list (n, order, count));
}

IrPort
ir_build_reduce (
    IrBuild *n, const char *type, IrPort port, IrPort axes, gboolean keep_dims)
{
  IrNode *op = ir_build_add (n, type, 4, 2, port, axes);

  ir_build_set_bool (n, op, "keep_dims", keep_dims);
  return ir_build_done (n, op);
}

IrPort
ir_build_slice (IrBuild *n, IrPort port, gint64 axis, gint64 start, gint64 end)
{
  gint64 one = 1;

  return ir_build_op (n, "Slice", 8, 5, port, ir_build_list (n, &start, 1),
      ir_build_list (n, &end, 1), ir_build_list (n, &one, 1),
      ir_build_list (n, &axis, 1));
}

IrPort
ir_build_range (IrBuild *n, IrPort start, IrPort end)
{
  IrNode *op =
      ir_build_add (n, "Range", 4, 3, ir_build_reshape_to (n, start, NULL, 0),
          ir_build_reshape_to (n, end, NULL, 0), ir_build_int (n, 1));

  ir_build_set_dtype (n, op, "output_type", IR_DTYPE_I64);
  return ir_build_done (n, op);
}

IrPort
ir_build_axes_from (IrBuild *n, IrPort port, gint64 first)
{
  const IrShape *shape = ir_build_shape_of (port);
  gint64 axes[IR_MAX_RANK];
  gsize count = 0;

  if (shape->rank >= 0) {
    for (gint64 axis = first; axis < shape->rank; axis++)
      axes[count++] = axis;
    return ir_build_list (n, axes, count);
  }
  return ir_build_range (
      n, ir_build_int (n, first), ir_build_shape (n, ir_build_shape (n, port)));
}

IrPort
ir_build_along (IrBuild *n, IrPort vector, IrPort like, gint64 axis)
{
  gint64 dims[IR_MAX_RANK] = { 1, 1, 1, 1, 1, 1, 1, 1 };

  axis = ir_build_axis (n, like, axis);
  if (ir_build_failed (n))
    return IR_NO_PORT;
  dims[axis] = -1;
  return ir_build_reshape_to (n, vector, dims, (gsize) ir_build_rank (n, like));
}

IrPort
ir_build_per_channel (IrBuild *n, IrPort vector, IrPort like)
{
  return ir_build_rank (n, like) <= 1 ? vector
                                      : ir_build_along (n, vector, like, 1);
}
