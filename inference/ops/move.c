/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

#include <string.h>

void
ir_move_dense_to (IrMove *move)
{
  gint64 step = 1;

  for (guint i = move->rank; i-- > 0;) {
    move->to[i] = step;
    step *= move->size[i];
  }
}

/* Fewer dimensions mean longer inner loops: those of size 1 go, neighbours that
 * both sides walk without a gap become one. FALSE if there is nothing to do. */
static gboolean
simplify (const IrMove *move, IrMove *out)
{
  out->rank = 0;
  for (guint i = 0; i < move->rank; i++) {
    const gint64 size = move->size[i];
    guint last = out->rank - 1;

    if (size == 0)
      return FALSE;
    if (size == 1)
      continue;
    if (out->rank && out->from[last] == move->from[i] * size &&
        out->to[last] == move->to[i] * size) {
      out->size[last] *= size;
      out->from[last] = move->from[i];
      out->to[last] = move->to[i];
    } else {
      ir_move_add (out, size, move->from[i], move->to[i]);
    }
  }
  return TRUE;
}

/* A constant size lets the compiler turn memcpy into one move. */
#define MOVE_ROW(bytes)                                                        \
  for (gint64 i = 0; i < n; i++, from += from_step, to += to_step)             \
  memcpy (to, from, bytes)

static void
move_row (gint64 n, gsize bytes, const guint8 *from, gssize from_step,
    guint8 *to, gssize to_step)
{
  switch (bytes) {
    case 1:
      MOVE_ROW (1);
      break;
    case 2:
      MOVE_ROW (2);
      break;
    case 4:
      MOVE_ROW (4);
      break;
    case 8:
      MOVE_ROW (8);
      break;
    default:
      MOVE_ROW (bytes);
      break;
  }
}

static void
move_block (
    const IrMove *move, guint dim, gsize bytes, const guint8 *from, guint8 *to)
{
  const gssize from_step = move->from[dim] * (gssize) bytes;
  const gssize to_step = move->to[dim] * (gssize) bytes;
  const gint64 n = move->size[dim];

  if (dim + 1 < move->rank) {
    for (gint64 i = 0; i < n; i++)
      move_block (move, dim + 1, bytes, from + i * from_step, to + i * to_step);
  } else if (move->from[dim] == 1 && move->to[dim] == 1) {
    memcpy (to, from, n * bytes);
  } else {
    move_row (n, bytes, from, from_step, to, to_step);
  }
}

void
ir_move_run (const IrMove *move, gsize bytes, gconstpointer from, gpointer to)
{
  IrMove simple;

  if (!simplify (move, &simple))
    return;
  if (simple.rank == 0)
    memcpy (to, from, bytes);
  else
    move_block (&simple, 0, bytes, from, to);
}

gint64 *
ir_strided_map (IrStrided *strided, guint d, gint64 n, GError **error)
{
  ir_new_map (&strided->map[d], MAX (n, 1), error);
  return strided->map[d];
}

/* An output that is being picked from an input. */
typedef struct {
  const IrShape *shape;
  const IrStrided *strided;
  gsize bytes;
  const guint8 *fill;
  gint even; /* dimensions from here on have no map */
} Picking;

/* What has no map, with elements @at from the first one. */
static void
pick_evenly (const Picking *p, const guint8 *from, guint8 *to)
{
  IrMove move = { 0 };

  for (gint d = p->even; d < p->shape->rank; d++)
    ir_move_add (&move, p->shape->dim[d], p->strided->step[d], 0);
  ir_move_dense_to (&move);
  ir_move_run (&move, p->bytes, from, to);
}

static void
pick (const Picking *p, gint d, const guint8 *from, guint8 *to)
{
  const gint64 *map = p->strided->map[d];
  gsize count;

  if (d == p->even) {
    pick_evenly (p, from, to);
    return;
  }
  count = ir_shape_size (p->shape, d + 1, p->shape->rank);
  for (gint64 i = 0; i < p->shape->dim[d]; i++, to += count * p->bytes) {
    const gint64 place = map ? map[i] : i * p->strided->step[d];

    if (place == IR_NOWHERE)
      ir_fill (to, p->fill, p->bytes, count);
    else
      pick (p, d + 1, from + place * (gssize) p->bytes, to);
  }
}

static void
pick_output (const IrTensor *in, const IrStrided *strided, IrTensor *out)
{
  static const guint8 zero[8] = { 0 };
  Picking p = { &out->shape, strided, ir_dtype_size (in->dtype),
    strided->fill ? strided->fill : zero, out->shape.rank };

  while (p.even > 0 && !strided->map[p.even - 1])
    p.even--;
  pick (&p, 0, (const guint8 *) in->data + strided->offset * (gssize) p.bytes,
      out->data);
}

gboolean
ir_eval_strided (IrEvalCtx *ctx, GError **error)
{
  gint64 steps[IR_MAX_RANK];

  ir_strides (&ctx->in[0]->shape, steps);
  for (gsize i = 0; i < ctx->n_outputs; i++) {
    IrStrided strided = { 0 };
    const gboolean ok = ctx->node->op->strided (ctx, i, steps, &strided, error);

    if (ok && ctx->out[i]->size)
      pick_output (ctx->in[0], &strided, ctx->out[i]);
    ir_strided_clear (&strided);
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

void
ir_fill (gpointer to, gconstpointer from, gsize bytes, guint64 count)
{
  move_row (count, bytes, from, 0, to, bytes);
}

typedef struct {
  const IrShape *in;
  const IrShape *out;
  gint64 *const *maps;
  gconstpointer fill;
  gsize bytes;
  gint plain; /* dimensions from here on have no map */
} Mapping;

static void
move_mapped (const Mapping *mapping, gint dim, const guint8 *from, guint8 *to)
{
  const gint64 *map;
  gsize in_step, out_step;

  if (dim == mapping->plain) {
    memcpy (to, from,
        ir_shape_size (mapping->in, dim, mapping->in->rank) * mapping->bytes);
    return;
  }
  map = mapping->maps[dim];
  in_step =
      ir_shape_size (mapping->in, dim + 1, mapping->in->rank) * mapping->bytes;
  out_step = ir_shape_size (mapping->out, dim + 1, mapping->out->rank) *
      mapping->bytes;
  for (gint64 i = 0; i < mapping->out->dim[dim]; i++, to += out_step) {
    const gint64 source = map ? map[i] : i;

    if (source < 0)
      ir_fill (to, mapping->fill, mapping->bytes, out_step / mapping->bytes);
    else
      move_mapped (mapping, dim + 1, from + source * in_step, to);
  }
}

gboolean
ir_new_map (gint64 **map, gint64 n, GError **error)
{
  *map = g_try_new (gint64, n);
  if (*map == NULL && n > 0)
    return ir_fail (error, IR_ERROR_LIMIT,
        "no memory for the map of a dimension of %" G_GINT64_FORMAT, n);
  return TRUE;
}

void
ir_move_mapped (
    const IrTensor *in, gint64 *const *maps, gconstpointer fill, IrTensor *out)
{
  Mapping mapping = { &in->shape, &out->shape, maps, fill,
    ir_dtype_size (in->dtype), in->shape.rank };

  if (out->size == 0)
    return;
  while (mapping.plain > 0 && !maps[mapping.plain - 1])
    mapping.plain--;
  move_mapped (&mapping, 0, in->data, out->data);
}

gboolean
ir_dim_add (gint64 *into, gint64 other, GError **error)
{
  if (*into < 0 || other < 0) {
    *into = IR_DIM_UNKNOWN;
    return TRUE;
  }
  if (other > G_MAXINT64 - *into)
    return ir_fail (error, IR_ERROR_LIMIT, "a dimension is too large");
  *into += other;
  return TRUE;
}

gboolean
ir_dim_mul (gint64 *into, gint64 other, GError **error)
{
  if (*into < 0 || other < 0) {
    *into = IR_DIM_UNKNOWN;
    return TRUE;
  }
  if (other > 0 && *into > G_MAXINT64 / other)
    return ir_fail (error, IR_ERROR_LIMIT, "a dimension is too large");
  *into *= other;
  return TRUE;
}

static gint64
clamp_bound (gint64 bound, gint64 dim, gint64 low, gint64 high)
{
  return CLAMP (bound < 0 ? bound + dim : bound, low, high);
}

IrSpan
ir_span (gint64 dim, gint64 begin, gint64 end, gint64 step, gboolean no_begin,
    gboolean no_end)
{
  const gboolean up = step > 0;
  const guint64 stride = up ? (guint64) step : -(guint64) step;
  const gint64 low = up ? 0 : -1, high = up ? dim : dim - 1;
  const gint64 first =
      no_begin ? (up ? low : high) : clamp_bound (begin, dim, low, high);
  const gint64 last =
      no_end ? (up ? high : low) : clamp_bound (end, dim, low, high);
  const gint64 length = up ? last - first : first - last;
  IrSpan span = { 0, 0, 0 };

  if (length <= 0)
    return span;
  span.first = first;
  span.count = (gint64) ((guint64) (length - 1) / stride) + 1;
  /* A step that is never taken may be too large to multiply with. */
  span.step = span.count > 1 ? step : 0;
  return span;
}

gboolean
ir_infer_whole_bytes (IrInferCtx *ctx, guint index, GError **error)
{
  const IrDType dtype = ctx->in_dtype[index];

  if (dtype != IR_DTYPE_DYNAMIC && ir_dtype_size (dtype) == 0)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "input %u has the packed type %s, whose elements cannot be moved "
        "singly: convert it to a type of whole bytes first",
        index, ir_dtype_name (dtype));
  return TRUE;
}

gboolean
ir_infer_integers (
    IrInferCtx *ctx, guint index, const char *what, GError **error)
{
  const IrDType dtype = ctx->in_dtype[index];

  if (dtype != IR_DTYPE_DYNAMIC && !ir_dtype_is_integer (dtype))
    return ir_fail (error, IR_ERROR_SHAPE,
        "%s (input %u) must have an integer type, not %s", what, index,
        ir_dtype_name (dtype));
  return TRUE;
}

gboolean
ir_infer_int (IrInferCtx *ctx, guint index, const char *what, gint64 *value,
    gboolean *known, GError **error)
{
  const gint64 length = ir_list_length (&ctx->in_shape[index]);
  gsize n = 0;

  if (ctx->in_shape[index].rank > 1 || (length >= 0 && length != 1)) {
    char text[IR_SHAPE_TEXT];

    return ir_fail (error, IR_ERROR_SHAPE,
        "%s (input %u) must be a single number, not of shape %s", what, index,
        ir_shape_print (&ctx->in_shape[index], text));
  }
  return ir_infer_ints (ctx, index, value, 1, &n, known, error);
}

gboolean
ir_eval_int (const IrEvalCtx *ctx, guint index, gint64 *value, GError **error)
{
  gsize n;

  return ir_eval_ints (ctx, index, value, 1, &n, error);
}

gboolean
ir_normalise_axis (gint rank, gint64 axis, guint *index, GError **error)
{
  if (axis < -rank || axis >= rank)
    return ir_fail (error, IR_ERROR_SHAPE,
        "axis %" G_GINT64_FORMAT " is not within %d dimensions", axis, rank);
  *index = axis < 0 ? axis + rank : axis;
  return TRUE;
}

gboolean
ir_read_index (const IrTensor *indices, guint64 i, gint64 dim, const char *what,
    gint64 *index, GError **error)
{
  const gint64 value = ir_tensor_get_i64 (indices, i);

  if (value < -dim || value >= dim)
    return ir_fail (error, IR_ERROR_SHAPE,
        "element %" G_GUINT64_FORMAT " of %s is %" G_GINT64_FORMAT
        ", outside a dimension of %" G_GINT64_FORMAT,
        i, what, value, dim);
  *index = value < 0 ? value + dim : value;
  return TRUE;
}

gint64
ir_list_length (const IrShape *shape)
{
  if (shape->rank == 0)
    return 1;
  return shape->rank == 1 ? shape->dim[0] : IR_DIM_UNKNOWN;
}
