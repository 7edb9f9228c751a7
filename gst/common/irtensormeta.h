/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_TENSOR_META_H
#define IR_TENSOR_META_H

#include "irdigest.h"

#include <gst/gst.h>
#include <ir/preproc.h>

G_BEGIN_DECLS

/*
 * Tensors that ride on a video buffer between irconvert, irinfer and irdecode.
 */

/**
 * IrModelInfo: what travels with the tensors about the model they belong to.
 * Reference counted, unchanged once attached.
 * @name: the model's name
 * @path: the file that was given as `model`
 * @digest: (nullable): of the IR's text and weights
 * @device: that ran it, %NULL before inference
 * @width: of the network's image input in pixels
 * @height: of the network's image input in pixels
 * @meta: (nullable): strings of the model's `model_info`, keys without prefix
 * @description: (nullable): file with labels and post-processing
 */
typedef struct {
  gatomicrefcount refs;
  char *name;
  char *path;
  IrDigest *digest;
  char *device;
  guint width;
  guint height;
  GHashTable *meta;
  char *description;
} IrModelInfo;

IrModelInfo *ir_model_info_new (void);
IrModelInfo *ir_model_info_ref (IrModelInfo *info);
void ir_model_info_unref (IrModelInfo *info);

/** IrNamedTensor: a tensor and the name of its port in the model. */
typedef struct {
  char *name;
  IrTensor *tensor;
} IrNamedTensor;

/**
 * IrTensorRole: what the tensors of a meta are
 * @IR_TENSORS_INPUT: attached by irconvert, read by irinfer
 * @IR_TENSORS_OUTPUT: attached by irinfer, read by irdecode
 */
typedef enum {
  IR_TENSORS_INPUT,
  IR_TENSORS_OUTPUT,
} IrTensorRole;

/**
 * IrTensorMeta:
 * @role: input or output
 * @info: the model
 * @instance: `instance-id` of the inference, "" by default
 * @n_tensors: number of tensors
 * @tensors: (array length=n_tensors): batch of 1 each
 * @affine: from pixels of the network's input to pixels of the frame
 * @region: the part of the frame that the tensor shows
 * @roi_id: id of the GstVideoRegionOfInterestMeta it was made for, -1 for the
 *   whole frame
 * @preprocess_ns: time that preprocessing took
 * @infer_ns: time from start to completion of the inference
 *
 * A buffer may carry several: one per region and instance.
 */
typedef struct {
  GstMeta meta;
  IrTensorRole role;
  IrModelInfo *info;
  char *instance;
  gsize n_tensors;
  IrNamedTensor *tensors;
  IrAffine affine;
  IrRegion region;
  gint roi_id;
  guint64 preprocess_ns;
  guint64 infer_ns;
} IrTensorMeta;

#define IR_TENSOR_META_API_TYPE (ir_tensor_meta_api_get_type ())
GType ir_tensor_meta_api_get_type (void);
#define IR_TENSOR_META_INFO (ir_tensor_meta_get_info ())
const GstMetaInfo *ir_tensor_meta_get_info (void);

/**
 * ir_buffer_add_tensor_meta:
 * @buffer: a writable buffer
 * @info: a reference is taken
 * @n_tensors: slots to make; names and tensors are %NULL and filled by the
 *   caller, the meta owns them
 */
IrTensorMeta *ir_buffer_add_tensor_meta (GstBuffer *buffer, IrTensorRole role,
    IrModelInfo *info, const char *instance, gsize n_tensors);

G_END_DECLS

#endif
