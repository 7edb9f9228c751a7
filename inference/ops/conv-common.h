/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CONV_COMMON_H
#define IR_CONV_COMMON_H

#include <ir/conv.h>

#include "typed.h"

G_BEGIN_DECLS

extern const IrAttrDesc ir_conv_attrs[];
extern const IrAttrDesc ir_conv_backprop_attrs[];

/* The ranks that data of a convolution or pooling can have. */
#define IR_CONV_RANKS (1 << 3 | 1 << 4 | 1 << 5)

/* Channels of a convolution's weights: [groups,] output, input per group. */
typedef struct {
  gboolean grouped;
  gboolean backprop;
} IrConvKind;

/* The product of two sizes, unknown if one of them is. */
gboolean ir_conv_product (gint64 a, gint64 b, gint64 *product, GError **error);

/* What infer of the four convolutions has in common: checks types, ranks and
 * channels of inputs 0 and 1 and sets @out to batch, channels and unknown
 * spatial sizes. @kernel (out) gets the weights' spatial sizes. @rank is that of
 * the data, IR_RANK_UNKNOWN if neither input tells it. */
gboolean ir_conv_infer_channels (IrInferCtx *ctx, IrConvKind kind, gint *rank,
    IrShape *out, gint64 *kernel, GError **error);

/* Puts @sizes into the spatial dimensions of @shape. */
void ir_conv_set_spatial (IrShape *shape, const gint64 *sizes);

/* The same geometry in three dimensions, the outer ones being 1. */
IrConvGeometry ir_conv_3d (const IrConvGeometry *geometry);

/* The window's elements [first, end) that lie inside the input along spatial
 * dimension @i for the output @out. */
void ir_conv_window (const IrConvGeometry *geometry, guint i, gint64 out,
    gint64 *first, gint64 *end);

/* The window's elements [first, end) that do so for some output. */
void ir_conv_useful (
    const IrConvGeometry *geometry, guint i, gint64 *first, gint64 *end);

/* The outputs [first, end) for which element @k of the window lies inside the
 * input along spatial dimension @i. */
void ir_conv_tap (const IrConvGeometry *geometry, guint i, gint64 k,
    gint64 *first, gint64 *end);

G_END_DECLS

#endif
