/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_TEXT_H
#define IR_TEXT_H

#include <glib.h>

G_BEGIN_DECLS

/*
 * Writes XML as text, indented by tabs. A start tag stays open for attributes
 * until something else is written.
 */
typedef struct {
  GString *out;
  guint depth;
  gboolean in_tag;
} IrText;

void ir_text_open (IrText *text, const char *tag);
/* Ends the innermost element, which is @tag. */
void ir_text_close (IrText *text, const char *tag);
void ir_text_attr (IrText *text, const char *name, const char *value);
void ir_text_attr_f (IrText *text, const char *name, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
/* An element with nothing but a number in it. */
void ir_text_number (IrText *text, const char *tag, gint64 value);

G_END_DECLS

#endif
