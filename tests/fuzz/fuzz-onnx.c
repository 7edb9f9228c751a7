/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libFuzzer's entry to the converter of ONNX files, passes included. */
#include <ir/convert.h>

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* The file that is read: one in memory, of the same name each time. */
static int
open_file (void)
{
  static int fd = -1;

  if (fd < 0)
    fd = memfd_create ("fuzz.onnx", MFD_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  return fd;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
  g_autoptr (IrGraph) graph = NULL;
  g_autofree char *path = NULL;
  int fd = open_file ();

  g_assert_cmpint (ftruncate (fd, 0), ==, 0);
  g_assert_cmpint (pwrite (fd, data, size, 0), ==, (gssize) size);
  path = g_strdup_printf ("/proc/self/fd/%d", fd);
  ir_convert_options_set (options, "input_model", path, NULL);
  ir_convert_options_set (options, "framework", "onnx", NULL);
  ir_convert_options_set (options, "allow_dynamic_shapes", "true", NULL);
  graph = ir_convert (options, NULL, NULL, NULL);
  if (graph)
    g_assert_true (ir_graph_validate (graph, NULL));
  return 0;
}
