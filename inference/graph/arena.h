/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ARENA_H
#define IR_ARENA_H

#include <glib.h>

G_BEGIN_DECLS

/* Memory that is given out in pieces and freed as a whole. */
typedef struct _IrArena IrArena;

IrArena *ir_arena_new (void);
void ir_arena_free (IrArena *arena);

/* Zero-filled, aligned for any type. */
gpointer ir_arena_alloc (IrArena *arena, gsize bytes);
char *ir_arena_strdup (IrArena *arena, const char *text);

G_END_DECLS

#endif
