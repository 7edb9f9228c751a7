/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_FRAME_H
#define IR_FRAME_H

#include <gst/video/video.h>
#include <ir/preproc.h>

G_BEGIN_DECLS

/** IR_VIDEO_CAPS: what irconvert and irinfer take and give. */
#define IR_VIDEO_CAPS GST_VIDEO_CAPS_MAKE (GST_VIDEO_FORMATS_ALL)

/** ir_buffer_is_gap: whether @buffer stands for a gap and holds no picture. */
gboolean ir_buffer_is_gap (GstBuffer *buffer);

/**
 * IrFrameReader: shows video buffers as #IrFrame
 *
 * Formats that preprocessing reads are shown in place; others are converted
 * into a picture of the reader's own, so that the buffer stays as it is. One
 * reader belongs to one thread.
 */
typedef struct _IrFrameReader IrFrameReader;

/** ir_frame_reader_new: (transfer full): a reader of pictures of that kind. */
IrFrameReader *ir_frame_reader_new (const GstVideoInfo *info);
/** ir_frame_reader_free: nothing may be mapped. */
void ir_frame_reader_free (IrFrameReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrFrameReader, ir_frame_reader_free)

/**
 * ir_frame_reader_map:
 * @buffer: stays mapped until ir_frame_reader_unmap()
 * @frame: (out): valid as long
 */
gboolean ir_frame_reader_map (
    IrFrameReader *reader, GstBuffer *buffer, IrFrame *frame, GError **error);
/** ir_frame_reader_unmap: ends what ir_frame_reader_map() began. */
void ir_frame_reader_unmap (IrFrameReader *reader);

/** ir_frame_reader_converts: (nullable): name of the format that pictures are
 * converted to first, %NULL if they are read as they are. */
const char *ir_frame_reader_converts (const IrFrameReader *reader);

G_END_DECLS

#endif
