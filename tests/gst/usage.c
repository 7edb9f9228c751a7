/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usage.h"

#include <dirent.h>
#include <unistd.h>

static guint
count_entries (const char *path)
{
  DIR *dir = opendir (path);
  guint n = 0;

  while (dir && readdir (dir))
    n++;
  if (dir)
    closedir (dir);
  return n;
}

static guint64
resident (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) fields = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  fields = g_strsplit (text, " ", -1);
  return g_ascii_strtoull (fields[1], NULL, 10) * sysconf (_SC_PAGESIZE);
}

/* Threads that ended, pooled ones too, are gone a little later. */
static guint
count_threads (guint expected)
{
  for (guint ms = 0; ms < 2000; ms++) {
    if (count_entries ("/proc/self/task") <= expected)
      break;
    g_usleep (1000);
  }
  return count_entries ("/proc/self/task");
}

Usage
usage_now (void)
{
  return (
      Usage){ count_entries ("/proc/self/fd"), count_threads (0), resident () };
}

void
usage_check (const Usage *before, guint64 bytes)
{
  g_assert_cmpuint (count_entries ("/proc/self/fd"), <=, before->files);
  g_assert_cmpuint (count_threads (before->threads), <=, before->threads);
  g_test_message (
      "%.0f KiB more", ((double) resident () - before->memory) / 1024);
  if (!g_getenv ("ASAN_OPTIONS") && !g_getenv ("TSAN_OPTIONS"))
    g_assert_cmpuint (resident (), <, before->memory + bytes);
}
