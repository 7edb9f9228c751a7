/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sums of rows of a table: indices come in bags that are cut by offsets, are of
 * one size, or are named by segment numbers. */
#include "move.h"
#include "typed.h"

#include <string.h>

enum {
  TABLE,
  ROWS
};

/* Which input is what, 0 for none. */
typedef struct {
  guint cuts;     /* offsets or segment numbers */
  guint segments; /* how many */
  guint def;      /* row of empty bags */
  guint weights;
} Layout;

static const Layout offsets_layout = { 2, 0, 3, 4 };
static const Layout packed_layout = { 0, 0, 0, 2 };
static const Layout segments_layout = { 2, 3, 4, 5 };

/* --- infer ----------------------------------------------------------------- */

static gboolean
check_weights (IrInferCtx *ctx, guint index, GError **error)
{
  const IrDType table = ctx->in_dtype[TABLE], weights = ctx->in_dtype[index];
  char text[2][IR_SHAPE_TEXT];

  if (!ir_shape_fits (&ctx->in_shape[index], &ctx->in_shape[ROWS]))
    return ir_fail (error, IR_ERROR_SHAPE,
        "there are weights of shape %s for indices of shape %s",
        ir_shape_print (&ctx->in_shape[index], text[0]),
        ir_shape_print (&ctx->in_shape[ROWS], text[1]));
  if (table != weights && table != IR_DTYPE_DYNAMIC &&
      weights != IR_DTYPE_DYNAMIC)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the weights have type %s, the table %s", ir_dtype_name (weights),
        ir_dtype_name (table));
  return TRUE;
}

static gboolean
check_inputs (IrInferCtx *ctx, const Layout *layout, GError **error)
{
  const guint rank = layout->cuts != 0 ? 1 : 2;
  gboolean known;
  gint64 value;

  if (!ir_infer_accept_input (
          ctx, TABLE, IR_ACCEPT_NUMBER, "the table", error) ||
      !ir_infer_rank (ctx, TABLE, ~1u, "the table", error) ||
      !ir_infer_integers (ctx, ROWS, "indices", error) ||
      !ir_infer_rank (ctx, ROWS, 1u << rank, "indices", error))
    return FALSE;
  if (layout->cuts != 0 &&
      (!ir_infer_integers (ctx, layout->cuts, "offsets or segments", error) ||
          !ir_infer_rank (
              ctx, layout->cuts, 1u << 1, "offsets or segments", error)))
    return FALSE;
  if (layout->segments != 0 &&
      !ir_shape_fits (&ctx->in_shape[layout->cuts], &ctx->in_shape[ROWS]))
    return ir_fail (
        error, IR_ERROR_SHAPE, "every index needs the number of its segment");
  if (layout->def != 0 && layout->def < ctx->n_inputs &&
      (!ir_infer_integers (ctx, layout->def, "the default index", error) ||
          !ir_infer_int (
              ctx, layout->def, "the default index", &value, &known, error)))
    return FALSE;
  return layout->weights >= ctx->n_inputs ||
      check_weights (ctx, layout->weights, error);
}

/* The number of bags. */
static gboolean
count_bags (IrInferCtx *ctx, const Layout *layout, gint64 *bags, GError **error)
{
  const IrShape *from = &ctx->in_shape[layout->cuts ? layout->cuts : ROWS];
  gboolean known;

  *bags = from->rank > 0 ? from->dim[0] : (gint64) IR_DIM_UNKNOWN;
  if (layout->segments == 0)
    return TRUE;
  if (!ir_infer_integers (
          ctx, layout->segments, "the number of segments", error) ||
      !ir_infer_int (
          ctx, layout->segments, "the number of segments", bags, &known, error))
    return FALSE;
  if (!known)
    *bags = IR_DIM_UNKNOWN;
  else if (*bags < 0)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the number of segments is %" G_GINT64_FORMAT, *bags);
  return TRUE;
}

static gboolean
infer_bags (IrInferCtx *ctx, const Layout *layout, GError **error)
{
  IrShape out = ctx->in_shape[TABLE];
  gint64 bags;

  if (!check_inputs (ctx, layout, error) ||
      !count_bags (ctx, layout, &bags, error))
    return FALSE;
  if (out.rank != IR_RANK_UNKNOWN)
    out.dim[0] = bags;
  ir_infer_set (ctx, 0, ctx->in_dtype[TABLE], &out);
  return TRUE;
}

/* --- evaluate -------------------------------------------------------------- */

/* Adds a row of @n elements, @weight (nullable) times. */
typedef void (*AddFunc) (
    gpointer sum, gconstpointer row, gconstpointer weight, gint64 n);

#define ADD(id, T, S)                                                          \
  static void add_##id (                                                       \
      gpointer sum, gconstpointer row, gconstpointer weight, gint64 n)         \
  {                                                                            \
    const S factor = weight ? (S) * (const T *) weight : 1;                    \
                                                                               \
    for (gint64 i = 0; i < n; i++)                                             \
      ((T *) sum)[i] =                                                         \
          (T) ((S) ((T *) sum)[i] + (S) ((const T *) row)[i] * factor);        \
  }
IR_FLOAT_TYPES (ADD, float)
IR_INTEGER_TYPES (ADD, guint64)

#define ADD_ENTRY(id, T, ...) [IR_DTYPE_##id] = add_##id,
static const AddFunc adds[IR_DTYPE_COUNT] = { IR_NUMBER_TYPES (ADD_ENTRY, 0) };

typedef struct {
  const IrEvalCtx *ctx;
  const IrTensor *table;
  const IrTensor *weights; /* nullable */
  gint64 row;              /* elements */
  AddFunc add;
} Sums;

static gpointer
element (const IrTensor *tensor, gint64 index)
{
  return (guint8 *) tensor->data + index * ir_dtype_size (tensor->dtype);
}

/* Adds the table's row that index @i names to bag @bag. */
static gboolean
add_index (const Sums *s, gint64 i, gint64 bag, GError **error)
{
  gint64 row;

  if (!ir_read_index (
          s->ctx->in[ROWS], i, s->table->shape.dim[0], "indices", &row, error))
    return FALSE;
  s->add (element (s->ctx->out[0], bag * s->row),
      element (s->table, row * s->row),
      s->weights ? element (s->weights, i) : NULL, s->row);
  return TRUE;
}

/* An empty bag is the default row, or zeros. */
static gboolean
fill_empty (const Sums *s, guint def, gint64 bag, GError **error)
{
  gint64 row;

  if (def == 0 || def >= s->ctx->n_inputs ||
      ir_tensor_get_i64 (s->ctx->in[def], 0) < 0)
    return TRUE;
  if (!ir_read_index (s->ctx->in[def], 0, s->table->shape.dim[0],
          "the default index", &row, error))
    return FALSE;
  s->add (element (s->ctx->out[0], bag * s->row),
      element (s->table, row * s->row), NULL, s->row);
  return TRUE;
}

static void
sums_init (Sums *s, const IrEvalCtx *ctx, const Layout *layout)
{
  const IrShape *shape = &ctx->in[TABLE]->shape;

  s->ctx = ctx;
  s->table = ctx->in[TABLE];
  s->weights =
      layout->weights < ctx->n_inputs ? ctx->in[layout->weights] : NULL;
  s->row = (gint64) ir_shape_size (shape, 1, shape->rank);
  s->add = adds[s->table->dtype];
}

static gboolean
read_offset (const IrTensor *offsets, gint64 i, gint64 previous, gint64 n,
    gint64 *offset, GError **error)
{
  *offset = ir_tensor_get_i64 (offsets, i);
  if (*offset < previous || *offset > n)
    return ir_fail (error, IR_ERROR_SHAPE,
        "offset %" G_GINT64_FORMAT " is %" G_GINT64_FORMAT
        ", not from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
        i, *offset, previous, n);
  return TRUE;
}

static gboolean
evaluate_offsets (IrEvalCtx *ctx, GError **error)
{
  const Layout *layout = &offsets_layout;
  const IrTensor *offsets = ctx->in[layout->cuts];
  const gint64 n = ir_tensor_count (ctx->in[ROWS]);
  const gint64 bags = ir_tensor_count (offsets);
  gint64 begin = 0, end;
  Sums s;

  sums_init (&s, ctx, layout);
  if (bags > 0 && !read_offset (offsets, 0, 0, n, &begin, error))
    return FALSE;
  for (gint64 bag = 0; bag < bags; bag++, begin = end) {
    end = n;
    if (bag + 1 < bags &&
        !read_offset (offsets, bag + 1, begin, n, &end, error))
      return FALSE;
    if (begin == end && !fill_empty (&s, layout->def, bag, error))
      return FALSE;
    for (gint64 i = begin; i < end; i++)
      if (!add_index (&s, i, bag, error))
        return FALSE;
  }
  return TRUE;
}

static gboolean
evaluate_packed (IrEvalCtx *ctx, GError **error)
{
  const IrShape *shape = &ctx->in[ROWS]->shape;
  const gint64 n = ir_tensor_count (ctx->in[ROWS]);
  Sums s;

  sums_init (&s, ctx, &packed_layout);
  for (gint64 i = 0; i < n; i++)
    if (!add_index (&s, i, i / shape->dim[1], error))
      return FALSE;
  return TRUE;
}

static gboolean
evaluate_segments (IrEvalCtx *ctx, GError **error)
{
  const Layout *layout = &segments_layout;
  const IrTensor *segments = ctx->in[layout->cuts];
  const gint64 n = ir_tensor_count (ctx->in[ROWS]);
  const gint64 bags = ctx->out[0]->shape.dim[0];
  gint64 i = 0;
  Sums s;

  sums_init (&s, ctx, layout);
  for (gint64 bag = 0; bag < bags; bag++) {
    const gint64 first = i;

    for (; i < n && ir_tensor_get_i64 (segments, i) == bag; i++)
      if (!add_index (&s, i, bag, error))
        return FALSE;
    if (i == first && !fill_empty (&s, layout->def, bag, error))
      return FALSE;
  }
  if (i < n)
    return ir_fail (error, IR_ERROR_SHAPE,
        "segment number %" G_GINT64_FORMAT " is %" G_GINT64_FORMAT
        ": they must ascend from 0 and stay below %" G_GINT64_FORMAT,
        i, ir_tensor_get_i64 (segments, i), bags);
  return TRUE;
}

#define EMBEDDING(name, op, ir_type, least, most, text)                        \
  static gboolean infer_##name (IrInferCtx *ctx, GError **error)               \
  {                                                                            \
    return infer_bags (ctx, &name##_layout, error);                            \
  }                                                                            \
                                                                               \
  const IrOpDesc ir_op_##op = {                                                \
    .type = ir_type,                                                           \
    .opset = 3,                                                                \
    .min_inputs = least,                                                       \
    .max_inputs = most,                                                        \
    .n_outputs = 1,                                                            \
    .flags = IR_OP_F32,                                                        \
    .infer = infer_##name,                                                     \
    .evaluate = evaluate_##name,                                               \
    .summary = text,                                                           \
  };

EMBEDDING (offsets, embedding_bag_offsets_sum_3, "EmbeddingBagOffsetsSum", 3, 5,
    "sums of a table's rows, in bags that begin at offsets")
EMBEDDING (packed, embedding_bag_packed_sum_3, "EmbeddingBagPackedSum", 2, 3,
    "sums of a table's rows, in bags of one size")
EMBEDDING (segments, embedding_segments_sum_3, "EmbeddingSegmentsSum", 4, 6,
    "sums of a table's rows, by the numbers of segments")
