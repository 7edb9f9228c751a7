/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CONFIG_H
#define IR_CONFIG_H

#include "values.h"

#include <ir/convert.h>

G_BEGIN_DECLS

/* What is to be done to one input of the model. */
typedef struct {
  IrNode *parameter;
  const char *layout; /* of the model; NULL: not known */
  const char *target; /* wanted layout; NULL: the same */
  double *mean;       /* (array length=n_mean); NULL: none */
  gsize n_mean;       /* 1 or the number of channels */
  IrTensor *image;    /* of --mean_file, negated, [1,C,H,W]; NULL: none */
  double *divisor;    /* (array length=n_divisor); NULL: none */
  gsize n_divisor;
  gboolean reverse; /* the channels */
  guint channel;    /* their dimension, if one of the above needs it */
} IrInputPlan;

/* What is to be done to one output. */
typedef struct {
  IrNode *result;
  const char *layout;
  const char *target;
} IrOutputPlan;

/*
 * The options of a conversion, parsed; what passes get as their data.
 */
typedef struct {
  const IrConvertOptions *options;
  const char *model;
  const char *proto; /* the text beside a Caffe model; NULL: not given */
  char *name;        /* of the result */
  gboolean is_ir;
  gboolean fuse;      /* optimize at all */
  GPtrArray *unfused; /* GRegex: nodes to leave as they are; NULL: none */

  GPtrArray *inputs; /* IrInputSpec: --input, --input_shape, frozen values */
  char **outputs;    /* NULL: the model's own */
  gint64 batch;      /* 0: as it is */
  GPtrArray *mean;   /* IrValueGroup, or NULL */
  GPtrArray *divisors;
  double scale; /* 0: none */
  gboolean reverse_channels;
  GPtrArray *layouts; /* IrLayoutSpec, or NULL */
  gboolean static_shape;
  gboolean allow_dynamic;
  gboolean allow_unsupported;
  gboolean compress; /* weights to f16 */
  gboolean expand;   /* f16 weights to f32 */

  /* While a conversion runs: */
  IrGraph *root;
  GArray *input_plans;  /* IrInputPlan, in the order of the Parameters */
  GArray *output_plans; /* IrOutputPlan */
  IrConvertLog log;
  gpointer log_data;
} IrConvertConfig;

/* (transfer full): NULL with what is wrong with the options. */
IrConvertConfig *ir_config_new (const IrConvertOptions *options,
    IrConvertLog log, gpointer log_data, GError **error);
void ir_config_free (IrConvertConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrConvertConfig, ir_config_free)

/* Tells the user; warnings end up in the report too. */
void ir_config_log (const IrConvertConfig *config, GLogLevelFlags level,
    const char *format, ...) G_GNUC_PRINTF (3, 4);

/* FALSE for the nodes that --finegrain_fusing names. */
gboolean ir_config_may_fuse (const IrConvertConfig *config, const IrNode *node);

/*
 * Finds out which inputs and outputs of @graph the preprocessing options mean,
 * and where their channels are (plan.c).
 */
gboolean ir_config_plan (
    IrConvertConfig *config, IrGraph *graph, GError **error);

G_END_DECLS

#endif
