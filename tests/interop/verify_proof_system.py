#!/usr/bin/env python3
"""Runs the vectors of the format `proof_system` through a second implementation of the chapter on the proof system, which
shares no code with the crate: `proof_system.py` verifies, `known_setup.py` makes keys and proofs. Needs the PyPI packages
of requirements.txt; `tests/interop/run` installs them.

usage: verify_proof_system.py [--vectors DIRECTORY] [--jobs N] [word of an id...]
"""
import argparse
import concurrent.futures
import functools
import hashlib
import json
import pathlib
import sys
import traceback

import known_setup
import proof_system as ps

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAGE = "verification"
# The reasons of other chapters have their own stage.
STAGE_OF_REASON = {"field_element_not_canonical": "encoding"}
NOT_NORMATIVE = ("detail", "offset")
MAX_BYTES = 4 << 20


class Fault(Exception):
    """The case itself is wrong: never a correct refusal."""


def check(condition, fault):
    if not condition:
        raise Fault(fault)


def unhex(text):
    check(text.startswith("0x") and text == text.lower(), f"no hex: {text[:80]}")
    return bytes.fromhex(text[2:])


def to_hex(data):
    return "0x" + data.hex()


def byte_string(value, directory):
    """The forms of vectors/README.md: hex, a file of blobs/, or parts."""
    if isinstance(value, str):
        return unhex(value)
    if "blob" in value:
        data = (directory / "v1" / "blobs" / value["blob"]).read_bytes()
        check(value["blob"].startswith(hashlib.sha256(data).hexdigest()), "the blob is not what its name says")
        return data
    check(value["size"] <= MAX_BYTES, "too long")
    data = b"".join(unhex(part) if isinstance(part, str) else unhex(part["repeat"]) * part["times"]
                    for part in value["parts"])
    check(len(data) == value["size"] and hashlib.sha256(data).hexdigest() == value["sha256"], "wrong digest of parts")
    return data


def field(text):
    data = unhex(text)
    check(len(data) == 32, "no field element has this length")
    return ps.field_from_bytes(data)


def fields(texts):
    return [field(text) for text in texts]


def field_values(values):
    return [to_hex(ps.field_to_bytes(value)) for value in values]


key_of = functools.lru_cache(maxsize=None)(ps.Key)


# One function for each kind of input. Each returns what an accepted case expects, or raises `Reject`; its checks are in the
# order of the chapter: key, constants, then segment by segment inputs and proof, then counts and equations.


def run_field(_, element):
    field(element)
    return {}


def run_key(bytes_of, verifyingKey):
    key = key_of(bytes_of(verifyingKey))
    counts = [key.constants, key.public, key.challenges, key.late_public]
    return {"keyDigest": to_hex(key.digest), "counts": counts, "bases": len(key.bases)}


def run_proof(bytes_of, proof):
    file = ps.proof_to_file(ps.Proof(bytes_of(proof)))
    return {"text": json.dumps(file, indent=2).splitlines()}


def run_proof_file(_, text):
    return {"proof": to_hex(ps.proof_from_file(text).data)}


def run_vanilla(bytes_of, verifyingKey, public, proof):
    key, public = key_of(bytes_of(verifyingKey)), fields(public)
    proof = ps.Proof(bytes_of(proof), vanilla=True)
    ps.verify_vanilla(key, public, proof)
    return {"keyDigest": to_hex(key.digest), "snarkjs": snarkjs(key, public, proof)}


def snarkjs(key, public, proof):
    """The three JSON files of snarkjs."""
    def point(projective):
        return [[str(int(c)) for c in coordinate.coeffs] if isinstance(coordinate, ps.FQ2) else str(int(coordinate))
                for coordinate in projective]

    head = {"protocol": "groth16", "curve": "bn128"}
    verification_key = head | {
        "nPublic": len(public), "vk_alpha_1": point(key.alpha), "vk_beta_2": point(key.beta),
        "vk_gamma_2": point(key.gamma), "vk_delta_2": point(key.delta), "IC": [point(base) for base in key.bases]}
    return {"verificationKey": verification_key, "public": [str(value) for value in public],
            "proof": head | {"pi_a": point(proof.a), "pi_b": point(proof.b), "pi_c": point(proof.c)}}


def intermediates(key, prepared, tier, statement, commitments):
    seed = ps.challenge_seed(key, prepared, tier, statement, commitments)
    challenges = ps.expand(seed, key.challenges)
    return seed, challenges, {
        "keyDigest": to_hex(key.digest), "preparedPoint": to_hex(ps.encode_point(prepared)),
        "challengeSeed": to_hex(seed), "challenges": field_values(challenges)}


def run_challenge(bytes_of, verifyingKey, constants, tier, statement, commitments):
    key = key_of(bytes_of(verifyingKey))
    prepared = key.prepare(fields(constants))
    pairs = []
    for commitment in commitments:
        reader = ps.Reader(bytes_of(commitment["point"]))
        point = reader.g1()
        reader.end()
        pairs.append((fields(commitment["public"]), point))
    return intermediates(key, prepared, tier, bytes_of(statement), pairs)[2]


def run_verify(bytes_of, verifyingKey, constants, tier, statement, segments):
    key = key_of(bytes_of(verifyingKey))
    prepared = key.prepare(fields(constants))
    segments = [ps.Segment(fields(segment["public"]), fields(segment["latePublic"]), ps.Proof(bytes_of(segment["proof"])))
                for segment in segments]
    commitments = [(segment.public, segment.proof.d) for segment in segments]
    seed, challenges, found = intermediates(key, prepared, tier, bytes_of(statement), commitments)
    coefficients = ps.verify(key, prepared, seed, challenges, segments)
    return found | {"batchCoefficients": field_values(coefficients)}


def run_prove(bytes_of, setupSeed, seed, weights, tier, statement, segments):
    vectors = [(fields(segment["left"]), fields(segment["right"])) for segment in segments]
    circuit, key, proofs = known_setup.prove_segments(
        unhex(setupSeed), unhex(seed), fields(weights), tier, bytes_of(statement), vectors, key_of)
    return {
        "circuitDigest": to_hex(circuit.digest()), "rows": len(circuit.rows),
        "verifyingKey": to_hex(key.data), "keyDigest": to_hex(key.digest),
        "segments": [{"public": field_values(public), "latePublic": field_values(late_public), "proof": to_hex(proof.data)}
                     for public, late_public, proof, _ in proofs],
        "randomness": [dict(zip(("blinder", "r", "s"), field_values(drawn))) for _, _, _, drawn in proofs]}


KINDS = {"challenge": run_challenge, "field": run_field, "key": run_key, "proof": run_proof, "proof_file": run_proof_file,
         "prove": run_prove, "vanilla": run_vanilla, "verify": run_verify}


def run_case(case, directory):
    """What is wrong with the outcome of a case; empty if nothing is."""
    arguments = dict(case["input"])
    kind, expect = arguments.pop("kind"), case["expect"]
    try:
        found = KINDS[kind](lambda value: byte_string(value, directory), **arguments)
    except ps.Reject as reject:
        stage = STAGE_OF_REASON.get(str(reject), STAGE)
        if expect["outcome"] == "reject" and expect["stage"] == stage and str(reject) in expect["reasons"]:
            return ""
        wanted = f"{expect['outcome']} at {expect['stage']} {expect.get('reasons', '')}"
        return f"expected {wanted}, found reject at {stage} {reject}"
    except Exception:
        return traceback.format_exc()
    found |= {"outcome": "accept", "stage": STAGE}
    expect = {name: value for name, value in expect.items() if name not in NOT_NORMATIVE}
    return "\n".join(f"{name}: expected {expect.get(name)}\n{' ' * len(name)}     found {found.get(name)}"
                     for name in sorted(found.keys() | expect.keys()) if found.get(name) != expect.get(name))


def load(directory):
    """All cases, after checks of what the manifest and the files say of themselves."""
    manifest = json.loads((directory / "MANIFEST.json").read_text())["files"]
    cases, accepted = [], set()
    for outcome in ("accept", "reject"):
        name = f"v1/proof_system/{outcome}.json"
        check(name in manifest, f"{name} is not in the manifest")
        content = (directory / name).read_bytes()
        check(hashlib.sha256(content).hexdigest() == manifest[name]["sha256"], f"{name} is not that of the manifest")
        file = json.loads(content)
        check(file["format"] == "proof_system" and file["version"].startswith("1."), f"{name}: unknown format")
        check(len(file["cases"]) == manifest[name]["cases"], f"{name}: not as many cases as the manifest says")
        for case in file["cases"]:
            check(case["expect"]["outcome"] == outcome, f"{case['id']} is in the wrong file")
            check(outcome == "accept" or case["derivedFrom"] in accepted, f"{case['id']} is derived from no accepted case")
            cases.append(case)
        accepted |= {case["id"] for case in cases}
    check(len({case["id"] for case in cases}) == len(cases), "an id is repeated")
    return cases


def main():
    parser = argparse.ArgumentParser(description="Runs the vectors of the format `proof_system`.")
    parser.add_argument("--vectors", type=pathlib.Path, default=ROOT / "vectors")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("words", nargs="*", help="run only the cases with one of these in their id")
    options = parser.parse_args()
    cases = [case for case in load(options.vectors)
             if not options.words or any(word in case["id"] for word in options.words)]

    passed = failed = 0
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        faults = pool.map(functools.partial(run_case, directory=options.vectors), cases)
        for case, fault in zip(cases, faults):
            passed, failed = passed + (not fault), failed + bool(fault)
            print(f"{'FAIL' if fault else 'ok  '} {case['id']}: {case['expect']['outcome']}", flush=True)
            if fault:
                print("     " + fault[:4000].replace("\n", "\n     "), flush=True)
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
