/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* CACHE_DIR: what is kept of a compiled model is used, gives the same bits, and
 * nothing that lies in its place does harm. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <ir/core.h>
#include <ir/xml.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD "/cache/child"

typedef struct {
  char *folder, *model, *cache;
} Place;

static guint32 state;

/* --- networks -------------------------------------------------------------- */

static IrPort
constant (IrGraph *graph, const char *shape_text, double step)
{
  g_autoptr (IrTensor) value = NULL;
  IrShape shape;

  g_assert_true (ir_shape_parse (shape_text, &shape, NULL));
  value = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
  for (guint64 i = 0; i < ir_tensor_count (value); i++) {
    state = state * 1664525 + 1013904223;
    ((float *) value->data)[i] = ((int) (state >> 16 & 255) - 128) * step;
  }
  return ir_port (ir_graph_add_const (graph, "c", value), 0);
}

static IrPort
conv_by (IrGraph *graph, const char *type, IrPort x, IrPort weights,
    const char *stride, const char *pad)
{
  IrPort y = ir_port (ir_graph_add_op (graph, type, 1, type, 2, x, weights), 0);

  g_assert_true (ir_node_set_text (y.node, "strides", stride, NULL));
  g_assert_true (ir_node_set_text (y.node, "dilations", "1,1", NULL));
  g_assert_true (ir_node_set_text (y.node, "pads_begin", pad, NULL));
  g_assert_true (ir_node_set_text (y.node, "pads_end", pad, NULL));
  return y;
}

static IrPort
conv (IrGraph *graph, const char *type, IrPort x, const char *weights,
    const char *stride, const char *pad)
{
  return conv_by (
      graph, type, x, constant (graph, weights, 0.001003), stride, pad);
}

static IrGraph *
begin_graph (guint32 seed, const char *input, IrPort *x)
{
  IrGraph *graph = ir_graph_new ("small net/1");
  IrShape shape;

  state = seed;
  g_assert_true (ir_shape_parse (input, &shape, NULL));
  *x = ir_port (ir_graph_add_parameter (graph, "in", IR_DTYPE_F32, &shape), 0);
  return graph;
}

static IrGraph *
end_graph (IrGraph *graph, IrPort x)
{
  g_autoptr (GError) error = NULL;

  ir_graph_add_result (graph, "out", x);
  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  return graph;
}

/* Two weights, so that files of it can be broken everywhere. */
static IrGraph *
small_graph (guint32 seed, const char *input)
{
  IrPort x;
  IrGraph *graph = begin_graph (seed, input, &x);

  x = conv (graph, "Convolution", x, "16,8,1,1", "1,1", "0,0");
  x = conv (graph, "Convolution", x, "16,16,3,3", "2,2", "1,1");
  return end_graph (graph, x);
}

/* All that is packed, the last one in halves. */
static IrGraph *
large_graph (guint32 seed)
{
  IrPort x;
  IrGraph *graph = begin_graph (seed, "1,3,32,32", &x);

  x = conv (graph, "Convolution", x, "24,3,3,3", "1,1", "1,1");
  x = conv (graph, "Convolution", x, "32,24,3,3", "1,1", "1,1");
  x = conv (graph, "GroupConvolution", x, "32,1,1,3,3", "1,1", "1,1");
  x = conv (graph, "GroupConvolution", x, "8,4,4,3,3", "1,1", "1,1");
  x = conv (graph, "Convolution", x, "20,32,3,3", "4,4", "1,1");
  x = conv (graph, "ConvolutionBackpropData", x, "20,12,4,4", "2,2", "1,1");
  x = conv (
      graph, "GroupConvolutionBackpropData", x, "6,2,2,3,3", "1,1", "1,1");
  x = ir_port (ir_graph_add_op (graph, "Reshape", 1, "flat", 2, x,
                   ir_port (ir_graph_add_const_i64 (
                                graph, "to", (const gint64[]){ 1, -1 }, 2),
                       0)),
      0);
  x = ir_port (ir_graph_add_op (graph, "MatMul", 1, "product", 2, x,
                   constant (graph, "3072,300", 0.001003)),
      0);
  x = ir_port (ir_graph_add_op (graph, "MatMul", 1, "halves", 2, x,
                   constant (graph, "300,1000", 1 / 1024.0)),
      0);
  return end_graph (graph, x);
}

/* Weights that are integers times numbers, more of these than are put off. */
static IrGraph *
compressed_graph (guint32 seed)
{
  IrPort x, w;
  IrGraph *graph = begin_graph (seed, "1,16,20,20", &x);
  IrTensor *integers;

  w = constant (graph, "128,16,3,3", 0.5);
  integers = ir_tensor_convert (ir_port_const (w), IR_DTYPE_I8, NULL);
  w = ir_port (ir_graph_add_const (graph, "i", integers), 0);
  ir_tensor_unref (integers);
  w = ir_port (ir_graph_add_op (graph, "Convert", 1, "wide", 1, w), 0);
  g_assert_true (ir_node_set_text (w.node, "destination_type", "f32", NULL));
  for (guint i = 0; i < 12; i++)
    w = ir_port (ir_graph_add_op (graph, "Multiply", 1, "scaled", 2, w,
                     constant (graph, "128,1,1,1", i ? 1 / 128.0 : 1e-3)),
        0);
  x = conv_by (graph, "Convolution", x, w, "1,1", "1,1");
  return end_graph (graph, x);
}

/* --- places ---------------------------------------------------------------- */

static void
write_model (const Place *place, IrGraph *graph)
{
  g_autoptr (IrGraph) owned = graph;
  g_autoptr (GError) error = NULL;

  ir_graph_write (owned, place->model, 11, &error);
  g_assert_no_error (error);
}

static Place
place_new (IrGraph *graph)
{
  Place place = { g_dir_make_tmp ("ir-cache-XXXXXX", NULL), NULL, NULL };

  g_assert_nonnull (place.folder);
  place.model = g_build_filename (place.folder, "net.xml", NULL);
  place.cache = g_build_filename (place.folder, "cache", NULL);
  write_model (&place, graph);
  return place;
}

static GPtrArray *
list (const char *folder)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
  return paths;
}

static void
remove_all (const char *path)
{
  g_autoptr (GPtrArray) inner = NULL;

  if (g_file_test (path, G_FILE_TEST_IS_DIR) &&
      !g_file_test (path, G_FILE_TEST_IS_SYMLINK)) {
    inner = list (path);
    for (guint i = 0; i < inner->len; i++)
      remove_all (inner->pdata[i]);
  }
  g_remove (path);
}

static void
place_clear (Place *place)
{
  remove_all (place->folder);
  g_free (place->folder);
  g_free (place->model);
  g_free (place->cache);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

static char *
only_file (const Place *place)
{
  g_autoptr (GPtrArray) paths = list (place->cache);

  g_assert_cmpuint (paths->len, ==, 1);
  return g_strdup (paths->pdata[0]);
}

static GBytes *
read_file (const char *path)
{
  char *data;
  gsize size;

  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  return g_bytes_new_take (data, size);
}

/* Without waiting for the disk. */
static void
write_file (const char *path, gconstpointer data, gsize size)
{
  const int fd = g_open (path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, size), ==, (gssize) size);
  close (fd);
}

/* --- running --------------------------------------------------------------- */

/* The output; @warning (out) what was to be reported. */
static IrTensor *
run_on (const IrGraph *graph, const char *device, const char *config,
    char **warning)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (IrCompiledModel) model =
      ir_core_compile (core, graph, device, config, &error);
  g_autoptr (IrInferRequest) request = NULL;
  g_autoptr (IrTensor) in = NULL;
  const IrNode *parameter = graph->parameters->pdata[0];
  IrShape shape = parameter->outputs[0].shape;

  g_assert_no_error (error);
  shape.dim[0] = 1;
  in = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
  for (guint64 i = 0; i < ir_tensor_count (in); i++)
    ((float *) in->data)[i] = (int) (i * 7 % 31) - 15;
  request = ir_compiled_model_create_request (model, &error);
  g_assert_true (ir_infer_request_set_input (request, 0, in, &error));
  ir_infer_request_infer (request, &error);
  g_assert_no_error (error);
  *warning = g_strdup (ir_compiled_model_get_warning (model));
  return ir_infer_request_get_output (request, 0);
}

static IrTensor *
run (const IrGraph *graph, const char *config, char **warning)
{
  return run_on (graph, "CPU", config, warning);
}

static IrTensor *
run_file (const Place *place, const char *more, char **warning)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) graph = ir_graph_read (place->model, NULL, &error);
  g_autofree char *config =
      g_strdup_printf ("CACHE_DIR=%s%s", place->cache, more);

  g_assert_no_error (error);
  return run (graph, config, warning);
}

static IrTensor *
run_without (const Place *place, const char *config)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) graph = ir_graph_read (place->model, NULL, &error);
  g_autofree char *warning = NULL;
  IrTensor *out = run (graph, config, &warning);

  g_assert_no_error (error);
  g_assert_null (warning);
  return out;
}

/* Runs with the cache: the same bits as @expected, and a warning that has @part in
 * it, or none. */
static void
check (const Place *place, const char *more, const IrTensor *expected,
    const char *part)
{
  g_autofree char *warning = NULL;
  g_autoptr (IrTensor) out = run_file (place, more, &warning);

  g_assert_true (ir_tensor_equal (out, expected));
  if (!part)
    g_assert_cmpstr (warning, ==, NULL);
  else if (!warning || !strstr (warning, part))
    g_error ("'%s' should have '%s'", warning ? warning : "no warning", part);
}

/* --- what should be there -------------------------------------------------- */

static void
test_hit (gconstpointer data)
{
  const char *more = data;
  g_auto (Place) place = place_new (large_graph (1));
  g_autoptr (IrTensor) expected = run_without (&place, more + 1);
  g_autofree char *path = NULL;
  GStatBuf first, second;

  check (&place, more, expected, NULL);
  path = only_file (&place);
  g_assert_cmpint (g_lstat (path, &first), ==, 0);
  g_assert_cmpuint (first.st_mode, ==, S_IFREG | 0600);
  for (guint threads = 1; threads < 4; threads++) {
    g_autofree char *config = g_strdup_printf ("%s,THREADS=%u", more, threads);

    check (&place, config, expected, NULL);
  }
  g_assert_cmpint (g_lstat (path, &second), ==, 0);
  g_assert_cmpuint (first.st_ino, ==, second.st_ino);
}

/* What is computed from constants is left until somebody asks for it. */
static void
test_compressed (void)
{
  g_auto (Place) place = place_new (compressed_graph (1));
  g_autoptr (IrGraph) graph = compressed_graph (1);
  g_autofree char *warning = NULL;
  g_autoptr (IrTensor) right = run_on (graph, "REFERENCE", NULL, &warning);
  g_autoptr (IrTensor) out = run_without (&place, "PRECISION=f32");
  double range = 0, worst = 0;

  for (gsize i = 0; i < ir_tensor_count (right); i++) {
    const double a = ir_tensor_get_f64 (out, i);
    const double b = ir_tensor_get_f64 (right, i);

    range = MAX (range, fabs (b));
    worst = MAX (worst, fabs (a - b));
  }
  g_assert_cmpfloat (range, >, 0);
  g_assert_cmpfloat (worst, <=, 3e-5 * range);
  for (guint i = 0; i < 3; i++)
    check (&place, ",PRECISION=f32", out, NULL);
}

/* Weights come from the file: another number in it is another result. */
static void
test_is_read (void)
{
  g_auto (Place) place = place_new (small_graph (1, "1,8,9,9"));
  g_autoptr (IrTensor) expected = run_without (&place, NULL);
  g_autofree char *path = NULL, *warning = NULL;
  g_autoptr (IrTensor) out = NULL;
  g_autoptr (GBytes) file = NULL;
  g_autofree guint8 *bytes = NULL;
  gsize size;

  check (&place, "", expected, NULL);
  path = only_file (&place);
  file = read_file (path);
  bytes = g_memdup2 (g_bytes_get_data (file, &size), g_bytes_get_size (file));
  for (gsize i = size - 2048; i < size - 128; i++)
    bytes[i] = 0;
  write_file (path, bytes, size);
  out = run_file (&place, "", &warning);
  g_assert_null (warning);
  g_assert_false (ir_tensor_equal (out, expected));
}

static void
test_changed_model (void)
{
  g_auto (Place) place = place_new (large_graph (1));
  g_autoptr (IrTensor) first = run_without (&place, NULL), second = NULL;
  g_autofree char *bin = g_build_filename (place.folder, "net.bin", NULL);
  g_autofree char *path = NULL;
  g_autoptr (GBytes) contents = NULL;
  struct timespec times[2];
  GStatBuf st;
  int fd;

  check (&place, "", first, NULL);
  g_assert_cmpint (g_stat (bin, &st), ==, 0);
  write_model (&place, large_graph (2));
  second = run_without (&place, NULL);
  g_assert_false (ir_tensor_equal (first, second));
  check (&place, "", second, NULL);

  /* The same file with the same time of change and other contents. */
  g_assert_cmpint (g_stat (bin, &st), ==, 0);
  contents = read_file (bin);
  fd = g_open (bin, O_WRONLY, 0);
  g_assert_cmpint (pwrite (fd, g_bytes_get_data (contents, NULL), 65536,
                       g_bytes_get_size (contents) - 65536),
      ==, 65536);
  times[0] = st.st_atim;
  times[1] = st.st_mtim;
  g_assert_cmpint (futimens (fd, times), ==, 0);
  close (fd);
  g_clear_pointer (&second, ir_tensor_unref);
  second = run_without (&place, NULL);
  check (&place, "", second, NULL);
  path = only_file (&place);
}

/* Constants that are no file's. */
static void
test_in_memory (void)
{
  g_auto (Place) place = place_new (small_graph (1, "1,8,9,9"));
  g_autofree char *config = g_strdup_printf ("CACHE_DIR=%s", place.cache);

  for (guint i = 0; i < 6; i++) {
    g_autoptr (IrGraph) graph = small_graph (1 + i / 2, "1,8,9,9");
    g_autofree char *warning = NULL, *path = NULL;
    g_autoptr (IrTensor) out = run (graph, config, &warning);
    g_autoptr (IrTensor) expected = run (graph, NULL, &warning);

    g_assert_true (ir_tensor_equal (out, expected));
    g_assert_null (warning);
    path = only_file (&place);
  }
}

static void
test_dynamic (void)
{
  g_auto (Place) place = place_new (small_graph (1, "?,8,9,9"));
  g_autoptr (IrTensor) expected = run_without (&place, NULL);
  g_autoptr (GPtrArray) paths = NULL;

  check (&place, "", expected, NULL);
  paths = list (place.cache);
  g_assert_cmpuint (paths->len, ==, 0);
}

static void
test_off (void)
{
  g_auto (Place) place = place_new (small_graph (1, "1,8,9,9"));
  g_autoptr (IrTensor) out = NULL;
  g_autofree char *path = NULL;

  g_free (place.cache);
  place.cache = g_strdup (g_getenv ("IR_CACHE_DIR"));
  out = run_without (&place, NULL);
  g_assert_false (g_file_test (place.cache, G_FILE_TEST_EXISTS));
  g_clear_pointer (&out, ir_tensor_unref);
  out = run_without (&place, "CACHE_DIR=auto");
  path = only_file (&place);
  remove_all (place.cache);
}

static void
test_configurations (void)
{
  static const char *const configs[] = { ",PRECISION=f32",
    ",PRECISION=f32,WINOGRAD=NO" };
  g_auto (Place) place = place_new (large_graph (1));
  g_autoptr (GPtrArray) paths = NULL;

  for (guint i = 0; i < 2 * G_N_ELEMENTS (configs); i++) {
    const char *more = configs[i % G_N_ELEMENTS (configs)];
    g_autoptr (IrTensor) expected = run_without (&place, more + 1);

    check (&place, more, expected, NULL);
  }
  paths = list (place.cache);
  g_assert_cmpuint (paths->len, ==, G_N_ELEMENTS (configs));
}

/* --- what should not be there ---------------------------------------------- */

/* A file in the place of the right one is reported and replaced. */
static void
check_replaced (const Place *place, const char *path, GBytes *right,
    const IrTensor *expected, const char *part)
{
  g_autoptr (GBytes) now = NULL;

  check (place, "", expected, part);
  now = read_file (path);
  g_assert_true (g_bytes_equal (now, right));
}

static void
test_flipped (void)
{
  g_auto (Place) place = place_new (small_graph (1, "1,8,9,9"));
  g_autoptr (IrTensor) expected = run_without (&place, NULL);
  g_autofree char *path = NULL;
  g_autoptr (GBytes) right = NULL;
  g_autofree guint8 *bytes = NULL;
  gsize size, end;

  check (&place, "", expected, NULL);
  path = only_file (&place);
  right = read_file (path);
  bytes = g_memdup2 (g_bytes_get_data (right, &size), g_bytes_get_size (right));
  /* Header and index end where the first weight begins, at the latest. */
  end = size - sizeof (float) * 16 * (8 + 144);
  end = MIN (end, 288 + 2 * 256);
  for (gsize i = 0; i < end; i++) {
    bytes[i] ^= 1 << i % 8;
    write_file (path, bytes, size);
    bytes[i] ^= 1 << i % 8;
    check_replaced (&place, path, right, expected, "made anew");
  }
}

static void
test_truncated (void)
{
  g_auto (Place) place = place_new (small_graph (1, "1,8,9,9"));
  g_autoptr (IrTensor) expected = run_without (&place, NULL);
  g_autofree char *path = NULL, *longer = NULL;
  g_autoptr (GBytes) right = NULL;
  const char *bytes;
  gsize size;

  check (&place, "", expected, NULL);
  path = only_file (&place);
  right = read_file (path);
  bytes = g_bytes_get_data (right, &size);
  for (gsize n = 0; n < size; n += n < 1024 ? 16 : 61) {
    write_file (path, bytes, n);
    check_replaced (&place, path, right, expected, "damaged");
  }
  write_file (path, bytes, size - 1);
  check_replaced (&place, path, right, expected, "damaged");
  longer = g_malloc0 (size + 1);
  memcpy (longer, bytes, size);
  write_file (path, longer, size + 1);
  check_replaced (&place, path, right, expected, "damaged");
}

static void
test_random (void)
{
  g_auto (Place) place = place_new (small_graph (1, "1,8,9,9"));
  g_autoptr (IrTensor) expected = run_without (&place, NULL);
  g_autofree char *path = NULL;
  g_autoptr (GBytes) right = NULL;

  check (&place, "", expected, NULL);
  path = only_file (&place);
  right = read_file (path);
  for (guint round = 0; round < 40; round++) {
    gsize size;
    const guint8 *from = g_bytes_get_data (right, &size);
    g_autofree guint8 *bytes = g_memdup2 (from, size);

    for (gsize i = round % 2 ? 0 : 208; i < size; i++)
      bytes[i] = g_test_rand_int_range (0, 256);
    write_file (path, bytes, size);
    check_replaced (&place, path, right, expected, "made anew");
  }
}

/* Weights that a crash has left out. */
static void
test_zeros (void)
{
  g_auto (Place) place = place_new (large_graph (1));
  g_autoptr (IrTensor) expected = run_without (&place, NULL);
  g_autofree char *path = NULL;
  g_autoptr (GBytes) right = NULL;
  gsize size;
  g_autofree guint8 *bytes = NULL;

  check (&place, "", expected, NULL);
  path = only_file (&place);
  right = read_file (path);
  bytes = g_memdup2 (g_bytes_get_data (right, &size), g_bytes_get_size (right));
  memset (bytes + 8192, 0, size - 8192);
  write_file (path, bytes, size);
  check_replaced (&place, path, right, expected, "damaged");
}

/* The file of another configuration under the name of this one. */
static void
test_foreign (void)
{
  g_auto (Place) place = place_new (large_graph (1));
  g_autoptr (IrTensor) expected = run_without (&place, "PRECISION=f32");
  g_autofree char *path = NULL, *warning = NULL;
  g_autoptr (IrTensor) other = NULL;
  g_autoptr (GBytes) wrong = NULL, right = NULL;
  gsize size;

  other = run_file (&place, ",PRECISION=f32,WINOGRAD=NO", &warning);
  path = only_file (&place);
  wrong = read_file (path);
  g_remove (path);
  g_clear_pointer (&path, g_free);
  check (&place, ",PRECISION=f32", expected, NULL);
  path = only_file (&place);
  right = read_file (path);
  write_file (path, g_bytes_get_data (wrong, &size), g_bytes_get_size (wrong));
  check (&place, ",PRECISION=f32", expected, "another model, processor");
  check (&place, ",PRECISION=f32", expected, NULL);
}

/* --- other processes ------------------------------------------------------- */

/* What start_child() runs, and nothing else: CPU features are found out once. */
static void
test_child (void)
{
  const Place place = { NULL, (char *) g_getenv ("TEST_MODEL"),
    (char *) g_getenv ("TEST_CACHE") };
  g_autofree char *warning = NULL;
  g_autoptr (IrTensor) out = NULL;

  if (!place.model)
    return;
  for (guint i = 0; i < 8; i++) {
    g_clear_pointer (&out, ir_tensor_unref);
    out = run_file (&place, "", &warning);
    g_assert_null (warning);
  }
}

static GPid
start_child (const Place *place, const char *mask)
{
  g_auto (GStrv) env =
      g_environ_setenv (g_get_environ (), "TEST_MODEL", place->model, TRUE);
  char self[] = "/proc/self/exe";
  g_autofree char *exe = g_file_read_link (self, NULL);
  char *argv[] = { exe, "-q", "-p", CHILD, NULL };
  GPid pid;

  env = g_environ_setenv (
      g_steal_pointer (&env), "TEST_CACHE", place->cache, TRUE);
  if (mask)
    env = g_environ_setenv (g_steal_pointer (&env), "IR_CPU_MASK", mask, TRUE);
  g_assert_true (g_spawn_async (NULL, argv, env,
      G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, &pid,
      NULL));
  return pid;
}

static void
wait_for_child (GPid pid)
{
  int status;

  while (waitpid (pid, &status, 0) < 0)
    g_assert_cmpint (errno, ==, EINTR);
  g_assert_cmpint (status, ==, 0);
}

/* What another processor has left is not taken. */
static void
test_other_processor (void)
{
  g_auto (Place) place = place_new (large_graph (1));
  g_autoptr (IrTensor) expected = run_without (&place, NULL);
  const char *mask = g_getenv ("IR_CPU_MASK");
  g_autoptr (GPtrArray) paths = NULL;

  if (g_strcmp0 (mask, "scalar") == 0) {
    g_test_skip ("there is nothing below scalar");
    return;
  }
  check (&place, "", expected, NULL);
  wait_for_child (start_child (&place, "scalar"));
  check (&place, "", expected, NULL);
  paths = list (place.cache);
  g_assert_cmpuint (paths->len, ==, 2);
}

static void
test_at_once (void)
{
  g_auto (Place) place = place_new (large_graph (1));
  g_autoptr (IrTensor) expected = run_without (&place, NULL);
  g_autofree char *path = NULL;
  GPid children[3];

  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    children[i] = start_child (&place, NULL);
  for (guint i = 0; i < 8; i++)
    check (&place, "", expected, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    wait_for_child (children[i]);
  path = only_file (&place);
}

/* --- the file system ------------------------------------------------------- */

static void
test_not_writable (void)
{
  g_auto (Place) place = place_new (small_graph (1, "1,8,9,9"));
  g_autoptr (IrTensor) expected = run_without (&place, NULL);
  g_autofree char *file = g_strdup (place.cache);

  write_file (file, "x", 1);
  g_free (place.cache);
  place.cache = g_build_filename (file, "below", NULL);
  check (&place, "", expected, "can't be written");
}

/* As on a full disk. */
static void
test_no_space (void)
{
  g_auto (Place) place = place_new (large_graph (1));
  g_autoptr (IrTensor) expected = run_without (&place, NULL);
  g_autoptr (GPtrArray) paths = NULL;
  struct rlimit before, little;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  little = before;
  little.rlim_cur = 100000;
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &little), ==, 0);
  check (&place, "", expected, "can't be written");
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  paths = list (place.cache);
  g_assert_cmpuint (paths->len, ==, 0);
}

static void
test_no_file (void)
{
  g_auto (Place) place = place_new (small_graph (1, "1,8,9,9"));
  g_autoptr (IrTensor) expected = run_without (&place, NULL);
  g_autofree char *path = NULL, *target = NULL;
  g_autoptr (GBytes) right = NULL, kept = NULL;

  check (&place, "", expected, NULL);
  path = only_file (&place);
  right = read_file (path);

  target = g_build_filename (place.folder, "target", NULL);
  write_file (target, g_bytes_get_data (right, NULL), g_bytes_get_size (right));
  g_remove (path);
  g_assert_cmpint (symlink (target, path), ==, 0);
  check_replaced (&place, path, right, expected, "is a link");
  g_assert_false (g_file_test (path, G_FILE_TEST_IS_SYMLINK));

  g_remove (path);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  check_replaced (&place, path, right, expected, "not a regular file");

  g_remove (path);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  check (&place, "", expected, "not a regular file");
}

int
main (int argc, char **argv)
{
  g_autofree char *home = g_dir_make_tmp ("ir-cache-XXXXXX", NULL);
  g_autofree char *folder = g_build_filename (home, "cache", NULL);
  int result;

  /* Before there are threads. */
  g_setenv ("IR_CACHE_DIR", folder, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/cache/hit/f32", ",PRECISION=f32", test_hit);
  g_test_add_data_func ("/cache/hit/auto", ",PRECISION=auto", test_hit);
  g_test_add_func ("/cache/compressed", test_compressed);
  g_test_add_func ("/cache/is-read", test_is_read);
  g_test_add_func ("/cache/changed-model", test_changed_model);
  g_test_add_func ("/cache/in-memory", test_in_memory);
  g_test_add_func ("/cache/dynamic", test_dynamic);
  g_test_add_func ("/cache/off", test_off);
  g_test_add_func ("/cache/configurations", test_configurations);
  g_test_add_func ("/cache/flipped", test_flipped);
  g_test_add_func ("/cache/truncated", test_truncated);
  g_test_add_func ("/cache/random", test_random);
  g_test_add_func ("/cache/zeros", test_zeros);
  g_test_add_func ("/cache/foreign", test_foreign);
  g_test_add_func (CHILD, test_child);
  g_test_add_func ("/cache/other-processor", test_other_processor);
  g_test_add_func ("/cache/at-once", test_at_once);
  g_test_add_func ("/cache/not-writable", test_not_writable);
  g_test_add_func ("/cache/no-space", test_no_space);
  g_test_add_func ("/cache/no-file", test_no_file);
  result = g_test_run ();
  remove_all (home);
  return result;
}
