/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>
#include <ir/scratch.h>
#include <ir/tensor.h>

/* What did not fit into the memory that stays. */
typedef struct _Block Block;
struct _Block {
  Block *next;
};

struct _IrScratch {
  guint8 *memory;
  gsize room;
  gsize used; /* beyond @room by what the blocks have */
  Block *blocks;
};

IrScratch *
ir_scratch_new (void)
{
  return g_new0 (IrScratch, 1);
}

static void
free_blocks (IrScratch *scratch)
{
  while (scratch->blocks) {
    Block *block = scratch->blocks;

    scratch->blocks = block->next;
    free (block);
  }
}

void
ir_scratch_free (IrScratch *scratch)
{
  free_blocks (scratch);
  free (scratch->memory);
  g_free (scratch);
}

static gpointer
take_block (IrScratch *scratch, gsize bytes)
{
  Block *block = aligned_alloc (IR_TENSOR_ALIGN, bytes + IR_TENSOR_ALIGN);

  if (!block)
    return NULL;
  do
    block->next = g_atomic_pointer_get (&scratch->blocks);
  while (!g_atomic_pointer_compare_and_exchange (
      &scratch->blocks, block->next, block));
  return (guint8 *) block + IR_TENSOR_ALIGN;
}

gpointer
ir_scratch_take (IrScratch *scratch, gsize n, gsize size)
{
  gsize bytes, at;

  if (!g_size_checked_mul (&bytes, n, size) || bytes > G_MAXSSIZE / 2)
    return NULL;
  bytes = (bytes / IR_TENSOR_ALIGN + 1) * IR_TENSOR_ALIGN;
  at = (gsize) g_atomic_pointer_add (&scratch->used, (gssize) bytes);
  return at + bytes <= scratch->room ? scratch->memory + at
                                     : take_block (scratch, bytes);
}

gpointer
ir_scratch_take0 (IrScratch *scratch, gsize n, gsize size)
{
  gpointer memory = ir_scratch_take (scratch, n, size);

  if (memory)
    memset (memory, 0, n * size);
  return memory;
}

void
ir_scratch_reset (IrScratch *scratch)
{
  free_blocks (scratch);
  if (scratch->used > scratch->room) {
    free (scratch->memory);
    scratch->memory = aligned_alloc (IR_TENSOR_ALIGN, scratch->used);
    scratch->room = scratch->memory ? scratch->used : 0;
  }
  scratch->used = 0;
}
