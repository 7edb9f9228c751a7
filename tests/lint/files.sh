#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What every file must keep to: licence line, format, sizes. Prints the offences.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0
offend () { echo "$*"; bad=1; }

while read -r file; do
  head -n 3 "$file" | grep -q 'SPDX-License-Identifier: LGPL-2.1-or-later' ||
    offend "$file: no SPDX line"
done < <(git ls-files '*.c' '*.h' '*.inc' '*.py' '*.sh' '*.build' '*.proto')

# Tables apart (.inc), a file of more than 1,000 lines has a seam.
while read -r lines file; do
  [ "$lines" -gt 1000 ] && offend "$file: $lines lines"
done < <(git ls-files '*.c' '*.h' | xargs wc -l | awk '$2 != "total"')

while read -r lines where; do
  offend "$where: a function of $lines lines"
done < <(git ls-files '*.c' | xargs awk '
  FNR == 1 { start = 0 }
  /^\{/ { start = FNR }
  /^\}/ { if (start && FNR - start > 200) print FNR - start, FILENAME ":" start; start = 0 }')

format=$(command -v clang-format-14 || command -v clang-format)
if [ -n "$format" ] && "$format" --version | grep -q ' 14\.'; then
  while read -r file; do
    "$format" --dry-run -Werror "$file" >/dev/null 2>&1 ||
      offend "$file: not formatted (clang-format 14 -i)"
  done < <(git ls-files '*.c' '*.h')
else
  # Another version has other opinions.
  echo 'skipped: clang-format 14 is not here, formats are not checked'
  [ $bad = 0 ] && echo '1 passed, 0 failed, 1 skipped'
fi
exit $bad
