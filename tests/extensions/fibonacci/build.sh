#!/usr/bin/env bash
# Builds fibonacci.wasm, or the file named as the argument.
. "$(dirname "${BASH_SOURCE[0]}")/../toolchains.sh"
cd "$EXTENSIONS/fibonacci"
text fibonacci.wat "${1:-fibonacci.wasm}"
