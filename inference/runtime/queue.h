/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_QUEUE_H
#define IR_QUEUE_H

#include <ir/core.h>

G_BEGIN_DECLS

/*
 * Who runs when: requests of one model begin in the order in which they were
 * started, at most @streams side by side. The threads are made when the first
 * request is queued.
 */
typedef struct _IrQueue IrQueue;

IrQueue *ir_queue_new (guint streams);

/* No request may be left in it. May be called from one of its own threads. */
void ir_queue_free (IrQueue *queue);

/* Queues a request, whose reference it keeps until it has been executed. */
void ir_queue_push (IrQueue *queue, IrInferRequest *request);

/* Puts a waiting request in front, so that a free thread gets it at once even
 * if no stream is free; FALSE if it is not waiting. */
gboolean ir_queue_hurry (IrQueue *queue, IrInferRequest *request);

/* For a caller who wants to run a request itself: takes a stream if one is free
 * and nobody waits. To be followed by ir_queue_leave(). */
gboolean ir_queue_try_enter (IrQueue *queue);
void ir_queue_leave (IrQueue *queue);

G_END_DECLS

#endif
