#!/usr/bin/env python3
"""Runs every case of every extension in wasmtime, an engine independent of the crate, and compares
with cases.json. Needs the PyPI package `wasmtime`; `run_wasmtime.sh` installs it.

The number behind a case is wasmtime's fuel: the executed WASM instructions, without block, loop,
nop and drop.

usage: run_wasmtime.py [extension...]
"""
import json
import pathlib
import sys

import wasmtime

from poseidon import P, poseidon

HERE = pathlib.Path(__file__).resolve().parent
FUEL = 100_000_000
SMALL_FUEL = 150_000
OUTPUT_BYTES = 65_536
CONTEXT = ("operation_hash", "sender", "lane", "to", "witness_commitment", "anchor_hash", "anchor_slot",
           "pre_state_root")
TRAPS = {
    wasmtime.TrapCode.UNREACHABLE: "unreachable",
    wasmtime.TrapCode.INTEGER_DIVISION_BY_ZERO: "integer_divide_by_zero",
    wasmtime.TrapCode.INTEGER_OVERFLOW: "integer_overflow",
    wasmtime.TrapCode.MEMORY_OUT_OF_BOUNDS: "out_of_bounds_memory_access",
    wasmtime.TrapCode.TABLE_OUT_OF_BOUNDS: "undefined_element",
    wasmtime.TrapCode.INDIRECT_CALL_TO_NULL: "uninitialized_element",
    wasmtime.TrapCode.BAD_SIGNATURE: "indirect_call_type_mismatch",
    wasmtime.TrapCode.STACK_OVERFLOW: "call_stack_exhausted",
}


class HostTrap(Exception):
    """A trap that a host function raises; its argument is the trap's name."""


def unhex(text):
    digits = text[2:]
    return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)


class Host:
    """The imports, as the specification words them. An i32 comes in signed, hence the masks."""

    def __init__(self, case):
        self.input = unhex(case["input"])
        self.witness = unhex(case["witness"])
        self.context = b"".join(unhex(case["context"][f]).rjust(32, b"\0") for f in CONTEXT)
        self.output = bytearray(OUTPUT_BYTES)
        self.output_len = 0
        self.post_state = bytearray(self.context[-32:])

    @staticmethod
    def load(space, word):
        at = (word & 0xFFFFFFFF) * 8
        value = int.from_bytes(space[at:at + 8].ljust(8, b"\0"), "little")
        return value - (value >> 63 << 64)

    @staticmethod
    def store(space, word, value):
        at = (word & 0xFFFFFFFF) * 8
        if at >= len(space):
            raise HostTrap("host_index_out_of_bounds")
        space[at:at + 8] = (value & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little")

    def set_output_len(self, length):
        if length & 0xFFFFFFFF > OUTPUT_BYTES:
            raise HostTrap("host_index_out_of_bounds")
        self.output_len = length

    @staticmethod
    def hash(caller, pair, target):
        pair, target = pair & 0xFFFFFFFF, target & 0xFFFFFFFF
        memory = caller.get("memory")
        size = memory.data_len(caller) if memory else 0
        if pair % 8 or target % 8:
            raise HostTrap("unaligned_address")
        if pair + 64 > size or target + 32 > size:
            raise HostTrap("out_of_bounds_memory_access")
        elements = bytes(memory.read(caller, pair, pair + 64))
        left, right = (int.from_bytes(elements[at:at + 32], "little") for at in (0, 32))
        if left >= P or right >= P:
            raise HostTrap("element_not_canonical")
        memory.write(caller, poseidon(left, right).to_bytes(32, "little"), target)

    @staticmethod
    def abort(*_):
        raise HostTrap("aborted")

    def link(self, engine):
        i32, i64 = wasmtime.ValType.i32(), wasmtime.ValType.i64()
        linker = wasmtime.Linker(engine)
        for module, name, parameters, results, function in (
            ("middle", "input", [i32], [i64], lambda w: self.load(self.input, w)),
            ("middle", "input_len", [], [i32], lambda: len(self.input)),
            ("middle", "witness", [i32], [i64], lambda w: self.load(self.witness, w)),
            ("middle", "witness_len", [], [i32], lambda: len(self.witness)),
            ("middle", "context", [i32], [i64], lambda w: self.load(self.context, w)),
            ("middle", "output", [i32, i64], [], lambda w, v: self.store(self.output, w, v)),
            ("middle", "output_len", [i32], [], self.set_output_len),
            ("middle", "post_state", [i32, i64], [], lambda w, v: self.store(self.post_state, w, v)),
            ("env", "abort", [i32] * 4, [], self.abort),
        ):
            linker.define_func(module, name, wasmtime.FuncType(parameters, results), function)
        # The only one that needs the memory, which a host reaches if it is exported.
        linker.define_func("middle", "poseidon", wasmtime.FuncType([i32, i32], []), self.hash, access_caller=True)
        return linker


def run(engine, module, case):
    """The outcome in the form of a case's `expect`, and the fuel."""
    host = Host(case)
    store = wasmtime.Store(engine)
    store.set_fuel(FUEL)
    expect = {"output": "0x", "post_state": "0x" + bytes(host.context[-32:]).hex()}
    try:
        instance = host.link(engine).instantiate(store, module)
        code = instance.exports(store)["run"](store) & 0xFFFFFFFF
    except HostTrap as trap:
        expect.update(outcome="trapped", trap=str(trap))
    except wasmtime.Trap as trap:
        expect.update(outcome="trapped", trap=TRAPS.get(trap.trap_code, str(trap)))
    else:
        expect.update(outcome="rejected" if code else "accepted", code=code)
        expect["output"] = "0x" + bytes(host.output[:host.output_len]).hex()
        if code == 0:
            expect["post_state"] = "0x" + bytes(host.post_state).hex()
    return expect, FUEL - store.get_fuel()


def main(names):
    config = wasmtime.Config()
    config.consume_fuel = True
    # What the profile has no use for is off, so that a module cannot rely on it.
    for feature in ("simd", "relaxed_simd", "threads", "memory64", "tail_call"):
        setattr(config, "wasm_" + feature, False)
    engine = wasmtime.Engine(config)

    passed = failed = 0
    for folder in sorted(p.parent for p in HERE.glob("*/cases.json")):
        if names and folder.name not in names:
            continue
        module = wasmtime.Module.from_file(engine, str(folder / f"{folder.name}.wasm"))
        for case in json.loads((folder / "cases.json").read_text()):
            got, fuel = run(engine, module, case)
            good = got == case["expect"] and not (case.get("small") and fuel > SMALL_FUEL)
            passed, failed = passed + good, failed + (not good)
            marks = " ".join(mark for mark in ("small", "large") if case.get(mark))
            print(f"{'ok  ' if good else 'FAIL'} {folder.name}/{case['id']}: {fuel} {marks}".rstrip())
            if got != case["expect"]:
                print(f"     expected {case['expect']}\n     got      {got}"[:2000])
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
