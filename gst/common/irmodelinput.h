/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_MODEL_INPUT_H
#define IR_MODEL_INPUT_H

#include "irmodel.h"
#include "irmodelproc.h"

G_BEGIN_DECLS

/*
 * Finding out what a model's inputs are for.
 */

/** ir_model_find_inputs: sets @image, @size_input and size, layout, type and
 * channels of @recipe from the graph's Parameters; @proc names them if it can. */
gboolean ir_model_find_inputs (
    IrModel *model, const IrModelProc *proc, GError **error);

/**
 * ir_model_pick_values:
 * @text: values for one input or several, named or in the inputs' order, in the
 *   converter's syntax: `1,2,3`, `data[1,2,3],info[0]`, `(1,2,3),(0)`
 * @what: the property, for messages
 *
 * Returns: (transfer full): the values for the image input, or %NULL
 */
char *ir_model_pick_values (
    const IrModel *model, const char *text, const char *what, GError **error);

G_END_DECLS

#endif
