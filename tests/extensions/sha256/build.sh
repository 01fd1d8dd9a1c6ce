#!/usr/bin/env bash
# Builds sha256.wasm, or the file named as the argument.
. "$(dirname "${BASH_SOURCE[0]}")/../toolchains.sh"
cd "$EXTENSIONS/sha256"
clang14 sha256.c "${1:-sha256.wasm}"
