/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "map-file.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static GMappedFile *
map_regular (int fd, const char *path, GError **error)
{
  g_autoptr (GError) reason = NULL;
  GMappedFile *file;
  struct stat info;

  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode)) {
    ir_fail (error, IR_ERROR_PARSE, "%s: not a regular file", path);
    return NULL;
  }
  file = g_mapped_file_new_from_fd (fd, FALSE, &reason);
  if (file == NULL)
    ir_fail (error, IR_ERROR_NOT_FOUND, "%s: %s", path, reason->message);
  return file;
}

GMappedFile *
ir_map_file (const char *path, GError **error)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  GMappedFile *file;

  if (fd < 0) {
    ir_fail (error, IR_ERROR_NOT_FOUND, "%s: %s", path, g_strerror (errno));
    return NULL;
  }
  file = map_regular (fd, path, error);
  close (fd);
  return file;
}
