#!/usr/bin/env bash
# Builds nullifier_membership.wasm, or the file named as the argument.
. "$(dirname "${BASH_SOURCE[0]}")/../toolchains.sh"
cd "$EXTENSIONS/nullifier_membership"
clang_current nullifier_membership.c "${1:-nullifier_membership.wasm}"
