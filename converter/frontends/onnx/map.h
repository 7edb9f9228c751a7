/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ONNX_MAP_H
#define IR_ONNX_MAP_H

#include "onnx.h"

G_BEGIN_DECLS

/* The functions that rows of the table name, by file. */

/* map-conv.c */
void onnx_map_conv (OnnxNode *n);
void onnx_map_conv_transpose (OnnxNode *n);

/* map-norm.c */
void onnx_map_batch_norm (OnnxNode *n);

G_END_DECLS

#endif
