/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect.h"

#include <stdio.h>
#include <string.h>

/* Nodes that were found to stand for each other. */
typedef struct {
  GHashTable *twin;
  GHashTable *taken;
  GPtrArray *todo;
  guint n_differences;
} Diff;

static void diff_graphs (Diff *diff, const IrGraph *a, const IrGraph *b);

static void differ (Diff *diff, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
differ (Diff *diff, const char *format, ...)
{
  va_list args;

  diff->n_differences++;
  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  printf ("\n");
}

/* Two nodes have to be twins. */
static void
pair (Diff *diff, const IrNode *a, const IrNode *b)
{
  const IrNode *twin = g_hash_table_lookup (diff->twin, a);

  if (twin == b)
    return;
  if (twin || g_hash_table_contains (diff->taken, b)) {
    differ (diff, "'%s' and '%s' are joined to other nodes", a->name, b->name);
    return;
  }
  g_hash_table_insert (diff->twin, (gpointer) a, (gpointer) b);
  g_hash_table_add (diff->taken, (gpointer) b);
  g_ptr_array_add (diff->todo, (gpointer) a);
}

static void
diff_attrs (Diff *diff, const IrNode *a, const IrNode *b)
{
  for (const IrAttrDesc *attr = a->op->attrs; attr && attr->name; attr++) {
    g_autofree char *x = ir_attr_to_string (attr, a->attrs);
    g_autofree char *y = ir_attr_to_string (attr, b->attrs);

    if (strcmp (x, y) != 0)
      differ (diff, "'%s' (%s): %s is %s, in the other %s", a->name,
          a->op->type, attr->name, x, y);
  }
}

static void
diff_outputs (Diff *diff, const IrNode *a, const IrNode *b)
{
  for (gsize i = 0; i < MIN (a->n_outputs, b->n_outputs); i++) {
    const IrOutput *x = &a->outputs[i], *y = &b->outputs[i];
    char x_text[IR_SHAPE_TEXT], y_text[IR_SHAPE_TEXT];

    if (x->dtype != y->dtype || !ir_shape_equal (&x->shape, &y->shape))
      differ (diff,
          "'%s' (%s): output %" G_GSIZE_FORMAT " is %s%s, in the other %s%s",
          a->name, a->op->type, i, ir_dtype_name (x->dtype),
          ir_shape_print (&x->shape, x_text), ir_dtype_name (y->dtype),
          ir_shape_print (&y->shape, y_text));
    else if ((a->op->flags & IR_OP_CONST) &&
        !ir_tensor_equal (x->value, y->value))
      differ (diff, "'%s' (Const): other values", a->name);
  }
}

static void
diff_nodes (Diff *diff, const IrNode *a, const IrNode *b)
{
  if (a->op != b->op) {
    differ (diff, "'%s' is %s-%u, in the other %s-%u", a->name, a->op->type,
        a->op->opset, b->op->type, b->op->opset);
    return;
  }
  if (a->n_inputs != b->n_inputs || a->n_outputs != b->n_outputs) {
    differ (diff, "'%s' (%s): other numbers of inputs or outputs", a->name,
        a->op->type);
    return;
  }
  diff_attrs (diff, a, b);
  diff_outputs (diff, a, b);
  for (gsize i = 0; i < a->n_inputs; i++) {
    if (a->inputs[i].index != b->inputs[i].index)
      differ (diff, "'%s' (%s): input %" G_GSIZE_FORMAT " reads another output",
          a->name, a->op->type, i);
    pair (diff, a->inputs[i].node, b->inputs[i].node);
  }
  for (gsize i = 0; i < MIN (a->n_bodies, b->n_bodies); i++)
    diff_graphs (diff, a->bodies[i], b->bodies[i]);
}

static void
pair_lists (
    Diff *diff, const GPtrArray *a, const GPtrArray *b, const char *what)
{
  if (a->len != b->len)
    differ (diff, "%u %s, in the other %u", a->len, what, b->len);
  for (guint i = 0; i < MIN (a->len, b->len); i++)
    pair (diff, a->pdata[i], b->pdata[i]);
}

static void
diff_graphs (Diff *diff, const IrGraph *a, const IrGraph *b)
{
  Diff inner = { g_hash_table_new (NULL, NULL), g_hash_table_new (NULL, NULL),
    g_ptr_array_new (), 0 };

  pair_lists (&inner, a->parameters, b->parameters, "inputs");
  pair_lists (&inner, a->results, b->results, "outputs");
  while (inner.todo->len > 0) {
    const IrNode *node =
        g_ptr_array_steal_index (inner.todo, inner.todo->len - 1);

    diff_nodes (&inner, node, g_hash_table_lookup (inner.twin, node));
  }
  diff->n_differences += inner.n_differences;
  g_hash_table_unref (inner.twin);
  g_hash_table_unref (inner.taken);
  g_ptr_array_unref (inner.todo);
}

guint
ir_inspect_diff (const IrGraph *a, const IrGraph *b)
{
  Diff diff = { NULL, NULL, NULL, 0 };

  diff_graphs (&diff, a, b);
  return diff.n_differences;
}
