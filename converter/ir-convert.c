/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/convert.h>
#include <ir/xml.h>

#include "ir-cli.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

static const char *const examples[] = {
  "Convert an ONNX model for pictures of 640x480",
  "ir-convert --input_model face.onnx --input_shape [1,3,480,640]",
  "Put the preprocessing into the model",
  "ir-convert -m net.onnx --mean_values [123,117,104] --scale 58 "
  "--reverse_input_channels",
  "Halve the size of the file",
  "ir-convert -m net.onnx --data_type FP16 --output_dir ir",
  "Keep a part of a model only",
  "ir-convert -m net.onnx --input 'backbone[1 64 56 56]' --output head1,head2",
  "Read an IR, optimize it and write it again",
  "ir-convert -m old.xml --optimize --model_name new",
  NULL,
};

/* --- options ---------------------------------------------------------------------- */

/* (transfer full): the converter's table in the commands' form. */
static IrCliOption *
make_options (gsize *n)
{
  const IrOptionDesc *descs = ir_convert_list_options (n);
  IrCliOption *options = g_new0 (IrCliOption, *n);

  for (gsize i = 0; i < *n; i++) {
    options[i].name = descs[i].name;
    options[i].alias = descs[i].alias;
    options[i].group = descs[i].group;
    options[i].value = descs[i].value;
    options[i].def = descs[i].kind == IR_OPTION_FLAG ? NULL : descs[i].def;
    options[i].help = descs[i].help;
  }
  return options;
}

static gboolean
set_option (const IrCliOption *option, const char *value, gpointer user_data,
    GError **error)
{
  if (!option)
    return ir_fail (error, IR_ERROR_PARSE,
        "'%s' is not an option; a model is given with --input_model", value);
  return ir_convert_options_set (user_data, option->name, value, error);
}

static gboolean
flag (const IrConvertOptions *options, const char *name)
{
  return strcmp (ir_convert_options_get (options, name), "true") == 0;
}

/* --- messages --------------------------------------------------------------------- */

typedef struct {
  gboolean info;
} Messages;

static Messages
set_levels (const IrConvertOptions *options)
{
  const char *level = ir_convert_options_get (options, "log_level");
  Messages messages = { FALSE };

  if (flag (options, "silent") || strcmp (level, "ERROR") == 0 ||
      strcmp (level, "CRITICAL") == 0)
    ir_cli_set_level (IR_CLI_ERROR);
  messages.info = strcmp (level, "INFO") == 0 || strcmp (level, "DEBUG") == 0 ||
      strcmp (level, "NOTSET") == 0;
  return messages;
}

static void
print_message (GLogLevelFlags level, const char *message, gpointer user_data)
{
  const Messages *messages = user_data;

  if (level & G_LOG_LEVEL_WARNING)
    ir_cli_message (IR_CLI_WARNING, "%s", message);
  else if ((level & G_LOG_LEVEL_MESSAGE) || messages->info)
    ir_cli_message (IR_CLI_INFO, "%s", message);
}

static gboolean
show_progress (const char *what, double fraction, gpointer user_data)
{
  ir_cli_progress (what, fraction);
  return TRUE;
}

/* What is going to be done, as the Model Optimizer lists it. */
static void
print_arguments (const IrConvertOptions *options)
{
  static const struct {
    const char *title, *name, *unset;
  } rows[] = {
    { "Path to the Input Model", "input_model", NULL },
    { "Path for generated IR", "output_dir", NULL },
    { "IR output name", "model_name", "Taken from the input model" },
    { "Log level", "log_level", NULL },
    { "Batch", "batch", NULL },
    { "Input layers", "input", NULL },
    { "Output layers", "output", NULL },
    { "Input shapes", "input_shape", NULL },
    { "Layouts", "layout", NULL },
    { "Mean values", "mean_values", NULL },
    { "Scale values", "scale_values", NULL },
    { "Scale factor", "scale", NULL },
    { "Precision of IR", "data_type", NULL },
    { "Reverse input channels", "reverse_input_channels", NULL },
  };

  g_print ("ir-convert arguments:\nCommon parameters:\n");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    const char *value = ir_convert_options_get (options, rows[i].name);

    if (!value)
      value = rows[i].unset ? rows[i].unset
                            : "Not specified, inherited from the model";
    g_print ("\t- %s: \t%s\n", rows[i].title, value);
  }
  g_print ("Converter version: \t%s\n", ir_cli_version ());
}

/* --- writing ---------------------------------------------------------------------- */

static gboolean
make_dir (const char *dir, GError **error)
{
  if (g_mkdir_with_parents (dir, 0777) == 0)
    return TRUE;
  return ir_fail (error, IR_ERROR_NOT_FOUND,
      "--output_dir: can't create the folder %s: %s", dir, g_strerror (errno));
}

static gboolean
write_report (const IrConvertOptions *options, const char *json, GError **error)
{
  const char *path = ir_convert_options_get (options, "report");

  if (!path || !json)
    return TRUE;
  if (g_file_set_contents (path, json, -1, error))
    return TRUE;
  g_prefix_error (error, "--report: ");
  return FALSE;
}

/* Kilobytes at most so far. */
static long
peak_memory (void)
{
  struct rusage usage;

  return getrusage (RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

static guint
version_to_write (const IrConvertOptions *options)
{
  if (flag (options, "generate_deprecated_IR_V7"))
    return 7;
  return (guint) g_ascii_strtoull (
      ir_convert_options_get (options, "ir_version"), NULL, 10);
}

static gboolean
write_model (const IrConvertOptions *options, IrGraph *graph, gint64 begun,
    GError **error)
{
  const char *dir = ir_convert_options_get (options, "output_dir");
  g_autofree char *xml_name = g_strconcat (graph->name, ".xml", NULL);
  g_autofree char *bin_name = g_strconcat (graph->name, ".bin", NULL);
  g_autofree char *xml = g_build_filename (dir, xml_name, NULL);
  g_autofree char *bin = g_build_filename (dir, bin_name, NULL);
  const guint version = version_to_write (options);

  ir_cli_progress ("writing", 0.9);
  if (!make_dir (dir, error) || !ir_graph_write (graph, xml, version, error))
    return FALSE;
  ir_cli_progress_end ();
  if (flag (options, "silent"))
    return TRUE;
  ir_cli_success ("Generated IR version %u model.", version);
  ir_cli_success ("XML file: %s", xml);
  ir_cli_success ("BIN file: %s", bin);
  ir_cli_success ("Total execution time: %.2f seconds.",
      (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC);
  ir_cli_success ("Memory consumed: %ld MB.", peak_memory () / 1024);
  return TRUE;
}

static gboolean
convert (IrConvertOptions *options, GError **error)
{
  Messages messages = set_levels (options);
  gint64 begun = g_get_monotonic_time ();
  g_autofree char *json = NULL;
  g_autoptr (IrGraph) graph = NULL;

  if (!flag (options, "silent")) {
    print_arguments (options);
    ir_convert_options_set_progress (options, show_progress, NULL);
    ir_cli_progress_begin (
        flag (options, "progress") || flag (options, "stream_output"));
  }
  graph = ir_convert_report (options, print_message, &messages, &json, error);
  if (!graph) {
    write_report (options, json, NULL);
    return FALSE;
  }
  return write_report (options, json, error) &&
      write_model (options, graph, begun, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
  g_autoptr (GError) error = NULL;
  IrCliProgram program = { "ir-convert",
    "converts a trained model to OpenVINO's intermediate representation",
    "--input_model FILE [OPTION]...",
    "Takes the options of OpenVINO's Model Optimizer (mo) and writes NAME.xml "
    "and NAME.bin, which OpenVINO and the other commands and elements of "
    "gst-ir "
    "read.\n\n"
    "An IR is written as it was read, apart from what options ask for.",
    NULL, 0, examples };
  g_autofree IrCliOption *table = make_options (&program.n_options);
  int code;

  program.options = table;
  code = ir_cli_begin (&program, argc, argv, set_option, options);
  if (code >= 0)
    return code;
  if (!ir_convert_options_check (options, &error))
    return ir_cli_usage (&program, error);
  if (!convert (options, &error)) {
    ir_cli_progress_end ();
    return ir_cli_fail (error);
  }
  return IR_CLI_DONE;
}
