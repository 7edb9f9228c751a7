/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peak/peak.h"

#include "cpu.h"
#include "pool.h"

/* Long enough for the clock, short enough not to be noticed; the best of a few,
 * for other processes only slow it down. */
#define LEAST_US 5000
#define TRIES 5

typedef struct {
  const IrPeakKernels *kernels;
  gsize rounds;
} Peak;

static void
run_peak (gpointer data, guint task, guint worker)
{
  /* They come to rest at 2. */
  static const float in[] = { 0.5f, 1 };
  const Peak *peak = data;

  peak->kernels->run (peak->rounds, in);
}

/* Microseconds that @threads threads take for one task each. */
static gint64
time_peak (Peak *peak, guint threads)
{
  gint64 start = g_get_monotonic_time ();

  cpu_pool_run (threads, threads, run_peak, peak);
  return MAX (g_get_monotonic_time () - start, 1);
}

static double
measure_peak (guint threads)
{
  Peak peak = { .kernels = ir_peak_select (ir_cpu_flags ()), .rounds = 10000 };
  gint64 us;

  while ((us = time_peak (&peak, threads)) < LEAST_US)
    peak.rounds *= 2;
  for (guint i = 0; i < TRIES; i++)
    us = MIN (us, time_peak (&peak, threads));
  return (double) peak.rounds * peak.kernels->flops_per_round * threads / us /
      1e3;
}

double
cpu_peak_gflops (guint threads)
{
  static GMutex lock;
  static guint measured_threads;
  static double measured;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);

  if (threads != measured_threads) {
    measured = measure_peak (threads);
    measured_threads = threads;
  }
  return measured;
}
