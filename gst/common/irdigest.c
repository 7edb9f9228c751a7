/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irdigest.h"

#include <glib/gstdio.h>
#include <string.h>

#define N_FILES 2

/* What tells a file from one that took its place; zeros if there is none. */
typedef struct {
  guint64 device, inode, size;
  gint64 seconds, nanoseconds;
} Stamp;

struct _IrDigest {
  gatomicrefcount refs;
  char *path[N_FILES];
  Stamp stamp[N_FILES];
  gsize computed;
  char *sum;
};

/* By the change of the inode, which nothing sets back. */
static Stamp
stamp_of (const char *path)
{
  Stamp stamp = { 0 };
  GStatBuf st;

  if (g_stat (path, &st) != 0)
    return stamp;
  stamp.device = st.st_dev;
  stamp.inode = st.st_ino;
  stamp.size = st.st_size;
  stamp.seconds = st.st_ctim.tv_sec;
  stamp.nanoseconds = st.st_ctim.tv_nsec;
  return stamp;
}

IrDigest *
ir_digest_new_ir (const char *xml, const char *bin)
{
  IrDigest *digest = ir_digest_new_sum (NULL);

  digest->computed = 0;
  digest->path[0] = g_strdup (xml);
  digest->path[1] = g_strdup (bin);
  for (guint i = 0; i < N_FILES; i++)
    digest->stamp[i] = stamp_of (digest->path[i]);
  return digest;
}

IrDigest *
ir_digest_new_sum (const char *sum)
{
  IrDigest *digest = g_new0 (IrDigest, 1);

  g_atomic_ref_count_init (&digest->refs);
  digest->computed = 1;
  digest->sum = g_strdup (sum);
  return digest;
}

IrDigest *
ir_digest_ref (IrDigest *digest)
{
  g_atomic_ref_count_inc (&digest->refs);
  return digest;
}

void
ir_digest_unref (IrDigest *digest)
{
  if (!g_atomic_ref_count_dec (&digest->refs))
    return;
  for (guint i = 0; i < N_FILES; i++)
    g_free (digest->path[i]);
  g_free (digest->sum);
  g_free (digest);
}

static gboolean
add_file (GChecksum *sum, const char *path, const Stamp *stamp)
{
  g_autoptr (GMappedFile) file = NULL;
  const guchar *data;
  gsize size;
  Stamp now;

  if (stamp->inode == 0)
    return TRUE;
  file = g_mapped_file_new (path, FALSE, NULL);
  now = stamp_of (path);
  if (file == NULL || memcmp (&now, stamp, sizeof now) != 0)
    return FALSE;
  data = (const guchar *) g_mapped_file_get_contents (file);
  size = g_mapped_file_get_length (file);
  for (gsize at = 0; at < size; at += G_MAXINT32)
    g_checksum_update (sum, data + at, MIN (size - at, G_MAXINT32));
  return TRUE;
}

static char *
compute (const IrDigest *digest)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < N_FILES; i++)
    if (!add_file (sum, digest->path[i], &digest->stamp[i]))
      return NULL;
  return g_strdup (g_checksum_get_string (sum));
}

const char *
ir_digest_get (IrDigest *digest)
{
  if (g_once_init_enter (&digest->computed)) {
    digest->sum = compute (digest);
    g_once_init_leave (&digest->computed, 1);
  }
  return digest->sum;
}
