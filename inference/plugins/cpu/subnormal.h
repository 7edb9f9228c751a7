/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SUBNORMAL_H
#define SUBNORMAL_H

/* Numbers below the smallest normal one take processors a hundred times as long and
 * tell nothing in a network: on threads that compute they are zeros. */
#if defined(__SSE2__)
#include <immintrin.h>

typedef unsigned CpuFloatMode;

#define CPU_FLUSH_TO_ZERO 0x8000u
#define CPU_SUBNORMALS_ARE_ZERO 0x0040u

/* Returns what to give to cpu_restore_floats(). */
static inline CpuFloatMode
cpu_flush_floats (void)
{
  const CpuFloatMode mode = _mm_getcsr ();

  _mm_setcsr (mode | CPU_FLUSH_TO_ZERO | CPU_SUBNORMALS_ARE_ZERO);
  return mode;
}

static inline void
cpu_restore_floats (CpuFloatMode mode)
{
  _mm_setcsr (mode);
}
#else
typedef int CpuFloatMode;

static inline CpuFloatMode
cpu_flush_floats (void)
{
  return 0;
}

static inline void
cpu_restore_floats (CpuFloatMode mode)
{
  (void) mode;
}
#endif

#endif
