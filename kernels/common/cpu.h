/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_CPU_H
#define IR_KERNEL_CPU_H

/*
 * What the processor has, as far as kernels care: bits of the rows in the kernel
 * tables. IR_CPU_MASK=<level> in the environment hides what is above that level,
 * one of the names below or `scalar`. IR_CPU_LIBRARY stands for libraries that
 * choose their own instructions; only `scalar` hides them.
 *
 * name, bit, level on its architecture (0: not a level), what it is
 */
/* clang-format off */
#define IR_CPU_LIST(X)                                                    \
  X (LIBRARY, "library", 0, 0, "tuned libraries")                         \
  X (AVX2,    "avx2",    1, 1, "AVX2, FMA and F16C")                      \
  X (AVXVNNI, "avxvnni", 7, 2, "AVX-VNNI")                                \
  X (AVX512,  "avx512",  2, 2, "AVX-512 F, BW, DQ and VL")                \
  X (VNNI,    "vnni",    3, 3, "AVX-512 VNNI")                            \
  X (BF16,    "bf16",    4, 4, "AVX-512 BF16")                            \
  X (AMX,     "amx",     5, 5, "AMX tiles, INT8 and BF16")                \
  X (NEON,    "neon",    6, 1, "Advanced SIMD of AArch64")
/* clang-format on */

typedef enum {
#define IR_CPU_ENUM(id, name, bit, level, text) IR_CPU_##id = 1u << bit,
  IR_CPU_LIST (IR_CPU_ENUM)
#undef IR_CPU_ENUM
} IrCpuFlags;

typedef struct {
  const char *name;
  unsigned flag;
  unsigned level;
  const char *text;
} IrCpuFeature;

/* The list above; ends with a row whose name is NULL. */
extern const IrCpuFeature ir_cpu_features[];

/* What the processor and the operating system offer. */
unsigned ir_cpu_detect (void);

/* @flags without what lies above the level called @mask; all of them for NULL or
 * a name that is none. */
unsigned ir_cpu_mask (unsigned flags, const char *mask);

/* ir_cpu_detect() masked by IR_CPU_MASK, found out once. Any thread. */
unsigned ir_cpu_flags (void);

#endif
