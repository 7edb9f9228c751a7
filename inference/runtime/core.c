/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "loader.h"
#include "model.h"

struct _IrCore {
  GObject parent;
  GPtrArray *files;
  gsize preprocessor_known;
  const IrDevicePlugin *preprocessor;
};

G_DEFINE_TYPE (IrCore, ir_core, G_TYPE_OBJECT)

#define AUTO "AUTO"

static void
ir_core_finalize (GObject *object)
{
  g_ptr_array_unref (IR_CORE (object)->files);
  G_OBJECT_CLASS (ir_core_parent_class)->finalize (object);
}

static void
ir_core_class_init (IrCoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ir_core_finalize;
}

static void
ir_core_init (IrCore *self)
{
  self->files = ir_loader_scan ();
}

IrCore *
ir_core_new (void)
{
  return g_object_new (IR_TYPE_CORE, NULL);
}

static gint
compare_priority (gconstpointer a, gconstpointer b)
{
  const IrDevicePlugin *x = *(const IrDevicePlugin *const *) a;
  const IrDevicePlugin *y = *(const IrDevicePlugin *const *) b;

  return x->priority == y->priority ? g_strcmp0 (x->device, y->device)
                                    : (x->priority < y->priority ? 1 : -1);
}

/* (transfer container): the devices that work, best first. */
static GPtrArray *
working_devices (IrCore *self)
{
  GPtrArray *plugins = g_ptr_array_new ();

  for (guint i = 0; i < self->files->len; i++) {
    IrPluginFile *file = g_ptr_array_index (self->files, i);
    const IrDevicePlugin *plugin =
        file->shadowed ? NULL : ir_loader_open (file, NULL);

    if (plugin)
      g_ptr_array_add (plugins, (gpointer) plugin);
  }
  g_ptr_array_sort (plugins, compare_priority);
  return plugins;
}

char **
ir_core_list_devices (IrCore *self)
{
  g_autoptr (GPtrArray) plugins = working_devices (self);
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; i < plugins->len; i++) {
    const IrDevicePlugin *plugin = g_ptr_array_index (plugins, i);

    g_ptr_array_add (names, g_strdup (plugin->device));
  }
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (names, FALSE);
}

static void
report_free (gpointer data)
{
  IrDeviceReport *report = data;

  g_free (report->device);
  g_free (report->path);
  g_free (report->text);
  g_free (report);
}

GPtrArray *
ir_core_describe_devices (IrCore *self)
{
  GPtrArray *reports = g_ptr_array_new_with_free_func (report_free);

  for (guint i = 0; i < self->files->len; i++) {
    IrPluginFile *file = g_ptr_array_index (self->files, i);
    IrDeviceReport *report = g_new0 (IrDeviceReport, 1);
    g_autoptr (GError) error = NULL;

    report->device = g_strdup (file->device);
    report->path = g_strdup (file->path);
    if (file->shadowed) {
      report->text = g_strdup ("not used: a folder that comes earlier in "
                               "IR_PLUGIN_PATH has this device too");
    } else if (ir_loader_open (file, &error)) {
      report->available = TRUE;
      report->text = g_strdup (file->text ? file->text : file->plugin->summary);
    } else {
      report->text = g_strdup (error->message);
    }
    g_ptr_array_add (reports, report);
  }
  return reports;
}

static const IrDevicePlugin *
find_device (IrCore *self, const char *device, GError **error)
{
  g_auto (GStrv) there = NULL;
  g_autofree char *list = NULL;

  for (guint i = 0; i < self->files->len; i++) {
    IrPluginFile *file = g_ptr_array_index (self->files, i);

    if (!file->shadowed && g_ascii_strcasecmp (file->device, device) == 0)
      return ir_loader_open (file, error);
  }
  there = ir_core_list_devices (self);
  list = g_strjoinv (", ", there);
  ir_fail (error, IR_ERROR_NOT_FOUND,
      "there is no device '%s'; %s%s. Plugins are looked for in IR_PLUGIN_PATH "
      "and %s",
      device, *list ? "there are: " : "none is installed", list, IR_PLUGIN_DIR);
  return NULL;
}

static IrCompiledModel *
compile_on (const IrDevicePlugin *plugin, const IrGraph *graph,
    const char *config, GError **error)
{
  g_autoptr (GHashTable) table =
      ir_config_parse (config, plugin->config, plugin->device, error);

  if (!table)
    return NULL;
  return ir_compiled_model_new (plugin, graph, table, error);
}

/* The best device that takes the model; the error is that of the best one. */
static IrCompiledModel *
compile_on_any (
    IrCore *self, const IrGraph *graph, const char *config, GError **error)
{
  g_autoptr (GPtrArray) plugins = working_devices (self);
  g_autoptr (GError) first = NULL;

  if (plugins->len == 0) {
    find_device (self, AUTO, error);
    return NULL;
  }
  for (guint i = 0; i < plugins->len; i++) {
    IrCompiledModel *model =
        compile_on (plugins->pdata[i], graph, config, first ? NULL : &first);

    if (model)
      return model;
  }
  g_propagate_error (error, g_steal_pointer (&first));
  return NULL;
}

IrCompiledModel *
ir_core_compile (IrCore *self, const IrGraph *graph, const char *device,
    const char *config, GError **error)
{
  const IrDevicePlugin *plugin;

  if (g_ascii_strcasecmp (device, AUTO) == 0)
    return compile_on_any (self, graph, config, error);
  plugin = find_device (self, device, error);
  return plugin ? compile_on (plugin, graph, config, error) : NULL;
}

char *
ir_core_cache_dir (const char *given)
{
  const char *dir = given && *given ? given : g_getenv ("IR_CACHE_DIR");

  if (dir && *dir)
    return g_strdup (dir);
  return g_build_filename (g_get_user_cache_dir (), "gst-ir", NULL);
}

/* Found once: this is asked for every frame. */
static const IrDevicePlugin *
best_preprocessor (IrCore *self)
{
  if (g_once_init_enter (&self->preprocessor_known)) {
    g_autoptr (GPtrArray) plugins = working_devices (self);

    for (guint i = 0; i < plugins->len && !self->preprocessor; i++) {
      const IrDevicePlugin *plugin = g_ptr_array_index (plugins, i);

      if (plugin->preprocess)
        self->preprocessor = plugin;
    }
    g_once_init_leave (&self->preprocessor_known, 1);
  }
  return self->preprocessor;
}

gboolean
ir_core_preprocess (IrCore *self, const char *device, const IrPreproc *recipe,
    const IrFrame *frame, const IrRegion *region, guint batch_index,
    IrTensor *tensor, GError **error)
{
  const IrDevicePlugin *plugin;

  if (!device || g_ascii_strcasecmp (device, AUTO) == 0)
    plugin = best_preprocessor (self);
  else if (!(plugin = find_device (self, device, error)))
    return FALSE;
  if (!plugin || !plugin->preprocess)
    return ir_preproc_run_reference (
        recipe, frame, region, batch_index, tensor, error);
  return plugin->preprocess (recipe, frame, region, batch_index, tensor, error);
}
