#!/usr/bin/env bash
# Rebuilds every extension with the pinned toolchains, in a temporary directory, and compares with
# CHECKSUMS.sha256 and the committed modules.
#
# usage: rebuild.sh           exits with 1 on a difference
#        rebuild.sh --bless   replaces modules and checksums by what was built
. "$(dirname "${BASH_SOURCE[0]}")/toolchains.sh"
cd "$EXTENSIONS"
case "${1:-}" in "" | --bless) ;; *) sed -n '2,7p' "$0" >&2; exit 2 ;; esac

built="$(mktemp -d)"
trap 'rm -rf "$built"' EXIT

for script in */build.sh; do
    name="${script%/build.sh}"
    mkdir "$built/$name"
    echo "building $name"
    "$script" "$built/$name/$name.wasm"
    # The profile has integers only. The crate checks the profile in full; this points at a toolchain.
    wasm-validate --disable-simd "$built/$name/$name.wasm"
    if wasm2wat "$built/$name/$name.wasm" | grep -qE '\b(f32|f64)\b'; then
        echo "$name: floats in the module" >&2
        exit 1
    fi
done

if [ "${1:-}" = --bless ]; then
    cp -r "$built/." .
    sha256sum */*.wasm > CHECKSUMS.sha256
    exit
fi

# Both against the same list: the committed files must be the ones that the sources make.
sha256sum --quiet -c CHECKSUMS.sha256
(cd "$built" && sha256sum --quiet -c "$EXTENSIONS/CHECKSUMS.sha256")
if [ "$(wc -l < CHECKSUMS.sha256)" != "$(ls -d "$built"/*/ | wc -l)" ]; then
    echo "CHECKSUMS.sha256 does not list every extension" >&2
    exit 1
fi
echo "all modules rebuilt byte for byte"
