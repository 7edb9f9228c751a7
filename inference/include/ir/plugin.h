/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_PLUGIN_H
#define IR_PLUGIN_H

#include <ir/core.h>

G_BEGIN_DECLS

/*
 * What a device plugin is: a shared library `libir-device-<name>.so` that
 * exports one symbol, #IR_PLUGIN_SYMBOL, a function that returns a constant
 * descriptor. Nothing runs when it is loaded; it is never unloaded. The
 * functions may be called from any thread unless said otherwise.
 */

/** IR_PLUGIN_ABI: grows with every incompatible change. Since: 0.1 */
#define IR_PLUGIN_ABI 1u
/** IR_PLUGIN_SYMBOL: name of the exported function. Since: 0.1 */
#define IR_PLUGIN_SYMBOL "ir_device_plugin"

/** IrConfigKey: a configuration key that a device takes. Since: 0.1 */
typedef struct {
  const char *key;
  const char *values;
  const char *summary;
} IrConfigKey;

/**
 * IrDeviceModelInfo: what a compiled model says of itself
 * @precision: such as "f32", static text
 * @streams: inferences that may run side by side, >= 1
 * @threads: threads that one inference uses
 * @optimal_requests: requests in flight that keep it busy
 * @warning: (transfer full) (nullable): what the user should know of and do about,
 *   though the model works
 *
 * Since: 0.1
 */
typedef struct {
  const char *precision;
  guint streams;
  guint threads;
  guint optimal_requests;
  char *warning;
} IrDeviceModelInfo;

/**
 * IrDevicePlugin:
 * @abi: %IR_PLUGIN_ABI
 * @size: sizeof (IrDevicePlugin), so that fields can be added at the end: up to
 *   @peak_gflops it must reach
 * @device: name such as "CPU", upper case
 * @summary: one line
 * @priority: the highest one that works is what AUTO takes
 * @config: (nullable): the keys that it takes beside STREAMS, THREADS, CACHE_DIR
 *   (which a device without anything to keep need not heed; see
 *   ir_core_cache_dir()) and PRECISION (auto or f32); a row of one of these names stands in place of it, its
 *   values being checked by @compile. Ends with a row whose key is %NULL
 * @probe: whether it works on this machine; @text (out) (transfer full) says what
 *   it is
 * @compile: makes a model of an inferred graph, whose shapes may be partial; the
 *   graph stays unchanged and alive as long as the model. @config holds only
 *   known keys, as strings
 * @model_free: frees a model; no request of it is left
 * @model_info: what the model says of itself
 * @request_new: state of one inference at a time
 * @request_free: frees it
 * @infer: runs it: @inputs as the graph's Parameters, checked against their
 *   types and shapes; @outputs (out) (transfer full) as its Results; @cancelled is
 *   set to non-zero by another thread to stop early with %IR_ERROR_CANCELLED.
 *   Never called for two requests of more than @streams at a time
 * @set_profiling: (nullable): switches counting
 * @get_profile: (nullable): (transfer full) (element-type IrProfile)
 * @preprocess: (nullable): as ir_core_preprocess()
 * @peak_gflops: (nullable): what @threads threads reach, as
 *   ir_compiled_model_get_peak_gflops()
 * @memory: (nullable): as ir_compiled_model_get_memory()
 *
 * Since: 0.1
 */
typedef struct {
  guint32 abi;
  guint32 size;
  const char *device;
  const char *summary;
  gint priority;
  const IrConfigKey *config;

  gboolean (*probe) (char **text, GError **error);
  gpointer (*compile) (
      const IrGraph *graph, GHashTable *config, GError **error);
  void (*model_free) (gpointer model);
  void (*model_info) (gpointer model, IrDeviceModelInfo *info);
  gpointer (*request_new) (gpointer model, GError **error);
  void (*request_free) (gpointer request);
  gboolean (*infer) (gpointer request, IrTensor *const *inputs,
      IrTensor **outputs, const gint *cancelled, GError **error);
  void (*set_profiling) (gpointer model, gboolean enabled);
  GPtrArray *(*get_profile) (gpointer model);
  gboolean (*preprocess) (const IrPreproc *recipe, const IrFrame *frame,
      const IrRegion *region, guint batch_index, IrTensor *tensor,
      GError **error);
  double (*peak_gflops) (guint threads);
  void (*memory) (gpointer model, IrModelMemory *memory);
} IrDevicePlugin;

/** IrDevicePluginFunc: type of #IR_PLUGIN_SYMBOL. Since: 0.1 */
typedef const IrDevicePlugin *(*IrDevicePluginFunc) (void);

G_END_DECLS

#endif
