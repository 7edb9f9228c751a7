/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loader.h"

#include <gmodule.h>

#define PREFIX "libir-device-"
#define SUFFIX "." G_MODULE_SUFFIX

static void
plugin_file_free (gpointer data)
{
  IrPluginFile *file = data;

  g_free (file->device);
  g_free (file->path);
  g_free (file->text);
  g_clear_error (&file->error);
  g_mutex_clear (&file->lock);
  g_free (file);
}

static gboolean
has_device (const GPtrArray *files, const char *device)
{
  for (guint i = 0; i < files->len; i++) {
    const IrPluginFile *file = g_ptr_array_index (files, i);

    if (g_str_equal (file->device, device))
      return TRUE;
  }
  return FALSE;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

static void
scan_folder (GPtrArray *files, const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  if (!dir)
    return;
  while ((name = g_dir_read_name (dir)))
    if (g_str_has_prefix (name, PREFIX) && g_str_has_suffix (name, SUFFIX) &&
        strlen (name) > strlen (PREFIX SUFFIX))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);

  for (guint i = 0; i < names->len; i++) {
    IrPluginFile *file = g_new0 (IrPluginFile, 1);
    const char *stem = (const char *) names->pdata[i] + strlen (PREFIX);

    g_mutex_init (&file->lock);
    file->path = g_build_filename (folder, names->pdata[i], NULL);
    file->device = g_ascii_strup (stem, strlen (stem) - strlen (SUFFIX));
    file->shadowed = has_device (files, file->device);
    g_ptr_array_add (files, file);
  }
}

GPtrArray *
ir_loader_scan (void)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (plugin_file_free);
  const char *path = g_getenv ("IR_PLUGIN_PATH");

  if (path) {
    g_auto (GStrv) folders = g_strsplit (path, G_SEARCHPATH_SEPARATOR_S, -1);

    for (char **f = folders; *f; f++)
      if (**f)
        scan_folder (files, *f);
  }
  scan_folder (files, IR_PLUGIN_DIR);
  return files;
}

/* What came later may be missing. */
#define LEAST_SIZE                                                             \
  (G_STRUCT_OFFSET (IrDevicePlugin, peak_gflops) +                             \
      sizeof (((IrDevicePlugin *) NULL)->peak_gflops))

static gboolean
check_descriptor (
    const IrPluginFile *file, const IrDevicePlugin *plugin, GError **error)
{
  if (!plugin)
    return ir_fail (error, IR_ERROR_DEVICE,
        "plugin '%s' returned no descriptor: the file is broken", file->path);
  if (plugin->abi != IR_PLUGIN_ABI)
    return ir_fail (error, IR_ERROR_DEVICE,
        "plugin '%s' was built for plugin ABI %u, this runtime has %u: rebuild "
        "it against the installed headers",
        file->path, plugin->abi, IR_PLUGIN_ABI);
  if (plugin->size < LEAST_SIZE)
    return ir_fail (error, IR_ERROR_DEVICE,
        "plugin '%s' has a descriptor of %u bytes, %zu are needed: rebuild it "
        "against the installed headers",
        file->path, plugin->size, LEAST_SIZE);
  if (!plugin->device || !plugin->probe || !plugin->compile ||
      !plugin->model_free || !plugin->model_info || !plugin->request_new ||
      !plugin->request_free || !plugin->infer)
    return ir_fail (error, IR_ERROR_DEVICE,
        "plugin '%s' leaves out functions that every device must have",
        file->path);
  if (g_ascii_strcasecmp (plugin->device, file->device) != 0)
    return ir_fail (error, IR_ERROR_DEVICE,
        "plugin '%s' calls its device '%s': name the file " PREFIX
        "<device>" SUFFIX " after it",
        file->path, plugin->device);
  return TRUE;
}

static const IrDevicePlugin *
load (const IrPluginFile *file, GError **error)
{
  const IrDevicePlugin *plugin;
  GModule *module = g_module_open (file->path, G_MODULE_BIND_LOCAL);
  gpointer symbol;

  if (!module) {
    ir_fail (error, IR_ERROR_DEVICE, "plugin '%s' does not load: %s",
        file->path, g_module_error ());
    return NULL;
  }
  g_module_make_resident (module);
  if (!g_module_symbol (module, IR_PLUGIN_SYMBOL, &symbol) || !symbol) {
    ir_fail (error, IR_ERROR_DEVICE,
        "plugin '%s' does not export " IR_PLUGIN_SYMBOL
        "(): it is no device plugin",
        file->path);
    return NULL;
  }
  plugin = ((IrDevicePluginFunc) symbol) ();
  return check_descriptor (file, plugin, error) ? plugin : NULL;
}

const IrDevicePlugin *
ir_loader_open (IrPluginFile *file, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&file->lock);

  if (!file->opened) {
    const IrDevicePlugin *plugin = load (file, &file->error);

    if (plugin && plugin->probe (&file->text, &file->error))
      file->plugin = plugin;
    else if (!file->error)
      ir_fail (&file->error, IR_ERROR_DEVICE,
          "device '%s' does not work here and its plugin '%s' gives no reason",
          file->device, file->path);
    file->opened = TRUE;
  }
  if (!file->plugin && error)
    *error = g_error_copy (file->error);
  return file->plugin;
}
