/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iranalytics.h"

#ifdef HAVE_GST_ANALYTICS

/* The library is marked unstable by its authors, not by its version. */
#define GST_USE_UNSTABLE_API
#include <gst/analytics/analytics.h>

static GstAnalyticsRelationMeta *
relations_of (GstBuffer *buffer)
{
  GstAnalyticsRelationMeta *meta =
      gst_buffer_get_analytics_relation_meta (buffer);

  return meta ? meta : gst_buffer_add_analytics_relation_meta (buffer);
}

void
ir_analytics_add_object (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *roi, double confidence)
{
  GstAnalyticsRelationMeta *relations = relations_of (buffer);
  GstAnalyticsODMtd object;

  if (relations)
    gst_analytics_relation_meta_add_od_mtd (relations, roi->roi_type, roi->x,
        roi->y, roi->w, roi->h, confidence, &object);
}

/* The detection that was added for @roi. */
static gboolean
find_object (GstAnalyticsRelationMeta *relations,
    const GstVideoRegionOfInterestMeta *roi, GstAnalyticsODMtd *object)
{
  gpointer state = NULL;

  while (gst_analytics_relation_meta_iterate (
      relations, &state, gst_analytics_od_mtd_get_mtd_type (), object)) {
    gint x, y, w, h;
    gfloat confidence;

    if (gst_analytics_od_mtd_get_location (
            object, &x, &y, &w, &h, &confidence) &&
        (guint) x == roi->x && (guint) y == roi->y && (guint) w == roi->w &&
        (guint) h == roi->h &&
        gst_analytics_od_mtd_get_obj_type (object) == roi->roi_type)
      return TRUE;
  }
  return FALSE;
}

void
ir_analytics_add_class (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *roi, const IrClassResult *result)
{
  GstAnalyticsRelationMeta *relations = relations_of (buffer);
  GstAnalyticsODMtd object;
  GstAnalyticsClsMtd class;

  if (relations == NULL ||
      !gst_analytics_relation_meta_add_one_cls_mtd (relations,
          result->confidence, g_quark_from_string (result->label), &class))
    return;
  if (roi && find_object (relations, roi, &object))
    gst_analytics_relation_meta_set_relation (
        relations, GST_ANALYTICS_REL_TYPE_CONTAIN, object.id, class.id);
}

#ifdef HAVE_GST_TENSOR_META

/* What both sides know, in GStreamer's words. */
static gboolean
to_data_type (IrDType dtype, GstTensorDataType *type)
{
  static const struct {
    IrDType ours;
    GstTensorDataType theirs;
  } rows[] = {
    { IR_DTYPE_F32, GST_TENSOR_DATA_TYPE_FLOAT32 },
    { IR_DTYPE_F16, GST_TENSOR_DATA_TYPE_FLOAT16 },
    { IR_DTYPE_BF16, GST_TENSOR_DATA_TYPE_BFLOAT16 },
    { IR_DTYPE_F64, GST_TENSOR_DATA_TYPE_FLOAT64 },
    { IR_DTYPE_I4, GST_TENSOR_DATA_TYPE_INT4 },
    { IR_DTYPE_I8, GST_TENSOR_DATA_TYPE_INT8 },
    { IR_DTYPE_I16, GST_TENSOR_DATA_TYPE_INT16 },
    { IR_DTYPE_I32, GST_TENSOR_DATA_TYPE_INT32 },
    { IR_DTYPE_I64, GST_TENSOR_DATA_TYPE_INT64 },
    { IR_DTYPE_U4, GST_TENSOR_DATA_TYPE_UINT4 },
    { IR_DTYPE_U8, GST_TENSOR_DATA_TYPE_UINT8 },
    { IR_DTYPE_BOOLEAN, GST_TENSOR_DATA_TYPE_UINT8 },
    { IR_DTYPE_U16, GST_TENSOR_DATA_TYPE_UINT16 },
    { IR_DTYPE_U32, GST_TENSOR_DATA_TYPE_UINT32 },
    { IR_DTYPE_U64, GST_TENSOR_DATA_TYPE_UINT64 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (rows[i].ours == dtype) {
      *type = rows[i].theirs;
      return TRUE;
    }
  }
  return FALSE;
}

static GstTensor *
share_tensor (const IrNamedTensor *named)
{
  IrTensor *tensor = named->tensor;
  gsize dims[IR_MAX_RANK];
  GstTensorDataType type;
  GstBuffer *data;

  if (tensor == NULL || named->name == NULL ||
      !to_data_type (tensor->dtype, &type))
    return NULL;
  for (gint i = 0; i < tensor->shape.rank; i++)
    dims[i] = tensor->shape.dim[i];
  data = gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, tensor->data,
      tensor->size, 0, tensor->size, ir_tensor_ref (tensor),
      (GDestroyNotify) ir_tensor_unref);
  return gst_tensor_new_simple (g_quark_from_string (named->name), type, data,
      GST_TENSOR_DIM_ORDER_ROW_MAJOR, tensor->shape.rank, dims);
}

void
ir_analytics_add_tensors (GstBuffer *buffer, const IrTensorMeta *meta)
{
  g_autofree GstTensor **tensors = g_new (GstTensor *, meta->n_tensors + 1);
  guint n = 0;

  if (meta->roi_id >= 0)
    return;
  for (gsize i = 0; i < meta->n_tensors; i++) {
    GstTensor *tensor = share_tensor (&meta->tensors[i]);

    if (tensor)
      tensors[n++] = tensor;
  }
  if (n > 0)
    gst_tensor_meta_set (
        gst_buffer_add_tensor_meta (buffer), n, g_steal_pointer (&tensors));
}

#endif

#else

void
ir_analytics_add_object (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *roi, double confidence)
{
}

void
ir_analytics_add_class (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *roi, const IrClassResult *result)
{
}

#endif

#ifndef HAVE_GST_TENSOR_META

void
ir_analytics_add_tensors (GstBuffer *buffer, const IrTensorMeta *meta)
{
}

#endif
