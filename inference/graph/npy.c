/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NumPy's .npy files. Format: NEP 1 and its versions 2.0 and 3.0. */
#include <errno.h>
#include <string.h>
#include <gio/gio.h>
#include <ir/tensor.h>

#define MAGIC "\x93NUMPY"
#define MAGIC_SIZE 6
#define HEADER_ALIGN 64

static const struct {
  const char *descr;
  IrDType dtype;
} types[] = {
  { "<f4", IR_DTYPE_F32 },
  { "<f8", IR_DTYPE_F64 },
  { "<f2", IR_DTYPE_F16 },
  { "|i1", IR_DTYPE_I8 },
  { "<i2", IR_DTYPE_I16 },
  { "<i4", IR_DTYPE_I32 },
  { "<i8", IR_DTYPE_I64 },
  { "|u1", IR_DTYPE_U8 },
  { "<u2", IR_DTYPE_U16 },
  { "<u4", IR_DTYPE_U32 },
  { "<u8", IR_DTYPE_U64 },
  { "|b1", IR_DTYPE_BOOLEAN },
};

/* --- reading --------------------------------------------------------------- */

/* Finds "'key': " in the header and returns what follows. */
static const char *
header_value (const char *header, const char *key)
{
  g_autofree char *quoted = g_strdup_printf ("'%s':", key);
  const char *at = strstr (header, quoted);

  if (at == NULL)
    return NULL;
  at += strlen (quoted);
  while (*at == ' ')
    at++;
  return at;
}

static gboolean
parse_descr (const char *header, IrDType *dtype, GError **error)
{
  const char *at = header_value (header, "descr");

  for (guint i = 0; at != NULL && i < G_N_ELEMENTS (types); i++) {
    if (*at == '\'' && strncmp (at + 1, types[i].descr, 3) == 0 &&
        at[4] == '\'') {
      *dtype = types[i].dtype;
      return TRUE;
    }
  }
  return ir_fail (error, IR_ERROR_UNSUPPORTED,
      "its element type is none of the little-endian numbers and booleans");
}

static gboolean
parse_dims (const char *header, IrShape *shape, GError **error)
{
  const char *at = header_value (header, "shape");
  gint64 dims[IR_MAX_RANK];
  gsize n = 0;

  if (at == NULL || *at++ != '(')
    return ir_fail (error, IR_ERROR_PARSE, "its header has no shape");
  while (*at != ')') {
    char *end;

    errno = 0;
    if (n == IR_MAX_RANK)
      return ir_fail (
          error, IR_ERROR_LIMIT, "it has more than %d dimensions", IR_MAX_RANK);
    dims[n++] = g_ascii_strtoll (at, &end, 10);
    if (end == at || errno != 0 || dims[n - 1] < 0)
      return ir_fail (error, IR_ERROR_PARSE, "its shape does not parse");
    at = end;
    while (*at == ',' || *at == ' ')
      at++;
  }
  return ir_shape_init (shape, n, dims, error);
}

/* Rearranges column-major elements, in place of a straight copy. */
static void
copy_fortran (IrTensor *tensor, const guint8 *from)
{
  gsize size = ir_dtype_size (tensor->dtype);
  guint64 count = ir_tensor_count (tensor);

  for (guint64 i = 0; i < count; i++) {
    guint64 rest = i;
    guint64 source = 0;
    guint64 stride = ir_shape_size (&tensor->shape, 0, tensor->shape.rank);

    for (gint d = tensor->shape.rank - 1; d >= 0; d--) {
      guint64 dim = (guint64) tensor->shape.dim[d];

      stride /= dim;
      source += rest % dim * stride;
      rest /= dim;
    }
    memcpy ((guint8 *) tensor->data + i * size, from + source * size, size);
  }
}

static IrTensor *
parse_npy (const guint8 *bytes, gsize size, GError **error)
{
  g_autofree char *header = NULL;
  const char *order;
  gsize start;
  gsize length;
  IrDType dtype;
  IrShape shape;
  IrTensor *tensor;

  if (size < MAGIC_SIZE + 6 || memcmp (bytes, MAGIC, MAGIC_SIZE) != 0 ||
      bytes[6] < 1 || bytes[6] > 3) {
    ir_fail (error, IR_ERROR_PARSE, "it does not begin as a .npy file does");
    return NULL;
  }
  length = bytes[8] | (gsize) bytes[9] << 8;
  if (bytes[6] > 1)
    length |= (gsize) bytes[10] << 16 | (gsize) bytes[11] << 24;
  start = bytes[6] > 1 ? 12 : 10;
  if (length > size - start) {
    ir_fail (error, IR_ERROR_PARSE, "its header is cut off");
    return NULL;
  }
  header = g_strndup ((const char *) bytes + start, length);
  start += length;
  if (!parse_descr (header, &dtype, error) ||
      !parse_dims (header, &shape, error))
    return NULL;
  tensor = ir_tensor_new (dtype, &shape, error);
  if (tensor == NULL)
    return NULL;
  if (size - start < tensor->size) {
    ir_fail (error, IR_ERROR_PARSE,
        "it is cut off: %" G_GSIZE_FORMAT " bytes of data instead of "
        "%" G_GSIZE_FORMAT,
        size - start, tensor->size);
    ir_tensor_unref (tensor);
    return NULL;
  }
  order = header_value (header, "fortran_order");
  if (order != NULL && g_str_has_prefix (order, "True"))
    copy_fortran (tensor, bytes + start);
  else if (tensor->size > 0)
    memcpy (tensor->data, bytes + start, tensor->size);
  return tensor;
}

IrTensor *
ir_tensor_load_npy (const char *path, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, &cause);
  IrTensor *tensor;

  if (file == NULL) {
    ir_fail (error, IR_ERROR_NOT_FOUND, "%s", cause->message);
    return NULL;
  }
  tensor = parse_npy ((const guint8 *) g_mapped_file_get_contents (file),
      g_mapped_file_get_length (file), error);
  if (tensor == NULL)
    g_prefix_error (error, "'%s' cannot be read: ", path);
  return tensor;
}

/* --- writing --------------------------------------------------------------- */

static const char *
npy_descr (IrDType dtype)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (types[i].dtype == dtype)
      return types[i].descr;
  }
  return "|u1";
}

static GByteArray *
npy_header (const IrTensor *tensor)
{
  g_autoptr (GString) text = g_string_new (NULL);
  GByteArray *header = g_byte_array_new ();
  const guint8 version[] = { 1, 0 };
  guint8 length[2];

  g_string_printf (text, "{'descr': '%s', 'fortran_order': False, 'shape': (",
      npy_descr (tensor->dtype));
  if (ir_dtype_size (tensor->dtype) == 0)
    g_string_append_printf (text, "%" G_GSIZE_FORMAT ",", tensor->size);
  else
    for (gint i = 0; i < tensor->shape.rank; i++)
      g_string_append_printf (
          text, "%" G_GINT64_FORMAT ", ", tensor->shape.dim[i]);
  g_string_append (text, "), }");
  while ((MAGIC_SIZE + 4 + text->len + 1) % HEADER_ALIGN != 0)
    g_string_append_c (text, ' ');
  g_string_append_c (text, '\n');
  length[0] = (guint8) (text->len & 0xff);
  length[1] = (guint8) (text->len >> 8);
  g_byte_array_append (header, (const guint8 *) MAGIC, MAGIC_SIZE);
  g_byte_array_append (header, version, 2);
  g_byte_array_append (header, length, 2);
  g_byte_array_append (header, (const guint8 *) text->str, (guint) text->len);
  return header;
}

gboolean
ir_tensor_save_npy (IrTensor *tensor, const char *path, GError **error)
{
  IrDType dtype = tensor->dtype == IR_DTYPE_BF16 ? IR_DTYPE_F32 : tensor->dtype;
  g_autoptr (IrTensor) plain = ir_tensor_convert (tensor, dtype, error);
  g_autoptr (GByteArray) header = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GFileOutputStream) stream = NULL;
  g_autoptr (GCancellable) give_up = g_cancellable_new ();
  g_autoptr (GError) cause = NULL;

  if (plain == NULL)
    return FALSE;
  header = npy_header (plain);
  file = g_file_new_for_path (path);
  /* GIO writes to a temporary file and renames it when the stream is closed. */
  stream = g_file_replace (
      file, NULL, FALSE, G_FILE_CREATE_REPLACE_DESTINATION, NULL, &cause);
  if (stream != NULL &&
      g_output_stream_write_all (G_OUTPUT_STREAM (stream), header->data,
          header->len, NULL, NULL, &cause) &&
      g_output_stream_write_all (G_OUTPUT_STREAM (stream), plain->data,
          plain->size, NULL, NULL, &cause) &&
      g_output_stream_close (G_OUTPUT_STREAM (stream), NULL, &cause))
    return TRUE;
  if (stream != NULL) {
    g_cancellable_cancel (give_up);
    g_output_stream_close (G_OUTPUT_STREAM (stream), give_up, NULL);
  }
  return ir_fail (error, IR_ERROR_NOT_FOUND, "'%s' cannot be written: %s", path,
      cause->message);
}
