#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Arrows point down: each folder may include the public headers and private
# folders that its row allows, and nothing else of ours. Prints the offences.
set -u
cd "$(dirname "$0")/../.." || exit 2

# folder : public headers (regular expression) : private folders besides its own
table='
kernels                     : -                                                        : kernels
inference/graph             : attrs conv dtype error graph op scratch shape tensor body : -
inference/ops               : attrs conv dtype error graph op resample sampling scratch shape tensor body : -
inference/ir                : attrs dtype error graph op shape tensor body xml         : -
inference/passes            : attrs body conv dtype error graph op shape tensor xml pass : -
inference/runtime           : attrs body conv dtype error graph op shape tensor xml pass core plugin preproc : -
inference/plugins/reference : .*                                                       : -
inference/plugins/cpu       : .*                                                       : kernels
inference/tools             : .*                                                       : inference/tools/common
converter                   : convert attrs body conv dtype error graph op shape tensor xml pass : converter inference/tools/common
converter/formats           : error dtype                                              : -
converter/frontends         : convert attrs body conv dtype error graph op shape tensor : converter/formats
converter/frontends/caffe   : convert attrs body conv dtype error graph op shape tensor : converter/formats converter/frontends
converter/frontends/onnx    : convert attrs body conv dtype error graph op shape tensor : converter/formats converter/frontends
converter/passes            : convert attrs body conv dtype error graph op shape tensor pass : -
gst                         : .*                                                       : gst/common
'

# The longest row that is a prefix of the file's folder.
row_of () {
  local folder=$1

  while :; do
    row=$(printf '%s' "$table" | awk -F ' *: *' -v f="$folder" '$1 == f')
    [ -n "$row" ] && return 0
    case $folder in */*) folder=${folder%/*} ;; *) return 1 ;; esac
  done
}

bad=0
while read -r file; do
  folder=$(dirname "$file")
  row_of "$folder" || continue
  own=$(printf '%s' "$row" | awk -F ' *: *' '{ print $1 }')
  public=$(printf '%s' "$row" | awk -F ' *: *' '{ print $2 }')
  private=$(printf '%s' "$row" | awk -F ' *: *' '{ print $3 }')
  while read -r header; do
    case $header in
      ir/*)
        name=${header#ir/}
        name=${name%.h}
        [ "$public" = '.*' ] && continue
        case " $public " in *" $name "*) continue ;; esac
        ;;
      *)
        # A quoted header: beside the file, in its folder's row or an allowed one.
        [ -f "$folder/$header" ] && continue
        [ -f "$own/$header" ] && continue
        found=''
        for other in $private; do
          if [ -f "$other/$header" ] ||
              [ -n "$(find "$other" -path "*/$header" 2>/dev/null | head -n 1)" ]; then
            found=1
          fi
        done
        [ -n "$found" ] && continue
        # Not ours at all (generated, or a library's quoted header).
        [ -z "$(git ls-files | grep -E "(^|/)$(basename "$header")\$" | head -n 1)" ] && continue
        ;;
    esac
    echo "$file: must not include $header"
    bad=1
  done < <(sed -n -E 's/^[[:space:]]*#[[:space:]]*include[[:space:]]+("([^"]+)"|<(ir\/[^>]+)>).*/\2\3/p' "$file")
  case $folder in
    kernels*)
      if grep -n -E '#[[:space:]]*include[[:space:]]+<(glib|gst|gio|libxml)' "$file"; then
        echo "$file: kernels are plain C"
        bad=1
      fi ;;
    inference/* | converter/*)
      if grep -n -E '#[[:space:]]*include[[:space:]]+<gst/' "$file"; then
        echo "$file: GStreamer belongs to gst/"
        bad=1
      fi ;;
  esac
done < <(git ls-files '*.c' '*.h' | grep -E '^(kernels|inference|converter|gst)/' | grep -v '/include/')
exit $bad
