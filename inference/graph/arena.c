/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include "arena.h"

#define ARENA_ALIGN 16
#define ARENA_BLOCK (32 * 1024 - ARENA_ALIGN)

typedef struct _Block Block;
struct _Block {
  Block *next;
  gsize pad;
};

struct _IrArena {
  Block *blocks;
  guint8 *at;
  gsize left;
};

IrArena *
ir_arena_new (void)
{
  return g_new0 (IrArena, 1);
}

void
ir_arena_free (IrArena *arena)
{
  Block *next;

  for (Block *block = arena->blocks; block != NULL; block = next) {
    next = block->next;
    g_free (block);
  }
  g_free (arena);
}

static guint8 *
arena_add_block (IrArena *arena, gsize bytes)
{
  Block *block = g_malloc0 (sizeof (Block) + bytes);

  block->next = arena->blocks;
  arena->blocks = block;
  return (guint8 *) (block + 1);
}

gpointer
ir_arena_alloc (IrArena *arena, gsize bytes)
{
  gpointer piece;

  bytes = (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
  if (bytes > ARENA_BLOCK / 4)
    return arena_add_block (arena, bytes);
  if (bytes > arena->left) {
    arena->at = arena_add_block (arena, ARENA_BLOCK);
    arena->left = ARENA_BLOCK;
  }
  piece = arena->at;
  arena->at += bytes;
  arena->left -= bytes;
  return piece;
}

char *
ir_arena_strdup (IrArena *arena, const char *text)
{
  gsize size = strlen (text) + 1;

  return memcpy (ir_arena_alloc (arena, size), text, size);
}
