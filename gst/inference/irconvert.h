/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CONVERT_ELEMENT_H
#define IR_CONVERT_ELEMENT_H

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define IR_TYPE_CONVERT (ir_convert_element_get_type ())
G_DECLARE_FINAL_TYPE (
    IrConvertElement, ir_convert_element, IR, CONVERT_ELEMENT, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (irconvert);

G_END_DECLS

#endif
