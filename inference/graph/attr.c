/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes between text and the fields of attribute structs. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <ir/graph.h>

#define MAX_LIST 65536

static gboolean
parse_bool (const char *text, gboolean *value)
{
  if (g_ascii_strcasecmp (text, "true") == 0 || strcmp (text, "1") == 0)
    *value = TRUE;
  else if (g_ascii_strcasecmp (text, "false") == 0 || strcmp (text, "0") == 0)
    *value = FALSE;
  else
    return FALSE;
  return TRUE;
}

static gboolean
parse_real (const char *text, double *value)
{
  char *end;

  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0';
}

static gboolean
parse_integer (const char *text, gint64 *value)
{
  char *end;
  double real;

  errno = 0;
  *value = g_ascii_strtoll (text, &end, 10);
  if (end != text && *end == '\0' && errno == 0)
    return TRUE;
  /* Old files have whole numbers written as reals, 1.0 say. */
  if (!parse_real (text, &real) || real != floor (real) ||
      fabs (real) >= 0x1p62)
    return FALSE;
  *value = (gint64) real;
  return TRUE;
}

static gboolean
parse_enum (const IrAttrDesc *desc, const char *text, gint *value)
{
  for (gint i = 0; desc->names[i] != NULL; i++) {
    if (g_ascii_strcasecmp (text, desc->names[i]) == 0) {
      *value = i;
      return TRUE;
    }
  }
  return FALSE;
}

/* Splits a list such as "[1, 2,3]"; an empty text has no fields. */
static GStrv
split_list (const char *text)
{
  g_autofree char *copy = g_strstrip (g_strdup (text));
  char *body = copy;
  gsize length = strlen (body);
  GStrv fields;

  if (length >= 2 && body[0] == '[' && body[length - 1] == ']') {
    body[length - 1] = '\0';
    body = g_strstrip (body + 1);
  }
  if (*body == '\0')
    return g_new0 (char *, 1);
  fields = g_strsplit (body, ",", MAX_LIST + 1);
  for (gsize i = 0; fields[i] != NULL; i++)
    g_strstrip (fields[i]);
  return fields;
}

static gboolean
parse_i64s (IrGraph *graph, const char *text, IrI64s *list)
{
  g_auto (GStrv) fields = split_list (text);
  gsize n = g_strv_length (fields);
  g_autofree gint64 *values = g_new (gint64, n + 1);

  for (gsize i = 0; i < n; i++) {
    if (!parse_integer (fields[i], &values[i]))
      return FALSE;
  }
  *list = ir_graph_i64s (graph, values, n);
  return TRUE;
}

static gboolean
parse_f64s (IrGraph *graph, const char *text, IrF64s *list)
{
  g_auto (GStrv) fields = split_list (text);
  gsize n = g_strv_length (fields);
  g_autofree double *values = g_new (double, n + 1);

  for (gsize i = 0; i < n; i++) {
    if (!parse_real (fields[i], &values[i]))
      return FALSE;
  }
  *list = ir_graph_f64s (graph, values, n);
  return TRUE;
}

static gboolean
parse_strings (IrGraph *graph, const char *text, IrStrings *list)
{
  g_auto (GStrv) fields = split_list (text);

  *list = ir_graph_strings (
      graph, (const char *const *) fields, g_strv_length (fields));
  return TRUE;
}

static gboolean
parse_field (
    IrGraph *graph, const IrAttrDesc *desc, const char *text, gpointer field)
{
  IrDType dtype;

  switch (desc->kind) {
    case IR_ATTR_BOOL:
      return parse_bool (text, field);
    case IR_ATTR_I64:
      return parse_integer (text, field);
    case IR_ATTR_F64:
      return parse_real (text, field);
    case IR_ATTR_STRING:
      *(const char **) field = ir_graph_strdup (graph, text);
      return TRUE;
    case IR_ATTR_ENUM:
      return parse_enum (desc, text, field);
    case IR_ATTR_DTYPE:
      if (!ir_dtype_parse (text, &dtype, NULL))
        return FALSE;
      *(gint *) field = (gint) dtype;
      return TRUE;
    case IR_ATTR_I64S:
      return parse_i64s (graph, text, field);
    case IR_ATTR_F64S:
      return parse_f64s (graph, text, field);
    case IR_ATTR_STRINGS:
      return parse_strings (graph, text, field);
  }
  return FALSE;
}

/* The wanted form of a kind, for messages. */
static char *
describe_kind (const IrAttrDesc *desc)
{
  static const char *const wanted[] = {
    [IR_ATTR_BOOL] = "true or false",
    [IR_ATTR_I64] = "a whole number",
    [IR_ATTR_F64] = "a number",
    [IR_ATTR_STRING] = "a text",
    [IR_ATTR_DTYPE] = "an element type such as f32",
    [IR_ATTR_I64S] = "a list of whole numbers",
    [IR_ATTR_F64S] = "a list of numbers",
    [IR_ATTR_STRINGS] = "a list of words",
  };
  g_autofree char *names = NULL;

  if (desc->kind != IR_ATTR_ENUM)
    return g_strdup (wanted[desc->kind]);
  names = g_strjoinv (", ", (char **) desc->names);
  return g_strdup_printf ("one of %s", names);
}

gboolean
ir_attr_parse (IrGraph *graph, const IrAttrDesc *desc, const char *text,
    gpointer attrs, GError **error)
{
  g_autofree char *trimmed = g_strstrip (g_strdup (text));
  g_autofree char *wanted = NULL;

  if (parse_field (graph, desc, trimmed, (guint8 *) attrs + desc->offset))
    return TRUE;
  wanted = describe_kind (desc);
  return ir_fail (error, IR_ERROR_PARSE,
      "attribute '%s' has the value '%.60s' instead of %s", desc->name, trimmed,
      wanted);
}

/* The shortest text that gives the same number back: most attributes were
 * binary32 once, where nine digits do. */
static void
append_real (GString *text, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (isnan (value)) {
    g_string_append (text, "nan");
    return;
  }
  if (isinf (value)) {
    g_string_append (text, value < 0 ? "-inf" : "inf");
    return;
  }
  for (gint digits = 6; digits <= 17; digits++) {
    char format[8];
    double back;

    g_snprintf (format, sizeof format, "%%.%dg", digits);
    g_ascii_formatd (buffer, sizeof buffer, format, value);
    back = g_ascii_strtod (buffer, NULL);
    if (back == value ||
        (digits <= 9 && (double) (float) value == value &&
            (float) back == (float) value))
      break;
  }
  g_string_append (text, buffer);
}

static void
append_integer (GString *text, gint64 value)
{
  g_string_append_printf (text, "%" G_GINT64_FORMAT, value);
}

char *
ir_attr_to_string (const IrAttrDesc *desc, gconstpointer attrs)
{
  gconstpointer field = (const guint8 *) attrs + desc->offset;
  const IrI64s *integers = field;
  const IrF64s *reals = field;
  const IrStrings *words = field;
  GString *text = g_string_new (NULL);

  switch (desc->kind) {
    case IR_ATTR_BOOL:
      g_string_append (text, *(const gboolean *) field ? "true" : "false");
      break;
    case IR_ATTR_I64:
      append_integer (text, *(const gint64 *) field);
      break;
    case IR_ATTR_F64:
      append_real (text, *(const double *) field);
      break;
    case IR_ATTR_STRING:
      if (*(const char *const *) field != NULL)
        g_string_append (text, *(const char *const *) field);
      break;
    case IR_ATTR_ENUM:
      g_string_append (text, desc->names[*(const gint *) field]);
      break;
    case IR_ATTR_DTYPE:
      g_string_append (text, ir_dtype_name ((IrDType) * (const gint *) field));
      break;
    case IR_ATTR_I64S:
      for (gsize i = 0; i < integers->n; i++) {
        g_string_append (text, i > 0 ? "," : "");
        append_integer (text, integers->v[i]);
      }
      break;
    case IR_ATTR_F64S:
      for (gsize i = 0; i < reals->n; i++) {
        g_string_append (text, i > 0 ? "," : "");
        append_real (text, reals->v[i]);
      }
      break;
    case IR_ATTR_STRINGS:
      for (gsize i = 0; i < words->n; i++) {
        g_string_append (text, i > 0 ? "," : "");
        g_string_append (text, words->v[i]);
      }
      break;
  }
  return g_string_free (text, FALSE);
}

/* --- by name --------------------------------------------------------------- */

static const IrAttrDesc *
find_attr (IrNode *node, const char *name, IrAttrKind kind, gboolean any_kind,
    GError **error)
{
  for (const IrAttrDesc *desc = node->op->attrs;
       desc != NULL && desc->name != NULL; desc++) {
    if (strcmp (desc->name, name) != 0)
      continue;
    if (any_kind || desc->kind == kind)
      return desc;
    ir_fail (error, IR_ERROR_PARSE,
        "attribute '%s' of %s has another type than it was given", name,
        node->op->type);
    return NULL;
  }
  ir_fail (
      error, IR_ERROR_PARSE, "%s has no attribute '%s'", node->op->type, name);
  return NULL;
}

#define DEFINE_SETTER(suffix, KIND, ctype, stored, convert)                    \
  gboolean ir_node_set_##suffix (                                              \
      IrNode *node, const char *attr, ctype value, GError **error)             \
  {                                                                            \
    const IrAttrDesc *desc =                                                   \
        find_attr (node, attr, IR_ATTR_##KIND, FALSE, error);                  \
                                                                               \
    if (desc == NULL)                                                          \
      return FALSE;                                                            \
    *(stored *) ((guint8 *) node->attrs + desc->offset) = convert (value);     \
    return TRUE;                                                               \
  }

DEFINE_SETTER (bool, BOOL, gboolean, gboolean, (gboolean))
DEFINE_SETTER (i64, I64, gint64, gint64, (gint64))
DEFINE_SETTER (f64, F64, double, double, (double) )
DEFINE_SETTER (dtype, DTYPE, IrDType, gint, (gint))

gboolean
ir_node_set_text (
    IrNode *node, const char *attr, const char *value, GError **error)
{
  const IrAttrDesc *desc = find_attr (node, attr, IR_ATTR_STRING, TRUE, error);

  return desc != NULL &&
      ir_attr_parse (node->graph, desc, value, node->attrs, error);
}

gboolean
ir_node_set_i64s (IrNode *node, const char *attr, const gint64 *values, gsize n,
    GError **error)
{
  const IrAttrDesc *desc = find_attr (node, attr, IR_ATTR_I64S, FALSE, error);

  if (desc == NULL)
    return FALSE;
  *(IrI64s *) ((guint8 *) node->attrs + desc->offset) =
      ir_graph_i64s (node->graph, values, n);
  return TRUE;
}

gboolean
ir_node_set_f64s (IrNode *node, const char *attr, const double *values, gsize n,
    GError **error)
{
  const IrAttrDesc *desc = find_attr (node, attr, IR_ATTR_F64S, FALSE, error);

  if (desc == NULL)
    return FALSE;
  *(IrF64s *) ((guint8 *) node->attrs + desc->offset) =
      ir_graph_f64s (node->graph, values, n);
  return TRUE;
}
