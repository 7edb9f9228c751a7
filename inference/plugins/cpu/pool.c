/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pool.h"
#include "subnormal.h"

#include <sched.h>
#include <stdatomic.h>

#define MAX_THREADS 256
#define MAX_JOBS 64
#define MAX_SHARES 16
/* How often an idle thread looks for work before it sleeps: some 50 us. */
#define SPINS 2000
#define OPEN 0x10000u

/* The next one of a share of the tasks, in a line of its own. */
typedef struct {
  atomic_uint next;
  guint end;
} __attribute__ ((aligned (64))) Share;

/* A place for one piece of work. @state: OPEN while threads may join, and how
 * many have joined and not left. The caller owns the place from taking @busy to
 * giving it back; the rest is written before OPEN is set and read after joining. */
typedef struct {
  atomic_uint busy;
  atomic_uint state;
  atomic_uint joined;
  guint threads;
  guint n_shares;
  CpuTask task;
  gpointer data;
  Share shares[MAX_SHARES];
} Job;

static Job jobs[MAX_JOBS];
static atomic_uint epoch;
static atomic_uint sleepers;
static GMutex lock;
static GCond wake;
static atomic_uint n_threads;

static void
relax (void)
{
#if defined(__x86_64__)
  __builtin_ia32_pause ();
#endif
}

/* Each thread begins with the share of its own, the same part of every job: what the
 * steps before it have made for it is in its caches. Then it helps the others. */
static void
work (Job *job, guint worker, guint home)
{
  for (guint k = 0; k < job->n_shares; k++) {
    Share *share = &job->shares[(home + k) % job->n_shares];
    guint i;

    while ((i = atomic_fetch_add_explicit (
                &share->next, 1, memory_order_relaxed)) < share->end)
      job->task (job->data, i, worker);
  }
}

static gboolean
join (Job *job, guint home)
{
  guint state = atomic_load_explicit (&job->state, memory_order_relaxed);
  guint worker;

  do {
    if (!(state & OPEN))
      return FALSE;
  } while (!atomic_compare_exchange_weak_explicit (&job->state, &state,
      state + 1, memory_order_acquire, memory_order_relaxed));

  worker = atomic_fetch_add_explicit (&job->joined, 1, memory_order_relaxed);
  if (worker < job->threads)
    work (job, worker, home);
  atomic_fetch_sub_explicit (&job->state, 1, memory_order_release);
  return worker < job->threads;
}

static void
sleep_until_new (guint seen)
{
  g_mutex_lock (&lock);
  atomic_fetch_add (&sleepers, 1);
  while (atomic_load (&epoch) == seen)
    g_cond_wait (&wake, &lock);
  atomic_fetch_sub (&sleepers, 1);
  g_mutex_unlock (&lock);
}

static gpointer
thread_main (gpointer data)
{
  cpu_flush_floats ();
  for (;;) {
    guint seen = atomic_load (&epoch);
    guint spins = 0;

    for (guint j = 0; j < MAX_JOBS; j++)
      join (&jobs[j], GPOINTER_TO_UINT (data));
    while (spins < SPINS && atomic_load (&epoch) == seen) {
      relax ();
      spins++;
    }
    if (spins == SPINS)
      sleep_until_new (seen);
  }
  return NULL;
}

static void
ensure_threads (guint wanted)
{
  wanted = MIN (wanted, MAX_THREADS);
  if (atomic_load_explicit (&n_threads, memory_order_acquire) >= wanted)
    return;
  g_mutex_lock (&lock);
  while (atomic_load (&n_threads) < wanted) {
    const guint n = atomic_fetch_add (&n_threads, 1) + 1;

    g_thread_unref (g_thread_new ("ir-cpu", thread_main, GUINT_TO_POINTER (n)));
  }
  g_mutex_unlock (&lock);
}

static Job *
take_job (void)
{
  for (guint j = 0; j < MAX_JOBS; j++)
    if (!atomic_load_explicit (&jobs[j].busy, memory_order_relaxed) &&
        !atomic_exchange_explicit (&jobs[j].busy, 1, memory_order_acquire))
      return &jobs[j];
  return NULL;
}

static void
announce (void)
{
  atomic_fetch_add (&epoch, 1);
  if (atomic_load (&sleepers) == 0)
    return;
  g_mutex_lock (&lock);
  g_cond_broadcast (&wake);
  g_mutex_unlock (&lock);
}

static void
share_out (Job *job, guint threads, guint n)
{
  guint next = 0;

  job->n_shares = MIN (MIN (threads, n), MAX_SHARES);
  for (guint i = 0; i < job->n_shares; i++) {
    atomic_store_explicit (&job->shares[i].next, next, memory_order_relaxed);
    next += (n - next) / (job->n_shares - i);
    job->shares[i].end = next;
  }
}

/* Nobody may join from here on; those inside are finishing their last part. */
static void
close_job (Job *job)
{
  guint spins = 0;

  atomic_fetch_and_explicit (&job->state, ~OPEN, memory_order_acquire);
  while (atomic_load_explicit (&job->state, memory_order_acquire) != 0) {
    relax ();
    if (++spins > SPINS)
      sched_yield ();
  }
  atomic_store_explicit (&job->busy, 0, memory_order_release);
}

void
cpu_pool_run (guint threads, guint n, CpuTask task, gpointer data)
{
  Job *job = threads > 1 && n > 1 ? take_job () : NULL;

  if (!job) {
    for (guint i = 0; i < n; i++)
      task (data, i, 0);
    return;
  }
  ensure_threads (threads - 1);
  job->threads = threads;
  job->task = task;
  job->data = data;
  share_out (job, threads, n);
  atomic_store_explicit (&job->joined, 1, memory_order_relaxed);
  atomic_store_explicit (&job->state, OPEN, memory_order_release);
  announce ();
  work (job, 0, 0);
  close_job (job);
}
