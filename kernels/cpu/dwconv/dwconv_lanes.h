/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per width of a vector, with LANES floats in it. */
#define VEC IR_PASTE (vec, LANES)
#define FN(name) IR_PASTE (name, LANES)
#define LOAD(p) FN (load) (p)
#define READ(p) FN (read) (p)
#define WRITE(to, at, v) FN (write) (to, at, v)
#define SPREAD(x) FN (spread) (x)
#define MAD(x, y, sum) FN (mad) (x, y, sum)
#define MIN(x, y) FN (min) (x, y)
#define MAX(x, y) FN (max) (x, y)

/* The sum is the second operand, so that NaN stays. */
static inline VEC
FN (clamp) (const Lines *l, VEC sum)
{
  return MIN (SPREAD (l->high), MAX (SPREAD (l->low), sum));
}

/* --- any window ------------------------------------------------------------ */

static inline void
FN (pixel) (const Lines *l, int y, int x, int c)
{
  const Number *const *rows = l->rows + y * l->kernel_h;
  const ptrdiff_t left = x * l->stride_w - l->pad;
  const ptrdiff_t next = l->dilation_w * (ptrdiff_t) l->in_pitch;
  const int first = columns_before (left, l->dilation_w);
  const int end = columns_before (left - l->in_w, l->dilation_w);
  VEC sum = LOAD (l->bias + c);

  for (int ky = 0; ky < l->kernel_h; ky++) {
    const float *w = l->weights + ky * l->kernel_w * l->channels + c;

    for (int kx = first; rows[ky] && kx < end && kx < l->kernel_w; kx++)
      sum = MAD (LOAD (w + kx * l->channels),
          READ (rows[ky] + left * (ptrdiff_t) l->in_pitch + c + kx * next),
          sum);
  }
  WRITE (
      target (l), (y * l->out_w + x) * l->out_pitch + c, FN (clamp) (l, sum));
}

/* Four pixels of two vectors whose taps lie inside: a cache line is used whole. */
static ALWAYS_INLINE void
FN (four) (const Lines *l, int y, int x, int c)
{
  const Number *const *rows = l->rows + y * l->kernel_h;
  const size_t step = l->stride_w * l->in_pitch;
  const size_t next = l->dilation_w * l->in_pitch;
  const size_t from = (x * l->stride_w - l->pad) * l->in_pitch + c;
  const float *w = l->weights + c;
  const size_t to = (y * l->out_w + x) * l->out_pitch + c;
  const VEC low = SPREAD (l->low), high = SPREAD (l->high);
  const VEC bias[] = { LOAD (l->bias + c), LOAD (l->bias + c + LANES) };
  VEC sums[4][2];

  for (int i = 0; i < 8; i++)
    sums[i / 2][i % 2] = bias[i % 2];
  for (int ky = 0; ky < l->kernel_h; ky++) {
    const Number *p = rows[ky];

    if (!p) {
      w += l->kernel_w * l->channels;
      continue;
    }
    p += from;
    for (int kx = 0; kx < l->kernel_w; kx++, w += l->channels, p += next) {
      const VEC w0 = LOAD (w), w1 = LOAD (w + LANES);

      for (int i = 0; i < 4; i++) {
        sums[i][0] = MAD (w0, READ (p + i * step), sums[i][0]);
        sums[i][1] = MAD (w1, READ (p + i * step + LANES), sums[i][1]);
      }
    }
  }
  for (int i = 0; i < 8; i++)
    WRITE (target (l), to + i / 2 * l->out_pitch + i % 2 * LANES,
        MIN (high, MAX (low, sums[i / 2][i % 2])));
}

/* A line of two vectors of channels. */
static void
FN (pair) (const Lines *l, int y, int c)
{
  int first, end, x;

  find_inside (l, &first, &end);
  for (x = 0; x < first; x++) {
    FN (pixel) (l, y, x, c);
    FN (pixel) (l, y, x, c + LANES);
  }
  for (; x + 4 <= end; x += 4)
    FN (four) (l, y, x, c);
  for (; x < l->out_w; x++) {
    FN (pixel) (l, y, x, c);
    FN (pixel) (l, y, x, c + LANES);
  }
}

/* --- windows that share columns --------------------------------------------- */

/* Weights of a row of the window. */
static ALWAYS_INLINE void
FN (take) (const Lines *l, int ky, int c, int kw, VEC *weights)
{
  const float *from = l->weights + ky * kw * l->channels + c;

#pragma GCC unroll 32
  for (int kx = 0; kx < kw; kx++)
    weights[kx] = LOAD (from + kx * l->channels);
}

/* Adds what @from, a row that the source has, gives to lines @first and up to @end;
 * from @weights[@row] on are those for line 0, before them those for the next one. */
static ALWAYS_INLINE void
FN (feed) (const Place *p, const Number *from, const VEC *weights, int row,
    int kw, int step, int pixels, int first, int end, VEC (*sums)[MAX_STRIP])
{
  const int columns = (pixels - 1) * step + kw;
  const ptrdiff_t pitch = p->pitch;

#pragma GCC unroll 32
  for (int i = 0; i < columns; i++, from += pitch) {
    VEC v;

    if ((i < kw / 2 && i < p->first) || (i >= columns - kw / 2 && i >= p->end))
      continue;
    v = READ (from);
    IN_REGISTER (v);
#pragma GCC unroll 32
    for (int line = first; line < end; line++)
#pragma GCC unroll 32
      for (int kx = i % step; kx < kw && kx <= i; kx += step) {
        const int o = (i - kx) / step;

        if (i - kx < pixels * step)
          sums[line][o] =
              MAD (weights[row + kx - line * step * kw], v, sums[line][o]);
      }
  }
}

static ALWAYS_INLINE void
FN (finish) (const Lines *l, const Place *p, int c, int lines, int pixels,
    VEC (*sums)[MAX_STRIP])
{
  const VEC low = SPREAD (l->low), high = SPREAD (l->high);
  const Target to = target (l);
  const size_t pitch = p->to_pitch, below = p->to + c + p->to_next;
  size_t at = p->to + c;

  if (l->high < INFINITY) {
#pragma GCC unroll 32
    for (int line = 0; line < lines; line++)
#pragma GCC unroll 32
      for (int o = 0; o < pixels; o++)
        sums[line][o] = MIN (high, sums[line][o]);
  }
#pragma GCC unroll 32
  for (int line = 0; line < lines; line++, at = below)
#pragma GCC unroll 32
    for (int o = 0; o < pixels; o++, at += pitch)
      WRITE (to, at, MAX (low, sums[line][o]));
}

static ALWAYS_INLINE void
FN (start) (
    const Lines *l, int c, int lines, int pixels, VEC (*sums)[MAX_STRIP])
{
#pragma GCC unroll 32
  for (int line = 0; line < lines; line++)
#pragma GCC unroll 32
    for (int o = 0; o < pixels; o++)
      sums[line][o] = LOAD (l->bias + c);
}

/* A strip of one line. */
static ALWAYS_INLINE void
FN (one) (const Lines *l, const Place *p, int c, int kw, int step, int pixels)
{
  VEC sums[1][MAX_STRIP], w[MAX_SHARED];

  FN (start) (l, c, 1, pixels, sums);
  for (int ky = 0; ky < l->kernel_h; ky++) {
    const Number *row = p->rows[ky];

    if (!row)
      continue;
    FN (take) (l, ky, c, kw, w);
    FN (feed) (p, row + p->from + c, w, 0, kw, step, pixels, 0, 1, sums);
  }
  FN (finish) (l, p, c, 1, pixels, sums);
}

/* Of two lines that share rows: those are read once. The window is square. */
static ALWAYS_INLINE void
FN (two) (const Lines *l, const Place *p, int c, int kw, int step, int pixels)
{
  VEC sums[2][MAX_STRIP], w[MAX_SHARED * MAX_SHARED];

  FN (start) (l, c, 2, pixels, sums);
#pragma GCC unroll 32
  for (int j = 0; j < kw + step; j++) {
    const Number *row = j < kw ? p->rows[j] : p->below[j - step];
    const int first = j >= kw, end = j >= step ? 2 : 1;

    if (j < kw)
      FN (take) (l, j, c, kw, w + j * kw);
    if (!row)
      continue;
    row += p->from + c;
    FN (feed) (p, row, w, j * kw, kw, step, pixels, first, end, sums);
  }
  FN (finish) (l, p, c, 2, pixels, sums);
}

#define STRIPS(form, kw, step, pixels)                                         \
  static void FN (form##_##kw##_##step##_##pixels) (                           \
      const Lines *l, const Place *p, int c, int end)                          \
  {                                                                            \
    for (; c + LANES <= end; c += LANES)                                       \
      FN (form) (l, p, c, kw, step, pixels);                                   \
  }
EACH_STRIP (STRIPS)
#undef STRIPS

static void
FN (strip) (const Lines *l, const Place *p, int c, int end)
{
#define CASE(form, kw, step, pixels)                                           \
  case STRIP_KEY (form, kw, step, pixels):                                     \
    FN (form##_##kw##_##step##_##pixels) (l, p, c, end);                       \
    break;
  switch (p->key) {
    EACH_STRIP (CASE)
  }
#undef CASE
}

#undef VEC
#undef FN
#undef LOAD
#undef READ
#undef WRITE
#undef SPREAD
#undef MAD
#undef MIN
#undef MAX
#undef LANES
