/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>
#include "move.h"

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

/* Gives the indices of the entries of @count columns from @base on, best first;
 * @scratch has room for that many entries. */
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
  gsize entry;
  gint64 n_pieces;
  gint64 split;
  guint8 *scratch;
  gsize scratch_size;
} TopK;

static gint
compare_indices (gconstpointer a, gconstpointer b)
{
  const gint64 i = *(const gint64 *) a, j = *(const gint64 *) b;

  return (i > j) - (i < j);
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
  gint64 *chosen = (gint64 *) (scratch + t->width * c->k * t->entry);

  t->select (c, from, count, scratch, chosen);
  for (gint64 j = 0; j < count; j++, chosen += c->k) {
    if (attrs->sort == IR_TOPK_SORT_INDEX)
      qsort (chosen, c->k, sizeof *chosen, compare_indices);
    store_column (t, chosen, from + j, to + j);
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

static gboolean
run_topk (TopK *t, gint64 outer, GError **error)
{
  const Columns *c = &t->columns;

  t->width = CLAMP (MAX_ENTRIES / c->k, 1, MIN (c->inner, MAX_COLUMNS));
  t->blocks = (c->inner + t->width - 1) / t->width;
  t->n_pieces = outer * t->blocks;
  t->split =
      ir_eval_split (t->ctx, (guint64) outer * c->n * c->inner, t->n_pieces);
  t->scratch_size = t->width * c->k * (t->entry + sizeof (gint64));
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
  TopK t = { .ctx = ctx,
    .select = ways[way].select[attrs->mode],
    .entry = ways[way].entry };
  guint axis;

  if (!ir_shape_axis (&data->shape, attrs->axis, &axis, error))
    return FALSE;
  if (ctx->out[0]->size == 0)
    return TRUE;
  keys = ir_tensor_convert (ctx->in[0], ways[way].dtype, error);
  if (!keys)
    return FALSE;
  t.columns = (Columns){ keys->data, data->shape.dim[axis],
    ctx->out[0]->shape.dim[axis],
    ir_shape_size (&data->shape, axis + 1, data->shape.rank) };
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
