/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "map.h"

void
onnx_map_batch_norm (OnnxNode *n)
{
  IrNode *op = onnx_add (n, "BatchNormInference", 5, 5, onnx_in (n, 0),
      onnx_in (n, 1), onnx_in (n, 2), onnx_in (n, 3), onnx_in (n, 4));

  onnx_set_f64 (n, op, "epsilon", onnx_f64 (n, "epsilon", 1e-5));
  onnx_out (n, 0, onnx_done (n, op));
}
