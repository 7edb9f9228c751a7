/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

#include <unistd.h>

/* What processors have at least. */
#define LEAST_BYTES (256 << 10)

gsize
cpu_second_cache (void)
{
#ifdef _SC_LEVEL2_CACHE_SIZE
  const long bytes = sysconf (_SC_LEVEL2_CACHE_SIZE);

  return CLAMP (bytes, LEAST_BYTES, G_MAXINT32);
#else
  return LEAST_BYTES;
#endif
}
