/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irdigest.h"

#include <glib/gstdio.h>

typedef struct {
  char *dir;
  char *xml;
  char *bin;
} Files;

static void
files_write (Files *files)
{
  files->dir = g_dir_make_tmp ("ir-digest-XXXXXX", NULL);
  files->xml = g_build_filename (files->dir, "m.xml", NULL);
  files->bin = g_build_filename (files->dir, "m.bin", NULL);
  g_assert_true (g_file_set_contents (files->xml, "ab", -1, NULL));
  g_assert_true (g_file_set_contents (files->bin, "c", -1, NULL));
}

static void
files_clear (Files *files)
{
  g_unlink (files->xml);
  g_unlink (files->bin);
  g_rmdir (files->dir);
  g_free (files->xml);
  g_free (files->bin);
  g_free (files->dir);
}

static void
check (IrDigest *digest, const char *text)
{
  g_autofree char *sum =
      text ? g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1) : NULL;

  g_assert_cmpstr (ir_digest_get (digest), ==, sum);
  ir_digest_unref (digest);
}

static void
test_files (void)
{
  Files files;
  IrDigest *digest;

  files_write (&files);
  digest = ir_digest_new_ir (files.xml, files.bin);
  g_assert_true (ir_digest_get (digest) == ir_digest_get (digest));
  check (ir_digest_ref (digest), "abc");
  g_assert_true (g_file_set_contents (files.bin, "d", -1, NULL));
  check (digest, "abc");
  g_unlink (files.bin);
  check (ir_digest_new_ir (files.xml, files.bin), "ab");
  files_clear (&files);
}

/* A sum is of the files that the model was read from, or there is none. */
static void
test_changed (void)
{
  Files files;
  IrDigest *replaced, *removed;

  files_write (&files);
  replaced = ir_digest_new_ir (files.xml, files.bin);
  g_assert_true (g_file_set_contents (files.bin, "d", -1, NULL));
  check (replaced, NULL);
  removed = ir_digest_new_ir (files.xml, files.bin);
  g_unlink (files.bin);
  check (removed, NULL);
  files_clear (&files);
}

static void
test_sum (void)
{
  IrDigest *digest = ir_digest_new_sum ("00ff");

  g_assert_cmpstr (ir_digest_get (digest), ==, "00ff");
  ir_digest_unref (digest);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gst/digest/files", test_files);
  g_test_add_func ("/gst/digest/changed", test_changed);
  g_test_add_func ("/gst/digest/sum", test_sum);
  return g_test_run ();
}
