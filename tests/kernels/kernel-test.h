/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KERNEL_TEST_H
#define KERNEL_TEST_H

#include <glib.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROUNDS 60

/* An array of floats that ends at a page that must not be touched. */
typedef struct {
  guint8 *map;
  gsize bytes;
  float *data;
  gsize n;
} Guarded;

static inline Guarded
guarded_new (gsize n)
{
  gsize page = sysconf (_SC_PAGESIZE), bytes = n * sizeof (float);
  gsize pages = (bytes + page - 1) / page * page;
  Guarded g = { .bytes = pages + page, .n = n };

  g.map = mmap (NULL, g.bytes, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  g_assert_true (g.map != MAP_FAILED);
  g_assert_cmpint (mprotect (g.map + pages, page, PROT_NONE), ==, 0);
  g.data = (float *) (g.map + pages - bytes);
  for (gsize i = 0; i < n; i++)
    g.data[i] = g_test_rand_double_range (-4, 4);
  return g;
}

static inline void
guarded_free (Guarded *g)
{
  munmap (g->map, g->bytes);
}

/* Bounds are relative to the larger of the two numbers and 1: variants may sum in
 * another order and contract products. */
static inline void
assert_near (const Guarded *a, const Guarded *b, double bound, const char *what)
{
  for (gsize i = 0; i < a->n; i++) {
    const double x = a->data[i], y = b->data[i];

    if (fabs (x - y) > bound * fmax (1, fabs (y)))
      g_error (
          "%s: element %zu is %g, the scalar variant says %g", what, i, x, y);
  }
}

static inline void
copy (Guarded *to, const Guarded *from)
{
  memcpy (to->data, from->data, to->n * sizeof (float));
}

static inline int
pick (int low, int high)
{
  return g_test_rand_int_range (low, high + 1);
}

/* Goes through the variants of a family that can run here, `variant` and the
 * scalar `plain`. */
#define EACH_VARIANT(Type, family)                                             \
  size_t n_rows;                                                               \
  const Type *const *table = ir_##family##_table (&n_rows);                    \
  const Type *plain = table[n_rows - 1];                                       \
  g_assert_cmpuint (ir_##family##_flags (n_rows - 1), ==, 0);                  \
  g_assert_true (ir_##family##_select (0) == plain);                           \
  for (size_t row = 0; row + 1 < n_rows; row++)                                \
    for (int round = 0; round < ROUNDS; round++)                               \
      if (!(ir_##family##_flags (row) & ~ir_cpu_detect ()))

#endif
