#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The commands as a user types them: exit codes, names of files, reports.
set -u
# shellcheck source=tests/system/common.inc
. "$(dirname "$0")/common.inc"

# A network of two outputs whose names have to be made fit for files, and that
# become the same by it.
dims='<dim>1</dim><dim>3</dim><dim>4</dim>'
layer () { printf '<layer id="%s" name="%s" type="%s" version="opset1">' "$@"; }
{
  echo '<?xml version="1.0"?><net name="tiny" version="11"><layers>'
  layer 0 x Parameter
  echo "<data shape=\"1,3,4\" element_type=\"f32\"/><output><port id=\"0\" precision=\"FP32\" names=\"x\">$dims</port></output></layer>"
  for id in 1 2; do
    layer $id "act$id" "$([ $id = 1 ] && echo Tanh || echo Sigmoid)"
    echo "<input><port id=\"0\" precision=\"FP32\">$dims</port></input><output><port id=\"1\" precision=\"FP32\" names=\"$([ $id = 1 ] && echo 'y/1:0' || echo 'y 1/0')\">$dims</port></output></layer>"
    layer $((id + 2)) "result$id" Result
    echo "<input><port id=\"0\" precision=\"FP32\">$dims</port></input></layer>"
  done
  echo '</layers><edges>'
  for id in 1 2; do
    echo "<edge from-layer=\"0\" from-port=\"0\" to-layer=\"$id\" to-port=\"0\"/>"
    echo "<edge from-layer=\"$id\" from-port=\"1\" to-layer=\"$((id + 2))\" to-port=\"0\"/>"
  done
  echo '</edges></net>'
} >"$work/tiny.xml"

# exits CODE COMMAND...
exits () {
  local want=$1 code=0
  shift
  "$@" || code=$?
  [ "$code" = "$want" ] || { echo "exit code $code instead of $want"; return 1; }
}

help_and_version () {
  local name
  for name in ir-convert ir-infer ir-bench ir-inspect ir-doctor; do
    "$name" --help | grep -q 'Examples:' || return 1
    "$name" --version | grep -q "^$name (gst-ir) " || return 1
    "$name" --man | grep -q '^.SH OPTIONS' || return 1
    exits 2 "$name" --no-such-option || return 1
  done
}

output_names () {
  ir-infer -m "$work/tiny.xml" -d CPU -o "$work/out" || return 1
  [ "$(ls "$work/out" | tr '\n' ' ')" = 'y_1_0.npy y_1_0_2.npy ' ]
}

tolerance () {
  exits 0 ir-infer -m "$work/tiny.xml" -d CPU -infer_precision f32 -ref REFERENCE &&
    exits 0 ir-infer -m "$work/tiny.xml" -d REFERENCE -ref REFERENCE -tolerance 0 &&
    exits 1 ir-infer -m "$work/tiny.xml" -d CPU -ref REFERENCE -tolerance 0 &&
    exits 2 ir-infer -m "$work/tiny.xml" -d CPU -ref REFERENCE -tolerance -1
}

bench_keys () {
  ir-bench -m "$work/tiny.xml" -d CPU -infer_precision f32 -niter 5 --json >"$work/report" || return 1
  python3 - "$work/report" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1]))
want = ('read_ms compile_ms first_ms latency_min_ms latency_median_ms '
        'latency_p95_ms fps peak_rss_mb bare_rss_mb weights_mb arena_mb scratch_mb '
        'device precision threads streams').split()
missing = [key for key in want if key not in report]
assert not missing, missing
assert report['device'] == 'CPU' and report['precision'] == 'f32'
PYTHON
}

threads_are_clipped () {
  local cores
  cores=$(nproc)
  ir-bench -m "$work/tiny.xml" -d CPU -niter 1 -nthreads 1000 --json \
    >"$work/report" 2>"$work/messages" || return 1
  grep -q "WARNING.*$cores are used" "$work/messages" &&
    grep -q "\"threads\": $cores," "$work/report" || return 1
  ir-infer -m "$work/tiny.xml" -d CPU -config THREADS=1000 2>"$work/messages" &&
    grep -q "WARNING.*$cores are used" "$work/messages"
}

bench_memory () {
  ir-bench -m "$work/tiny.xml" -d CPU -niter 1 >"$work/report" &&
    grep -q 'Memory: .*weights .* arena .* scratch' "$work/report" || return 1
  ir-bench -m "$work/tiny.xml" -d REFERENCE -niter 1 >"$work/report" &&
    ! grep -q 'Memory:' "$work/report"
}

# The model's own, of a device that has nothing else to say.
device_warns () {
  local plugins=${IR_PLUGIN_PATH%%/inference/plugins/*}/tests/runtime
  IR_PLUGIN_PATH=$plugins ir-infer -m "$work/tiny.xml" -d SLOW \
    -cache_dir "$work/cache" -config 'WARNING=it is late' 2>"$work/messages"
  grep -q 'WARNING.*it is late' "$work/messages"
}

bench_layers () {
  ir-bench -m "$work/tiny.xml" -d CPU -niter 5 -pc >"$work/report" || return 1
  grep -q '% peak' "$work/report" && grep -q '^act1 .*Tanh' "$work/report" &&
    grep -qE '^Peak: +[0-9.]+ GFLOP/s measured on [0-9]+ thread' "$work/report"
}

inspect_forms () {
  ir-inspect "$work/tiny.xml" | grep -q Tanh-1 &&
    ir-inspect --json "$work/tiny.xml" | python3 -c '
import json, sys
model = json.load(sys.stdin)
assert model["nodes"] == 5 and model["ops"]["Sigmoid-1"] == 1, model' &&
    ir-inspect --dot "$work/tiny.xml" | grep -q '^digraph' &&
    ir-inspect --diff "$work/tiny.xml" "$work/tiny.xml" || return 1
  sed 's/Sigmoid/Exp/' "$work/tiny.xml" >"$work/other.xml"
  exits 1 ir-inspect --diff "$work/tiny.xml" "$work/other.xml"
}

doctor_knows () {
  ir-doctor >"$work/doctor" || return 1
  local word
  for word in CPU REFERENCE GPU kernels: GStreamer: irinfer metadata OpenCL GLib; do
    grep -q "$word" "$work/doctor" || { echo "no $word"; return 1; }
  done
  mkdir -p "$work/plugins"
  echo 'no library' >"$work/plugins/libir-device-broken.so"
  IR_PLUGIN_PATH=$work/plugins:$IR_PLUGIN_PATH exits 1 ir-doctor >"$work/doctor" ||
    return 1
  grep -q 'BROKEN .*does not load' "$work/doctor"
}

silence () {
  [ -z "$(ir-infer -m "$work/tiny.xml" --silent 2>&1)" ] &&
    ir-infer -m "$work/tiny.xml" --progress 2>&1 >/dev/null | grep -q '%'
}

# A program of others against what is installed, and nothing else.
consumer () {
  local top prefix flags
  top=$(cd "$(dirname "$0")/../.." && pwd)
  DESTDIR=$work/root meson install -C "$top/build" --no-rebuild >/dev/null || return 1
  prefix=$(find "$work/root" -name ir-inference-1.pc -printf '%h' -quit)
  [ -n "$prefix" ] || return 1
  [ -n "$(find "$work/root" -name ir-bench.1)" ] || return 1
  cat >"$work/consumer.c" <<'C'
#include <ir/convert.h>
#include <ir/core.h>
#include <ir/xml.h>
#include <stdio.h>

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) graph = ir_graph_read (argv[1], NULL, &error);
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
  g_autoptr (IrCompiledModel) model = NULL;
  g_autoptr (IrInferRequest) request = NULL;
  gint64 dims[] = { 1, 3, 4 };
  g_autoptr (IrTensor) input = NULL;
  IrShape shape;

  if (graph)
    model = ir_core_compile (core, graph, "CPU", NULL, &error);
  if (model)
    request = ir_compiled_model_create_request (model, &error);
  if (!request || !options || !ir_shape_init (&shape, 3, dims, &error) ||
      !(input = ir_tensor_new (IR_DTYPE_F32, &shape, &error)) ||
      !ir_infer_request_set_input (request, 0, input, &error) ||
      !ir_infer_request_infer (request, &error)) {
    fprintf (stderr, "%s\n", error->message);
    return 1;
  }
  return 0;
}
C
  # As installed in their place: only our own folders are below DESTDIR.
  sed -i "s#^prefix=#prefix=$work/root#" "$prefix"/ir-*.pc
  flags=$(PKG_CONFIG_PATH=$prefix pkg-config --cflags --libs ir-inference-1 \
    ir-converter-1) || return 1
  # shellcheck disable=SC2086
  gcc -Werror "$work/consumer.c" -o "$work/consumer" $flags || return 1
  LD_LIBRARY_PATH=$(dirname "$prefix") \
    IR_PLUGIN_PATH=$(dirname "$prefix")/gst-ir-1 "$work/consumer" "$work/tiny.xml"
}

check help help_and_version
check output-names output_names
check tolerance tolerance
check bench-json bench_keys
check bench-memory bench_memory
check bench-layers bench_layers
check threads threads_are_clipped
check warning device_warns
check inspect inspect_forms
check doctor doctor_knows
check silence silence
check consumer consumer
finish
