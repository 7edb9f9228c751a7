/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caffe.h"

/* Longer than any field's name in the format. */
#define NAME_MAX_LENGTH 128

static const char *
full_name (IrBuild *n, const char *field, char name[NAME_MAX_LENGTH])
{
  g_snprintf (
      name, NAME_MAX_LENGTH, "%s.%s", caffe_node (n)->row->param, field);
  return name;
}

gint64
caffe_i64 (IrBuild *n, const char *field, gint64 def)
{
  char name[NAME_MAX_LENGTH];

  return ir_build_i64 (n, full_name (n, field, name), def);
}

double
caffe_f64 (IrBuild *n, const char *field, double def)
{
  char name[NAME_MAX_LENGTH];

  return ir_build_f64 (n, full_name (n, field, name), def);
}

gboolean
caffe_bool (IrBuild *n, const char *field, gboolean def)
{
  return caffe_i64 (n, field, def) != 0;
}

const char *
caffe_text (IrBuild *n, const char *field, const char *def)
{
  char name[NAME_MAX_LENGTH];

  return ir_build_text (n, full_name (n, field, name), def);
}

gboolean
caffe_i64s (IrBuild *n, const char *field, IrI64s *list)
{
  char name[NAME_MAX_LENGTH];

  return ir_build_i64s (n, full_name (n, field, name), list);
}

gboolean
caffe_f64s (IrBuild *n, const char *field, IrF64s *list)
{
  char name[NAME_MAX_LENGTH];

  return ir_build_f64s (n, full_name (n, field, name), list);
}

gboolean
caffe_has (IrBuild *n, const char *field)
{
  char name[NAME_MAX_LENGTH];

  return ir_source_attr (n->source, full_name (n, field, name)) != NULL;
}

gint64
caffe_axis (IrBuild *n, IrPort port, const char *field, gint64 def)
{
  return ir_build_axis (n, port, caffe_i64 (n, field, def));
}

gint64
caffe_dim (IrBuild *n, IrPort port, gint64 axis)
{
  const IrShape *shape = ir_build_shape_of (port);

  if (axis < ir_build_rank (n, port) && shape->dim[axis] >= 0)
    return shape->dim[axis];
  ir_build_fail (n, IR_ERROR_SHAPE,
      "needs to know the size of its input; give the shape of the model's "
      "inputs (--input_shape)");
  return 1;
}

/* --- weights -------------------------------------------------------------------- */

static gboolean
blob_fits (
    const IrTensor *blob, const gint64 *dims, gsize count, IrShape *shape)
{
  guint64 known = 1, total = ir_tensor_count (blob);
  gint open = -1;

  if (!ir_shape_init (shape, count, dims, NULL))
    return FALSE;
  for (gint i = 0; i < shape->rank; i++) {
    if (shape->dim[i] < 0)
      open = i;
    else if (shape->dim[i] == 0 || known > total / (guint64) shape->dim[i])
      return FALSE;
    else
      known *= (guint64) shape->dim[i];
  }
  if (open >= 0 && total % known == 0)
    shape->dim[open] = (gint64) (total / known);
  return open >= 0 ? total % known == 0 : known == total;
}

IrPort
caffe_blob (
    IrBuild *n, gsize index, const char *what, const gint64 *dims, gsize count)
{
  char asked[IR_SHAPE_TEXT], has[IR_SHAPE_TEXT];
  const IrTensor *blob;
  IrShape shape;

  if (ir_build_failed (n))
    return IR_NO_PORT;
  if (index >= caffe_n_blobs (n)) {
    ir_build_fail (n, IR_ERROR_NOT_FOUND,
        "lacks its %s: the .caffemodel has %" G_GSIZE_FORMAT
        " blobs of weights for a layer of that name",
        what, caffe_n_blobs (n));
    return IR_NO_PORT;
  }
  blob = ir_port_const (n->in[caffe_n_bottoms (n) + index]);
  if (blob == NULL) {
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has %s from outside", what);
    return IR_NO_PORT;
  }
  if (!blob_fits (blob, dims, count, &shape)) {
    ir_build_fail (n, IR_ERROR_SHAPE,
        "has %s of the shape %s in the .caffemodel, where the .prototxt asks "
        "for %s",
        what, ir_shape_print (&blob->shape, has),
        ir_shape_print (&shape, asked));
    return IR_NO_PORT;
  }
  return ir_build_reshape_to (
      n, n->in[caffe_n_bottoms (n) + index], shape.dim, (gsize) shape.rank);
}

/* --- building ------------------------------------------------------------------- */

IrPort
caffe_reshape (IrBuild *n, IrPort port, const gint64 *dims, gsize count)
{
  IrNode *op =
      ir_build_add (n, "Reshape", 1, 2, port, ir_build_list (n, dims, count));

  ir_build_set_bool (n, op, "special_zero", TRUE);
  return ir_build_done (n, op);
}

void
caffe_name (IrBuild *n, IrPort port, const char *suffix)
{
  g_autofree char *name = g_strconcat (n->label, "/", suffix, NULL);

  if (!ir_build_failed (n))
    ir_graph_rename (n->graph, port.node, name);
}

IrPort
caffe_multiply (IrBuild *n, IrPort port, double factor)
{
  if (factor == 1.0)
    return port;
  return ir_build_op (
      n, "Multiply", 1, 2, port, ir_build_like (n, port, factor));
}

IrPort
caffe_add (IrBuild *n, IrPort port, double term)
{
  if (term == 0.0)
    return port;
  return ir_build_op (n, "Add", 1, 2, port, ir_build_like (n, port, term));
}
