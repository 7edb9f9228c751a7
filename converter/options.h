/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_OPTIONS_H
#define IR_OPTIONS_H

#include <ir/convert.h>

G_BEGIN_DECLS

/* Whether the option was set, not only has a default. */
gboolean ir_options_is_set (const IrConvertOptions *options, const char *name);
/* The value of a flag. */
gboolean ir_options_flag (const IrConvertOptions *options, const char *name);

/* Tells the caller how far the conversion is; FALSE if it wants it to stop. */
gboolean ir_options_progress (const IrConvertOptions *options, const char *what,
    double fraction, GError **error);

G_END_DECLS

#endif
