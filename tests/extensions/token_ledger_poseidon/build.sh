#!/usr/bin/env bash
# Builds token_ledger_poseidon.wasm, or the file named as the argument.
. "$(dirname "${BASH_SOURCE[0]}")/../toolchains.sh"
cd "$EXTENSIONS/token_ledger_poseidon"
rust token_ledger_poseidon.rs "${1:-token_ledger_poseidon.wasm}"
