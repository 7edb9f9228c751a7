/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_MODEL_PROC_H
#define IR_MODEL_PROC_H

#include "irrecipe.h"

G_BEGIN_DECLS

/*
 * The part of DL Streamer's model-proc JSON files that says how inputs are
 * made: `input_preproc`. What their `output_postproc` says is read by irdecode.
 */

/**
 * IrModelProc: what `input_preproc` says
 * @image_layer: (nullable): name of the input that takes the picture
 * @info_layer: (nullable): name of the input that takes the picture's size
 * @source: how the picture is prepared
 */
typedef struct {
  char *image_layer;
  char *info_layer;
  IrRecipeSource source;
} IrModelProc;

/** ir_model_proc_clear: frees the contents. */
void ir_model_proc_clear (IrModelProc *proc);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (IrModelProc, ir_model_proc_clear)

/** ir_model_proc_probe: whether the file is there and is such a JSON file. */
gboolean ir_model_proc_probe (const char *path);

/** ir_model_proc_read: reads @path; keys that are not known, or ask for what
 * preprocessing can't do, are errors that name them. */
gboolean ir_model_proc_read (
    const char *path, IrModelProc *proc, GError **error);

G_END_DECLS

#endif
