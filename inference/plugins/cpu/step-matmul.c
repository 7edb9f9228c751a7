/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

/* Rows and columns of one block; they depend on the shapes alone. */
#define BLOCK_M 64
#define BLOCK_N 256

typedef struct {
  CpuFusion fusion;
  CpuProduct s;
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
  const CpuProduct *s = &p->s;
  const CpuRun *run = work->run;
  const guint j = task % p->blocks_n * BLOCK_N;
  const guint i = task / p->blocks_n % p->blocks_m * BLOCK_M;
  const guint batch = task / p->blocks_n / p->blocks_m;
  const guint m = MIN (BLOCK_M, s->m - i), n = MIN (BLOCK_N, s->n - j);
  const guint lda = s->trans_a ? s->m : s->k, ldb = s->trans_b ? s->k : s->n;
  const float *a = (const float *) run->data[work->step->in[0]] +
      batch * s->step_a + (s->trans_a ? i : (gsize) i * s->k);
  const float *b = (const float *) run->data[work->step->in[1]] +
      batch * s->step_b + (s->trans_b ? (gsize) j * s->k : j);
  const gsize index = ((gsize) batch * s->m + i) * s->n + j;
  float *out = (float *) run->data[work->step->out[0]] + index;
  const float *residual = work->step->n_in > 2
      ? (const float *) run->data[work->step->in[2]]
      : NULL;

  run->model->gemm->sgemm (
      s->trans_a, s->trans_b, m, n, s->k, a, lda, b, ldb, out, s->n);
  for (guint r = 0; r < m; r++)
    finish_row (run, &p->fusion,
        residual ? residual + index + (gsize) r * s->n : NULL,
        out + (gsize) r * s->n, j, n);
}

static gboolean
run_product (const CpuStep *step, CpuRun *run, GError **error)
{
  const Product *p = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (run->model->threads, p->s.batch * p->blocks_m * p->blocks_n,
      product_block, &work);
  return TRUE;
}

/* One batch of matrices times as many, or times one matrix. */
static gboolean
product_shape (const IrNode *node, CpuProduct *s)
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
  s->trans_a = attrs->transpose_a;
  s->trans_b = attrs->transpose_b;
  s->m = a->dim[a->rank - (s->trans_a ? 1 : 2)];
  s->k = a->dim[a->rank - (s->trans_a ? 2 : 1)];
  s->n = b->dim[b->rank - (s->trans_b ? 2 : 1)];
  s->batch = batch_a;
  s->step_a = (gsize) s->m * s->k;
  s->step_b = batch_b == 1 ? 0 : (gsize) s->k * s->n;
  if (batch_b == 1 && !s->trans_a && batch_a * s->m <= G_MAXINT32) {
    s->m *= batch_a;
    s->batch = 1;
  }
  return batch_a > 0;
}

gboolean
cpu_lower_product (CpuModel *model, const CpuFusion *fusion)
{
  const IrPort ports[] = { fusion->head->inputs[0], fusion->head->inputs[1],
    fusion->residual };
  Product p = { .fusion = *fusion };
  CpuStep *step;

  if (!product_shape (fusion->head, &p.s))
    return FALSE;
  p.blocks_m = (p.s.m + BLOCK_M - 1) / BLOCK_M;
  p.blocks_n = (p.s.n + BLOCK_N - 1) / BLOCK_N;
  if ((guint64) p.s.batch * p.blocks_m * p.blocks_n >= G_MAXINT32)
    return FALSE;
  step = cpu_add_step (model, fusion->last, CPU_PLAIN, CPU_PLAIN, ports,
      fusion->residual.node ? 3 : 2);
  step->head = fusion->head;
  step->kernel = model->gemm->name;
  step->flops = 2ull * p.s.batch * p.s.m * p.s.n * p.s.k;
  step->run = run_product;
  step->data = g_memdup2 (&p, sizeof p);
  step->free_data = g_free;
  return TRUE;
}

gboolean
cpu_lower_matmul (CpuModel *model, const CpuFusion *fusion)
{
  CpuProduct product;

  return product_shape (fusion->head, &product) &&
      (cpu_lower_dense (model, fusion, &product) ||
          cpu_lower_product (model, fusion));
}
