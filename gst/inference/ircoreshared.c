/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ircoreshared.h"

static GMutex lock;
static GWeakRef shared;

IrCore *
ir_core_shared (void)
{
  IrCore *core;

  g_mutex_lock (&lock);
  core = g_weak_ref_get (&shared);
  if (core == NULL) {
    core = ir_core_new ();
    g_weak_ref_set (&shared, core);
  }
  g_mutex_unlock (&lock);

  return core;
}
