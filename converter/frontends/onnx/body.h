/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ONNX_BODY_H
#define IR_ONNX_BODY_H

#include <ir/body.h>

#include "onnx.h"

G_BEGIN_DECLS

/*
 * A body on its way into a TensorIterator, Loop or If. The functions that take the
 * outer node's ports give the body's in their place; what is built inside is
 * built with &body->n. A failure inside is taken over by the outer node at the
 * end.
 */
typedef struct {
  IrBuild *outer;
  OnnxNode n;
  OnnxScope *scope; /* names, and what they capture from outside */
  GArray *ports;    /* IrPort: inputs of the node */
  GArray *inputs;   /* IrBodyMap */
  GArray *outputs;  /* IrBodyMap */
  GArray *back_edges;
  gint64 current_iteration;
  gint64 condition;
} OnnxBody;

/* @first: (array length=n_first): inputs of the node that don't enter the body.
 * @source: (nullable): where the body's names and initializers are. */
void onnx_body_init (OnnxBody *body, IrBuild *outer, IrSourceGraph *source,
    const IrPort *first, gsize n_first);
void onnx_body_clear (OnnxBody *body);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OnnxBody, onnx_body_clear)

/* The same value in every iteration; constants are put inside. */
IrPort onnx_body_whole (OnnxBody *body, IrPort outside);
/* One slice per iteration, of thickness 1 along @axis, which is not negative. */
IrPort onnx_body_slice (
    OnnxBody *body, IrPort outside, gint64 axis, gboolean backwards);
/* A state with its start value, and with the @shape (nullable) that is known of
 * all its values; onnx_body_next() has to follow. */
IrPort onnx_body_state (OnnxBody *body, IrPort start, const IrShape *shape);
/* The number of the iteration, i64. */
IrPort onnx_body_iteration (OnnxBody *body, const IrShape *shape);

/* What @state is in the next iteration; its last value is an output. */
void onnx_body_next (OnnxBody *body, IrPort state, IrPort next);
/* Slices, one per iteration, joined along @axis, which is not negative, to an
 * output. */
void onnx_body_join (
    OnnxBody *body, IrPort slice, gint64 axis, gboolean backwards);
/* Of a Loop: whether to go on. */
void onnx_body_condition (OnnxBody *body, IrPort condition);

/* For an If: a Result; its index. */
gint64 onnx_body_result (OnnxBody *body, IrPort port);

/* Makes the TensorIterator or Loop around it, and infers it; NULL after a
 * failure. Outputs come in the order of the calls. */
IrNode *onnx_body_finish (OnnxBody *body, const char *type, guint opset);

/* Hands a failure inside over to the outer node; whether there was one. */
gboolean onnx_body_failed (OnnxBody *body);

/* Converts the nodes of the body's source and finds its output @index. */
void onnx_body_convert (OnnxBody *body);
IrPort onnx_body_output (OnnxBody *body, guint index);

/* --- iterate.c ------------------------------------------------------------------ */

/* How one sliced input or joined output runs. */
typedef struct {
  gint64 axis;
  gboolean backwards;
} OnnxSlicing;

/* What Loop and Scan have in common: a body whose inputs are states and slices
 * and whose outputs are states and slices. A Loop's body has the number of the
 * iteration and the condition before them; a Scan goes on as long as there are
 * slices. */
typedef struct {
  IrSourceGraph *body;
  gboolean is_loop;
  IrPort trip_count;
  IrPort condition;
  gsize n_states;
  gsize n_slices;
  gsize n_joined;
  const IrPort *in; /* (array length=n_states + n_slices) */
  const OnnxSlicing *slices;
  const OnnxSlicing *joined;
} OnnxIteration;

/* Adds the IR's Loop, also for a Scan: a TensorIterator could not be in another
 * one. NULL after a failure. Its outputs are states and joined slices. */
IrNode *onnx_iterate (IrBuild *n, const OnnxIteration *iteration);

/* Attribute @name, which has to be a graph; NULL after a failure. */
IrSourceGraph *onnx_body_attr (IrBuild *n, const char *name);

G_END_DECLS

#endif
