/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

/* Rows and columns of one block; they depend on the shapes alone. */
#define BLOCK_M 64
#define BLOCK_N 256

typedef struct {
  CpuFusion fusion;
  guint batch, m, n, k;
  gboolean trans_a, trans_b;
  gsize step_a, step_b;
  guint blocks_m, blocks_n;
} Product;

/* The bias of a product belongs to columns, that of a convolution to rows. */
static void
finish_row (const CpuRun *run, const CpuFusion *f, const float *residual,
    float *to, guint column, guint n)
{
  const IrEltwiseKernels *k = run->model->eltwise;

  if (f->bias)
    k->binary (IR_BINARY_ADD,
        f->bias_n > 1 ? IR_BINARY_BOTH : IR_BINARY_RIGHT_ONE, to,
        f->bias + (f->bias_n > 1 ? column : 0), to, n);
  if (residual)
    k->binary (IR_BINARY_ADD, IR_BINARY_BOTH, to, residual, to, n);
  if (f->slopes)
    k->binary (IR_BINARY_PRELU, IR_BINARY_BOTH, to, f->slopes + column, to, n);
  else if (f->unary != IR_UNARY_COPY)
    k->unary (f->unary, f->a, f->b, to, to, n);
}

static void
product_block (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Product *p = work->step->data;
  const CpuRun *run = work->run;
  const guint j = task % p->blocks_n * BLOCK_N;
  const guint i = task / p->blocks_n % p->blocks_m * BLOCK_M;
  const guint batch = task / p->blocks_n / p->blocks_m;
  const guint m = MIN (BLOCK_M, p->m - i), n = MIN (BLOCK_N, p->n - j);
  const guint lda = p->trans_a ? p->m : p->k, ldb = p->trans_b ? p->k : p->n;
  const float *a = (const float *) run->data[work->step->in[0]] +
      batch * p->step_a + (p->trans_a ? i : (gsize) i * p->k);
  const float *b = (const float *) run->data[work->step->in[1]] +
      batch * p->step_b + (p->trans_b ? (gsize) j * p->k : j);
  const gsize index = ((gsize) batch * p->m + i) * p->n + j;
  float *out = (float *) run->data[work->step->out[0]] + index;
  const float *residual = work->step->n_in > 2
      ? (const float *) run->data[work->step->in[2]]
      : NULL;

  run->model->gemm->sgemm (
      p->trans_a, p->trans_b, m, n, p->k, a, lda, b, ldb, out, p->n);
  for (guint r = 0; r < m; r++)
    finish_row (run, &p->fusion,
        residual ? residual + index + (gsize) r * p->n : NULL,
        out + (gsize) r * p->n, j, n);
}

static gboolean
run_product (const CpuStep *step, CpuRun *run, GError **error)
{
  const Product *p = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (run->model->threads, p->batch * p->blocks_m * p->blocks_n,
      product_block, &work);
  return TRUE;
}

/* One batch of matrices times as many, or times one matrix. */
static gboolean
product_shape (const IrNode *node, Product *p)
{
  const IrMatMulAttrs *attrs = node->attrs;
  const IrShape *a = &ir_node_input (node, 0)->shape;
  const IrShape *b = &ir_node_input (node, 1)->shape;
  guint64 batch_a, batch_b;

  if (!cpu_port_is_f32 (node->inputs[0]) ||
      !cpu_port_is_f32 (node->inputs[1]) || a->rank < 2 || b->rank < 2)
    return FALSE;
  batch_a = ir_shape_size (a, 0, a->rank - 2);
  batch_b = ir_shape_size (b, 0, b->rank - 2);
  if (batch_b != 1 && (batch_a != batch_b || a->rank != b->rank))
    return FALSE;
  for (gint d = 0; d < 2; d++)
    if (a->dim[a->rank - 1 - d] < 1 || b->dim[b->rank - 1 - d] < 1 ||
        a->dim[a->rank - 1 - d] > G_MAXINT32 ||
        b->dim[b->rank - 1 - d] > G_MAXINT32)
      return FALSE;
  p->trans_a = attrs->transpose_a;
  p->trans_b = attrs->transpose_b;
  p->m = a->dim[a->rank - (p->trans_a ? 1 : 2)];
  p->k = a->dim[a->rank - (p->trans_a ? 2 : 1)];
  p->n = b->dim[b->rank - (p->trans_b ? 2 : 1)];
  p->batch = batch_a;
  p->step_a = (gsize) p->m * p->k;
  p->step_b = batch_b == 1 ? 0 : (gsize) p->k * p->n;
  if (batch_b == 1 && !p->trans_a && batch_a * p->m <= G_MAXINT32) {
    p->m *= batch_a;
    p->batch = 1;
  }
  p->blocks_m = (p->m + BLOCK_M - 1) / BLOCK_M;
  p->blocks_n = (p->n + BLOCK_N - 1) / BLOCK_N;
  return batch_a > 0 &&
      (guint64) p->batch * p->blocks_m * p->blocks_n < G_MAXINT32;
}

gboolean
cpu_lower_matmul (CpuModel *model, const CpuFusion *fusion)
{
  const IrPort ports[] = { fusion->head->inputs[0], fusion->head->inputs[1],
    fusion->residual };
  Product p = { .fusion = *fusion };
  CpuStep *step;

  if (!product_shape (fusion->head, &p))
    return FALSE;
  step = cpu_add_step (model, fusion->last, CPU_PLAIN, CPU_PLAIN, ports,
      fusion->residual.node ? 3 : 2);
  step->head = fusion->head;
  step->kernel = model->gemm->name;
  step->flops = 2ull * p.batch * p.m * p.n * p.k;
  step->run = run_product;
  step->data = g_memdup2 (&p, sizeof p);
  step->free_data = g_free;
  return TRUE;
}
