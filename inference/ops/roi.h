/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ROI_H
#define IR_ROI_H

#include "typed.h"

#include <ir/sampling.h>

G_BEGIN_DECLS

/*
 * What the ops on regions of interest and the ops that refine boxes have in common;
 * those that choose among boxes also have suppress.h.
 */

/* --- infer ---------------------------------------------------------------- */

/* Checks that attribute @name lies in [low, high]. */
gboolean ir_roi_check_attr (
    const char *name, gint64 value, gint64 low, gint64 high, GError **error);

/* Checks that inputs @first to @end - 1 are of one float type, @dtype (out). */
gboolean ir_roi_check_floats (
    IrInferCtx *ctx, guint first, guint end, IrDType *dtype, GError **error);

/* Checks that input @index has rank @rank; @what names it. */
gboolean ir_roi_check_rank (
    IrInferCtx *ctx, guint index, gint rank, const char *what, GError **error);

/* Dimension @d of input @index, unknown if the rank is. */
gint64 ir_roi_dim (const IrInferCtx *ctx, guint index, guint d);

/* Checks that dimension @d of input @index can be @want; unknown passes. */
gboolean ir_roi_check_dim (IrInferCtx *ctx, guint index, guint d, gint64 want,
    const char *what, GError **error);

/* The most bins that a region is divided into along one axis. */
#define IR_ROI_BINS 65536
/* The most samples per bin along one axis. */
#define IR_ROI_SAMPLES 4096

/* --- regions -------------------------------------------------------------- */

/* The feature maps of one image, channel by channel. */
typedef struct {
  const float *data;
  gint64 channels;
  gint64 height;
  gint64 width;
} IrMaps;

/* The maps of image @batch of input 0. */
IrMaps ir_roi_maps (const IrEvalCtx *ctx, gint64 batch);

/* Turns a region's image number into an index; a failure if there is no such
 * image. @region is for the message. */
gboolean ir_roi_batch (double number, gint64 n_batches, gint64 region,
    gint64 *batch, GError **error);

/* The regions of input @index before the first one for image -1, which ends the
 * list. */
gint64 ir_roi_count (const IrEvalCtx *ctx, guint index);

/* Checks the image numbers of the first @n of them. */
gboolean ir_roi_check_batches (
    const IrEvalCtx *ctx, guint index, gint64 n, GError **error);

/* @value as an integer, within +-2^30; 0 for NaN. */
gint64 ir_roi_whole (double value);

/* --- sampling ------------------------------------------------------------- */

/* `evaluate` of ops that have `sampling`. */
gboolean ir_eval_sampling (IrEvalCtx *ctx, GError **error);

/* Planes of the same size, @step floats apart. */
typedef struct {
  const float *data;
  gint64 n;
  gint64 step;
} IrChannels;

/* What the samples are of each channel, @step floats apart in @to, which stays as it is
 * if there are no points. */
void ir_sample_channels (const IrSampling *sampling, const IrSamples *samples,
    const IrChannels *channels, float *to, gint64 step);

/* Computes piece @i; FALSE if there is no memory. */
typedef gboolean (*IrSampleFunc) (
    gconstpointer data, gint64 i, IrSamples *samples);

/* Runs @func for all of @n pieces of the output, in parts; @own: floats that it gets with
 * the samples. */
gboolean ir_eval_samples (const IrEvalCtx *ctx, gint64 n, gsize own,
    IrSampleFunc func, gconstpointer data, GError **error);

/* The four pixels around a point inside maps of the size, and their shares. */
void ir_roi_point (float y, float x, gint64 height, gint64 width, gint64 *pixel,
    float *weight);

/* A region along one axis, in pixels of the map. */
typedef struct {
  float start;
  float length;
  gint64 bins;
} IrRoiSide;

/* The points of bin (@y, @x) of a region of maps of the size: @samples per axis, or as
 * many as a bin has pixels if 0, of four pixels each. Their average counts those beyond
 * the map as zeros, unless @max. */
gboolean ir_roi_bin (const IrRoiSide *rows, const IrRoiSide *columns, gint64 y,
    gint64 x, gint64 samples, gint64 height, gint64 width, gboolean max,
    IrSamples *to);

/* --- boxes ---------------------------------------------------------------- */

typedef struct {
  float x1, y1, x2, y2;
} IrBox;

/* How far a network may enlarge a box: the logarithm of 1000 / 16. */
#define IR_BOX_MAX_LOG 4.135166556742356f

/* @box moved by @delta (x, y in sizes of the box; logarithms of width and
 * height, at most @max_log). */
IrBox ir_box_refine (
    const IrBox *box, const float *delta, float max_log, float extra);

/* Cuts the box off at 0 and at @width and @height. */
void ir_box_clip (IrBox *box, float width, float height);

G_END_DECLS

#endif
