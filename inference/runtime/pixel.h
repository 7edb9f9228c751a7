/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_PIXEL_H
#define IR_PIXEL_H

#include <ir/preproc.h>

G_BEGIN_DECLS

guint ir_pixel_planes (IrPixelFormat format);

/* Bytes that one row of a plane takes at least. */
gsize ir_pixel_row_bytes (IrPixelFormat format, guint plane, guint width);

/* Colour of the pixel at (@x, @y), which is inside, as R, G, B from 0 to 255. */
void ir_pixel_fetch (const IrFrame *frame, guint x, guint y, double *rgb);

G_END_DECLS

#endif
