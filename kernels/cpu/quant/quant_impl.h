/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set. */
#include "quant.h"

/* Adding and taking away 1.5 * 2^23 rounds to the nearest even integer. */
#define ROUND 12582912.0f

static void
fake_quantize (const IrQuantRange *r, const float *x, float *to, size_t n)
{
  const float low = r->in_low < r->in_high ? r->in_low : r->in_high;
  const float high = r->in_low < r->in_high ? r->in_high : r->in_low;
  const float steps = r->levels - 1;

  for (size_t i = 0; i < n; i++) {
    const float v = x[i];
    const float q = (v - r->in_low) / (r->in_high - r->in_low) * steps;
    const float level = (q + ROUND) - ROUND;
    const float y = level / steps * (r->out_high - r->out_low) + r->out_low;

    to[i] = v <= low ? r->out_low : v > high ? r->out_high : y;
  }
}

extern const IrQuantKernels IR_FN (ir_quant);

const IrQuantKernels IR_FN (ir_quant) = {
  .name = IR_KERNEL_NAME,
  .fake_quantize = fake_quantize,
};
