/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Pictures into tensors, row by row. Where a pixel of the result takes at most two
 * by two of the picture's, only those are converted: a row of the picture becomes
 * lines as wide as the result, and two such are blended. Otherwise whole rows are
 * converted, blended first and then filtered along the line.
 */
#include "cpu.h"

#include <string.h>

#include "taps.h"

/* Rows of the picture that are kept converted: what a cubic blend takes. */
#define KEPT 4
/* Plans that wait for the next frame like theirs. */
#define MOST_IDLE 8
/* A thread is worth waking for about 2 ms of work, a nanosecond for a pixel and
 * row. */
#define THREAD_WORTH 2000000

/* What a plan depends on. Compared as bytes: zeroed before it is filled. */
typedef struct {
  IrPreproc recipe;
  IrRegion region;
  guint width;
  guint height;
} Key;

/* Lines of one thread. @kept: converted rows @row, -1 for none. */
typedef struct {
  gint64 row[KEPT];
  float *kept[KEPT][3];
  float *blend[3];
  float *out[3];
  float *side_by_side;
} Lines;

typedef struct {
  Key key;
  IrPlacement place;
  CpuTaps h, v;
  /* Whether rows are sampled as they are converted. */
  gboolean direct;
  /* Else where the converted part of a row begins, which the horizontal taps count
   * from, and its length. */
  guint first;
  guint span;
  guint threads;
  Lines *lines;
  float *memory;
} Plan;

typedef struct {
  Plan *plan;
  const IrColourKernels *kernels;
  const IrFrame *frame;
  IrColourMatrix matrix;
  IrTensor *tensor;
  /* Of the tensor's element where the picture begins. */
  gsize offset;
  guint rows;
} Job;

/* --- colours --------------------------------------------------------------- */

static const IrColourFormat formats[] = {
  [IR_PIXEL_NV12] = IR_COLOUR_NV12,
  [IR_PIXEL_I420] = IR_COLOUR_I420,
  [IR_PIXEL_YUY2] = IR_COLOUR_YUY2,
  [IR_PIXEL_BGRX] = IR_COLOUR_BGRX,
  [IR_PIXEL_RGBX] = IR_COLOUR_RGBX,
  [IR_PIXEL_BGR] = IR_COLOUR_BGR,
  [IR_PIXEL_RGB] = IR_COLOUR_RGB,
  [IR_PIXEL_GRAY8] = IR_COLOUR_GRAY8,
};
G_STATIC_ASSERT (G_N_ELEMENTS (formats) == IR_PIXEL_COUNT);

/* Kr and Kb as the standards have them. */
static const struct {
  double r, b;
} primaries[] = {
  [IR_MATRIX_BT601] = { 0.299, 0.114 },
  [IR_MATRIX_BT709] = { 0.2126, 0.0722 },
  [IR_MATRIX_BT2020] = { 0.2627, 0.0593 },
};

static IrColourMatrix
colour_matrix (const IrFrame *frame)
{
  const double kr = primaries[frame->matrix].r, kb = primaries[frame->matrix].b;
  const double kg = 1 - kr - kb;
  const double y = frame->full_range ? 1 : 255.0 / 219;
  const double c = frame->full_range ? 1 : 255.0 / 224;
  const double black = frame->full_range ? 0 : -16 * y;
  const double rv = 2 * (1 - kr) * c, bu = 2 * (1 - kb) * c;
  const double gv = -rv * kr / kg, gu = -bu * kb / kg;

  return (IrColourMatrix){ y, rv, gu, gv, bu, black - 128 * rv,
    black - 128 * (gu + gv), black - 128 * bu };
}

static void
point_at_row (const IrFrame *frame, guint y, const guint8 **plane)
{
  plane[0] = frame->plane[0] + y * frame->stride[0];
  for (guint p = 1; p < 3; p++)
    plane[p] =
        frame->plane[p] ? frame->plane[p] + y / 2 * frame->stride[p] : plane[0];
}

/* --- plans ----------------------------------------------------------------- */

static void
init_axes (Plan *plan)
{
  const IrPreproc *recipe = &plan->key.recipe;
  const IrRegion *source = &plan->place.source;
  const gboolean shrinks = source->width >= plan->place.width &&
      source->height >= plan->place.height;
  const CpuAxis h = { recipe->interpolation, shrinks, source->x, source->width,
    plan->place.width, plan->key.width, recipe->pad_value };
  const CpuAxis v = { recipe->interpolation, shrinks, source->y, source->height,
    plan->place.height, plan->key.height, recipe->pad_value };

  cpu_taps_init (&plan->h, &h);
  cpu_taps_init (&plan->v, &v);
}

/* A single tap is taken as it is, so it must not share a pixel with padding. */
static gboolean
is_direct (const CpuTaps *h, const CpuTaps *v)
{
  return (h->taps == 2 || (h->taps == 1 && !h->base)) &&
      (v->taps == 1 || v->taps == 2);
}

/* Each line is on cache lines of its own. */
static void
lay_lines (Plan *plan)
{
  const gsize wide = (plan->key.recipe.width + 15) / 16 * 16;
  const gsize kept = plan->direct ? wide : (plan->span + 15) / 16 * 16;
  const gsize each = 3 * ((KEPT + 1) * kept + 2 * wide);
  float *at;

  plan->memory = cpu_alloc_floats (plan->threads * each);
  at = plan->memory;
  plan->lines = g_new (Lines, plan->threads);
  for (guint w = 0; at && w < plan->threads; w++) {
    Lines *lines = &plan->lines[w];

    for (guint k = 0; k < KEPT; k++)
      for (guint c = 0; c < 3; c++, at += kept)
        lines->kept[k][c] = at;
    for (guint c = 0; c < 3; c++, at += kept)
      lines->blend[c] = at;
    for (guint c = 0; c < 3; c++, at += wide)
      lines->out[c] = at;
    lines->side_by_side = at;
    at += 3 * wide;
  }
}

/* Beside the picture there is padding, which nobody writes again. */
static void
pad_kept (Plan *plan, const IrColourKernels *kernels)
{
  const IrPreproc *recipe = &plan->key.recipe;

  for (guint w = 0; plan->direct && w < plan->threads; w++)
    for (guint k = 0; k < KEPT; k++)
      for (guint c = 0; c < 3; c++)
        kernels->fill (
            recipe->pad_value, recipe->width, plan->lines[w].kept[k][c]);
}

static guint
choose_threads (const Plan *plan)
{
  const guint64 rows = MIN ((guint64) plan->v.end - plan->v.low,
      (guint64) plan->v.n * MAX (plan->v.taps, 1));
  const guint64 width =
      plan->direct ? plan->key.recipe.width : plan->span + plan->h.n;
  const guint64 worth = (rows + plan->key.recipe.height) * width / THREAD_WORTH;

  return CLAMP (worth, 1, cpu_pool_cores ());
}

static gboolean
plan_init (Plan *plan, const Key *key, const IrPlacement *place,
    const IrColourKernels *kernels, GError **error)
{
  plan->key = *key;
  plan->place = *place;
  init_axes (plan);
  plan->direct = is_direct (&plan->h, &plan->v);
  /* Blocks of chroma are two pixels wide. */
  plan->first = plan->h.low / 2 * 2;
  plan->span = plan->h.end - plan->first;
  for (guint i = 0; i < plan->h.n && !plan->direct; i++)
    plan->h.first[i] -= plan->first;
  plan->threads = choose_threads (plan);
  lay_lines (plan);
  if (!plan->memory)
    return ir_fail (error, IR_ERROR_LIMIT,
        "no memory to prepare a picture of %ux%u", key->width, key->height);
  pad_kept (plan, kernels);
  return TRUE;
}

static void
plan_free (Plan *plan)
{
  cpu_taps_clear (&plan->h);
  cpu_taps_clear (&plan->v);
  free (plan->memory);
  g_free (plan->lines);
  g_free (plan);
}

/* Plans that nobody uses now, the latest used last. */
static struct {
  GMutex lock;
  Plan *plan[MOST_IDLE];
  guint n;
} idle;

static Plan *
take_idle (const Key *key)
{
  Plan *plan = NULL;

  g_mutex_lock (&idle.lock);
  for (guint i = idle.n; i-- > 0 && !plan;) {
    if (memcmp (&idle.plan[i]->key, key, sizeof *key) != 0)
      continue;
    plan = idle.plan[i];
    memmove (
        idle.plan + i, idle.plan + i + 1, (--idle.n - i) * sizeof idle.plan[0]);
  }
  g_mutex_unlock (&idle.lock);
  return plan;
}

static void
give_back (Plan *plan)
{
  Plan *oldest = NULL;

  g_mutex_lock (&idle.lock);
  if (idle.n == MOST_IDLE) {
    oldest = idle.plan[0];
    memmove (idle.plan, idle.plan + 1, --idle.n * sizeof idle.plan[0]);
  }
  idle.plan[idle.n++] = plan;
  g_mutex_unlock (&idle.lock);
  if (oldest)
    plan_free (oldest);
}

static Plan *
take_plan (const IrPreproc *recipe, const IrFrame *frame,
    const IrRegion *region, const IrColourKernels *kernels, GError **error)
{
  const IrPlacement place = ir_preproc_place (recipe, frame, region);
  Plan *plan;
  Key key;

  memset (&key, 0, sizeof key);
  key.recipe = *recipe;
  key.region = place.source;
  key.width = frame->width;
  key.height = frame->height;
  plan = take_idle (&key);
  if (plan)
    return plan;
  plan = g_new0 (Plan, 1);
  if (!plan_init (plan, &key, &place, kernels, error))
    g_clear_pointer (&plan, plan_free);
  return plan;
}

/* --- from rows to lines ---------------------------------------------------- */

/* The converted row @y, as wide as the tensor if rows are sampled directly; row
 * @ahead will be the next or so. */
static float *const *
converted (const Job *job, Lines *lines, guint y, guint ahead)
{
  const Plan *plan = job->plan;
  const CpuTaps *h = &plan->h;
  const guint slot = y % KEPT;
  IrColourRow row = { .format = formats[job->frame->format],
    .width = job->frame->width };
  float *const *to = lines->kept[slot];
  float *const part[3] = { to[0] + plan->place.left, to[1] + plan->place.left,
    to[2] + plan->place.left };

  if (lines->row[slot] == y)
    return to;
  lines->row[slot] = y;
  point_at_row (job->frame, y, row.plane);
  point_at_row (job->frame, ahead, row.ahead);
  if (!plan->direct) {
    job->kernels->span (&row, &job->matrix, plan->first, plan->span, to);
  } else if (h->taps == 1) {
    job->kernels->pick (&row, &job->matrix, h->first, h->n, part);
  } else {
    job->kernels->linear (&row, &job->matrix, h->first, h->weights,
        h->weights + h->n, h->n, part);
    for (guint c = 0; c < 3 && h->base; c++)
      job->kernels->add (h->base, 1, h->n, part[c]);
  }
  return to;
}

/* Row @j of the result as lines, before the clamp. */
static void
blend_whole_rows (const Job *job, Lines *lines, guint j)
{
  const Plan *plan = job->plan;
  const CpuTaps *h = &plan->h, *v = &plan->v;
  const IrColourKernels *k = job->kernels;
  const guint left = plan->place.left, right = left + h->n;
  const float pad = plan->key.recipe.pad_value;

  for (guint c = 0; c < 3; c++)
    k->fill (v->base ? v->base[j] : 0, plan->span, lines->blend[c]);
  for (guint t = 0; t < v->taps && h->taps; t++) {
    const float weight = v->weights[(gsize) t * v->n + j];
    float *const *row;

    if (weight == 0)
      continue;
    row = converted (job, lines, v->first[j] + t, v->first[j] + t);
    for (guint c = 0; c < 3; c++)
      k->add (row[c], weight, plan->span, lines->blend[c]);
  }
  for (guint c = 0; c < 3; c++) {
    float *out = lines->out[c];

    k->fill (pad, left, out);
    k->filter (lines->blend[c], h->first, h->weights, h->taps, h->base, h->n,
        out + left);
    k->fill (pad, plan->key.recipe.width - right, out + right);
  }
}

/* --- from lines to the tensor ---------------------------------------------- */

/* Two lines per colour, or one, and how to blend them. */
typedef struct {
  float *const *a;
  float *const *b;
  float wa, wb, base;
} Blend;

static void
store (const Job *job, const float *x, gsize n, gsize index)
{
  const IrColourKernels *k = job->kernels;
  guint8 *at = (guint8 *) job->tensor->data +
      (job->offset + index) * ir_dtype_size (job->tensor->dtype);

  switch (job->tensor->dtype) {
    case IR_DTYPE_F16:
      k->to_f16 (x, n, (uint16_t *) at);
      break;
    case IR_DTYPE_BF16:
      k->to_bf16 (x, n, (uint16_t *) at);
      break;
    case IR_DTYPE_U8:
      k->to_u8 (x, n, at);
      break;
    case IR_DTYPE_I8:
      k->to_i8 (x, n, (int8_t *) at);
      break;
    default:
      if ((gpointer) at != x)
        memcpy (at, x, n * sizeof (float));
      break;
  }
}

/* Where f32 lines go: at once to where they stay, if that can be. */
static float *
target (const Job *job, Lines *lines, guint c, gsize index)
{
  return job->tensor->dtype == IR_DTYPE_F32
      ? (float *) job->tensor->data + job->offset + index
      : lines->out[c];
}

static void
finish_gray (const Job *job, Lines *lines, const Blend *blend, guint y)
{
  const IrPreproc *recipe = &job->plan->key.recipe;
  const gsize n = recipe->width, index = y * n;
  float *to = target (job, lines, 0, index);

  for (guint c = 0; c < 3; c++)
    job->kernels->finish (blend->a[c], blend->wa, blend->b ? blend->b[c] : NULL,
        blend->wb, blend->base, 0, 1, n, lines->out[c]);
  job->kernels->gray ((const float *const *) lines->out, recipe->mean[0],
      1 / recipe->scale[0], n, to);
  store (job, to, n, index);
}

static void
finish_colours (const Job *job, Lines *lines, const Blend *blend, guint y)
{
  const IrPreproc *recipe = &job->plan->key.recipe;
  const gsize n = recipe->width, plane = n * recipe->height;
  const float *finished[3];

  for (guint c = 0; c < 3; c++) {
    const guint colour = recipe->color == IR_COLOR_RGB ? c : 2 - c;
    const gsize index = c * plane + y * n;
    float *to =
        recipe->nhwc ? lines->out[colour] : target (job, lines, colour, index);

    job->kernels->finish (blend->a[colour], blend->wa,
        blend->b ? blend->b[colour] : NULL, blend->wb, blend->base,
        recipe->mean[c], 1 / recipe->scale[c], n, to);
    finished[c] = to;
    if (!recipe->nhwc)
      store (job, to, n, index);
  }
  if (recipe->nhwc) {
    job->kernels->interleave (finished, n, lines->side_by_side);
    store (job, lines->side_by_side, 3 * n, 3 * y * n);
  }
}

/* Row @y of the tensor, row @j of the picture in it. */
static void
make_row (const Job *job, Lines *lines, guint y, guint j)
{
  const Plan *plan = job->plan;
  const CpuTaps *v = &plan->v;
  const IrPreproc *recipe = &plan->key.recipe;
  Blend blend = { .a = lines->out, .wa = 1 };

  if (j >= v->n) {
    for (guint c = 0; c < 3; c++)
      job->kernels->fill (recipe->pad_value, recipe->width, lines->out[c]);
  } else if (plan->direct) {
    const guint next = v->first[MIN (j + 1, v->n - 1)];

    blend.a = converted (job, lines, v->first[j], next);
    blend.wa = v->weights[j];
    blend.base = v->base ? v->base[j] : 0;
    if (v->taps == 2) {
      blend.b = converted (job, lines, v->first[j] + 1, next + 1);
      blend.wb = v->weights[v->n + j];
    }
  } else {
    blend_whole_rows (job, lines, j);
  }
  if (recipe->color == IR_COLOR_GRAY)
    finish_gray (job, lines, &blend, y);
  else
    finish_colours (job, lines, &blend, y);
}

static void
make_rows (gpointer data, guint task, guint worker)
{
  const Job *job = data;
  const Plan *plan = job->plan;
  Lines *lines = &plan->lines[worker];
  const guint end = MIN ((task + 1) * job->rows, plan->key.recipe.height);

  for (guint k = 0; k < KEPT; k++)
    lines->row[k] = -1;
  for (guint y = task * job->rows; y < end; y++)
    make_row (job, lines, y, y - plan->place.top);
}

gboolean
cpu_preprocess (const IrPreproc *recipe, const IrFrame *frame,
    const IrRegion *region, guint batch_index, IrTensor *tensor, GError **error)
{
  Job job = { .kernels = ir_colour_select (ir_cpu_flags ()),
    .frame = frame,
    .tensor = tensor };
  guint threads;

  if (!ir_preproc_check (recipe, frame, region, error) ||
      !ir_preproc_check_tensor (recipe, batch_index, tensor, error))
    return FALSE;
  job.plan = take_plan (recipe, frame, region, job.kernels, error);
  if (!job.plan)
    return FALSE;
  threads = job.plan->threads;
  job.matrix = colour_matrix (frame);
  job.offset = batch_index * (gsize) recipe->width * recipe->height *
      (recipe->color == IR_COLOR_GRAY ? 1 : 3);
  job.rows = (recipe->height + threads - 1) / threads;
  cpu_pool_run (threads, threads, make_rows, &job);
  give_back (job.plan);
  return TRUE;
}
