/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor.h"

#include <dlfcn.h>
#include <gmodule.h>
#include <stdio.h>

/* What is called of GStreamer, which the commands don't link to: they work
 * without it. */
typedef struct {
  void (*version) (guint *, guint *, guint *, guint *);
  gboolean (*init_check) (int *, char ***, GError **);
  gpointer (*factory_find) (const char *name);
  gpointer (*feature_load) (gpointer feature);
  void (*object_unref) (gpointer object);
} Gst;

static const char *const elements[] = { "irconvert", "irinfer", "irdecode",
  "iroverlay", "irpublish" };

static gboolean
open_gstreamer (Gst *gst)
{
  const struct {
    const char *name;
    gpointer *function;
  } rows[] = {
    { "gst_version", (gpointer *) &gst->version },
    { "gst_init_check", (gpointer *) &gst->init_check },
    { "gst_element_factory_find", (gpointer *) &gst->factory_find },
    { "gst_plugin_feature_load", (gpointer *) &gst->feature_load },
    { "gst_object_unref", (gpointer *) &gst->object_unref },
  };
  GModule *module = g_module_open ("libgstreamer-1.0.so.0", G_MODULE_BIND_LAZY);

  for (gsize i = 0; module && i < G_N_ELEMENTS (rows); i++)
    if (!g_module_symbol (module, rows[i].name, rows[i].function))
      return FALSE;
  if (module)
    g_module_make_resident (module);
  return module != NULL;
}

/* Loads the plugin of an element: it may be in the registry and not load. */
static gboolean
print_element (const Gst *gst, const char *name, guint *n_found)
{
  gpointer factory = gst->factory_find (name);
  gpointer loaded = factory ? gst->feature_load (factory) : NULL;
  gboolean broken = factory && !loaded;

  ir_doctor_row (name,
      loaded       ? "works"
          : broken ? "BROKEN"
                   : "missing",
      loaded       ? ""
          : broken ? "its plugin does not load: GST_DEBUG=GST_PLUGIN_LOADING:4 "
                     "says why"
                   : "no plugin has it: set GST_PLUGIN_PATH to the folder of "
                     "libgstir*.so");
  *n_found += loaded != NULL;
  if (loaded)
    gst->object_unref (loaded);
  if (factory)
    gst->object_unref (factory);
  return !broken;
}

/* Our elements have been loaded: what they don't need is not there. */
static void
print_metadata (void)
{
  void *analytics =
      dlopen ("libgstanalytics-1.0.so.0", RTLD_LAZY | RTLD_NOLOAD);
  gboolean tensors =
      analytics && dlsym (analytics, "gst_buffer_add_tensor_meta");

  ir_doctor_row ("metadata", "written",
      tensors         ? "GstVideoRegionOfInterestMeta, "
                        "GstAnalyticsRelationMeta, GstTensorMeta"
          : analytics ? "GstVideoRegionOfInterestMeta, GstAnalyticsRelationMeta"
                      : "GstVideoRegionOfInterestMeta");
  if (!analytics)
    ir_doctor_row ("", "missing",
        "GstAnalyticsRelationMeta (GStreamer 1.24), GstTensorMeta (1.26): "
        "not built in");
  else if (!tensors)
    ir_doctor_row ("", "missing", "GstTensorMeta (GStreamer 1.26)");
  if (analytics)
    dlclose (analytics);
}

gboolean
ir_doctor_gstreamer (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  guint major, minor, micro, nano, n_found = 0;
  gboolean good = TRUE;
  Gst gst;

  puts ("GStreamer:");
  if (!open_gstreamer (&gst)) {
    ir_doctor_row ("library", "missing", g_module_error ());
    return TRUE;
  }
  gst.version (&major, &minor, &micro, &nano);
  text = g_strdup_printf ("%u.%u.%u", major, minor, micro);
  if (!gst.init_check (NULL, NULL, &error)) {
    ir_doctor_row ("library", "BROKEN", error->message);
    return FALSE;
  }
  ir_doctor_row ("library", "works", text);
  for (gsize i = 0; i < G_N_ELEMENTS (elements); i++)
    good &= print_element (&gst, elements[i], &n_found);
  if (n_found > 0)
    print_metadata ();
  return good;
}
