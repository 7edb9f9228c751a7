/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CPU_SAMPLED_H
#define CPU_SAMPLED_H

#include "cpu.h"

#include <ir/sampling.h>

G_BEGIN_DECLS

/*
 * What steps of ops share that have `sampling`: input 0 with its channels innermost, the
 * others as their definition takes them.
 */

#define CPU_SAMPLED_INPUTS 4

/* Tensors without contents for all inputs and the output; which of the op's inputs the
 * step's are. */
typedef struct {
  guint n_in;
  IrTensor *in[CPU_SAMPLED_INPUTS];
  IrTensor *out;
  guint n_read;
  guint read[CPU_SAMPLED_INPUTS];
} CpuSampled;

/* What `sampling` gets in a run. */
typedef struct {
  IrEvalCtx ctx;
  IrTensor *in[CPU_SAMPLED_INPUTS];
  IrTensor *out;
} CpuSampledRun;

/* FALSE if input 0 or the output can't be had with its channels innermost; to be cleared
 * in any case. */
gboolean cpu_sampled_init (CpuSampled *sampled, const IrNode *node);
void cpu_sampled_clear (CpuSampled *sampled);

/* A step that reads the @n inputs @read of @node, the first of them being input 0. */
CpuStep *cpu_sampled_add (CpuModel *model, const IrNode *node, CpuLayout out,
    const guint *read, guint n, CpuSampled *sampled);

/* Asks the op; @at has to stay as long as @sampling. */
gboolean cpu_sampled_begin (const CpuSampled *sampled, const CpuWork *work,
    CpuSampledRun *at, IrSampling *sampling, GError **error);
/* FALSE, because there was no memory. */
gboolean cpu_sampled_fail (const CpuWork *work, GError **error);

G_END_DECLS

#endif
