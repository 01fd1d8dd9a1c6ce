#!/usr/bin/env bash
# Builds matrix_product.wasm, or the file named as the argument.
. "$(dirname "${BASH_SOURCE[0]}")/../toolchains.sh"
cd "$EXTENSIONS/matrix_product"
clang_current matrix_product.c "${1:-matrix_product.wasm}"
