/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_DRAW_H
#define IR_DRAW_H

#include "palette.h"
#include "text.h"

G_BEGIN_DECLS

/** IrOverlayStyle: how objects are marked. */
typedef enum {
  IR_STYLE_BOX,
  IR_STYLE_CORNERS,
  IR_STYLE_FILLED,
  IR_STYLE_NONE,
} IrOverlayStyle;

/** IrOverlayFields: what is shown of an object. */
typedef enum {
  IR_SHOW_LABEL = 1 << 0,
  IR_SHOW_CONFIDENCE = 1 << 1,
  IR_SHOW_ID = 1 << 2,
  IR_SHOW_CLASSES = 1 << 3,
  IR_SHOW_KEYPOINTS = 1 << 4,
  IR_SHOW_MASK = 1 << 5,
} IrOverlayFields;

#define IR_SHOW_ALL ((1 << 6) - 1)

/**
 * IrDraw: how to draw
 * @line: width of lines in pixels, 0 to follow the frame's size
 * @size: height of text in pixels, 0 to follow the frame's size
 * @blur: (nullable): labels of objects to make unrecognisable, "*" for all
 */
typedef struct {
  IrOverlayStyle style;
  guint fields;
  guint line;
  guint size;
  GStrv blur;
  IrPalette *palette;
  IrTextCache *text;
} IrDraw;

/** ir_draw: everything that @buffer carries onto @frame, which maps it. */
void ir_draw (const IrDraw *draw, GstBuffer *buffer, GstVideoFrame *frame);

G_END_DECLS

#endif
