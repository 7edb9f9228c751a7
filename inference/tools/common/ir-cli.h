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

/* One option. @name is long, with `_`; @alias (nullable) other names, comma
 * separated; without @value it is a flag. @def (nullable) is shown in help. */
typedef struct {
  const char *name;
  const char *alias;
  const char *group;
  const char *value;
  const char *def;
  const char *help;
} IrCliOption;

/* A command. @summary is one line without full stop, @usage what follows the
 * program's name, @description (nullable) paragraphs separated by empty lines.
 * @examples holds pairs, what it does and the command line, and ends with NULL.
 * The options help, version and man are added to every command. */
typedef struct {
  const char *name;
  const char *summary;
  const char *usage;
  const char *description;
  const IrCliOption *options;
  gsize n_options;
  const char *const *examples;
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

/*
 * A bar on stderr's last line, if that is a terminal, from the second second on;
 * with @forced at once, and where there is no terminal a line per step. Only one
 * at a time; messages don't disturb it.
 */
void ir_cli_progress_begin (gboolean forced);
/* @fraction from 0 to 1; @what is being done. */
void ir_cli_progress (const char *what, double fraction);
/* Takes the bar away. */
void ir_cli_progress_end (void);

G_END_DECLS

#endif
