#!/usr/bin/env python3
"""Proves the same computation with every peer that builds here and with this project, and prints one table.

Run it in the repository. README.md beside this file says what is compared and what a row means.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / "target" / "peers"
GUESTS = TARGET / "guests"

# Where sources that no package registry carries come from: a pattern of an address to clone, or of a bare
# repository on this machine.
GIT = os.environ.get("PEER_GIT", "https://github.com/{owner}/{name}")
MIDDLE_CLIENT = os.environ.get("MIDDLE_CLIENT", "cargo run --release --quiet --").split()

# Sources: directory, owner, name, commit, folders that are not needed, and edits of manifests that replace
# dependencies on repositories by ones on the copy here or on a registry.
SOURCES = {
    "zkengine": [
        ("nova", "ICME-Lab", "Nova", "632df4561096b6520092746cf8e63a5229f40f03", [], []),
        (
            "zkengine", "ICME-Lab", "zkEngine_dev", "02185e942a77e90a5f05dbdf12202364526b8173",
            ["third-party/wasmi/crates/wasmi/benches", "wasm"],
            [("Cargo.toml", r"(?m)^nova = .*$", 'nova = { path = "../nova", package = "nova-snark" }')],
        ),
    ],
}


def run(command, **options):
    return subprocess.run([str(part) for part in command], check=True, **options)


def fetch(directory, owner, name, commit, without, edits):
    """The sources of one commit, below the build products."""
    tree = TARGET / "src" / directory
    stamp = tree / ".commit"
    if stamp.exists() and stamp.read_text() == commit:
        return
    address = GIT.format(owner=owner, name=name)
    repository = Path(address)
    if not repository.is_dir():
        repository = TARGET / "git" / directory
        if not repository.is_dir():
            run(["git", "clone", "--quiet", "--bare", address, repository])
    tree.mkdir(parents=True, exist_ok=True)
    run(
        ["git", f"--git-dir={repository}", f"--work-tree={tree}", "checkout", "--force", commit, "--", "."]
        + [f":!{folder}" for folder in without],
        cwd=tree,
        env=os.environ | {"GIT_INDEX_FILE": str(TARGET / f"{directory}.index")},
    )
    for file, pattern, text in edits:
        manifest = tree / file
        changed, count = re.subn(pattern, text, manifest.read_text())
        assert count, f"{manifest}: nothing to replace"
        manifest.write_text(changed)
    stamp.write_text(commit)


def build(peer):
    for source in SOURCES.get(peer, []):
        fetch(*source)
    run(
        ["cargo", "build", "--release", "--locked", "--manifest-path", HERE / peer / "Cargo.toml"],
        env=os.environ | {"CARGO_TARGET_DIR": str(TARGET / peer)},
    )


CLANG = ["clang-14", "-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-ffreestanding", "-nostdlib"]
WASM = ["--target=wasm32", "-mbulk-memory", "-msign-ext", "-Wl,--no-entry"]
RV32 = ["--target=riscv32", "-march=rv32im", "-mabi=ilp32"]
RV64 = ["--target=riscv64", "-march=rv64im", "-mabi=lp64"]
# A RISC-V peer's machine, where the program lies, and how it ends with the result in a0.
RISCV = {
    "risc0": (RV32, "-Ttext=0x200000", "mv a1, a0; li a0, 0; li a7, 0; ecall"),
    # COMMIT of the first word, which has no sign there, COMMIT_DEFERRED_PROOFS of none, and HALT.
    "sp1": (
        RV64, "--image-base=0x78000000",
        "slli a1, a0, 32; srli a1, a1, 32; li a0, 0; li t0, 0x10; ecall; "
        "li a1, 0; li t0, 0x1a; ecall; li t0, 0; ecall",
    ),
    # reveal of a word, and terminate.
    "openvm": (RV32, "-Ttext=0x200800", "li a1, 0; .insn i 0x0b, 2, a1, a0, 0; .insn i 0x0b, 0, x0, x0, 0"),
}


def compile_guest(workload, n, kind):
    GUESTS.mkdir(parents=True, exist_ok=True)
    out = GUESTS / f"{workload}-{kind}"
    options = ["-DMIX"] if workload == "mix" else []
    if kind in RISCV:
        machine, place, end = RISCV[kind]
        options += machine + ["-fuse-ld=lld", f"-Wl,{place}", f"-DTURNS={n}", f'-DEND="{end}"']
    else:
        options += WASM + (["-DEXTENSION"] if kind == "extension" else ["-Wl,--export=work"])
    run(CLANG + options + [HERE / "work.c", "-o", out])
    return out


def expected(workload, n):
    """work(n) by other means."""
    if workload == "sha256":
        return int.from_bytes(hashlib.sha256(bytes(64 * (n - 1))).digest()[:4], "big")
    mask, x, word = 0xFFFFFFFF, 0x2545F491, [0] * 64
    while n:
        x = x + word[n % 64] & mask
        x ^= x << 13 & mask
        x ^= x >> 17
        x ^= x << 5 & mask
        word[n % 64] = x
        n -= 1
    return x


def measured(command):
    """A process's last line, the clock, its processor time and its peak memory in MB."""
    print("$", *command, file=sys.stderr, flush=True)
    start = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    clock = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"exit code {process.returncode}")
    return output, clock, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def driver(peer, arguments):
    output, _, _, memory = measured([TARGET / peer / "release" / f"peer-{peer}"] + arguments)
    return json.loads(output.splitlines()[-1]) | {"memory": memory}


def risc0(workload, n):
    return driver("risc0", [compile_guest(workload, n, "risc0"), 18])


def sp1(workload, n):
    return driver("sp1", [compile_guest(workload, n, "sp1")])


def openvm(workload, n):
    return driver("openvm", [compile_guest(workload, n, "openvm")])


def zkengine(workload, n):
    return driver("zkengine", [compile_guest(workload, n, "module"), n, 1000])


def ours(workload, n):
    module, proof = compile_guest(workload, n, "extension").rename(GUESTS / f"{workload}.wasm"), GUESTS / "proof.json"
    inputs = [module, "--input", n.to_bytes(8, "little").hex(), "--json"]
    output = run(MIDDLE_CLIENT + ["wasm", "stats"] + inputs, stdout=subprocess.PIPE, text=True).stdout
    stats = json.loads(output)
    tier = stats["tier"]
    run(MIDDLE_CLIENT + ["setup", "--tier", tier], stdout=sys.stderr)
    output, clock, processor, memory = measured(
        MIDDLE_CLIENT + ["prove"] + inputs + ["--tier", tier, "--output", proof]
    )
    proven = json.loads(output)
    _, verify, _, _ = measured(MIDDLE_CLIENT + ["verify", module, proof, "--json"])
    return {
        "result": int.from_bytes(bytes.fromhex(proven["output"][2:]), "little"),
        "steps": stats["instructionsExecuted"],
        "rows": proven["cycles"],
        "segments": proven["segments"],
        "clock": clock,
        "processor": processor,
        "proof": proven["proofSize"],
        "verify": verify,
        "memory": memory,
    }


# Name in the table, unit of a step, the function.
PEERS = {
    "ours": ("this project", "WASM", ours),
    "risc0": ("RISC Zero 3.0, segments only", "RV32IM", risc0),
    "sp1": ("SP1 6.10, shards only", "RV64IM", sp1),
    "openvm": ("OpenVM 2.0, segments only", "RV32IM", openvm),
    "zkengine": ("zkEngine `02185e9`, compressed", "WASM", zkengine),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=8, help="calls of SHA-256's compression function; 0 for none")
    parser.add_argument("--turns", type=int, default=500, help="turns of the mixing loop; 0 for none")
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS), help="these alone")
    arguments = parser.parse_args()

    # The libraries choose their vector code when they are compiled.
    os.environ.setdefault("RUSTFLAGS", "-C target-cpu=native")
    os.environ.setdefault("CXXFLAGS", "-march=native")
    for peer in arguments.only:
        if peer != "ours":
            build(peer)
    print("| computation | system | steps | rows | segments | clock, s | processor, s | ms of processor a step "
          "| peak MB | proof, bytes | verifying, ms |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    wrong = False
    for workload, n in (("sha256", arguments.blocks), ("mix", arguments.turns)):
        for peer in arguments.only if n else []:
            name, unit, prove = PEERS[peer]
            try:
                r = prove(workload, n)
            except (RuntimeError, subprocess.CalledProcessError) as error:
                print(f"| `{workload}` {n} | {name} | failed: {error} |", flush=True)
                wrong = True
                continue
            if r["result"] not in (None, expected(workload, n)):
                sys.exit(f"{name}: {workload}({n}) is {expected(workload, n):#x}, but {r['result']:#x} was proven")
            print(
                f"| `{workload}` {n} | {name} | {r['steps']:,} {unit} | {r['rows']:,} | {r['segments']} | "
                f"{r['clock']:.1f} | {r['processor']:.1f} | {1000 * r['processor'] / r['steps']:.2f} | "
                f"{r['memory']:,.0f} | {r['proof']:,} | {1000 * r['verify']:.1f} |",
                flush=True,
            )
    sys.exit(wrong)


if __name__ == "__main__":
    main()
