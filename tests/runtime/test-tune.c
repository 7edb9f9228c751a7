/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* TUNE: what is tried computes the same, what is kept is taken, what is wrong there is
 * not. */
#include <glib/gstdio.h>
#include <ir/core.h>
#include <math.h>
#include <string.h>

#include "store.h"

/* Where the key is in the file, behind what it begins with. */
#define KEY_OFFSET 16

static guint32 state;

static IrTensor *
numbers (const IrShape *shape, float range)
{
  IrTensor *tensor = ir_tensor_new (IR_DTYPE_F32, shape, NULL);

  for (guint64 i = 0; i < ir_tensor_count (tensor); i++) {
    state = state * 1664525 + 1013904223;
    ((float *) tensor->data)[i] =
        ((int) (state >> 8 & 2047) - 1024) / 1024.0f * range;
  }
  return tensor;
}

static IrPort
constant (IrGraph *graph, IrShape shape)
{
  g_autoptr (IrTensor) value = numbers (&shape, 0.3f);

  return ir_port (ir_graph_add_const (graph, "c", value), 0);
}

static IrPort
conv (IrGraph *graph, const char *type, IrPort x, IrShape weights, guint step)
{
  g_autofree char *strides = g_strdup_printf ("%u,%u", step, step);
  const char *pads = weights.dim[weights.rank - 1] == 3 ? "1,1" : "0,0";
  IrNode *node =
      ir_graph_add_op (graph, type, 1, type, 2, x, constant (graph, weights));

  g_assert_true (ir_node_set_text (node, "strides", strides, NULL));
  g_assert_true (ir_node_set_text (node, "dilations", "1,1", NULL));
  g_assert_true (ir_node_set_text (node, "pads_begin", pads, NULL));
  g_assert_true (ir_node_set_text (node, "pads_end", pads, NULL));
  return ir_port (node, 0);
}

static IrGraph *
begin_graph (gint64 channels, gint64 size, IrPort *x)
{
  const IrShape shape = { 4, { 1, channels, size, size } };
  IrGraph *graph = ir_graph_new ("net");

  state = 1;
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

/* One layer that Winograd's and other ways can compute. */
static IrGraph *
small_graph (void)
{
  IrPort x;
  IrGraph *graph = begin_graph (16, 24, &x);

  x = conv (graph, "Convolution", x, (IrShape){ 4, { 16, 16, 3, 3 } }, 1);
  return end_graph (graph, x);
}

/* A stem, Winograd's with something added, one of pixels, groups of one, a product. */
static IrGraph *
large_graph (void)
{
  IrPort x, y, flat;
  IrGraph *graph = begin_graph (3, 40, &x);

  x = conv (graph, "Convolution", x, (IrShape){ 4, { 24, 3, 3, 3 } }, 2);
  y = conv (graph, "Convolution", x, (IrShape){ 4, { 24, 24, 3, 3 } }, 1);
  x = ir_port (ir_graph_add_op (graph, "Add", 1, "sum", 2, x, y), 0);
  x = ir_port (ir_graph_add_op (graph, "Relu", 1, "relu", 1, x), 0);
  x = conv (graph, "Convolution", x, (IrShape){ 4, { 20, 24, 1, 1 } }, 1);
  x = conv (
      graph, "GroupConvolution", x, (IrShape){ 5, { 20, 1, 1, 3, 3 } }, 2);
  flat = ir_port (
      ir_graph_add_const_i64 (graph, "to", (const gint64[]){ 1, -1 }, 2), 0);
  x = ir_port (ir_graph_add_op (graph, "Reshape", 1, "flat", 2, x, flat), 0);
  x = ir_port (ir_graph_add_op (graph, "MatMul", 1, "product", 2, x,
                   constant (graph, (IrShape){ 2, { 2000, 30 } })),
      0);
  return end_graph (graph, x);
}

static IrCompiledModel *
compile (IrGraph *graph, const char *device, const char *config)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (GError) error = NULL;
  IrCompiledModel *model =
      ir_core_compile (core, graph, device, config, &error);

  g_assert_no_error (error);
  return model;
}

static IrTensor *
run (IrCompiledModel *model)
{
  const IrPortInfo *port = ir_compiled_model_get_inputs (model, NULL);
  g_autoptr (IrInferRequest) request = NULL;
  g_autoptr (IrTensor) in = NULL;
  g_autoptr (GError) error = NULL;

  state = 2;
  in = numbers (&port->shape, 1);
  request = ir_compiled_model_create_request (model, &error);
  g_assert_no_error (error);
  g_assert_true (ir_infer_request_set_input (request, 0, in, NULL));
  ir_infer_request_infer (request, &error);
  g_assert_no_error (error);
  return ir_infer_request_get_output (request, 0);
}

static void
assert_right (IrGraph *graph, IrCompiledModel *model, double bound)
{
  g_autoptr (IrCompiledModel) reference = compile (graph, "REFERENCE", NULL);
  g_autoptr (IrTensor) want = run (reference), got = run (model);
  double low = INFINITY, high = -INFINITY, worst = 0;

  for (guint64 i = 0; i < ir_tensor_count (want); i++) {
    const double p = ir_tensor_get_f64 (got, i),
                 q = ir_tensor_get_f64 (want, i);

    low = fmin (low, q);
    high = fmax (high, q);
    worst = fmax (worst, fabs (p - q));
  }
  g_assert_cmpfloat (worst, <=, bound * (high - low));
}

/* Whether a step has @kernel. */
static gboolean
has_kernel (IrCompiledModel *model, const char *kernel)
{
  g_autoptr (GPtrArray) profile = ir_compiled_model_get_profile (model);
  gboolean found = FALSE;

  for (guint i = 0; i < profile->len; i++) {
    const IrProfile *p = g_ptr_array_index (profile, i);

    found |= g_str_equal (p->kernel, kernel);
  }
  return found;
}

/* The same bounds as for what the rules choose. */
static void
test_right (void)
{
  static const struct {
    const char *config;
    double bound;
  } rows[] = { { "PRECISION=f32,TUNE=YES,THREADS=1", 3e-5 },
    { "PRECISION=f32,TUNE=yes,THREADS=2", 3e-5 },
    { "PRECISION=f32,TUNE=YES,WINOGRAD=NO", 5e-6 },
    { "PRECISION=f32,TUNE=NO", 3e-5 }, { "PRECISION=auto,TUNE=YES", 2e-2 } };
  g_autoptr (IrGraph) graph = large_graph ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrCompiledModel) model = compile (graph, "CPU", rows[i].config);

    assert_right (graph, model, rows[i].bound);
    if (strstr (rows[i].config, "WINOGRAD=NO"))
      g_assert_false (has_kernel (model, "winograd"));
  }
}

/* --- what is kept ----------------------------------------------------------- */

typedef struct {
  char *folder, *file, *config;
  IrGraph *graph;
} Place;

static void
place_init (Place *place)
{
  g_autoptr (IrCompiledModel) model = NULL;
  g_autoptr (GDir) dir = NULL;

  place->folder = g_dir_make_tmp ("ir-tune-XXXXXX", NULL);
  place->config = g_strdup_printf (
      "PRECISION=f32,THREADS=1,TUNE=YES,CACHE_DIR=%s", place->folder);
  place->graph = small_graph ();
  model = compile (place->graph, "CPU", place->config);
  dir = g_dir_open (place->folder, 0, NULL);
  place->file = g_build_filename (place->folder, g_dir_read_name (dir), NULL);
  g_assert_null (g_dir_read_name (dir));
}

static void
place_clear (Place *place)
{
  g_remove (place->file);
  g_rmdir (place->folder);
  g_free (place->file);
  g_free (place->folder);
  g_free (place->config);
  ir_graph_unref (place->graph);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

static CpuStore *
load (const Place *place, CpuStoreKey *key)
{
  CpuStore *store = cpu_store_new ();
  g_autofree char *file = NULL;

  g_assert_true (g_file_get_contents (place->file, &file, NULL, NULL));
  memcpy (key, file + KEY_OFFSET, sizeof *key);
  g_assert_true (cpu_store_load (store, place->file, key, NULL));
  return store;
}

/* The last entry of a way, which is the one that counts. */
static CpuBlob *
find_entry (const CpuStore *store)
{
  CpuBlob *found = NULL;

  for (guint i = 0; i < store->blobs->len; i++) {
    CpuBlob *blob = g_ptr_array_index (store->blobs, i);

    if (g_str_has_prefix (blob->label, "tune "))
      found = blob;
  }
  g_assert_nonnull (found);
  return found;
}

/* Puts @name in place of what is kept. */
static void
write_entry (const Place *place, const char *name, gsize bytes)
{
  char data[64] = { 0 };
  CpuStoreKey key;
  CpuStore *store = load (place, &key);
  CpuBlob *blob = find_entry (store);

  g_strlcpy (data, name, sizeof data);
  blob->data = data;
  blob->bytes = bytes;
  g_assert_true (cpu_store_save (store, place->file, &key, NULL));
  cpu_store_free (store);
}

static char *
read_entry (const Place *place)
{
  CpuStoreKey key;
  CpuStore *store = load (place, &key);
  const CpuBlob *blob = find_entry (store);
  char *name = g_strndup (blob->data, blob->bytes);

  cpu_store_free (store);
  return name;
}

static guint64
file_number (const Place *place)
{
  GStatBuf st;

  g_assert_cmpint (g_stat (place->file, &st), ==, 0);
  return st.st_ino;
}

/* Compiles with what is kept; @kept (out): whether the file was left as it is. */
static IrCompiledModel *
again (const Place *place, gboolean *kept)
{
  const guint64 before = file_number (place);
  IrCompiledModel *model = compile (place->graph, "CPU", place->config);

  g_assert_null (ir_compiled_model_get_warning (model));
  *kept = file_number (place) == before;
  assert_right (place->graph, model, 3e-5);
  return model;
}

static void
check_way (const Place *place, const char *name, gboolean winograd)
{
  g_autoptr (IrCompiledModel) first = NULL, second = NULL;
  g_autofree char *entry = NULL;
  gboolean kept;

  write_entry (place, name, 32);
  first = again (place, &kept);
  g_assert_cmpint (has_kernel (first, "winograd"), ==, winograd);
  /* Its weights are there as well. */
  second = again (place, &kept);
  g_assert_true (kept);
  g_assert_cmpint (has_kernel (second, "winograd"), ==, winograd);
  entry = read_entry (place);
  g_assert_cmpstr (entry, ==, name);
}

static void
test_kept (void)
{
  g_auto (Place) place = { 0 };
  g_autoptr (IrCompiledModel) model = NULL;
  gboolean kept;

  place_init (&place);
  model = again (&place, &kept);
  g_assert_true (kept);
  check_way (&place, "igemm", FALSE);
  check_way (&place, "winograd 2x2", TRUE);
}

/* An entry that names no way of a convolution is tried anew. */
static void
test_wrong_entries (void)
{
  static const struct {
    const char *name;
    gsize bytes;
  } rows[] = { { "nothing", 32 }, { "gemm", 32 }, { "", 32 }, { "igemm", 31 },
    { "igemm", 1 }, { "igemm, 3 part(s)", 32 } };
  g_auto (Place) place = { 0 };

  place_init (&place);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrCompiledModel) first = NULL, second = NULL;
    gboolean kept;

    write_entry (&place, rows[i].name, rows[i].bytes);
    first = again (&place, &kept);
    g_assert_false (kept);
    second = again (&place, &kept);
    g_assert_true (kept);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tune/right", test_right);
  g_test_add_func ("/tune/kept", test_kept);
  g_test_add_func ("/tune/wrong-entries", test_wrong_entries);
  return g_test_run ();
}
