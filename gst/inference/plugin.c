/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irconvert.h"
#include "irinfer.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return GST_ELEMENT_REGISTER (irconvert, plugin) &&
      GST_ELEMENT_REGISTER (irinfer, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, irinference,
    "Neural networks on video frames", plugin_init, IR_VERSION, "LGPL",
    "gst-ir", "gst-ir")
