#!/usr/bin/env bash
# Builds operation_bundler.wasm, or the file named as the argument.
. "$(dirname "${BASH_SOURCE[0]}")/../toolchains.sh"
cd "$EXTENSIONS/operation_bundler"
rust operation_bundler.rs "${1:-operation_bundler.wasm}"
