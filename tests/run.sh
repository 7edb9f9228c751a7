#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every test there is:
#   ./tests/run.sh [--quick]
# --quick leaves out the sanitizer builds and what needs the oracles.
# Ends with the line "N passed, N failed, N skipped".
set -uo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
# shellcheck source=pipelines/setup.sh
. "$top/pipelines/setup.sh"

quick=''
case ${1-} in
  --quick) quick=1 ;;
  '') ;;
  *) sed -n '3,6s/^# //p' "$0"; exit 2 ;;
esac

export IR_TESTDATA=${IR_TESTDATA:-$top/../shared/testdata}
passed=0 failed=0 skipped=0

# add P F S: counts results.
add () {
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# run_suite NAME COMMAND...: the last "N passed, …" line of the command counts, or its
# exit code. Says what came out, and leaves the three numbers in a file.
run_suite () {
  local name=$1 log code line
  shift

  log=$top/build/suite-$name.log
  say "suite $name"
  timeout 1200 "$@" >"$log" 2>&1
  code=$?
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1)
  if [ "$code" = 77 ]; then
    line='0 passed, 0 failed, 1 skipped'
    code=0
  elif [ -z "$line" ]; then
    line="$((code == 0)) passed, $((code != 0)) failed"
  elif [ "$code" != 0 ] && [ "$(echo "$line" | cut -d ' ' -f 3)" = 0 ]; then
    line="${line%%,*}, 1 failed"
  fi
  echo "    $line"
  if [ "$code" != 0 ]; then
    grep -E 'FAIL|not ok|ERROR' "$log" | head -n 15 || true
    tail -n 8 "$log"
    echo "    all of it is in $log"
  fi
  echo "$line 0" | tr -cd '0-9 \n' | awk '{ print $1, $2, $3 }' >"$log.count"
}

# Suites that were started and whose results are not out yet, in order.
queue=()

# report: prints the results of those at the head of the queue that are done.
report () {
  local log

  while [ ${#queue[@]} -gt 0 ]; do
    log=$top/build/suite-${queue[0]}.log
    [ -f "$log.count" ] || return 0
    cat "$log.report"
    # shellcheck disable=SC2046
    add $(cat "$log.count")
    rm -f "$log.report" "$log.count"
    queue=("${queue[@]:1}")
  done
}

# suite NAME COMMAND...: starts it once fewer than two others run.
suite () {
  local log=$top/build/suite-$1.log

  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
    wait -n
    report
  done
  rm -f "$log.report" "$log.count"
  queue+=("$1")
  run_suite "$@" >"$log.report" 2>&1 </dev/null &
}

# finish: waits for all suites. One that left no result has failed.
finish () {
  wait
  report
  while [ ${#queue[@]} -gt 0 ]; do
    echo "    suite ${queue[0]} ended without a result"
    add 0 1 0
    queue=("${queue[@]:1}")
    report
  done
}

# units BUILD NAME ARGUMENT...: runs meson's tests of a build.
units () {
  local folder=$1 name=$2
  shift 2

  # A test that asks for more time than it gets elsewhere would hide a hang.
  suite "$name" python3 tests/units.py "$folder" "$@"
}

# oracles: makes the Python environment that the scripts in tests/oracle run in.
oracles () {
  oracle=$top/build/oracle
  if [ -x "$oracle/bin/python" ] && [ ! tests/oracle/requirements.txt -nt "$oracle/ready" ]; then
    return 0
  fi
  say 'making the Python environment of the oracles'
  rm -rf "$oracle"
  if python3 -m venv "$oracle" && "$oracle/bin/pip" install --quiet \
      --disable-pip-version-check -r tests/oracle/requirements.txt \
      >build/oracle.log 2>&1; then
    touch "$oracle/ready"
  else
    tail -n 3 build/oracle.log >&2
    rm -rf "$oracle"
  fi
}

packages build run fetch test
build build -Dwerror=true
if [ -z "$quick" ]; then
  build build/asan -Dwerror=true -Db_sanitize=address,undefined -Db_lundef=false \
    -Dbuildtype=debugoptimized
  build build/tsan -Dwerror=true -Db_sanitize=thread -Db_lundef=false \
    -Dbuildtype=debugoptimized
  oracles
fi

suite lint-includes tests/lint/includes.sh
suite lint-files tests/lint/files.sh
units build units

if [ -z "$quick" ]; then
  units build/asan units-asan --asan
  units build/tsan units-tsan --tsan
  for maker in tests/malformed/make_*.py; do
    [ -f "$maker" ] && suite "malformed-$(basename "$maker" .py)" \
      tests/malformed/run.sh build/asan "$maker"
  done
  # They keep files in the home folder that nobody asked for.
  mkdir -p build/home
  for script in tests/oracle/*_*.py tests/parity/run.py; do
    name=$(basename "$script" .py)
    [ "$name" = run ] && name=parity
    bar=()
    # These say how many models must pass, too.
    case $name in onnx_nodes | onnx_conformance) bar=(--bar) ;; esac
    if [ -x "$oracle/bin/python" ]; then
      suite "oracle-$name" env HOME="$top/build/home" \
        meson devenv -C build -w "$top" "$oracle/bin/python" "$script" "${bar[@]}"
    else
      warn "$script is skipped: its oracles could not be installed"
      add 0 0 1
    fi
  done
fi

for script in tests/system/*.sh; do
  [ -f "$script" ] && suite "system-$(basename "$script" .sh)" \
    meson devenv -C build -w "$top" bash "$script"
done
finish

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
