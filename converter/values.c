/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "values.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define MAX_VALUES 65536

/* Depth of brackets behind @c. */
static gint
nest (gint depth, char c)
{
  if (c == '[' || c == '(' || c == '{')
    return depth + 1;
  if (c == ']' || c == ')' || c == '}')
    return depth - 1;
  return depth;
}

char **
ir_value_split (const char *text, GError **error)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);
  const char *start = text;
  gint depth = 0;

  for (const char *p = text;; p++) {
    depth = nest (depth, *p);
    if (depth < 0 || (*p == '\0' && depth > 0)) {
      ir_fail (error, IR_ERROR_PARSE, "'%s': brackets don't match", text);
      return NULL;
    }
    if ((*p == ',' && depth == 0) || *p == '\0') {
      char *item = g_strstrip (g_strndup (start, (gsize) (p - start)));

      g_ptr_array_add (items, item);
      if (*item == '\0') {
        ir_fail (error, IR_ERROR_PARSE, "'%s': an item is empty", text);
        return NULL;
      }
      start = p + 1;
    }
    if (*p == '\0')
      break;
  }
  g_ptr_array_add (items, NULL);
  return (char **) g_ptr_array_steal (items, NULL);
}

gboolean
ir_value_parse_bool (const char *text, gboolean *value, GError **error)
{
  if (g_ascii_strcasecmp (text, "true") == 0 || strcmp (text, "1") == 0)
    *value = TRUE;
  else if (g_ascii_strcasecmp (text, "false") == 0 || strcmp (text, "0") == 0)
    *value = FALSE;
  else
    return ir_fail (
        error, IR_ERROR_PARSE, "'%s' is neither true nor false", text);
  return TRUE;
}

gboolean
ir_value_parse_real (const char *text, double *value, GError **error)
{
  char *end = NULL;
  double v = g_ascii_strtod (text, &end);

  if (end == text || *end || !isfinite (v))
    return ir_fail (error, IR_ERROR_PARSE, "'%s' is not a number", text);
  *value = v;
  return TRUE;
}

gboolean
ir_value_parse_batch (const char *text, gint64 *value, GError **error)
{
  return g_ascii_string_to_signed (text, 10, 1, G_MAXINT32, value, NULL) ||
      ir_fail (error, IR_ERROR_PARSE,
          "'%s' is not a batch size: a whole number from 1 on", text);
}

/* --- shapes ---------------------------------------------------------------- */

/* "[1 3 224 224]", "(1,3)", with blanks or commas. */
static gboolean
parse_shape (const char *text, IrShape *shape, GError **error)
{
  gsize length = strlen (text);
  g_autofree char *inner = NULL;
  g_autoptr (GString) list = g_string_new (NULL);
  g_auto (GStrv) words = NULL;
  g_autoptr (GError) reason = NULL;

  if (length < 2 || !strchr ("[(", text[0]) ||
      text[length - 1] != (text[0] == '[' ? ']' : ')'))
    return ir_fail (error, IR_ERROR_PARSE,
        "'%s' is not a shape: write [1,3,224,224]", text);
  inner = g_strstrip (g_strndup (text + 1, length - 2));
  if (strchr (inner, ','))
    g_string_assign (list, inner);
  else
    words = g_strsplit_set (inner, " \t", -1);
  for (gsize i = 0; words && words[i]; i++)
    if (*words[i])
      g_string_append_printf (list, "%s%s", list->len ? "," : "", words[i]);
  if (!ir_shape_parse (list->str, shape, &reason))
    return ir_fail (error, IR_ERROR_PARSE, "'%s' is not a shape: %s", text,
        reason->message);
  return TRUE;
}

GArray *
ir_value_parse_shapes (const char *text, GError **error)
{
  g_autoptr (GArray) shapes = g_array_new (FALSE, FALSE, sizeof (IrShape));
  g_auto (GStrv) items = NULL;

  /* "1,3,224,224": one shape without brackets. */
  if (!strpbrk (text, "[(")) {
    g_autofree char *bracketed = g_strdup_printf ("[%s]", text);
    IrShape shape;

    if (!parse_shape (bracketed, &shape, error))
      return NULL;
    g_array_append_val (shapes, shape);
    return g_steal_pointer (&shapes);
  }
  items = ir_value_split (text, error);
  for (gsize i = 0; items && items[i]; i++) {
    IrShape shape;

    if (!parse_shape (items[i], &shape, error))
      return NULL;
    g_array_append_val (shapes, shape);
  }
  return items ? g_steal_pointer (&shapes) : NULL;
}

char **
ir_value_parse_names (const char *text, GError **error)
{
  return ir_value_split (text, error);
}

/* --- --input ---------------------------------------------------------------- */

void
ir_input_spec_free (IrInputSpec *spec)
{
  if (!spec)
    return;
  g_free (spec->name);
  g_clear_pointer (&spec->value, ir_tensor_unref);
  g_free (spec);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrInputSpec, ir_input_spec_free)

/* The type that all of the words have: boolean, i64 or f32. */
static gboolean
guess_dtype (char **words, IrDType *dtype, GError **error)
{
  gsize booleans = 0, integers = 0, n = g_strv_length (words);

  for (gsize i = 0; i < n; i++) {
    double real;

    if (g_ascii_strcasecmp (words[i], "true") == 0 ||
        g_ascii_strcasecmp (words[i], "false") == 0)
      booleans++;
    else if (g_ascii_string_to_signed (
                 words[i], 10, G_MININT64, G_MAXINT64, NULL, NULL))
      integers++;
    else if (!ir_value_parse_real (words[i], &real, error))
      return FALSE;
  }
  if (booleans > 0 && booleans < n)
    return ir_fail (error, IR_ERROR_PARSE,
        "values are either all true or false, or all numbers");
  *dtype = booleans   ? IR_DTYPE_BOOLEAN
      : integers == n ? IR_DTYPE_I64
                      : IR_DTYPE_F32;
  return TRUE;
}

static void
set_element (IrTensor *tensor, gsize index, const char *word)
{
  if (tensor->dtype == IR_DTYPE_BOOLEAN)
    ir_tensor_set_i64 (
        tensor, index, g_ascii_strcasecmp (word, "true") == 0 ? 1 : 0);
  else if (tensor->dtype == IR_DTYPE_I64)
    ir_tensor_set_i64 (tensor, index, g_ascii_strtoll (word, NULL, 10));
  else
    ir_tensor_set_f64 (tensor, index, g_ascii_strtod (word, NULL));
}

/* "False", "0.5", "[1 2 3]", "[1,2,3]". */
static IrTensor *
parse_value (const char *text, GError **error)
{
  gsize length = strlen (text);
  gboolean list = length >= 2 && text[0] == '[' && text[length - 1] == ']';
  g_autofree char *inner =
      list ? g_strndup (text + 1, length - 2) : g_strdup (text);
  g_autofree char **words =
      g_new0 (char *, length + 1); /* borrows from @inner */
  gsize n = 0;
  IrShape shape;
  IrDType dtype;
  IrTensor *tensor;

  for (char *save = NULL, *word = strtok_r (inner, ", \t", &save); word;
       word = strtok_r (NULL, ", \t", &save))
    words[n++] = word;
  if (n > MAX_VALUES || (!list && n != 1)) {
    ir_fail (error, IR_ERROR_PARSE,
        "'%s' is not a value: write 0.5, False or [1,2,3]", text);
    return NULL;
  }
  if (!guess_dtype (words, &dtype, error))
    return NULL;
  shape = list ? ir_shape_1d ((gint64) n) : ir_shape_scalar ();
  tensor = ir_tensor_new (dtype, &shape, error);
  for (gsize i = 0; tensor && i < n; i++)
    set_element (tensor, i, words[i]);
  return tensor;
}

static gboolean
parse_braces (
    const char *text, const char **after, IrDType *dtype, GError **error)
{
  const char *end = strchr (text, '}');
  g_autofree char *word = NULL;
  g_autoptr (GError) reason = NULL;

  if (!end)
    return ir_fail (error, IR_ERROR_PARSE, "'%s': a } is missing", text);
  word = g_strstrip (g_strndup (text + 1, (gsize) (end - text) - 1));
  if (!ir_dtype_parse (word, dtype, &reason) || *dtype == IR_DTYPE_DYNAMIC)
    return ir_fail (error, IR_ERROR_PARSE,
        "'%s' is not a type: take f64, f32, f16, i64, i32, u8 or boolean",
        word);
  *after = end + 1;
  return TRUE;
}

static gboolean
parse_brackets (
    const char *text, const char **after, IrShape *shape, GError **error)
{
  const char *end = strchr (text, ']');
  g_autofree char *part = NULL;

  if (!end)
    return ir_fail (error, IR_ERROR_PARSE, "'%s': a ] is missing", text);
  part = g_strndup (text, (gsize) (end - text) + 1);
  *after = end + 1;
  return parse_shape (part, shape, error);
}

/* The name reaches to the first [, { or ->. */
static gsize
name_length (const char *item)
{
  const char *arrow = strstr (item, "->");
  gsize length = strcspn (item, "[{");

  return arrow && (gsize) (arrow - item) < length ? (gsize) (arrow - item)
                                                  : length;
}

/* "0:name:1" names an input and an output at once. */
static gboolean
check_ports (const char *name, GError **error)
{
  const char *first = strchr (name, ':');
  const char *last = strrchr (name, ':');
  gsize digits = strspn (name, "0123456789");

  if (first && last != first && digits > 0 && name + digits == first &&
      last[1] && last[1 + strspn (last + 1, "0123456789")] == '\0')
    return ir_fail (error, IR_ERROR_PARSE,
        "'%s' has an input port and an output port, take one of them", name);
  return TRUE;
}

static IrInputSpec *
parse_input (const char *item, GError **error)
{
  g_autoptr (IrInputSpec) spec = g_new0 (IrInputSpec, 1);
  const char *p = item + name_length (item);

  spec->dtype = IR_DTYPE_DYNAMIC;
  spec->name = g_strstrip (g_strndup (item, (gsize) (p - item)));
  if (!*spec->name) {
    ir_fail (
        error, IR_ERROR_PARSE, "'%s': the name of the input is missing", item);
    return NULL;
  }
  if (!check_ports (spec->name, error))
    return NULL;
  if (*p == '[') {
    if (!parse_brackets (p, &p, &spec->shape, error))
      return NULL;
    spec->has_shape = TRUE;
  }
  p += strspn (p, " ");
  if (*p == '{' && !parse_braces (p, &p, &spec->dtype, error))
    return NULL;
  p += strspn (p, " ");
  if (g_str_has_prefix (p, "->")) {
    g_autofree char *value = g_strstrip (g_strdup (p + 2));

    spec->value = parse_value (value, error);
    if (!spec->value)
      return NULL;
    p = "";
  }
  if (*p) {
    ir_fail (error, IR_ERROR_PARSE,
        "'%s': '%s' is not understood, an item is NAME[SHAPE]{TYPE}->VALUE",
        item, p);
    return NULL;
  }
  return g_steal_pointer (&spec);
}

GPtrArray *
ir_value_parse_inputs (const char *text, GError **error)
{
  g_autoptr (GPtrArray) specs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ir_input_spec_free);
  g_auto (GStrv) items = ir_value_split (text, error);

  for (gsize i = 0; items && items[i]; i++) {
    IrInputSpec *spec = parse_input (items[i], error);

    if (!spec)
      return NULL;
    g_ptr_array_add (specs, spec);
    for (guint j = 0; j + 1 < specs->len; j++) {
      const IrInputSpec *other = g_ptr_array_index (specs, j);

      if (strcmp (other->name, spec->name) == 0) {
        ir_fail (
            error, IR_ERROR_PARSE, "input '%s' is given twice", spec->name);
        return NULL;
      }
    }
  }
  return items ? g_steal_pointer (&specs) : NULL;
}

/* --- --mean_values, --scale_values ----------------------------------------- */

void
ir_value_group_free (IrValueGroup *group)
{
  if (!group)
    return;
  g_free (group->name);
  g_free (group->values);
  g_free (group);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrValueGroup, ir_value_group_free)

static IrValueGroup *
parse_numbers (const char *name, const char *list, GError **error)
{
  g_autoptr (IrValueGroup) group = g_new0 (IrValueGroup, 1);
  g_auto (GStrv) words = g_strsplit (list, ",", -1);

  group->name = name && *name ? g_strdup (name) : NULL;
  group->values = g_new (double, g_strv_length (words) + 1);
  for (gsize i = 0; words[i]; i++) {
    if (!ir_value_parse_real (
            g_strstrip (words[i]), &group->values[group->n], error))
      return NULL;
    group->n++;
  }
  if (group->n == 0) {
    ir_fail (error, IR_ERROR_PARSE, "a group of values is empty");
    return NULL;
  }
  return g_steal_pointer (&group);
}

/* "name[1,2,3]", "(1,2,3)". */
static IrValueGroup *
parse_group (const char *item, GError **error)
{
  gsize open = strcspn (item, "[("), length = strlen (item);
  g_autofree char *name = g_strstrip (g_strndup (item, open));
  g_autofree char *list = NULL;

  if (open + 1 >= length ||
      item[length - 1] != (item[open] == '[' ? ']' : ')')) {
    ir_fail (error, IR_ERROR_PARSE,
        "'%s' is not a group of values: write (1,2,3) or name[1,2,3]", item);
    return NULL;
  }
  list = g_strndup (item + open + 1, length - open - 2);
  return parse_numbers (name, list, error);
}

static gboolean
check_group_names (const GPtrArray *groups, GError **error)
{
  const IrValueGroup *first = g_ptr_array_index (groups, 0);

  for (guint i = 1; i < groups->len; i++) {
    const IrValueGroup *group = g_ptr_array_index (groups, i);

    if (!group->name != !first->name)
      return ir_fail (error, IR_ERROR_PARSE,
          "either all groups of values have a name, or none");
    for (guint j = 0; j < i && group->name; j++) {
      const IrValueGroup *other = g_ptr_array_index (groups, j);

      if (strcmp (other->name, group->name) == 0)
        return ir_fail (error, IR_ERROR_PARSE,
            "there are two groups of values for '%s'", group->name);
    }
  }
  return TRUE;
}

GPtrArray *
ir_value_parse_groups (const char *text, GError **error)
{
  g_autoptr (GPtrArray) groups =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ir_value_group_free);
  g_auto (GStrv) items = NULL;

  /* "127" or "104,117,123": one group without brackets. */
  if (!strpbrk (text, "[(")) {
    IrValueGroup *group = parse_numbers (NULL, text, error);

    if (!group)
      return NULL;
    g_ptr_array_add (groups, group);
    return g_steal_pointer (&groups);
  }
  items = ir_value_split (text, error);
  for (gsize i = 0; items && items[i]; i++) {
    IrValueGroup *group = parse_group (items[i], error);

    if (!group)
      return NULL;
    g_ptr_array_add (groups, group);
  }
  if (!items || !check_group_names (groups, error))
    return NULL;
  return g_steal_pointer (&groups);
}

/* --- checks ------------------------------------------------------------------ */

gboolean
ir_value_check_inputs (const char *text, GError **error)
{
  g_autoptr (GPtrArray) specs = ir_value_parse_inputs (text, error);

  return specs != NULL;
}

gboolean
ir_value_check_shapes (const char *text, GError **error)
{
  g_autoptr (GArray) shapes = ir_value_parse_shapes (text, error);

  return shapes != NULL;
}

gboolean
ir_value_check_names (const char *text, GError **error)
{
  g_auto (GStrv) names = ir_value_parse_names (text, error);

  return names != NULL;
}

gboolean
ir_value_check_groups (const char *text, GError **error)
{
  g_autoptr (GPtrArray) groups = ir_value_parse_groups (text, error);

  return groups != NULL;
}

gboolean
ir_value_check_divisors (const char *text, GError **error)
{
  g_autoptr (GPtrArray) groups = ir_value_parse_groups (text, error);

  for (guint i = 0; groups && i < groups->len; i++) {
    const IrValueGroup *group = g_ptr_array_index (groups, i);

    for (gsize j = 0; j < group->n; j++)
      if (group->values[j] == 0.0)
        return ir_fail (error, IR_ERROR_PARSE, "'%s': can't divide by 0", text);
  }
  return groups != NULL;
}

gboolean
ir_value_check_layouts (const char *text, GError **error)
{
  g_autoptr (GPtrArray) layouts = ir_value_parse_layouts (text, error);

  return layouts != NULL;
}

gboolean
ir_value_check_batch (const char *text, GError **error)
{
  gint64 value;

  return ir_value_parse_batch (text, &value, error);
}

gboolean
ir_value_check_scale (const char *text, GError **error)
{
  double value;

  if (!ir_value_parse_real (text, &value, error))
    return FALSE;
  return value != 0.0 ||
      ir_fail (error, IR_ERROR_PARSE, "'%s': can't divide by 0", text);
}

gboolean
ir_value_parse_offsets (const char *text, gint64 offsets[2], GError **error)
{
  const gsize n = strlen (text);
  const gboolean bracketed = n > 1 &&
      ((text[0] == '(' && text[n - 1] == ')') ||
          (text[0] == '[' && text[n - 1] == ']'));
  g_autofree char *inside =
      bracketed ? g_strndup (text + 1, n - 2) : g_strdup (text);
  g_auto (GStrv) parts = g_strsplit (inside, ",", -1);
  gint64 found[2] = { 0 };
  gboolean ok = g_strv_length (parts) == 2;

  for (guint i = 0; ok && i < 2; i++)
    ok = g_ascii_string_to_signed (
        g_strstrip (parts[i]), 10, 0, G_MAXINT32, &found[i], NULL);
  if (!ok)
    return ir_fail (error, IR_ERROR_PARSE,
        "'%s': write the first row and the first column, none below 0, as "
        "(2,3)",
        text);
  memcpy (offsets, found, sizeof found);
  return TRUE;
}

gboolean
ir_value_check_offsets (const char *text, GError **error)
{
  gint64 offsets[2];

  return ir_value_parse_offsets (text, offsets, error);
}

gboolean
ir_value_check_file_name (const char *text, GError **error)
{
  if (*text == '\0' || strchr (text, '/') || strcmp (text, ".") == 0 ||
      strcmp (text, "..") == 0)
    return ir_fail (error, IR_ERROR_PARSE,
        "'%s' is not a file name; folders go into --output_dir", text);
  return TRUE;
}
