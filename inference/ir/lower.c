/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Version 10 knows the opsets up to 7: later forms of ops become earlier ones where
 * these do the same.
 */
#include "lower.h"

#include <ir/attrs.h>

#include <string.h>

static gboolean
fail (const IrNode *node, GError **error, const char *why)
{
  return ir_fail (error, IR_ERROR_UNSUPPORTED,
      "'%s' (%s-%u): IR versions up to 10 cannot hold it: %s; write version "
      "11, or "
      "cut "
      "the model before it with --output",
      node->name, node->op->type, node->op->opset, why);
}

/* --- forms that take more than other attributes ----------------------------- */

/* Edits @now, the earlier form of @was, or says what is in the way. */
typedef gboolean (*Adapt) (const IrNode *was, IrNode *now, GError **error);

static gboolean
positive_axis (const IrNode *was, IrNode *now, GError **error)
{
  IrAxisAttrs *attrs = now->attrs;

  if (attrs->axis < 0)
    attrs->axis += ir_node_input (was, 0)->shape.rank;
  return TRUE;
}

static gboolean
no_dilations (const IrNode *was, IrNode *now, GError **error)
{
  const IrPoolAttrs *attrs = was->attrs;

  for (gsize i = 0; i < attrs->dilations.n; i++)
    if (attrs->dilations.v[i] != 1)
      return fail (was, error, "its windows have dilations");
  return TRUE;
}

/* Constants must not be negative; what is computed is taken to be right. */
static gboolean
no_negatives (const IrNode *was, guint first, guint end, GError **error)
{
  for (guint i = first; i < end; i++) {
    const IrTensor *value = ir_port_const (was->inputs[i]);

    for (guint64 e = 0; value && e < ir_tensor_count (value); e++)
      if (ir_tensor_get_i64 (value, e) < 0)
        return fail (was, error, "negative numbers came later");
  }
  return TRUE;
}

static gboolean
positive_indices (const IrNode *was, IrNode *now, GError **error)
{
  return no_negatives (was, 1, 2, error);
}

static gboolean
positive_pads (const IrNode *was, IrNode *now, GError **error)
{
  return no_negatives (was, 1, 3, error);
}

static gboolean
count_classes (const IrNode *was, IrNode *now, GError **error)
{
  const gint64 scores = ir_node_input (was, 1)->shape.dim[1];
  const gint64 numbers = ir_node_input (was, 2)->shape.dim[2];
  gint64 size = 5;

  for (const IrAttrDesc *attr = was->op->attrs; attr->name; attr++)
    if (strcmp (attr->name, "normalized") == 0 &&
        *(gboolean *) ((guint8 *) was->attrs + attr->offset))
      size = 4;
  return ir_node_set_i64 (
      now, "num_classes", scores / MAX (numbers / size, 1), error);
}

/* Both sizes and scales are inputs of the earlier form. */
static gboolean
sizes_and_scales (const IrNode *was, IrNode *now, GError **error)
{
  const IrInterpolateAttrs *attrs = now->attrs;
  const IrShape *out = &was->outputs[0].shape;
  const gboolean by_scales = attrs->shape_calculation_mode != 0;
  const IrShape *given = &ir_node_input (was, 1)->shape;
  float ones[IR_MAX_RANK] = { 1, 1, 1, 1, 1, 1, 1, 1 };
  const gsize n =
      (gsize) CLAMP (given->rank == 1 ? given->dim[0] : 0, 0, IR_MAX_RANK);
  g_autoptr (IrTensor) unused =
      by_scales ? ir_tensor_new_i64 (out->dim, n) : ir_tensor_new_f32 (ones, n);
  g_autofree char *name = g_strconcat (was->name, "/unused", NULL);
  IrNode *constant = ir_graph_add_const (now->graph, name, unused);
  const IrPort axes = was->n_inputs > 2 ? was->inputs[2] : was->inputs[1];

  ir_graph_move_before (now->graph, constant, now);
  ir_node_remove_inputs (now, 1);
  ir_node_append_input (
      now, by_scales ? ir_port (constant, 0) : was->inputs[1]);
  ir_node_append_input (
      now, by_scales ? was->inputs[1] : ir_port (constant, 0));
  if (was->n_inputs > 2)
    ir_node_append_input (now, axes);
  return TRUE;
}

/* --- Slice ------------------------------------------------------------------- */

typedef struct {
  gint64 begin[IR_MAX_RANK];
  gint64 end[IR_MAX_RANK];
  gint64 step[IR_MAX_RANK];
  gint64 ignored[IR_MAX_RANK];
} Ranges;

static gboolean
read_ranges (const IrNode *was, gint rank, Ranges *ranges, GError **error)
{
  gint64 values[4][IR_MAX_RANK] = { { 0 } };
  gsize n[4] = { 0 };

  for (gint d = 0; d < rank; d++) {
    ranges->begin[d] = ranges->end[d] = 0;
    ranges->step[d] = ranges->ignored[d] = 1;
  }
  for (guint i = 1; i < was->n_inputs; i++) {
    const IrTensor *value = ir_port_const (was->inputs[i]);

    if (!value)
      return fail (was, error, "what it takes is computed");
    if (!ir_tensor_read_i64 (
            value, values[i - 1], IR_MAX_RANK, &n[i - 1], error))
      return FALSE;
  }
  for (gsize i = 0; i < n[0]; i++) {
    gint64 axis = n[3] > 0 ? values[3][i] : (gint64) i;

    axis += axis < 0 ? rank : 0;
    ranges->begin[axis] = values[0][i];
    ranges->end[axis] = values[1][i];
    ranges->step[axis] = values[2][i];
    ranges->ignored[axis] = 0;
  }
  return TRUE;
}

static IrPort
add_list (const IrNode *was, IrNode *now, const char *what,
    const gint64 *values, gsize n)
{
  g_autofree char *name = g_strconcat (was->name, "/", what, NULL);
  IrNode *constant = ir_graph_add_const_i64 (now->graph, name, values, n);

  ir_graph_move_before (now->graph, constant, now);
  return ir_port (constant, 0);
}

static gboolean
slice_by_strides (const IrNode *was, IrNode *now, GError **error)
{
  const gint rank = ir_node_input (was, 0)->shape.rank;
  const gsize n = (gsize) MAX (rank, 0);
  IrStridedSliceAttrs *attrs = now->attrs;
  Ranges ranges;

  if (!read_ranges (was, rank, &ranges, error))
    return FALSE;
  ir_node_remove_inputs (now, 1);
  ir_node_append_input (now, add_list (was, now, "begin", ranges.begin, n));
  ir_node_append_input (now, add_list (was, now, "end", ranges.end, n));
  ir_node_append_input (now, add_list (was, now, "step", ranges.step, n));
  attrs->begin_mask = ir_graph_i64s (now->graph, ranges.ignored, n);
  attrs->end_mask = attrs->begin_mask;
  return TRUE;
}

/* --- the table ----------------------------------------------------------------- */

/* Forms of opset @from become @to of opset @opset. Attributes that the earlier form
 * does not have must have their defaults, those in @dropped excepted. */
static const struct {
  const char *type;
  guint from;
  const char *to;
  guint opset;
  const char *dropped;
  Adapt adapt;
} rules[] = {
  { "AvgPool", 14, "AvgPool", 1, "", NULL },
  { "DeformableConvolution", 8, "DeformableConvolution", 1, "", NULL },
  { "DetectionOutput", 8, "DetectionOutput", 1, "", count_classes },
  { "Gather", 8, "Gather", 7, "", positive_indices },
  { "Interpolate", 11, "Interpolate", 4, "", sizes_and_scales },
  { "MaxPool", 8, "MaxPool", 1, "dilations axis index_element_type",
      no_dilations },
  { "MaxPool", 14, "MaxPool", 1, "dilations axis index_element_type",
      no_dilations },
  { "Pad", 12, "Pad", 1, "", positive_pads },
  { "PriorBox", 8, "PriorBox", 1, "", NULL },
  { "ROIAlign", 9, "ROIAlign", 3, "", NULL },
  { "ScatterElementsUpdate", 12, "ScatterElementsUpdate", 3, "", NULL },
  { "ScatterNDUpdate", 15, "ScatterNDUpdate", 4, "", NULL },
  { "Slice", 8, "StridedSlice", 1, "", slice_by_strides },
  { "SoftMax", 8, "SoftMax", 1, "", positive_axis },
  { "Squeeze", 15, "Squeeze", 1, "", NULL },
  { "TopK", 11, "TopK", 3, "", NULL },
};

static const IrAttrDesc *
find_attr (const IrOpDesc *op, const char *name)
{
  for (const IrAttrDesc *attr = op->attrs; attr && attr->name; attr++)
    if (strcmp (attr->name, name) == 0)
      return attr;
  return NULL;
}

static gboolean
is_default (const IrAttrDesc *attr, const IrNode *node)
{
  g_autofree char *text = ir_attr_to_string (attr, node->attrs);

  return attr->def && strcmp (text, attr->def) == 0;
}

static gboolean
copy_attrs (const IrNode *was, IrNode *now, const char *dropped, GError **error)
{
  for (const IrAttrDesc *attr = was->op->attrs; attr && attr->name; attr++) {
    const IrAttrDesc *same = find_attr (now->op, attr->name);
    g_autofree char *text = ir_attr_to_string (attr, was->attrs);
    g_autofree char *why =
        g_strdup_printf ("%s=\"%s\" came later", attr->name, text);

    if (same ? !ir_attr_parse (now->graph, same, text, now->attrs, NULL)
             : !strstr (dropped, attr->name) && !is_default (attr, was))
      return fail (was, error, why);
  }
  return TRUE;
}

static gboolean
check_ports (const IrNode *was, const IrOpDesc *op, GError **error)
{
  if (was->n_inputs > op->max_inputs && strcmp (was->op->type, op->type) == 0)
    return fail (was, error, "its last inputs came later");
  for (gsize i = op->n_outputs; i < was->n_outputs; i++)
    if (was->outputs[i].uses->len > 0)
      return fail (was, error, "its last outputs came later");
  return TRUE;
}

/* A form that gives something else is a wrong row of the table. */
static gboolean
check_same (const IrNode *was, IrNode *now, GError **error)
{
  if (!ir_node_infer (now, error))
    return FALSE;
  for (gsize i = 0; i < now->n_outputs; i++)
    if (now->outputs[i].dtype != was->outputs[i].dtype ||
        !ir_shape_equal (&now->outputs[i].shape, &was->outputs[i].shape))
      return fail (was, error, "the earlier form gives another shape");
  return TRUE;
}

static gboolean
lower_node (IrNode *was, gsize rule, GError **error)
{
  IrGraph *graph = was->graph;
  const IrOpDesc *op = ir_op_lookup_number (rules[rule].to, rules[rule].opset);
  g_autofree char *name = g_strdup (was->name);
  IrNode *now;

  if (!check_ports (was, op, error))
    return FALSE;
  now = ir_graph_add (graph, op, name, was->inputs, was->n_inputs, 0);
  ir_graph_move_before (graph, now, was);
  if (!copy_attrs (was, now, rules[rule].dropped, error) ||
      (rules[rule].adapt && !rules[rule].adapt (was, now, error)) ||
      !check_same (was, now, error))
    return FALSE;
  now->rt_info = was->rt_info;
  for (guint i = 0; i < now->n_outputs; i++) {
    now->outputs[i].rt_info = was->outputs[i].rt_info;
    ir_graph_replace (graph, ir_port (was, i), ir_port (now, i));
  }
  ir_graph_remove (graph, was);
  ir_graph_rename (graph, now, name);
  return TRUE;
}

static gboolean
lower_or_fail (IrNode *node, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
    if (rules[i].from == node->op->opset &&
        strcmp (rules[i].type, node->op->type) == 0)
      return lower_node (node, i, error);
  return fail (node, error, "the op came later");
}

static gboolean
check_outputs (const IrNode *node, GError **error)
{
  char text[IR_SHAPE_TEXT];

  for (gsize i = 0; i < node->n_outputs; i++) {
    const IrOutput *output = &node->outputs[i];

    if (!ir_shape_is_static (&output->shape))
      return ir_fail (error, IR_ERROR_UNSUPPORTED,
          "'%s' (%s-%u) has the shape %s: IR versions up to 10 hold known "
          "sizes "
          "only; "
          "give them with --input_shape, or write version 11",
          node->name, node->op->type, node->op->opset,
          ir_shape_print (&output->shape, text));
    if (ir_dtype_bits (output->dtype) == 4)
      return fail (node, error, "numbers of 4 bits are in another order there");
  }
  return TRUE;
}

static gboolean
lower_graph (IrGraph *graph, GError **error)
{
  for (IrNode *node = graph->first, *next; node; node = next) {
    next = node->next;
    for (gsize b = 0; b < node->n_bodies; b++)
      if (!lower_graph (node->bodies[b], error))
        return FALSE;
    if (!check_outputs (node, error))
      return FALSE;
    if (node->op->opset > IR_V10_OPSET && !lower_or_fail (node, error))
      return FALSE;
  }
  return TRUE;
}

IrGraph *
ir_lower_to_10 (const IrGraph *graph, GError **error)
{
  g_autoptr (IrGraph) copy = ir_graph_clone (graph);

  if (!ir_graph_infer (copy, error) || !lower_graph (copy, error) ||
      !ir_graph_infer (copy, error))
    return NULL;
  return g_steal_pointer (&copy);
}
