#!/usr/bin/env bash
# Builds nullifier_membership_poseidon.wasm, or the file named as the argument.
. "$(dirname "${BASH_SOURCE[0]}")/../toolchains.sh"
cd "$EXTENSIONS/nullifier_membership_poseidon"
clang_current nullifier_membership_poseidon.c "${1:-nullifier_membership_poseidon.wasm}"
