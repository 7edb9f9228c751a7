/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "map.h"

#include <string.h>

#define ANY G_MAXUINT16

/* The same op under another name, and one that a function converts. */
#define SAME(type, ir, opset)                                                  \
  {                                                                            \
    type, "", 1, ANY, ir, opset, NULL                                          \
  }
#define MAP(type, since, until, map)                                           \
  {                                                                            \
    type, "", since, until, NULL, 0, map                                       \
  }

/* clang-format off */
static const OnnxRow rows[] = {
  /* element-wise */
  SAME ("Add", "Add", 1),
  SAME ("Relu", "ReLU", 1),
  SAME ("Sigmoid", "Sigmoid", 1),

  /* convolution */
  MAP ("Conv", 1, ANY, onnx_map_conv),
  MAP ("ConvTranspose", 1, ANY, onnx_map_conv_transpose),

  /* normalisation */
  MAP ("BatchNormalization", 1, ANY, onnx_map_batch_norm),
};
/* clang-format on */

const OnnxRow *
onnx_row_list (gsize *n)
{
  *n = G_N_ELEMENTS (rows);
  return rows;
}

const OnnxRow *
onnx_row_find (
    const char *domain, const char *type, gint64 opset, const char **reason)
{
  *reason = "there is no rule for this op";
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    const OnnxRow *row = &rows[i];

    if (strcmp (row->type, type) != 0 || strcmp (row->domain, domain) != 0)
      continue;
    if (opset >= row->since && opset <= row->until)
      return row;
    *reason = "there is no rule for this version of the op";
  }
  return NULL;
}
