/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"

#include "map-file.h"
#include "text-token.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  WIRE_VARINT = 0,
  WIRE_64 = 1,
  WIRE_BYTES = 2,
  WIRE_32 = 5,
};

typedef struct {
  IrTokens tokens;
  GPtrArray *unknown;
  guint depth;
} Parser;

/* A message on its way into the binary form. */
typedef struct {
  const ProtobufCMessageDescriptor *desc;
  GByteArray *bytes;
  GHashTable *seen; /* fields that were given */
} Message;

static gboolean parse_fields (
    Parser *parser, Message *message, char close, GError **error);

static gboolean
advance (Parser *parser, GError **error)
{
  return ir_tokens_next (&parser->tokens, error);
}

/* Goes on if the token is @sign; *@found says whether it was. */
static gboolean
take (Parser *parser, char sign, gboolean *found, GError **error)
{
  *found = ir_tokens_is (&parser->tokens, sign);
  return !*found || advance (parser, error);
}

/* --- the binary form -------------------------------------------------------------- */

static void
put_varint (GByteArray *bytes, guint64 value)
{
  guint8 byte;

  for (; value >= 0x80; value >>= 7) {
    byte = (guint8) value | 0x80;
    g_byte_array_append (bytes, &byte, 1);
  }
  byte = (guint8) value;
  g_byte_array_append (bytes, &byte, 1);
}

static void
put_tag (GByteArray *bytes, const ProtobufCFieldDescriptor *field, guint wire)
{
  put_varint (bytes, (guint64) field->id << 3 | wire);
}

static void
put_bytes (GByteArray *bytes, const ProtobufCFieldDescriptor *field,
    const GByteArray *contents)
{
  put_tag (bytes, field, WIRE_BYTES);
  put_varint (bytes, contents->len);
  g_byte_array_append (bytes, contents->data, contents->len);
}

static void
put_fixed (GByteArray *bytes, const ProtobufCFieldDescriptor *field,
    guint64 bits, guint size)
{
  put_tag (bytes, field, size == 4 ? WIRE_32 : WIRE_64);
  for (guint i = 0; i < size; i++) {
    guint8 byte = (guint8) (bits >> (8 * i));

    g_byte_array_append (bytes, &byte, 1);
  }
}

static void
put_integer (GByteArray *bytes, const ProtobufCFieldDescriptor *field,
    gboolean negative, guint64 magnitude)
{
  guint64 bits = negative ? -magnitude : magnitude;

  switch (field->type) {
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
      put_fixed (bytes, field, bits, 4);
      return;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
      put_fixed (bytes, field, bits, 8);
      return;
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SINT64:
      bits = negative ? 2 * magnitude - 1 : 2 * magnitude;
      break;
    default:
      break;
  }
  put_tag (bytes, field, WIRE_VARINT);
  put_varint (bytes, bits);
}

/* --- scalars ------------------------------------------------------------------------ */

typedef struct {
  guint64 most;  /* largest number */
  guint64 least; /* magnitude of the smallest one */
} Range;

static Range
range_of (ProtobufCType type)
{
  switch (type) {
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
      return (Range){ G_MAXUINT32, 0 };
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
      return (Range){ G_MAXUINT64, 0 };
    case PROTOBUF_C_TYPE_BOOL:
      return (Range){ 1, 0 };
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
      return (Range){ G_MAXINT64, (guint64) G_MAXINT64 + 1 };
    default:
      return (Range){ G_MAXINT32, (guint64) G_MAXINT32 + 1 };
  }
}

/* A number that is written as a whole one: decimal, 0x or with a leading 0. */
static gboolean
read_integer (const IrToken *token, guint64 *value)
{
  g_autofree char *text = g_strndup (token->start, token->length);
  char *end;

  errno = 0;
  *value = g_ascii_strtoull (text, &end, 0);
  return token->kind == IR_TOKEN_NUMBER && *end == '\0' && errno == 0;
}

static gboolean
parse_integer (Parser *parser, const ProtobufCFieldDescriptor *field,
    GByteArray *bytes, GError **error)
{
  const Range range = range_of (field->type);
  gboolean negative;
  guint64 value;

  if (!take (parser, '-', &negative, error))
    return FALSE;
  if (!read_integer (&parser->tokens.token, &value))
    return ir_tokens_expected (&parser->tokens, "a whole number", error);
  if (value > (negative ? range.least : range.most))
    return ir_tokens_fail (&parser->tokens, &parser->tokens.token, error,
        "the number does not fit \"%s\"", field->name);
  put_integer (bytes, field, negative, value);
  return advance (parser, error);
}

static gboolean
parse_bool (Parser *parser, const ProtobufCFieldDescriptor *field,
    GByteArray *bytes, GError **error)
{
  static const char *const words[] = { "false", "true", "False", "True", "f",
    "t" };
  const IrToken *token = &parser->tokens.token;

  if (token->kind == IR_TOKEN_NUMBER)
    return parse_integer (parser, field, bytes, error);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    if (token->kind == IR_TOKEN_NAME && strlen (words[i]) == token->length &&
        strncmp (words[i], token->start, token->length) == 0) {
      put_integer (bytes, field, FALSE, i % 2);
      return advance (parser, error);
    }
  }
  return ir_tokens_expected (&parser->tokens, "true or false", error);
}

static gboolean
read_real (const IrToken *token, double *value)
{
  g_autofree char *text = g_ascii_strdown (token->start, token->length);
  char *end;
  guint64 whole;

  if (token->kind == IR_TOKEN_NAME) {
    *value = strcmp (text, "nan") == 0 ? (double) NAN : HUGE_VAL;
    return strcmp (text, "nan") == 0 || strcmp (text, "inf") == 0 ||
        strcmp (text, "infinity") == 0;
  }
  if (token->kind != IR_TOKEN_NUMBER)
    return FALSE;
  if (g_str_has_prefix (text, "0x")) {
    gboolean ok = read_integer (token, &whole);

    *value = (double) whole;
    return ok;
  }
  *value = g_ascii_strtod (text, &end);
  return end != text && (*end == '\0' || (end[0] == 'f' && end[1] == '\0'));
}

static gboolean
parse_real (Parser *parser, const ProtobufCFieldDescriptor *field,
    GByteArray *bytes, GError **error)
{
  gboolean negative;
  guint64 bits = 0;
  double value;
  float single;

  if (!take (parser, '-', &negative, error))
    return FALSE;
  if (!read_real (&parser->tokens.token, &value))
    return ir_tokens_expected (&parser->tokens, "a number", error);
  if (negative)
    value = -value;
  single = (float) value;
  if (field->type == PROTOBUF_C_TYPE_FLOAT) {
    guint32 word;

    memcpy (&word, &single, sizeof word);
    put_fixed (bytes, field, word, 4);
  } else {
    memcpy (&bits, &value, sizeof bits);
    put_fixed (bytes, field, bits, 8);
  }
  return advance (parser, error);
}

static gboolean
fail_enum (Parser *parser, const ProtobufCEnumDescriptor *desc, GError **error)
{
  g_autoptr (GString) names = g_string_new ("one of");

  for (guint i = 0; i < desc->n_value_names; i++)
    g_string_append_printf (
        names, "%s %s", i ? "," : "", desc->values_by_name[i].name);
  return ir_tokens_expected (&parser->tokens, names->str, error);
}

static gboolean
parse_enum (Parser *parser, const ProtobufCFieldDescriptor *field,
    GByteArray *bytes, GError **error)
{
  const ProtobufCEnumDescriptor *desc = field->descriptor;
  const ProtobufCEnumValue *found = NULL;
  const IrToken *token = &parser->tokens.token;
  guint64 number;

  if (token->kind == IR_TOKEN_NAME) {
    g_autofree char *name = g_strndup (token->start, token->length);

    found = protobuf_c_enum_descriptor_get_value_by_name (desc, name);
  } else if (read_integer (token, &number) && number <= G_MAXINT32) {
    found = protobuf_c_enum_descriptor_get_value (desc, (int) number);
  }
  if (found == NULL)
    return fail_enum (parser, desc, error);
  put_integer (bytes, field, FALSE, (guint64) found->value);
  return advance (parser, error);
}

/* Literals that follow one another are one string. */
static gboolean
parse_string (Parser *parser, const ProtobufCFieldDescriptor *field,
    GByteArray *bytes, GError **error)
{
  g_autoptr (GByteArray) text = g_byte_array_new ();
  const IrToken first = parser->tokens.token;

  if (first.kind != IR_TOKEN_STRING)
    return ir_tokens_expected (&parser->tokens, "a string in quotes", error);
  while (parser->tokens.token.kind == IR_TOKEN_STRING) {
    if (!ir_tokens_unescape (&parser->tokens, text, error) ||
        !advance (parser, error))
      return FALSE;
  }
  if (field->type == PROTOBUF_C_TYPE_STRING && text->len > 0 &&
      memchr (text->data, 0, text->len) != NULL)
    return ir_tokens_fail (
        &parser->tokens, &first, error, "the string has a zero byte");
  put_bytes (bytes, field, text);
  return TRUE;
}

static gboolean
parse_scalar (Parser *parser, const ProtobufCFieldDescriptor *field,
    GByteArray *bytes, GError **error)
{
  switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
      return parse_string (parser, field, bytes, error);
    case PROTOBUF_C_TYPE_BOOL:
      return parse_bool (parser, field, bytes, error);
    case PROTOBUF_C_TYPE_ENUM:
      return parse_enum (parser, field, bytes, error);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
      return parse_real (parser, field, bytes, error);
    default:
      return parse_integer (parser, field, bytes, error);
  }
}

/* --- messages ------------------------------------------------------------------------ */

/* The bracket that closes the one that the parser stands on, or 0. */
static char
closing (const Parser *parser)
{
  if (ir_tokens_is (&parser->tokens, '{'))
    return '}';
  return ir_tokens_is (&parser->tokens, '<') ? '>' : '\0';
}

static gboolean
enter (Parser *parser, GError **error)
{
  if (++parser->depth > IR_PROTOBUF_MAX_DEPTH)
    return ir_tokens_fail (&parser->tokens, &parser->tokens.token, error,
        "messages are nested more than %d deep", IR_PROTOBUF_MAX_DEPTH);
  return advance (parser, error);
}

static gboolean
parse_nested (Parser *parser, const ProtobufCFieldDescriptor *field,
    GByteArray *bytes, GError **error)
{
  g_autoptr (GByteArray) contents = g_byte_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  Message message = { field->descriptor, contents, seen };
  char close = closing (parser);

  if (close == '\0')
    return ir_tokens_expected (
        &parser->tokens, "{ and the fields of a message", error);
  if (!enter (parser, error))
    return FALSE;
  if (!parse_fields (
          parser, message.desc->n_fields > 0 ? &message : NULL, close, error))
    return FALSE;
  put_bytes (bytes, field, contents);
  return TRUE;
}

static gboolean
parse_value (Parser *parser, const ProtobufCFieldDescriptor *field,
    GByteArray *bytes, GError **error)
{
  if (field->type == PROTOBUF_C_TYPE_MESSAGE)
    return parse_nested (parser, field, bytes, error);
  return parse_scalar (parser, field, bytes, error);
}

/* "[a, b]"; the parser stands behind the bracket. */
static gboolean
parse_list (Parser *parser, const ProtobufCFieldDescriptor *field,
    GByteArray *bytes, GError **error)
{
  gboolean more;

  if (field->label != PROTOBUF_C_LABEL_REPEATED)
    return ir_tokens_fail (&parser->tokens, &parser->tokens.token, error,
        "\"%s\" takes one value, not a list", field->name);
  if (ir_tokens_is (&parser->tokens, ']'))
    return advance (parser, error);
  do {
    if (!parse_value (parser, field, bytes, error) ||
        !take (parser, ',', &more, error))
      return FALSE;
  } while (more);
  if (!ir_tokens_is (&parser->tokens, ']'))
    return ir_tokens_expected (&parser->tokens, "a comma or ]", error);
  return advance (parser, error);
}

static gboolean
check_once (Parser *parser, Message *message, const IrToken *name,
    const ProtobufCFieldDescriptor *field, GError **error)
{
  if (g_hash_table_add (message->seen, (gpointer) field) ||
      field->label == PROTOBUF_C_LABEL_REPEATED)
    return TRUE;
  return ir_tokens_fail (&parser->tokens, name, error,
      "\"%s\" is given twice, but takes one value", field->name);
}

/* The parser stands behind the name, @name is its token. */
static gboolean
parse_field (Parser *parser, Message *message, const IrToken *name,
    const ProtobufCFieldDescriptor *field, GError **error)
{
  gboolean colon, list;

  if (!check_once (parser, message, name, field, error) ||
      !take (parser, ':', &colon, error))
    return FALSE;
  if (!colon && field->type != PROTOBUF_C_TYPE_MESSAGE)
    return ir_tokens_expected (&parser->tokens, "a colon and a value", error);
  if (!take (parser, '[', &list, error))
    return FALSE;
  return list ? parse_list (parser, field, message->bytes, error)
              : parse_value (parser, field, message->bytes, error);
}

/* --- fields that nobody knows ---------------------------------------------------------- */

static gboolean skip_value (Parser *parser, GError **error);

static gboolean
skip_list (Parser *parser, GError **error)
{
  gboolean more;

  if (!enter (parser, error))
    return FALSE;
  if (!ir_tokens_is (&parser->tokens, ']')) {
    do {
      if (!skip_value (parser, error) || !take (parser, ',', &more, error))
        return FALSE;
    } while (more);
  }
  if (!ir_tokens_is (&parser->tokens, ']'))
    return ir_tokens_expected (&parser->tokens, "a comma or ]", error);
  parser->depth--;
  return advance (parser, error);
}

static gboolean
skip_scalar (Parser *parser, GError **error)
{
  gboolean minus;

  if (!take (parser, '-', &minus, error))
    return FALSE;
  if (parser->tokens.token.kind == IR_TOKEN_END ||
      parser->tokens.token.kind == IR_TOKEN_SIGN)
    return ir_tokens_expected (&parser->tokens, "a value", error);
  while (parser->tokens.token.kind == IR_TOKEN_STRING) {
    if (!advance (parser, error))
      return FALSE;
    if (parser->tokens.token.kind != IR_TOKEN_STRING)
      return TRUE;
  }
  return advance (parser, error);
}

static gboolean
skip_value (Parser *parser, GError **error)
{
  char close = closing (parser);

  if (close != '\0')
    return enter (parser, error) && parse_fields (parser, NULL, close, error);
  if (ir_tokens_is (&parser->tokens, '['))
    return skip_list (parser, error);
  return skip_scalar (parser, error);
}

static gboolean
skip_field (Parser *parser, GError **error)
{
  gboolean colon;

  if (!take (parser, ':', &colon, error))
    return FALSE;
  if (!colon && closing (parser) == '\0')
    return ir_tokens_expected (&parser->tokens, "a colon or {", error);
  return skip_value (parser, error);
}

static void
note_unknown (Parser *parser, const Message *message, const char *name)
{
  char *text = g_strconcat (message->desc->short_name, ".", name, NULL);

  if (parser->unknown != NULL &&
      !g_ptr_array_find_with_equal_func (
          parser->unknown, text, g_str_equal, NULL))
    g_ptr_array_add (parser->unknown, text);
  else
    g_free (text);
}

/* --- all fields ------------------------------------------------------------------------- */

/* A name that C or protobuf-c takes for itself has an underscore behind it in the
 * .proto. */
static const ProtobufCFieldDescriptor *
find_field (const ProtobufCMessageDescriptor *desc, const char *name)
{
  g_autofree char *escaped = g_strconcat (name, "_", NULL);
  const ProtobufCFieldDescriptor *field =
      protobuf_c_message_descriptor_get_field_by_name (desc, name);

  return field != NULL
      ? field
      : protobuf_c_message_descriptor_get_field_by_name (desc, escaped);
}

/* One field, known or not; @message NULL: none is. */
static gboolean
parse_any_field (Parser *parser, Message *message, GError **error)
{
  const IrToken token = parser->tokens.token;
  g_autofree char *name = g_strndup (token.start, token.length);
  const ProtobufCFieldDescriptor *field = NULL;
  gboolean separator;

  if (token.kind != IR_TOKEN_NAME)
    return ir_tokens_expected (&parser->tokens, "the name of a field", error);
  if (message != NULL)
    field = find_field (message->desc, name);
  if (message != NULL && field == NULL)
    note_unknown (parser, message, name);
  if (!advance (parser, error) ||
      !(field != NULL ? parse_field (parser, message, &token, field, error)
                      : skip_field (parser, error)))
    return FALSE;
  return take (parser, ',', &separator, error) &&
      (separator || take (parser, ';', &separator, error));
}

/* The fields up to @close, or to the end of the text if it is 0; @message NULL:
 * of a message that nobody reads. */
static gboolean
parse_fields (Parser *parser, Message *message, char close, GError **error)
{
  const IrTokens *tokens = &parser->tokens;

  for (;;) {
    if (close == '\0' && tokens->token.kind == IR_TOKEN_END)
      return TRUE;
    if (close != '\0' && ir_tokens_is (tokens, close)) {
      parser->depth--;
      return advance (parser, error);
    }
    if (tokens->token.kind == IR_TOKEN_END)
      return ir_tokens_expected (
          tokens, close == '}' ? "a field or }" : "a field or >", error);
    if (!parse_any_field (parser, message, error))
      return FALSE;
  }
}

gboolean
ir_text_unpack (const ProtobufCMessageDescriptor *desc, const char *text,
    gsize n, const char *what, GPtrArray *unknown, IrProtobuf *unpacked,
    GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  Message message = { desc, bytes, seen };
  Parser parser = { .unknown = unknown };

  if (n > IR_TEXT_MAX)
    return ir_fail (error, IR_ERROR_LIMIT,
        "%s: the text has more than %d MiB; weights belong into a binary file",
        what, IR_TEXT_MAX >> 20);
  if (!ir_tokens_init (&parser.tokens, text, n, what, error) ||
      !parse_fields (&parser, &message, '\0', error))
    return FALSE;
  return ir_protobuf_unpack (
      desc, bytes->data, bytes->len, what, unpacked, error);
}

gboolean
ir_text_unpack_file (const ProtobufCMessageDescriptor *desc, const char *path,
    GPtrArray *unknown, IrProtobuf *unpacked, GError **error)
{
  g_autoptr (GMappedFile) file = ir_map_file (path, error);

  if (file == NULL)
    return FALSE;
  if (g_mapped_file_get_length (file) == 0)
    return ir_fail (error, IR_ERROR_PARSE, "%s: the file is empty", path);
  return ir_text_unpack (desc, g_mapped_file_get_contents (file),
      g_mapped_file_get_length (file), path, unknown, unpacked, error);
}
