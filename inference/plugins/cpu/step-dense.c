/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Matrix products with weights that are known, packed once. */
#include "cpu.h"

#include <math.h>
#include <string.h>

/* Rows of one block, for the second-level cache; what of a panel stays in the
 * first-level one while they go by. */
#define BLOCK_BYTES (192 << 10)
#define WHOLE_BYTES (96 << 10)
#define PIECE_BYTES (16 << 10)
/* Panels that the kernel of one row takes at a time. */
#define ROW_PANELS 4
/* Smaller weights stay in a cache, where widening them takes longer than reading
 * twice as many bytes. */
#define MIN_F16_BYTES (1 << 20)
#define MAX_F16 65504

typedef struct {
  CpuFusion fusion;
  CpuConvShape s;
  const IrIgemmKernels *kernels;
  guint m, n, k;
  gboolean transposed;
  /* Panels of k rows of nr columns, of either type. */
  const float *packed;
  const guint16 *halves;
  gsize panel;
  guint n_panels;
  float *bias;
  float *zeros;
  guint piece_k;
  guint rows, n_row_blocks;
  guint panels, n_panel_blocks;
  float low, high;
} Dense;

/* Which rows and panels a task makes. */
typedef struct {
  const float *in, *residual;
  float *out;
  guint row, end, panel, end_panel;
} Block;

static void
add_panel (const Dense *d, const Block *b, guint panel, guint n_panels, guint k,
    guint piece)
{
  const guint nr = d->kernels->nr, column = panel * nr;
  const guint n_k = MIN (piece, d->k - k);
  const gboolean last = k + n_k == d->k;
  const float *at[IR_IGEMM_MAX_ROWS];
  IrIgemmTile tile = { .taps = 1,
    .k = n_k,
    .columns = MIN (n_panels * nr, d->n - column),
    .at = at,
    .weights = d->packed + panel * d->panel + (gsize) k * nr,
    .bias = k == 0 ? d->bias + column : d->zeros,
    .to_stride = d->n,
    .residual_stride = d->n,
    .low = last ? d->low : -INFINITY,
    .high = last ? d->high : INFINITY };

  for (guint i = b->row; i < b->end; i += tile.rows) {
    const guint left = b->end - i;
    const guint tiles = (left + d->kernels->mr - 1) / d->kernels->mr;

    tile.rows = (left + tiles - 1) / tiles;
    for (int r = 0; r < tile.rows; r++)
      at[r] = b->in + (gsize) (i + r) * d->k + k;
    tile.to = b->out + (gsize) i * d->n + column;
    tile.residual = k > 0 ? tile.to
        : b->residual     ? b->residual + (gsize) i * d->n + column
                          : NULL;
    ir_igemm_tile_exact (d->kernels, &tile);
  }
}

/* One row times weights that are f16: the last panel may be wider than the row. */
static void
make_row (const Dense *d, const Block *b)
{
  const guint nr = d->kernels->nr, column = b->panel * nr;
  const guint columns = MIN (b->end_panel * nr, d->n) - column;
  const guint rest = columns % nr, whole = columns - rest;
  float last[IR_IGEMM_MAX_COLUMNS] = { 0 };
  IrIgemmTile tile = { .rows = 1,
    .taps = 1,
    .k = d->k,
    .columns = whole,
    .at = &b->in,
    .bias = d->bias + column,
    .residual = b->residual ? b->residual + column : NULL,
    .to = b->out + column,
    .low = d->low,
    .high = d->high };

  if (whole > 0)
    d->kernels->row_f16 (&tile, d->halves + b->panel * d->panel);
  if (rest == 0)
    return;
  tile.columns = rest;
  tile.bias += whole;
  if (b->residual) {
    memcpy (last, tile.residual + whole, rest * sizeof *last);
    tile.residual = last;
  }
  tile.to = last;
  d->kernels->row_f16 (&tile, d->halves + (b->end_panel - 1) * d->panel);
  memcpy (b->out + column + whole, last, rest * sizeof *last);
}

/* Panel by panel, each piece by piece. The kernel of one row takes several whole
 * ones side by side and cuts their sums itself. */
static void
make_block (const Dense *d, const Block *b)
{
  const guint nr = d->kernels->nr;

  for (guint p = b->panel, n; p < b->end_panel; p += n) {
    const gboolean wide = d->m == 1 && p + ROW_PANELS <= b->end_panel &&
        (p + ROW_PANELS) * nr <= d->n;
    const guint piece = wide ? d->k : d->piece_k;

    n = wide ? ROW_PANELS : 1;
    for (guint k = 0; k < d->k; k += piece)
      add_panel (d, b, p, n, k, piece);
  }
}

static void
dense_block (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Dense *d = work->step->data;
  const guint nr = d->kernels->nr;
  Block b = { .in = cpu_in (work, 0),
    .residual = work->step->n_in > 1 ? cpu_in (work, 1) : NULL,
    .out = cpu_out (work, 0),
    .row = task % d->n_row_blocks * d->rows,
    .panel = task / d->n_row_blocks * d->panels };

  b.end = MIN (b.row + d->rows, d->m);
  b.end_panel = MIN (b.panel + d->panels, d->n_panels);
  if (d->halves)
    make_row (d, &b);
  else
    make_block (d, &b);
  if (!cpu_fusion_is_clamp (&d->fusion))
    cpu_finish_pixels (work->run, &d->fusion, b.panel * nr,
        MIN (b.end_panel * nr, d->n) - b.panel * nr,
        b.out + (gsize) b.row * d->n + b.panel * nr, d->n, b.end - b.row);
}

static gboolean
run_dense (const CpuStep *step, CpuRun *run, GError **error)
{
  const Dense *d = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (run->model->threads, d->n_row_blocks * d->n_panel_blocks,
      dense_block, &work);
  return TRUE;
}

/* --- compiling ------------------------------------------------------------- */

static void
dense_free (gpointer data)
{
  Dense *d = data;

  free (d->bias);
  free (d->zeros);
  g_free (d);
}

/* From [k][n]. */
static void
pack_rows (const Dense *d, const float *weights, float *to)
{
  const guint nr = d->kernels->nr;

  for (guint c = 0; c < d->n; c += nr) {
    const guint columns = MIN (nr, d->n - c);

    for (guint i = 0; i < d->k; i++, to += nr) {
      memcpy (to, weights + (gsize) i * d->n + c, columns * sizeof *to);
      memset (to + columns, 0, (nr - columns) * sizeof *to);
    }
  }
}

static gboolean
pack (const CpuModel *model, gconstpointer data, const float *weights,
    gpointer to)
{
  const Dense *d = data;

  if (d->transposed)
    cpu_pack_weights_to (model, &d->s, weights, to);
  else
    pack_rows (d, weights, to);
  return TRUE;
}

/* Whether @x is an f16; as such. */
static gboolean
narrow (float x, guint16 *to)
{
  guint32 bits;
  float back;

  memcpy (&bits, &x, sizeof bits);
  if ((bits & 0x1fff) == 0 && (bits >> 23 & 255) - 113 < 30) {
    *to = (bits >> 16 & 0x8000) | ((bits & 0x7fffffff) - (112 << 23)) >> 13;
    return TRUE;
  }
  *to = ir_f32_to_f16 (x);
  back = ir_f16_to_f32 (*to);
  return memcmp (&back, &x, sizeof x) == 0;
}

typedef struct {
  const Dense *d;
  const float *weights;
  guint16 *to;
  /* Whether those that are no f16 may be rounded; if not, whether there are any. */
  gboolean round;
  gint others;
} Narrowing;

static void
narrow_panel (gpointer data, guint task, guint worker)
{
  Narrowing *p = data;
  const Dense *d = p->d;
  const guint nr = d->kernels->nr, column = task * nr;
  const guint columns = MIN (nr, d->n - column);
  const gsize row = d->transposed ? 1 : d->n, next = d->transposed ? d->k : 1;
  const float *from = p->weights + column * next;
  guint16 *to = p->to + task * d->panel;

  for (guint i = 0; i < d->k && !g_atomic_int_get (&p->others); i++) {
    for (guint o = 0; o < columns; o++)
      if (!narrow (from[i * row + o * next], &to[o]) &&
          !(p->round && fabsf (from[i * row + o * next]) <= MAX_F16))
        g_atomic_int_set (&p->others, TRUE);
    memset (to + columns, 0, (nr - columns) * sizeof *to);
    to += nr;
  }
}

/* FALSE if there are numbers that are no f16 where they would not be bf16 else, which
 * has less digits. */
static gboolean
pack_halves (const CpuModel *model, gconstpointer data, const float *weights,
    gpointer to)
{
  Narrowing p = { data, weights, to, model->bgemm != NULL, FALSE };

  cpu_pool_run (model->threads, p.d->n_panels, narrow_panel, &p);
  return !p.others;
}

static gboolean
fill (Dense *d, CpuModel *model, IrPort weights)
{
  const gsize n = d->n_panels * d->panel;
  const guint nr = d->kernels->nr;

  /* One row waits for its weights: those that came as f16 are kept so. */
  if (d->m == 1 && n * sizeof (float) >= MIN_F16_BYTES)
    d->halves = cpu_pack (model, weights, n * sizeof (guint16), pack_halves, d,
        "dense f16 %d %u: %u %u %d", model->bgemm != NULL, nr, d->n, d->k,
        d->transposed);
  if (!d->halves)
    d->packed = cpu_pack (model, weights, n * sizeof (float), pack, d,
        "dense %u: %u %u %d", nr, d->n, d->k, d->transposed);
  d->bias = cpu_pack_bias (d->kernels, &d->s, &d->fusion);
  d->zeros = cpu_alloc_floats (d->kernels->nr);
  return (d->packed || d->halves) && d->bias && d->zeros;
}

static void
choose_blocks (Dense *d, const CpuModel *model)
{
  const guint mr = d->kernels->mr;
  const guint wanted = cpu_parts (model, 2ull * d->m * d->n * d->k);
  const guint limit = BLOCK_BYTES / (d->k * sizeof (float)) / mr * mr;
  const gsize row = d->kernels->nr * sizeof (float);
  guint parts;

  d->piece_k = d->m > mr && d->k * row > WHOLE_BYTES ? PIECE_BYTES / row
                                                     : MIN (d->k, IR_IGEMM_RUN);
  d->rows = MIN (MAX (limit, 4 * mr), (d->m + wanted - 1) / wanted);
  d->rows = MIN (MAX ((d->rows + mr - 1) / mr * mr, 4 * mr), d->m);
  d->n_row_blocks = (d->m + d->rows - 1) / d->rows;
  parts = (wanted + d->n_row_blocks - 1) / d->n_row_blocks;
  d->panels = (d->n_panels + parts - 1) / parts;
  d->panels = (d->panels + ROW_PANELS - 1) / ROW_PANELS * ROW_PANELS;
  d->panels = MIN (d->panels, d->n_panels);
  d->n_panel_blocks = (d->n_panels + d->panels - 1) / d->panels;
}

gboolean
cpu_lower_dense (
    CpuModel *model, const CpuFusion *fusion, const CpuProduct *product)
{
  const IrPort ports[] = { fusion->head->inputs[0], fusion->residual };
  const IrPort weights = fusion->head->inputs[1];
  Dense *d;
  CpuStep *step;

  if (!cpu_port_is_known (model, weights) || product->batch != 1 ||
      (product->trans_a && product->m > 1 && product->k > 1))
    return FALSE;
  d = g_new0 (Dense, 1);
  d->fusion = *fusion;
  d->kernels = model->igemm;
  d->m = product->m;
  d->n = product->n;
  d->k = product->k;
  d->transposed = product->trans_b;
  d->s = (CpuConvShape){ .window = { .kernel_h = 1, .kernel_w = 1 },
    .groups = 1,
    .in_channels = d->k,
    .out_channels = d->n };
  d->panel = (gsize) d->k * d->kernels->nr;
  d->n_panels = (d->n + d->kernels->nr - 1) / d->kernels->nr;
  if (!fill (d, model, weights)) {
    dense_free (d);
    return FALSE;
  }
  choose_blocks (d, model);
  cpu_fusion_limits (fusion, &d->low, &d->high);

  step = cpu_add_step (model, fusion->last, CPU_PLAIN, CPU_PLAIN, ports,
      fusion->residual.node ? 2 : 1);
  step->head = fusion->head;
  step->kernel = d->kernels->name;
  step->flops = 2ull * d->m * d->n * d->k;
  step->run = run_dense;
  step->data = d;
  step->free_data = dense_free;
  return TRUE;
}
