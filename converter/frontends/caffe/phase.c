/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which layers are there in the net that is deployed, and what they are for. */
#include "reader.h"

#include <string.h>

/* --- rules ---------------------------------------------------------------------- */

static gboolean
has_stage (const Caffe__NetState *state, const char *stage)
{
  for (gsize i = 0; state != NULL && i < state->n_stage; i++) {
    if (strcmp (state->stage[i], stage) == 0)
      return TRUE;
  }
  return FALSE;
}

/* The phase is always that of tests; level and stages are the net's own. */
static gboolean
is_met (const Caffe__NetStateRule *rule, const Caffe__NetState *state)
{
  gint32 level = state != NULL && state->has_level ? state->level : 0;

  if ((rule->has_phase && rule->phase != CAFFE__PHASE__TEST) ||
      (rule->has_min_level && level < rule->min_level) ||
      (rule->has_max_level && level > rule->max_level))
    return FALSE;
  for (gsize i = 0; i < rule->n_stage; i++) {
    if (!has_stage (state, rule->stage[i]))
      return FALSE;
  }
  for (gsize i = 0; i < rule->n_not_stage; i++) {
    if (has_stage (state, rule->not_stage[i]))
      return FALSE;
  }
  return TRUE;
}

static gboolean
any_is_met (
    Caffe__NetStateRule *const *rules, gsize n, const Caffe__NetState *state)
{
  for (gsize i = 0; i < n; i++) {
    if (is_met (rules[i], state))
      return TRUE;
  }
  return FALSE;
}

gboolean
caffe_layer_is_in (const CaffeLayer *layer, const CaffeNet *net)
{
  if (layer->is_for_training)
    return FALSE;
  if (layer->n_include > 0)
    return any_is_met (layer->include, layer->n_include, net->state);
  return !any_is_met (layer->exclude, layer->n_exclude, net->state);
}

/* --- roles ---------------------------------------------------------------------- */

static const struct {
  const char *type;
  CaffeRole role;
} roles[] = {
  { "Input", CAFFE_ROLE_INPUT },
  { "GlobalInput", CAFFE_ROLE_INPUT },
  { "AnnotatedData", CAFFE_ROLE_DATA },
  { "Data", CAFFE_ROLE_DATA },
  { "DummyData", CAFFE_ROLE_DATA },
  { "HDF5Data", CAFFE_ROLE_DATA },
  { "ImageData", CAFFE_ROLE_DATA },
  { "MemoryData", CAFFE_ROLE_DATA },
  { "VideoData", CAFFE_ROLE_DATA },
  { "WindowData", CAFFE_ROLE_DATA },
  { "Accuracy", CAFFE_ROLE_END },
  { "DetectionEvaluate", CAFFE_ROLE_END },
  { "HDF5Output", CAFFE_ROLE_END },
  { "Silence", CAFFE_ROLE_END },
  { "SoftmaxWithLoss", CAFFE_ROLE_END },
};

CaffeRole
caffe_layer_role (const CaffeLayer *layer)
{
  for (gsize i = 0; i < G_N_ELEMENTS (roles); i++) {
    if (strcmp (roles[i].type, layer->type) == 0)
      return roles[i].role;
  }
  return g_str_has_suffix (layer->type, "Loss") ? CAFFE_ROLE_END
                                                : CAFFE_ROLE_LAYER;
}
