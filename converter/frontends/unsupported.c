/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unsupported.h"

#include <string.h>

void
ir_unsupported_free (IrUnsupported *unsupported)
{
  g_free (unsupported->type);
  g_free (unsupported->domain);
  g_free (unsupported->reason);
  g_ptr_array_unref (unsupported->nodes);
  g_ptr_array_unref (unsupported->cuts);
  g_ptr_array_unref (unsupported->ends);
  g_free (unsupported);
}

/* --- the list --------------------------------------------------------------------- */

static guint
hash_op (gconstpointer key)
{
  const IrUnsupported *entry = key;

  return g_str_hash (entry->type) ^ (g_str_hash (entry->domain) * 31);
}

static gboolean
equal_op (gconstpointer a, gconstpointer b)
{
  const IrUnsupported *one = a, *other = b;

  return strcmp (one->type, other->type) == 0 &&
      strcmp (one->domain, other->domain) == 0;
}

static IrUnsupported *
unsupported_entry (
    IrUnsupportedList *list, const IrSourceNode *node, const char *reason)
{
  const IrUnsupported key = { (char *) node->type, (char *) node->domain };
  IrUnsupported *entry = g_hash_table_lookup (list->by_op, &key);

  if (entry != NULL)
    return entry;
  entry = g_new0 (IrUnsupported, 1);
  entry->type = g_strdup (node->type);
  entry->domain = g_strdup (node->domain);
  entry->reason = g_strdup (reason);
  entry->nodes = g_ptr_array_new_with_free_func (g_free);
  entry->cuts = g_ptr_array_new_with_free_func (g_free);
  entry->ends = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (list->entries, entry);
  g_hash_table_add (list->by_op, entry);
  return entry;
}

void
ir_unsupported_add (IrUnsupportedList *list, const IrSourceNode *node,
    const char *reason, const IrSourceGraph *graph)
{
  IrUnsupported *entry = unsupported_entry (list, node, reason);

  g_ptr_array_add (entry->nodes, g_strdup (ir_source_node_label (node)));
  for (gsize i = 0; i < node->n_outputs; i++) {
    if (node->outputs[i][0] != '\0')
      g_ptr_array_add (entry->cuts, g_strdup (node->outputs[i]));
  }
  for (gsize i = 0; i < node->n_inputs; i++) {
    if (node->inputs[i][0] != '\0' &&
        !g_hash_table_contains (graph->initializers, node->inputs[i]))
      g_ptr_array_add (entry->ends, g_strdup (node->inputs[i]));
  }
}

/* (transfer full): what @find finds. */
static GPtrArray *
find_all (IrFindUnsupported find, gpointer data)
{
  IrUnsupportedList list = {
    g_ptr_array_new_with_free_func ((GDestroyNotify) ir_unsupported_free),
    g_hash_table_new (hash_op, equal_op),
  };

  find (data, &list);
  g_hash_table_unref (list.by_op);
  return list.entries;
}

/* --- what comes of it --------------------------------------------------------------- */

static void
append_some (GString *text, const char *before, const GPtrArray *names)
{
  enum {
    SHOWN = 5
  };

  if (names->len == 0)
    return;
  g_string_append (text, before);
  for (guint i = 0; i < MIN (names->len, SHOWN); i++)
    g_string_append_printf (
        text, "%s\"%s\"", i == 0 ? "" : ", ", (char *) names->pdata[i]);
  if (names->len > SHOWN)
    g_string_append_printf (text, " and %u more", names->len - SHOWN);
}

static gboolean
fail_unsupported (const GPtrArray *list, GError **error)
{
  enum {
    SHOWN = 50
  };
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < MIN (list->len, SHOWN); i++) {
    const IrUnsupported *entry = list->pdata[i];

    g_string_append_printf (text, "\n  %s%s%s, %u time%s (%s)", entry->domain,
        entry->domain[0] != '\0' ? ":" : "", entry->type, entry->nodes->len,
        entry->nodes->len == 1 ? "" : "s", entry->reason);
    append_some (text, ": ", entry->nodes);
    append_some (
        text, "\n    end the model before with --output ", entry->ends);
    append_some (text, "\n    begin it behind with --input ", entry->cuts);
  }
  if (list->len > SHOWN)
    g_string_append_printf (
        text, "\n  and %u more, all of them with --report", list->len - SHOWN);
  return ir_fail (error, IR_ERROR_UNSUPPORTED,
      "the model has %u op%s that can't be converted:%s", list->len,
      list->len == 1 ? "" : "s", text->str);
}

static void
warn_cut (const IrUnsupported *entry, IrConvertLog log, gpointer log_data)
{
  g_autofree char *text = g_strdup_printf (
      "%u node%s of the unknown type %s: outputs become inputs of the model",
      entry->nodes->len, entry->nodes->len == 1 ? "" : "s", entry->type);

  log (G_LOG_LEVEL_WARNING, text, log_data);
}

/* --allow_unsupported: what the unknown ops make comes from outside instead. */
static gboolean
cut_unsupported (IrSource *source, const GPtrArray *list, IrConvertLog log,
    gpointer log_data, GError **error)
{
  IrImportOptions options = { 0 };
  g_autoptr (GArray) inputs = g_array_new (FALSE, TRUE, sizeof (IrImportInput));

  for (guint i = 0; i < list->len; i++) {
    const IrUnsupported *entry = list->pdata[i];

    if (log != NULL)
      warn_cut (entry, log, log_data);
    for (guint k = 0; k < entry->cuts->len; k++) {
      IrImportInput input = { entry->cuts->pdata[k] };

      g_array_append_val (inputs, input);
    }
  }
  options.n_inputs = inputs->len;
  options.inputs = (const IrImportInput *) inputs->data;
  return ir_source_apply (source, &options, error);
}

gboolean
ir_unsupported_check (IrSource *source, const IrImportOptions *options,
    IrFindUnsupported find, gpointer data, IrConvertLog log, gpointer log_data,
    GPtrArray **unsupported, GError **error)
{
  g_autoptr (GPtrArray) list = find_all (find, data);

  if (list->len == 0)
    return TRUE;
  if (options->allow_unsupported) {
    g_autoptr (GPtrArray) rest = NULL;

    if (!cut_unsupported (source, list, log, log_data, error))
      return FALSE;
    rest = find_all (find, data);
    if (rest->len == 0)
      return TRUE;
  }
  fail_unsupported (list, error);
  if (unsupported != NULL)
    *unsupported = g_steal_pointer (&list);
  return FALSE;
}
