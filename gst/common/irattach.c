/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irattach.h"

GstFlowReturn
ir_attach_generate_output (
    GstBaseTransform *trans, GstBuffer **out, IrAttach attach)
{
  GstBuffer *buffer = g_steal_pointer (&trans->queued_buf);
  GstFlowReturn flow;

  *out = NULL;
  if (buffer == NULL)
    return GST_FLOW_OK;
  buffer = gst_buffer_make_writable (buffer);
  flow = attach (trans, buffer);
  if (flow == GST_FLOW_OK)
    *out = buffer;
  else
    gst_buffer_unref (buffer);
  return flow;
}
