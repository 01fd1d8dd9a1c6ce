#!/usr/bin/env bash
# Builds traps.wasm, or the file named as the argument.
. "$(dirname "${BASH_SOURCE[0]}")/../toolchains.sh"
cd "$EXTENSIONS/traps"
text traps.wat "${1:-traps.wasm}"
