/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_TOOL_H
#define IR_TOOL_H

#include <ir/core.h>

G_BEGIN_DECLS

/*
 * What the commands that run models share: reading a model whatever its format,
 * giving its inputs shapes and contents.
 */

/* An IR, or anything the converter reads. @cache_dir: (nullable): of IR_TOOL_CACHE_DIR;
 * what has been converted of large models is kept there. */
IrGraph *ir_tool_read_model (
    const char *path, const char *cache_dir, GError **error);

/*
 * Gives inputs other shapes and infers again. @text is "[1,3,224,224]" for a
 * model with one input, or "name[1,3,224,224],other[1,4]"; NULL changes nothing.
 * @batch, if not 0, then becomes the outermost dimension of every input that has
 * one.
 */
gboolean ir_tool_reshape (
    IrGraph *graph, const char *text, guint batch, GError **error);

/* Index of the input that @name means: a tensor name or a Parameter's name. */
gboolean ir_tool_find_input (
    const IrGraph *graph, const char *name, gsize *index, GError **error);

/* An array for input @port: its numbers in the type that the input takes, with
 * an error if an integer type can't hold them. @note (out) says what was
 * converted, or is NULL. */
IrTensor *ir_tool_load_input (
    const IrPortInfo *port, const char *path, char **note, GError **error);

/* Contents that are the same on every machine: floats from 0 to 1, 8-bit
 * integers over their whole range, other integers 0 or 1. An outermost dimension
 * that is not known is taken as 1. */
IrTensor *ir_tool_random_input (
    const IrPortInfo *port, guint64 seed, GError **error);

/* "NAME=FILE" or "FILE" for the inputs in their order; NULL where none is
 * given. */
gboolean ir_tool_assign_inputs (const IrGraph *graph, const GPtrArray *given,
    const char **files, GError **error);

/* One tensor per input: from its file, else random. @notes (nullable) gets one
 * text per input saying where it is from. */
gboolean ir_tool_make_inputs (IrCompiledModel *model, const GPtrArray *given,
    guint64 seed, GPtrArray *tensors, GPtrArray *notes, GError **error);

/* ir_core_compile() that prints the model's warning. */
IrCompiledModel *ir_tool_compile (IrCore *core, const IrGraph *graph,
    const char *device, const char *config, GError **error);

/* "KEY=VALUE,…" with PRECISION and CACHE_DIR put before what the user wrote; each may
 * be NULL. */
char *ir_tool_config (
    const char *precision, const char *cache_dir, const char *more);

/* The row of the option table of the folder for it. */
#define IR_TOOL_CACHE_DIR(Options, field)                                      \
  {                                                                            \
    "cache_dir", NULL, "Device", "DIR", NULL,                                  \
        "Keeps what converting and compiling have made of the model, for the " \
        "next time; "                                                          \
        "auto: in "                                                            \
        "IR_CACHE_DIR.",                                                       \
        IR_CLI_TO (TEXT, Options, field)                                       \
  }

G_END_DECLS

#endif
