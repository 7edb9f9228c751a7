/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_MAP_FILE_H
#define IR_MAP_FILE_H

#include <ir/error.h>

G_BEGIN_DECLS

/*
 * (transfer full): the file's contents, read-only. Anything but a regular file is
 * refused without waiting for it: a pipe could block, a device have no end. The
 * message begins with @path.
 */
GMappedFile *ir_map_file (const char *path, GError **error);

G_END_DECLS

#endif
