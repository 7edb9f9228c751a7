/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pixels of slots that may be bf16 or levels, for steps that compute in f32. */
#include "cpu.h"

gboolean
cpu_is_bf16 (const CpuWork *work, guint slot)
{
  return cpu_slot (work->run->model, slot)->dtype == IR_DTYPE_BF16;
}

gboolean
cpu_is_levels (const CpuWork *work, guint slot)
{
  return cpu_slot (work->run->model, slot)->dtype == IR_DTYPE_U8;
}

gsize
cpu_number_bytes (const CpuSlot *slot)
{
  return slot->dtype == IR_DTYPE_U8 ? 1 : slot->dtype == IR_DTYPE_BF16 ? 2 : 4;
}

const float *
cpu_get_pixels (const CpuWork *work, guint index, gsize first, gsize channels,
    gsize n, float *buffer, gsize *pitch)
{
  const guint slot = work->step->in[index];
  const gsize from = cpu_in_pitch (work, index);
  const IrBgemmPixels pixels = { n, channels, from, channels, channels };

  if (!cpu_is_bf16 (work, slot)) {
    *pitch = from;
    return cpu_in (work, index) + first * from;
  }
  work->run->model->bgemm->widen (
      &pixels, (const guint16 *) work->run->data[slot] + first * from, buffer);
  *pitch = channels;
  return buffer;
}

float *
cpu_begin_pixels (const CpuWork *work, gsize first, gsize channels,
    float *buffer, gsize *pitch)
{
  if (cpu_is_bf16 (work, work->step->out[0])) {
    *pitch = channels;
    return buffer;
  }
  *pitch = cpu_out_pitch (work, 0);
  return cpu_out (work, 0) + first * *pitch;
}

void
cpu_narrow_pixels (const CpuWork *work, gsize first, gsize channels, gsize n,
    const float *buffer, IrUnary unary, float a)
{
  const gsize pitch = cpu_out_pitch (work, 0);
  const IrBgemmPixels pixels = { n, channels, channels, channels, pitch, unary,
    a };

  work->run->model->bgemm->narrow (&pixels, buffer,
      (guint16 *) work->run->data[work->step->out[0]] + first * pitch);
}

void
cpu_end_pixels (const CpuWork *work, gsize first, gsize channels, gsize n,
    const float *buffer)
{
  const guint slot = work->step->out[0];
  const gsize pitch = cpu_out_pitch (work, 0);
  const IrQgemmPixels levels = { n, channels, channels, pitch };
  const CpuModel *model = work->run->model;

  if (cpu_is_bf16 (work, slot))
    cpu_narrow_pixels (work, first, channels, n, buffer, IR_UNARY_COPY, 0);
  else if (cpu_is_levels (work, slot))
    model->qgemm->quantize (&cpu_slot (model, slot)->levels, &levels, buffer,
        (guint8 *) work->run->data[slot] + first * pitch);
}

void
cpu_find_lines (
    const CpuWork *work, const IrWindow *w, guint y, gconstpointer *lines)
{
  const guint slot = work->step->in[0];
  const gsize line = w->in_w * cpu_in_pitch (work, 0) *
      cpu_number_bytes (cpu_slot (work->run->model, slot));
  const guint8 *in = work->run->data[slot];
  const gsize image = y / w->out_h * w->in_h;
  const int top = (int) (y % w->out_h) * w->stride_h - w->pad_h;

  for (int ky = 0; ky < w->kernel_h; ky++) {
    const int sy = top + ky * w->dilation_h;

    lines[ky] = sy >= 0 && sy < w->in_h ? in + (image + sy) * line : NULL;
  }
}
