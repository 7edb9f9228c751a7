/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How many processors there are for us. */
#include "pool.h"

#include <stdio.h>
#include <string.h>

#define MAX_CORES 256
/* Each has an arena of its own. */
#define MOST_STREAMS 4

/* Whole cores of one group; MAX_CORES if it does not say. */
typedef guint (*ReadQuota) (const char *folder);

static gboolean
read_file (const char *folder, const char *name, char **text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_get_contents (path, text, NULL, NULL);
}

static guint
cores_of (gint64 quota, gint64 period)
{
  if (quota <= 0 || period <= 0)
    return MAX_CORES;
  return CLAMP (quota / period + (quota % period > 0), 1, MAX_CORES);
}

/* "200000 100000" or "max 100000". */
static guint
read_v2 (const char *folder)
{
  g_autofree char *text = NULL;
  gint64 quota, period;

  if (read_file (folder, "cpu.max", &text) &&
      sscanf (text, "%" G_GINT64_MODIFIER "d %" G_GINT64_MODIFIER "d", &quota,
          &period) == 2)
    return cores_of (quota, period);
  return MAX_CORES;
}

static guint
read_v1 (const char *folder)
{
  g_autofree char *quota = NULL, *period = NULL;

  if (read_file (folder, "cpu.cfs_quota_us", &quota) &&
      read_file (folder, "cpu.cfs_period_us", &period))
    return cores_of (
        g_ascii_strtoll (quota, NULL, 10), g_ascii_strtoll (period, NULL, 10));
  return MAX_CORES;
}

/* A group gets no more than those that it is in. Inside of a container the path
 * may be one of outside: what is not there does not say anything. */
static guint
least_above (const char *root, const char *path, ReadQuota read)
{
  g_autofree char *at = g_strdup (path);
  guint least = read (root);

  while (strlen (at) > 1) {
    g_autofree char *folder = g_build_filename (root, at, NULL);
    char *slash = strrchr (at, '/');

    least = MIN (least, read (folder));
    if (!slash)
      break;
    *slash = '\0';
  }
  return least;
}

/* One line of cgroups(7): number:controllers:path, all on their own mounts in the
 * first version, "0::path" in the second. */
static guint
quota_of_line (const char *line, const char *mounts)
{
  g_auto (GStrv) fields = g_strsplit (line, ":", 3);
  g_autofree char *root = NULL;
  g_auto (GStrv) controllers = NULL;

  if (g_strv_length (fields) != 3)
    return MAX_CORES;
  if (!*fields[1])
    return least_above (mounts, fields[2], read_v2);
  controllers = g_strsplit (fields[1], ",", -1);
  if (!g_strv_contains ((const char *const *) controllers, "cpu"))
    return MAX_CORES;
  root = g_build_filename (mounts, "cpu", NULL);
  return least_above (root, fields[2], read_v1);
}

guint
cpu_quota (const char *groups, const char *mounts)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint least = MAX_CORES;

  if (!g_file_get_contents (groups, &text, NULL, NULL))
    return least;
  lines = g_strsplit (text, "\n", -1);
  for (char **l = lines; *l; l++)
    least = MIN (least, quota_of_line (*l, mounts));
  return least;
}

guint
cpu_pool_cores (void)
{
  return MIN (g_get_num_processors (),
      cpu_quota ("/proc/self/cgroup", "/sys/fs/cgroup"));
}

/* A thread that need not wait for another one between layers gets more done: two
 * inferences of a thread each are 1.3 to 1.6 times as many as one of two threads. */
guint
cpu_pool_streams (const char *wanted, guint threads)
{
  if (!wanted)
    return 1;
  if (g_str_equal (wanted, "auto"))
    return MIN (threads, MOST_STREAMS);
  return MAX (g_ascii_strtoull (wanted, NULL, 10), 1);
}
