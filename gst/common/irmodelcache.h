/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_MODEL_CACHE_H
#define IR_MODEL_CACHE_H

#include <glib.h>

G_BEGIN_DECLS

/*
 * Where converted models are kept: one IR per model contents, options and
 * version of this software, so that a model is converted once per machine.
 */

/**
 * ir_model_cache_path:
 * @dir: of the cache
 * @model: a source model, a file or a folder
 * @extra: (nullable) (array zero-terminated=1): further files that the
 *   conversion reads
 * @options: text of all options that change the result
 *
 * Returns: (transfer full): path of the `.xml` that the conversion's result has
 *   or would have, or %NULL if a file can't be read
 */
char *ir_model_cache_path (const char *dir, const char *model,
    const char *const *extra, const char *options, GError **error);

G_END_DECLS

#endif
