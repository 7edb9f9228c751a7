/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_PALETTE_H
#define IR_PALETTE_H

#include <ir/error.h>

#include "paint.h"

G_BEGIN_DECLS

/** IrPalette: a colour for every class. */
typedef struct _IrPalette IrPalette;

/**
 * ir_palette_parse:
 * @text: (nullable): "#ff0000,#00ff00" in turn, "person=#ff0000" for a class, or
 *   both; %NULL or "" for the built-in colours
 *
 * Returns: (transfer full): or %NULL with %IR_ERROR_PARSE
 */
IrPalette *ir_palette_parse (const char *text, GError **error);
void ir_palette_free (IrPalette *palette);

/** ir_palette_get: by @label, else by @label_id. */
IrColor ir_palette_get (
    const IrPalette *palette, const char *label, gint label_id);

/** ir_color_text: black or white, whatever is read better on @color. */
IrColor ir_color_text (IrColor color);

G_END_DECLS

#endif
