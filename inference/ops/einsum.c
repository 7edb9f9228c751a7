/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Products of tensors summed over the labels that the output lacks. */
#include <string.h>

#include "typed.h"

typedef struct {
  const char *equation;
} EinsumAttrs;

/* Labels are numbered: letters first, then what ellipses stand for, the last
 * one for their last dimension. */
#define N_LETTERS 52
#define N_LABELS (N_LETTERS + IR_MAX_RANK)
#define NO_ELLIPSIS (-1)

/* One subscript: the labels of a tensor's dimensions. */
typedef struct {
  gint n;
  guint label[IR_MAX_RANK];
  gint ellipsis; /* how many labels are before it */
} Term;

typedef struct {
  guint n;
  Term *term; /* one per input */
  Term out;
} Equation;

static void
equation_clear (Equation *e)
{
  g_free (e->term);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Equation, equation_clear)

/* --- the equation ---------------------------------------------------------- */

static guint
letter_label (char c)
{
  return g_ascii_isupper (c) ? c - 'A' : c - 'a' + N_LETTERS / 2;
}

static gboolean
parse_term (Term *term, const char *text, gsize length, GError **error)
{
  *term = (Term){ .ellipsis = NO_ELLIPSIS };
  for (gsize i = 0; i < length; i++) {
    if (g_ascii_isalpha (text[i])) {
      if (term->n == IR_MAX_RANK)
        return ir_fail (error, IR_ERROR_LIMIT,
            "the subscript '%.*s' has more than %d labels", (int) length, text,
            IR_MAX_RANK);
      term->label[term->n++] = letter_label (text[i]);
    } else if (term->ellipsis == NO_ELLIPSIS && i + 3 <= length &&
        memcmp (text + i, "...", 3) == 0) {
      term->ellipsis = term->n;
      i += 2;
    } else {
      return ir_fail (error, IR_ERROR_PARSE,
          "the subscript '%.*s' may have letters and one ellipsis only",
          (int) length, text);
    }
  }
  return TRUE;
}

/* What the output is made of: each label once, and of the inputs'. */
static gboolean
check_output (const Equation *e, GError **error)
{
  gboolean known[N_LETTERS] = { FALSE };

  for (guint i = 0; i < e->n; i++)
    for (gint d = 0; d < e->term[i].n; d++)
      known[e->term[i].label[d]] = TRUE;
  for (gint d = 0; d < e->out.n; d++) {
    if (!known[e->out.label[d]])
      return ir_fail (error, IR_ERROR_PARSE,
          "a label of the output is in no input, or twice in the output");
    known[e->out.label[d]] = FALSE;
  }
  return TRUE;
}

/* Without an arrow the output has the labels that there is one of, in order,
 * after the ellipsis. */
static gboolean
implied_output (Equation *e, GError **error)
{
  guint count[N_LETTERS] = { 0 };

  e->out = (Term){ .ellipsis = NO_ELLIPSIS };
  for (guint i = 0; i < e->n; i++) {
    for (gint d = 0; d < e->term[i].n; d++)
      count[e->term[i].label[d]]++;
    if (e->term[i].ellipsis != NO_ELLIPSIS)
      e->out.ellipsis = 0;
  }
  for (guint label = 0; label < N_LETTERS; label++) {
    if (count[label] != 1)
      continue;
    if (e->out.n == IR_MAX_RANK)
      return ir_fail (error, IR_ERROR_LIMIT,
          "the result would have more than %d dimensions", IR_MAX_RANK);
    e->out.label[e->out.n++] = label;
  }
  return TRUE;
}

static gboolean
parse (Equation *e, const char *text, gsize n_inputs, GError **error)
{
  const char *arrow, *end;

  if (text == NULL)
    return ir_fail (error, IR_ERROR_PARSE, "there is no equation");
  arrow = strstr (text, "->");
  end = arrow ? arrow : text + strlen (text);
  e->n = 0;
  e->term = g_new0 (Term, n_inputs);
  for (const char *from = text; from <= end;) {
    const char *comma = memchr (from, ',', (gsize) (end - from));
    const char *to = comma ? comma : end;

    if (e->n == n_inputs)
      break;
    if (!parse_term (&e->term[e->n++], from, (gsize) (to - from), error))
      return FALSE;
    from = to + 1;
    if (to == end && e->n == n_inputs)
      return arrow
          ? parse_term (&e->out, arrow + 2, strlen (arrow + 2), error) &&
              check_output (e, error)
          : implied_output (e, error);
  }
  return ir_fail (error, IR_ERROR_PARSE,
      "the equation '%s' is not one of %" G_GSIZE_FORMAT " inputs", text,
      n_inputs);
}

/* --- infer ----------------------------------------------------------------- */

/* How many dimensions the ellipsis of @term stands for in a tensor of @rank. */
static gint
ellipsis_size (const Term *term, gint rank)
{
  return term->ellipsis == NO_ELLIPSIS ? 0 : rank - term->n;
}

/* The label of dimension @d of a tensor whose ellipsis has @size dimensions. */
static guint
label_at (const Term *term, gint d, gint size)
{
  if (term->ellipsis == NO_ELLIPSIS || d < term->ellipsis)
    return term->label[d];
  if (d < term->ellipsis + size)
    return N_LABELS - size + d - term->ellipsis;
  return term->label[d - size];
}

static gboolean
check_rank (const Term *term, const IrShape *shape, guint index, GError **error)
{
  if (shape->rank == term->n ||
      (shape->rank > term->n && term->ellipsis != NO_ELLIPSIS))
    return TRUE;
  return ir_fail (error, IR_ERROR_SHAPE,
      "input %u has %d dimensions, its subscript %d labels", index, shape->rank,
      term->n);
}

/* Labels may be repeated in a tensor, for its diagonal. */
static gboolean
check_diagonal (
    const Term *term, const IrShape *shape, guint index, GError **error)
{
  const gint size = ellipsis_size (term, shape->rank);
  gint64 dim[N_LABELS];

  for (guint label = 0; label < N_LABELS; label++)
    dim[label] = IR_DIM_UNKNOWN;
  for (gint d = 0; d < shape->rank; d++) {
    gint64 *known = &dim[label_at (term, d, size)];

    if (*known >= 0 && shape->dim[d] >= 0 && *known != shape->dim[d])
      return ir_fail (error, IR_ERROR_SHAPE,
          "dimensions of %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
          " of input %u have the same label",
          *known, shape->dim[d], index);
    *known = MAX (*known, shape->dim[d]);
  }
  return TRUE;
}

/* @dim (inout): the sizes of labels, 1 being stretched to others. */
static gboolean
join_sizes (const Term *term, const IrShape *shape, gint64 *dim, guint index,
    GError **error)
{
  const gint size = ellipsis_size (term, shape->rank);

  for (gint d = 0; d < shape->rank; d++) {
    gint64 *known = &dim[label_at (term, d, size)];
    IrShape joined = ir_shape_1d (*known);
    const IrShape own = ir_shape_1d (shape->dim[d]);

    if (!ir_shape_broadcast (&joined, &own))
      return ir_fail (error, IR_ERROR_SHAPE,
          "dimension %d of input %u is %" G_GINT64_FORMAT
          ", others of this label are %" G_GINT64_FORMAT,
          d, index, shape->dim[d], *known);
    *known = joined.dim[0];
  }
  return TRUE;
}

/* The sizes of all labels; @size (out) is how many dimensions ellipses stand
 * for, -1 if that is not known. */
static gboolean
find_sizes (const Equation *e, const IrShape *shapes, gint64 *dim, gint *size,
    GError **error)
{
  gboolean open = FALSE;

  *size = 0;
  for (guint label = 0; label < N_LABELS; label++)
    dim[label] = 1;
  for (guint i = 0; i < e->n; i++) {
    const Term *term = &e->term[i];
    IrShape shape = shapes[i];

    if (shape.rank == IR_RANK_UNKNOWN) {
      open = open || term->ellipsis != NO_ELLIPSIS;
      shape = ir_shape_of_rank (term->n);
    }
    if (!check_rank (term, &shape, i, error) ||
        !check_diagonal (term, &shape, i, error) ||
        !join_sizes (term, &shape, dim, i, error))
      return FALSE;
    *size = MAX (*size, ellipsis_size (term, shape.rank));
  }
  if (open)
    *size = -1;
  return TRUE;
}

static gboolean
output_shape (const Equation *e, const gint64 *dim, gint size, IrShape *out,
    GError **error)
{
  const gint rank = e->out.n + (e->out.ellipsis == NO_ELLIPSIS ? 0 : size);

  *out = ir_shape_unknown ();
  if (size < 0 && e->out.ellipsis != NO_ELLIPSIS)
    return TRUE;
  if (rank > IR_MAX_RANK)
    return ir_fail (error, IR_ERROR_LIMIT,
        "the result would have %d dimensions, at most %d are possible", rank,
        IR_MAX_RANK);
  *out = ir_shape_of_rank (rank);
  for (gint d = 0; d < rank; d++)
    out->dim[d] = dim[label_at (&e->out, d, size)];
  return TRUE;
}

static gboolean
infer_einsum (IrInferCtx *ctx, GError **error)
{
  const EinsumAttrs *attrs = ctx->attrs;
  g_auto (Equation) e = { 0 };
  gint64 dim[N_LABELS];
  IrDType dtype;
  IrShape out;
  gint size;

  if (!ir_infer_same_dtype (ctx, 0, (guint) ctx->n_inputs, &dtype, error) ||
      !ir_infer_accept (dtype, IR_ACCEPT_NUMBER, "the data", error) ||
      !parse (&e, attrs->equation, ctx->n_inputs, error) ||
      !find_sizes (&e, ctx->in_shape, dim, &size, error) ||
      !output_shape (&e, dim, size, &out, error))
    return FALSE;
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

/* --- evaluate -------------------------------------------------------------- */

typedef union {
  double on_float;
  guint64 on_integer;
} Sum;

/* Adds the products of @n_in numbers each along a line of @n to @sum. */
typedef void (*LineFunc) (gconstpointer const *in, const gint64 *step,
    guint n_in, gint64 n, Sum *sum);
/* Stores the sum as element @at. */
typedef void (*PutFunc) (const Sum *sum, gpointer out, guint64 at);

#define LINE(id, T, kind)                                                      \
  static void line_##id (gconstpointer const *in, const gint64 *step,          \
      guint n_in, gint64 n, Sum *sum)                                          \
  {                                                                            \
    for (gint64 i = 0; i < n; i++) {                                           \
      __typeof__ (sum->kind) product = 1;                                      \
                                                                               \
      for (guint k = 0; k < n_in; k++)                                         \
        product *= (__typeof__ (product)) ((const T *) in[k])[i * step[k]];    \
      sum->kind += product;                                                    \
    }                                                                          \
  }                                                                            \
  static void put_##id (const Sum *sum, gpointer out, guint64 at)              \
  {                                                                            \
    ((T *) out)[at] = (T) sum->kind;                                           \
  }
IR_FLOAT_TYPES (LINE, on_float)
IR_INTEGER_TYPES (LINE, on_integer)

#define LINE_ENTRY(id, T, ...) [IR_DTYPE_##id] = line_##id,
static const LineFunc lines[IR_DTYPE_COUNT] = { IR_NUMBER_TYPES (
    LINE_ENTRY, 0) };
#define PUT_ENTRY(id, T, ...) [IR_DTYPE_##id] = put_##id,
static const PutFunc stores[IR_DTYPE_COUNT] = { IR_NUMBER_TYPES (
    PUT_ENTRY, 0) };

/* Loops over the output's labels, the innermost last, then over the others. */
typedef struct {
  guint n_in;
  guint n_out, n;
  gint64 size[N_LABELS + 1];
  gint64 *step;   /* [loop][input] in elements */
  gint64 *offset; /* [input], of where the loops are */
  gint64 index[N_LABELS + 1];
} Loops;

static void
loops_clear (Loops *l)
{
  g_free (l->step);
  g_free (l->offset);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Loops, loops_clear)

static void
add_loop (
    Loops *l, const IrEvalCtx *ctx, const Equation *e, guint label, gint64 size)
{
  gint64 *step = &l->step[l->n * l->n_in];

  for (guint i = 0; i < l->n_in; i++) {
    const IrShape *shape = &ctx->in[i]->shape;
    const gint ellipsis = ellipsis_size (&e->term[i], shape->rank);
    gint64 strides[IR_MAX_RANK];

    ir_strides (shape, strides);
    for (gint d = 0; d < shape->rank; d++)
      if (label_at (&e->term[i], d, ellipsis) == label && shape->dim[d] != 1)
        step[i] += strides[d];
  }
  l->size[l->n++] = size;
}

static void
loops_init (Loops *l, const IrEvalCtx *ctx, const Equation *e,
    const gint64 *dim, gint ellipsis)
{
  gboolean done[N_LABELS] = { FALSE };

  l->n_in = e->n;
  l->step = g_new0 (gint64, (gsize) (N_LABELS + 1) * e->n);
  l->offset = g_new0 (gint64, e->n);
  for (gint d = 0; d < ctx->out[0]->shape.rank; d++) {
    const guint label = label_at (&e->out, d, ellipsis);

    add_loop (l, ctx, e, label, dim[label]);
    done[label] = TRUE;
  }
  l->n_out = l->n;
  for (guint label = 0; label < N_LABELS; label++)
    if (!done[label] && dim[label] != 1)
      add_loop (l, ctx, e, label, dim[label]);
  /* There always is a line to add up. */
  if (l->n == l->n_out)
    add_loop (l, ctx, e, N_LABELS, 1);
}

/* Steps the loops [first, end) on; FALSE once they are back at their start. */
static gboolean
next (Loops *l, guint first, guint end)
{
  for (guint i = end; i-- > first;) {
    const gint64 *step = &l->step[i * l->n_in];
    const gboolean wraps = ++l->index[i] == l->size[i];

    for (guint k = 0; k < l->n_in; k++)
      l->offset[k] += wraps ? -step[k] * (l->size[i] - 1) : step[k];
    if (!wraps)
      return TRUE;
    l->index[i] = 0;
  }
  return FALSE;
}

static void
add_up (Loops *l, const IrEvalCtx *ctx, gconstpointer *in)
{
  const IrTensor *out = ctx->out[0];
  const gsize bytes = ir_dtype_size (out->dtype);
  const guint last = l->n - 1;
  guint64 at = 0;

  do {
    Sum sum = { 0 };

    do {
      for (guint k = 0; k < l->n_in; k++)
        in[k] = (const guint8 *) ctx->in[k]->data + l->offset[k] * bytes;
      lines[out->dtype](
          in, &l->step[last * l->n_in], l->n_in, l->size[last], &sum);
    } while (next (l, l->n_out, last));
    stores[out->dtype](&sum, out->data, at++);
  } while (next (l, 0, l->n_out));
}

static gboolean
evaluate_einsum (IrEvalCtx *ctx, GError **error)
{
  const EinsumAttrs *attrs = ctx->attrs;
  g_autofree IrShape *shapes = g_new (IrShape, ctx->n_inputs);
  g_autofree gconstpointer *in = g_new (gconstpointer, ctx->n_inputs);
  g_auto (Equation) e = { 0 };
  g_auto (Loops) l = { 0 };
  gint64 dim[N_LABELS];
  gint size;

  for (gsize i = 0; i < ctx->n_inputs; i++)
    shapes[i] = ctx->in[i]->shape;
  if (!parse (&e, attrs->equation, ctx->n_inputs, error) ||
      !find_sizes (&e, shapes, dim, &size, error))
    return FALSE;
  /* A sum over nothing is 0, which is there already. */
  for (gsize i = 0; i < ctx->n_inputs; i++)
    if (ir_tensor_count (ctx->in[i]) == 0)
      return TRUE;
  if (ir_tensor_count (ctx->out[0]) == 0)
    return TRUE;
  loops_init (&l, ctx, &e, dim, size);
  add_up (&l, ctx, in);
  return TRUE;
}

static const IrAttrDesc einsum_attrs[] = {
  IR_ATTR_ROW (EinsumAttrs, equation, STRING, NULL),
  IR_ATTR_END,
};

const IrOpDesc ir_op_einsum_7 = {
  .type = "Einsum",
  .opset = 7,
  .min_inputs = 1,
  .max_inputs = IR_VARIADIC,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (EinsumAttrs),
  .attrs = einsum_attrs,
  .infer = infer_einsum,
  .evaluate = evaluate_einsum,
  .summary =
      "products of the inputs, summed over labels as Einstein wrote them",
};
