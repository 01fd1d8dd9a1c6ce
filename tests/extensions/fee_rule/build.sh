#!/usr/bin/env bash
# Builds fee_rule.wasm, or the file named as the argument.
. "$(dirname "${BASH_SOURCE[0]}")/../toolchains.sh"
cd "$EXTENSIONS/fee_rule"
assemblyscript fee_rule.ts "${1:-fee_rule.wasm}"
