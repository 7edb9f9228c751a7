/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_MEAN_FILE_H
#define IR_MEAN_FILE_H

#include <ir/tensor.h>

G_BEGIN_DECLS

/*
 * Reads a mean image: NumPy's .npy, or Caffe's .binaryproto (a BlobProto).
 *
 * Returns (transfer full) a tensor [C,H,W] of f32, or NULL with an error that
 * names the file.
 */
IrTensor *ir_mean_file_load (const char *path, GError **error);

/* (transfer full): @height x @width of @image from row @offsets[0] and column
 * @offsets[1] on, its middle if that is NULL, as [1,C,H,W] and negated; NULL if the
 * image is smaller. */
IrTensor *ir_mean_file_crop (const IrTensor *image, gint64 height, gint64 width,
    const gint64 *offsets, const char *path, GError **error);

G_END_DECLS

#endif
