/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "onnx.h"

#include <string.h>

const IrPort ONNX_NONE = { NULL, 0 };

/* --- asking -------------------------------------------------------------------- */

void
onnx_fail (OnnxNode *n, IrErrorCode code, const char *format, ...)
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
onnx_in (OnnxNode *n, gsize index)
{
  if (onnx_has (n, index))
    return n->in[index];
  onnx_fail (n, IR_ERROR_PARSE, "lacks input %" G_GSIZE_FORMAT, index);
  return ONNX_NONE;
}

/* The attribute, or NULL: then the default holds. One of another kind is a failure:
 * its writer meant something. */
static const IrSourceAttr *
attr_of_kind (OnnxNode *n, const char *name, IrSourceKind kind)
{
  const IrSourceAttr *attr = ir_source_attr (n->source, name);

  if (attr == NULL || attr->kind == kind)
    return attr;
  onnx_fail (
      n, IR_ERROR_PARSE, "has an attribute \"%s\" of a wrong kind", name);
  return NULL;
}

gint64
onnx_i64 (OnnxNode *n, const char *attr, gint64 def)
{
  const IrSourceAttr *found = attr_of_kind (n, attr, IR_SOURCE_I64);

  return found != NULL ? found->u.i : def;
}

double
onnx_f64 (OnnxNode *n, const char *attr, double def)
{
  const IrSourceAttr *found = attr_of_kind (n, attr, IR_SOURCE_F64);

  return found != NULL ? found->u.f : def;
}

const char *
onnx_text (OnnxNode *n, const char *attr, const char *def)
{
  const IrSourceAttr *found = attr_of_kind (n, attr, IR_SOURCE_TEXT);

  return found != NULL ? found->u.text : def;
}

gboolean
onnx_i64s (OnnxNode *n, const char *attr, IrI64s *list)
{
  const IrSourceAttr *found = attr_of_kind (n, attr, IR_SOURCE_I64S);

  *list = found != NULL ? found->u.i64s : (IrI64s){ 0, NULL };
  return found != NULL;
}

void
onnx_need_attr (OnnxNode *n, const char *attr)
{
  if (ir_source_attr (n->source, attr) == NULL)
    onnx_fail (n, IR_ERROR_PARSE, "lacks the attribute \"%s\"", attr);
}

gboolean
onnx_f64s (OnnxNode *n, const char *attr, IrF64s *list)
{
  const IrSourceAttr *found = attr_of_kind (n, attr, IR_SOURCE_F64S);

  *list = found != NULL ? found->u.f64s : (IrF64s){ 0, NULL };
  return found != NULL;
}

IrPort
onnx_second_in (OnnxNode *n)
{
  const gint64 ones[IR_MAX_RANK] = { 1, 1, 1, 1, 1, 1, 1, 1 };
  IrPort first = onnx_in (n, 0), second = onnx_in (n, 1);
  gint64 axis, behind;

  if (n->opset >= 7 || onnx_i64 (n, "broadcast", 0) == 0 ||
      ir_source_attr (n->source, "axis") == NULL)
    return second;
  axis = onnx_axis (n, first, onnx_i64 (n, "axis", 0));
  behind = onnx_rank (n, first) - axis - onnx_rank (n, second);
  if (behind < 0)
    onnx_fail (n, IR_ERROR_SHAPE, "has an axis that is out of range");
  if (onnx_failed (n) || behind == 0)
    return second;
  return onnx_reshape (n, second,
      onnx_concat (n, 0, 2, onnx_shape (n, second),
          onnx_list (n, ones, (gsize) behind)));
}

IrDType
onnx_dtype_of (IrPort port)
{
  return port.node != NULL ? ir_port_output (port)->dtype : IR_DTYPE_DYNAMIC;
}

const IrShape *
onnx_shape_of (IrPort port)
{
  static const IrShape unknown = { IR_RANK_UNKNOWN, { 0 } };

  return port.node != NULL ? &ir_port_output (port)->shape : &unknown;
}

gint
onnx_rank (OnnxNode *n, IrPort port)
{
  gint rank = onnx_shape_of (port)->rank;

  if (rank >= 0)
    return rank;
  onnx_fail (n, IR_ERROR_SHAPE,
      "needs to know how many dimensions its input has; give the shape of the "
      "model's inputs (--input_shape)");
  return 0;
}

gint64
onnx_axis (OnnxNode *n, IrPort port, gint64 axis)
{
  const IrShape *shape = onnx_shape_of (port);
  guint index = 0;

  if (shape->rank < 0)
    onnx_rank (n, port);
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
onnx_value (OnnxNode *n, IrPort port)
{
  if (port.node == NULL || n->error != NULL ||
      (ir_port_const (port) == NULL && !find_value (port.node, 0)) ||
      ir_port_const (port) == NULL)
    return NULL;
  return ir_tensor_ref (ir_port_const (port));
}

gboolean
onnx_ints (OnnxNode *n, IrPort port, gint64 values[IR_ONNX_LIST], gsize *count)
{
  g_autoptr (IrTensor) tensor = onnx_value (n, port);

  return tensor != NULL &&
      ir_tensor_read_i64 (tensor, values, IR_ONNX_LIST, count, &n->error);
}

gboolean
onnx_scalar (OnnxNode *n, IrPort port, double *value)
{
  g_autoptr (IrTensor) tensor = onnx_value (n, port);

  if (tensor == NULL || ir_tensor_count (tensor) != 1)
    return FALSE;
  *value = ir_tensor_get_f64 (tensor, 0);
  return TRUE;
}

/* --- building ------------------------------------------------------------------ */

void
onnx_out (OnnxNode *n, gsize index, IrPort port)
{
  if (index < n->n_outputs)
    n->out[index] = port;
}

IrNode *
onnx_add_v (OnnxNode *n, const char *type, guint opset, const IrPort *ports,
    gsize n_in, gsize n_out)
{
  const IrOpDesc *op = ir_op_lookup_number (type, opset);
  g_autofree char *name = NULL;

  for (gsize i = 0; i < n_in; i++) {
    if (ports[i].node == NULL)
      onnx_fail (n, IR_ERROR_PARSE, "lacks an input");
  }
  if (op == NULL)
    onnx_fail (n, IR_ERROR_UNSUPPORTED, "takes the op %s-%u, which is missing",
        type, opset);
  if (n_in > IR_MAX_INPUTS || n_out > IR_MAX_OUTPUTS)
    onnx_fail (n, IR_ERROR_LIMIT, "has too many inputs or outputs");
  if (onnx_failed (n))
    return NULL;
  name = g_strconcat (n->label, "/", type, NULL);
  return ir_graph_add (n->graph, op, name, ports, n_in, n_out);
}

static IrNode *
add_list (OnnxNode *n, const char *type, guint opset, gsize n_in, va_list args)
{
  g_autofree IrPort *ports = g_new (IrPort, MAX (n_in, 1));

  for (gsize i = 0; i < n_in; i++)
    ports[i] = va_arg (args, IrPort);
  return onnx_add_v (n, type, opset, ports, n_in, 0);
}

IrNode *
onnx_add (OnnxNode *n, const char *type, guint opset, gsize n_in, ...)
{
  IrNode *op;
  va_list args;

  va_start (args, n_in);
  op = add_list (n, type, opset, n_in, args);
  va_end (args);
  return op;
}

IrPort
onnx_done (OnnxNode *n, IrNode *op)
{
  if (onnx_failed (n) || !ir_node_infer (op, &n->error))
    return ONNX_NONE;
  return ir_port (op, 0);
}

IrPort
onnx_op (OnnxNode *n, const char *type, guint opset, gsize n_in, ...)
{
  IrNode *op;
  va_list args;

  va_start (args, n_in);
  op = add_list (n, type, opset, n_in, args);
  va_end (args);
  return onnx_done (n, op);
}

void
onnx_set_bool (OnnxNode *n, IrNode *op, const char *attr, gboolean value)
{
  if (!onnx_failed (n))
    ir_node_set_bool (op, attr, value, &n->error);
}

void
onnx_set_i64 (OnnxNode *n, IrNode *op, const char *attr, gint64 value)
{
  if (!onnx_failed (n))
    ir_node_set_i64 (op, attr, value, &n->error);
}

void
onnx_set_f64 (OnnxNode *n, IrNode *op, const char *attr, double value)
{
  if (!onnx_failed (n))
    ir_node_set_f64 (op, attr, value, &n->error);
}

void
onnx_set_text (OnnxNode *n, IrNode *op, const char *attr, const char *value)
{
  if (!onnx_failed (n))
    ir_node_set_text (op, attr, value, &n->error);
}

void
onnx_set_dtype (OnnxNode *n, IrNode *op, const char *attr, IrDType value)
{
  if (!onnx_failed (n))
    ir_node_set_dtype (op, attr, value, &n->error);
}

void
onnx_set_i64s (OnnxNode *n, IrNode *op, const char *attr, const gint64 *values,
    gsize count)
{
  if (!onnx_failed (n))
    ir_node_set_i64s (op, attr, values, count, &n->error);
}

/* --- constants ------------------------------------------------------------------ */

IrPort
onnx_const (OnnxNode *n, IrTensor *value)
{
  g_autofree char *name = g_strconcat (n->label, "/Const", NULL);
  IrNode *node;

  if (value == NULL || onnx_failed (n)) {
    g_clear_pointer (&value, ir_tensor_unref);
    return ONNX_NONE;
  }
  node = ir_graph_add_const (n->graph, name, value);
  ir_tensor_unref (value);
  return onnx_done (n, node);
}

IrPort
onnx_int (OnnxNode *n, gint64 value)
{
  IrShape shape = ir_shape_scalar ();
  IrTensor *tensor = ir_tensor_new (IR_DTYPE_I64, &shape, NULL);

  if (tensor != NULL)
    ir_tensor_set_i64 (tensor, 0, value);
  return onnx_const (n, tensor);
}

IrPort
onnx_list (OnnxNode *n, const gint64 *values, gsize count)
{
  return onnx_const (n, ir_tensor_new_i64 (values, count));
}

IrPort
onnx_reals (OnnxNode *n, IrDType dtype, const double *values, gsize count)
{
  gint64 length = (gint64) count;
  IrTensor *tensor = NULL;
  IrShape shape;

  if (!onnx_failed (n) && ir_shape_init (&shape, 1, &length, &n->error))
    tensor = ir_tensor_new (dtype, &shape, &n->error);
  for (gsize i = 0; tensor != NULL && i < count; i++)
    ir_tensor_set_f64 (tensor, i, values[i]);
  return onnx_const (n, tensor);
}

IrPort
onnx_number (OnnxNode *n, IrDType dtype, double value)
{
  if (dtype == IR_DTYPE_DYNAMIC || ir_dtype_size (dtype) == 0) {
    onnx_fail (n, IR_ERROR_UNSUPPORTED, "has an input of the type %s",
        ir_dtype_name (dtype));
    return ONNX_NONE;
  }
  return onnx_const (n, ir_tensor_new_scalar (dtype, value));
}

IrPort
onnx_like (OnnxNode *n, IrPort port, double value)
{
  return onnx_failed (n) ? ONNX_NONE
                         : onnx_number (n, onnx_dtype_of (port), value);
}

/* --- frequent ops --------------------------------------------------------------- */

IrPort
onnx_cast (OnnxNode *n, IrPort port, IrDType dtype)
{
  IrNode *op;

  if (onnx_dtype_of (port) == dtype)
    return port;
  op = onnx_add (n, "Convert", 1, 1, port);
  onnx_set_dtype (n, op, "destination_type", dtype);
  return onnx_done (n, op);
}

IrPort
onnx_shape (OnnxNode *n, IrPort port)
{
  return onnx_op (n, "ShapeOf", 3, 1, port);
}

IrPort
onnx_gather (OnnxNode *n, IrPort port, IrPort index, gint64 axis)
{
  return onnx_op (n, "Gather", 8, 3, port, index, onnx_int (n, axis));
}

IrPort
onnx_dim (OnnxNode *n, IrPort port, gint64 axis)
{
  return onnx_gather (n, onnx_shape (n, port), onnx_list (n, &axis, 1), 0);
}

IrPort
onnx_concat (OnnxNode *n, gint64 axis, gsize count, ...)
{
  IrNode *op;
  va_list args;

  va_start (args, count);
  op = add_list (n, "Concat", 1, count, args);
  va_end (args);
  onnx_set_i64 (n, op, "axis", axis);
  return onnx_done (n, op);
}

IrPort
onnx_reshape (OnnxNode *n, IrPort port, IrPort shape)
{
  IrNode *op = onnx_add (n, "Reshape", 1, 2, port, shape);

  onnx_set_bool (n, op, "special_zero", FALSE);
  return onnx_done (n, op);
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
onnx_reshape_to (OnnxNode *n, IrPort port, const gint64 *dims, gsize count)
{
  IrShape shape;

  if (!onnx_failed (n) && (port.node->op->flags & IR_OP_CONST) &&
      reshape_value (ir_port_const (port), dims, count, &shape))
    return onnx_const (
        n, ir_tensor_reshaped (ir_port_const (port), &shape, &n->error));
  return onnx_reshape (n, port, onnx_list (n, dims, count));
}

IrPort
onnx_squeeze (OnnxNode *n, IrPort port, gint64 axis)
{
  return onnx_op (n, "Squeeze", 1, 2, port, onnx_list (n, &axis, 1));
}

IrPort
onnx_unsqueeze (OnnxNode *n, IrPort port, gint64 axis)
{
  return onnx_op (n, "Unsqueeze", 1, 2, port, onnx_list (n, &axis, 1));
}

IrPort
onnx_transpose (OnnxNode *n, IrPort port, const gint64 *order, gsize count)
{
  return onnx_op (n, "Transpose", 1, 2, port, onnx_list (n, order, count));
}

IrPort
onnx_reduce (
    OnnxNode *n, const char *type, IrPort port, IrPort axes, gboolean keep_dims)
{
  IrNode *op = onnx_add (n, type, 4, 2, port, axes);

  onnx_set_bool (n, op, "keep_dims", keep_dims);
  return onnx_done (n, op);
}

IrPort
onnx_slice (OnnxNode *n, IrPort port, gint64 axis, gint64 start, gint64 end)
{
  gint64 one = 1;

  return onnx_op (n, "Slice", 8, 5, port, onnx_list (n, &start, 1),
      onnx_list (n, &end, 1), onnx_list (n, &one, 1), onnx_list (n, &axis, 1));
}

IrPort
onnx_range (OnnxNode *n, IrPort start, IrPort end)
{
  IrNode *op = onnx_add (n, "Range", 4, 3, onnx_reshape_to (n, start, NULL, 0),
      onnx_reshape_to (n, end, NULL, 0), onnx_int (n, 1));

  onnx_set_dtype (n, op, "output_type", IR_DTYPE_I64);
  return onnx_done (n, op);
}

IrPort
onnx_axes_from (OnnxNode *n, IrPort port, gint64 first)
{
  const IrShape *shape = onnx_shape_of (port);
  gint64 axes[IR_MAX_RANK];
  gsize count = 0;

  if (shape->rank >= 0) {
    for (gint64 axis = first; axis < shape->rank; axis++)
      axes[count++] = axis;
    return onnx_list (n, axes, count);
  }
  return onnx_range (
      n, onnx_int (n, first), onnx_shape (n, onnx_shape (n, port)));
}

IrPort
onnx_along (OnnxNode *n, IrPort vector, IrPort like, gint64 axis)
{
  gint64 dims[IR_MAX_RANK] = { 1, 1, 1, 1, 1, 1, 1, 1 };

  axis = onnx_axis (n, like, axis);
  if (onnx_failed (n))
    return ONNX_NONE;
  dims[axis] = -1;
  return onnx_reshape_to (n, vector, dims, (gsize) onnx_rank (n, like));
}

IrPort
onnx_per_channel (OnnxNode *n, IrPort vector, IrPort like)
{
  return onnx_rank (n, like) <= 1 ? vector : onnx_along (n, vector, like, 1);
}
