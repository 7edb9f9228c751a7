/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is converted once: which changes of the model are noticed, whether files are
 * read that need not be. */
#include <ir/convert.h>
#include <ir/xml.h>

#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

/* More than what is worth a note. */
#define NUMBERS (300 << 10)
/* Until a file's times are believed. */
#define SETTLING_US (2200 * 1000)

typedef struct {
  char *folder, *kept, *xml, *bin;
  guint warnings;
} Place;

static void
place_init (Place *place)
{
  *place = (Place){ g_dir_make_tmp ("ir-XXXXXX", NULL) };
  place->kept = g_build_filename (place->folder, "kept", NULL);
  place->xml = g_build_filename (place->folder, "model.xml", NULL);
  place->bin = g_build_filename (place->folder, "model.bin", NULL);
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *file = g_build_filename (path, name, NULL);

    g_unlink (file);
  }
  g_rmdir (path);
}

static void
place_clear (Place *place)
{
  remove_folder (place->kept);
  remove_folder (place->folder);
  g_free (place->folder);
  g_free (place->kept);
  g_free (place->xml);
  g_free (place->bin);
}

static void
write_model (const Place *place, float number)
{
  const IrShape shape = ir_shape_1d (NUMBERS);
  g_autoptr (IrTensor) value = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
  g_autoptr (IrGraph) graph = ir_graph_new ("model");
  const IrNode *in = ir_graph_add_parameter (graph, "in", IR_DTYPE_F32, &shape);
  IrPort sum;

  ((float *) value->data)[NUMBERS / 2] = number;
  sum = ir_port (
      ir_graph_add_op (graph, "Add", 1, "sum", 2, ir_port ((IrNode *) in, 0),
          ir_port (ir_graph_add_const (graph, "c", value), 0)),
      0);
  ir_graph_add_result (graph, "out", sum);
  g_assert_true (ir_graph_infer (graph, NULL));
  g_assert_true (ir_graph_write (graph, place->xml, 11, NULL));
}

static void
on_message (GLogLevelFlags level, const char *message, gpointer user_data)
{
  Place *place = user_data;

  place->warnings += (level & G_LOG_LEVEL_WARNING) != 0;
}

/* (transfer full): the path; @number: what the constant holds. */
static char *
open_model (Place *place, const char *type, gboolean fresh, float number)
{
  g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
  g_autoptr (IrGraph) graph = NULL;
  g_autoptr (GError) error = NULL;
  IrKeptModel kept = { NULL };
  gboolean seen = FALSE;

  ir_convert_options_set (options, "input_model", place->xml, &error);
  ir_convert_options_set (options, "data_type", type, &error);
  g_assert_no_error (error);
  graph =
      ir_convert_kept (options, place->kept, on_message, place, &kept, &error);
  g_assert_no_error (error);
  g_assert_cmpint (kept.fresh, ==, fresh);
  for (const IrNode *node = graph->first; node; node = node->next) {
    const IrTensor *value = node->n_outputs ? node->outputs[0].value : NULL;

    if (!value || ir_tensor_count (value) != NUMBERS)
      continue;
    seen = TRUE;
    g_assert_cmpfloat (ir_tensor_get_f64 (value, NUMBERS / 2), ==, number);
  }
  g_assert_true (seen);
  return kept.path;
}

/* Notes in the folder; the path of one of them. */
static guint
count_notes (const Place *place, char **path)
{
  g_autoptr (GDir) dir = g_dir_open (place->kept, 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir))) {
    if (!g_str_has_suffix (name, ".contents"))
      continue;
    if (path && n == 0)
      *path = g_build_filename (place->kept, name, NULL);
    n++;
  }
  return n;
}

static void
test_once (void)
{
  g_autofree char *first = NULL, *again = NULL, *half = NULL;
  Place place;

  place_init (&place);
  write_model (&place, 1);
  first = open_model (&place, "FP32", TRUE, 1);
  again = open_model (&place, "FP32", FALSE, 1);
  g_assert_cmpstr (first, ==, again);
  half = open_model (&place, "FP16", TRUE, 1);
  g_assert_cmpstr (first, !=, half);
  g_assert_cmpuint (place.warnings, ==, 0);
  place_clear (&place);
}

/* In the same step of the file system's clock, and with the old time set back. */
static void
test_changes (void)
{
  g_autofree char *one = NULL, *two = NULL, *three = NULL;
  struct utimbuf times;
  GStatBuf st;
  Place place;

  place_init (&place);
  write_model (&place, 1);
  one = open_model (&place, "FP32", TRUE, 1);
  write_model (&place, 2);
  two = open_model (&place, "FP32", TRUE, 2);
  g_assert_cmpstr (one, !=, two);

  g_usleep (SETTLING_US);
  g_free (open_model (&place, "FP32", FALSE, 2));
  g_assert_cmpuint (count_notes (&place, NULL), ==, 1);
  g_assert_cmpint (g_stat (place.bin, &st), ==, 0);
  write_model (&place, 3);
  times = (struct utimbuf){ st.st_atime, st.st_mtime };
  g_assert_cmpint (g_utime (place.bin, &times), ==, 0);
  g_usleep (SETTLING_US);
  three = open_model (&place, "FP32", TRUE, 3);
  g_assert_cmpstr (three, !=, two);
  place_clear (&place);
}

/* What a note says is believed, which shows if it is wrong; anything else that is
 * there instead of one is not. */
static void
test_notes (void)
{
  g_autofree char *path = NULL, *note = NULL, *right = NULL, *wrong = NULL;
  gsize size;
  Place place;

  place_init (&place);
  write_model (&place, 1);
  g_usleep (SETTLING_US);
  right = open_model (&place, "FP32", TRUE, 1);
  g_assert_cmpuint (count_notes (&place, &path), ==, 1);
  g_assert_true (g_file_get_contents (path, &note, &size, NULL));
  note[size - 1] = note[size - 1] == '0' ? '1' : '0';
  g_assert_true (g_file_set_contents (path, note, size, NULL));
  wrong = open_model (&place, "FP32", TRUE, 1);
  g_assert_cmpstr (right, !=, wrong);
  for (gsize length = 0; length < size; length += size / 3) {
    g_autofree char *same = NULL;

    g_assert_true (g_file_set_contents (path, note, length, NULL));
    same = open_model (&place, "FP32", FALSE, 1);
    g_assert_cmpstr (same, ==, right);
  }
  g_assert_cmpuint (place.warnings, ==, 0);
  place_clear (&place);
}

static void
test_damaged (void)
{
  g_autofree char *path = NULL;
  Place place;

  place_init (&place);
  write_model (&place, 1);
  path = open_model (&place, "FP32", TRUE, 1);
  g_assert_true (g_file_set_contents (path, "<net", -1, NULL));
  g_free (open_model (&place, "FP32", TRUE, 1));
  g_assert_cmpuint (place.warnings, ==, 1);
  g_free (open_model (&place, "FP32", FALSE, 1));
  g_assert_cmpuint (place.warnings, ==, 1);
  place_clear (&place);
}

static void
test_no_folder (void)
{
  Place place;

  place_init (&place);
  write_model (&place, 1);
  g_assert_true (g_file_set_contents (place.kept, "", 0, NULL));
  g_assert_null (open_model (&place, "FP32", TRUE, 1));
  g_assert_cmpuint (place.warnings, ==, 1);
  place_clear (&place);
}

static void
test_no_model (void)
{
  g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
  g_autoptr (GError) error = NULL;
  IrKeptModel kept = { NULL };

  ir_convert_options_set (options, "input_model", "/no/such.onnx", NULL);
  g_assert_null (
      ir_convert_kept (options, "/no/folder", NULL, NULL, &kept, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "/no/such.onnx"));
  g_assert_null (kept.path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kept/once", test_once);
  g_test_add_func ("/kept/changes", test_changes);
  g_test_add_func ("/kept/notes", test_notes);
  g_test_add_func ("/kept/damaged", test_damaged);
  g_test_add_func ("/kept/no-folder", test_no_folder);
  g_test_add_func ("/kept/no-model", test_no_model);
  return g_test_run ();
}
