/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_BUILD_H
#define IR_BUILD_H

#include "source.h"

#include <ir/graph.h>

G_BEGIN_DECLS

/*
 * One node of a model on its way into the graph, whatever the framework. The
 * building functions below do nothing and return a port without a node once
 * @error is set; so a conversion is written straight down and checked at its end.
 */
typedef struct {
  const IrSourceNode *source;
  IrGraph *graph;
  const char *label;
  gsize n_inputs;
  IrPort *in; /* without a node where an optional input is left out */
  gsize n_outputs;
  IrPort *out; /* to be set; those that nobody reads need not be */
  guint first_id;
  GError *error;
} IrBuild;

extern const IrPort IR_NO_PORT;

/* Without the inputs, which the frontend finds; first_id follows them. @label has
 * to last. */
void ir_build_init (
    IrBuild *n, const IrSourceNode *source, IrGraph *graph, const char *label);
/* Calls the IR's node as the model's, if it is one that was made for it. A failure
 * if an output that somebody may read was not set. */
void ir_build_name (IrBuild *n);
/* Frees what ir_build_init() made; hands the failure over, if there was one. */
gboolean ir_build_finish (IrBuild *n, GError **error);

/* --- asking --------------------------------------------------------- */

static inline gboolean
ir_build_has (const IrBuild *n, gsize input)
{
  return input < n->n_inputs && n->in[input].node != NULL;
}

/* Whether somebody may read that output. */
static inline gboolean
ir_build_wants (const IrBuild *n, gsize output)
{
  return output < n->n_outputs && n->source->outputs[output][0] != '\0';
}

/* Input @index; a failure if it is left out. */
IrPort ir_build_in (IrBuild *n, gsize index);

void ir_build_fail (IrBuild *n, IrErrorCode code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static inline gboolean
ir_build_failed (const IrBuild *n)
{
  return n->error != NULL;
}

/* An attribute, or its default if it is absent; a failure if it is of another
 * kind. */
gint64 ir_build_i64 (IrBuild *n, const char *attr, gint64 def);
double ir_build_f64 (IrBuild *n, const char *attr, double def);
const char *ir_build_text (IrBuild *n, const char *attr, const char *def);
/* FALSE and empty if absent. */
gboolean ir_build_i64s (IrBuild *n, const char *attr, IrI64s *list);
gboolean ir_build_f64s (IrBuild *n, const char *attr, IrF64s *list);
/* A failure if it is absent. */
void ir_build_need_attr (IrBuild *n, const char *attr);

IrDType ir_build_dtype_of (IrPort port);
/* Never NULL; of unknown rank if nothing is known. */
const IrShape *ir_build_shape_of (IrPort port);
/* The rank; a failure if it is unknown. */
gint ir_build_rank (IrBuild *n, IrPort port);
/* The axis from 0 on; a failure if it is out of range or the rank unknown. */
gint64 ir_build_axis (IrBuild *n, IrPort port, gint64 axis);
/* (nullable) (transfer full): the value, worked out if it only depends on
 * constants and takes no more memory than folding them would. */
IrTensor *ir_build_value (IrBuild *n, IrPort port);
/* Reads a constant list of integers of at most IR_BUILD_LIST; FALSE, without
 * failing, if it is not constant. */
#define IR_BUILD_LIST 64
gboolean ir_build_ints (
    IrBuild *n, IrPort port, gint64 values[IR_BUILD_LIST], gsize *count);
/* Reads a constant of one element; FALSE, without failing, if it is not one. */
gboolean ir_build_scalar (IrBuild *n, IrPort port, double *value);

/* --- building ------------------------------------------------------- */

/* Sets output @index. */
void ir_build_out (IrBuild *n, gsize index, IrPort port);

/* Adds a node that reads the @n_in ports that follow, and infers it. */
IrPort ir_build_op (IrBuild *n, const char *type, guint opset, gsize n_in, ...);
/* The same without inferring, for ops with attributes or more outputs; NULL once
 * something failed. */
IrNode *ir_build_add (
    IrBuild *n, const char *type, guint opset, gsize n_in, ...);
IrNode *ir_build_add_v (IrBuild *n, const char *type, guint opset,
    const IrPort *ports, gsize n_in, gsize n_out);
void ir_build_set_bool (
    IrBuild *n, IrNode *op, const char *attr, gboolean value);
void ir_build_set_i64 (IrBuild *n, IrNode *op, const char *attr, gint64 value);
void ir_build_set_f64 (IrBuild *n, IrNode *op, const char *attr, double value);
void ir_build_set_text (
    IrBuild *n, IrNode *op, const char *attr, const char *value);
void ir_build_set_dtype (
    IrBuild *n, IrNode *op, const char *attr, IrDType value);
void ir_build_set_i64s (IrBuild *n, IrNode *op, const char *attr,
    const gint64 *values, gsize count);
void ir_build_set_f64s (IrBuild *n, IrNode *op, const char *attr,
    const double *values, gsize count);
/* Infers the node; its first output. */
IrPort ir_build_done (IrBuild *n, IrNode *op);

/* Constants. */
IrPort ir_build_const (IrBuild *n, IrTensor *value); /* takes the reference */
IrPort ir_build_int (IrBuild *n, gint64 value);      /* i64 scalar */
IrPort ir_build_list (IrBuild *n, const gint64 *values, gsize count);
IrPort ir_build_reals (
    IrBuild *n, IrDType dtype, const double *values, gsize count);
IrPort ir_build_number (IrBuild *n, IrDType dtype, double value); /* scalar */
/* Scalar of the type of @port. */
IrPort ir_build_like (IrBuild *n, IrPort port, double value);

/* --- frequent ops ---------------------------------------------------- */

IrPort ir_build_cast (IrBuild *n, IrPort port, IrDType dtype);
IrPort ir_build_shape (IrBuild *n, IrPort port);            /* ShapeOf, i64 */
IrPort ir_build_dim (IrBuild *n, IrPort port, gint64 axis); /* i64, rank 1 */
IrPort ir_build_gather (IrBuild *n, IrPort port, IrPort index, gint64 axis);
IrPort ir_build_concat (IrBuild *n, gint64 axis, gsize count, ...);
IrPort ir_build_reshape (IrBuild *n, IrPort port, IrPort shape);
IrPort ir_build_reshape_to (
    IrBuild *n, IrPort port, const gint64 *dims, gsize count);
IrPort ir_build_squeeze (IrBuild *n, IrPort port, gint64 axis);
IrPort ir_build_unsqueeze (IrBuild *n, IrPort port, gint64 axis);
IrPort ir_build_transpose (
    IrBuild *n, IrPort port, const gint64 *order, gsize count);
IrPort ir_build_reduce (
    IrBuild *n, const char *type, IrPort port, IrPort axes, gboolean keep_dims);
/* [start, end) along one axis; negative ones count from the end. */
IrPort ir_build_slice (
    IrBuild *n, IrPort port, gint64 axis, gint64 start, gint64 end);
/* The numbers from @start to @end - 1, i64; both are of one element. */
IrPort ir_build_range (IrBuild *n, IrPort start, IrPort end);
/* The axes from @first on up to the rank, as a list; without the rank, too. */
IrPort ir_build_axes_from (IrBuild *n, IrPort port, gint64 first);
/* A rank-1 tensor of C elements as [1,C,1…], to go along an axis of @like. */
IrPort ir_build_along (IrBuild *n, IrPort vector, IrPort like, gint64 axis);
/* The same for axis 1. */
IrPort ir_build_per_channel (IrBuild *n, IrPort vector, IrPort like);

/* --- the ends of a graph (ends.c) --------------------------------------------------- */

/* Adds a Parameter for @value, and a Convert if another type was asked for; what
 * the model reads is @port. */
gboolean ir_build_input (
    IrGraph *graph, const IrSourceValue *value, IrPort *port, GError **error);
/* Adds a Result for @value, which @port is. */
gboolean ir_build_output (
    IrGraph *graph, const IrSourceValue *value, IrPort port, GError **error);

G_END_DECLS

#endif
