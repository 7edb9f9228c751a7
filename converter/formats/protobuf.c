/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protobuf.h"

#include "map-file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
  WIRE_VARINT = 0,
  WIRE_64 = 1,
  WIRE_BYTES = 2,
  WIRE_32 = 5,
};

/* What protobuf-c and malloc() spend besides the contents. */
#define COST_BLOCK 32
#define COST_FIELD 40
#define COST_BASE (G_GUINT64_CONSTANT (64) << 20)

/* The bytes of one message, and what the walk found so far. */
typedef struct {
  const guint8 *p;
  const guint8 *end;
} Span;

typedef struct {
  const guint8 *start;
  guint64 cost;
  guint64 limit;
  guint depth;
} Walk;

static gboolean check_message (Walk *walk, Span span,
    const ProtobufCMessageDescriptor *desc, GError **error);

static gboolean
fail_at (const Walk *walk, const Span *span, GError **error, const char *what)
{
  return ir_fail (error, IR_ERROR_PARSE, "%s at byte %" G_GSIZE_FORMAT, what,
      (gsize) (span->p - walk->start));
}

static gboolean
read_varint (Span *span, guint64 *value)
{
  guint64 v = 0;

  for (guint shift = 0; shift < 70 && span->p < span->end; shift += 7) {
    guint8 byte = *span->p++;

    if (shift < 64)
      v |= (guint64) (byte & 0x7f) << shift;
    if (!(byte & 0x80)) {
      *value = v;
      return TRUE;
    }
  }
  return FALSE;
}

/* Takes the contents of a field off @span; of fixed sizes and varints too. */
static gboolean
read_contents (Span *span, guint wire, Span *contents)
{
  guint64 n = 0;

  contents->p = span->p;
  switch (wire) {
    case WIRE_VARINT:
      if (!read_varint (span, &n))
        return FALSE;
      contents->end = span->p;
      return TRUE;
    case WIRE_64:
      n = 8;
      break;
    case WIRE_32:
      n = 4;
      break;
    case WIRE_BYTES:
      if (!read_varint (span, &n))
        return FALSE;
      contents->p = span->p;
      break;
    default:
      return FALSE;
  }
  if (n > (guint64) (span->end - span->p))
    return FALSE;
  span->p += n;
  contents->end = span->p;
  return TRUE;
}

static guint
wire_of_type (ProtobufCType type)
{
  switch (type) {
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
      return WIRE_32;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
      return WIRE_64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
      return WIRE_BYTES;
    default:
      return WIRE_VARINT;
  }
}

/* How many numbers a packed field holds; FALSE if it ends inside one. */
static gboolean
count_packed (const Span *contents, guint wire, guint64 *count)
{
  gsize n = contents->end - contents->p;
  guint64 found = 0;
  guint run = 0;

  if (wire != WIRE_VARINT) {
    gsize size = wire == WIRE_32 ? 4 : 8;

    *count = n / size;
    return n % size == 0;
  }
  for (const guint8 *p = contents->p; p < contents->end; p++) {
    run = *p & 0x80 ? run + 1 : 0;
    if (run > 9)
      return FALSE;
    found += !run;
  }
  *count = found;
  return run == 0;
}

static gboolean
check_field (Walk *walk, const Span *contents, guint wire,
    const ProtobufCFieldDescriptor *field, GError **error)
{
  gboolean repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
  guint wanted = wire_of_type (field->type);
  guint64 count = 1;

  if (wire == WIRE_BYTES && wanted != WIRE_BYTES && repeated) {
    if (!count_packed (contents, wanted, &count))
      return fail_at (walk, contents, error, "broken list of numbers");
  } else if (wire != wanted) {
    return ir_fail (error, IR_ERROR_PARSE,
        "field \"%s\" has the wrong wire type at byte %" G_GSIZE_FORMAT,
        field->name, (gsize) (contents->p - walk->start));
  }
  if (repeated)
    walk->cost += 8 * count;
  if (wanted != WIRE_BYTES)
    return TRUE;
  walk->cost += COST_BLOCK;
  if (field->type == PROTOBUF_C_TYPE_MESSAGE)
    return check_message (walk, *contents, field->descriptor, error);
  /* Behind it, C would not see the rest of the text. */
  if (field->type == PROTOBUF_C_TYPE_STRING &&
      memchr (contents->p, 0, (gsize) (contents->end - contents->p)) != NULL)
    return ir_fail (error, IR_ERROR_PARSE,
        "field \"%s\" is a text with a zero byte at byte %" G_GSIZE_FORMAT,
        field->name, (gsize) (contents->p - walk->start));
  walk->cost += contents->end - contents->p;
  return TRUE;
}

/* protobuf-c merges a message that comes twice; no writer does that, and the
 * merging is where its memory errors were. */
static gboolean
check_once (const Walk *walk, const Span *span,
    const ProtobufCMessageDescriptor *desc,
    const ProtobufCFieldDescriptor *field, guint64 *seen, GError **error)
{
  gsize index = field - desc->fields;

  if (field->type != PROTOBUF_C_TYPE_MESSAGE ||
      field->label == PROTOBUF_C_LABEL_REPEATED || index >= 64)
    return TRUE;
  if (*seen >> index & 1)
    return ir_fail (error, IR_ERROR_PARSE,
        "field \"%s\" comes twice in one message at byte %" G_GSIZE_FORMAT,
        field->name, (gsize) (span->p - walk->start));
  *seen |= G_GUINT64_CONSTANT (1) << index;
  return TRUE;
}

static gboolean
check_message (Walk *walk, Span span, const ProtobufCMessageDescriptor *desc,
    GError **error)
{
  guint64 seen = 0;

  if (++walk->depth > IR_PROTOBUF_MAX_DEPTH)
    return ir_fail (error, IR_ERROR_LIMIT,
        "messages are nested more than %d deep", IR_PROTOBUF_MAX_DEPTH);
  walk->cost += desc->sizeof_message;
  while (span.p < span.end) {
    const ProtobufCFieldDescriptor *field;
    Span contents;
    guint64 tag;

    if (!read_varint (&span, &tag) || tag >> 3 == 0 || tag >> 32)
      return fail_at (walk, &span, error, "broken field tag");
    if (!read_contents (&span, tag & 7, &contents))
      return fail_at (walk, &span, error, "truncated or broken field");
    field = protobuf_c_message_descriptor_get_field (desc, tag >> 3);
    walk->cost += COST_FIELD;
    if (field == NULL) {
      walk->cost += COST_BLOCK + (contents.end - contents.p);
    } else if (!check_once (walk, &span, desc, field, &seen, error) ||
        !check_field (walk, &contents, tag & 7, field, error)) {
      return FALSE;
    }
    if (walk->cost > walk->limit)
      return ir_fail (error, IR_ERROR_LIMIT,
          "the file would take far more memory than its own size");
  }
  walk->depth--;
  return TRUE;
}

gboolean
ir_protobuf_check (const ProtobufCMessageDescriptor *desc, const guint8 *data,
    gsize n, GError **error)
{
  Walk walk = { data, 0, 0, 0 };
  Span span = { data, data + n };

  if (n > G_MAXUINT64 / 4 - COST_BASE)
    return ir_fail (error, IR_ERROR_LIMIT, "too long");
  walk.limit = COST_BASE + 4 * (guint64) n;
  return check_message (&walk, span, desc, error);
}

/* --- memory ---------------------------------------------------------------- */

/* Large pages are had at once instead of in hundreds of faults. */
#define HUGE_PAGE ((gsize) 2 << 20)
#define BLOCK ((gsize) 64 << 10)
#define BLOCK_ALIGN 16

/* Pieces one behind the other, which are freed together. */
typedef struct {
  GPtrArray *blocks;
  guint8 *at;
  gsize left;
} Arena;

static gboolean
add_block (Arena *arena, gsize size)
{
  gpointer block = NULL;

  if (posix_memalign (
          &block, size < HUGE_PAGE ? BLOCK_ALIGN : HUGE_PAGE, size) != 0)
    return FALSE;
  g_ptr_array_add (arena->blocks, block);
  arena->at = block;
  arena->left = size;
  return TRUE;
}

static void *
arena_alloc (void *data, size_t size)
{
  Arena *arena = data;
  guint8 *piece;

  if (size > G_MAXSIZE - BLOCK_ALIGN)
    return NULL;
  size = MAX (size + BLOCK_ALIGN - 1, BLOCK_ALIGN) & ~(gsize) (BLOCK_ALIGN - 1);
  if (size > arena->left && !add_block (arena, MAX (size, BLOCK)))
    return NULL;
  piece = arena->at;
  arena->at += size;
  arena->left -= size;
  return piece;
}

static void
arena_free (void *data, void *piece)
{
}

/* Room for the contents of @n bytes, which all come to be written, and for what
 * there is around them. */
static gboolean
arena_begin (Arena *arena, gsize n)
{
  if (!add_block (arena, n + n / 8 + BLOCK))
    return FALSE;
  if (n >= HUGE_PAGE)
    (void) madvise (arena->at, n / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
  return TRUE;
}

/* --- unpacking --------------------------------------------------------------- */

gboolean
ir_protobuf_unpack (const ProtobufCMessageDescriptor *desc, const guint8 *data,
    gsize n, const char *what, IrProtobuf *unpacked, GError **error)
{
  g_autoptr (GPtrArray) blocks = g_ptr_array_new_with_free_func (free);
  Arena arena = { .blocks = blocks };
  ProtobufCAllocator allocator = { arena_alloc, arena_free, &arena };
  ProtobufCMessage *message = NULL;

  if (!ir_protobuf_check (desc, data, n, error)) {
    g_prefix_error (error, "%s: not a readable %s: ", what, desc->name);
    return FALSE;
  }
  if (arena_begin (&arena, n))
    message = protobuf_c_message_unpack (desc, &allocator, n, data);
  if (message == NULL)
    return ir_fail (
        error, IR_ERROR_PARSE, "%s: not a readable %s", what, desc->name);
  unpacked->message = message;
  unpacked->blocks = g_steal_pointer (&blocks);
  return TRUE;
}

gboolean
ir_protobuf_unpack_file (const ProtobufCMessageDescriptor *desc,
    const char *path, IrProtobuf *unpacked, GError **error)
{
  g_autoptr (GMappedFile) file = ir_map_file (path, error);
  gsize n;

  if (file == NULL)
    return FALSE;
  n = g_mapped_file_get_length (file);
  if (n == 0)
    return ir_fail (error, IR_ERROR_PARSE, "%s: the file is empty", path);
  return ir_protobuf_unpack (desc,
      (const guint8 *) g_mapped_file_get_contents (file), n, path, unpacked,
      error);
}

void
ir_protobuf_clear (IrProtobuf *unpacked)
{
  g_clear_pointer (&unpacked->blocks, g_ptr_array_unref);
  unpacked->message = NULL;
}
