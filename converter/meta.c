/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meta.h"
#include "options.h"

#include "ir-cli.h"

#include <string.h>

/* Options that say how to convert, not what comes out. */
static gboolean
is_noted (const IrConvertConfig *config, const IrOptionDesc *desc)
{
  if (strcmp (desc->group, "Messages") == 0 ||
      strcmp (desc->name, "output_dir") == 0 ||
      !ir_options_is_set (config->options, desc->name))
    return FALSE;
  return !config->is_ir ||
      (strcmp (desc->group, "Model") != 0 &&
          strcmp (ir_convert_options_get (config->options, desc->name),
              desc->def ? desc->def : "") != 0);
}

void
ir_meta_write (const IrConvertConfig *config, IrGraph *graph)
{
  gsize n;
  const IrOptionDesc *descs = ir_convert_list_options (&n);

  if (!config->is_ir)
    ir_graph_set_meta (graph, "converter", ir_cli_version ());
  for (gsize i = 0; i < n; i++) {
    const char *value = ir_convert_options_get (config->options, descs[i].name);
    g_autofree char *base = NULL;
    g_autofree char *path = NULL;

    if (!is_noted (config, &descs[i]))
      continue;
    if (descs[i].kind == IR_OPTION_PATH)
      base = g_path_get_basename (value);
    path = g_strconcat ("conversion_parameters/", descs[i].name, NULL);
    ir_graph_set_meta (graph, path, base ? base : value);
  }
}
