/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Single layers of ResNet-50, MobileNet-v2, YOLOv8n and others on the CPU device,
 * one thread: the least time of many runs, GFLOP/s by the definition's products
 * (Winograd's are fewer) and per cent of what multiply-adds reached at best beside
 * that layer; of depthwise ones also GB/s, each number being read or written once, and
 * per cent of what a plain copy of as many reached. Layers take turns, so that what else the machine does hits all of
 * them, and runs during which the thread lost its processor count only where there
 * is no other. Not part of the tests.
 *
 * usage: bench-layers [ROUNDS [CONFIG]]
 * CONFIG is the device's, PRECISION=f32 if none is given. */
#include <ir/core.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "peak/peak.h"

/* Runs of a layer in its turn: its weights are in the cache after the first. */
#define RUNS 3
/* Some 0.2 ms of multiply-adds. */
#define PEAK_ROUNDS 20000

typedef enum {
  CONV,
  DEPTHWISE,
  GROUPS_4,
  GROUPS_3,
  DECONV,
  DEPTHWISE_UP,
  DENSE,
  DENSE_F16
} Kind;

typedef struct {
  const char *net;
  Kind kind;
  gint64 in, out, size, kernel, stride;
} Layer;

/* Of a product, @size is the number of rows. */
static const Layer layers[] = {
  { "ResNet-50", CONV, 64, 64, 56, 1, 1 },
  { "ResNet-50", CONV, 64, 256, 56, 1, 1 },
  { "ResNet-50", CONV, 256, 64, 56, 1, 1 },
  { "ResNet-50", CONV, 512, 128, 28, 1, 1 },
  { "ResNet-50", CONV, 1024, 256, 14, 1, 1 },
  { "ResNet-50", CONV, 512, 2048, 7, 1, 1 },
  { "ResNet-50", CONV, 64, 64, 56, 3, 1 },
  { "ResNet-50", CONV, 128, 128, 28, 3, 1 },
  { "ResNet-50", CONV, 256, 256, 14, 3, 1 },
  { "ResNet-50", CONV, 512, 512, 7, 3, 1 },
  { "ResNet-50", CONV, 128, 128, 56, 3, 2 },
  { "ResNet-50", CONV, 512, 512, 14, 3, 2 },
  { "ResNet-50", DENSE, 2048, 1000, 1, 0, 0 },
  { "ResNet-50", DENSE_F16, 2048, 1000, 1, 0, 0 },
  { "MobileNet-v2", CONV, 32, 16, 112, 1, 1 },
  { "MobileNet-v2", CONV, 16, 96, 112, 1, 1 },
  { "MobileNet-v2", CONV, 144, 24, 56, 1, 1 },
  { "MobileNet-v2", CONV, 24, 144, 56, 1, 1 },
  { "MobileNet-v2", CONV, 192, 64, 14, 1, 1 },
  { "MobileNet-v2", CONV, 160, 960, 7, 1, 1 },
  { "MobileNet-v2", DEPTHWISE, 32, 32, 112, 3, 1 },
  { "MobileNet-v2", DEPTHWISE, 96, 96, 112, 3, 2 },
  { "MobileNet-v2", DEPTHWISE, 144, 144, 56, 3, 1 },
  { "MobileNet-v2", DEPTHWISE, 144, 144, 56, 3, 2 },
  { "MobileNet-v2", DEPTHWISE, 192, 192, 28, 3, 1 },
  { "MobileNet-v2", DEPTHWISE, 192, 192, 28, 3, 2 },
  { "MobileNet-v2", DEPTHWISE, 384, 384, 14, 3, 1 },
  { "MobileNet-v2", DEPTHWISE, 576, 576, 14, 3, 2 },
  { "MobileNet-v2", DEPTHWISE, 960, 960, 7, 3, 1 },
  { "MobileNet-v1", DEPTHWISE, 256, 256, 28, 3, 1 },
  { "MobileNet-v1", DEPTHWISE, 512, 512, 14, 3, 1 },
  { "EfficientNet", DEPTHWISE, 240, 240, 28, 5, 1 },
  { "EfficientNet", DEPTHWISE, 672, 672, 14, 5, 1 },
  { "EfficientNet", DEPTHWISE, 672, 672, 14, 5, 2 },
  { "EfficientNet", DEPTHWISE, 1152, 1152, 7, 5, 1 },
  { "YOLOv8n", CONV, 16, 16, 80, 3, 1 },
  { "YOLOv8n", CONV, 32, 32, 80, 3, 1 },
  { "YOLOv8n", CONV, 64, 64, 40, 3, 1 },
  { "YOLOv8n", CONV, 128, 128, 20, 3, 1 },
  { "YOLOv8n", CONV, 64, 64, 80, 1, 1 },
  { "ResNeXt", GROUPS_4, 128, 128, 56, 3, 1 },
  { "ShuffleNet", GROUPS_3, 240, 60, 28, 1, 1 },
  { "U-Net", DECONV, 128, 64, 28, 2, 2 },
  { "U-Net", DECONV, 64, 32, 56, 4, 2 },
  { "FCN", DEPTHWISE_UP, 64, 64, 28, 4, 2 },
  { "Transformer", DENSE, 768, 768, 128, 0, 0 },
  { "Transformer", DENSE, 256, 1024, 128, 0, 0 },
  { "VGG", DENSE, 4096, 4096, 1, 0, 0 },
  { "VGG", DENSE_F16, 4096, 4096, 1, 0, 0 },
};

typedef struct {
  IrCompiledModel *model;
  IrInferRequest *request;
  const char *kernel;
  guint64 flops, ns;
  double peak;
  /* Tensors of a depthwise layer's sizes, and the time to copy from one to the
   * other. */
  IrTensor *from, *to;
  gint64 copy_ns;
} Bench;

static IrTensor *
numbers (const IrShape *shape)
{
  IrTensor *tensor = ir_tensor_new (IR_DTYPE_F32, shape, NULL);

  for (guint64 i = 0; i < ir_tensor_count (tensor); i++)
    ((float *) tensor->data)[i] = g_random_double_range (-1, 1);
  return tensor;
}

static IrPort
weights (IrGraph *graph, const Layer *l)
{
  const gint64 k = l->kernel;
  IrShape shape = { 4, { l->out, l->in, k, k } };
  g_autoptr (IrTensor) value = NULL;

  if (l->kind == DEPTHWISE || l->kind == DEPTHWISE_UP)
    shape = (IrShape){ 5, { l->in, 1, 1, k, k } };
  else if (l->kind == GROUPS_4)
    shape = (IrShape){ 5, { l->in / 4, 4, 4, k, k } };
  else if (l->kind == GROUPS_3)
    shape = (IrShape){ 5, { 3, l->out / 3, l->in / 3, k, k } };
  else if (l->kind == DECONV)
    shape = (IrShape){ 4, { l->in, l->out, k, k } };
  else if (l->kind != CONV)
    shape = (IrShape){ 2, { l->in, l->out } };
  value = numbers (&shape);
  for (guint64 i = 0; l->kind == DENSE_F16 && i < ir_tensor_count (value); i++)
    ((float *) value->data)[i] =
        ir_f16_to_f32 (ir_f32_to_f16 (((float *) value->data)[i]));
  return ir_port (ir_graph_add_const (graph, "weights", value), 0);
}

static void
set_window (IrNode *node, const Layer *l)
{
  const char *const names[] = { "strides", "pads_begin", "pads_end",
    "dilations" };
  const gint64 pad = l->kind == DECONV || l->kind == DEPTHWISE_UP
      ? (l->kernel - l->stride) / 2
      : l->kernel / 2;
  const gint64 values[] = { l->stride, pad, pad, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *text = g_strdup_printf (
        "%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT, values[i], values[i]);

    ir_node_set_text (node, names[i], text, NULL);
  }
}

static IrNode *
add_layer (IrGraph *graph, const Layer *l, IrNode *node)
{
  static const char *const types[] = { "Convolution", "GroupConvolution",
    "GroupConvolution", "GroupConvolution", "ConvolutionBackpropData",
    "GroupConvolutionBackpropData", "MatMul", "MatMul" };

  node = ir_graph_add_op (graph, types[l->kind], 1, "layer", 2,
      ir_port (node, 0), weights (graph, l));
  if (l->kernel)
    set_window (node, l);
  return ir_graph_add_op (graph, "ReLU", 1, "relu", 1, ir_port (node, 0));
}

/* Depthwise layers have others before them, so that what they read and write is in
 * the cache as it is within a network and not as reorders of the input leave it. */
static IrGraph *
make_graph (const Layer *l, IrShape *shape)
{
  IrGraph *graph = ir_graph_new ("layer");
  Layer before = *l;
  IrNode *node;

  before.stride = 1;
  *shape = l->kernel ? (IrShape){ 4, { 1, l->in, l->size, l->size } }
                     : (IrShape){ 2, { l->size, l->in } };
  node = ir_graph_add_parameter (graph, "in", IR_DTYPE_F32, shape);
  for (int i = 0; i < 2 && l->kind == DEPTHWISE; i++)
    node = add_layer (graph, &before, node);
  node = add_layer (graph, l, node);
  ir_graph_add_result (graph, "out", ir_port (node, 0));
  return graph;
}

static void
prepare (IrCore *core, const Layer *l, const char *config, Bench *bench)
{
  g_autoptr (GError) error = NULL;
  IrShape shape;
  g_autoptr (IrGraph) graph = make_graph (l, &shape);
  g_autoptr (IrTensor) in = numbers (&shape);

  if (!ir_graph_infer (graph, &error) ||
      !(bench->model = ir_core_compile (core, graph, "CPU", config, &error)) ||
      !(bench->request =
              ir_compiled_model_create_request (bench->model, &error)))
    g_error ("%s: %s", l->net, error->message);
  ir_infer_request_set_input (bench->request, 0, in, NULL);
  bench->ns = G_MAXUINT64;
  bench->copy_ns = G_MAXINT64;
  if (l->kind == DEPTHWISE) {
    bench->from = numbers (&shape);
    shape.dim[2] = shape.dim[3] = (l->size + l->stride - 1) / l->stride;
    bench->to = numbers (&shape);
  }
}

static gint64
cpu_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

static glong
switches (void)
{
  struct rusage usage;

  getrusage (RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

static void
measure_peak (Bench *bench)
{
  /* They come to rest at 2. */
  static const float in[] = { 0.5f, 1 };
  const IrPeakKernels *kernels = ir_peak_select (ir_cpu_flags ());
  const gint64 start = cpu_time ();
  gint64 ns;

  kernels->run (PEAK_ROUNDS, in);
  ns = MAX (cpu_time () - start, 1);
  bench->peak =
      MAX (bench->peak, (double) kernels->flops_per_round * PEAK_ROUNDS / ns);
}

static void
measure_copy (Bench *bench)
{
  const IrPeakKernels *kernels = ir_peak_select (ir_cpu_flags ());

  for (int i = 0; i < RUNS; i++) {
    const gint64 start = cpu_time ();

    kernels->copy (bench->from->data, ir_tensor_count (bench->from),
        bench->to->data, ir_tensor_count (bench->to));
    bench->copy_ns = MIN (bench->copy_ns, MAX (cpu_time () - start, 1));
  }
}

/* The step of the layer itself is the last one that has products. A model of one thread
 * runs on the caller's. */
static void
run_once (Bench *bench)
{
  g_autoptr (GPtrArray) profile = NULL;
  const glong before = switches ();
  const IrProfile *step = NULL;

  ir_compiled_model_set_profiling (bench->model, TRUE);
  ir_infer_request_infer (bench->request, NULL);
  if (switches () != before && bench->flops > 0)
    return;
  profile = ir_compiled_model_get_profile (bench->model);
  for (guint i = 0; i < profile->len; i++) {
    const IrProfile *other = g_ptr_array_index (profile, i);

    if (other->flops > 0)
      step = other;
  }
  bench->kernel = g_intern_string (step->kernel);
  bench->flops = step->flops;
  bench->ns = MIN (bench->ns, step->ns);
}

static void
take_turn (Bench *bench)
{
  measure_peak (bench);
  for (int i = 0; i < RUNS; i++)
    run_once (bench);
  if (bench->from)
    measure_copy (bench);
  measure_peak (bench);
}

static void
print_layer (const Layer *l, const Bench *bench)
{
  static const char *const kinds[] = { "", " dw", " g4", " g3", " up", " dw up",
    " fc", " fc f16" };
  const double gflops = (double) bench->flops / MAX (bench->ns, 1);
  g_autofree char *name =
      g_strdup_printf ("%d->%d @%d k%d s%d%s", (int) l->in, (int) l->out,
          (int) l->size, (int) l->kernel, (int) l->stride, kinds[l->kind]);

  printf ("%-13s %-26s %-9s %8.1f us %7.1f GFLOP/s %4.0f %%", l->net, name,
      bench->kernel, bench->ns / 1e3, gflops, 100 * gflops / bench->peak);
  if (bench->from)
    printf ("%7.1f GB/s %4.0f %%",
        (double) (bench->from->size + bench->to->size) / bench->ns,
        100.0 * bench->copy_ns / bench->ns);
  printf ("\n");
}

int
main (int argc, char **argv)
{
  g_autoptr (IrCore) core = ir_core_new ();
  const int rounds = argc > 1 ? atoi (argv[1]) : 30;
  g_autofree char *config =
      g_strconcat ("THREADS=1,", argc > 2 ? argv[2] : "PRECISION=f32", NULL);
  Bench benches[G_N_ELEMENTS (layers)] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
    prepare (core, &layers[i], config, &benches[i]);
  for (int round = 0; round < rounds; round++)
    for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
      take_turn (&benches[i]);
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++) {
    print_layer (&layers[i], &benches[i]);
    g_clear_object (&benches[i].request);
    g_clear_object (&benches[i].model);
    g_clear_pointer (&benches[i].from, ir_tensor_unref);
    g_clear_pointer (&benches[i].to, ir_tensor_unref);
  }
  return 0;
}
