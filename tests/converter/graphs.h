/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEST_GRAPHS_H
#define TEST_GRAPHS_H

#include <ir/graph.h>

/* Small graphs, their conversion, and their numbers. */

/* Where files may be left: m.xml and m.bin. */
extern char *folder;

void graphs_init (int *argc, char ***argv);
int graphs_run (void);

/* Random f32 of "2,3" from @low to @high. */
IrPort constant (
    IrGraph *graph, const char *shape, double low, double high, guint seed);
IrPort input (IrGraph *graph, const char *name, const char *shape);
/* Of any kind, with strides of 1. */
IrPort conv (
    IrGraph *graph, const char *type, IrPort x, IrPort weights, gint64 pad);
IrPort binary (IrGraph *graph, const char *type, IrPort a, IrPort b);
IrPort batch_norm (IrGraph *graph, IrPort x, const char *channels);
/* The output "y"; the graph is inferred. */
void output (IrGraph *graph, IrPort port);

/* @... are names and values of options, NULL at the end. */
IrGraph *convert (IrGraph *graph, GError **error, ...);
/* Something to put in. */
IrTensor *ramp (const IrNode *parameter);
/* Of a graph with one input and one output. */
IrTensor *evaluate (IrGraph *graph, IrTensor *in);
/* @tolerance is a part of the largest number. */
void compare (const IrTensor *a, const IrTensor *b, double tolerance);
void compare_graphs (IrGraph *before, IrGraph *after, double tolerance);
gsize count (const IrGraph *graph, const char *type);

#endif
