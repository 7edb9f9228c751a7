/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_INFER_ELEMENT_H
#define IR_INFER_ELEMENT_H

#include <gst/gst.h>

G_BEGIN_DECLS

#define IR_TYPE_INFER (ir_infer_element_get_type ())
G_DECLARE_FINAL_TYPE (
    IrInferElement, ir_infer_element, IR, INFER_ELEMENT, GstElement)

GST_ELEMENT_REGISTER_DECLARE (irinfer);

G_END_DECLS

#endif
