#!/usr/bin/env bash
# Builds one_time_signature_poseidon.wasm, or the file named as the argument.
. "$(dirname "${BASH_SOURCE[0]}")/../toolchains.sh"
cd "$EXTENSIONS/one_time_signature_poseidon"
rust one_time_signature_poseidon.rs "${1:-one_time_signature_poseidon.wasm}"
