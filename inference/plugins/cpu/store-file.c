/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Packed weights in a file: a header, an index, and the weights as they are in memory,
 * each at a line of the cache. Read by the machine that wrote it only. */
#include "cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "gst-ir CPU 1\n"
#define MAX_BLOBS 65536
/* One write() takes no more than 2 GB. */
#define MAX_WRITE ((gsize) 1 << 30)
/* A line of so many bytes is looked at when the file is loaded: what a crash before the
 * disk had it leaves out is more. */
#define SAMPLE_STEP ((gsize) 1 << 20)
#define LINE ((gsize) 64)

typedef struct {
  char magic[16];
  CpuStoreKey key;
  guint64 bytes;
  guint64 n_blobs;
  /* SHA-256 of the header, this being zero, and of the index. */
  char check[CPU_DIGEST];
} Header;

typedef struct {
  char label[CPU_LABEL];
  guint64 offset;
  guint64 bytes;
  guint64 samples;
} Entry;

static gsize
index_end (gsize n)
{
  return sizeof (Header) + n * sizeof (Entry);
}

static void
seal (const Header *header, const Entry *entries, char check[CPU_DIGEST])
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  Header blank = *header;

  memset (blank.check, 0, sizeof blank.check);
  g_checksum_update (sum, (const guchar *) &blank, sizeof blank);
  g_checksum_update (
      sum, (const guchar *) entries, header->n_blobs * sizeof *entries);
  memcpy (check, g_checksum_get_string (sum), CPU_DIGEST);
}

static guint64
add_line (guint64 sum, const guint8 *data, gsize size)
{
  guint64 words[LINE / sizeof (guint64)] = { 0 };

  memcpy (words, data, MIN (size, sizeof words));
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    sum = (sum ^ words[i]) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
    sum ^= sum >> 32;
  }
  return sum;
}

static guint64
sample (const guint8 *data, gsize size)
{
  guint64 sum = 1;

  for (gsize at = 0; at < size; at += SAMPLE_STEP)
    sum = add_line (sum, data + at, size - at);
  return size > LINE ? add_line (sum, data + size - LINE, LINE) : sum;
}

/* --- loading --------------------------------------------------------------- */

static gboolean
fail (const char *path, const char *what, GError **error)
{
  return ir_fail (error, IR_ERROR_PARSE,
      "the kept form of the model, %s, %s; it is made anew", path, what);
}

/* The size of a file that can be mapped; 0 without an error if there is none. */
static gsize
open_file (const char *path, int *fd, GError **error)
{
  struct stat st;

  *fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (*fd < 0) {
    if (errno != ENOENT && errno != ENOTDIR)
      fail (path, errno == ELOOP ? "is a link" : g_strerror (errno), error);
    return 0;
  }
  if (fstat (*fd, &st) < 0 || !S_ISREG (st.st_mode))
    fail (path, "is not a regular file", error);
  else if (st.st_size < (goffset) sizeof (Header) ||
      (guint64) st.st_size > G_MAXSSIZE)
    fail (path, "is damaged", error);
  else
    return st.st_size;
  return 0;
}

static gboolean
map_file (CpuStore *store, const char *path, GError **error)
{
  int fd;
  const gsize size = open_file (path, &fd, error);
  gpointer mapping = MAP_FAILED;

  if (size > 0) {
    mapping = mmap (NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapping == MAP_FAILED)
      fail (path, g_strerror (errno), error);
  }
  if (fd >= 0)
    close (fd);
  if (mapping == MAP_FAILED)
    return FALSE;
  store->mapping = mapping;
  store->mapping_bytes = size;
  return TRUE;
}

static gboolean
check_entry (const CpuStore *store, const Entry *entry, gsize begin)
{
  if (!memchr (entry->label, '\0', sizeof entry->label))
    return FALSE;
  if (entry->bytes == 0)
    return TRUE;
  return entry->offset >= begin && entry->offset % LINE == 0 &&
      entry->offset <= store->mapping_bytes &&
      entry->bytes <= store->mapping_bytes - entry->offset &&
      entry->samples ==
      sample ((guint8 *) store->mapping + entry->offset, entry->bytes);
}

static gboolean
check_file (const CpuStore *store)
{
  const Header *header = store->mapping;
  const Entry *entries = (const Entry *) (header + 1);
  char check[CPU_DIGEST];

  if (header->bytes != store->mapping_bytes || header->n_blobs > MAX_BLOBS ||
      index_end (header->n_blobs) > store->mapping_bytes)
    return FALSE;
  seal (header, entries, check);
  if (memcmp (check, header->check, sizeof check) != 0)
    return FALSE;
  for (gsize i = 0; i < header->n_blobs; i++)
    if (!check_entry (store, &entries[i], index_end (header->n_blobs)))
      return FALSE;
  return TRUE;
}

static void
take_blobs (CpuStore *store)
{
  const Header *header = store->mapping;
  const Entry *entries = (const Entry *) (header + 1);

  for (gsize i = 0; i < header->n_blobs; i++) {
    CpuBlob *blob = g_new0 (CpuBlob, 1);

    g_strlcpy (blob->label, entries[i].label, sizeof blob->label);
    blob->bytes = entries[i].bytes;
    if (blob->bytes > 0)
      blob->data = (guint8 *) store->mapping + entries[i].offset;
    g_ptr_array_add (store->blobs, blob);
    g_hash_table_insert (store->by_label, blob->label, blob);
  }
}

/* Whether it is the file that is looked for; *@error stays NULL if only the model has
 * changed since. */
static gboolean
check_key (const CpuStore *store, const char *path, const CpuStoreKey *key,
    GError **error)
{
  const Header *header = store->mapping;
  static const char magic[sizeof header->magic] = MAGIC;

  if (memcmp (header->magic, magic, sizeof magic) != 0)
    return fail (path, "is something else", error);
  if (memcmp (header->key.maker, key->maker, sizeof key->maker) != 0)
    return fail (path, "is of another version of this software", error);
  if (!check_file (store))
    return fail (path, "is damaged", error);
  if (memcmp (header->key.place, key->place, sizeof key->place) != 0)
    return fail (
        path, "is of another model, processor or configuration", error);
  return memcmp (header->key.contents, key->contents, sizeof key->contents) ==
      0;
}

gboolean
cpu_store_load (
    CpuStore *store, const char *path, const CpuStoreKey *key, GError **error)
{
  if (!map_file (store, path, error))
    return FALSE;
  if (check_key (store, path, key, error)) {
    take_blobs (store);
    return TRUE;
  }
  munmap (store->mapping, store->mapping_bytes);
  store->mapping = NULL;
  return FALSE;
}

/* --- saving ---------------------------------------------------------------- */

static Entry *
make_index (const CpuStore *store, gsize *end)
{
  Entry *entries = g_new0 (Entry, store->blobs->len + 1);

  *end = index_end (store->blobs->len);
  for (guint i = 0; i < store->blobs->len; i++) {
    const CpuBlob *blob = g_ptr_array_index (store->blobs, i);
    Entry *entry = &entries[i];

    g_strlcpy (entry->label, blob->label, sizeof entry->label);
    entry->bytes = blob->bytes;
    if (blob->bytes == 0)
      continue;
    entry->offset = (*end + LINE - 1) / LINE * LINE;
    entry->samples = sample (blob->data, blob->bytes);
    *end = entry->offset + blob->bytes;
  }
  return entries;
}

/* Behind what has been written, up to @offset, are zeros. */
static gboolean
write_at (int fd, gsize offset, gconstpointer data, gsize size)
{
  const guint8 *from = data;

  while (size > 0) {
    const gssize n = pwrite (fd, from, MIN (size, MAX_WRITE), offset);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return FALSE;
    from += n;
    offset += n;
    size -= n;
  }
  return TRUE;
}

static gboolean
write_all (const CpuStore *store, const CpuStoreKey *key, int fd)
{
  gsize end;
  g_autofree Entry *entries = make_index (store, &end);
  Header header = {
    .magic = MAGIC, .key = *key, .bytes = end, .n_blobs = store->blobs->len
  };

  seal (&header, entries, header.check);
  if (!write_at (fd, 0, &header, sizeof header) ||
      !write_at (
          fd, sizeof header, entries, store->blobs->len * sizeof *entries))
    return FALSE;
  for (guint i = 0; i < store->blobs->len; i++) {
    const CpuBlob *blob = g_ptr_array_index (store->blobs, i);

    if (!write_at (fd, entries[i].offset, blob->data, blob->bytes))
      return FALSE;
  }
  return TRUE;
}

gboolean
cpu_store_save (const CpuStore *store, const char *path, const CpuStoreKey *key,
    GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *temporary = g_strconcat (path, ".XXXXXX", NULL);
  gboolean ok;
  int fd;

  if (store->blobs->len > MAX_BLOBS)
    return TRUE;
  if (g_mkdir_with_parents (folder, 0700) < 0 ||
      (fd = g_mkstemp_full (temporary, O_RDWR | O_CLOEXEC, 0600)) < 0)
    return ir_fail (error, IR_ERROR_NOT_FOUND,
        "the compiled model is not kept: folder %s can't be written: %s",
        folder, g_strerror (errno));
  ok = write_all (store, key, fd);
  ok = close (fd) == 0 && ok;
  if (ok && g_rename (temporary, path) == 0)
    return TRUE;
  ir_fail (error, IR_ERROR_NOT_FOUND,
      "the compiled model is not kept: %s can't be written: %s", path,
      g_strerror (errno));
  g_unlink (temporary);
  return FALSE;
}
