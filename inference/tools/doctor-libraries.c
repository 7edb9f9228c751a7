/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor.h"

#include <gmodule.h>
#include <stdio.h>

/* How a library tells its version. */
typedef enum {
  VERSION_VARIABLE,
  VERSION_FUNCTION,
} VersionKind;

static const struct {
  const char *label;
  const char *file;
  const char *symbol;
  VersionKind kind;
} libraries[] = {
  { "libxml2", "libxml2.so.2", "xmlParserVersion", VERSION_VARIABLE },
  { "protobuf-c", "libprotobuf-c.so.1", "protobuf_c_version",
      VERSION_FUNCTION },
  { "OpenBLAS", "libopenblas.so.0", "openblas_get_config", VERSION_FUNCTION },
  { "Pango", "libpango-1.0.so.0", "pango_version_string", VERSION_FUNCTION },
};

void
ir_doctor_row (const char *label, const char *state, const char *text)
{
  printf ("  %-11s %-9s %s\n", label, state, text);
}

static const char *
version_of (gpointer symbol, VersionKind kind)
{
  return kind == VERSION_VARIABLE ? *(const char **) symbol
                                  : ((const char *(*) (void) ) symbol) ();
}

/* OpenCL would be needed by a device that is not there yet: a fact, no fault. */
static void
print_opencl (void)
{
  GModule *module = g_module_open (
      "libOpenCL.so.1", G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);

  ir_doctor_row ("OpenCL", "-",
      module
          ? "not built in; platforms are not listed (libOpenCL.so.1 is there)"
          : "not built in; platforms are not listed (no libOpenCL.so.1 "
            "either)");
  if (module)
    g_module_close (module);
}

void
ir_doctor_libraries (void)
{
  g_autofree char *glib = g_strdup_printf (
      "%u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version);

  puts ("libraries:");
  ir_doctor_row ("GLib", "there", glib);
  for (gsize i = 0; i < G_N_ELEMENTS (libraries); i++) {
    GModule *module = g_module_open (
        libraries[i].file, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
    gpointer symbol;

    if (module && g_module_symbol (module, libraries[i].symbol, &symbol))
      ir_doctor_row (
          libraries[i].label, "there", version_of (symbol, libraries[i].kind));
    else
      ir_doctor_row (libraries[i].label, "missing", g_module_error ());
  }
  print_opencl ();
}
