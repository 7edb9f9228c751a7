/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ONNX_READER_H
#define IR_ONNX_READER_H

#include "onnx.h"

#include "onnx.pb-c.h"
#include "protobuf.h"

G_BEGIN_DECLS

/* The unpacked file, kept as long as a tensor points into it. */
typedef struct {
  IrProtobuf unpacked;
  gatomicrefcount refs;
} OnnxFile;

OnnxFile *onnx_file_ref (OnnxFile *file);
void onnx_file_unref (OnnxFile *file);

/* Where external data is looked for, and the files of it that are mapped. */
typedef struct {
  char *folder;     /* real path */
  GHashTable *maps; /* real path -> GMappedFile */
} OnnxFolder;

/* (transfer full): the tensor; it wraps the file's or the mapped memory where
 * that has the right form. (tensor.c) */
IrTensor *onnx_tensor_read (const Onnx__TensorProto *proto, OnnxFile *file,
    OnnxFolder *folder, GError **error);

/* (transfer full): a tensor whose data is in a file beside the model.
 * (external.c) */
IrTensor *onnx_external_read (const Onnx__TensorProto *proto, IrDType dtype,
    const IrShape *shape, gsize bytes, OnnxFolder *folder, GError **error);

void onnx_folder_clear (OnnxFolder *folder);

/* The frontend's `read` and `probe`. */
IrSource *onnx_read (
    const char *path, const IrReadOptions *options, GError **error);
gboolean onnx_probe (const guint8 *head, gsize n);

G_END_DECLS

#endif
