/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CONVERT_H
#define IR_CONVERT_H

#include <ir/graph.h>

G_BEGIN_DECLS

/*
 * The converter: a trained model's file in, an optimized graph out.
 *
 * Options are named as on `ir-convert`'s command line, with `_` or `-`; values
 * are texts in the same syntax. Commands, elements and bindings all set them
 * through ir_convert_options_set(), and help texts, man pages and properties
 * are made from ir_convert_list_options().
 */

/** IrConvertOptions: the options of one conversion. Not thread safe. Since: 0.1 */
typedef struct _IrConvertOptions IrConvertOptions;

/**
 * IrOptionKind: whether an option takes a value
 * @IR_OPTION_FLAG: no value on the command line; "true" or "false" here
 * @IR_OPTION_TEXT: a value in the option's own syntax
 * @IR_OPTION_PATH: a file or folder
 * @IR_OPTION_CHOICE: one of a few words
 *
 * Since: 0.1
 */
typedef enum {
  IR_OPTION_FLAG,
  IR_OPTION_TEXT,
  IR_OPTION_PATH,
  IR_OPTION_CHOICE,
} IrOptionKind;

/**
 * IrOptionDesc: one option
 * @name: long name with `_`
 * @alias: (nullable): other names, comma separated, such as "w,m"
 * @kind: whether it takes a value
 * @group: heading in help texts
 * @value: (nullable): what stands for the value in help texts
 * @def: (nullable): the default
 * @help: one or more sentences
 *
 * Since: 0.1
 */
typedef struct {
  const char *name;
  const char *alias;
  IrOptionKind kind;
  const char *group;
  const char *value;
  const char *def;
  const char *help;
} IrOptionDesc;

/** ir_convert_list_options: (array length=n): every option, grouped. Since: 0.1 */
IR_API const IrOptionDesc *ir_convert_list_options (gsize *n);

/** ir_convert_options_new: (transfer full): all at their defaults. Since: 0.1 */
IR_API IrConvertOptions *ir_convert_options_new (void);
/** ir_convert_options_free: Since: 0.1 */
IR_API void ir_convert_options_free (IrConvertOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrConvertOptions, ir_convert_options_free)

/**
 * ir_convert_options_set:
 * @name: long name, alias or unique prefix, `_` or `-`, without leading dashes
 * @value: (nullable): the value; %NULL for a flag means "true"
 *
 * Returns: %FALSE with %IR_ERROR_NOT_FOUND for an unknown or ambiguous name
 *   (near ones are suggested) or %IR_ERROR_PARSE for a value that does not parse
 *
 * Since: 0.1
 */
IR_API gboolean ir_convert_options_set (IrConvertOptions *options,
    const char *name, const char *value, GError **error);

/** ir_convert_options_get: (nullable) (transfer none): value of an option as it
 * was set, or its default. Since: 0.1 */
IR_API const char *ir_convert_options_get (
    const IrConvertOptions *options, const char *name);

/**
 * ir_convert_options_check:
 *
 * Whether the options go together, as far as that can be told without the model:
 * required ones are there, exclusive ones are not both set. ir_convert() does the
 * same first.
 *
 * Since: 0.1
 */
IR_API gboolean ir_convert_options_check (
    const IrConvertOptions *options, GError **error);

/**
 * IrConvertProgress:
 * @what: what is being done
 * @fraction: how much of the conversion is done, from 0 to 1
 *
 * Returns: %FALSE to stop: the conversion fails with %IR_ERROR_CANCELLED
 *
 * Since: 0.1
 */
typedef gboolean (*IrConvertProgress) (
    const char *what, double fraction, gpointer user_data);

/** ir_convert_options_set_progress: @progress (nullable) (scope forever): called
 * during a conversion with these options, in the thread that converts.
 * Since: 0.1 */
IR_API void ir_convert_options_set_progress (
    IrConvertOptions *options, IrConvertProgress progress, gpointer user_data);

/** IrConvertLog: (scope call): gets messages while a conversion runs; @level is a
 * #GLogLevelFlags of message, warning or info. Since: 0.1 */
typedef void (*IrConvertLog) (
    GLogLevelFlags level, const char *message, gpointer user_data);

/**
 * ir_convert:
 * @options: `input_model` at least
 * @log: (nullable): where messages go
 *
 * Reads the model with the frontend that its suffix or contents call for, cuts,
 * freezes and shapes it as asked, and optimizes it.
 *
 * Returns: (transfer full): an inferred graph ready for ir_graph_write() or
 *   ir_core_compile(), or %NULL with one error that says what to do
 *
 * Since: 0.1
 */
IR_API IrGraph *ir_convert (const IrConvertOptions *options, IrConvertLog log,
    gpointer user_data, GError **error);

/**
 * ir_convert_report:
 *
 * ir_convert() that also tells what happened.
 *
 * @json: (out) (optional) (transfer full): the contents of `--report`: ops before
 *   and after, sizes, multiply-accumulates, passes with their changes; when the
 *   model has unsupported ops, it is set on failure too
 *
 * Since: 0.1
 */
IR_API IrGraph *ir_convert_report (const IrConvertOptions *options,
    IrConvertLog log, gpointer user_data, char **json, GError **error);

/**
 * IrKeptModel: where a converted model is kept
 * @path: (nullable): the `.xml`; freed with g_free()
 * @fresh: whether it has been converted now
 *
 * Since: 0.1
 */
typedef struct {
  char *path;
  gboolean fresh;
} IrKeptModel;

/**
 * ir_convert_kept:
 * @folder: where converted models are kept, such as ir_core_cache_dir(); created if it
 *   is missing
 * @kept: (out): set on success; its path is %NULL if the model can't be kept there,
 *   which @log is told: it only takes as long the next time, then
 *
 * ir_convert(), once: what has been converted with the same options, from files of the
 * same contents and by the same version of this software is read from @folder, as a
 * mapped IR. Large model files are not read again as long as their inode, size
 * and times are the same.
 *
 * Returns: (transfer full): as ir_convert()
 *
 * Since: 0.1
 */
IR_API IrGraph *ir_convert_kept (const IrConvertOptions *options,
    const char *folder, IrConvertLog log, gpointer user_data, IrKeptModel *kept,
    GError **error);

/**
 * ir_convert_can_read:
 *
 * Returns: whether the suffix of @path is one of those that some frontend reads,
 *   IR included
 *
 * Since: 0.1
 */
IR_API gboolean ir_convert_can_read (const char *path);

G_END_DECLS

#endif
