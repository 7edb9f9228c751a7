/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ONNX_RECURRENT_H
#define IR_ONNX_RECURRENT_H

#include "onnx.h"

G_BEGIN_DECLS

/* LSTM, GRU and RNN: what map-recurrent.c reads of a node, for the IR's own op or
 * for the body that recurrent-loop.c writes where the IR's op can't say it. */

#define ONNX_MAX_ACTIVATIONS 3
#define ONNX_MAX_GATES 4

typedef struct _OnnxActivationRow OnnxActivationRow;

typedef struct {
  const OnnxActivationRow *row;
  double alpha;
  double beta;
} OnnxActivation;

typedef struct _OnnxRecurrent OnnxRecurrent;

/* How the kinds differ. Gates are in the IR's order. */
typedef struct {
  const char *ir; /* op for sequences */
  gsize n_gates;
  const guint8 *order; /* ONNX's gates in the IR's order; NULL: the same */
  gsize n_activations;
  const char *const *activations; /* by default */
  gsize lengths;                  /* inputs, 0 for those that there are not */
  gsize hidden;
  gsize cell;
  gsize peepholes;
} OnnxRecurrentKind;

struct _OnnxRecurrent {
  const OnnxRecurrentKind *kind;
  const char *direction;
  gsize n_directions;
  gint64 hidden;
  double clip; /* 0: none */
  gboolean batch_first;
  gboolean linear_before_reset;
  gboolean input_forget;
  OnnxActivation activation[2][ONNX_MAX_ACTIVATIONS];
  /* N sequences of T steps, D directions, G gates of h units */
  IrPort x;       /* [N,T,features] */
  IrPort w;       /* [D,G*h,features] */
  IrPort r;       /* [D,G*h,h] */
  IrPort b;       /* [D,G*h]; of a linear GRU [D,(G+1)*h] */
  IrPort lengths; /* [N]; none if all are of T steps */
  IrPort h;       /* [N,D,h] */
  IrPort c;       /* [N,D,h] */
  IrPort p;       /* [D,3*h]; none if there are no peepholes */
};

/* What comes out: [N,D,T,h], [N,D,h] and of LSTM [N,D,h]. */
typedef struct {
  IrPort y;
  IrPort h;
  IrPort c;
} OnnxRecurrentOut;

/* --- recurrent-activation.c --------------------------------------------------- */

/* Reads the names and parameters of all directions. */
void onnx_recurrent_activations (IrBuild *n, OnnxRecurrent *r);
/* The name in the IR's recurrent ops, or NULL. */
const char *onnx_activation_ir (const OnnxActivation *activation);
IrPort onnx_activate (IrBuild *n, const OnnxActivation *activation, IrPort x);

/* --- recurrent-loop.c ----------------------------------------------------------- */

/* One TensorIterator per direction, its body of plain ops. */
OnnxRecurrentOut onnx_recurrent_loop (IrBuild *n, const OnnxRecurrent *r);

G_END_DECLS

#endif
