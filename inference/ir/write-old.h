/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_WRITE_OLD_H
#define IR_WRITE_OLD_H

#include <ir/attrs.h>

#include "old.h"
#include "writer.h"

G_BEGIN_DECLS

/* A layer as it will be written. @node gives it name and outputs; it reads the @n_in
 * ports @in. @attrs has names and values by turns. */
typedef struct {
  const char *type;
  const IrNode *node;
  IrPort in[IR_MAX_INPUTS];
  gsize n_in;
  GPtrArray *attrs;
  IrTensor *weights;
  IrTensor *biases;
} IrOldForm;

/* Fills @form with a layer for @node; a node that is part of another one's layer leaves
 * the type NULL. */
typedef gboolean (*IrOldWrite) (
    const IrNode *node, IrOldForm *form, GError **error);

gboolean ir_old_form_fail (const IrNode *node, GError **error, const char *why);
void ir_old_form_set (IrOldForm *form, const char *name, const char *value);
void ir_old_form_set_f (IrOldForm *form, const char *name, const char *format,
    ...) G_GNUC_PRINTF (3, 4);
void ir_old_form_read (IrOldForm *form, IrPort port);
/* A value that is known without running, halves in front of their Convert; NULL for
 * others. */
IrTensor *ir_old_value (IrPort port);

/* NULL for an op that a row of the table stands for, or none. */
IrOldWrite ir_old_form_of (const IrOpDesc *op);
/* The row whose layer is the op alone. */
const IrOldRow *ir_old_row_of (const IrOpDesc *op);

/* <layers> and <edges> of version 7. @graph, which has ops of version 10, is left
 * with more values known. */
gboolean ir_write_old (IrWriter *writer, IrGraph *graph, GError **error);

G_END_DECLS

#endif
