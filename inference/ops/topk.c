/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include "move.h"
#include "suppress.h"

static gboolean
infer_topk (IrInferCtx *ctx, GError **error)
{
  const IrTopKAttrs *attrs = ctx->attrs;
  const IrDType indices = attrs->index_element_type;
  IrShape out = ctx->in_shape[0];
  gboolean known;
  guint axis;
  gint64 k;

  if (indices != IR_DTYPE_I32 && indices != IR_DTYPE_I64)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "index_element_type must be i32 or i64, not %s",
        ir_dtype_name (indices));
  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_integers (ctx, 1, "k", error) ||
      !ir_infer_int (ctx, 1, "k", &k, &known, error))
    return FALSE;
  if (known && k < 0)
    return ir_fail (error, IR_ERROR_SHAPE, "k is %" G_GINT64_FORMAT, k);
  if (out.rank != IR_RANK_UNKNOWN) {
    if (!ir_shape_axis (&out, attrs->axis, &axis, error))
      return FALSE;
    if (known && out.dim[axis] != IR_DIM_UNKNOWN && k > out.dim[axis])
      return ir_fail (error, IR_ERROR_SHAPE,
          "k is %" G_GINT64_FORMAT ", dimension %u has %" G_GINT64_FORMAT
          " elements",
          k, axis, out.dim[axis]);
    out.dim[axis] = known ? k : IR_DIM_UNKNOWN;
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  ir_infer_set (ctx, 1, indices, &out);
  return TRUE;
}

/* Columns along the axis, @inner of them side by side, of which @k of @n entries are
 * kept. */
typedef struct {
  gconstpointer keys;
  gint64 n, k, inner;
} Columns;

/* Columns at a time, values at a time. */
#define MAX_COLUMNS 256
#define CHUNK 16

#define MAX_BETTER(a, b) ((a) > (b))
#define MIN_BETTER(a, b) ((a) < (b))

#define TYPE float
#define INDEX gint32
#define BETTER MAX_BETTER
#define FN(name) max_f32_##name
#include "topk_impl.h"
#undef BETTER
#undef FN
#define BETTER MIN_BETTER
#define FN(name) min_f32_##name
#include "topk_impl.h"
#undef TYPE
#undef INDEX
#undef FN
#define TYPE double
#define INDEX gint64
#define FN(name) min_f64_##name
#include "topk_impl.h"
#undef BETTER
#undef FN
#define BETTER MAX_BETTER
#define FN(name) max_f64_##name
#include "topk_impl.h"
#undef TYPE
#undef FN
#define TYPE gint64
#define FN(name) max_i64_##name
#include "topk_impl.h"
#undef BETTER
#undef FN
#define BETTER MIN_BETTER
#define FN(name) min_i64_##name
#include "topk_impl.h"

/* --- many of one column ------------------------------------------------------ */

/* Columns of which so many are kept are not worth a heap. */
#define FEW 32
#define DIGIT_BITS 11

/* What sorts as the numbers do, best first; both zeros are one number. */
static void
find_ranks (const float *x, gint64 n, gboolean max, guint32 *ranks)
{
  const guint32 turn = max ? G_MAXUINT32 : 0;

  for (gint64 i = 0; i < n; i++) {
    const union {
      float number;
      guint32 bits;
    } as = { x[i] + 0.0f };

    ranks[i] = as.bits ^ ((guint32) ((gint32) as.bits >> 31) | 1u << 31) ^ turn;
  }
}

/* The largest first digit of the best @k. */
static guint32
find_limit (const guint32 *ranks, gint64 n, gint64 k)
{
  guint32 count[1 << DIGIT_BITS] = { 0 };
  guint32 digit = 0;

  for (gint64 i = 0; i < n; i++)
    count[ranks[i] >> (32 - DIGIT_BITS)]++;
  for (gint64 sum = count[0]; sum < k; sum += count[digit])
    digit++;
  return digit;
}

/* Those that may be among the best are few, and sorted. */
static void
select_ranked (const Columns *c, gint64 base, gboolean max, gpointer scratch,
    gint64 *chosen)
{
  guint64 *keys = scratch;
  guint32 *ranks = (guint32 *) (keys + 2 * c->n);
  guint32 limit;
  gsize n = 0;

  find_ranks ((const float *) c->keys + base, c->n, max, ranks);
  limit = find_limit (ranks, c->n, c->k);
  for (gint64 i = 0; i < c->n; i++)
    if (ranks[i] >> (32 - DIGIT_BITS) <= limit)
      keys[n++] = (guint64) ranks[i] << 32 | (guint32) i;
  ir_rank_sort (keys, n, keys + c->n);
  for (gint64 i = 0; i < c->k; i++)
    chosen[i] = ir_rank_item (keys[i]);
}

static void
max_f32_ranked (const Columns *c, gint64 base, gint64 count, gpointer scratch,
    gint64 *chosen)
{
  select_ranked (c, base, TRUE, scratch, chosen);
}

static void
min_f32_ranked (const Columns *c, gint64 base, gint64 count, gpointer scratch,
    gint64 *chosen)
{
  select_ranked (c, base, FALSE, scratch, chosen);
}

static gboolean
is_ranked (const Columns *c, IrDType dtype)
{
  return dtype == IR_DTYPE_F32 && c->inner == 1 && c->k > FEW;
}

/* Gives the indices of the entries of @count columns from @base on, best first;
 * @scratch has room for that many entries, or for what ranks take. */
typedef void (*SelectFunc) (const Columns *columns, gint64 base, gint64 count,
    gpointer scratch, gint64 *chosen);

static const struct {
  IrDType dtype;
  gsize entry;
  SelectFunc select[2]; /* by mode */
} ways[] = {
  { IR_DTYPE_F32, sizeof (max_f32_Entry), { min_f32_select, max_f32_select } },
  { IR_DTYPE_F64, sizeof (max_f64_Entry), { min_f64_select, max_f64_select } },
  { IR_DTYPE_I64, sizeof (max_i64_Entry), { min_i64_select, max_i64_select } },
};

/* Which of them can hold all values of a type. */
static guint
find_way (IrDType dtype)
{
  if (dtype == IR_DTYPE_F64)
    return 1;
  return ir_dtype_is_float (dtype) ? 0 : 2;
}

typedef struct {
  IrEvalCtx *ctx;
  Columns columns;
  gint64 blocks;
  gint64 width; /* columns of a block */
  SelectFunc select;
  gsize room; /* for what @select needs */
  gint64 n_pieces;
  gint64 split;
  guint8 *scratch;
  gsize scratch_size;
} TopK;

static void
sort_indices (gint64 *chosen, gint64 k)
{
  guint64 *keys = (guint64 *) chosen;

  for (gint64 i = 0; i < k; i++)
    keys[i] <<= 32;
  ir_rank_sort (keys, (gsize) k, keys + k);
  for (gint64 i = 0; i < k; i++)
    keys[i] >>= 32;
}

static void
store_column (const TopK *t, const gint64 *chosen, gint64 from, gint64 to)
{
  const IrTensor *data = t->ctx->in[0];
  const gsize bytes = ir_dtype_size (data->dtype);
  const gint64 step = t->columns.inner;
  IrTensor *indices = t->ctx->out[1];

  for (gint64 i = 0; i < t->columns.k; i++) {
    const gint64 at = to + i * step;

    memcpy ((guint8 *) t->ctx->out[0]->data + at * bytes,
        (const guint8 *) data->data + (from + chosen[i] * step) * bytes, bytes);
    if (indices->dtype == IR_DTYPE_I32)
      ((gint32 *) indices->data)[at] = (gint32) chosen[i];
    else
      ((gint64 *) indices->data)[at] = chosen[i];
  }
}

static void
select_block (const TopK *t, gint64 outer, gint64 first, guint worker)
{
  const IrTopKAttrs *attrs = t->ctx->attrs;
  const Columns *c = &t->columns;
  const gint64 count = MIN (t->width, c->inner - first);
  const gint64 from = outer * c->n * c->inner + first;
  const gint64 to = outer * c->k * c->inner + first;
  guint8 *scratch = t->scratch + worker * t->scratch_size;
  gint64 *chosen = (gint64 *) (scratch + t->room);

  t->select (c, from, count, scratch, chosen);
  /* From the last on: what is behind a column is room for sorting it. */
  for (gint64 j = count; j-- > 0;) {
    gint64 *own = chosen + j * c->k;

    if (attrs->sort == IR_TOPK_SORT_INDEX)
      sort_indices (own, c->k);
    store_column (t, own, from + j, to + j);
  }
}

static void
select_part (gpointer data, guint part, guint worker)
{
  const TopK *t = data;
  const gint64 first = part * t->split;

  for (gint64 i = first; i < MIN (first + t->split, t->n_pieces); i++)
    select_block (t, i / t->blocks, i % t->blocks * t->width, worker);
}

/* Few enough columns that what is kept of them stays in a cache. */
#define MAX_ENTRIES 8192

static void
choose_way (TopK *t, guint way, gint mode)
{
  static const SelectFunc ranked[] = { min_f32_ranked, max_f32_ranked };
  const Columns *c = &t->columns;

  t->width = CLAMP (MAX_ENTRIES / c->k, 1, MIN (c->inner, MAX_COLUMNS));
  t->select = ways[way].select[mode];
  t->room = t->width * c->k * ways[way].entry;
  if (is_ranked (c, ways[way].dtype)) {
    t->select = ranked[mode];
    t->room = 2 * c->n * sizeof (guint64) + (c->n + 1) / 2 * sizeof (guint64);
  }
  t->scratch_size = t->room + (t->width + 1) * c->k * sizeof (gint64);
}

static gboolean
run_topk (TopK *t, gint64 outer, GError **error)
{
  const Columns *c = &t->columns;

  t->blocks = (c->inner + t->width - 1) / t->width;
  t->n_pieces = outer * t->blocks;
  t->split =
      ir_eval_split (t->ctx, (guint64) outer * c->n * c->inner, t->n_pieces);
  t->scratch = ir_scratch_take (
      t->ctx->scratch, ir_eval_workers (t->ctx), t->scratch_size);
  if (!t->scratch)
    return ir_fail (error, IR_ERROR_LIMIT,
        "no memory for the %" G_GINT64_FORMAT " elements that are kept", c->k);
  ir_eval_parts (t->ctx, t->n_pieces, t->split, select_part, t);
  return TRUE;
}

static gboolean
evaluate_topk (IrEvalCtx *ctx, GError **error)
{
  const IrTopKAttrs *attrs = ctx->attrs;
  const IrTensor *data = ctx->in[0];
  const guint way = find_way (data->dtype);
  g_autoptr (IrTensor) keys = NULL;
  TopK t = { .ctx = ctx };
  guint axis;

  if (!ir_shape_axis (&data->shape, attrs->axis, &axis, error))
    return FALSE;
  if (ctx->out[0]->size == 0)
    return TRUE;
  if (data->shape.dim[axis] > G_MAXUINT32)
    return ir_fail (error, IR_ERROR_LIMIT,
        "dimension %u has %" G_GINT64_FORMAT " elements, more than can be "
        "sorted",
        axis, data->shape.dim[axis]);
  keys = ir_tensor_convert (ctx->in[0], ways[way].dtype, error);
  if (!keys)
    return FALSE;
  t.columns = (Columns){ keys->data, data->shape.dim[axis],
    ctx->out[0]->shape.dim[axis],
    ir_shape_size (&data->shape, axis + 1, data->shape.rank) };
  choose_way (&t, way, attrs->mode);
  return run_topk (&t, ir_shape_size (&data->shape, 0, axis), error);
}

static const char *const mode_names[] = { "min", "max", NULL };
static const char *const sort_names[] = { "none", "index", "value", NULL };

#define ROWS                                                                   \
  IR_ATTR_ROW (IrTopKAttrs, axis, I64, NULL),                                  \
      IR_ATTR_ENUM_ROW (IrTopKAttrs, mode, NULL, mode_names),                  \
      IR_ATTR_ENUM_ROW (IrTopKAttrs, sort, NULL, sort_names),                  \
      IR_ATTR_ROW (IrTopKAttrs, index_element_type, DTYPE, "i32")

static const IrAttrDesc topk_attrs[] = { ROWS, IR_ATTR_END };
static const IrAttrDesc topk_11_attrs[] = {
  ROWS,
  IR_ATTR_ROW (IrTopKAttrs, stable, BOOL, "false"),
  IR_ATTR_END,
};

#define TOPK(number, table)                                                    \
  const IrOpDesc ir_op_topk_##number = {                                       \
    .type = "TopK",                                                            \
    .opset = number,                                                           \
    .min_inputs = 2,                                                           \
    .max_inputs = 2,                                                           \
    .n_outputs = 2,                                                            \
    .attrs_size = sizeof (IrTopKAttrs),                                        \
    .attrs = table,                                                            \
    .infer = infer_topk,                                                       \
    .evaluate = evaluate_topk,                                                 \
    .summary = "the k largest or smallest elements of an axis and their "      \
               "indices; of equal ones the first",                             \
  }

TOPK (1, topk_attrs);
TOPK (3, topk_attrs);
TOPK (11, topk_11_attrs);
