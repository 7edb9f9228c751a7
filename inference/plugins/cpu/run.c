/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"
#include "subnormal.h"

#include <string.h>
#include <time.h>

/* Zeros, with memory behind the last value, as tensors have it; @memory is to be
 * given to free(). Large blocks are the kernel's zeros: what no step touches is
 * never there. */
static gpointer
alloc_aligned (gsize bytes, gpointer *memory, GError **error)
{
  *memory = calloc (1, bytes + 2 * IR_TENSOR_ALIGN);
  if (!*memory) {
    ir_fail (error, IR_ERROR_LIMIT,
        "an inference takes %zu bytes, which are not to be had", bytes);
    return NULL;
  }
  return (gpointer) (((guintptr) *memory + IR_TENSOR_ALIGN - 1) &
      ~(guintptr) (IR_TENSOR_ALIGN - 1));
}

static gboolean
prepare_slots (CpuRun *run, GError **error)
{
  const CpuModel *model = run->model;

  for (guint i = 0; i < model->slots->len; i++) {
    const CpuSlot *slot = cpu_slot (model, i);

    if (slot->place == CPU_CONST && slot->value) {
      run->tensors[i] = ir_tensor_ref (slot->value);
      run->data[i] = slot->value->data;
    } else if (slot->place == CPU_ARENA || slot->place == CPU_VIEW) {
      run->data[i] = run->arena + slot->offset;
      if (slot->layout == CPU_LAST)
        continue;
      run->tensors[i] = ir_tensor_new_wrapped (slot->dtype, &slot->shape,
          run->data[i], slot->bytes, NULL, NULL, error);
      if (!run->tensors[i])
        return FALSE;
    }
  }
  return TRUE;
}

void
cpu_request_free (gpointer request)
{
  CpuRun *run = request;

  for (guint i = 0; i < run->model->slots->len; i++) {
    g_clear_pointer (&run->tensors[i], ir_tensor_unref);
    g_clear_pointer (&run->views[i], ir_tensor_unref);
  }
  for (guint i = 0; i < run->model->graph->results->len * CPU_SPARES; i++)
    g_clear_pointer (&run->spares[i], ir_tensor_unref);
  for (guint i = 0; i < run->model->graph->parameters->len; i++)
    g_clear_pointer (&run->converted[i], ir_tensor_unref);
  g_free (run->converted);
  g_free (run->spares);
  g_free (run->tensors);
  g_free (run->views);
  g_free (run->data);
  ir_scratch_free (run->memory);
  free (run->arena_memory);
  g_free (run);
}

gpointer
cpu_request_new (gpointer data, GError **error)
{
  const CpuModel *model = data;
  CpuRun *run = g_new0 (CpuRun, 1);

  run->model = model;
  run->memory = ir_scratch_new ();
  run->data = g_new0 (gpointer, model->slots->len + 1);
  run->tensors = g_new0 (IrTensor *, model->slots->len + 1);
  run->views = g_new0 (IrTensor *, model->slots->len + 1);
  run->converted = g_new0 (IrTensor *, model->graph->parameters->len + 1);
  run->spares =
      g_new0 (IrTensor *, model->graph->results->len * CPU_SPARES + 1);
  run->arena =
      alloc_aligned (model->arena + model->scratch, &run->arena_memory, error);
  if (!run->arena || !prepare_slots (run, error)) {
    cpu_request_free (run);
    return NULL;
  }
  return run;
}

static void
drop_slot (CpuRun *run, guint slot)
{
  g_clear_pointer (&run->tensors[slot], ir_tensor_unref);
  run->data[slot] = NULL;
}

/* What the caller and the steps brought in goes; the rest is there to stay. */
static void
reset (CpuRun *run)
{
  for (guint i = 0; i < run->model->slots->len; i++) {
    CpuPlace place = cpu_slot (run->model, i)->place;

    if (place == CPU_INPUT || place == CPU_HEAP)
      drop_slot (run, i);
  }
}

/* An input in the type that steps take; memory that nobody else has is used again. */
static IrTensor *
take_input (CpuRun *run, guint index, IrTensor *input, GError **error)
{
  const IrNode *node = run->model->graph->parameters->pdata[index];
  IrTensor **converted = &run->converted[index];

  if (input->dtype == node->outputs[0].dtype)
    return ir_tensor_ref (input);
  if (*converted && cpu_is_own (*converted) &&
      ir_shape_equal (&(*converted)->shape, &input->shape)) {
    ir_tensor_convert_to (input, *converted);
  } else {
    g_clear_pointer (converted, ir_tensor_unref);
    *converted = ir_tensor_convert (input, node->outputs[0].dtype, error);
  }
  return *converted ? ir_tensor_ref (*converted) : NULL;
}

static gboolean
take_inputs (CpuRun *run, IrTensor *const *inputs, GError **error)
{
  const CpuModel *model = run->model;

  for (guint i = 0; i < model->graph->parameters->len; i++) {
    IrNode *node = g_ptr_array_index (model->graph->parameters, i);
    guint slot = cpu_port_slot (model, ir_port (node, 0));

    run->tensors[slot] = take_input (run, i, inputs[i], error);
    if (!run->tensors[slot])
      return FALSE;
    run->data[slot] = run->tensors[slot]->data;
  }
  return TRUE;
}

gint64
cpu_now (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * G_GINT64_CONSTANT (1000000000) + ts.tv_nsec;
}

static gboolean
run_step (const CpuModel *model, CpuStep *step, CpuRun *run, GError **error)
{
  const gboolean profiling = g_atomic_int_get (&model->profiling);
  const gint64 start = profiling ? cpu_now () : 0;
  gboolean ok;

  run->scratch = run->arena + step->scratch_offset;
  run->scratch_step = step->scratch;
  ok = step->run (step, run, error);
  ir_scratch_reset (run->memory);
  if (!ok)
    return FALSE;
  for (guint i = 0; i < step->drop->len; i++)
    drop_slot (run, g_array_index (step->drop, guint, i));
  if (profiling) {
    g_atomic_int_inc (&step->calls);
    g_atomic_pointer_add (&step->ns, cpu_now () - start);
  }
  return TRUE;
}

/* A tensor for an output that nobody else has; NULL if all are in use. */
static IrTensor **
find_spare (CpuRun *run, guint index)
{
  IrTensor **spares = run->spares + index * CPU_SPARES;

  for (guint i = 0; i < CPU_SPARES; i++)
    if (!spares[i] || cpu_is_own (spares[i]))
      return &spares[i];
  return NULL;
}

static IrTensor *
copy_output (
    CpuRun *run, guint index, IrTensor *tensor, IrDType dtype, GError **error)
{
  IrTensor **spare = find_spare (run, index), *copy;

  if (spare && *spare && ir_shape_equal (&(*spare)->shape, &tensor->shape)) {
    ir_tensor_convert_to (tensor, *spare);
    return ir_tensor_ref (*spare);
  }
  copy = tensor->dtype == dtype ? ir_tensor_copy (tensor, error)
                                : ir_tensor_convert (tensor, dtype, error);
  if (copy && spare && !*spare)
    *spare = ir_tensor_ref (copy);
  return copy;
}

/* Tensors that a step has made can be given away, the arena is needed again. */
static IrTensor *
give_output (CpuRun *run, guint index, GError **error)
{
  const CpuModel *model = run->model;
  guint slot = model->output_slots[index];
  CpuPlace place = cpu_slot (model, slot)->place;
  IrTensor *tensor = run->tensors[slot];
  IrDType dtype = model->output_dtypes[index];

  if (dtype == IR_DTYPE_DYNAMIC)
    dtype = tensor->dtype;
  if (dtype == tensor->dtype && !run->views[slot] &&
      (place == CPU_CONST || place == CPU_HEAP || place == CPU_INPUT))
    return ir_tensor_ref (tensor);
  return copy_output (run, index, tensor, dtype, error);
}

static gboolean
give_outputs (CpuRun *run, IrTensor **outputs, GError **error)
{
  guint n = run->model->graph->results->len;

  for (guint i = 0; i < n; i++) {
    outputs[i] = give_output (run, i, error);
    if (outputs[i])
      continue;
    while (i-- > 0)
      g_clear_pointer (&outputs[i], ir_tensor_unref);
    return FALSE;
  }
  return TRUE;
}

gboolean
cpu_infer (gpointer request, IrTensor *const *inputs, IrTensor **outputs,
    const gint *cancelled, GError **error)
{
  CpuRun *run = request;
  const CpuModel *model = run->model;
  gboolean ok = take_inputs (run, inputs, error);
  const CpuFloatMode mode = cpu_flush_floats ();

  for (guint i = 0; ok && i < model->steps->len; i++) {
    ok = g_atomic_int_get (cancelled)
        ? ir_fail (error, IR_ERROR_CANCELLED, "the inference was cancelled")
        : run_step (model, model->steps->pdata[i], run, error);
  }
  cpu_restore_floats (mode);
  ok = ok && give_outputs (run, outputs, error);
  reset (run);
  return ok;
}
