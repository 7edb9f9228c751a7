#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Faces on a video, from a trained ONNX model to an annotated file:
#   ./pipelines/demo.sh [VIDEO_OR_URI]
# Leaves demo-out/annotated.mkv, demo-out/objects.jsonl and demo-out/frame.png.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=pipelines/setup.sh
. "$top/pipelines/setup.sh"

# The caller's path counts, not ours.
source_uri () {
  case $1 in
    *://*) echo "$1" ;;
    *) [ -f "$1" ] || die "'$1' is no file; give a video file or a URI such as rtsp://host/stream"
       python3 -c 'import pathlib, sys; print(pathlib.Path(sys.argv[1]).resolve().as_uri())' "$1" ;;
  esac
}

# The network takes any size in steps of 32: the long side of the video, held
# between 352 and 640, and the other one in proportion.
network_size () {
  gst-discoverer-1.0 -v "$1" 2>/dev/null | python3 -c '
import re, sys
text = sys.stdin.read()
width = re.search(r"Width: (\d+)", text)
height = re.search(r"Height: (\d+)", text)
if not width or not height:
    sys.exit(1)
width, height = int(width[1]), int(height[1])
scale = min(max(max(width, height), 352), 640) / max(width, height)
print(*(max(32, round(side * scale / 32) * 32) for side in (width, height)))'
}

if [ $# -gt 1 ]; then
  echo 'usage: pipelines/demo.sh [VIDEO_OR_URI]' >&2
  exit 2
fi
case ${1-} in
  -h | --help) sed -n '3,5s/^# //p' "$0"; exit 0 ;;
esac

packages build run fetch
build "$top/build"

cache=$top/build/demo
out=$top/demo-out
mkdir -p "$cache" "$out"
demo_model "$cache/centerface.onnx" || die 'the demonstration needs its model once: run it again with a network'
if [ $# = 1 ]; then
  uri=$(source_uri "$1")
else
  demo_clip "$cache/carphone.mp4" || die 'there is no clip: run it again with a network, or name a video of your own'
  uri=$(source_uri "$cache/carphone.mp4")
fi
read -r width height < <(network_size "$uri") || die "no video is found in '$uri'"

devenv () { meson devenv -C "$top/build" -w "$top" "$@"; }

model=$cache/centerface-${width}x$height
if [ ! -f "$model.xml" ]; then
  devenv ir-convert --silent --input_model "$cache/centerface.onnx" \
    --input_shape "[1,3,$height,$width]" --model_name "$(basename "$model")" \
    --output_dir "$cache"
fi
say "running $uri through CenterFace at ${width}x$height"
started=$(date +%s.%N)
devenv gst-launch-1.0 -q uridecodebin uri="$uri" ! videoconvert ! \
  irconvert model="$model.xml" reverse-input-channels=true ! \
  irinfer device=CPU ! irdecode threshold=0.5 nms-threshold=0.3 ! \
  iroverlay ! irpublish uri="file:$out/objects.jsonl.part" ! tee name=annotated \
  annotated. ! queue ! videoconvert ! x264enc speed-preset=veryfast ! \
    matroskamux ! filesink location="$out/annotated.mkv.part" \
  annotated. ! queue ! videoconvert ! pngenc snapshot=false ! \
    multifilesink location="$out/frame.png.part" max-files=1 ||
  die 'the pipeline failed; its own message is above'
finished=$(date +%s.%N)
for name in annotated.mkv objects.jsonl frame.png; do
  mv "$out/$name.part" "$out/$name"
done

python3 - "$out" "$started" "$finished" <<'PYTHON'
import json, statistics, sys
out, started, finished = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
with open(out + '/objects.jsonl') as lines:
    frames = [json.loads(line) for line in lines]
objects = sum(len(frame.get('objects', [])) for frame in frames)
latency = statistics.median(frame['latency_ms'] for frame in frames)
print(f'[ SUCCESS ] {len(frames)} frames, {objects} faces, '
      f'{len(frames) / (finished - started):.1f} fps, '
      f'latency {latency:.1f} ms (median)')
for name in 'annotated.mkv', 'objects.jsonl', 'frame.png':
    print(f'[ SUCCESS ] {out}/{name}')
PYTHON
