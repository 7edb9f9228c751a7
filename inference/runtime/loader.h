/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_LOADER_H
#define IR_LOADER_H

#include <ir/plugin.h>

G_BEGIN_DECLS

/*
 * Device plugins on disk. A file is found by its name, loaded when its device
 * is first asked for, and stays loaded for the life of the process.
 */

/* One plugin file. Everything below @lock is set once, under it. */
typedef struct {
  char *device;
  char *path;
  gboolean shadowed;

  GMutex lock;
  gboolean opened;
  const IrDevicePlugin *plugin;
  char *text;
  GError *error;
} IrPluginFile;

/* (element-type IrPluginFile): all that IR_PLUGIN_PATH and the install folder
 * have, in that order, by name inside a folder. A file whose device an earlier
 * folder has too is there, marked as shadowed. */
GPtrArray *ir_loader_scan (void);

/* Loads and probes a file the first time. */
const IrDevicePlugin *ir_loader_open (IrPluginFile *file, GError **error);

G_END_DECLS

#endif
