/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_TEXT_TOKEN_H
#define IR_TEXT_TOKEN_H

#include <ir/error.h>

G_BEGIN_DECLS

/* The words of protobuf's text form. */
typedef enum {
  IR_TOKEN_END,
  IR_TOKEN_NAME,   /* fields, enums, true, inf */
  IR_TOKEN_NUMBER, /* without a sign; begins with a digit or a dot */
  IR_TOKEN_STRING, /* one literal, with its quotes */
  IR_TOKEN_SIGN,   /* any other character */
} IrTokenKind;

typedef struct {
  IrTokenKind kind;
  const char *start;
  gsize length;
  guint line; /* from 1 on */
  guint column;
} IrToken;

typedef struct {
  const char *what; /* the file, for messages */
  const char *at;
  const char *end;
  const char *line_start;
  guint line;
  IrToken token; /* the current one */
} IrTokens;

/* Stands on the first token then; FALSE if that is broken. */
gboolean ir_tokens_init (IrTokens *tokens, const char *text, gsize n,
    const char *what, GError **error);
/* Goes on to the next token. */
gboolean ir_tokens_next (IrTokens *tokens, GError **error);

gboolean ir_tokens_is (const IrTokens *tokens, char sign);

/* FALSE: "FILE:LINE:COLUMN: expected @expected, found TOKEN". */
gboolean ir_tokens_expected (
    const IrTokens *tokens, const char *expected, GError **error);
/* FALSE: the same place with another message. */
gboolean ir_tokens_fail (const IrTokens *tokens, const IrToken *where,
    GError **error, const char *format, ...) G_GNUC_PRINTF (4, 5);

/* Appends what the string literal means, escapes resolved. */
gboolean ir_tokens_unescape (
    const IrTokens *tokens, GByteArray *into, GError **error);

G_END_DECLS

#endif
