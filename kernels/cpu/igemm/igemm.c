/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "igemm.h"

#include <string.h>

#define IR_KERNEL_TYPE IrIgemmKernels
#define IR_KERNEL_FAMILY igemm
#define IR_KERNEL_ROWS "igemm/igemm.inc"
#include "dispatch.h"

/* The columns from @whole on, which do not fill a group, by way of a buffer. */
static void
narrow_tile (const IrIgemmKernels *kernels, const IrIgemmTile *tile, int whole)
{
  const int rest = tile->columns - whole;
  float buffer[IR_IGEMM_MAX_ROWS * IR_IGEMM_MAX_COLUMNS];
  IrIgemmTile part = *tile;

  part.columns = rest;
  part.weights += (size_t) whole * tile->taps * tile->k;
  part.bias += whole;
  part.to = buffer;
  part.to_stride = part.residual_stride = kernels->nr;
  if (tile->residual) {
    part.residual = memset (buffer, 0, sizeof buffer);
    for (int r = 0; r < tile->rows; r++)
      memcpy (buffer + r * kernels->nr,
          tile->residual + r * tile->residual_stride + whole,
          rest * sizeof (float));
  }
  kernels->tile (&part);
  for (int r = 0; r < tile->rows; r++)
    memcpy (tile->to + r * tile->to_stride + whole, buffer + r * kernels->nr,
        rest * sizeof (float));
}

void
ir_igemm_tile_exact (const IrIgemmKernels *kernels, const IrIgemmTile *tile)
{
  const int rest = tile->columns % kernels->nr, whole = tile->columns - rest;
  IrIgemmTile part = *tile;

  if (rest % IR_IGEMM_GROUP == 0) {
    kernels->tile (tile);
    return;
  }
  part.columns = whole;
  if (whole > 0)
    kernels->tile (&part);
  narrow_tile (kernels, tile, whole);
}
