/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Several ways to compute a layer, timed: each is made as the steps that the model
 * would have, run on memory of its own and taken back. */
#include "tune.h"
#include "subnormal.h"

#include <string.h>

/* Rounds, after which ways that are so much slower than the best are left out; the
 * same in the first ones, which may have been disturbed. */
#define FIRST_ROUNDS 2
#define MUCH_SLOWER 1.3
#define HOPELESS 4
/* So many there are, however long they take; the most, in number and time. */
#define FEWEST_ROUNDS 3
#define MOST_ROUNDS 40
#define MOST_NS ((gint64) 100 * 1000 * 1000)
/* The second least time of a way, to the least. */
#define SETTLED 1.03
/* Upper half of a number that is finite and no subnormal, in f32 and in bf16. */
#define SOME_NUMBER 0x3f00
/* What kernels may read behind the last number. */
#define BEHIND 4096
#define LINE 64

/* The steps of a way, and slots that only they have; the two least times. */
typedef struct {
  gboolean fits;
  guint first_step, end_step;
  guint first_slot, end_slot;
  gint64 least, second;
} Trial;

typedef struct {
  CpuModel *model;
  const CpuFusion *fusion;
  /* As they were before. */
  CpuSlot *slots;
  guint n_slots, n_steps, n_blobs;
  Trial *trials;
  guint n;
  CpuRun run;
  GPtrArray *memory;
  /* More than what the caches of all threads hold. */
  guint8 *others;
  gsize others_bytes;
} Race;

/* --- making and taking back ------------------------------------------------- */

/* Values may have been converted since. */
static void
restore_slots (const Race *race)
{
  for (guint i = 0; i < race->n_slots; i++) {
    CpuSlot *slot = cpu_slot (race->model, i);
    IrTensor *value = slot->value;

    *slot = race->slots[i];
    slot->value = value;
  }
  g_hash_table_remove (race->model->first_slots, race->fusion->last);
}

/* Slots in bf16, as cpu_narrow() makes them where all steps know it. */
static void
narrow (const Race *race, const CpuStep *step)
{
  CpuModel *model = race->model;

  for (guint i = 0; step->takes_bf16 && i < step->n_in; i++) {
    CpuSlot slot = *cpu_slot (model, step->in[i]);

    if (step->in[i] >= race->n_slots || slot.layout != CPU_LAST ||
        slot.levels.step != 0 || !cpu_in_arena (model, step->in[i]))
      continue;
    slot.dtype = IR_DTYPE_BF16;
    step->in[i] = model->slots->len;
    g_array_append_val (model->slots, slot);
  }
  for (guint i = 0; step->gives_bf16 && i < step->n_out; i++)
    if (cpu_slot (model, step->out[i])->layout == CPU_LAST)
      cpu_slot (model, step->out[i])->dtype = IR_DTYPE_BF16;
}

static void
make_trial (Race *race, const CpuWay *way, Trial *trial)
{
  CpuModel *model = race->model;

  trial->first_step = model->steps->len;
  trial->first_slot = model->slots->len;
  model->way = way;
  trial->fits = way->lower (model, race->fusion);
  model->way = NULL;
  trial->end_step = model->steps->len;
  for (guint s = trial->first_step; model->bgemm && s < trial->end_step; s++)
    narrow (race, model->steps->pdata[s]);
  trial->end_slot = model->slots->len;
  trial->least = trial->second = CPU_NEVER;
  restore_slots (race);
}

/* Whether two ways, cut alike, have come to the same step. */
static gboolean
are_same (const Race *race, const CpuWay *ways, guint a, guint b)
{
  const CpuStep *x = race->model->steps->pdata[race->trials[a].end_step - 1];
  const CpuStep *y = race->model->steps->pdata[race->trials[b].end_step - 1];

  return ways[a].parts == ways[b].parts && x->run == y->run &&
      x->scratch == y->scratch;
}

/* How many there are. */
static guint
make_trials (Race *race, const CpuWay *ways)
{
  guint n = 0;

  for (guint i = 0; i < race->n; i++) {
    Trial *trial = &race->trials[i];

    make_trial (race, &ways[i], trial);
    for (guint k = 0; k < i; k++)
      if (race->trials[k].fits && trial->fits)
        trial->fits = !are_same (race, ways, i, k);
    n += trial->fits;
  }
  return n;
}

static void
race_init (Race *race, CpuModel *model, const CpuFusion *fusion, guint n)
{
  *race = (Race){ .model = model,
    .fusion = fusion,
    .slots = g_memdup2 (
        model->slots->data, (gsize) model->slots->len * sizeof (CpuSlot)),
    .n_slots = model->slots->len,
    .n_steps = model->steps->len,
    .n_blobs = model->store->blobs->len,
    .trials = g_new0 (Trial, n),
    .n = n,
    .memory = g_ptr_array_new_with_free_func (free),
    .run = { .memory = ir_scratch_new () },
    .others_bytes = 2 * cpu_second_cache () * model->threads };
}

static void
race_clear (Race *race)
{
  CpuModel *model = race->model;

  g_ptr_array_set_size (model->steps, race->n_steps);
  g_array_set_size (model->slots, race->n_slots);
  cpu_store_truncate (model->store, race->n_blobs);
  g_ptr_array_unref (race->memory);
  g_free (race->run.data);
  ir_scratch_free (race->run.memory);
  g_free (race->trials);
  g_free (race->slots);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Race, race_clear)

/* --- memory ----------------------------------------------------------------- */

static gpointer
alloc (Race *race, gsize bytes)
{
  guint16 *memory = (guint16 *) cpu_alloc_unset (bytes / sizeof (float) + 1);

  for (gsize i = 0; memory && i < bytes / sizeof *memory; i++)
    memory[i] = SOME_NUMBER;
  if (memory)
    g_ptr_array_add (race->memory, memory);
  return memory;
}

/* A view has more between its pixels than its own channels. */
static gsize
bytes_of (const CpuSlot *slot)
{
  const gint64 *dim = slot->shape.dim;

  return slot->layout == CPU_LAST
      ? (gsize) (dim[0] * dim[2] * dim[3]) * slot->pitch * sizeof (float)
      : slot->bytes;
}

/* What an earlier trial has for a slot of its own is a later one's, too. */
static gpointer
find_memory (const Race *race, guint trial, guint slot)
{
  const Trial *t = &race->trials[trial];
  const gsize bytes = bytes_of (cpu_slot (race->model, slot));

  for (guint i = 0; slot >= t->first_slot && i < trial; i++) {
    const guint other = race->trials[i].first_slot + slot - t->first_slot;

    if (other < race->trials[i].end_slot && race->run.data[other] &&
        bytes_of (cpu_slot (race->model, other)) >= bytes)
      return race->run.data[other];
  }
  return NULL;
}

static gboolean
place_slot (Race *race, guint trial, guint slot)
{
  gpointer *data = &race->run.data[slot];

  if (!*data)
    *data = find_memory (race, trial, slot);
  if (!*data)
    *data = alloc (race, bytes_of (cpu_slot (race->model, slot)) + BEHIND);
  return *data != NULL;
}

static gboolean
place_trial (Race *race, guint trial)
{
  const Trial *t = &race->trials[trial];
  CpuModel *model = race->model;

  for (guint s = t->first_step; s < t->end_step; s++) {
    const CpuStep *step = model->steps->pdata[s];

    for (guint i = 0; i < step->n_in; i++)
      if (!place_slot (race, trial, step->in[i]))
        return FALSE;
    for (guint i = 0; i < step->n_out; i++)
      if (!place_slot (race, trial, step->out[i]))
        return FALSE;
    race->run.scratch_step = MAX (race->run.scratch_step, step->scratch);
  }
  return TRUE;
}

static gboolean
place (Race *race)
{
  CpuModel *model = race->model;

  race->run.model = model;
  race->run.data = g_new0 (gpointer, model->slots->len + 1);
  for (guint i = 0; i < race->n; i++)
    if (race->trials[i].fits && !place_trial (race, i))
      return FALSE;
  race->run.scratch_step = (race->run.scratch_step + BEHIND) / LINE * LINE;
  race->run.scratch = alloc (race, race->run.scratch_step * model->threads);
  race->others = alloc (race, race->others_bytes);
  return race->run.scratch && race->others;
}

/* --- timing ----------------------------------------------------------------- */

typedef struct {
  const guint8 *data;
  gsize part, bytes;
} Reading;

static void
read_part (gpointer data, guint task, guint worker)
{
  const Reading *r = data;
  const gsize end = MIN ((task + 1) * r->part, r->bytes);
  guint8 sum = 0;

  for (gsize i = task * r->part; i < end; i += LINE)
    sum ^= *(const volatile guint8 *) (r->data + i);
  (void) sum;
}

static void
read_all (const Race *race, gconstpointer data, gsize bytes)
{
  const guint n = 4 * race->model->threads;
  Reading reading = { data, bytes / n + 1, bytes };

  cpu_pool_run (race->model->threads, n, read_part, &reading);
}

/* As within a model: weights are in no cache of a core, and what was computed last
 * is. */
static void
prepare_caches (const Race *race, const Trial *trial)
{
  const CpuStep *first = race->model->steps->pdata[trial->first_step];

  read_all (race, race->others, race->others_bytes);
  for (guint i = 0; i < first->n_in; i++)
    read_all (race, race->run.data[first->in[i]],
        bytes_of (cpu_slot (race->model, first->in[i])));
}

static void
time_trial (Race *race, Trial *trial)
{
  gint64 ns;

  prepare_caches (race, trial);
  ns = cpu_now ();
  for (guint s = trial->first_step; s < trial->end_step; s++) {
    const CpuStep *step = race->model->steps->pdata[s];

    trial->fits &= step->run (step, &race->run, NULL);
    ir_scratch_reset (race->run.memory);
  }
  ns = cpu_now () - ns;
  trial->second = MIN (trial->second, MAX (trial->least, ns));
  trial->least = MIN (trial->least, ns);
}

/* Takes part in the next round. */
static gboolean
is_in (const Race *race, guint round, guint way)
{
  const double most = round < FIRST_ROUNDS ? HOPELESS : MUCH_SLOWER;
  gint64 best = CPU_NEVER;

  for (guint i = 0; i < race->n; i++)
    if (race->trials[i].fits)
      best = MIN (best, race->trials[i].least);
  return race->trials[way].fits &&
      (round == 0 || race->trials[way].least <= most * best);
}

/* Whether another round would bring nothing new: a time that has come twice is no
 * accident. */
static gboolean
is_settled (const Race *race, guint round)
{
  for (guint i = 0; i < race->n; i++) {
    const Trial *trial = &race->trials[i];

    if (is_in (race, round, i) && trial->second > SETTLED * trial->least)
      return FALSE;
  }
  return TRUE;
}

static void
run_rounds (Race *race)
{
  const gint64 end = cpu_now () + MOST_NS;

  for (guint round = 0; round < MOST_ROUNDS; round++) {
    if (round >= FEWEST_ROUNDS &&
        (is_settled (race, round) || cpu_now () > end))
      break;
    for (guint i = 0; i < race->n; i++)
      if (is_in (race, round, i))
        time_trial (race, &race->trials[i]);
  }
}

void
cpu_race (CpuModel *model, const CpuFusion *fusion, const CpuWay *ways, guint n,
    gint64 *ns)
{
  g_auto (Race) race;

  race_init (&race, model, fusion, n);
  if (make_trials (&race, ways) > 1 && place (&race)) {
    const CpuFloatMode mode = cpu_flush_floats ();

    run_rounds (&race);
    cpu_restore_floats (mode);
  }
  for (guint i = 0; i < n; i++)
    ns[i] = race.trials[i].least;
}
