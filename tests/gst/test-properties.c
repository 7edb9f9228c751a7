/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every property that the elements promise: default, limits, when it may change,
 * that it can be set and got, and what becomes of values that make no sense. */
#include "line.h"

typedef enum {
  TEXT,
  CHOICE,
  NUMBER,
  READ_ONLY
} Kind;

typedef struct {
  const char *name;
  Kind kind;
  gboolean live;
  const char *def; /* NULL for an unset text */
  const char *set; /* something else; of numbers and choices valid */
  const char *least;
  const char *most;
} Row;

#define MAX_INT "2147483647"
#define MAX_UINT "4294967295"
#define MAX_UINT64 "18446744073709551615"

/* clang-format off */
static const Row irconvert[] = {
  { "model", TEXT, FALSE, NULL, "a.xml" },
  { "input", TEXT, FALSE, NULL, "data" },
  { "output", TEXT, FALSE, NULL, "prob" },
  { "input-shape", TEXT, FALSE, NULL, "1,3,4,6" },
  { "mean-values", TEXT, FALSE, NULL, "1,2,3" },
  { "scale-values", TEXT, FALSE, NULL, "1,2,3" },
  { "scale", NUMBER, FALSE, "1", "127.5", "1e-30", "1e30" },
  { "mean-file", TEXT, FALSE, NULL, "m.binaryproto" },
  { "reverse-input-channels", CHOICE, FALSE, "false", "true" },
  { "data-type", TEXT, FALSE, "float", "half" },
  { "transformations-config", TEXT, FALSE, NULL, "c.json" },
  { "extensions", TEXT, FALSE, NULL, "e.so" },
  { "resize", CHOICE, FALSE, "stretch", "crop" },
  { "interpolation", CHOICE, FALSE, "bilinear", "cubic" },
  { "pad-value", NUMBER, FALSE, "0", "114", "0", "255" },
  { "region", CHOICE, TRUE, "full-frame", "roi" },
  { "object-class", TEXT, TRUE, NULL, "face,car" },
  { "cache-dir", TEXT, FALSE, NULL, "/tmp/c" },
  { "device", TEXT, TRUE, "auto", "REFERENCE" },
  { "description", TEXT, FALSE, "auto", "d.json" },
  { "explain", READ_ONLY },
  { NULL },
};
static const Row irinfer[] = {
  { "model", TEXT, FALSE, NULL, "a.xml" },
  { "device", TEXT, FALSE, "AUTO", "CPU" },
  { "config", TEXT, FALSE, NULL, "K=V" },
  { "precision", TEXT, FALSE, "auto", "f32" },
  { "nireq", NUMBER, FALSE, "0", "3", "0", "1024" },
  { "streams", NUMBER, FALSE, "0", "2", "0", "1024" },
  { "threads", NUMBER, FALSE, "0", "2", "0", "1024" },
  { "batch-size", NUMBER, FALSE, "1", "4", "1", "1024" },
  { "batch-timeout", NUMBER, TRUE, "40", "0", "-1", MAX_INT },
  { "interval", NUMBER, TRUE, "1", "5", "1", MAX_INT },
  { "region", CHOICE, TRUE, "full-frame", "roi-list" },
  { "object-class", TEXT, TRUE, NULL, "face" },
  { "reclassify-interval", NUMBER, TRUE, "1", "0", "0", MAX_INT },
  { "policy", CHOICE, TRUE, "all", "latest" },
  { "max-age", NUMBER, TRUE, "0", "1000000", "0", MAX_UINT64 },
  { "instance-id", TEXT, FALSE, NULL, "x" },
  { "warmup", NUMBER, FALSE, "0", "2", "0", "1000" },
  { "stats", READ_ONLY },
  { "explain", READ_ONLY },
  { NULL },
};
static const Row irdecode[] = {
  { "decoder", TEXT, TRUE, "auto", "ssd" },
  { "labels", TEXT, TRUE, NULL, "a,b" },
  { "labels-file", TEXT, TRUE, NULL, "l.txt" },
  { "threshold", NUMBER, TRUE, "0.5", "0.25", "0", "1" },
  { "class-thresholds", TEXT, TRUE, NULL, "a=0.5" },
  { "nms-threshold", NUMBER, TRUE, "0.45", "0.25", "0", "1" },
  { "max-objects", NUMBER, TRUE, "0", "7", "0", MAX_UINT },
  { "description", TEXT, TRUE, "auto", "none" },
  { NULL },
};
static const Row iroverlay[] = {
  { "style", CHOICE, TRUE, "box", "corners" },
  { "fields", CHOICE, TRUE, "label+confidence+id+classes+keypoints+mask", "label+id" },
  { "palette", TEXT, TRUE, NULL, "#ff0000" },
  { "blur", TEXT, TRUE, NULL, "face" },
  { "line-width", NUMBER, TRUE, "0", "3", "0", "64" },
  { "font-size", NUMBER, TRUE, "0", "20", "0", "256" },
  { NULL },
};
static const Row irpublish[] = {
  { "uri", TEXT, FALSE, "-", "file:o.jsonl" },
  { "format", CHOICE, TRUE, "dls", "deepstream-minimal" },
  { "fields", TEXT, FALSE, NULL, "frame,objects" },
  { "source", TEXT, TRUE, NULL, "cam" },
  { "every", NUMBER, TRUE, "1", "5", "1", MAX_UINT },
  { "spool-dir", TEXT, FALSE, NULL, "/tmp/s" },
  { "spool-size", NUMBER, FALSE, "67108864", "1000", "0", MAX_UINT64 },
  { NULL },
};

static const struct {
  const char *element;
  const Row *rows;
} tables[] = {
  { "irconvert", irconvert },
  { "irinfer", irinfer },
  { "irdecode", irdecode },
  { "iroverlay", iroverlay },
  { "irpublish", irpublish },
};
/* clang-format on */

static void
read_as (GType type, const char *text, GValue *value)
{
  g_value_init (value, type);
  if (type == G_TYPE_STRING)
    g_value_set_string (value, text);
  else
    g_assert_true (gst_value_deserialize (value, text));
}

static void
check_equal (GObject *element, const GParamSpec *spec, const char *text)
{
  g_auto (GValue) is = G_VALUE_INIT, want = G_VALUE_INIT;

  read_as (spec->value_type, text, &want);
  g_value_init (&is, spec->value_type);
  g_object_get_property (element, spec->name, &is);
  if (spec->value_type == G_TYPE_STRING)
    g_assert_cmpstr (g_value_get_string (&is), ==, text);
  else
    g_assert_cmpint (gst_value_compare (&is, &want), ==, GST_VALUE_EQUAL);
}

static void
set_text (GObject *element, const GParamSpec *spec, const char *text)
{
  g_auto (GValue) value = G_VALUE_INIT;

  read_as (spec->value_type, text, &value);
  g_object_set_property (element, spec->name, &value);
}

/* The limits are those of the row: both can be set, and what the property says
 * about itself agrees. */
static void
check_limits (GObject *element, GParamSpec *spec, const Row *row)
{
  set_text (element, spec, row->least);
  check_equal (element, spec, row->least);
  set_text (element, spec, row->most);
  check_equal (element, spec, row->most);
  if (G_IS_PARAM_SPEC_UINT (spec)) {
    g_assert_cmpuint (G_PARAM_SPEC_UINT (spec)->minimum, ==,
        g_ascii_strtoull (row->least, NULL, 10));
    g_assert_cmpuint (G_PARAM_SPEC_UINT (spec)->maximum, ==,
        g_ascii_strtoull (row->most, NULL, 10));
  } else if (G_IS_PARAM_SPEC_FLOAT (spec)) {
    g_assert_cmpfloat (G_PARAM_SPEC_FLOAT (spec)->minimum, ==, 0);
    g_assert_cmpfloat (G_PARAM_SPEC_FLOAT (spec)->maximum, ==, 1);
  }
}

static void
check_row (GObject *element, const Row *row)
{
  GParamSpec *spec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (element), row->name);

  g_test_message ("%s", row->name);
  g_assert_nonnull (spec);
  g_assert_cmpuint (strlen (g_param_spec_get_blurb (spec)), >, 10);
  g_assert_true (spec->flags & G_PARAM_READABLE);
  if (row->kind == READ_ONLY) {
    g_assert_false (spec->flags & G_PARAM_WRITABLE);
    return;
  }
  g_assert_true (spec->flags & G_PARAM_WRITABLE);
  g_assert_cmpint (
      (spec->flags & GST_PARAM_MUTABLE_PLAYING) != 0, ==, row->live);
  g_assert_cmpint (
      (spec->flags & GST_PARAM_MUTABLE_READY) != 0, ==, !row->live);
  check_equal (element, spec, row->def);
  g_assert_true (row->def == NULL ||
      g_param_value_defaults (spec, g_param_spec_get_default_value (spec)));
  set_text (element, spec, row->set);
  check_equal (element, spec, row->set);
  if (row->kind == NUMBER)
    check_limits (element, spec, row);
}

/* Properties of the element itself, not of its base classes. */
static guint
count_own (GObject *element)
{
  guint n, own = 0;
  g_autofree GParamSpec **specs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);

  for (guint i = 0; i < n; i++)
    own += specs[i]->owner_type == G_OBJECT_TYPE (element);
  return own;
}

static void
test_tables (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (tables); i++) {
    g_autoptr (GstElement) element = gst_object_ref_sink (
        gst_element_factory_make (tables[i].element, NULL));
    guint n = 0;

    g_assert_nonnull (element);
    g_test_message ("%s", tables[i].element);
    for (const Row *row = tables[i].rows; row->name; row++, n++)
      check_row (G_OBJECT (element), row);
    /* A property without a row is one that nobody promised. */
    g_assert_cmpuint (count_own (G_OBJECT (element)), ==, n);
  }
}

/* Read-only ones are there before anything is loaded. */
static void
test_read_only (void)
{
  g_autoptr (GstElement) infer =
      gst_object_ref_sink (gst_element_factory_make ("irinfer", NULL));
  g_autoptr (GstElement) convert =
      gst_object_ref_sink (gst_element_factory_make ("irconvert", NULL));
  g_autofree char *first = NULL, *second = NULL;

  g_assert_cmpuint (stat_of_element (infer, "frames"), ==, 0);
  g_object_get (infer, "explain", &first, NULL);
  g_object_get (convert, "explain", &second, NULL);
  g_assert_nonnull (strstr (first, "compiled"));
  g_assert_nonnull (strstr (second, "PAUSED"));
}

/* Values that only make sense with a model, or do not at all: one error that names
 * the property or repeats the value. */
/* clang-format off */
static const struct {
  const char *line;
  const char *says;
} wrong[] = {
  { "irconvert", "'model'" },
  { "irconvert model=/does/not/exist.xml", "/does/not/exist.xml" },
  { "irconvert mean-values=1,2 model=@", "mean-values" },
  { "irconvert mean-values=a model=@", "mean-values" },
  { "irconvert scale-values=0 model=@", "scale-values" },
  { "irconvert scale=2 scale-values=2 model=@", "scale-values" },
  { "irconvert description=/does/not/exist.json model=@", "/does/not/exist.json" },
  { "irconvert input-shape=zebra model=@", "property 'input-shape'" },
  { "irconvert input=zebra model=@", "zebra" },
  { "irconvert output=zebra model=@", "zebra" },
  { "irconvert data-type=zebra model=@", "property 'data-type'" },
  { "irconvert mean-file=/does/not/exist model=@", "mean" },
  { "irconvert device=ZEBRA model=@", "ZEBRA" },
  { "irconvert resize=none model=@", "320" },
  { "irinfer", "'model'" },
  { "irinfer model=/does/not/exist.xml", "/does/not/exist.xml" },
  { "irinfer device=ZEBRA model=@", "ZEBRA" },
  { "irinfer device=REFERENCE config=ZEBRA=1 model=@", "ZEBRA" },
  { "irinfer device=REFERENCE config=zebra model=@", "zebra" },
  { "irinfer device=REFERENCE precision=zebra model=@", "zebra" },
  { "irdecode decoder=zebra", "zebra" },
  { "irinfer device=REFERENCE model=@ ! irdecode decoder=ssd", "ssd" },
  { "irinfer device=REFERENCE model=@ ! irdecode decoder=raw labels-file=/does/not/exist", "property 'labels-file'" },
  { "irinfer device=REFERENCE model=@ ! irdecode decoder=raw class-thresholds=zebra", "class-thresholds" },
  { "irinfer device=REFERENCE model=@ ! irdecode decoder=raw description=/does/not/exist", "/does/not/exist" },
  { "iroverlay palette=zebra", "zebra" },
  { "irpublish uri=zebra", "zebra" },
  { "irpublish uri=mqtt://host/topic", "mqtt" },
  { "irpublish uri=file:/does/not/exist", "/does/not/exist" },
  { "irpublish uri=file:/dev/full", "/dev/full" },
  { "irpublish fields=zebra uri=file:/dev/null", "zebra" },
};
/* clang-format on */

static char *
with_model (const char *line)
{
  g_auto (GStrv) parts = g_strsplit (line, "@", -1);

  return g_strjoinv (model_path, parts);
}

static void
test_wrong (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autofree char *line = with_model (wrong[i].line);
    g_autoptr (GstMessage) message =
        run_pipeline ("videotestsrc num-buffers=2 ! "
                      "video/x-raw,width=320,height=240,format=BGRx ! "
                      "%s ! fakesink",
            line);
    g_autoptr (GError) error = NULL;

    g_test_message ("%s", line);
    g_assert_nonnull (message);
    g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_ERROR);
    gst_message_parse_error (message, &error, NULL);
    g_test_message ("  %s", error->message);
    g_assert_nonnull (strstr (error->message, wrong[i].says));
  }
}

int
main (int argc, char **argv)
{
  line_setup (&argc, &argv);
  g_test_add_func ("/gst/properties/tables", test_tables);
  g_test_add_func ("/gst/properties/read-only", test_read_only);
  g_test_add_func ("/gst/properties/wrong", test_wrong);
  return line_run ();
}
