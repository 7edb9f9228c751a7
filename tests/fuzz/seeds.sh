#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Fills CORPUS/ir and CORPUS/onnx with the small ones of the broken files, which
# are nearly right, for the fuzzers to start from:
#   tests/fuzz/seeds.sh CORPUS
set -euo pipefail

makers=$(cd "$(dirname "$0")/../malformed" && pwd)
corpus=${1:?"usage: tests/fuzz/seeds.sh CORPUS"}
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT

mkdir -p "$corpus/ir" "$corpus/onnx"
python3 -B "$makers/make_onnx.py" "$files/onnx" >/dev/null
find "$files/onnx" -name '*.onnx' -type f -size -8k ! -name 'good-*' \
  -exec cp -t "$corpus/onnx" {} +
python3 -B "$makers/make_ir.py" "$files/ir" >/dev/null
find "$files/ir" -name '*.xml' -type f -size -8k | while read -r xml; do
  { cat "$xml"; printf '\0'; cat "${xml%.xml}.bin" 2>/dev/null || true; } \
    >"$corpus/ir/$(basename "$xml")"
done
