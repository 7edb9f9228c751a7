/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipeline.h"
#include "options.h"

#include "passes/passes.h"

/* --- when a pass runs ---------------------------------------------------------- */

static gboolean
always (const IrConvertConfig *config)
{
  return TRUE;
}

/* An IR is only touched where an option asks for it. */
static gboolean
optimizing (const IrConvertConfig *config)
{
  return !config->is_ir || ir_options_flag (config->options, "optimize");
}

static gboolean
fusing (const IrConvertConfig *config)
{
  return config->fuse;
}

static gboolean
grouping (const IrConvertConfig *config)
{
  return optimizing (config) &&
      !ir_options_flag (config->options, "disable_gfusing");
}

static gboolean
moving_strides (const IrConvertConfig *config)
{
  return optimizing (config) &&
      !ir_options_flag (config->options, "disable_resnet_optimization");
}

static gboolean
joining (const IrConvertConfig *config)
{
  return optimizing (config) &&
      ir_options_flag (config->options, "enable_horizontal_fusing");
}

static gboolean
reversing (const IrConvertConfig *config)
{
  return config->reverse_channels;
}

static gboolean
making_static (const IrConvertConfig *config)
{
  return config->static_shape;
}

static gboolean
expanding (const IrConvertConfig *config)
{
  return config->expand;
}

static gboolean
compressing (const IrConvertConfig *config)
{
  return config->compress;
}

/* --- the order ------------------------------------------------------------------ */

/*
 * THE list. Each row says why the pass is where it is.
 */
static const struct {
  const IrPass *pass;
  gboolean (*when) (const IrConvertConfig *config);
} steps[] = {
  /* First, so that what it adds is optimized with the rest. */
  { &ir_pass_preprocess, always },
  /* After it: mean and scale are given in the model's own layout, so the
   * Transpose comes between the input and them. */
  { &ir_pass_layout, always },
  /* Before folding, so that what depends on sizes is folded too. */
  { &ir_pass_fold_values, making_static },
  /* The rewrites below look for Consts, not for what would give one. */
  { &ir_pass_weights, optimizing },
  /* May leave identities. */
  { &ir_pass_transposes, fusing },
  { &ir_pass_pairs, optimizing },
  /* Identities between two nodes would hide that they are neighbours. */
  { &ir_pass_nop, optimizing },
  /* Before the constants of the formulas find their way into weights. */
  { &ir_pass_activations, fusing },
  { &ir_pass_layer_norm, fusing },
  { &ir_pass_quantize_pairs, fusing },
  /* It would be between a factor and the convolution that can take it. */
  { &ir_pass_pad, fusing },
  /* Makes what the next four merge. */
  { &ir_pass_batch_norm, fusing },
  { &ir_pass_linear, fusing },
  /* Brings factors next to convolutions. */
  { &ir_pass_merge_linear, fusing },
  /* Back before forward: a factor between two convolutions goes where its own
   * output channels are; no group gets in the way there. */
  { &ir_pass_multiply_back, fusing },
  { &ir_pass_multiply_forward, fusing },
  /* Behind the merging of factors and biases, which makes more branches alike. What
   * had to stop at the Concat goes into the joint weights now. */
  { &ir_pass_group_convolutions, grouping },
  { &ir_pass_merge_linear, fusing },
  { &ir_pass_multiply_back, fusing },
  { &ir_pass_multiply_forward, fusing },
  /* What convolutions did not take. */
  { &ir_pass_quantize_before, fusing },
  { &ir_pass_quantize_after, fusing },
  /* What was between padding and convolutions may be gone. */
  { &ir_pass_pad, fusing },
  /* It moves no values, but wants few layers between convolutions. */
  { &ir_pass_strides, moving_strides },
  /* The 1x1 windows of the model itself may have lost their strides. */
  { &ir_pass_nop, optimizing },
  /* Strides decide which are alike. */
  { &ir_pass_join_convolutions, joining },
  /* After the mean has its final place: what is passed on the way to the
   * convolution is what stays. */
  { &ir_pass_reverse_channels, reversing },
  /* Constants that were made above may be equal, and old ones unused. */
  { &ir_pass_cse, optimizing },
  { &ir_pass_dce, always },
  /* Last: nothing may fold the conversions that they add or look for. */
  { &ir_pass_f32, expanding },
  { &ir_pass_f16, compressing },
  { &ir_pass_dce, always },
};

typedef struct {
  IrConvertConfig *config;
  GArray *counts;
  gboolean explain;
} Run;

static void
note (
    const IrPass *pass, const IrGraph *graph, gsize changes, gpointer user_data)
{
  Run *run = user_data;
  IrPassCount count = { pass, changes };

  g_array_append_val (run->counts, count);
  ir_config_log (run->config,
      run->explain ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_INFO,
      "%-16s %4" G_GSIZE_FORMAT " changes  %s", pass->name, changes,
      pass->summary);
}

gboolean
ir_pipeline_run (
    IrConvertConfig *config, IrGraph *graph, GArray *counts, GError **error)
{
  Run run = { config, counts, ir_options_flag (config->options, "explain") };

  config->root = graph;
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++) {
    /* Reading takes the first half of the time. */
    double fraction = 0.5 + 0.4 * (double) i / G_N_ELEMENTS (steps);

    if (!steps[i].when (config))
      continue;
    if (!ir_options_progress (
            config->options, steps[i].pass->name, fraction, error) ||
        !ir_passes_run (graph, &steps[i].pass, 1, config, note, &run, error))
      return FALSE;
  }
  return TRUE;
}
