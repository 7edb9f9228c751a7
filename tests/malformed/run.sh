#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs a command over broken files:
#   tests/malformed/run.sh BUILD MAKER.py
exec python3 "$(dirname "$0")/run.py" "$@"
