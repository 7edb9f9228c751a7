/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef USAGE_H
#define USAGE_H

#include <glib.h>

/** Usage: what the process holds: open files, threads, bytes of memory. */
typedef struct {
  guint files;
  guint threads;
  guint64 memory;
} Usage;

Usage usage_now (void);
/* Nothing has grown, memory by less than @bytes (not looked at with sanitizers,
 * which keep what was freed). */
void usage_check (const Usage *before, guint64 bytes);

#endif
