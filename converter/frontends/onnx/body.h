/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ONNX_BODY_H
#define IR_ONNX_BODY_H

#include <ir/body.h>

#include "onnx.h"

G_BEGIN_DECLS

/*
 * A body on its way into a TensorIterator or Loop. The functions that take the
 * outer node's ports give the body's in their place; what is built inside is
 * built with &body->n. A failure inside is taken over by the outer node at the
 * end.
 */
typedef struct {
  OnnxNode *outer;
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
void onnx_body_init (OnnxBody *body, OnnxNode *outer, IrSourceGraph *source,
    const IrPort *first, gsize n_first);
void onnx_body_clear (OnnxBody *body);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OnnxBody, onnx_body_clear)

/* The same value in every iteration; constants are put inside. */
IrPort onnx_body_whole (OnnxBody *body, IrPort outside);
/* One slice per iteration, of thickness 1 along @axis. */
IrPort onnx_body_slice (
    OnnxBody *body, IrPort outside, gint64 axis, gboolean backwards);
/* A state with its start value, and with the @shape (nullable) that is known of
 * all its values; onnx_body_next() has to follow. */
IrPort onnx_body_state (OnnxBody *body, IrPort start, const IrShape *shape);
/* The number of the iteration, i64. */
IrPort onnx_body_iteration (OnnxBody *body, const IrShape *shape);

/* What @state is in the next iteration; its last value is an output. */
void onnx_body_next (OnnxBody *body, IrPort state, IrPort next);
/* Slices, one per iteration, joined along @axis to an output. */
void onnx_body_join (
    OnnxBody *body, IrPort slice, gint64 axis, gboolean backwards);
/* Of a Loop: whether to go on. */
void onnx_body_condition (OnnxBody *body, IrPort condition);

/* Makes the node around it, and infers it; NULL after a failure. Outputs come in
 * the order of the calls. */
IrNode *onnx_body_finish (OnnxBody *body, const char *type, guint opset);

G_END_DECLS

#endif
