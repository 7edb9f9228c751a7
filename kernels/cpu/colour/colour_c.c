/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "colour_impl.h"

/* Of packed pixels: their bytes, and where R, G and B are. */
static const struct {
  uint8_t bytes, rgb[3];
} packed[IR_COLOUR_COUNT] = {
  [IR_COLOUR_BGRX] = { 4, { 2, 1, 0 } },
  [IR_COLOUR_RGBX] = { 4, { 0, 1, 2 } },
  [IR_COLOUR_BGR] = { 3, { 2, 1, 0 } },
  [IR_COLOUR_RGB] = { 3, { 0, 1, 2 } },
  [IR_COLOUR_GRAY8] = { 1, { 0, 0, 0 } },
};

static void
pixel_rgb (const IrColourRow *row, size_t x, float *rgb)
{
  const uint8_t *p = row->plane[0] + x * packed[row->format].bytes;

  for (int c = 0; c < 3; c++)
    rgb[c] = p[packed[row->format].rgb[c]];
}

static void
pixel_yuv (
    const IrColourRow *row, const IrColourMatrix *m, size_t x, float *rgb)
{
  const uint8_t *const *p = row->plane;
  const size_t block = x / 2;
  float y, u, v;

  if (row->format == IR_COLOUR_NV12) {
    y = p[0][x];
    u = p[1][2 * block];
    v = p[1][2 * block + 1];
  } else if (row->format == IR_COLOUR_I420) {
    y = p[0][x];
    u = p[1][block];
    v = p[2][block];
  } else {
    y = p[0][2 * x];
    u = p[0][4 * block + 1];
    v = p[0][4 * block + 3];
  }
  rgb[0] = clamp (m->r + m->y * y + m->rv * v, 0, 255);
  rgb[1] = clamp (m->g + m->y * y + m->gu * u + m->gv * v, 0, 255);
  rgb[2] = clamp (m->b + m->y * y + m->bu * u, 0, 255);
}

static void
pixel (const IrColourRow *row, const IrColourMatrix *m, size_t x, float *rgb)
{
  if (packed[row->format].bytes)
    pixel_rgb (row, x, rgb);
  else
    pixel_yuv (row, m, x, rgb);
}

static void
span (const IrColourRow *row, const IrColourMatrix *m, size_t first, size_t n,
    float *const *rgb)
{
  for (size_t i = 0; i < n; i++) {
    float p[3];

    pixel (row, m, first + i, p);
    for (int c = 0; c < 3; c++)
      rgb[c][i] = p[c];
  }
}

static void
pick (const IrColourRow *row, const IrColourMatrix *m, const int32_t *index,
    size_t n, float *const *rgb)
{
  for (size_t i = 0; i < n; i++) {
    float p[3];

    pixel (row, m, index[i], p);
    for (int c = 0; c < 3; c++)
      rgb[c][i] = p[c];
  }
}

static void
linear (const IrColourRow *row, const IrColourMatrix *m, const int32_t *index,
    const float *w0, const float *w1, size_t n, float *const *rgb)
{
  for (size_t i = 0; i < n; i++) {
    float a[3], b[3];

    pixel (row, m, index[i], a);
    pixel (row, m, index[i] + 1, b);
    for (int c = 0; c < 3; c++)
      rgb[c][i] = w0[i] * a[c] + w1[i] * b[c];
  }
}

static void
filter (const float *x, const int32_t *first, const float *weights, size_t taps,
    const float *base, size_t n, float *to)
{
  for (size_t i = 0; i < n; i++) {
    float sum = base ? base[i] : 0;

    for (size_t t = 0; t < taps; t++)
      sum += weights[t * n + i] * x[first[i] + t];
    to[i] = sum;
  }
}

/* Below the least normal number, adding 0.5 brings the bits to where binary16 has
 * them. */
static uint16_t
f16 (float x)
{
  const float half = 0.5f;
  uint32_t bits, magnitude, offset;
  float shifted;

  memcpy (&bits, &x, sizeof bits);
  magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) {
    magnitude = 0x7e00;
  } else if (magnitude >= 0x47800000) {
    magnitude = 0x7c00;
  } else if (magnitude < 0x38800000) {
    memcpy (&shifted, &magnitude, sizeof shifted);
    shifted += half;
    memcpy (&magnitude, &shifted, sizeof magnitude);
    memcpy (&offset, &half, sizeof offset);
    magnitude -= offset;
  } else {
    magnitude =
        (magnitude - (112u << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13;
  }
  return (uint16_t) (magnitude | (bits >> 16 & 0x8000));
}

static void
to_f16 (const float *x, size_t n, uint16_t *to)
{
  for (size_t i = 0; i < n; i++)
    to[i] = f16 (x[i]);
}

extern const IrColourKernels ir_colour_c;

const IrColourKernels ir_colour_c = {
  .name = "c",
  .span = span,
  .pick = pick,
  .linear = linear,
  .filter = filter,
  .to_f16 = to_f16,
  IR_COLOUR_PLAIN,
};
