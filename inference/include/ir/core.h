/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_CORE_H
#define IR_CORE_H

#include <ir/graph.h>
#include <ir/preproc.h>

G_BEGIN_DECLS

/*
 * The runtime: a core that knows the devices, models compiled for a device,
 * and requests that run them.
 *
 *   core    = ir_core_new ();
 *   model   = ir_core_compile (core, graph, "CPU", NULL, &error);
 *   request = ir_compiled_model_create_request (model, &error);
 *   ir_infer_request_set_input (request, 0, tensor, &error);
 *   ir_infer_request_infer (request, &error);
 *   output  = ir_infer_request_get_output (request, 0);
 *
 * Threads: core and compiled model may be used from any thread at once. A
 * request belongs to one thread at a time; between start and completion only
 * wait and cancel may be called on it.
 */

#define IR_TYPE_CORE (ir_core_get_type ())
IR_API
G_DECLARE_FINAL_TYPE (IrCore, ir_core, IR, CORE, GObject)
#define IR_TYPE_COMPILED_MODEL (ir_compiled_model_get_type ())
IR_API
G_DECLARE_FINAL_TYPE (
    IrCompiledModel, ir_compiled_model, IR, COMPILED_MODEL, GObject)
#define IR_TYPE_INFER_REQUEST (ir_infer_request_get_type ())
IR_API
G_DECLARE_FINAL_TYPE (
    IrInferRequest, ir_infer_request, IR, INFER_REQUEST, GObject)

/**
 * ir_core_new:
 *
 * Finds device plugins in the folders of `IR_PLUGIN_PATH`, then in the install
 * folder, without loading them yet.
 *
 * Returns: (transfer full): a core
 *
 * Since: 0.1
 */
IR_API IrCore *ir_core_new (void);

/**
 * ir_core_list_devices:
 *
 * Returns: (transfer full) (array zero-terminated=1): names of the devices that
 *   work on this machine, such as "CPU"
 *
 * Since: 0.1
 */
IR_API char **ir_core_list_devices (IrCore *core);

/**
 * IrDeviceReport: one device as ir_core_describe_devices() sees it
 * @device: its name
 * @path: the plugin's file, or "built in"
 * @available: whether it works here
 * @text: what it is, or why it does not work
 *
 * Since: 0.1
 */
typedef struct {
  char *device;
  char *path;
  gboolean available;
  char *text;
} IrDeviceReport;

/** ir_core_describe_devices: (transfer full) (element-type IrDeviceReport): every
 * plugin file found, the broken ones with the reason. Since: 0.1 */
IR_API GPtrArray *ir_core_describe_devices (IrCore *core);

/**
 * ir_core_compile:
 * @graph: an inferred graph; copied, so that it may be edited or dropped after
 * @device: "CPU", "REFERENCE", "AUTO" (the best that works)
 * @config: (nullable): "KEY=VALUE,KEY=VALUE"; keys every device takes: `STREAMS`
 *   (number of inferences that run side by side, 0 default, `auto` for as many as
 *   make the most frames per second), `THREADS`
 *   (processor cores to use, 0 for those this process may use), `PRECISION`
 *   (`auto`, `f32`), `CACHE_DIR` (a folder: what compiling has made is kept there,
 *   for the next time that the same model is compiled on the same machine; `auto`
 *   for that of ir_core_cache_dir()). An unknown key is an error that lists the
 *   known ones
 *
 * Dynamic dimensions are allowed: the model is then compiled for each set of
 * input shapes when it is first seen, and kept for later ones, not in `CACHE_DIR`.
 *
 * Returns: (transfer full): the model, or %NULL with %IR_ERROR_NOT_FOUND (no
 *   such device; the message lists those that are there),
 *   %IR_ERROR_UNSUPPORTED (every op that the device can't run is listed),
 *   %IR_ERROR_LIMIT
 *
 * Since: 0.1
 */
IR_API IrCompiledModel *ir_core_compile (IrCore *core, const IrGraph *graph,
    const char *device, const char *config, GError **error);

/**
 * ir_core_cache_dir:
 * @given: (nullable): a folder
 *
 * Returns: (transfer full): @given, else that of the environment's `IR_CACHE_DIR`,
 *   else `gst-ir` in the user's cache folder
 *
 * Since: 0.1
 */
IR_API char *ir_core_cache_dir (const char *given);

/**
 * ir_core_preprocess:
 * @device: (nullable): who does it; %NULL for the best
 * @region: (nullable): what to take of the frame
 * @batch_index: which picture of the tensor to fill
 * @tensor: as for ir_preproc_run_reference()
 *
 * Since: 0.1
 */
IR_API gboolean ir_core_preprocess (IrCore *core, const char *device,
    const IrPreproc *recipe, const IrFrame *frame, const IrRegion *region,
    guint batch_index, IrTensor *tensor, GError **error);

/**
 * IrPortInfo: an input or output of a compiled model
 * @name: first tensor name, else the name of the producing layer (of outputs) or
 *   of the Parameter
 * @layer: name of the Parameter or Result
 * @dtype: element type
 * @shape: may be partial
 *
 * Since: 0.1
 */
typedef struct {
  const char *name;
  const char *layer;
  IrDType dtype;
  IrShape shape;
} IrPortInfo;

/** ir_compiled_model_get_device: (transfer none): the device's name. Since: 0.1 */
IR_API const char *ir_compiled_model_get_device (IrCompiledModel *model);
/** ir_compiled_model_get_graph: (transfer none): the graph it was made from.
 * Since: 0.1 */
IR_API const IrGraph *ir_compiled_model_get_graph (IrCompiledModel *model);
/** ir_compiled_model_get_inputs: (array length=n) (transfer none). Since: 0.1 */
IR_API const IrPortInfo *ir_compiled_model_get_inputs (
    IrCompiledModel *model, gsize *n);
/** ir_compiled_model_get_outputs: (array length=n) (transfer none). Since: 0.1 */
IR_API const IrPortInfo *ir_compiled_model_get_outputs (
    IrCompiledModel *model, gsize *n);
/** ir_compiled_model_get_optimal_requests: how many requests in flight keep the
 * device busy. Since: 0.1 */
IR_API guint ir_compiled_model_get_optimal_requests (IrCompiledModel *model);
/** ir_compiled_model_get_precision: (transfer none): what it computes in, such as
 * "f32". Since: 0.1 */
IR_API const char *ir_compiled_model_get_precision (IrCompiledModel *model);
/** ir_compiled_model_get_warning: (transfer none) (nullable): what the user should
 * know of and do about, though the model works: that a file of `CACHE_DIR` can't be
 * used or written. To be reported once, by whoever compiles. Since: 0.1 */
IR_API const char *ir_compiled_model_get_warning (IrCompiledModel *model);
/** ir_compiled_model_get_threads: threads per inference. Since: 0.1 */
IR_API guint ir_compiled_model_get_threads (IrCompiledModel *model);
/** ir_compiled_model_get_streams: inferences side by side. Since: 0.1 */
IR_API guint ir_compiled_model_get_streams (IrCompiledModel *model);

/**
 * IrProfile: what one step of the model cost
 * @name: of the layer
 * @type: of its op
 * @kernel: what was chosen for it
 * @flops: floating-point operations, 0 if not counted
 * @calls: number of times it ran
 * @ns: nanoseconds in all
 *
 * Since: 0.1
 */
typedef struct {
  char *name;
  char *type;
  char *kernel;
  guint64 flops;
  guint64 calls;
  guint64 ns;
} IrProfile;

/** ir_compiled_model_set_profiling: switches counting on or off. Since: 0.1 */
IR_API void ir_compiled_model_set_profiling (
    IrCompiledModel *model, gboolean enabled);
/** ir_compiled_model_get_profile: (transfer full) (element-type IrProfile): in the
 * order in which the steps run; %NULL if the device counts nothing. Since: 0.1 */
IR_API GPtrArray *ir_compiled_model_get_profile (IrCompiledModel *model);

/**
 * ir_compiled_model_get_peak_gflops:
 *
 * Takes a moment when it is first called, for it is measured: multiply-adds in
 * registers on as many threads as an inference has.
 *
 * Returns: 10^9 floating-point operations per second that no step can surpass, 0
 *   if the device does not tell
 *
 * Since: 0.1
 */
IR_API double ir_compiled_model_get_peak_gflops (IrCompiledModel *model);

/**
 * IrModelMemory: bytes of a compiled model, without what the library itself takes
 * @weights: its constants in the order in which the device reads them, once for all
 *   requests
 * @arena: of each request: values that one step leaves to others
 * @scratch: of each request: what steps need while they run, beyond what is free of
 *   the arena then
 *
 * Since: 0.1
 */
typedef struct {
  guint64 weights;
  guint64 arena;
  guint64 scratch;
} IrModelMemory;

/**
 * ir_compiled_model_get_memory:
 * @memory: (out caller-allocates): of the input shapes that were used last
 *
 * Returns: %FALSE if the device does not tell, or shapes come with the data and none
 *   have come yet
 *
 * Since: 0.1
 */
IR_API gboolean ir_compiled_model_get_memory (
    IrCompiledModel *model, IrModelMemory *memory);

/** ir_compiled_model_create_request: (transfer full): a request, or %NULL with
 * %IR_ERROR_LIMIT. It keeps the model alive. Since: 0.1 */
IR_API IrInferRequest *ir_compiled_model_create_request (
    IrCompiledModel *model, GError **error);

/**
 * ir_infer_request_set_input:
 * @tensor: (transfer none): a reference is kept until the next call
 *
 * Returns: %FALSE with %IR_ERROR_SHAPE naming the input, what it takes and what
 *   it got, or %IR_ERROR_NOT_FOUND
 *
 * Since: 0.1
 */
IR_API gboolean ir_infer_request_set_input (
    IrInferRequest *request, gsize index, IrTensor *tensor, GError **error);

/**
 * ir_infer_request_get_output:
 *
 * Returns: (transfer full) (nullable): output @index of the last inference that
 *   succeeded. It stays valid and unchanged as long as the caller holds it.
 *
 * Since: 0.1
 */
IR_API IrTensor *ir_infer_request_get_output (
    IrInferRequest *request, gsize index);

/** ir_infer_request_take_output: the same, and the request keeps none: the device can
 * use its memory again as soon as the caller lets it go. Since: 0.1 */
IR_API IrTensor *ir_infer_request_take_output (
    IrInferRequest *request, gsize index);

/** ir_infer_request_infer: runs it and waits. Since: 0.1 */
IR_API gboolean ir_infer_request_infer (
    IrInferRequest *request, GError **error);

/**
 * IrInferCallback:
 * @error: (nullable): %NULL if it worked
 *
 * Called once per started request from a thread of the runtime; must not block
 * for long. The request may be started again from within.
 *
 * Since: 0.1
 */
typedef void (*IrInferCallback) (
    IrInferRequest *request, const GError *error, gpointer user_data);

/**
 * ir_infer_request_start:
 * @callback: (nullable) (scope async): called on completion, failure and
 *   cancellation alike
 *
 * Queues the request and returns at once. Requests of a model run in the order
 * of their start, as many side by side as the model has streams.
 *
 * Returns: %FALSE with %IR_ERROR_BUSY if it is under way already
 *
 * Since: 0.1
 */
IR_API gboolean ir_infer_request_start (IrInferRequest *request,
    IrInferCallback callback, gpointer user_data, GError **error);

/**
 * ir_infer_request_wait:
 * @timeout_us: microseconds, -1 without end
 *
 * Returns: %FALSE with the inference's error, or %IR_ERROR_BUSY if it is still
 *   under way when the time is over
 *
 * Since: 0.1
 */
IR_API gboolean ir_infer_request_wait (
    IrInferRequest *request, gint64 timeout_us, GError **error);

/** ir_infer_request_cancel: takes it out of the queue if it has not begun, asks
 * it to stop at the next layer otherwise. The callback gets
 * %IR_ERROR_CANCELLED. Since: 0.1 */
IR_API void ir_infer_request_cancel (IrInferRequest *request);

G_END_DECLS

#endif
