/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gmodule.h>
#include <stdio.h>
#include <string.h>

#include "ir-cli.h"
#include "tool.h"

static const char *const examples[] = { "Look at this machine", "ir-doctor",
  NULL };

static const IrCliProgram program = {
  .name = "ir-doctor",
  .summary = "Say what works on this machine, and why the rest does not",
  .usage = "",
  .description = "Exits with 1 if something that should work does not.",
  .examples = examples,
};

static gboolean
set_option (const IrCliOption *option, const char *value, gpointer user_data,
    GError **error)
{
  return ir_fail (error, IR_ERROR_PARSE, "'%s' is not an option",
      option ? option->name : value);
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

    printf ("  %-10s %-8s %s\n             %s\n", r->device,
        r->available   ? "works"
            : shadowed ? "unused"
                       : "BROKEN",
        r->text, r->path);
    any |= r->available;
    good &= r->available || shadowed;
  }
  if (!any)
    puts ("  none: set IR_PLUGIN_PATH to the folder of the plugins");
  return good && any;
}

/* OpenCL and GStreamer are looked up as whoever uses them would find them. */
static void
print_library (const char *label, const char *file)
{
  GModule *module =
      g_module_open (file, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);

  printf ("  %-10s %-8s %s\n", label, module ? "there" : "-",
      module ? file : g_module_error ());
  if (module)
    g_module_close (module);
}

static void
print_gstreamer (void)
{
  GModule *module = g_module_open (
      "libgstreamer-1.0.so.0", G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
  void (*version) (guint *, guint *, guint *, guint *);
  guint major, minor, micro, nano;

  if (!module ||
      !g_module_symbol (module, "gst_version", (gpointer *) &version)) {
    printf ("  %-10s %-8s %s\n", "GStreamer", "-", g_module_error ());
  } else {
    version (&major, &minor, &micro, &nano);
    printf ("  %-10s %u.%u.%u\n", "GStreamer", major, minor, micro);
    printf ("  %-10s GstVideoRegionOfInterestMeta%s%s\n", "metadata",
        minor >= 24 ? ", GstAnalyticsRelationMeta" : "",
        minor >= 26 ? ", GstTensorMeta" : "");
  }
}

int
main (int argc, char **argv)
{
  int code = ir_cli_begin (&program, argc, argv, set_option, NULL);
  g_autoptr (IrCore) core = NULL;
  gboolean good;

  if (code >= 0)
    return code;
  core = ir_core_new ();
  printf ("gst-ir %s, GLib %u.%u.%u, %u core(s)\n", ir_cli_version (),
      glib_major_version, glib_minor_version, glib_micro_version,
      g_get_num_processors ());
  good = print_devices (core);
  puts ("libraries:");
  print_library ("OpenCL", "libOpenCL.so.1");
  print_gstreamer ();
  return good ? IR_CLI_DONE : IR_CLI_FAILED;
}
