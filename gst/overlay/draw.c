/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "draw.h"

#include <math.h>

#include "irresult.h"

#define OPAQUE 255
#define FILLED 70
#define MASKED 120

/* One object on its way onto the picture. */
typedef struct {
  const IrDraw *draw;
  GstVideoFrame *frame;
  const GstVideoRegionOfInterestMeta *roi;
  IrObject object;
  IrColor color;
  gint x;
  gint y;
  gint width;
  gint height;
  gint line;
  gint size;
} Item;

static gint
frame_scale (const GstVideoFrame *frame)
{
  return MIN (GST_VIDEO_FRAME_WIDTH (frame), GST_VIDEO_FRAME_HEIGHT (frame));
}

static void
item_init (Item *item, const IrDraw *draw, GstVideoFrame *frame,
    const GstVideoRegionOfInterestMeta *roi)
{
  gint scale = frame_scale (frame);
  IrObject *o = &item->object;

  item->draw = draw;
  item->frame = frame;
  item->roi = roi;
  ir_object_read (
      roi, GST_VIDEO_FRAME_WIDTH (frame), GST_VIDEO_FRAME_HEIGHT (frame), o);
  item->color = ir_palette_get (draw->palette, o->label, o->label_id);
  item->x = lround (MIN (o->x0, G_MAXINT16));
  item->y = lround (MIN (o->y0, G_MAXINT16));
  item->width = lround (MIN (o->x1 - o->x0, G_MAXINT16));
  item->height = lround (MIN (o->y1 - o->y0, G_MAXINT16));
  item->line = draw->line ? (gint) draw->line : MAX (1, (scale + 120) / 240);
  item->size = draw->size ? (gint) draw->size : CLAMP (scale / 24, 11, 64);
}

static gboolean
is_blurred (const Item *item)
{
  const GStrv list = item->draw->blur;

  for (guint i = 0; list && list[i]; i++) {
    if (g_str_equal (list[i], "*") || g_str_equal (list[i], item->object.label))
      return TRUE;
  }
  return FALSE;
}

/* About eight cells across: nobody is recognised, motion still is. */
static void
draw_blur (const Item *item)
{
  ir_paint_mosaic (item->frame, item->x, item->y, item->width, item->height,
      MAX (item->width, item->height) / 8);
}

static void
draw_corners (const Item *item)
{
  gint arm = MAX (MIN (item->width, item->height) / 4, item->line);
  gint half = item->line / 2;

  for (guint i = 0; i < 4; i++) {
    gint x = item->x - half + (i & 1 ? item->width : 0);
    gint y = item->y - half + (i & 2 ? item->height : 0);

    ir_paint_rect (item->frame, i & 1 ? x - arm : x, y, arm + item->line,
        item->line, item->color, OPAQUE);
    ir_paint_rect (item->frame, x, i & 2 ? y - arm : y + item->line, item->line,
        arm, item->color, OPAQUE);
  }
}

static void
draw_box (const Item *item)
{
  switch (item->draw->style) {
    case IR_STYLE_CORNERS:
      draw_corners (item);
      return;
    case IR_STYLE_NONE:
      return;
    case IR_STYLE_FILLED:
      ir_paint_rect (item->frame, item->x, item->y, item->width, item->height,
          item->color, FILLED);
      break;
    default:
      break;
  }
  ir_paint_frame (item->frame, item->x, item->y, item->width, item->height,
      item->line, item->color, OPAQUE);
}

/* Index of a point's name in the list of names, -1 if it is none of them. */
static gint
point_index (const GValue *names, const GValue *name)
{
  for (guint i = 0; i < gst_value_array_get_size (names); i++) {
    if (gst_value_compare (gst_value_array_get_value (names, i), name) ==
        GST_VALUE_EQUAL)
      return i;
  }
  return -1;
}

static void
point_at (const Item *item, const IrNumbers *points, guint index, double *x,
    double *y)
{
  const IrObject *o = &item->object;

  *x = o->x0 + points->data[index * points->columns] * (o->x1 - o->x0);
  *y = o->y0 + points->data[index * points->columns + 1] * (o->y1 - o->y0);
}

static void
draw_connections (
    const Item *item, const GstStructure *structure, const IrNumbers *points)
{
  const GValue *names = gst_structure_get_value (structure, "point_names");
  const GValue *ends = gst_structure_get_value (structure, "point_connections");
  double x0, y0, x1, y1;

  if (!names || !ends || !GST_VALUE_HOLDS_ARRAY (names) ||
      !GST_VALUE_HOLDS_ARRAY (ends))
    return;
  for (guint i = 0; i + 1 < gst_value_array_get_size (ends); i += 2) {
    gint a = point_index (names, gst_value_array_get_value (ends, i));
    gint b = point_index (names, gst_value_array_get_value (ends, i + 1));

    if (a < 0 || b < 0 || (guint) a >= points->rows ||
        (guint) b >= points->rows)
      continue;
    point_at (item, points, a, &x0, &y0);
    point_at (item, points, b, &x1, &y1);
    ir_paint_line (
        item->frame, x0, y0, x1, y1, item->line, item->color, OPAQUE);
  }
}

static void
draw_points (
    const Item *item, const GstStructure *structure, const IrNumbers *points)
{
  const IrColor white = { 255, 255, 255 };
  double size = MAX (2 * item->line, 3), x, y;

  if (points->columns < 2)
    return;
  draw_connections (item, structure, points);
  for (guint i = 0; i < points->rows; i++) {
    point_at (item, points, i, &x, &y);
    ir_paint_line (item->frame, x, y, x, y, size + 2, white, OPAQUE);
    ir_paint_line (item->frame, x, y, x, y, size, item->color, OPAQUE);
  }
}

/* A mask of the box, brought to its size by taking the nearest cell. */
static void
draw_mask (const Item *item, const IrNumbers *mask)
{
  g_autofree guint8 *data = NULL;
  IrCoverage coverage;

  if (item->width <= 0 || item->height <= 0 || mask->rows == 0 ||
      mask->columns == 0)
    return;
  data = g_malloc ((gsize) item->width * item->height);
  for (gint y = 0; y < item->height; y++) {
    gsize row = (gsize) y * mask->rows / item->height;

    for (gint x = 0; x < item->width; x++) {
      gsize column = (gsize) x * mask->columns / item->width;
      float value = mask->data[row * mask->columns + column];

      data[(gsize) y * item->width + x] = value > 0.5f ? 255 : 0;
    }
  }
  coverage = (IrCoverage){ item->width, item->height, item->width, data };
  ir_paint_coverage (
      item->frame, item->x, item->y, &coverage, item->color, MASKED);
}

static void
draw_numbers (const Item *item, guint fields)
{
  IrNumbers numbers;

  for (GList *l = item->roi->params; l; l = l->next) {
    if (!ir_numbers_read (l->data, &numbers) || numbers.data == NULL)
      continue;
    if ((fields & IR_SHOW_MASK) &&
        g_str_equal (numbers.format, "segmentation_mask"))
      draw_mask (item, &numbers);
    else if ((fields & IR_SHOW_KEYPOINTS) &&
        (g_str_equal (numbers.format, "landmark_points") ||
            g_str_equal (numbers.format, "keypoints")))
      draw_points (item, l->data, &numbers);
  }
}

static void
append_percent (GString *text, double confidence)
{
  if (!isnan (confidence))
    g_string_append_printf (
        text, "%s%d%%", text->len ? " " : "", (gint) lround (confidence * 100));
}

static char *
caption (const Item *item)
{
  const IrObject *o = &item->object;
  guint fields = item->draw->fields;
  GString *text = g_string_new (NULL);
  IrClassResult result;

  if (fields & IR_SHOW_LABEL) {
    if (*o->label)
      g_string_append (text, o->label);
    else if (o->label_id >= 0)
      g_string_append_printf (text, "%d", o->label_id);
  }
  if ((fields & IR_SHOW_ID) && o->track_id >= 0)
    g_string_append_printf (
        text, "%s#%" G_GINT64_FORMAT, text->len ? " " : "", o->track_id);
  if (fields & IR_SHOW_CONFIDENCE)
    append_percent (text, o->confidence);
  for (GList *l = item->roi->params; l; l = l->next) {
    if ((fields & IR_SHOW_CLASSES) && ir_class_read (l->data, &result)) {
      g_string_append_printf (
          text, "%s%s", text->len ? ", " : "", result.label);
      if (fields & IR_SHOW_CONFIDENCE)
        append_percent (text, result.confidence);
    }
  }
  return g_string_free (text, FALSE);
}

/* On the box's upper edge where there is room, inside where there is none. */
static void
draw_caption (const Item *item)
{
  g_autofree char *text = caption (item);
  const IrCoverage *mask = ir_text_get (item->draw->text, text, item->size);
  gint pad = MAX (item->size / 6, 2);
  gint x, y, width, height;

  if (mask == NULL)
    return;
  width = mask->width + 2 * pad;
  height = mask->height;
  x = item->x - item->line / 2;
  y = item->y - item->line / 2 - height;
  if (y < 0)
    y = MAX (item->y, 0);
  x = CLAMP (x, 0, MAX (GST_VIDEO_FRAME_WIDTH (item->frame) - width, 0));
  ir_paint_rect (item->frame, x, y, width, height, item->color, 220);
  ir_paint_coverage (
      item->frame, x + pad, y, mask, ir_color_text (item->color), OPAQUE);
}

typedef void (*Step) (const Item *item);

static void
step_blur (const Item *item)
{
  if (!item->object.whole_frame && is_blurred (item))
    draw_blur (item);
}

static void
step_shape (const Item *item)
{
  draw_numbers (item, item->draw->fields & IR_SHOW_MASK);
  if (!item->object.whole_frame)
    draw_box (item);
  draw_numbers (item, item->draw->fields & IR_SHOW_KEYPOINTS);
}

void
ir_draw (const IrDraw *draw, GstBuffer *buffer, GstVideoFrame *frame)
{
  /* Step by step over all objects, so that no box is blurred and no caption
   * hidden by a neighbour. */
  static const Step steps[] = { step_blur, step_shape, draw_caption };
  Item item;

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    gpointer state = NULL;
    GstMeta *meta;

    while ((meta = gst_buffer_iterate_meta_filtered (
                buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
      item_init (&item, draw, frame, (GstVideoRegionOfInterestMeta *) meta);
      steps[i](&item);
    }
  }
}
