/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recurrent.h"

/* @op is the one that does it all, or @make builds it. */
struct _OnnxActivationRow {
  const char *name;
  const char *ir; /* in the IR's recurrent ops */
  const char *op;
  guint opset;
  IrPort (*make) (IrBuild *n, IrPort x, double alpha, double beta);
  gboolean has_alpha;
  gboolean has_beta;
  double alpha;
  double beta;
};

static IrPort
scaled (IrBuild *n, IrPort x, double factor)
{
  return ir_build_op (n, "Multiply", 1, 2, x, ir_build_like (n, x, factor));
}

static IrPort
make_hard_sigmoid (IrBuild *n, IrPort x, double alpha, double beta)
{
  return ir_build_op (n, "HardSigmoid", 1, 3, x, ir_build_like (n, x, alpha),
      ir_build_like (n, x, beta));
}

static IrPort
make_affine (IrBuild *n, IrPort x, double alpha, double beta)
{
  return ir_build_op (
      n, "Add", 1, 2, scaled (n, x, alpha), ir_build_like (n, x, beta));
}

static IrPort
make_leaky_relu (IrBuild *n, IrPort x, double alpha, double beta)
{
  IrPort slope = ir_build_like (n, x, alpha);

  return ir_build_op (n, "PReLU", 1, 2, x,
      ir_build_reshape_to (n, slope, (const gint64[]){ 1 }, 1));
}

static IrPort
make_thresholded_relu (IrBuild *n, IrPort x, double alpha, double beta)
{
  IrPort above =
      ir_build_op (n, "Greater", 1, 2, x, ir_build_like (n, x, alpha));

  return ir_build_op (n, "Select", 1, 3, above, x, ir_build_like (n, x, 0));
}

static IrPort
make_scaled_tanh (IrBuild *n, IrPort x, double alpha, double beta)
{
  return scaled (n, ir_build_op (n, "Tanh", 1, 1, scaled (n, x, beta)), alpha);
}

static IrPort
make_elu (IrBuild *n, IrPort x, double alpha, double beta)
{
  IrNode *op = ir_build_add (n, "Elu", 1, 1, x);

  ir_build_set_f64 (n, op, "alpha", alpha);
  return ir_build_done (n, op);
}

/* clang-format off */
static const OnnxActivationRow rows[] = {
  { "Sigmoid", "sigmoid", "Sigmoid", 1 },
  { "Tanh", "tanh", "Tanh", 1 },
  { "Relu", "relu", "ReLU", 1 },
  { "Softplus", NULL, "SoftPlus", 4 },
  { "Softsign", NULL, "SoftSign", 9 },
  { "HardSigmoid", NULL, NULL, 0, make_hard_sigmoid, TRUE, TRUE, 0.2, 0.5 },
  { "Affine", NULL, NULL, 0, make_affine, TRUE, TRUE, 1, 0 },
  { "LeakyRelu", NULL, NULL, 0, make_leaky_relu, TRUE, FALSE, 0.01, 0 },
  { "ThresholdedRelu", NULL, NULL, 0, make_thresholded_relu, TRUE, FALSE, 1, 0 },
  { "ScaledTanh", NULL, NULL, 0, make_scaled_tanh, TRUE, TRUE, 1, 1 },
  { "Elu", NULL, NULL, 0, make_elu, TRUE, FALSE, 1, 0 },
};
/* clang-format on */

static const OnnxActivationRow *
find_row (IrBuild *n, const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_ascii_strcasecmp (rows[i].name, name) == 0)
      return &rows[i];
  ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has the activation \"%.40s\"", name);
  return &rows[0];
}

/* Those parameters that an activation has are taken from the front of the lists,
 * which may be too short. */
static double
take (const IrF64s *list, gsize *at, gboolean wanted, double def)
{
  return wanted && *at < list->n ? list->v[(*at)++] : def;
}

void
onnx_recurrent_activations (IrBuild *n, OnnxRecurrent *r)
{
  const gsize count = r->kind->n_activations;
  const IrSourceAttr *attr = ir_source_attr (n->source, "activations");
  const gboolean is_list = attr != NULL && attr->kind == IR_SOURCE_TEXTS;
  const gboolean given = is_list && attr->u.texts.n > 0;
  gsize alpha_at = 0, beta_at = 0;
  IrF64s alpha, beta;

  ir_source_f64s (n->source, "activation_alpha", &alpha);
  ir_source_f64s (n->source, "activation_beta", &beta);
  if (attr != NULL && !is_list) {
    ir_build_fail (
        n, IR_ERROR_PARSE, "has activations that are no list of names");
    return;
  }
  if (given && attr->u.texts.n != count * r->n_directions) {
    ir_build_fail (n, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " activations instead of %" G_GSIZE_FORMAT,
        attr->u.texts.n, count * r->n_directions);
    return;
  }
  for (gsize d = 0; d < r->n_directions; d++) {
    for (gsize i = 0; i < count; i++) {
      const char *name =
          given ? attr->u.texts.v[d * count + i] : r->kind->activations[i];
      const OnnxActivationRow *row = find_row (n, name);

      r->activation[d][i].row = row;
      r->activation[d][i].alpha =
          take (&alpha, &alpha_at, row->has_alpha, row->alpha);
      r->activation[d][i].beta =
          take (&beta, &beta_at, row->has_beta, row->beta);
    }
  }
}

const char *
onnx_activation_ir (const OnnxActivation *activation)
{
  return activation->row->ir;
}

IrPort
onnx_activate (IrBuild *n, const OnnxActivation *activation, IrPort x)
{
  const OnnxActivationRow *row = activation->row;

  if (row->make != NULL)
    return row->make (n, x, activation->alpha, activation->beta);
  return ir_build_op (n, row->op, row->opset, 1, x);
}
