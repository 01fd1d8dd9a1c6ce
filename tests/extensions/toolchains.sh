# The pinned toolchains of the extensions; sourced by each build.sh. Installs what is missing, on
# Debian bookworm as root, by package name. Nothing is installed into the source tree.

set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

ZIGLANG=0.17.1         # PyPI; a current clang with its wasm linker
WASMTIME=50.0.1        # PyPI; an independent engine
ASSEMBLYSCRIPT=0.28.20 # npm
CLANG=14.0.6           # Debian clang-14, lld-14
WABT=1.0.32            # Debian wabt
RUSTC=1.63.0           # Debian rustc; the library for wasm32 is a package of its own

EXTENSIONS="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
TOOLS="${MIDDLE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/middle-extensions}"
mkdir -p "$TOOLS"

# debian PACKAGE...: installs the ones that are not installed.
debian() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed && continue
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
        return
    done
}

# expect TOOL VERSION OUTPUT: another version makes other bytes, so it is an error here already.
expect() {
    case "$3" in *"$2"*) ;; *) echo "$1: expected version $2, found: $3" >&2; exit 1 ;; esac
}

python() {
    local venv="$TOOLS/python-$ZIGLANG-$WASMTIME"
    if [ ! -e "$venv/ready" ]; then
        debian python3-venv
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" -q --disable-pip-version-check install "ziglang==$ZIGLANG" "wasmtime==$WASMTIME"
        touch "$venv/ready"
    fi
    "$venv/bin/python" "$@"
}

# strip FILE: only custom sections (names, producers, target features) go; code and data stay as
# the compiler wrote them. Linkers mark the file executable, which a module is not.
strip() {
    debian wabt
    wasm-strip "$1"
    chmod 644 "$1"
}

# Every compiler below takes the extension's source and the file to write.

clang14() {
    debian clang-14 lld-14
    expect clang-14 "$CLANG" "$(clang-14 --version)"
    clang-14 --target=wasm32 -mbulk-memory -msign-ext -std=c11 -Wall -Wextra -Werror -O2 \
        -ffreestanding -nostdlib -Wl,--no-entry "$1" -o "$2"
    strip "$2"
}

clang_current() {
    ZIG_GLOBAL_CACHE_DIR="$TOOLS/zig" ZIG_LOCAL_CACHE_DIR="$TOOLS/zig" \
        python -m ziglang cc -target wasm32-freestanding -std=c11 -Wall -Wextra -Werror -O2 \
        -fno-sanitize=all -nostdlib -Wl,--no-entry "$1" -o "$2"
    strip "$2"
}

rust() {
    debian rustc libstd-rust-dev-wasm32 lld-14
    expect rustc "$RUSTC" "$(/usr/bin/rustc --version)"
    /usr/bin/rustc --target wasm32-unknown-unknown --edition 2021 --crate-type cdylib -D warnings \
        -C opt-level=2 -C lto=fat -C codegen-units=1 -C panic=abort -C overflow-checks=off \
        -C linker=wasm-ld-14 -C linker-flavor=wasm-ld "$1" -o "$2"
    strip "$2"
}

assemblyscript() {
    local at="$TOOLS/assemblyscript-$ASSEMBLYSCRIPT"
    if [ ! -e "$at/ready" ]; then
        command -v npm >/dev/null || debian nodejs npm
        mkdir -p "$at"
        (cd "$at" && npm install --silent --no-fund --no-audit --prefix . "assemblyscript@$ASSEMBLYSCRIPT") >/dev/null
        touch "$at/ready"
    fi
    "$at/node_modules/.bin/asc" "$1" --runtime stub -O2 -o "$2"
    strip "$2"
}

text() {
    debian wabt
    expect wabt "$WABT" "$(wat2wasm --version)"
    wat2wasm "$1" -o "$2"
}
