#!/usr/bin/env bash
# Builds sort.wasm, or the file named as the argument.
. "$(dirname "${BASH_SOURCE[0]}")/../toolchains.sh"
cd "$EXTENSIONS/sort"
assemblyscript sort.ts "${1:-sort.wasm}"
