/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "infer-compare.h"
#include "ir-cli.h"
#include "tool.h"

typedef struct {
  char *model;
  char *device;
  char *output;
  char *precision;
  char *config;
  char *cache_dir;
  char *shape;
  char *reference;
  double tolerance;
  guint64 seed;
  GPtrArray *inputs;
} Options;

/* clang-format off */
static const IrCliOption options[] = {
  { "model", "m", "Model", "FILE", NULL,
    "The model: an IR's .xml, or anything that ir-convert reads.",
    IR_CLI_TO (TEXT, Options, model) },
  { "shape", NULL, "Model", "SHAPE", NULL,
    "Other input shapes: \"[1,3,224,224]\" or \"name[1,3,224,224],other[1,4]\".",
    IR_CLI_TO (TEXT, Options, shape) },
  { "device", "d", "Device", "DEVICE", "AUTO",
    "What runs it: CPU, REFERENCE, AUTO or a plugin's name.",
    IR_CLI_TO (TEXT, Options, device) },
  { "infer_precision", NULL, "Device", "P", "auto",
    "What the device computes in: auto, f32 or bf16.",
    IR_CLI_TO (TEXT, Options, precision) },
  IR_TOOL_CACHE_DIR (Options, cache_dir),
  { "config", NULL, "Device", "K=V,…", NULL, "Configuration of the device.",
    IR_CLI_TO (TEXT, Options, config) },
  { "input", "i", "Data", "[NAME=]FILE.npy", NULL,
    "Contents of an input; may be given once per input. Without NAME the inputs "
    "are taken in their order. Numbers are converted to the input's type; it is "
    "an error if an integer type can't hold them. Inputs that are not given are "
    "filled with random numbers that are the same every time.",
    IR_CLI_TO (LIST, Options, inputs) },
  { "seed", NULL, "Data", "N", "0", "Another set of random numbers.",
    IR_CLI_TO (NUMBER, Options, seed), 0, G_MAXUINT64 },
  { "output", "o", "Data", "DIR", NULL,
    "Writes every output to DIR/NAME.npy; the folder is made if need be.",
    IR_CLI_TO (TEXT, Options, output) },
  { "ref", NULL, "Comparison", "DEVICE", NULL,
    "Runs this device too and compares.",
    IR_CLI_TO (TEXT, Options, reference) },
  { "tolerance", NULL, "Comparison", "X", "1e-4",
    "Largest absolute difference, relative to the range of the output's values, "
    "that is still a success.",
    IR_CLI_TO (REAL, Options, tolerance) },
};

static const char *const examples[] = {
  "Run a model on random numbers", "ir-infer -m model.xml -d CPU",
  "Keep the outputs of a given input", "ir-infer -m model.onnx -i picture.npy -o out",
  "Compare two devices", "ir-infer -m model.xml -d CPU -ref REFERENCE",
  NULL
};
/* clang-format on */

static gboolean
check (gconstpointer fields, GError **error)
{
  const Options *o = fields;

  return o->model ||
      ir_fail (error, IR_ERROR_PARSE, "which model? Give it with -m");
}

/* (transfer full) (element-type IrTensor): the outputs. */
static GPtrArray *
run (IrCompiledModel *model, const GPtrArray *inputs, GError **error)
{
  g_autoptr (IrInferRequest) request =
      ir_compiled_model_create_request (model, error);
  GPtrArray *outputs;
  gsize n;

  if (!request)
    return NULL;
  for (guint i = 0; i < inputs->len; i++)
    if (!ir_infer_request_set_input (request, i, inputs->pdata[i], error))
      return NULL;
  if (!ir_infer_request_infer (request, error))
    return NULL;
  ir_compiled_model_get_outputs (model, &n);
  outputs = g_ptr_array_new_with_free_func ((GDestroyNotify) ir_tensor_unref);
  for (gsize i = 0; i < n; i++)
    g_ptr_array_add (outputs, ir_infer_request_get_output (request, i));
  return outputs;
}

static void
print_inputs (
    IrCompiledModel *model, const GPtrArray *tensors, const GPtrArray *notes)
{
  const IrPortInfo *ports = ir_compiled_model_get_inputs (model, NULL);
  char shape[IR_SHAPE_TEXT];

  for (guint i = 0; i < tensors->len; i++) {
    const IrTensor *tensor = g_ptr_array_index (tensors, i);

    printf ("input   %-24s %-7s %-20s %s\n", ports[i].name,
        ir_dtype_name (tensor->dtype), ir_shape_print (&tensor->shape, shape),
        (char *) g_ptr_array_index (notes, i));
  }
}

static void
print_output (const char *name, const IrTensor *tensor)
{
  const guint64 n = ir_tensor_count (tensor);
  double low = INFINITY, high = -INFINITY, sum = 0;
  char shape[IR_SHAPE_TEXT];

  for (guint64 i = 0; i < n; i++) {
    double v = ir_tensor_get_f64 (tensor, i);

    low = fmin (low, v);
    high = fmax (high, v);
    sum += v;
  }
  printf ("output  %-24s %-7s %-20s", name, ir_dtype_name (tensor->dtype),
      ir_shape_print (&tensor->shape, shape));
  if (n)
    printf (" min %g, max %g, mean %g", low, high, sum / n);
  putchar ('\n');
}

/* Names of the files: those of the ports, made fit and different. */
static GPtrArray *
file_names (const IrPortInfo *ports, gsize n)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < n; i++) {
    g_autofree char *stem = g_strdup (ports[i].name);
    char *name;
    guint copy = 1;

    g_strcanon (stem,
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-",
        '_');
    name = g_strdup_printf ("%s.npy", stem);
    while (g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL)) {
      g_free (name);
      name = g_strdup_printf ("%s_%u.npy", stem, ++copy);
    }
    g_ptr_array_add (names, name);
  }
  return names;
}

static gboolean
save_outputs (IrCompiledModel *model, const GPtrArray *outputs,
    const char *folder, GError **error)
{
  const IrPortInfo *ports = ir_compiled_model_get_outputs (model, NULL);
  g_autoptr (GPtrArray) names = file_names (ports, outputs->len);

  if (g_mkdir_with_parents (folder, 0777) < 0)
    return ir_fail (error, IR_ERROR_NOT_FOUND, "can't make folder '%s': %s",
        folder, g_strerror (errno));
  for (guint i = 0; i < outputs->len; i++) {
    g_autofree char *path = g_build_filename (folder, names->pdata[i], NULL);

    if (!ir_tensor_save_npy (outputs->pdata[i], path, error))
      return FALSE;
  }
  return TRUE;
}

static IrCompiledModel *
compile (IrCore *core, const IrGraph *graph, const char *device,
    const Options *o, GError **error)
{
  g_autofree char *config =
      ir_tool_config (o->precision, o->cache_dir, o->config);

  return ir_tool_compile (core, graph, device, config, error);
}

static gboolean
check_reference (IrCore *core, IrCompiledModel *model, const IrGraph *graph,
    const Options *o, const GPtrArray *inputs, const GPtrArray *outputs,
    GError **error)
{
  g_autofree char *config = ir_tool_config (o->precision, NULL, NULL);
  g_autoptr (IrCompiledModel) other =
      ir_tool_compile (core, graph, o->reference, config, error);
  g_autoptr (GPtrArray) reference = NULL;

  if (!other || !(reference = run (other, inputs, error)))
    return FALSE;
  return ir_infer_compare (model, outputs, reference, o->tolerance, error);
}

static gboolean
infer (gconstpointer fields, GError **error)
{
  const Options *o = fields;
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = NULL;
  g_autoptr (IrCompiledModel) model = NULL;
  g_autoptr (GPtrArray) inputs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ir_tensor_unref);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) outputs = NULL;

  ir_cli_progress_begin (FALSE);
  ir_cli_progress ("reading", 0);
  graph = ir_tool_read_model (o->model, o->cache_dir, error);
  if (!graph || (o->shape && !ir_tool_reshape (graph, o->shape, 0, error)))
    return FALSE;
  ir_cli_progress ("compiling", 0.4);
  model = compile (core, graph, o->device, o, error);
  if (!model ||
      !ir_tool_make_inputs (model, o->inputs, o->seed, inputs, notes, error))
    return FALSE;
  ir_cli_progress ("inferring", 0.6);
  outputs = run (model, inputs, error);
  if (!outputs)
    return FALSE;

  ir_cli_progress_end ();
  if (!ir_cli_is_silent ()) {
    const IrPortInfo *ports = ir_compiled_model_get_outputs (model, NULL);

    print_inputs (model, inputs, notes);
    for (guint i = 0; i < outputs->len; i++)
      print_output (ports[i].name, outputs->pdata[i]);
  }
  if (o->output && !save_outputs (model, outputs, o->output, error))
    return FALSE;
  return !o->reference ||
      check_reference (core, model, graph, o, inputs, outputs, error);
}

static const IrCliProgram program = {
  .name = "ir-infer",
  .summary = "Run a model once",
  .usage = "-m MODEL [-d DEVICE] [-i [NAME=]FILE.npy]... [-o DIR]",
  .description =
      "Runs one inference and prints the model's inputs and outputs. An output "
      "is called by its first tensor name, else by the layer that produces it; "
      "in file names, characters other than letters, digits, '.', '_' and '-' "
      "become '_'.",
  .options = options,
  .n_options = G_N_ELEMENTS (options),
  .examples = examples,
  .check = check,
  .run = infer,
};

int
main (int argc, char **argv)
{
  Options o = { 0 };

  return ir_cli_main (&program, argc, argv, &o);
}
