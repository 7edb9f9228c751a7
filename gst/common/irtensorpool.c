/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irtensorpool.h"

/* Memory that waits to be used again; what is more goes back to the system. */
#define MOST_IDLE 32

struct _IrTensorPool {
  gatomicrefcount refs;
  IrDType dtype;
  IrShape shape;

  GMutex lock;
  GPtrArray *idle;
};

/* A lent tensor: the memory, and where it goes. */
typedef struct {
  IrTensorPool *pool;
  IrTensor *memory;
} Loan;

IrTensorPool *
ir_tensor_pool_new (IrDType dtype, const IrShape *shape)
{
  IrTensorPool *pool = g_new0 (IrTensorPool, 1);

  g_atomic_ref_count_init (&pool->refs);
  pool->dtype = dtype;
  pool->shape = *shape;
  g_mutex_init (&pool->lock);
  pool->idle =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ir_tensor_unref);
  return pool;
}

void
ir_tensor_pool_unref (IrTensorPool *pool)
{
  if (!g_atomic_ref_count_dec (&pool->refs))
    return;
  g_ptr_array_unref (pool->idle);
  g_mutex_clear (&pool->lock);
  g_free (pool);
}

static void
give_back (gpointer data)
{
  Loan *loan = data;
  IrTensorPool *pool = loan->pool;

  g_mutex_lock (&pool->lock);
  if (pool->idle->len < MOST_IDLE)
    g_ptr_array_add (pool->idle, g_steal_pointer (&loan->memory));
  g_mutex_unlock (&pool->lock);
  g_clear_pointer (&loan->memory, ir_tensor_unref);
  g_free (loan);
  ir_tensor_pool_unref (pool);
}

IrTensor *
ir_tensor_pool_take (IrTensorPool *pool, GError **error)
{
  IrTensor *memory = NULL, *tensor;
  Loan *loan;

  g_mutex_lock (&pool->lock);
  if (pool->idle->len > 0)
    memory = g_ptr_array_steal_index_fast (pool->idle, pool->idle->len - 1);
  g_mutex_unlock (&pool->lock);
  if (memory == NULL)
    memory = ir_tensor_new (pool->dtype, &pool->shape, error);
  if (memory == NULL)
    return NULL;

  loan = g_new (Loan, 1);
  *loan = (Loan){ pool, memory };
  g_atomic_ref_count_inc (&pool->refs);
  tensor = ir_tensor_new_wrapped (pool->dtype, &pool->shape, memory->data,
      memory->size, give_back, loan, error);
  if (tensor == NULL)
    give_back (loan);
  return tensor;
}
