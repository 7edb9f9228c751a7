/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_OUTPUT_H
#define IR_OUTPUT_H

#include <ir/error.h>

G_BEGIN_DECLS

/** IrOutputStream: where lines go. */
typedef struct _IrOutputStream IrOutputStream;

/**
 * ir_output_open:
 * @uri: "-" for standard output, "file:PATH" (relative to the working
 *   directory) or "file:///PATH"; the file is emptied
 *
 * Returns: (transfer full): or %NULL with %IR_ERROR_UNSUPPORTED,
 *   %IR_ERROR_PARSE or a GFileError naming the path
 */
IrOutputStream *ir_output_open (const char *uri, GError **error);

/** ir_output_write: writes @line and its end in one piece.
 * Returns: %FALSE with a GFileError naming the path */
gboolean ir_output_write (
    IrOutputStream *output, const char *line, GError **error);

/** ir_output_close: frees @output whatever happens.
 * Returns: %FALSE with a GFileError if the system kept an error until now */
gboolean ir_output_close (IrOutputStream *output, GError **error);

G_END_DECLS

#endif
