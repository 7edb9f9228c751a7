/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For ThreadSanitizer, loaded before GLib. GLib is not compiled for it and makes
 * its locks of futexes, so that the sanitizer sees no order between threads and
 * takes everything for a race. Here the same functions are made of what it
 * knows: locks of pthreads, and marks on what is counted or handed over. Our own
 * code needs no change, and a race in it is reported as ever. */
#include <dlfcn.h>
#include <errno.h>
#include <gmodule.h>
#include <gst/gst.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

void __tsan_acquire (void *address);
void __tsan_release (void *address);

#define REAL(name)                                                             \
  ({                                                                           \
    static __typeof__ (&name) real;                                            \
    __typeof__ (&name) found = __atomic_load_n (&real, __ATOMIC_RELAXED);      \
                                                                               \
    if (found == NULL) {                                                       \
      found = (__typeof__ (&name)) dlsym (RTLD_NEXT, #name);                   \
      __atomic_store_n (&real, found, __ATOMIC_RELAXED);                       \
    }                                                                          \
    found;                                                                     \
  })

/* --- locks: a pthread object on demand, where GLib keeps its own word ------- */

static pthread_mutex_t *
mutex_of (gpointer *where, int type)
{
  pthread_mutex_t *mutex = __atomic_load_n (where, __ATOMIC_ACQUIRE);
  pthread_mutexattr_t attributes;
  gpointer none = NULL;

  if (mutex)
    return mutex;
  mutex = malloc (sizeof *mutex);
  pthread_mutexattr_init (&attributes);
  pthread_mutexattr_settype (&attributes, type);
  pthread_mutex_init (mutex, &attributes);
  pthread_mutexattr_destroy (&attributes);
  if (__atomic_compare_exchange_n (
          where, &none, mutex, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    return mutex;
  pthread_mutex_destroy (mutex);
  free (mutex);
  return none;
}

static void
mutex_drop (gpointer *where)
{
  pthread_mutex_t *mutex = __atomic_exchange_n (where, NULL, __ATOMIC_ACQ_REL);

  if (mutex) {
    pthread_mutex_destroy (mutex);
    free (mutex);
  }
}

#define PLAIN(mutex) mutex_of (&(mutex)->p, PTHREAD_MUTEX_NORMAL)
#define RECURSIVE(mutex) mutex_of (&(mutex)->p, PTHREAD_MUTEX_RECURSIVE)

G_MODULE_EXPORT void
g_mutex_init (GMutex *mutex)
{
  mutex->p = NULL;
}

G_MODULE_EXPORT void
g_mutex_clear (GMutex *mutex)
{
  mutex_drop (&mutex->p);
}

G_MODULE_EXPORT void
g_mutex_lock (GMutex *mutex)
{
  pthread_mutex_lock (PLAIN (mutex));
}

G_MODULE_EXPORT gboolean
g_mutex_trylock (GMutex *mutex)
{
  return pthread_mutex_trylock (PLAIN (mutex)) == 0;
}

G_MODULE_EXPORT void
g_mutex_unlock (GMutex *mutex)
{
  pthread_mutex_unlock (PLAIN (mutex));
}

G_MODULE_EXPORT void
g_rec_mutex_init (GRecMutex *mutex)
{
  mutex->p = NULL;
}

G_MODULE_EXPORT void
g_rec_mutex_clear (GRecMutex *mutex)
{
  mutex_drop (&mutex->p);
}

G_MODULE_EXPORT void
g_rec_mutex_lock (GRecMutex *mutex)
{
  pthread_mutex_lock (RECURSIVE (mutex));
}

G_MODULE_EXPORT gboolean
g_rec_mutex_trylock (GRecMutex *mutex)
{
  return pthread_mutex_trylock (RECURSIVE (mutex)) == 0;
}

G_MODULE_EXPORT void
g_rec_mutex_unlock (GRecMutex *mutex)
{
  pthread_mutex_unlock (RECURSIVE (mutex));
}

static pthread_cond_t *
cond_of (GCond *cond)
{
  pthread_cond_t *made = __atomic_load_n (&cond->p, __ATOMIC_ACQUIRE);
  pthread_condattr_t attributes;
  gpointer none = NULL;

  if (made)
    return made;
  made = malloc (sizeof *made);
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (made, &attributes);
  pthread_condattr_destroy (&attributes);
  if (__atomic_compare_exchange_n (
          &cond->p, &none, made, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    return made;
  pthread_cond_destroy (made);
  free (made);
  return none;
}

G_MODULE_EXPORT void
g_cond_init (GCond *cond)
{
  cond->p = NULL;
}

G_MODULE_EXPORT void
g_cond_clear (GCond *cond)
{
  pthread_cond_t *made = __atomic_exchange_n (&cond->p, NULL, __ATOMIC_ACQ_REL);

  if (made) {
    pthread_cond_destroy (made);
    free (made);
  }
}

G_MODULE_EXPORT void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  pthread_cond_wait (cond_of (cond), PLAIN (mutex));
}

G_MODULE_EXPORT gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  struct timespec end = { end_time / 1000000, end_time % 1000000 * 1000 };

  return pthread_cond_timedwait (cond_of (cond), PLAIN (mutex), &end) !=
      ETIMEDOUT;
}

G_MODULE_EXPORT void
g_cond_signal (GCond *cond)
{
  pthread_cond_signal (cond_of (cond));
}

G_MODULE_EXPORT void
g_cond_broadcast (GCond *cond)
{
  pthread_cond_broadcast (cond_of (cond));
}

/* --- references: what was done before giving one back comes before the end --- */

G_MODULE_EXPORT void (g_object_unref) (gpointer object)
{
  __tsan_release (object);
  __tsan_acquire (object);
  REAL (g_object_unref) (object);
}

G_MODULE_EXPORT void
gst_object_unref (gpointer object)
{
  __tsan_release (object);
  __tsan_acquire (object);
  REAL (gst_object_unref) (object);
}

G_MODULE_EXPORT void
gst_mini_object_unref (GstMiniObject *object)
{
  __tsan_release (object);
  __tsan_acquire (object);
  REAL (gst_mini_object_unref) (object);
}

/* Who finds that it is the only owner may write. */
G_MODULE_EXPORT gboolean
gst_mini_object_is_writable (const GstMiniObject *object)
{
  __tsan_acquire ((gpointer) object);
  return REAL (gst_mini_object_is_writable) (object);
}

G_MODULE_EXPORT
gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  __tsan_release ((gpointer) count);
  __tsan_acquire ((gpointer) count);
  return REAL (g_atomic_ref_count_dec) (count);
}

/* Whoever finds itself the last one that holds a thing may write to it. */
G_MODULE_EXPORT
gboolean (g_atomic_ref_count_compare) (gatomicrefcount *count, gint value)
{
  const gboolean same = REAL (g_atomic_ref_count_compare) (count, value);

  if (same)
    __tsan_acquire (count);
  return same;
}

G_MODULE_EXPORT void (g_once_init_leave) (volatile void *location, gsize result)
{
  __tsan_release ((gpointer) location);
  REAL (g_once_init_leave) (location, result);
}

/* --- handing over -------------------------------------------------------- */

G_MODULE_EXPORT void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  __tsan_release (queue);
  REAL (g_async_queue_push) (queue, data);
}

G_MODULE_EXPORT gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_pop) (queue);

  __tsan_acquire (queue);
  return data;
}

G_MODULE_EXPORT gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_try_pop) (queue);

  __tsan_acquire (queue);
  return data;
}

G_MODULE_EXPORT gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
{
  gpointer data = REAL (g_async_queue_timeout_pop) (queue, timeout);

  __tsan_acquire (queue);
  return data;
}

/* A pool's function, which begins where the push ended. */
typedef struct {
  GFunc function;
  gpointer user_data;
} Begin;

static char handed_over;

static void
begin (gpointer data, gpointer user_data)
{
  const Begin *call = user_data;

  __tsan_acquire (&handed_over);
  call->function (data, call->user_data);
}

G_MODULE_EXPORT GThreadPool *
g_thread_pool_new (GFunc function, gpointer user_data, gint most,
    gboolean exclusive, GError **error)
{
  Begin *call = malloc (sizeof *call);

  *call = (Begin){ function, user_data };
  return REAL (g_thread_pool_new) (begin, call, most, exclusive, error);
}

G_MODULE_EXPORT gboolean
g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error)
{
  __tsan_release (&handed_over);
  return REAL (g_thread_pool_push) (pool, data, error);
}
