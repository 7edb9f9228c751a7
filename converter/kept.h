/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KEPT_H
#define IR_KEPT_H

#include "options.h"

G_BEGIN_DECLS

/*
 * (transfer full): path of the `.xml` that the result of a conversion has or would
 * have in a folder that keeps them: one for each contents of the files that are read,
 * options and version of this software. NULL if a file can't be read. (kept-path.c)
 */
char *ir_kept_path (
    const IrConvertOptions *options, const char *folder, GError **error);

/* Length of a SHA-256 in letters. */
#define IR_KEPT_DIGEST 64

/* What tells the contents of a file from others. (kept-digest.c) */
typedef struct {
  char *text;
  /* NULL if it did not have to be read. */
  GMappedFile *file;
  char *stamp, *note;
} IrKeptDigest;

/*
 * Fills @digest, all zeros before. Of a large file it comes from a note in @folder, as
 * long as the file is the same by inode, size and times.
 */
gboolean ir_kept_digest (
    IrKeptDigest *digest, const char *folder, const char *path, GError **error);
/* Keeps a note for the next time, if the file was read and is worth one. */
void ir_kept_digest_note (const IrKeptDigest *digest, const char *folder);
void ir_kept_digest_clear (IrKeptDigest *digest);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (IrKeptDigest, ir_kept_digest_clear)

G_END_DECLS

#endif
