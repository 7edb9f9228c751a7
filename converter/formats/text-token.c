/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text-token.h"

#include <string.h>

/* As much of a token as a message shows. */
#define SHOWN 40

gboolean
ir_tokens_fail (const IrTokens *tokens, const IrToken *where, GError **error,
    const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  return ir_fail (error, IR_ERROR_PARSE, "%s:%u:%u: %s", tokens->what,
      where->line, where->column, text);
}

gboolean
ir_tokens_expected (
    const IrTokens *tokens, const char *expected, GError **error)
{
  const IrToken *token = &tokens->token;
  g_autofree char *raw = g_strndup (token->start, MIN (token->length, SHOWN));
  g_autofree char *shown = g_strescape (raw, "\"");

  if (token->kind == IR_TOKEN_END)
    return ir_tokens_fail (
        tokens, token, error, "expected %s, but the file ends", expected);
  return ir_tokens_fail (tokens, token, error, "expected %s, found %s%s",
      expected, shown, token->length > SHOWN ? "..." : "");
}

gboolean
ir_tokens_is (const IrTokens *tokens, char sign)
{
  return tokens->token.kind == IR_TOKEN_SIGN && tokens->token.start[0] == sign;
}

/* --- finding -------------------------------------------------------------------- */

static void
skip_blank (IrTokens *tokens)
{
  for (; tokens->at < tokens->end; tokens->at++) {
    if (*tokens->at == '\n') {
      tokens->line++;
      tokens->line_start = tokens->at + 1;
    } else if (*tokens->at == '#') {
      while (tokens->at + 1 < tokens->end && tokens->at[1] != '\n')
        tokens->at++;
    } else if (!g_ascii_isspace (*tokens->at)) {
      return;
    }
  }
}

/* Digits, letters (exponents, hexadecimal, the f of floats) and dots; the sign of
 * an exponent belongs to it too. */
static const char *
number_end (const char *at, const char *end)
{
  gboolean is_hex =
      end - at > 1 && at[0] == '0' && g_ascii_tolower (at[1]) == 'x';

  for (; at < end; at++) {
    if (g_ascii_isalnum (*at) || *at == '.')
      continue;
    if (!(*at == '+' || *at == '-') || is_hex ||
        g_ascii_tolower (at[-1]) != 'e')
      return at;
  }
  return at;
}

static const char *
name_end (const char *at, const char *end)
{
  while (at < end && (g_ascii_isalnum (*at) || *at == '_'))
    at++;
  return at;
}

/* Behind the closing quote, or NULL. */
static const char *
string_end (const char *at, const char *end)
{
  char quote = *at++;

  for (; at < end && *at != '\n' && *at != '\0'; at++) {
    if (*at == quote)
      return at + 1;
    if (*at == '\\' && at + 1 < end)
      at++;
  }
  return NULL;
}

gboolean
ir_tokens_next (IrTokens *tokens, GError **error)
{
  IrToken *token = &tokens->token;
  const char *at, *end = tokens->end;

  skip_blank (tokens);
  at = tokens->at;
  *token = (IrToken){ IR_TOKEN_END, at, 0, tokens->line,
    (guint) (at - tokens->line_start) + 1 };
  if (at == end)
    return TRUE;
  if (*at == '"' || *at == '\'') {
    token->kind = IR_TOKEN_STRING;
    at = string_end (at, end);
  } else if (g_ascii_isalpha (*at) || *at == '_') {
    token->kind = IR_TOKEN_NAME;
    at = name_end (at, end);
  } else if (g_ascii_isdigit (*at) || *at == '.') {
    token->kind = IR_TOKEN_NUMBER;
    at = number_end (at, end);
  } else {
    token->kind = IR_TOKEN_SIGN;
    at++;
  }
  if (at == NULL)
    return ir_tokens_fail (tokens, token, error,
        "expected a quote at the end of the string, before the line ends");
  token->length = (gsize) (at - token->start);
  tokens->at = at;
  return TRUE;
}

gboolean
ir_tokens_init (IrTokens *tokens, const char *text, gsize n, const char *what,
    GError **error)
{
  *tokens = (IrTokens){
    .what = what, .at = text, .end = text + n, .line_start = text, .line = 1
  };
  return ir_tokens_next (tokens, error);
}

/* --- strings -------------------------------------------------------------------- */

static guint
read_digits (const char **at, const char *end, guint base, guint most)
{
  guint value = 0;

  for (guint i = 0; i < most && *at < end; i++, (*at)++) {
    gint digit = g_ascii_xdigit_value (**at);

    if (digit < 0 || (guint) digit >= base)
      break;
    value = value * base + (guint) digit;
  }
  return value;
}

static void
append_unichar (GByteArray *into, gunichar c)
{
  char utf8[6];

  g_byte_array_append (
      into, (guint8 *) utf8, (guint) g_unichar_to_utf8 (c, utf8));
}

/* @at is behind the backslash. */
static gboolean
append_escape (const char **at, const char *end, GByteArray *into)
{
  static const char letters[] = "abfnrtv\\'\"?";
  static const char meant[] = "\a\b\f\n\r\t\v\\'\"?";
  const char *found = strchr (letters, **at);
  const char *start = *at + 1;
  guint value;
  guint8 byte;

  if (found != NULL) {
    g_byte_array_append (into, (const guint8 *) &meant[found - letters], 1);
    (*at)++;
    return TRUE;
  }
  if (**at == 'u' || **at == 'U') {
    *at = start;
    value = read_digits (at, end, 16, start[-1] == 'u' ? 4 : 8);
    if (*at == start || !g_unichar_validate (value))
      return FALSE;
    append_unichar (into, value);
    return TRUE;
  }
  if (g_ascii_tolower (**at) == 'x') {
    *at = start;
    value = read_digits (at, end, 16, 2);
  } else {
    start = *at;
    value = read_digits (at, end, 8, 3);
  }
  byte = (guint8) value;
  g_byte_array_append (into, &byte, 1);
  return *at > start && value <= G_MAXUINT8;
}

gboolean
ir_tokens_unescape (const IrTokens *tokens, GByteArray *into, GError **error)
{
  const IrToken *token = &tokens->token;
  const char *at = token->start + 1;
  const char *end = token->start + token->length - 1;

  while (at < end) {
    if (*at != '\\') {
      g_byte_array_append (into, (const guint8 *) at++, 1);
      continue;
    }
    at++;
    if (!append_escape (&at, end, into))
      return ir_tokens_fail (tokens, token, error,
          "the string has an escape that is none of protobuf's");
  }
  return TRUE;
}
