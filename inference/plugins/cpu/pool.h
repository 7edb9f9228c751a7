/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CPU_POOL_H
#define CPU_POOL_H

#include <glib.h>

G_BEGIN_DECLS

/*
 * The threads of the process that compute. They are made when first needed, look
 * for work for a moment before they sleep (waking one up takes longer than many
 * steps of a network), and stay.
 */

/* One part of a piece of work. @worker is below the number of threads that were
 * asked for and differs between parts that run at the same time. */
typedef void (*CpuTask) (gpointer data, guint task, guint worker);

/* Runs tasks 0 to @n - 1 in up to @threads threads, the caller's being one of
 * them, and returns when all are done. Any number of threads may call. */
void cpu_pool_run (guint threads, guint n, CpuTask task, gpointer data);

/* Cores that this process may use, by its affinity and its control group. */
guint cpu_pool_cores (void);
/* How many inferences of a model with @threads threads run side by side, by the value
 * of STREAMS, NULL if there is none. */
guint cpu_pool_streams (const char *wanted, guint threads);
/* Whole cores that the groups listed in the file @groups (/proc/self/cgroup) have
 * under @mounts (/sys/fs/cgroup); 256 if none says. */
guint cpu_quota (const char *groups, const char *mounts);

G_END_DECLS

#endif
