#!/usr/bin/env bash
# Runs every case in wasmtime, at its pinned version.
. "$(dirname "${BASH_SOURCE[0]}")/toolchains.sh"
python "$EXTENSIONS/run_wasmtime.py" "$@"
