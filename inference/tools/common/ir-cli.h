/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CLI_H
#define IR_CLI_H

#include <ir/error.h>

G_BEGIN_DECLS

/*
 * What all commands share: options from a table, help and man page made from the
 * same table, messages, progress, exit codes. Not thread safe: for the main
 * thread of a command.
 */

/* Exit codes of every command. */
enum {
  IR_CLI_DONE = 0,
  IR_CLI_FAILED = 1,
  IR_CLI_USAGE = 2,
};

/* Where the value of an option is put; see ir_cli_store(). */
typedef enum {
  IR_CLI_CALLBACK, /* nowhere: the program's own IrCliSet gets it */
  IR_CLI_FLAG,     /* gboolean */
  IR_CLI_TEXT,     /* char * */
  IR_CLI_WORD,     /* char *, one of those in @value: "{sync,async}" */
  IR_CLI_LIST,     /* GPtrArray * of char *, one more each time */
  IR_CLI_NUMBER,   /* guint64, from @min to @max */
  IR_CLI_REAL,     /* double, at least @min */
} IrCliKind;

/* One option. @name is long, with `_`; @alias (nullable) other names, comma
 * separated; without @value it is a flag. @def (nullable) is shown in help and is
 * the value at first. @offset is that of the field in the program's struct. */
typedef struct {
  const char *name;
  const char *alias;
  const char *group;
  const char *value;
  const char *def;
  const char *help;
  IrCliKind kind;
  gsize offset;
  guint64 min;
  guint64 max;
} IrCliOption;

/* The end of an option's row: its kind and its field in @Struct. */
#define IR_CLI_TO(kind, Struct, field)                                         \
  IR_CLI_##kind, G_STRUCT_OFFSET (Struct, field)

/* A command. @summary is one line without full stop, @usage what follows the
 * program's name, @description (nullable) paragraphs separated by empty lines.
 * @examples holds pairs, what it does and the command line, and ends with NULL.
 * The options silent, progress, help, version and man are added to every command
 * that has none of that name.
 *
 * For ir_cli_main(): @rest (nullable) is the option that arguments without a name
 * are values of, @check (nullable) finds wrong usage, @run does the work. */
typedef struct {
  const char *name;
  const char *summary;
  const char *usage;
  const char *description;
  const IrCliOption *options;
  gsize n_options;
  const char *const *examples;
  const char *rest;
  gboolean (*check) (gconstpointer fields, GError **error);
  gboolean (*run) (gconstpointer fields, GError **error);
} IrCliProgram;

/* --- options -------------------------------------------------------------- */

/*
 * Finds the option that @text, without leading dashes, means: its name, an alias
 * or a unique beginning of its name; `_` and `-` are the same.
 *
 * Returns the index, or -1 with IR_ERROR_NOT_FOUND and a suggestion.
 */
gssize ir_cli_match (
    const IrCliOption *options, gsize n, const char *text, GError **error);

/* Gets one option after the other. @option is NULL for an argument that is none;
 * @value is NULL for a flag without one. */
typedef gboolean (*IrCliSet) (const IrCliOption *option, const char *value,
    gpointer user_data, GError **error);

/*
 * Takes the command line apart: `--name value`, `--name=value`, one dash or two.
 * A flag may be followed by true or false. `--` ends the options. Stops at the
 * first error.
 */
gboolean ir_cli_parse (const IrCliProgram *program, int argc, char **argv,
    IrCliSet set, gpointer user_data, GError **error);

/*
 * ir_cli_parse() for main(): answers --help, --version and --man itself and
 * prints errors.
 *
 * Returns -1 to go on, or the exit code.
 */
int ir_cli_begin (const IrCliProgram *program, int argc, char **argv,
    IrCliSet set, gpointer user_data);

/*
 * Puts @value into the field of @option in @fields, the program's struct.
 *
 * Returns FALSE with IR_ERROR_PARSE, and the field unchanged, if it is no number
 * of the range or no word of the list.
 */
gboolean ir_cli_store (const IrCliOption *option, const char *value,
    gpointer fields, GError **error);

/* Sets the fields to the options' defaults; @fields is zero before. */
void ir_cli_fields_init (const IrCliProgram *program, gpointer fields);
/* Frees what the fields hold. */
void ir_cli_fields_clear (const IrCliProgram *program, gpointer fields);

/*
 * All of main(): options into @fields, which is zero, then check and run.
 *
 * Returns the exit code.
 */
int ir_cli_main (
    const IrCliProgram *program, int argc, char **argv, gpointer fields);

/* What every command takes, after the program's own options of the same names;
 * those without help text are not listed. */
const IrCliOption *ir_cli_common_options (gsize *n);
gboolean ir_cli_has_option (const IrCliProgram *program, const char *name);

/* Print to stdout. */
void ir_cli_print_help (const IrCliProgram *program);
void ir_cli_print_man (const IrCliProgram *program);
void ir_cli_print_version (const IrCliProgram *program);

/* The version of the project, such as "0.1.0". */
const char *ir_cli_version (void);

/* --- messages ------------------------------------------------------------- */

typedef enum {
  IR_CLI_ERROR,
  IR_CLI_WARNING,
  IR_CLI_INFO,
} IrCliLevel;

/* Messages beyond @level are not printed; the default is IR_CLI_INFO. */
void ir_cli_set_level (IrCliLevel level);

/* Whether only errors are wanted. */
gboolean ir_cli_is_silent (void);

/* One line on stderr with its prefix, such as "[ WARNING ] ". */
void ir_cli_message (IrCliLevel level, const char *format, ...)
    G_GNUC_PRINTF (2, 3);

/* "[ SUCCESS ] " and a line on stdout, whatever the level. */
void ir_cli_success (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Prints @error and returns IR_CLI_FAILED. */
int ir_cli_fail (const GError *error);

/* Prints @error with a hint at --help and returns IR_CLI_USAGE. */
int ir_cli_usage (const IrCliProgram *program, const GError *error);

/* --- progress ------------------------------------------------------------- */

/* --progress was given: bars are drawn at once from now on. */
void ir_cli_force_progress (void);

/*
 * A bar on stderr's last line, if that is a terminal, from the second second on;
 * with @forced at once, and where there is no terminal a line per step. Only one
 * at a time; messages don't disturb it. Silent programs have none.
 */
void ir_cli_progress_begin (gboolean forced);
/* @fraction from 0 to 1; @what is being done. */
void ir_cli_progress (const char *what, double fraction);
/* Takes the bar away. */
void ir_cli_progress_end (void);

G_END_DECLS

#endif
