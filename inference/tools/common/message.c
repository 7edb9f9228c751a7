/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ir-cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* Nothing is drawn before, so that short work doesn't flicker. */
#define QUIET_US (2 * G_USEC_PER_SEC)
#define REDRAW_US (G_USEC_PER_SEC / 10)
#define BAR_WIDTH 30

static IrCliLevel max_level = IR_CLI_INFO;
static gboolean always_progress;

static struct {
  gboolean active;
  gboolean forced;
  gboolean terminal;
  gboolean drawn;
  gint64 begun;
  gint64 drawn_at;
  int percent;
  char *what;
} bar;

static void
erase_bar (void)
{
  if (bar.drawn)
    fputs ("\r\033[K", stderr);
  bar.drawn = FALSE;
}

void
ir_cli_set_level (IrCliLevel level)
{
  max_level = level;
}

gboolean
ir_cli_is_silent (void)
{
  return max_level == IR_CLI_ERROR;
}

/* A message may quote a file; the terminal must not obey it. */
static void
print_escaped (const char *text)
{
  for (const char *at = text; *at; at++) {
    guchar c = (guchar) *at;

    if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
      fprintf (stderr, "\\x%02x", c);
    else
      fputc (c, stderr);
  }
}

void
ir_cli_message (IrCliLevel level, const char *format, ...)
{
  static const char *const prefix[] = { "[ ERROR ] ", "[ WARNING ] ",
    "[ INFO ] " };
  g_autofree char *text = NULL;
  va_list args;

  if (level > max_level)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  erase_bar ();
  fputs (prefix[level], stderr);
  print_escaped (text);
  fputc ('\n', stderr);
}

void
ir_cli_success (const char *format, ...)
{
  va_list args;

  erase_bar ();
  fflush (stderr);
  fputs ("[ SUCCESS ] ", stdout);
  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
}

int
ir_cli_fail (const GError *error)
{
  ir_cli_message (IR_CLI_ERROR, "%s", error->message);
  return IR_CLI_FAILED;
}

int
ir_cli_usage (const IrCliProgram *program, const GError *error)
{
  ir_cli_message (IR_CLI_ERROR, "%s (%s --help lists the options)",
      error->message, program->name);
  return IR_CLI_USAGE;
}

void
ir_cli_force_progress (void)
{
  always_progress = TRUE;
}

void
ir_cli_progress_begin (gboolean forced)
{
  ir_cli_progress_end ();
  bar.active = !ir_cli_is_silent ();
  bar.forced = forced || always_progress;
  bar.terminal = isatty (STDERR_FILENO) != 0;
  bar.begun = g_get_monotonic_time ();
  bar.drawn_at = 0;
  bar.percent = -1;
}

static void
draw_bar (const char *what, int percent)
{
  int filled = percent * BAR_WIDTH / 100;

  fputs ("\r\033[K[", stderr);
  for (int i = 0; i < BAR_WIDTH; i++)
    fputc (i < filled ? '=' : i == filled ? '>' : ' ', stderr);
  fprintf (stderr, "] %3d %% %.40s", percent, what);
  fflush (stderr);
  bar.drawn = TRUE;
}

void
ir_cli_progress (const char *what, double fraction)
{
  int percent = (int) (CLAMP (fraction, 0.0, 1.0) * 100.0);
  gint64 now = g_get_monotonic_time ();

  if (!bar.active || (!bar.terminal && !bar.forced))
    return;
  if (!bar.terminal) {
    if (g_strcmp0 (what, bar.what) == 0 && percent < bar.percent + 10)
      return;
    fprintf (stderr, "%3d %% %s\n", percent, what);
  } else if ((!bar.forced && now - bar.begun < QUIET_US) ||
      (bar.drawn && now - bar.drawn_at < REDRAW_US)) {
    return;
  } else {
    draw_bar (what, percent);
  }
  bar.drawn_at = now;
  bar.percent = percent;
  g_free (bar.what);
  bar.what = g_strdup (what);
}

void
ir_cli_progress_end (void)
{
  erase_bar ();
  bar.active = FALSE;
  g_clear_pointer (&bar.what, g_free);
}
