/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "files.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* One write() takes no more than 2 GB. */
#define MAX_WRITE ((gsize) 1 << 30)

#define SECOND G_GUINT64_CONSTANT (1000000000)

/* Files get the time of the last tick of a clock; what is written in the same tick as
 * what was there before can't be told from it by its times. */
static gboolean
is_of_this_tick (const struct stat *st)
{
  struct timespec now;

  return clock_gettime (CLOCK_REALTIME_COARSE, &now) < 0 ||
      st->st_ctim.tv_sec > now.tv_sec ||
      (st->st_ctim.tv_sec == now.tv_sec && st->st_ctim.tv_nsec >= now.tv_nsec);
}

/* File systems that count seconds only. */
static gboolean
is_coarse (const struct stat *st)
{
  return st->st_ctim.tv_nsec == 0 && st->st_mtim.tv_nsec == 0;
}

/* Ticks are up to 10 ms. */
#define MAX_WAITS 20
#define WAIT_US 1000

/* Waits until whoever changes the file gives it another time. Leaves zeros if its times
 * are not to be relied on. */
static void
take_stamp (int fd, guint64 stamp[IR_FILE_STAMP])
{
  struct stat st;

  for (guint i = 0; i < MAX_WAITS; i++) {
    if (fstat (fd, &st) < 0 || is_coarse (&st))
      return;
    if (!is_of_this_tick (&st)) {
      stamp[0] = st.st_ino;
      stamp[1] = (guint64) st.st_size;
      stamp[2] = (guint64) st.st_mtim.tv_sec * SECOND + st.st_mtim.tv_nsec;
      stamp[3] = (guint64) st.st_ctim.tv_sec * SECOND + st.st_ctim.tv_nsec;
      return;
    }
    g_usleep (WAIT_US);
  }
}

/* Anything but a regular file could block or have no end. */
GBytes *
ir_file_map (const char *path, guint64 stamp[IR_FILE_STAMP], GError **error)
{
  g_autoptr (GMappedFile) file = NULL;
  g_autoptr (GError) reason = NULL;
  int fd;

  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    ir_fail (error, IR_ERROR_NOT_FOUND, "%s: no such file", path);
    return NULL;
  }
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
    ir_fail (error, IR_ERROR_PARSE, "%s: not a regular file", path);
    return NULL;
  }
  fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) {
    ir_fail (error, IR_ERROR_NOT_FOUND, "%s: %s", path, g_strerror (errno));
    return NULL;
  }
  if (stamp)
    take_stamp (fd, stamp);
  file = g_mapped_file_new_from_fd (fd, FALSE, &reason);
  close (fd);
  if (!file) {
    ir_fail (error, IR_ERROR_NOT_FOUND, "%s: %s", path, reason->message);
    return NULL;
  }
  return g_mapped_file_get_bytes (file);
}

char *
ir_file_bin_path (const char *xml_path)
{
  gsize length = strlen (xml_path);

  if (length > 4 && g_ascii_strcasecmp (xml_path + length - 4, ".xml") == 0)
    length -= 4;
  return g_strdup_printf ("%.*s.bin", (int) length, xml_path);
}

static gboolean
fail_errno (const char *path, int code, GError **error)
{
  return ir_fail (error, IR_ERROR_NOT_FOUND, "%s: cannot be written: %s", path,
      g_strerror (code));
}

gboolean
ir_file_out_open (IrFileOut *out, const char *path, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".XXXXXX", NULL);
  int fd = g_mkstemp_full (temporary, O_WRONLY | O_CLOEXEC, 0666);

  if (fd < 0)
    return fail_errno (path, errno, error);
  out->path = g_strdup (path);
  out->temporary = g_steal_pointer (&temporary);
  out->fd = fd;
  return TRUE;
}

gboolean
ir_file_out_write (
    IrFileOut *out, gconstpointer data, gsize size, GError **error)
{
  const guint8 *at = data;

  while (size > 0) {
    gssize n = write (out->fd, at, MIN (size, MAX_WRITE));

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail_errno (out->path, errno, error);
    at += n;
    size -= (gsize) n;
  }
  return TRUE;
}

gboolean
ir_file_out_sync (IrFileOut *out, GError **error)
{
  if (fsync (out->fd) < 0)
    return fail_errno (out->path, errno, error);
  return TRUE;
}

static void
sync_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = g_open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

  /* The names are right already; a file system that cannot do this loses them
   * in a power cut at worst. */
  if (fd < 0)
    return;
  (void) fsync (fd);
  close (fd);
}

gboolean
ir_file_out_commit (IrFileOut *out, GError **error)
{
  if (g_rename (out->temporary, out->path) < 0)
    return fail_errno (out->path, errno, error);
  g_clear_pointer (&out->temporary, g_free);
  sync_folder (out->path);
  return TRUE;
}

void
ir_file_out_close (IrFileOut *out)
{
  if (!out->path)
    return;
  close (out->fd);
  if (out->temporary)
    g_unlink (out->temporary);
  g_clear_pointer (&out->temporary, g_free);
  g_clear_pointer (&out->path, g_free);
}
