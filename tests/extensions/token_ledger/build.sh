#!/usr/bin/env bash
# Builds token_ledger.wasm, or the file named as the argument.
. "$(dirname "${BASH_SOURCE[0]}")/../toolchains.sh"
cd "$EXTENSIONS/token_ledger"
rust token_ledger.rs "${1:-token_ledger.wasm}"
