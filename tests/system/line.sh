#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The line that must always work, on real videos, as a user types it.
set -u
# shellcheck source=tests/system/common.inc
. "$(dirname "$0")/common.inc"

videos=$IR_TESTDATA/videos
model=$IR_TESTDATA/models/ultraface-rfb-320/version-RFB-320.onnx
export IR_CACHE_DIR=$work/cache
# Critical warnings are defects, here and in what we call.
export G_DEBUG=fatal-criticals

frames_of () {
  gst-launch-1.0 -v filesrc location="$1" ! decodebin ! fakesink silent=false \
    sync=false 2>/dev/null | grep -c 'last-message = chain'
}

run_line () {
  rm -f "$work/objects.jsonl"
  timeout 300 gst-launch-1.0 -q filesrc location="$1" ! decodebin ! \
    videoconvert ! irconvert model="$model" mean-values=127 scale=128 \
    reverse-input-channels=true ! irinfer device=CPU ! \
    irdecode threshold=0.6 ! iroverlay ! \
    irpublish uri="file:$work/objects.jsonl" ! videoconvert ! \
    x264enc speed-preset=ultrafast ! matroskamux ! \
    filesink location="$work/out.mkv" || return 1
  local in out lines
  in=$(frames_of "$1")
  out=$(frames_of "$work/out.mkv")
  lines=$(wc -l <"$work/objects.jsonl")
  echo "$in frames in, $out frames out, $lines lines"
  [ "$in" -gt 0 ] && [ "$in" = "$out" ] && [ "$lines" -le "$in" ] || return 1
  python3 - "$work/objects.jsonl" <<'PYTHON'
import json, sys
last = -1
for line in open(sys.argv[1]):
    frame = json.loads(line)
    assert frame['pts'] > last, 'frames are out of order'
    last = frame['pts']
PYTHON
}

# Thirty frames under valgrind, some of them inferred; errors and leaks with a
# function of ours in them count.
run_valgrind () {
  G_DEBUG=fatal-criticals,gc-friendly G_SLICE=always-malloc \
    OPENBLAS_NUM_THREADS=1 IR_CPU_MASK=avx2 timeout 900 valgrind -q \
    --leak-check=full --show-leak-kinds=definite,indirect --num-callers=30 \
    --error-exitcode=0 --log-file="$work/valgrind" --trace-children=yes \
    --trace-children-skip='*plugin-scanner*' \
    gst-launch-1.0 -q videotestsrc num-buffers=30 ! \
    video/x-raw,format=NV12,width=320,height=240 ! \
    irconvert model="$model" mean-values=127 scale=128 \
    input-shape=1,3,240,320 reverse-input-channels=true ! irinfer device=CPU interval=15 ! irdecode threshold=0.1 ! \
    iroverlay ! irpublish uri="file:$work/v.jsonl" ! fakesink || return 1
  [ -s "$work/v.jsonl" ] || [ -e "$work/v.jsonl" ] || return 1
  python3 - "$work/valgrind" <<'PYTHON'
import re, sys
# One block of the log per error; ours are those with a function of ours.
blocks = re.split(r'\n==\d+== \n', open(sys.argv[1]).read())
ours = [b for b in blocks if re.search(r'(: |libir|libgstir)(ir_|gst_ir_|libir|libgstir)', b)
        or re.search(r'by 0x[0-9A-F]+: (ir|gst_ir)_\w+', b)]
for block in ours[:5]:
    print(block)
sys.exit(1 if ours else 0)
PYTHON
}

if [ ! -d "$videos" ]; then
  skip line 'the test data is not there (IR_TESTDATA)'
else
  for video in "$videos"/*.mp4 "$videos"/*.avi; do
    check "line-$(basename "$video")" run_line "$video"
  done
  if command -v valgrind >/dev/null; then
    check valgrind run_valgrind
  else
    skip valgrind 'valgrind is not installed'
  fi
fi

for element in irconvert irinfer irdecode iroverlay irpublish; do
  check "inspect-$element" bash -c "gst-inspect-1.0 $element 2>$work/err >/dev/null && ! grep -E 'WARN|CRIT' $work/err"
done
finish
