/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recurrent.h"

#define NO_INPUT G_MAXUINT

const char *const ir_recurrent_directions[] = { "forward", "reverse",
  "bidirectional", NULL };

enum {
  BIDIRECTIONAL = 2
};

/* The sizes that shapes are made of. */
typedef enum {
  BATCH,
  TIME,
  DIRECTIONS,
  FEATURES,
  HIDDEN,
  GATES,
  BIASES,
  N_SIZES
} Size;

typedef struct {
  const char *what;
  gint rank;
  Size size[3];
} Form;

typedef struct {
  Form x;
  Form state;
  Form w;
  Form r;
  Form b;
} Forms;

static const Forms cell_forms = {
  { "the data", 2, { BATCH, FEATURES } },
  { "the states", 2, { BATCH, HIDDEN } },
  { "the weights", 2, { GATES, FEATURES } },
  { "the recurrent weights", 2, { GATES, HIDDEN } },
  { "the biases", 1, { BIASES } },
};

static const Forms sequence_forms = {
  { "the data", 3, { BATCH, TIME, FEATURES } },
  { "the states", 3, { BATCH, DIRECTIONS, HIDDEN } },
  { "the weights", 3, { DIRECTIONS, GATES, FEATURES } },
  { "the recurrent weights", 3, { DIRECTIONS, GATES, HIDDEN } },
  { "the biases", 2, { DIRECTIONS, BIASES } },
};

static const Form lengths_form = { "the lengths", 1, { BATCH } };
static const Form output_form = { "the outputs", 4,
  { BATCH, DIRECTIONS, TIME } };

IrRecurrentInputs
ir_recurrent_inputs (const IrRecurrentKind *kind, gboolean is_sequence)
{
  IrRecurrentInputs in = { 0, 1, NO_INPUT, NO_INPUT, 0, 0, 0 };
  guint next = 2;

  if (kind->has_cell_state)
    in.c = next++;
  if (is_sequence)
    in.lengths = next++;
  in.w = next;
  in.r = next + 1;
  in.b = next + 2;
  return in;
}

/* Input @index is of the form @form; fills in @sizes (inout), unknown ones of
 * which are IR_DIM_UNKNOWN. */
static gboolean
check_form (IrInferCtx *ctx, guint index, const Form *form, gint64 *sizes,
    GError **error)
{
  char text[IR_SHAPE_TEXT];
  const IrShape *shape;

  if (index >= ctx->n_inputs)
    return TRUE;
  if (!ir_infer_rank (ctx, index, 1u << form->rank, form->what, error))
    return FALSE;
  shape = &ctx->in_shape[index];
  for (gint d = 0; d < shape->rank; d++) {
    gint64 *want = &sizes[form->size[d]];

    if (shape->dim[d] < 0)
      continue;
    if (*want < 0)
      *want = shape->dim[d];
    if (*want != shape->dim[d])
      return ir_fail (error, IR_ERROR_SHAPE,
          "%s (input %u) have the shape %s where dimension %d should be "
          "%" G_GINT64_FORMAT,
          form->what, index, ir_shape_print (shape, text), d, *want);
  }
  return TRUE;
}

static gboolean
check_attrs (
    const IrRecurrentAttrs *attrs, const IrRecurrentKind *kind, GError **error)
{
  IrActivation activations[IR_RECURRENT_MAX_ACTIVATIONS];

  if (attrs->hidden_size < 1 || attrs->hidden_size > G_MAXINT32)
    return ir_fail (error, IR_ERROR_SHAPE, "hidden_size is %" G_GINT64_FORMAT,
        attrs->hidden_size);
  if (attrs->input_forget)
    return ir_fail (
        error, IR_ERROR_UNSUPPORTED, "input_forget is not supported");
  return ir_recurrent_activations (attrs, kind, activations, error);
}

/* The lengths are integers, all else is of one float type. */
static gboolean
check_types (const IrInferCtx *ctx, const IrRecurrentInputs *in, IrDType *dtype,
    GError **error)
{
  *dtype = IR_DTYPE_DYNAMIC;
  for (guint i = 0; i < ctx->n_inputs; i++) {
    IrDType own = ctx->in_dtype[i];

    if (own == IR_DTYPE_DYNAMIC)
      continue;
    if (i == in->lengths) {
      if (own != IR_DTYPE_I32 && own != IR_DTYPE_I64)
        return ir_fail (error, IR_ERROR_UNSUPPORTED,
            "the lengths are %s, not i32 or i64", ir_dtype_name (own));
      continue;
    }
    if (!ir_dtype_is_float (own))
      return ir_fail (error, IR_ERROR_UNSUPPORTED, "input %u is %s, not floats",
          i, ir_dtype_name (own));
    if (*dtype != IR_DTYPE_DYNAMIC && *dtype != own)
      return ir_fail (error, IR_ERROR_SHAPE,
          "inputs of different types: %s and %s", ir_dtype_name (*dtype),
          ir_dtype_name (own));
    *dtype = own;
  }
  return TRUE;
}

static void
set_outputs (IrInferCtx *ctx, const IrRecurrentKind *kind, gboolean is_sequence,
    IrDType dtype, const gint64 *sizes)
{
  const Form *form = is_sequence ? &sequence_forms.state : &cell_forms.state;
  IrShape shape = ir_shape_of_rank (output_form.rank);
  guint at = 0;

  if (is_sequence) {
    for (gint d = 0; d < shape.rank - 1; d++)
      shape.dim[d] = sizes[output_form.size[d]];
    shape.dim[shape.rank - 1] = sizes[HIDDEN];
    ir_infer_set (ctx, at++, dtype, &shape);
  }
  shape = ir_shape_of_rank (form->rank);
  for (gint d = 0; d < shape.rank; d++)
    shape.dim[d] = sizes[form->size[d]];
  ir_infer_set (ctx, at++, dtype, &shape);
  if (kind->has_cell_state)
    ir_infer_set (ctx, at, dtype, &shape);
}

gboolean
ir_recurrent_infer (IrInferCtx *ctx, const IrRecurrentKind *kind,
    gboolean is_sequence, GError **error)
{
  const IrRecurrentAttrs *attrs = ctx->attrs;
  const IrRecurrentInputs in = ir_recurrent_inputs (kind, is_sequence);
  const Forms *forms = is_sequence ? &sequence_forms : &cell_forms;
  gint64 sizes[N_SIZES];
  IrDType dtype;

  if (!check_attrs (attrs, kind, error) ||
      !check_types (ctx, &in, &dtype, error))
    return FALSE;
  for (guint i = 0; i < N_SIZES; i++)
    sizes[i] = IR_DIM_UNKNOWN;
  sizes[DIRECTIONS] = attrs->direction == BIDIRECTIONAL ? 2 : 1;
  sizes[HIDDEN] = attrs->hidden_size;
  sizes[GATES] = attrs->hidden_size * kind->n_gates;
  sizes[BIASES] = sizes[GATES];
  /* The reset gate needs the recurrent biases of the candidate apart. */
  if (attrs->linear_before_reset)
    sizes[BIASES] += attrs->hidden_size;
  if (!check_form (ctx, in.x, &forms->x, sizes, error) ||
      !check_form (ctx, in.h, &forms->state, sizes, error) ||
      !check_form (ctx, in.c, &forms->state, sizes, error) ||
      !check_form (ctx, in.lengths, &lengths_form, sizes, error) ||
      !check_form (ctx, in.w, &forms->w, sizes, error) ||
      !check_form (ctx, in.r, &forms->r, sizes, error) ||
      !check_form (ctx, in.b, &forms->b, sizes, error))
    return FALSE;
  set_outputs (ctx, kind, is_sequence, dtype, sizes);
  return TRUE;
}
