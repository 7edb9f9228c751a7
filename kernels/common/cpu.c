/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARCH_REQ_XCOMP_PERM 0x1023
#define XFEATURE_XTILEDATA 18
#endif

#define KNOWN (1u << 31)

const IrCpuFeature ir_cpu_features[] = {
#define IR_CPU_ROW(id, name, bit, level, text)                                 \
  { name, IR_CPU_##id, level, text },
  IR_CPU_LIST (IR_CPU_ROW)
#undef IR_CPU_ROW
      { NULL, 0, 0, NULL }
};

#if defined(__x86_64__)
/* Linux gives the tile registers only to processes that ask for them. */
static int
have_amx (void)
{
  unsigned a, b, c, d;

  if (!__get_cpuid_count (7, 0, &a, &b, &c, &d))
    return 0;
  if (!(d & (1u << 24)) || !(d & (1u << 25)) || !(d & (1u << 22)))
    return 0;
  return syscall (SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

static int
have_avxvnni (void)
{
  unsigned a, b, c, d;

  return __get_cpuid_count (7, 1, &a, &b, &c, &d) && (a & (1u << 4));
}

unsigned
ir_cpu_detect (void)
{
  unsigned flags = IR_CPU_LIBRARY;

  __builtin_cpu_init ();
  if (!__builtin_cpu_supports ("avx2") || !__builtin_cpu_supports ("fma"))
    return flags;
  flags |= IR_CPU_AVX2;
  if (have_avxvnni ())
    flags |= IR_CPU_AVXVNNI;
  if (!__builtin_cpu_supports ("avx512f") ||
      !__builtin_cpu_supports ("avx512bw") ||
      !__builtin_cpu_supports ("avx512dq") ||
      !__builtin_cpu_supports ("avx512vl"))
    return flags;
  flags |= IR_CPU_AVX512;
  if (__builtin_cpu_supports ("avx512vnni"))
    flags |= IR_CPU_VNNI;
  if (__builtin_cpu_supports ("avx512bf16"))
    flags |= IR_CPU_BF16;
  if (have_amx ())
    flags |= IR_CPU_AMX;
  return flags;
}
#elif defined(__aarch64__)
unsigned
ir_cpu_detect (void)
{
  return IR_CPU_LIBRARY | IR_CPU_NEON;
}
#else
unsigned
ir_cpu_detect (void)
{
  return IR_CPU_LIBRARY;
}
#endif

unsigned
ir_cpu_mask (unsigned flags, const char *mask)
{
  if (!mask)
    return flags;
  if (strcmp (mask, "scalar") == 0)
    return 0;
  for (const IrCpuFeature *m = ir_cpu_features; m->name; m++) {
    if (m->level == 0 || strcmp (m->name, mask) != 0)
      continue;
    for (const IrCpuFeature *f = ir_cpu_features; f->name; f++)
      if (f->level > m->level)
        flags &= ~f->flag;
  }
  return flags;
}

unsigned
ir_cpu_flags (void)
{
  static atomic_uint cached;
  unsigned flags = atomic_load_explicit (&cached, memory_order_relaxed);

  if (!(flags & KNOWN)) {
    flags = ir_cpu_mask (ir_cpu_detect (), getenv ("IR_CPU_MASK")) | KNOWN;
    atomic_store_explicit (&cached, flags, memory_order_relaxed);
  }
  return flags & ~KNOWN;
}
