/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CPU_CHAIN_H
#define CPU_CHAIN_H

#include "cpu.h"

G_BEGIN_DECLS

/*
 * Element-wise nodes of one shape of which only the last one's output is needed
 * elsewhere: one step, one pass over memory.
 */

#define CPU_CHAIN_OPS 12
#define CPU_CHAIN_INPUTS (3 * CPU_CHAIN_OPS)

typedef enum {
  CPU_CHAIN_UNARY,
  CPU_CHAIN_BINARY,
  CPU_CHAIN_CHOOSE,
} CpuChainKind;

/* @from: inputs of the chain, or CPU_CHAIN_INPUTS and the op that makes it. */
typedef struct {
  CpuChainKind kind;
  IrUnary unary;
  IrBinary binary;
  float a, b;
  guint n_from;
  guint from[3];
} CpuChainOp;

typedef struct {
  const IrNode *nodes[CPU_CHAIN_OPS];
  CpuChainOp ops[CPU_CHAIN_OPS];
  guint n_ops;
  IrPort in[CPU_CHAIN_INPUTS];
  /* As they are broadcast: with as many dimensions as the output. */
  IrShape shapes[CPU_CHAIN_INPUTS];
  guint n_in;
} CpuChain;

/* What ends in @node, and all that belongs to it. */
void cpu_chain_init (CpuChain *chain, const IrNode *node);

G_END_DECLS

#endif
