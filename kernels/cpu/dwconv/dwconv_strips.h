/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Included where there are, beside the vectors: Lines, the family's; Number, of which the
 * source is; read_<n> (from), <n> of them as f32; Target, where results go,
 * target (lines), and write_<n> (target, at, vector). */
/* Pixels beside each other that are computed at a time, sums in registers: each
 * number of the source is read once for all of them. */
#define MAX_STRIP 8
/* The widest window that strips are there for. */
#define MAX_SHARED 5

/* How many pixels strips of a line of @width have: the last one ends with the line, so
 * some pixels are computed twice. Each strip costs about as much as two pixels
 * besides. */
static inline int
strip_pixels (int width)
{
  static const int widths[] = { 8, 7, 4, 2 };
  int best = 1, least = 4 * width;

  for (int i = 0; i < 4; i++) {
    const int n = widths[i], cost = (width + n - 1) / n * (n + 2);

    if (n <= width && cost < least) {
      best = n;
      least = cost;
    }
  }
  return best;
}

/* Pixels that share columns lie @dilation apart: of those from @left on, how many come
 * before the source begins; or, told where they are from its end, before it ends. */
static inline int
columns_before (int left, int dilation)
{
  return left < 0 ? (-left + dilation - 1) / dilation : 0;
}

static inline int
shares_columns (int stride, int dilation)
{
  return stride == 1 || (stride == 2 && dilation == 1);
}

/* Where all taps of a row lie inside the source. */
static void
find_inside (const Lines *l, int *first, int *end)
{
  const int reach = (l->kernel_w - 1) * l->dilation_w;
  const int room = l->in_w - 1 - reach + l->pad;

  *end = room >= 0 ? room / l->stride_w + 1 : 0;
  if (*end > l->out_w)
    *end = l->out_w;
  *first = (l->pad + l->stride_w - 1) / l->stride_w;
  if (*first > *end)
    *first = *end;
}

/* A strip: where it reads and writes, for channel 0. */
typedef struct {
  /* Of the strip's line and of the one below. */
  const Number *const *rows, *const *below;
  /* From the beginning of a row; from one column to the next. */
  ptrdiff_t from, pitch;
  /* The columns that lie inside the source. */
  int first, end;
  size_t to, to_pitch, to_next;
  int key;
} Place;

/* How many lines, how wide the window, its step, how many pixels. */
#define EACH_WIDTH(X, form, kw, step)                                          \
  X (form, kw, step, 8)                                                        \
  X (form, kw, step, 7)                                                        \
  X (form, kw, step, 4)                                                        \
  X (form, kw, step, 2)
#define EACH_WINDOW(X, form)                                                   \
  EACH_WIDTH (X, form, 3, 1)                                                   \
  EACH_WIDTH (X, form, 3, 2)                                                   \
  EACH_WIDTH (X, form, 5, 1)                                                   \
  EACH_WIDTH (X, form, 5, 2)
/* Sums of two lines and weights take more than sixteen registers. */
#if IR_LANES > 8
#define EACH_STRIP(X) EACH_WINDOW (X, one) EACH_WINDOW (X, two)
#else
#define EACH_STRIP(X) EACH_WINDOW (X, one)
#endif
enum {
  one,
  two
};
#define STRIP_KEY(form, kw, step, pixels)                                      \
  ((form) << 8 | (kw) << 5 | (step) << 4 | (pixels))

#define LANES 8
#include "dwconv_lanes.h"
#if IR_LANES > 8
#define LANES 16
#include "dwconv_lanes.h"
#endif

/* Channels from @c up to @end of a pixel. */
static void
make_pixel (const Lines *l, int y, int x, int c, int end)
{
#if IR_LANES > 8
  for (; c + 16 <= end; c += 16)
    pixel_16 (l, y, x, c);
#endif
  for (; c < end; c += 8)
    pixel_8 (l, y, x, c);
}

/* --- windows that share columns ---------------------------------------------- */

/* Pixels from line @y and @x on; two lines are those that share rows. */
static void
make_strip (const Lines *l, int form, int y, int x, int pixels, int c, int end)
{
  const int border = l->kernel_w / 2, left = x * l->stride_w - l->pad;
  const int columns = (pixels - 1) * l->stride_w + l->kernel_w;
  const size_t line = l->out_w * l->out_pitch;
  const Place p = { .rows = l->rows + y * l->kernel_h,
    .below = l->rows + (y + l->dilation_h) * l->kernel_h,
    .from = left * (ptrdiff_t) l->in_pitch,
    .pitch = l->dilation_w * (ptrdiff_t) l->in_pitch,
    .first = columns_before (left, l->dilation_w),
    .end = columns_before (left - l->in_w, l->dilation_w),
    .to = y * line + x * l->out_pitch,
    .to_pitch = l->dilation_w * l->out_pitch,
    .to_next = l->dilation_h * line,
    .key = STRIP_KEY (form, l->kernel_w, l->stride_w, pixels) };

  if (pixels == 1 || p.first > border || p.end < columns - border) {
    for (int i = 0; i < pixels; i++, x += l->dilation_w) {
      make_pixel (l, y, x, c, end);
      if (form == two)
        make_pixel (l, y + l->dilation_h, x, c, end);
    }
    return;
  }
#if IR_LANES > 8
  strip_16 (l, &p, c, end);
  c += (end - c) / 16 * 16;
#endif
  strip_8 (l, &p, c, end);
}

static void
make_strips (const Lines *l, int form, int y, int c, int end)
{
  for (int phase = 0; phase < l->dilation_w; phase++) {
    const int width = (l->out_w - phase + l->dilation_w - 1) / l->dilation_w;
    const int pixels = strip_pixels (width);

    for (int i = 0; i < width; i += pixels)
      make_strip (l, form, y,
          phase + (i + pixels > width ? width - pixels : i) * l->dilation_w,
          pixels, c, end);
  }
}

/* Lines that share rows lie dilation_h apart. */
static void
make_shared (const Lines *l, int c, int end)
{
  const int apart = l->dilation_h;
  const int pairs =
      IR_LANES > 8 && l->kernel_h == l->kernel_w && l->stride_h == l->stride_w;

  for (int y = 0; y < l->lines; y++) {
    const int second = y / apart % 2;

    if (!pairs || (!second && y + apart >= l->lines))
      make_strips (l, one, y, c, end);
    else if (!second)
      make_strips (l, two, y, c, end);
  }
}

/* --- any window ------------------------------------------------------------ */

static void
make_line (const Lines *l, int y, int c, int end)
{
#if IR_LANES > 8
  for (; c + 32 <= end; c += 32)
    pair_16 (l, y, c);
#endif
  for (; c + 16 <= end; c += 16)
    pair_8 (l, y, c);
  for (int x = 0; x < l->out_w; x++)
    make_pixel (l, y, x, c, end);
}

static void
lines (const Lines *l)
{
  const int shared = (l->kernel_w == 3 || l->kernel_w == 5) &&
      shares_columns (l->stride_w, l->dilation_w);

  for (int c = 0; c < l->channels; c += l->block) {
    const int end = c + l->block < l->channels ? c + l->block : l->channels;

    if (shared)
      make_shared (l, c, end);
    else
      for (int y = 0; y < l->lines; y++)
        make_line (l, y, c, end);
  }
}
