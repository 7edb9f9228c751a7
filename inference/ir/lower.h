/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_LOWER_H
#define IR_LOWER_H

#include <ir/graph.h>

G_BEGIN_DECLS

/* The newest opset and, with what follows from it, what version 10 can hold. */
#define IR_V10_OPSET 7

/* (transfer full): the graph in ops of version 10, or NULL and an error that names
 * what has no such form. @graph stays as it is. */
IrGraph *ir_lower_to_10 (const IrGraph *graph, GError **error);

G_END_DECLS

#endif
