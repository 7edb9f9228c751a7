/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irtensormeta.h"

#include <gst/video/video.h>

IrModelInfo *
ir_model_info_new (void)
{
  IrModelInfo *info = g_new0 (IrModelInfo, 1);

  g_atomic_ref_count_init (&info->refs);

  return info;
}

IrModelInfo *
ir_model_info_ref (IrModelInfo *info)
{
  g_atomic_ref_count_inc (&info->refs);

  return info;
}

void
ir_model_info_unref (IrModelInfo *info)
{
  if (!g_atomic_ref_count_dec (&info->refs))
    return;

  g_free (info->name);
  g_free (info->path);
  g_clear_pointer (&info->digest, ir_digest_unref);
  g_free (info->device);
  g_clear_pointer (&info->meta, g_hash_table_unref);
  g_free (info->description);
  g_free (info);
}

/* Every plugin links its own copy of this file, but names of types and metas are
 * the process's: whoever comes first registers, the others look up. */
GType
ir_tensor_meta_api_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type)) {
    static const char *tags[] = { GST_META_TAG_VIDEO_STR,
      GST_META_TAG_VIDEO_SIZE_STR, NULL };
    GType registered = g_type_from_name ("IrTensorMetaAPI");

    if (registered == 0)
      registered = gst_meta_api_type_register ("IrTensorMetaAPI", tags);
    g_once_init_leave (&type, registered);
  }

  return type;
}

static gboolean
tensor_meta_init (GstMeta *meta, gpointer params, GstBuffer *buffer)
{
  IrTensorMeta *self = (IrTensorMeta *) meta;

  memset (
      (guint8 *) self + sizeof self->meta, 0, sizeof *self - sizeof self->meta);
  self->affine.m[0] = self->affine.m[4] = 1;
  self->roi_id = -1;

  return TRUE;
}

static void
tensor_meta_free (GstMeta *meta, GstBuffer *buffer)
{
  IrTensorMeta *self = (IrTensorMeta *) meta;

  for (gsize i = 0; i < self->n_tensors; i++) {
    g_free (self->tensors[i].name);
    g_clear_pointer (&self->tensors[i].tensor, ir_tensor_unref);
  }
  g_free (self->tensors);
  g_free (self->instance);
  g_clear_pointer (&self->info, ir_model_info_unref);
}

static IrTensorMeta *
tensor_meta_copy (GstBuffer *buffer, const IrTensorMeta *from)
{
  IrTensorMeta *copy = ir_buffer_add_tensor_meta (
      buffer, from->role, from->info, from->instance, from->n_tensors);

  if (copy == NULL)
    return NULL;

  for (gsize i = 0; i < from->n_tensors; i++) {
    copy->tensors[i].name = g_strdup (from->tensors[i].name);
    if (from->tensors[i].tensor)
      copy->tensors[i].tensor = ir_tensor_ref (from->tensors[i].tensor);
  }
  copy->affine = from->affine;
  copy->region = from->region;
  copy->roi_id = from->roi_id;
  copy->preprocess_ns = from->preprocess_ns;
  copy->infer_ns = from->infer_ns;

  return copy;
}

static void
tensor_meta_scale (IrTensorMeta *self, double sx, double sy)
{
  for (gsize i = 0; i < 3; i++) {
    self->affine.m[i] *= sx;
    self->affine.m[3 + i] *= sy;
  }
  self->region.x *= sx;
  self->region.width *= sx;
  self->region.y *= sy;
  self->region.height *= sy;
}

static gboolean
tensor_meta_transform (
    GstBuffer *to, GstMeta *meta, GstBuffer *from, GQuark type, gpointer data)
{
  const IrTensorMeta *self = (const IrTensorMeta *) meta;

  if (GST_META_TRANSFORM_IS_COPY (type))
    return tensor_meta_copy (to, self) != NULL;

  if (GST_VIDEO_META_TRANSFORM_IS_SCALE (type)) {
    const GstVideoMetaTransform *scale = data;
    double in_width = GST_VIDEO_INFO_WIDTH (scale->in_info);
    double in_height = GST_VIDEO_INFO_HEIGHT (scale->in_info);
    IrTensorMeta *copy = tensor_meta_copy (to, self);

    if (copy == NULL || in_width <= 0 || in_height <= 0)
      return FALSE;
    tensor_meta_scale (copy, GST_VIDEO_INFO_WIDTH (scale->out_info) / in_width,
        GST_VIDEO_INFO_HEIGHT (scale->out_info) / in_height);

    return TRUE;
  }

  return FALSE;
}

const GstMetaInfo *
ir_tensor_meta_get_info (void)
{
  static const GstMetaInfo *info;

  if (g_once_init_enter ((GstMetaInfo **) &info)) {
    const GstMetaInfo *registered = gst_meta_get_info ("IrTensorMeta");

    if (registered == NULL)
      registered = gst_meta_register (IR_TENSOR_META_API_TYPE, "IrTensorMeta",
          sizeof (IrTensorMeta), tensor_meta_init, tensor_meta_free,
          tensor_meta_transform);
    g_once_init_leave ((GstMetaInfo **) &info, (GstMetaInfo *) registered);
  }

  return info;
}

IrTensorMeta *
ir_buffer_add_tensor_meta (GstBuffer *buffer, IrTensorRole role,
    IrModelInfo *info, const char *instance, gsize n_tensors)
{
  IrTensorMeta *self =
      (IrTensorMeta *) gst_buffer_add_meta (buffer, IR_TENSOR_META_INFO, NULL);

  if (self == NULL)
    return NULL;

  self->role = role;
  self->info = info ? ir_model_info_ref (info) : NULL;
  self->instance = g_strdup (instance ? instance : "");
  self->n_tensors = n_tensors;
  self->tensors = g_new0 (IrNamedTensor, n_tensors);

  return self;
}
