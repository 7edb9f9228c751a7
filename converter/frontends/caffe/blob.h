/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CAFFE_BLOB_H
#define IR_CAFFE_BLOB_H

#include <ir/tensor.h>

G_BEGIN_DECLS

/* (transfer full): the one blob that a file such as a .binaryproto is, as f32. NULL
 * with an error that names the file. (weights.c) */
IrTensor *caffe_blob_load (const char *path, GError **error);

G_END_DECLS

#endif
