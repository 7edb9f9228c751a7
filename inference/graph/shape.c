/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <ir/shape.h>

IrShape
ir_shape_scalar (void)
{
  IrShape shape = { 0, { 0 } };

  return shape;
}

IrShape
ir_shape_unknown (void)
{
  IrShape shape = { IR_RANK_UNKNOWN, { 0 } };

  return shape;
}

IrShape
ir_shape_of_rank (gint rank)
{
  IrShape shape = { CLAMP (rank, 0, IR_MAX_RANK), { 0 } };

  for (gint i = 0; i < shape.rank; i++)
    shape.dim[i] = IR_DIM_UNKNOWN;
  return shape;
}

IrShape
ir_shape_1d (gint64 dim)
{
  IrShape shape = { 1, { dim } };

  return shape;
}

gboolean
ir_shape_init (IrShape *shape, gsize rank, const gint64 *dims, GError **error)
{
  IrShape made = { (gint) rank, { 0 } };

  if (rank > IR_MAX_RANK)
    return ir_fail (error, IR_ERROR_LIMIT,
        "%" G_GSIZE_FORMAT
        " dimensions are more than the %d that are supported",
        rank, IR_MAX_RANK);
  for (gsize i = 0; i < rank; i++) {
    if (dims[i] < IR_DIM_UNKNOWN)
      return ir_fail (error, IR_ERROR_SHAPE,
          "dimension %" G_GSIZE_FORMAT " is negative (%" G_GINT64_FORMAT ")", i,
          dims[i]);
    made.dim[i] = dims[i];
  }
  *shape = made;
  return TRUE;
}

gboolean
ir_shape_is_static (const IrShape *shape)
{
  if (shape->rank < 0)
    return FALSE;
  for (gint i = 0; i < shape->rank; i++) {
    if (shape->dim[i] < 0)
      return FALSE;
  }
  return TRUE;
}

gboolean
ir_shape_equal (const IrShape *a, const IrShape *b)
{
  return a->rank == b->rank &&
      (a->rank <= 0 ||
          memcmp (a->dim, b->dim, (gsize) a->rank * sizeof a->dim[0]) == 0);
}

gboolean
ir_shape_merge (IrShape *into, const IrShape *other)
{
  IrShape merged = *into;

  if (other->rank < 0)
    return TRUE;
  if (into->rank < 0) {
    *into = *other;
    return TRUE;
  }
  if (into->rank != other->rank)
    return FALSE;
  for (gint i = 0; i < merged.rank; i++) {
    if (merged.dim[i] < 0)
      merged.dim[i] = other->dim[i];
    else if (other->dim[i] >= 0 && other->dim[i] != merged.dim[i])
      return FALSE;
  }
  *into = merged;
  return TRUE;
}

gboolean
ir_shape_fits (const IrShape *a, const IrShape *b)
{
  IrShape merged = *a;

  return ir_shape_merge (&merged, b);
}

static gboolean
broadcast_dim (gint64 a, gint64 b, gint64 *common)
{
  if (a == b || b == 1)
    *common = a;
  else if (a == 1)
    *common = b;
  else if (a < 0)
    *common = b;
  else if (b < 0)
    *common = a;
  else
    return FALSE;
  return TRUE;
}

gboolean
ir_shape_broadcast (IrShape *into, const IrShape *other)
{
  IrShape common = ir_shape_unknown ();

  if (into->rank >= 0 && other->rank >= 0) {
    common.rank = MAX (into->rank, other->rank);
    for (gint i = 0; i < common.rank; i++) {
      gint ai = i - (common.rank - into->rank);
      gint bi = i - (common.rank - other->rank);
      gint64 a = ai >= 0 ? into->dim[ai] : 1;
      gint64 b = bi >= 0 ? other->dim[bi] : 1;

      if (!broadcast_dim (a, b, &common.dim[i]))
        return FALSE;
    }
  }
  *into = common;
  return TRUE;
}

gboolean
ir_shape_count (const IrShape *shape, guint64 *count)
{
  guint64 product = 1;
  gboolean overflow = FALSE;

  if (!ir_shape_is_static (shape))
    return FALSE;
  for (gint i = 0; i < shape->rank; i++) {
    if (shape->dim[i] == 0) {
      *count = 0;
      return TRUE;
    }
    if (!overflow &&
        (!g_uint64_checked_mul (&product, product, (guint64) shape->dim[i]) ||
            product > G_MAXINT64))
      overflow = TRUE;
  }
  if (overflow)
    return FALSE;
  *count = product;
  return TRUE;
}

guint64
ir_shape_size (const IrShape *shape, gint first, gint end)
{
  guint64 product = 1;

  for (gint i = first; i < end; i++)
    product *= (guint64) shape->dim[i];
  return product;
}

gboolean
ir_shape_axis (const IrShape *shape, gint64 axis, guint *index, GError **error)
{
  if (shape->rank < 0)
    return ir_fail (error, IR_ERROR_SHAPE,
        "axis %" G_GINT64_FORMAT " of a tensor whose rank is not known", axis);
  if (axis < -(gint64) shape->rank || axis >= shape->rank)
    return ir_fail (error, IR_ERROR_SHAPE,
        "axis %" G_GINT64_FORMAT " is outside of a tensor with %d dimensions",
        axis, shape->rank);
  *index = (guint) (axis < 0 ? axis + shape->rank : axis);
  return TRUE;
}

/* Reads one dimension, `text` without surrounding blanks. */
static gboolean
parse_dim (const char *text, gint64 *dim, GError **error)
{
  const char *dots = strstr (text, "..");

  if (strcmp (text, "?") == 0 || strcmp (text, "-1") == 0) {
    *dim = IR_DIM_UNKNOWN;
    return TRUE;
  }
  if (dots != NULL) {
    g_autofree char *low = g_strndup (text, (gsize) (dots - text));
    const char *high = dots + 2;
    guint64 a = 0;
    guint64 b = G_MAXUINT64;

    if ((*low != '\0' &&
            !g_ascii_string_to_unsigned (low, 10, 0, G_MAXINT64, &a, error)) ||
        (*high != '\0' &&
            !g_ascii_string_to_unsigned (high, 10, 0, G_MAXINT64, &b, error)))
      return FALSE;
    *dim = a == b ? (gint64) a : IR_DIM_UNKNOWN;
    return TRUE;
  }
  return g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, dim, error);
}

gboolean
ir_shape_parse (const char *text, IrShape *shape, GError **error)
{
  g_autofree char *copy = g_strstrip (g_strdup (text));
  char *body = copy;
  gsize length = strlen (body);
  g_auto (GStrv) fields = NULL;
  gint64 dims[IR_MAX_RANK];
  gsize n;

  if (length >= 2 &&
      ((body[0] == '[' && body[length - 1] == ']') ||
          (body[0] == '(' && body[length - 1] == ')'))) {
    body[length - 1] = '\0';
    body = g_strstrip (body + 1);
  }
  if (strcmp (body, "...") == 0) {
    *shape = ir_shape_unknown ();
    return TRUE;
  }
  if (*body == '\0') {
    *shape = ir_shape_scalar ();
    return TRUE;
  }
  fields = g_strsplit (body, ",", IR_MAX_RANK + 2);
  n = g_strv_length (fields);
  if (n > IR_MAX_RANK)
    return ir_fail (error, IR_ERROR_LIMIT,
        "shape '%.60s' has more than %d dimensions", text, IR_MAX_RANK);
  for (gsize i = 0; i < n; i++) {
    if (!parse_dim (g_strstrip (fields[i]), &dims[i], NULL))
      return ir_fail (error, IR_ERROR_PARSE,
          "'%.60s' is not a shape: dimension '%.20s'", text, fields[i]);
  }
  return ir_shape_init (shape, n, dims, error);
}

const char *
ir_shape_print (const IrShape *shape, char *buffer)
{
  gsize used = 0;

  if (shape->rank < 0)
    return strcpy (buffer, "[...]");
  buffer[used++] = '[';
  for (gint i = 0; i < shape->rank; i++) {
    const char *comma = i > 0 ? "," : "";

    if (shape->dim[i] < 0)
      used += (gsize) g_snprintf (
          buffer + used, IR_SHAPE_TEXT - used, "%s?", comma);
    else
      used += (gsize) g_snprintf (buffer + used, IR_SHAPE_TEXT - used,
          "%s%" G_GINT64_FORMAT, comma, shape->dim[i]);
  }
  strcpy (buffer + used, "]");
  return buffer;
}

char *
ir_shape_to_string (const IrShape *shape)
{
  char buffer[IR_SHAPE_TEXT];

  return g_strdup (ir_shape_print (shape, buffer));
}
