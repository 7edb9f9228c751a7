/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the machine's arithmetic reaches at the moment, in threads that do nothing
 * else: GFLOP/s of multiply-adds on f32 and of AMX on bf16, from registers alone.
 * Beside it measurements can be told from a machine that has slowed down.
 * Prints a JSON object; AMX is 0 where there is none. Not part of the tests.
 *
 * usage: bench-control [THREADS [MILLISECONDS]] */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peak/peak.h"

/* Some 20 us of either between two looks at the clock. */
#define FMA_ROUNDS 2000
#define AMX_ROUNDS 200
#define MOST_THREADS 256

typedef struct {
  /* Does its rounds, and says how many operations they were. */
  double (*work) (void);
  gint64 us;
  gint *waiting;
  double gflops;
} Job;

static double
multiply_add (void)
{
  /* They come to rest at 2. */
  static const float in[] = { 0.5f, 1 };
  const IrPeakKernels *kernels = ir_peak_select (ir_cpu_flags ());

  kernels->run (FMA_ROUNDS, in);
  return (double) FMA_ROUNDS * kernels->flops_per_round;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* Tiles of 16 rows of 64 bytes. */
typedef struct {
  guint8 palette;
  guint8 start_row;
  guint8 reserved[14];
  guint16 row_bytes[16];
  guint8 rows[16];
} TileConfig;

/* Four sums, so that none waits for itself. */
__attribute__ ((target ("amx-tile,amx-bf16"))) static double
multiply_tiles (void)
{
  TileConfig config = { .palette = 1 };

  for (guint i = 0; i < 8; i++) {
    config.row_bytes[i] = 64;
    config.rows[i] = 16;
  }
  /* The intrinsic of gcc 12 says that it reads the first eight bytes only. */
  __asm__ volatile("" : : "r"(&config) : "memory");
  _tile_loadconfig (&config);
  for (guint round = 0; round < AMX_ROUNDS; round++) {
    _tile_dpbf16ps (0, 4, 6);
    _tile_dpbf16ps (1, 4, 7);
    _tile_dpbf16ps (2, 5, 6);
    _tile_dpbf16ps (3, 5, 7);
  }
  _tile_release ();
  return AMX_ROUNDS * 4.0 * 2 * 16 * 16 * 32;
}
#else
static double
multiply_tiles (void)
{
  return 0;
}
#endif

static gpointer
run (gpointer data)
{
  Job *job = data;
  double done = 0;
  gint64 start, now;

  /* All of them at once, or the first has the machine for itself. */
  g_atomic_int_add (job->waiting, -1);
  while (g_atomic_int_get (job->waiting) > 0)
    g_thread_yield ();
  start = g_get_monotonic_time ();
  do {
    done += job->work ();
    now = g_get_monotonic_time ();
  } while (now - start < job->us);
  job->gflops = done / (double) (now - start) / 1e3;
  return NULL;
}

static double
measure (double (*work) (void), guint threads, gint64 us)
{
  GThread *running[MOST_THREADS];
  Job jobs[MOST_THREADS];
  gint waiting = (gint) threads;
  double sum = 0;

  for (guint i = 0; i < threads; i++) {
    jobs[i] = (Job){ work, us, &waiting, 0 };
    running[i] = g_thread_new ("control", run, &jobs[i]);
  }
  for (guint i = 0; i < threads; i++) {
    g_thread_join (running[i]);
    sum += jobs[i].gflops;
  }
  return sum;
}

int
main (int argc, char **argv)
{
  const int threads = argc > 1 ? atoi (argv[1]) : 1;
  const int ms = argc > 2 ? atoi (argv[2]) : 50;
  const gboolean amx = (ir_cpu_flags () & IR_CPU_AMX) != 0;

  if (threads < 1 || threads > MOST_THREADS || ms < 1) {
    fprintf (stderr, "usage: bench-control [THREADS [MILLISECONDS]]\n");
    return 2;
  }
  printf ("{\"threads\": %d, \"fma_gflops\": %.1f, \"amx_gflops\": %.1f}\n",
      threads, measure (multiply_add, threads, ms * 1000),
      amx ? measure (multiply_tiles, threads, ms * 1000) : 0.0);
  return 0;
}
