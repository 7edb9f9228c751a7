/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* run-model MODEL OUTDIR [NAME=FILE.npy]…: converts a model and evaluates it op by
 * op; OUTDIR/N.npy gets the output number N. For the conformance scripts. */
#include "frontend.h"

#include <stdio.h>
#include <string.h>

static IrTensor *
load_input (const char *name, int argc, char **argv, GError **error)
{
  for (int i = 3; i < argc; i++) {
    const char *file = strrchr (argv[i], '=');

    if (file != NULL && strlen (name) == (gsize) (file - argv[i]) &&
        strncmp (argv[i], name, strlen (name)) == 0)
      return ir_tensor_load_npy (file + 1, error);
  }
  ir_fail (error, IR_ERROR_NOT_FOUND, "no file for input \"%s\"", name);
  return NULL;
}

static IrGraph *
convert (const char *path, GError **error)
{
  const IrFrontend *frontend = ir_frontend_find (path, NULL, error);
  g_autoptr (IrSource) source = NULL;
  IrImportOptions options = { 0 };

  if (frontend == NULL)
    return NULL;
  source = frontend->read (path, &(IrReadOptions){ NULL }, error);
  if (source == NULL || !ir_source_apply (source, &options, error))
    return NULL;
  return frontend->convert (source, &options, NULL, NULL, NULL, error);
}

static gboolean
save_outputs (GPtrArray *outputs, const char *folder, GError **error)
{
  for (guint i = 0; i < outputs->len; i++) {
    g_autofree char *path = g_strdup_printf ("%s/%u.npy", folder, i);

    if (!ir_tensor_save_npy (outputs->pdata[i], path, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
run (int argc, char **argv, GError **error)
{
  g_autoptr (IrGraph) graph = convert (argv[1], error);
  g_autoptr (GPtrArray) in =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ir_tensor_unref);
  g_autoptr (GPtrArray) out =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ir_tensor_unref);

  if (graph == NULL)
    return FALSE;
  for (guint i = 0; i < graph->parameters->len; i++) {
    IrPort port = ir_port (graph->parameters->pdata[i], 0);
    IrTensor *tensor = load_input (ir_port_name (port), argc, argv, error);

    if (tensor == NULL)
      return FALSE;
    g_ptr_array_add (in, tensor);
  }
  if (!ir_graph_sort (graph, error) || !ir_graph_infer (graph, error) ||
      !ir_graph_validate (graph, error))
    return FALSE;
  if (g_getenv ("IR_PRINT") != NULL) {
    g_autofree char *text = ir_graph_print (graph);

    fputs (text, stderr);
  }
  g_ptr_array_set_size (out, (gint) graph->results->len);
  if (!ir_graph_evaluate (
          graph, (IrTensor **) in->pdata, (IrTensor **) out->pdata, error))
    return FALSE;
  return save_outputs (out, argv[2], error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc < 3) {
    fprintf (stderr, "usage: run-model MODEL OUTDIR [NAME=FILE.npy]...\n");
    return 2;
  }
  if (run (argc, argv, &error))
    return 0;
  fprintf (stderr, "%s\n", error->message);
  return error->code == IR_ERROR_UNSUPPORTED ? 3 : 1;
}
