/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_TEXT_H
#define IR_TEXT_H

#include "paint.h"

G_BEGIN_DECLS

/** IrTextCache: words as coverage masks, rendered once. One thread at a time. */
typedef struct _IrTextCache IrTextCache;

IrTextCache *ir_text_cache_new (void);
void ir_text_cache_free (IrTextCache *cache);

/**
 * ir_text_get:
 * @text: UTF-8
 * @size: height of a line in pixels
 *
 * Returns: (transfer none) (nullable): valid until the next call; %NULL for
 *   text that shows nothing
 */
const IrCoverage *ir_text_get (
    IrTextCache *cache, const char *text, guint size);

G_END_DECLS

#endif
