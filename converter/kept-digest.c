/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Contents of files in a few bytes. Reading 100 MB takes longer than all else when a
 * model that has been converted before is opened. */
#include "kept.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Smaller files are read faster than a note is found. */
#define MIN_NOTED ((goffset) 1 << 20)
/* File systems count time in steps of up to so many seconds: a file may have changed
 * since, and still have the time that it had. */
#define SETTLED 2
#define SECOND G_GINT64_CONSTANT (1000000000)

static gint64
nanoseconds (struct timespec time)
{
  return (gint64) time.tv_sec * SECOND + time.tv_nsec;
}

static gboolean
is_settled (const struct stat *st)
{
  struct timespec now;

  return clock_gettime (CLOCK_REALTIME, &now) == 0 &&
      nanoseconds (now) - nanoseconds (st->st_ctim) > SETTLED * SECOND &&
      nanoseconds (now) - nanoseconds (st->st_mtim) > SETTLED * SECOND;
}

/* What changes whenever the contents do; touch and cp -p can't set all of it back. */
static char *
make_stamp (const struct stat *st)
{
  return g_strdup_printf ("gst-ir contents 1\n%" G_GUINT64_FORMAT
                          " %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT
                          " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n",
      (guint64) st->st_dev, (guint64) st->st_ino, (gint64) st->st_size,
      nanoseconds (st->st_mtim), nanoseconds (st->st_ctim));
}

static char *
note_path (const char *folder, const char *path)
{
  g_autofree char *whole = g_canonicalize_filename (path, NULL);
  g_autofree char *sum =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, whole, -1);
  g_autofree char *name = g_strdup_printf ("%.24s.contents", sum);

  return g_build_filename (folder, name, NULL);
}

/* What the note says behind the stamp; NULL if it is of another file or none at all. */
static char *
read_note (const IrKeptDigest *digest)
{
  const gsize n = strlen (digest->stamp);
  g_autofree char *note = NULL;
  gsize size;

  if (!g_file_get_contents (digest->note, &note, &size, NULL) ||
      size != n + IR_KEPT_DIGEST || !g_str_has_prefix (note, digest->stamp))
    return NULL;
  return g_strdup (note + n);
}

static char *
sum_up (GMappedFile *file)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  ir_checksum_add_bytes (
      sum, g_mapped_file_get_contents (file), g_mapped_file_get_length (file));
  return g_strdup (g_checksum_get_string (sum));
}

static gboolean
digest_open_file (IrKeptDigest *digest, int fd, const char *folder,
    const char *path, GError **error)
{
  struct stat st;

  if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode))
    return ir_fail (error, IR_ERROR_PARSE, "it is not a regular file");
  if (st.st_size >= MIN_NOTED && is_settled (&st)) {
    digest->stamp = make_stamp (&st);
    digest->note = note_path (folder, path);
    digest->text = read_note (digest);
  }
  if (digest->text)
    return TRUE;
  digest->file = g_mapped_file_new_from_fd (fd, FALSE, error);
  if (digest->file)
    digest->text = sum_up (digest->file);
  return digest->file != NULL;
}

gboolean
ir_kept_digest (
    IrKeptDigest *digest, const char *folder, const char *path, GError **error)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  gboolean ok;

  if (fd < 0)
    return ir_fail (error, IR_ERROR_NOT_FOUND, "%s", g_strerror (errno));
  ok = digest_open_file (digest, fd, folder, path, error);
  close (fd);
  return ok;
}

void
ir_kept_digest_note (const IrKeptDigest *digest, const char *folder)
{
  g_autofree char *note = NULL;

  if (!digest->note || !digest->file)
    return;
  note = g_strconcat (digest->stamp, digest->text, NULL);
  /* Without it the file is read again, that is all. */
  g_mkdir_with_parents (folder, 0755);
  (void) g_file_set_contents (digest->note, note, -1, NULL);
}

void
ir_kept_digest_clear (IrKeptDigest *digest)
{
  g_clear_pointer (&digest->file, g_mapped_file_unref);
  g_clear_pointer (&digest->stamp, g_free);
  g_clear_pointer (&digest->note, g_free);
  g_clear_pointer (&digest->text, g_free);
}
