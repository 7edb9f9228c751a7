/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A device for tests: gives its first input back after DELAY milliseconds, and
 * fails from inference FAIL_FROM on. Each compilation adds a line to the
 * file LOG and gives WARNING as the model's. Built a second time with another ABI number. */
#include <ir/plugin.h>

#include <stdio.h>

static const IrConfigKey keys[] = {
  { "DELAY", "0..10000", "milliseconds that an inference takes" },
  { "FAIL_FROM", "0..10000", "which inference is the first to fail" },
  { "LOG", "a path", "file that grows by a line per compilation" },
  { "WARNING", "a text", "what the model warns of" },
  { NULL, NULL, NULL },
};

typedef struct {
  guint delay;
  guint streams;
  guint fail_from;
  char *warning;
  gint runs;
} Model;

static gboolean
slow_probe (char **text, GError **error)
{
  *text = g_strdup ("for tests");
  return TRUE;
}

static guint
number (GHashTable *config, const char *key)
{
  const char *value = g_hash_table_lookup (config, key);

  return value ? g_ascii_strtoull (value, NULL, 10) : 0;
}

static gpointer
slow_compile (const IrGraph *graph, GHashTable *config, GError **error)
{
  Model *model = g_new0 (Model, 1);
  const char *log = g_hash_table_lookup (config, "LOG");
  FILE *file = log && *log ? fopen (log, "a") : NULL;

  if (file) {
    fputc ('\n', file);
    fclose (file);
  }
  model->delay = number (config, "DELAY");
  model->fail_from = number (config, "FAIL_FROM");
  model->streams =
      g_strcmp0 (g_hash_table_lookup (config, "STREAMS"), "auto") == 0
      ? 2
      : MAX (number (config, "STREAMS"), 1);
  model->warning = g_strdup (g_hash_table_lookup (config, "WARNING"));
  return model;
}

static void
slow_free (gpointer data)
{
  Model *model = data;

  g_free (model->warning);
  g_free (model);
}

static void
slow_info (gpointer data, IrDeviceModelInfo *info)
{
  const Model *model = data;

  *info = (IrDeviceModelInfo){ "f32", model->streams, 1, model->streams,
    g_strdup (model->warning) };
}

static gpointer
slow_request_new (gpointer model, GError **error)
{
  return model;
}

static void
slow_request_free (gpointer request)
{
}

static gboolean
slow_infer (gpointer request, IrTensor *const *inputs, IrTensor **outputs,
    const gint *cancelled, GError **error)
{
  Model *model = request;
  guint run = g_atomic_int_add (&model->runs, 1) + 1;

  if (model->fail_from > 0 && run >= model->fail_from)
    return ir_fail (error, IR_ERROR_DEVICE, "the device broke in run %u", run);
  for (guint ms = 0; ms < model->delay; ms++) {
    if (g_atomic_int_get (cancelled))
      return ir_fail (error, IR_ERROR_CANCELLED, "stopped after %u ms", ms);
    g_usleep (1000);
  }
  outputs[0] = ir_tensor_ref (inputs[0]);
  return TRUE;
}

static const IrDevicePlugin plugin = {
  .abi = TEST_ABI,
  .size = sizeof (IrDevicePlugin),
  .device = TEST_DEVICE,
  .summary = "for tests",
  .priority = -1,
  .config = keys,
  .probe = slow_probe,
  .compile = slow_compile,
  .model_free = slow_free,
  .model_info = slow_info,
  .request_new = slow_request_new,
  .request_free = slow_request_free,
  .infer = slow_infer,
};

IR_API const IrDevicePlugin *ir_device_plugin (void);

const IrDevicePlugin *
ir_device_plugin (void)
{
  return &plugin;
}
