/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model.h"

struct _IrInferRequest {
  GObject parent;
  IrCompiledModel *model;
  IrTensor **inputs;
  IrTensor **outputs;
  IrTensor **fresh;

  /* The queue's, while the request is in it. */
  GList link;

  /* Read by the device while another thread may set it. */
  gint cancelled;

  GMutex lock;
  GCond done;
  guint waiters;
  gboolean busy;
  guint callbacks;
  GError *error;
  IrInferCallback callback;
  gpointer user_data;
};

G_DEFINE_TYPE (IrInferRequest, ir_infer_request, G_TYPE_OBJECT)

/* The request whose callback the thread is in. */
static GPrivate in_callback;

static void
drop_tensors (IrTensor **tensors, gsize n)
{
  for (gsize i = 0; i < n; i++)
    g_clear_pointer (&tensors[i], ir_tensor_unref);
}

static void
ir_infer_request_finalize (GObject *object)
{
  IrInferRequest *self = IR_INFER_REQUEST (object);

  drop_tensors (self->inputs, self->model->n_inputs);
  drop_tensors (self->outputs, self->model->n_outputs);
  g_free (self->inputs);
  g_free (self->outputs);
  g_free (self->fresh);
  g_clear_error (&self->error);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->done);
  g_object_unref (self->model);
  G_OBJECT_CLASS (ir_infer_request_parent_class)->finalize (object);
}

static void
ir_infer_request_class_init (IrInferRequestClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ir_infer_request_finalize;
}

static void
ir_infer_request_init (IrInferRequest *self)
{
  self->link.data = self;
  g_mutex_init (&self->lock);
  g_cond_init (&self->done);
}

GList *
ir_infer_request_link (IrInferRequest *self)
{
  return &self->link;
}

IrInferRequest *
ir_infer_request_new (IrCompiledModel *model)
{
  IrInferRequest *self = g_object_new (IR_TYPE_INFER_REQUEST, NULL);

  self->model = g_object_ref (model);
  self->inputs = g_new0 (IrTensor *, model->n_inputs);
  self->outputs = g_new0 (IrTensor *, model->n_outputs);
  self->fresh = g_new0 (IrTensor *, model->n_outputs);
  return self;
}

static gboolean
fail_busy (GError **error)
{
  return ir_fail (error, IR_ERROR_BUSY,
      "the request is under way: wait for it before it is used again");
}

static gboolean
check_input (const IrPortInfo *port, const IrTensor *tensor, GError **error)
{
  char wants[IR_SHAPE_TEXT], has[IR_SHAPE_TEXT];

  if (port->dtype == tensor->dtype &&
      ir_shape_fits (&port->shape, &tensor->shape))
    return TRUE;
  return ir_fail (error, IR_ERROR_SHAPE, "input '%s' takes %s %s, got %s %s",
      port->name, ir_dtype_name (port->dtype),
      ir_shape_print (&port->shape, wants), ir_dtype_name (tensor->dtype),
      ir_shape_print (&tensor->shape, has));
}

gboolean
ir_infer_request_set_input (
    IrInferRequest *self, gsize index, IrTensor *tensor, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->busy)
    return fail_busy (error);
  if (index >= self->model->n_inputs)
    return ir_fail (error, IR_ERROR_NOT_FOUND,
        "there is no input %zu: model '%s' has %zu", index,
        self->model->graph->name, self->model->n_inputs);
  if (!check_input (&self->model->inputs[index], tensor, error))
    return FALSE;
  ir_tensor_ref (tensor);
  g_clear_pointer (&self->inputs[index], ir_tensor_unref);
  self->inputs[index] = tensor;
  return TRUE;
}

IrTensor *
ir_infer_request_get_output (IrInferRequest *self, gsize index)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (index >= self->model->n_outputs || !self->outputs[index])
    return NULL;
  return ir_tensor_ref (self->outputs[index]);
}

IrTensor *
ir_infer_request_take_output (IrInferRequest *self, gsize index)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return index < self->model->n_outputs
      ? g_steal_pointer (&self->outputs[index])
      : NULL;
}

/* Puts the request under way, if it is idle and complete. */
static gboolean
begin (IrInferRequest *self, IrInferCallback callback, gpointer user_data,
    GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->busy)
    return fail_busy (error);
  for (gsize i = 0; i < self->model->n_inputs; i++)
    if (!self->inputs[i])
      return ir_fail (error, IR_ERROR_NOT_FOUND,
          "input '%s' of model '%s' has no tensor: call "
          "ir_infer_request_set_input() first",
          self->model->inputs[i].name, self->model->graph->name);
  self->busy = TRUE;
  self->callback = callback;
  self->user_data = user_data;
  g_atomic_int_set (&self->cancelled, 0);
  g_clear_error (&self->error);
  return TRUE;
}

/* An output that is an input passed on would change when the caller reuses the
 * memory of that input: such outputs get memory of their own. */
static gboolean
detach_outputs (IrInferRequest *self, GError **error)
{
  for (gsize o = 0; o < self->model->n_outputs; o++) {
    for (gsize i = 0; i < self->model->n_inputs; i++) {
      const IrTensor *in = self->inputs[i], *out = self->fresh[o];
      IrTensor *copy;

      if (out->size == 0 || (guintptr) out->data < (guintptr) in->data ||
          (guintptr) out->data >= (guintptr) in->data + in->size)
        continue;
      copy = ir_tensor_copy (out, error);
      if (!copy) {
        drop_tensors (self->fresh, self->model->n_outputs);
        return FALSE;
      }
      ir_tensor_unref (self->fresh[o]);
      self->fresh[o] = copy;
      break;
    }
  }
  return TRUE;
}

static gboolean
run_on_device (IrInferRequest *self, GError **error)
{
  IrCompiledModel *model = self->model;
  IrLease lease;
  gboolean ok;

  if (g_atomic_int_get (&self->cancelled))
    return ir_fail (error, IR_ERROR_CANCELLED, "the inference was cancelled");
  if (!ir_variants_take (model->variants, self->inputs, &lease, error))
    return FALSE;
  ok = model->plugin->infer (
      lease.request, self->inputs, self->fresh, &self->cancelled, error);
  ir_variants_give_back (model->variants, &lease);
  return ok && detach_outputs (self, error);
}

/* With the lock held. */
static void
tell_waiters (IrInferRequest *self)
{
  if (self->waiters > 0)
    g_cond_broadcast (&self->done);
}

static void
call_back (IrInferRequest *self, IrInferCallback callback, gpointer user_data,
    const GError *error)
{
  gpointer outer = g_private_get (&in_callback);

  g_private_set (&in_callback, self);
  callback (self, error, user_data);
  g_private_set (&in_callback, outer);

  g_mutex_lock (&self->lock);
  self->callbacks--;
  tell_waiters (self);
  g_mutex_unlock (&self->lock);
}

void
ir_infer_request_execute (IrInferRequest *self)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = run_on_device (self, &error);
  IrInferCallback callback;
  gpointer user_data;

  g_mutex_lock (&self->lock);
  if (ok) {
    IrTensor **old = self->outputs;

    drop_tensors (old, self->model->n_outputs);
    self->outputs = self->fresh;
    self->fresh = old;
  } else {
    self->error = g_error_copy (error);
  }
  callback = g_steal_pointer (&self->callback);
  user_data = self->user_data;
  self->busy = FALSE;
  if (callback)
    self->callbacks++;
  else
    tell_waiters (self);
  g_mutex_unlock (&self->lock);

  if (callback)
    call_back (self, callback, user_data, error);
}

gboolean
ir_infer_request_start (IrInferRequest *self, IrInferCallback callback,
    gpointer user_data, GError **error)
{
  if (!begin (self, callback, user_data, error))
    return FALSE;
  ir_queue_push (self->model->queue, self);
  return TRUE;
}

gboolean
ir_infer_request_infer (IrInferRequest *self, GError **error)
{
  if (!begin (self, NULL, NULL, error))
    return FALSE;
  /* Handing over to another thread and back costs more than small networks
   * take, so the caller's own is used where the order allows it. */
  if (ir_queue_try_enter (self->model->queue)) {
    ir_infer_request_execute (self);
    ir_queue_leave (self->model->queue);
  } else {
    ir_queue_push (self->model->queue, self);
  }
  return ir_infer_request_wait (self, -1, error);
}

/* With the lock held: whether it is under way, as seen from this thread. */
static gboolean
is_pending (const IrInferRequest *self)
{
  if (self->busy)
    return TRUE;
  return self->callbacks > 0 && g_private_get (&in_callback) != self;
}

gboolean
ir_infer_request_wait (IrInferRequest *self, gint64 timeout_us, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gint64 now = g_get_monotonic_time ();
  gint64 end = timeout_us > G_MAXINT64 - now ? G_MAXINT64 : now + timeout_us;
  gboolean in_time = TRUE;

  self->waiters++;
  while (in_time && is_pending (self)) {
    if (timeout_us < 0)
      g_cond_wait (&self->done, &self->lock);
    else
      in_time = g_cond_wait_until (&self->done, &self->lock, end);
  }
  self->waiters--;
  if (is_pending (self))
    return ir_fail (error, IR_ERROR_BUSY,
        "the request is still under way after %" G_GINT64_FORMAT " us",
        timeout_us);
  if (!self->error)
    return TRUE;
  if (error)
    *error = g_error_copy (self->error);
  return FALSE;
}

void
ir_infer_request_cancel (IrInferRequest *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (!self->busy)
    return;
  g_atomic_int_set (&self->cancelled, 1);
  ir_queue_hurry (self->model->queue, self);
}
