/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "ir-cli.h"

static const char *const examples[] = { "Look at this machine", "ir-doctor",
  NULL };

/* Devices that are spoken of in the documentation; the reason if no plugin file
 * of theirs is found. */
static const struct {
  const char *device;
  const char *reason;
} known_devices[] = {
  { "CPU", "its plugin was not built, or IR_PLUGIN_PATH hides it" },
  { "REFERENCE", "its plugin was not built, or IR_PLUGIN_PATH hides it" },
  { "GPU", "this release has no OpenCL device" },
  { "HETERO", "this release does not split models between devices" },
  { "MULTI", "this release does not spread requests over devices" },
};

static gboolean
is_reported (const GPtrArray *reports, const char *device)
{
  for (guint i = 0; i < reports->len; i++) {
    const IrDeviceReport *r = g_ptr_array_index (reports, i);

    if (strcmp (r->device, device) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
print_folders (void)
{
  const char *path = g_getenv ("IR_PLUGIN_PATH");

  printf ("  looked for libir-device-NAME.so in %s%s%s\n", path ? path : "",
      path ? " (IR_PLUGIN_PATH), then " : "", IR_PLUGIN_DIR);
}

/* FALSE if a plugin is broken or there is no device that computes. */
static gboolean
print_devices (IrCore *core)
{
  g_autoptr (GPtrArray) reports = ir_core_describe_devices (core);
  gboolean good = TRUE, any = FALSE;

  puts ("devices:");
  for (guint i = 0; i < reports->len; i++) {
    const IrDeviceReport *r = g_ptr_array_index (reports, i);
    gboolean shadowed = !r->available && g_str_has_prefix (r->text, "not used");

    ir_doctor_row (r->device,
        r->available   ? "works"
            : shadowed ? "unused"
                       : "BROKEN",
        r->text);
    ir_doctor_row ("", "", r->path);
    any |= r->available;
    good &= r->available || shadowed;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (known_devices); i++)
    if (!is_reported (reports, known_devices[i].device))
      ir_doctor_row (
          known_devices[i].device, "missing", known_devices[i].reason);
  print_folders ();
  return good && any;
}

static gboolean
diagnose (gconstpointer fields, GError **error)
{
  g_autoptr (IrCore) core = ir_core_new ();
  gboolean good;

  printf (
      "gst-ir %s, %u core(s)\n", ir_cli_version (), g_get_num_processors ());
  good = print_devices (core);
  good &= ir_doctor_gstreamer ();
  ir_doctor_libraries ();
  return good ||
      ir_fail (error, IR_ERROR_DEVICE,
          "no device works, or something is BROKEN: the lines above say what");
}

static const IrCliProgram program = {
  .name = "ir-doctor",
  .summary = "Say what works on this machine, and why the rest does not",
  .usage = "",
  .description =
      "Lists the devices with what the processor has and which kernels that "
      "chooses, GStreamer with the elements and metadata of gst-ir, and the "
      "versions of the libraries. Exits with 1 if something that should work "
      "does not.",
  .examples = examples,
  .run = diagnose,
};

int
main (int argc, char **argv)
{
  return ir_cli_main (&program, argc, argv, NULL);
}
