/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model.h"

struct _IrQueue {
  gatomicrefcount refs;
  guint streams;

  GMutex lock;
  GCond wake;
  GQueue waiting;
  /* How many at the head of @waiting need no stream. */
  guint hurried;
  guint running;
  /* Threads that wait for work. */
  guint idle;
  gboolean stop;
  GPtrArray *threads;
};

static void
queue_unref (IrQueue *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_ptr_array_unref (self->threads);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->wake);
  g_free (self);
}

IrQueue *
ir_queue_new (guint streams)
{
  IrQueue *self = g_new0 (IrQueue, 1);

  g_atomic_ref_count_init (&self->refs);
  self->streams = MAX (streams, 1);
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  g_queue_init (&self->waiting);
  self->threads = g_ptr_array_new ();
  return self;
}

void
ir_queue_free (IrQueue *self)
{
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  g_cond_broadcast (&self->wake);
  g_mutex_unlock (&self->lock);

  /* The last reference to a model may well be dropped by the callback of its
   * last request: that thread can't wait for itself and ends a little later. */
  for (guint i = 0; i < self->threads->len; i++) {
    GThread *thread = self->threads->pdata[i];

    if (thread == g_thread_self ())
      g_thread_unref (thread);
    else
      g_thread_join (thread);
  }
  queue_unref (self);
}

/* With the lock held: the next request that may begin. */
static IrInferRequest *
next_request (IrQueue *self, gboolean *takes_stream)
{
  *takes_stream = self->hurried == 0;
  if (*takes_stream && self->running >= self->streams)
    return NULL;
  if (self->waiting.length == 0)
    return NULL;
  if (*takes_stream)
    self->running++;
  else
    self->hurried--;
  return g_queue_pop_head_link (&self->waiting)->data;
}

/* With the lock held. Signals cost a system call even if nobody waits for them. */
static void
wake_one (IrQueue *self)
{
  if (self->idle > 0 && self->waiting.length > 0)
    g_cond_signal (&self->wake);
}

static gpointer
worker (gpointer data)
{
  IrQueue *self = data;

  g_mutex_lock (&self->lock);
  while (!self->stop) {
    gboolean takes_stream;
    IrInferRequest *request = next_request (self, &takes_stream);

    if (!request) {
      self->idle++;
      g_cond_wait (&self->wake, &self->lock);
      self->idle--;
      continue;
    }
    g_mutex_unlock (&self->lock);
    ir_infer_request_execute (request);
    g_object_unref (request);
    g_mutex_lock (&self->lock);
    if (takes_stream) {
      self->running--;
      wake_one (self);
    }
  }
  g_mutex_unlock (&self->lock);
  queue_unref (self);
  return NULL;
}

/* With the lock held. */
static void
start_threads (IrQueue *self)
{
  while (self->threads->len < self->streams) {
    g_atomic_ref_count_inc (&self->refs);
    g_ptr_array_add (self->threads, g_thread_new ("ir-stream", worker, self));
  }
}

void
ir_queue_push (IrQueue *self, IrInferRequest *request)
{
  g_mutex_lock (&self->lock);
  start_threads (self);
  g_object_ref (request);
  g_queue_push_tail_link (&self->waiting, ir_infer_request_link (request));
  wake_one (self);
  g_mutex_unlock (&self->lock);
}

gboolean
ir_queue_hurry (IrQueue *self, IrInferRequest *request)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GList *link = ir_infer_request_link (request);
  gint index = g_queue_link_index (&self->waiting, link);

  if (index < 0)
    return FALSE;
  if ((guint) index < self->hurried)
    return TRUE;
  g_queue_unlink (&self->waiting, link);
  g_queue_push_nth_link (&self->waiting, self->hurried++, link);
  wake_one (self);
  return TRUE;
}

gboolean
ir_queue_try_enter (IrQueue *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->waiting.length || self->running >= self->streams)
    return FALSE;
  self->running++;
  return TRUE;
}

void
ir_queue_leave (IrQueue *self)
{
  g_mutex_lock (&self->lock);
  self->running--;
  wake_one (self);
  g_mutex_unlock (&self->lock);
}
