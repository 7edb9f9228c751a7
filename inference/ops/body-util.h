/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_BODY_UTIL_H
#define IR_BODY_UTIL_H

#include <ir/body.h>

#include "op-util.h"

G_BEGIN_DECLS

/* A row for a list of records, which the IR keeps outside of <data>. */
#define IR_ATTR_RECORDS(S, field)                                              \
  {                                                                            \
#field, IR_ATTR_I64S, G_STRUCT_OFFSET(S, field), "", NULL,                 \
        IR_ATTR_STRUCTURAL                                                     \
  }
/* The same for the position of a Parameter or Result, -1 for none. */
#define IR_ATTR_POSITION(S, field)                                             \
  {                                                                            \
#field, IR_ATTR_I64, G_STRUCT_OFFSET(S, field), "-1", NULL,                \
        IR_ATTR_STRUCTURAL                                                     \
  }

/* Type and shape of a Parameter or Result. */
typedef struct {
  IrDType dtype;
  IrShape shape;
} IrBodyValue;

/* What the Results of body @b are when its Parameters are @parameters. */
gboolean ir_body_infer (const IrInferCtx *ctx, guint b,
    const IrBodyValue *parameters, IrBodyValue *results, GError **error);

/* Brings body @b up to date with @parameters if the context is an inference of
 * the graph itself. Otherwise bodies are left alone: a graph may be evaluated in
 * several threads. */
gboolean ir_body_adopt (const IrInferCtx *ctx, guint b,
    const IrBodyValue *parameters, GError **error);

/* Makes @into vague where @other differs. Fails for different types. */
gboolean ir_body_value_join (
    IrBodyValue *into, const IrBodyValue *other, GError **error);

/* Hands over @tensor as output @index. */
gboolean ir_body_give (
    IrEvalCtx *ctx, gint64 index, IrTensor *tensor, GError **error);

/* Checks that an input has one element, if that is known. */
gboolean ir_body_check_single (
    const IrInferCtx *ctx, guint index, const char *what, GError **error);

/* TensorIterator and Loop: what they have in common. With @n_iterations, -1 for
 * unknown, as trip count and the sliced inputs say. */
gboolean ir_loop_infer (
    IrInferCtx *ctx, gboolean is_loop, gint64 n_iterations, GError **error);
gboolean ir_loop_evaluate (
    IrEvalCtx *ctx, gint64 max_iterations, gboolean go_on, GError **error);

/* --- slices --------------------------------------------------------------- */

/* Number of slices along a dimension of @dim elements. */
gboolean ir_slice_count (
    const IrBodyMap *map, gint64 dim, gint64 *n, GError **error);
/* Slice @index of @n of a tensor. */
IrTensor *ir_slice_take (
    const IrBodyMap *map, const IrTensor *tensor, gint64 index, GError **error);
/* The tensors one after another along the map's axis, backwards for a negative
 * stride. There is at least one. */
IrTensor *ir_slice_join (
    const IrBodyMap *map, const GPtrArray *slices, GError **error);

G_END_DECLS

#endif
