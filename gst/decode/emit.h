/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_EMIT_H
#define IR_EMIT_H

#include <gst/video/video.h>

#include "setup.h"

G_BEGIN_DECLS

/**
 * ir_emit:
 * @buffer: writable
 * @info: of the frame
 * @tensors: the meta that @found was decoded from
 *
 * Maps what was found to pixels of the frame, clips it and attaches it.
 */
void ir_emit (GstBuffer *buffer, const GstVideoInfo *info,
    const IrTensorMeta *tensors, const IrSetup *setup,
    const IrDetections *found);

G_END_DECLS

#endif
