/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Element-wise ops, one or several, in the layout that the data have: block by block
 * of what stays in the first-level cache, so that memory is read and written once. */
#include "chain.h"
#include "spread.h"

#include <string.h>

/* Numbers of a task; of a block of one op, of several, which need buffers. */
#define PART 16384
#define PART_BF16 4096
#define BLOCK 4096
#define BLOCK_OF_CHAIN 1024
/* Shorter ones are put together in a block. */
#define MIN_PLANE 256

typedef enum {
  /* Like the output, in its layout. */
  FULL,
  /* One number that kernels take as such. */
  ONE,
  /* One number for each of the planes that blocks are parts of. */
  PLANE,
  /* The same numbers in every block. */
  STEADY,
  /* What is broadcast in some other way. */
  SPREAD,
} Operand;

/* Units are pixels of @width numbers, of which @channels mean something; of the plain
 * layout, single elements. */
typedef struct {
  CpuChain chain;
  Operand operands[CPU_CHAIN_INPUTS];
  /* Buffers of results, behind one for each input; where the last op writes. */
  guint buffers[CPU_CHAIN_OPS];
  guint n_buffers;
  gboolean last;
  gsize n, part, block;
  /* Units of a plane, or of everything. */
  gsize plane;
  gsize width, channels;
} Chain;

/* --- running --------------------------------------------------------------- */

/* What a task works with: the numbers of each operand and result of a block. */
typedef struct {
  const CpuWork *work;
  const Chain *chain;
  float *scratch;
  const float *in[CPU_CHAIN_INPUTS];
  const float *made[CPU_CHAIN_OPS];
  float ones[CPU_CHAIN_INPUTS];
  CpuSpread spreads[CPU_CHAIN_INPUTS];
} Frame;

static float *
buffer (const Frame *f, guint index)
{
  return f->scratch + index * f->chain->block * f->chain->width;
}

static const float *
value (const Frame *f, guint from)
{
  return from < CPU_CHAIN_INPUTS ? f->in[from]
                                 : f->made[from - CPU_CHAIN_INPUTS];
}

/* Pixels that lie apart are put together. */
static const float *
get_full (const Frame *f, guint index, gsize first, gsize n)
{
  const Chain *c = f->chain;
  const guint slot = f->work->step->in[index];
  float *to = buffer (f, index);
  const float *from;
  gsize pitch;

  if (!c->last) {
    if (cpu_slot (f->work->run->model, slot)->dtype == IR_DTYPE_F32)
      return cpu_in (f->work, index) + first;
    cpu_load (f->work->run, slot, first, n, to);
    return to;
  }
  from = cpu_get_pixels (f->work, index, first, c->width, n, to, &pitch);
  if (pitch == c->width)
    return from;
  for (gsize i = 0; i < n; i++)
    memcpy (to + i * c->width, from + i * pitch, c->width * sizeof *to);
  return to;
}

static void
begin_spread (const CpuWork *work, guint index, CpuSpread *spread)
{
  const Chain *c = work->step->data;
  const CpuModel *model = work->run->model;

  cpu_spread_init (spread, cpu_slot (model, work->step->in[index]),
      &c->chain.shapes[index], &cpu_slot (model, work->step->out[0])->shape,
      c->last ? CPU_LAST : CPU_PLAIN);
}

static void
begin_frame (Frame *f, const CpuWork *work, guint worker)
{
  const Chain *c = work->step->data;
  const CpuRun *run = work->run;

  f->work = work;
  f->chain = c;
  f->scratch = cpu_scratch (run, worker);
  for (guint i = 0; i < c->chain.n_in; i++) {
    const guint slot = work->step->in[i];

    if (c->operands[i] == FULL)
      continue;
    f->in[i] = c->operands[i] == ONE || c->operands[i] == PLANE ? &f->ones[i]
                                                                : buffer (f, i);
    if (c->operands[i] == ONE) {
      cpu_load (run, slot, 0, 1, &f->ones[i]);
      continue;
    }
    begin_spread (work, i, &f->spreads[i]);
    if (c->operands[i] == STEADY)
      cpu_spread (
          &f->spreads[i], run, slot, 0, MIN (c->block, c->n), buffer (f, i));
  }
}

static void
find_operands (Frame *f, gsize first, gsize n)
{
  const Chain *c = f->chain;

  for (guint i = 0; i < c->chain.n_in; i++) {
    const guint slot = f->work->step->in[i];

    if (c->operands[i] == FULL)
      f->in[i] = get_full (f, i, first, n);
    else if (c->operands[i] == PLANE)
      cpu_spread (&f->spreads[i], f->work->run, slot, first, 1, &f->ones[i]);
    else if (c->operands[i] == SPREAD)
      cpu_spread (&f->spreads[i], f->work->run, slot, first, n, buffer (f, i));
  }
}

static IrBinaryForm
find_form (const Chain *c, const CpuChainOp *op)
{
  for (guint i = 0; i < 2; i++) {
    const guint from = op->from[i];

    if (from < CPU_CHAIN_INPUTS &&
        (c->operands[from] == ONE || c->operands[from] == PLANE))
      return i ? IR_BINARY_RIGHT_ONE : IR_BINARY_LEFT_ONE;
  }
  return IR_BINARY_BOTH;
}

static void
run_op (const Frame *f, const CpuChainOp *op, float *to, gsize n)
{
  const IrEltwiseKernels *k = f->work->run->model->eltwise;
  const float *x = value (f, op->from[0]);

  if (op->kind == CPU_CHAIN_UNARY)
    k->unary (op->unary, op->a, op->b, x, to, n);
  else if (op->kind == CPU_CHAIN_BINARY)
    k->binary (
        op->binary, find_form (f->chain, op), x, value (f, op->from[1]), to, n);
  else
    k->choose (x, value (f, op->from[1]), value (f, op->from[2]), to, n);
}

/* Where the last op writes: into the output, if that has the order of a block. */
static float *
find_target (const Frame *f, gsize first)
{
  const Chain *c = f->chain;
  const guint index = f->work->step->out[0];
  const CpuSlot *slot = cpu_slot (f->work->run->model, index);

  if (slot->dtype == IR_DTYPE_F32 && (!c->last || slot->pitch == c->width))
    return cpu_out (f->work, 0) + first * c->width;
  return buffer (f, c->buffers[c->chain.n_ops - 1]);
}

/* Functions of what lies behind the channels may be infinite. */
static void
clear_gaps (const Chain *c, float *to, gsize n)
{
  const gsize gap = c->width - c->channels;

  for (gsize i = 0; gap && i < n; i++)
    for (gsize g = 0; g < gap; g++)
      to[i * c->width + c->channels + g] = 0;
}

static void
put (const Frame *f, const float *from, gsize first, gsize n)
{
  const Chain *c = f->chain;
  const guint index = f->work->step->out[0];
  const CpuSlot *slot = cpu_slot (f->work->run->model, index);
  float *to = cpu_out (f->work, 0) + first * slot->pitch;

  if (slot->dtype == IR_DTYPE_BOOLEAN)
    f->work->run->model->eltwise->narrow (
        from, (guint8 *) f->work->run->data[index] + first, n);
  else if (slot->dtype == IR_DTYPE_BF16)
    cpu_end_pixels (f->work, first, c->width, n, from);
  else
    for (gsize i = 0; i < n; i++)
      memcpy (to + i * slot->pitch, from + i * c->width, c->width * sizeof *to);
}

static void
run_block (Frame *f, gsize first, gsize n)
{
  const Chain *c = f->chain;
  const guint last = c->chain.n_ops - 1;
  float *target = find_target (f, first);

  find_operands (f, first, n);
  for (guint i = 0; i <= last; i++) {
    float *to = i == last ? target : buffer (f, c->buffers[i]);

    run_op (f, &c->chain.ops[i], to, n * c->width);
    f->made[i] = to;
  }
  clear_gaps (c, target, n);
  if (target == buffer (f, c->buffers[last]))
    put (f, target, first, n);
}

/* What kernels of bf16 do in one pass. */
static gboolean
is_pair (const CpuWork *work)
{
  const Chain *c = work->step->data;
  const CpuChainOp *op = &c->chain.ops[0];

  if (!c->last || c->chain.n_ops > 1 || op->kind != CPU_CHAIN_BINARY ||
      (op->binary != IR_BINARY_ADD && op->binary != IR_BINARY_MUL) ||
      !cpu_is_bf16 (work, work->step->out[0]))
    return FALSE;
  for (guint i = 0; i < c->chain.n_in; i++)
    if (c->operands[i] != STEADY &&
        (c->operands[i] != FULL || !cpu_is_bf16 (work, work->step->in[i])))
      return FALSE;
  return c->operands[op->from[0]] == FULL || c->operands[op->from[1]] == FULL;
}

static const guint16 *
find_halves (const CpuWork *work, guint index, gsize first)
{
  return (const guint16 *) work->run->data[work->step->in[index]] +
      first * cpu_in_pitch (work, index);
}

static void
run_pairs (const CpuWork *work, gsize first, gsize n, guint worker)
{
  const Chain *c = work->step->data;
  const IrBgemmKernels *k = work->run->model->bgemm;
  const CpuChainOp *op = &c->chain.ops[0];
  const guint x = op->from[c->operands[op->from[0]] != FULL];
  const guint y = op->from[c->operands[op->from[0]] == FULL];
  const gsize to_pitch = cpu_out_pitch (work, 0);
  float *numbers = cpu_scratch (work->run, worker);
  CpuSpread spread;
  IrBgemmPairs pairs = { n, c->channels, find_halves (work, x, first),
    cpu_in_pitch (work, x) };

  if (c->operands[y] == FULL) {
    pairs.y = find_halves (work, y, first);
    pairs.y_pitch = cpu_in_pitch (work, y);
  } else {
    begin_spread (work, y, &spread);
    cpu_spread (&spread, work->run, work->step->in[y], 0, 1, numbers);
    pairs.steady = numbers;
  }
  pairs.to = (guint16 *) work->run->data[work->step->out[0]] + first * to_pitch;
  pairs.width = c->width;
  pairs.to_pitch = to_pitch;
  if (op->binary == IR_BINARY_ADD)
    k->add (&pairs);
  else
    k->scale (&pairs);
}

static void
run_part (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Chain *c = work->step->data;
  const gsize end = MIN ((task + 1) * c->part, c->n);
  Frame frame;

  if (is_pair (work)) {
    run_pairs (work, task * c->part, end - task * c->part, worker);
    return;
  }
  begin_frame (&frame, work, worker);
  for (gsize first = task * c->part, n; first < end; first += n) {
    n = MIN (c->block, end - first);
    n = MIN (n, c->plane - first % c->plane);
    run_block (&frame, first, n);
  }
}

static gboolean
run_chain (const CpuStep *step, CpuRun *run, GError **error)
{
  const Chain *c = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (
      run->model->threads, (c->n + c->part - 1) / c->part, run_part, &work);
  return TRUE;
}

/* --- building -------------------------------------------------------------- */

/* Whether input @index is the one operand of a binary op that may be one number. */
static gboolean
is_taken_as_one (const CpuChain *chain, guint index)
{
  for (guint i = 0; i < chain->n_ops; i++) {
    const CpuChainOp *op = &chain->ops[i];

    for (guint k = 0; k < op->n_from; k++)
      if (op->from[k] == index &&
          (op->kind != CPU_CHAIN_BINARY ||
              (op->from[!k] < CPU_CHAIN_INPUTS &&
                  ir_shape_size (&chain->shapes[op->from[!k]], 0,
                      chain->shapes[op->from[!k]].rank) == 1)))
        return FALSE;
  }
  return TRUE;
}

/* Nothing but channels: the same for each pixel. */
static gboolean
is_per_channel (const IrShape *seen)
{
  return ir_shape_size (seen, 0, seen->rank) == (gsize) seen->dim[1];
}

/* Elements side by side for which an operand has one number. */
static gsize
find_plane (const IrShape *seen, const IrShape *out)
{
  gsize n = 1;

  for (gint d = out->rank - 1; d >= 0 && seen->dim[d] == 1; d--)
    n *= out->dim[d];
  return n;
}

static Operand
choose_operand (Chain *c, guint index, const IrShape *out)
{
  const IrShape *seen = &c->chain.shapes[index];
  const gboolean as_one = is_taken_as_one (&c->chain, index);
  const gsize plane = find_plane (seen, out);

  if (ir_shape_equal (seen, out))
    return FULL;
  if (ir_shape_size (seen, 0, seen->rank) == 1)
    return as_one ? ONE : STEADY;
  if (c->last)
    return is_per_channel (seen) ? STEADY : SPREAD;
  if (!as_one || plane < MIN_PLANE)
    return SPREAD;
  c->plane = MIN (c->plane, plane);
  return PLANE;
}

static gboolean
is_needed (const CpuChain *chain, guint made, guint after)
{
  for (guint i = after + 1; i < chain->n_ops; i++)
    for (guint k = 0; k < chain->ops[i].n_from; k++)
      if (chain->ops[i].from[k] == CPU_CHAIN_INPUTS + made)
        return TRUE;
  return FALSE;
}

/* The first buffer that nobody needs any more when op @index writes. */
static guint
find_buffer (const Chain *c, guint index)
{
  for (guint b = c->chain.n_in;; b++) {
    gboolean taken = FALSE;

    for (guint i = 0; i < index; i++)
      taken |= c->buffers[i] == b && is_needed (&c->chain, i, index);
    if (!taken)
      return b;
  }
}

static void
choose_buffers (Chain *c)
{
  for (guint i = 0; i < c->chain.n_ops; i++) {
    c->buffers[i] = find_buffer (c, i);
    c->n_buffers = MAX (c->n_buffers, c->buffers[i] + 1);
  }
}

static void
choose_blocks (Chain *c, const CpuModel *model, const IrShape *out)
{
  const gsize block = c->chain.n_ops > 1 ? BLOCK_OF_CHAIN : BLOCK;

  c->n = ir_shape_size (out, 0, out->rank);
  c->width = c->channels = 1;
  if (c->last) {
    c->channels = out->dim[1];
    c->width = CPU_PITCH (c->channels);
    c->n /= c->channels;
  }
  c->part = MAX ((model->bgemm && c->last ? PART_BF16 : PART) / c->width, 1);
  c->block = MIN (MAX (block / c->width, 1), c->part);
}

/* Channels stay innermost if those of a whole operand are; truths don't know them. */
static CpuLayout
choose_layout (const CpuModel *model, const CpuChain *chain, const IrNode *node)
{
  const IrOutput *out = &node->outputs[0];
  CpuLayout layout = CPU_PLAIN;

  if (out->dtype != IR_DTYPE_F32)
    return CPU_PLAIN;
  for (guint i = 0; i < chain->n_in; i++) {
    if (!ir_shape_equal (&chain->shapes[i], &out->shape))
      continue;
    if (ir_port_output (chain->in[i])->dtype != IR_DTYPE_F32 ||
        !ir_shape_equal (&ir_port_output (chain->in[i])->shape, &out->shape))
      return CPU_PLAIN;
    if (cpu_port_layout (model, chain->in[i]) == CPU_LAST)
      layout = CPU_LAST;
  }
  return layout;
}

static CpuStep *
add_step (CpuModel *model, const IrNode *node, const Chain *c, CpuLayout layout)
{
  guint slots[CPU_CHAIN_INPUTS];
  CpuStep *step;

  for (guint i = 0; i < c->chain.n_in; i++)
    slots[i] = c->operands[i] == FULL ? cpu_take (model, c->chain.in[i], layout)
                                      : cpu_port_slot (model, c->chain.in[i]);
  step = cpu_add_step_on (model, node, layout, slots, c->chain.n_in);
  step->head = c->chain.nodes[0];
  step->kernel = model->eltwise->name;
  step->run = run_chain;
  step->data = g_memdup2 (c, sizeof *c);
  step->free_data = g_free;
  step->takes_bf16 = step->gives_bf16 = layout == CPU_LAST;
  step->over_input = TRUE;
  step->scratch = c->n_buffers * c->block * c->width * sizeof (float);
  return step;
}

gboolean
cpu_lower_chain (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  const IrShape *out = &node->outputs[0].shape;
  Chain c = { 0 };
  CpuLayout layout;

  if (!cpu_can_chain (node))
    return FALSE;
  cpu_chain_init (&c.chain, node);
  layout = choose_layout (model, &c.chain, node);
  c.last = layout == CPU_LAST;
  c.plane = G_MAXSIZE;
  for (guint i = 0; i < c.chain.n_in; i++)
    c.operands[i] = choose_operand (&c, i, out);
  choose_buffers (&c);
  choose_blocks (&c, model, out);
  add_step (model, node, &c, layout);
  return TRUE;
}
