/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_FILES_H
#define IR_FILES_H

#include <ir/error.h>

G_BEGIN_DECLS

/* What changes whenever the contents of a file do: inode, bytes, nanoseconds of the
 * last change of its contents and of anything. */
#define IR_FILE_STAMP 4

/* Maps a regular file; @stamp may be NULL. */
GBytes *ir_file_map (
    const char *path, guint64 stamp[IR_FILE_STAMP], GError **error);

/* The name of the weights beside an .xml. */
char *ir_file_bin_path (const char *xml_path);

/* A file that is written under a temporary name in the same folder. */
typedef struct {
  char *path;
  char *temporary;
  int fd;
} IrFileOut;

gboolean ir_file_out_open (IrFileOut *out, const char *path, GError **error);
gboolean ir_file_out_write (
    IrFileOut *out, gconstpointer data, gsize size, GError **error);
/* Brings what was written to the disk. */
gboolean ir_file_out_sync (IrFileOut *out, GError **error);
/* Gives the file its name. */
gboolean ir_file_out_commit (IrFileOut *out, GError **error);
/* Frees the struct; a file that was not committed is gone. */
void ir_file_out_close (IrFileOut *out);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (IrFileOut, ir_file_out_close)

G_END_DECLS

#endif
