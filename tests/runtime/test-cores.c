/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What control groups leave of the processors. */
#include "pool.h"

#include <glib/gstdio.h>

static char *folder;

static void
write_text (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static guint
quota (const char *groups)
{
  g_autofree char *path = g_build_filename (folder, "groups", NULL);

  write_text ("groups", groups);
  return cpu_quota (path, folder);
}

static void
test_second (void)
{
  write_text ("cpu.max", "max 100000\n");
  write_text ("a/cpu.max", "300000 100000\n");
  write_text ("a/b/cpu.max", "max 100000\n");
  write_text ("a/b/c/cpu.max", "150000 100000\n");
  g_assert_cmpuint (quota ("0::/\n"), ==, 256);
  g_assert_cmpuint (quota ("0::/a\n"), ==, 3);
  g_assert_cmpuint (quota ("0::/a/b\n"), ==, 3);
  g_assert_cmpuint (quota ("0::/a/b/c\n"), ==, 2);
  g_assert_cmpuint (quota ("0::/not/there\n"), ==, 256);
  write_text ("a/cpu.max", "5000 100000\n");
  g_assert_cmpuint (quota ("0::/a/b\n"), ==, 1);
}

static void
test_first (void)
{
  write_text ("cpu/x/cpu.cfs_period_us", "100000\n");
  write_text ("cpu/x/cpu.cfs_quota_us", "400000\n");
  write_text ("cpu/x/y/cpu.cfs_period_us", "100000\n");
  write_text ("cpu/x/y/cpu.cfs_quota_us", "-1\n");
  g_assert_cmpuint (quota ("4:memory:/x\n1:cpu,cpuacct:/x\n"), ==, 4);
  g_assert_cmpuint (quota ("1:cpuacct,cpu:/x/y\n0::/\n"), ==, 4);
  g_assert_cmpuint (quota ("1:cpuset:/x\n"), ==, 256);
}

static void
test_broken (void)
{
  write_text ("broken/cpu.max", "none at all\n");
  g_assert_cmpuint (quota (""), ==, 256);
  g_assert_cmpuint (quota ("nothing\n:\n::\n"), ==, 256);
  g_assert_cmpuint (quota ("0::/broken\n"), ==, 256);
  write_text ("broken/cpu.max", "100000 0\n");
  g_assert_cmpuint (quota ("0::/broken\n"), ==, 256);
  g_assert_cmpuint (cpu_quota ("/not/there", folder), ==, 256);
  g_assert_cmpuint (cpu_pool_cores (), >=, 1);
}

static void
test_streams (void)
{
  g_assert_cmpuint (cpu_pool_streams (NULL, 8), ==, 1);
  g_assert_cmpuint (cpu_pool_streams ("0", 8), ==, 1);
  g_assert_cmpuint (cpu_pool_streams ("12", 8), ==, 12);
  g_assert_cmpuint (cpu_pool_streams ("auto", 1), ==, 1);
  g_assert_cmpuint (cpu_pool_streams ("auto", 2), ==, 2);
  g_assert_cmpuint (cpu_pool_streams ("auto", 64), ==, 4);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *child = g_build_filename (path, name, NULL);

    remove_tree (child);
  }
  g_remove (path);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("ir-cores-XXXXXX", NULL);
  g_test_add_func ("/cores/second-version", test_second);
  g_test_add_func ("/cores/first-version", test_first);
  g_test_add_func ("/cores/broken", test_broken);
  g_test_add_func ("/cores/streams", test_streams);
  status = g_test_run ();
  remove_tree (folder);
  g_free (folder);
  return status;
}
