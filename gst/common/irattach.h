/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ATTACH_H
#define IR_ATTACH_H

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

/*
 * For elements that attach something to buffers and leave the picture alone.
 */

/** IrAttach: attaches to @buffer, which is writable itself while its memory may
 * be shared. */
typedef GstFlowReturn (*IrAttach) (GstBaseTransform *trans, GstBuffer *buffer);

/**
 * ir_attach_generate_output: body of GstBaseTransformClass::generate_output
 *
 * A buffer that others hold is replaced by one that shares its memory, so that
 * what is attached does not show up elsewhere. The base class would copy the
 * pixels.
 */
GstFlowReturn ir_attach_generate_output (
    GstBaseTransform *trans, GstBuffer **out, IrAttach attach);

G_END_DECLS

#endif
