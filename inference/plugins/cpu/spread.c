/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spread.h"

#include <string.h>

static void
add_loop (CpuSpread *s, gsize size, gsize step)
{
  const guint last = s->rank - 1;

  if (s->rank && s->step[last] == size * step) {
    s->size[last] *= size;
    s->step[last] = step;
  } else if (size > 1) {
    s->size[s->rank] = size;
    s->step[s->rank++] = step;
  }
}

void
cpu_spread_init (CpuSpread *s, const CpuSlot *slot, const IrShape *seen,
    const IrShape *out, CpuLayout layout)
{
  const gboolean last = layout == CPU_LAST;
  gsize steps[IR_MAX_RANK], step = 1;
  const gint added = out->rank - slot->shape.rank;
  const gboolean pixels = slot->layout == CPU_LAST;

  if (pixels)
    step = slot->pitch;
  for (gint d = out->rank - 1; d >= 0; d--) {
    const gboolean channel = pixels && d - added == 1;

    steps[d] = seen->dim[d] == 1 ? 0 : channel ? 1 : step;
    step *= channel ? 1 : seen->dim[d];
  }
  *s = (CpuSpread){ .channel_step = last ? steps[1] : 0,
    .channels = last ? out->dim[1] : 1,
    .width = last ? CPU_PITCH (out->dim[1]) : 1 };
  for (gint d = 0; d < out->rank; d++)
    if (!last || d != 1)
      add_loop (s, out->dim[d], steps[d]);
  if (s->rank == 0)
    add_loop (s, 2, 0);
}

void
cpu_load (const CpuRun *run, guint slot, gsize at, gsize n, float *to)
{
  const IrEltwiseKernels *k = run->model->eltwise;
  const IrDType dtype = cpu_slot (run->model, slot)->dtype;
  gconstpointer data = run->data[slot];

  if (dtype == IR_DTYPE_F32) {
    memcpy (to, (const float *) data + at, n * sizeof *to);
  } else if (dtype == IR_DTYPE_BF16) {
    const IrBgemmPixels row = { 1, n, n, n, n };

    run->model->bgemm->widen (&row, (const guint16 *) data + at, to);
  } else {
    k->widen ((const guint8 *) data + at, to, n);
    if (dtype == IR_DTYPE_BOOLEAN)
      k->unary (IR_UNARY_TRUTH, 0, 0, to, to, n);
  }
}

static void
fill (float *to, gsize n, float value)
{
  for (gsize i = 0; i < n; i++)
    to[i] = value;
}

static void
load_channels (
    const CpuRun *run, guint slot, const CpuSpread *s, gsize at, float *to)
{
  if (s->channel_step == 1)
    cpu_load (run, slot, at, s->channels, to);
  else
    for (gsize i = 0; i < s->channels; i++)
      cpu_load (run, slot, at + i * s->channel_step, 1, to + i);
  fill (to + s->channels, s->width - s->channels, 1);
}

/* @n units that are @step apart. */
static void
spread_run (const CpuRun *run, guint slot, const CpuSpread *s, gsize at,
    gsize step, gsize n, float *to)
{
  float value;

  if (s->width == 1 && step == 1) {
    cpu_load (run, slot, at, n, to);
    return;
  }
  for (gsize i = 0; i < n; i++, at += step, to += s->width) {
    if (s->channel_step) {
      load_channels (run, slot, s, at, to);
      continue;
    }
    cpu_load (run, slot, at, 1, &value);
    if (step == 0) {
      fill (to, (n - i) * s->width, value);
      return;
    }
    fill (to, s->width, value);
  }
}

void
cpu_spread (const CpuSpread *s, const CpuRun *run, guint slot, gsize first,
    gsize n, float *to)
{
  const guint inner = s->rank - 1;

  for (gsize i = 0; i < n;) {
    const gsize in_run = (first + i) % s->size[inner];
    const gsize rounds = MIN (s->size[inner] - in_run, n - i);
    gsize outer = (first + i) / s->size[inner];
    gsize at = in_run * s->step[inner];

    for (guint d = inner; d-- > 0; outer /= s->size[d])
      at += outer % s->size[d] * s->step[d];
    spread_run (run, slot, s, at, s->step[inner], rounds, to);
    i += rounds;
    to += rounds * s->width;
  }
}
