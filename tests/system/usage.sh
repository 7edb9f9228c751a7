#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Command lines that are wrong: 2 for those that can't be understood, 1 for work
# that can't be done; one message, and nothing half-written.
set -u
# shellcheck source=tests/system/common.inc
. "$(dirname "$0")/common.inc"

makers=$(cd "$(dirname "$0")/../malformed" && pwd)
out=$work/out
python3 -B - "$makers" "$work" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
from onnxbuild import *
open(sys.argv[2] + '/m.onnx', 'wb').write(one('Relu'))
PYTHON
ir-convert --silent -m "$work/m.onnx" --output_dir "$work" || exit 1
good=$work/m.xml

# refused CODE WORD COMMAND...: it ends with CODE and says WORD, once, and $out is
# empty or missing.
refused () {
  local code=$1 word=$2 got
  shift 2

  "$@" >"$work/stdout" 2>"$work/stderr" </dev/null
  got=$?
  cat "$work/stderr"
  [ "$got" = "$code" ] || { echo "exit code $got"; return 1; }
  [ "$(grep -c '^\[ ERROR \]' "$work/stderr")" = 1 ] || return 1
  grep -qF -- "$word" "$work/stderr" || { echo "'$word' is not said"; return 1; }
  [ -z "$(find "$out" -type f 2>/dev/null)" ] || { echo "left files"; return 1; }
}

n=0
# bad CODE WORD COMMAND...
bad () {
  n=$((n + 1))
  check "$n ${*:3}" refused "$@"
}

convert () {
  ir-convert --output_dir "$out" "$@"
}

bad 2 --input_model ir-convert
bad 2 --input_model convert
bad 2 frobnicate convert --frobnicate -m "$work/m.onnx"
bad 2 "needs a value" convert -m
bad 2 --input_model convert "$work/m.onnx"
bad 2 --scale convert -m "$work/m.onnx" --scale x
bad 2 --scale convert -m "$work/m.onnx" --scale ""
bad 2 --batch convert -m "$work/m.onnx" --batch 0
bad 2 --batch convert -m "$work/m.onnx" --batch -3
bad 2 --batch convert -m "$work/m.onnx" --batch 99999999999999999999
bad 2 --data_type convert -m "$work/m.onnx" --data_type FP31
bad 2 --log_level convert -m "$work/m.onnx" --log_level LOUD
bad 2 --ir_version convert -m "$work/m.onnx" --ir_version 9
bad 2 --silent convert -m "$work/m.onnx" --silent=maybe
bad 1 framework convert -m "$work/m.onnx" --framework psychic
bad 1 "no such file" convert -m "$work/missing.onnx"
bad 1 "no such file" convert -m "$work/missing.xml"
bad 1 nothere convert -m "$work/m.onnx" --input nothere
bad 1 nothere convert -m "$work/m.onnx" --output nothere
bad 1 nothere convert -m "$good" --output nothere
bad 1 input_shape convert -m "$work/m.onnx" --input x --input_shape '[1],[2]'
for value in '[1,a]' '[1,3' '[-5,3]' '1,3,8,8]' '[1,,3]' "[$(printf '1,%.0s' {1..50})1]"; do
  bad 2 --input_shape convert -m "$work/m.onnx" --input_shape "$value"
done
for option in mean_values scale_values; do
  for value in '[1,2' '[a,b,c]' '[nan,1,1]'; do
    bad 2 "--$option" convert -m "$work/m.onnx" "--$option" "$value"
  done
  for value in '[1,2,3,4,5,6,7]' 'nothere[1,2,3]'; do
    bad 1 '' convert -m "$work/m.onnx" "--$option" "$value"
  done
done
bad 2 --scale_values convert -m "$work/m.onnx" --scale_values '[0,0,0]'
bad 1 nothere convert -m "$work/m.onnx" --layout 'nothere(nchw)'
bad 2 --layout convert -m "$work/m.onnx" --layout 'nchw->'
bad 1 '' convert -m "$work/m.onnx" --target_layout nhwc
bad 1 '' convert -m "$work/m.onnx" --freeze_placeholder_with_value x

# Where nothing can be written.
touch "$work/file"
bad 1 "$work/file" ir-convert -m "$work/m.onnx" --output_dir "$work/file"
bad 1 "$work/file" ir-convert -m "$work/m.onnx" --output_dir "$work/file/sub"
bad 1 /proc ir-convert -m "$work/m.onnx" --output_dir /proc/nothere
bad 1 report convert -m "$work/m.onnx" --report "$work/nothere/r.json"
bad 1 /dev/full convert -m "$work/m.onnx" --report /dev/full/r.json
bad 2 --model_name convert -m "$work/m.onnx" --model_name a/b/c
bad 2 --model_name convert -m "$work/m.onnx" --model_name ../escaped

# A disk that is full.
full=$work/full
mkdir "$full"
if mount -t tmpfs -o size=16k tmpfs "$full" 2>/dev/null; then
  head -c 16k /dev/zero >"$full/ballast" 2>/dev/null
  out=$full/out
  bad 1 'No space' ir-convert -m "$work/m.onnx" --output_dir "$full"
  check 'nothing is left on the full disk' [ "$(ls "$full")" = ballast ]
  umount "$full"
  out=$work/out
else
  skip 'full disk' 'needs the right to mount'
fi

for command in ir-infer ir-bench ir-inspect; do
  bad 2 '' "$command"
  bad 2 frobnicate "$command" --frobnicate
done
for command in 'ir-infer -m' 'ir-bench -m' 'ir-inspect'; do
  # shellcheck disable=SC2086
  bad 1 nothere.xml $command "$work/nothere.xml"
  # shellcheck disable=SC2086
  bad 1 "$work" $command "$work"
done
bad 1 PSYCHIC ir-infer -m "$good" -d PSYCHIC
bad 1 PSYCHIC ir-bench -m "$good" -d PSYCHIC
bad 1 nothere.npy ir-infer -m "$good" -d CPU -i "$work/nothere.npy"
bad 1 nothere ir-infer -m "$good" -d CPU -i "nothere=$good"
bad 1 m.xml ir-infer -m "$good" -d CPU -i "$good"
bad 1 "$work/file" ir-infer -m "$good" -d CPU -o "$work/file"
bad 1 PSYCHIC ir-infer -m "$good" -d CPU -ref PSYCHIC
bad 2 tolerance ir-infer -m "$good" -d CPU -ref CPU -tolerance x
bad 1 NO_SUCH_KEY ir-infer -m "$good" -d CPU -config NO_SUCH_KEY=1
bad 1 f31 ir-infer -m "$good" -d CPU -infer_precision f31
bad 2 hint ir-bench -m "$good" -hint psychic
bad 2 api ir-bench -m "$good" -api psychic
for option in niter nireq nthreads; do
  bad 2 "$option" ir-bench -m "$good" "-$option" -3
  bad 2 "$option" ir-bench -m "$good" "-$option" x
done
bad 1 '' ir-bench -m "$good" -shape '[a]'
bad 2 '' ir-inspect "$good" "$good"
bad 2 '' ir-inspect --diff "$good"

finish
