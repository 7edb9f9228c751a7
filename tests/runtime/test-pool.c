/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The threads that compute: each part is run once, by whoever is free. */
#include "pool.h"

#define MAX_PARTS 100
#define CALLERS 4
#define ROUNDS 300

typedef struct {
  guint threads, n;
  gint runs[MAX_PARTS];
  /* Who is at work, by @worker. */
  gint busy[MAX_PARTS];
} Work;

static void
count (gpointer data, guint task, guint worker)
{
  Work *work = data;

  g_assert_cmpuint (worker, <, work->threads);
  g_assert_cmpint (g_atomic_int_add (&work->busy[worker], 1), ==, 0);
  g_atomic_int_inc (&work->runs[task]);
  g_atomic_int_add (&work->busy[worker], -1);
}

static void
run_once (guint threads, guint n)
{
  Work work = { threads, n };

  cpu_pool_run (threads, n, count, &work);
  for (guint i = 0; i < MAX_PARTS; i++)
    g_assert_cmpint (work.runs[i], ==, i < n);
}

static void
test_parts (void)
{
  for (guint threads = 1; threads <= 20; threads++)
    for (guint n = 0; n < MAX_PARTS; n += 1 + n / 8)
      run_once (threads, n);
}

static gpointer
call (gpointer data)
{
  for (guint i = 0; i < ROUNDS; i++)
    run_once (1 + i % 5, i % MAX_PARTS);
  return NULL;
}

static void
test_callers (void)
{
  GThread *threads[CALLERS];

  for (guint i = 0; i < CALLERS; i++)
    threads[i] = g_thread_new ("caller", call, NULL);
  for (guint i = 0; i < CALLERS; i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool/parts", test_parts);
  g_test_add_func ("/pool/callers", test_callers);
  return g_test_run ();
}
