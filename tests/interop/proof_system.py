"""The verifier of chapter 07, written from the chapter and not from the crate: decoding, key validation, challenges, both
pairing equations of each segment, and the batch equation. Curve arithmetic and pairing are those of py_ecc."""
import functools
import json
import re

from Crypto.Hash import keccak
from py_ecc.optimized_bn128 import FQ, FQ2, FQ12, G2, add, b2, curve_order, field_modulus, is_inf, multiply, neg, normalize
from py_ecc.optimized_bn128.optimized_pairing import cast_point_to_fq12, final_exponentiate, miller_loop
from py_ecc.optimized_bn128.optimized_curve import twist

INFINITY = (FQ(1), FQ(1), FQ(0))
SIGN_FLAG, INFINITY_FLAG = 0x80, 0x40
KEY_MAGIC = b"midvkey\x01"
# What the chapter calls impossible: more bases than the largest tier needs.
MAX_BASES = 1 << 19
CHALLENGE_DOMAIN = b"middle-client committed-groth16 challenge v1"
BATCH_DOMAIN = b"middle-client committed-groth16 batch v1"
FILE_HEAD = {"format": "middle-client committed-groth16 proof", "version": 1, "curve": "bn254"}
FILE_POINTS = {"a": 32, "b": 64, "c": 32, "d": 32, "knowledge": 32}


class Reject(Exception):
    """A refusal; its argument is the reason, a word of the specification."""


def require(condition, reason):
    if not condition:
        raise Reject(reason)


def keccak256(*parts):
    return keccak.new(digest_bits=256, data=b"".join(parts)).digest()


def number(value, length=4):
    return value.to_bytes(length, "big")


# Field elements and points (PROOF-013, PROOF-014)


def field_from_bytes(data):
    value = int.from_bytes(data, "big")
    require(value < curve_order, "field_element_not_canonical")
    return value


def field_to_bytes(value):
    return value.to_bytes(32, "big")


def square_root(value):
    """A root of a number modulo p, which is 3 modulo 4; None if there is none."""
    root = pow(value, (field_modulus + 1) // 4, field_modulus)
    return root if root * root % field_modulus == value % field_modulus else None


def square_root_2(value):
    """A root in the quadratic extension, by the norm: (u + v i)^2 = c0 + c1 i; None if there is none."""
    c0, c1 = (int(coefficient) for coefficient in value.coeffs)
    half = pow(2, -1, field_modulus)
    if c1 == 0:
        root, imaginary = square_root(c0), square_root(-c0)
        return FQ2([root, 0]) if root is not None else FQ2([0, imaginary])
    norm = square_root(c0 * c0 + c1 * c1)
    if norm is None:
        return None
    for sign in (1, -1):
        u = square_root((c0 + sign * norm) * half)
        if u:
            return FQ2([u, c1 * half * pow(u, -1, field_modulus)])
    return None


def magnitude(y):
    """What decides which of two roots is the greater: in the extension c1 first, then c0."""
    return tuple(int(c) for c in reversed(y.coeffs)) if isinstance(y, FQ2) else (int(y),)


@functools.lru_cache(maxsize=None)
def decode_point(data):
    """A point of G1 (32 bytes) or G2 (64), strictly. A number that is no coordinate, two flags at once and an x without a
    y are encodings of no point; that of the identity has the second highest bit and nothing else."""
    flags = data[-1] & (SIGN_FLAG | INFINITY_FLAG)
    data = data[:-1] + bytes([data[-1] & 0x3F])
    coordinates = [int.from_bytes(data[at:at + 32], "little") for at in range(0, len(data), 32)]
    require(all(c < field_modulus for c in coordinates) and flags != SIGN_FLAG | INFINITY_FLAG, "point_not_on_curve")
    if flags == INFINITY_FLAG:
        require(not any(coordinates), "point_not_canonical")
        raise Reject("point_is_identity")
    if len(coordinates) == 1:
        x = FQ(coordinates[0])
        y = square_root(int(x**3 + 3))
        y = None if y is None else FQ(y)
    else:
        x = FQ2(coordinates)
        y = square_root_2(x**3 + b2)
    require(y is not None, "point_not_on_curve")
    if (magnitude(y) > magnitude(-y)) != bool(flags & SIGN_FLAG):
        y = -y
    point = (x, y, type(x).one())
    # The curve over the prime field has prime order; the twist has not.
    require(len(coordinates) == 1 or is_inf(multiply(point, curve_order)), "point_not_in_subgroup")
    return point


def encode_point(point):
    """The encoding of an element of G1."""
    if is_inf(point):
        return bytes(31) + bytes([INFINITY_FLAG])
    x, y = normalize(point)
    data = bytearray(int(x).to_bytes(32, "little"))
    data[31] |= SIGN_FLAG if magnitude(y) > magnitude(-y) else 0
    return bytes(data)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        require(self.at + length <= len(self.data), "proof_length_mismatch")
        self.at += length
        return self.data[self.at - length:self.at]

    def number(self):
        return int.from_bytes(self.take(4), "big")

    def g1(self):
        return decode_point(self.take(32))

    def g2(self):
        return decode_point(self.take(64))

    def end(self):
        require(self.at == len(self.data), "proof_length_mismatch")


# Keys (PROOF-004, PROOF-005, PROOF-013)


class Key:
    """A verifying key, decoded and validated."""

    def __init__(self, data):
        reader = Reader(data)
        require(reader.take(8) == KEY_MAGIC, "key_malformed")
        self.constants, self.public, self.challenges, self.late_public, committed = (reader.number() for _ in range(5))
        known = self.public + self.challenges + self.late_public
        require(self.constants <= self.public and committed <= 1 and known <= MAX_BASES, "key_malformed")
        self.alpha, self.beta, self.gamma, self.delta = reader.g1(), reader.g2(), reader.g2(), reader.g2()
        self.sigma = reader.g2() if committed else None
        self.bases = [reader.g1() for _ in range(1 + known)]
        reader.end()
        require((self.challenges > 0) == bool(committed), "key_malformed")
        # Equal and opposite points have the same x; decoded ones are affine.
        apart = [self.gamma, self.delta, G2] + ([self.sigma] if committed else [])
        require(len({magnitude(point[0]) for point in apart}) == len(apart), "key_degenerate")
        require(len({int(base[0]) for base in self.bases[1:]}) == known, "key_degenerate")
        self.data, self.digest = data, keccak256(data)

    def sum(self, start, values):
        """The sum of value times base, from one base on."""
        terms = zip(self.bases[start:], values)
        return functools.reduce(add, (multiply(base, value) for base, value in terms), INFINITY)

    def prepare(self, constants):
        """PROOF-009: the prepared point."""
        require(len(constants) == self.constants, "input_count_mismatch")
        return self.sum(1, constants)


# Proofs (PROOF-013, PROOF-015)


class Proof:
    def __init__(self, data, vanilla=False):
        reader = Reader(data)
        self.a, self.b, self.c = reader.g1(), reader.g2(), reader.g1()
        if not vanilla:
            self.d, self.knowledge = reader.g1(), reader.g1()
        reader.end()
        self.data = data


def proof_from_file(text):
    """PROOF-015: exactly one object with exactly these fields, none twice."""
    def unique(pairs):
        require(len(dict(pairs)) == len(pairs), "proof_file_malformed")
        return dict(pairs)

    try:
        file = json.loads(text, object_pairs_hook=unique)
    except ValueError:
        raise Reject("proof_file_malformed") from None
    require(isinstance(file, dict) and file.keys() == FILE_HEAD.keys() | FILE_POINTS.keys(), "proof_file_malformed")
    for name, value in FILE_HEAD.items():
        require(type(file[name]) is type(value) and file[name] == value, "proof_file_malformed")
    for name, length in FILE_POINTS.items():
        digits = isinstance(file[name], str) and re.fullmatch(f"0x[0-9a-f]{{{2 * length}}}", file[name])
        require(digits, "proof_file_malformed")
    return Proof(b"".join(bytes.fromhex(file[name][2:]) for name in FILE_POINTS))


def proof_to_file(proof):
    """The content of the proof file of a proof."""
    reader = Reader(proof.data)
    return FILE_HEAD | {name: "0x" + reader.take(length).hex() for name, length in FILE_POINTS.items()}


# Challenges (PROOF-007, PROOF-008)


def expand(seed, count):
    def half(index, which):
        return keccak256(seed, number(index), bytes([which]))

    return [int.from_bytes(half(index, 0) + half(index, 1), "big") % curve_order for index in range(count)]


def challenge_seed(key, prepared, tier, statement, commitments):
    """The commitments are pairs of public inputs and point."""
    parts = [CHALLENGE_DOMAIN, key.digest, number(tier), number(len(commitments)), encode_point(prepared),
             number(len(statement), 8), statement]
    for public, point in commitments:
        parts += [field_to_bytes(value) for value in public] + [encode_point(point)]
    return keccak256(*parts)


# Equations (PROOF-011, PROOF-012)


def miller(p, q):
    """The pairing of p in G1 and q in G2 before the final exponentiation."""
    return FQ12.one() if is_inf(p) or is_inf(q) else miller_loop(twist(q), cast_point_to_fq12(p), False)


def product_is_one(*pairs):
    return final_exponentiate(functools.reduce(FQ12.__mul__, (miller(p, q) for p, q in pairs))) == FQ12.one()


class Segment:
    """Public inputs that are no constants, public inputs of phase 2, proof."""

    def __init__(self, public, late_public, proof):
        self.public, self.late_public, self.proof = public, late_public, proof


def batch_coefficients(key, seed, prepared, segments):
    parts = [BATCH_DOMAIN, key.digest, seed, encode_point(prepared), number(len(segments))]
    for segment in segments:
        parts += [field_to_bytes(value) for value in segment.public + segment.late_public] + [segment.proof.data]
    second, *rest = expand(keccak256(*parts), len(segments))
    return [value * factor % curve_order for value in [1] + rest for factor in (1, second)]


def inputs_point(key, prepared, challenges, segment):
    """The point I."""
    own = key.sum(1 + key.constants, segment.public + challenges + segment.late_public)
    return add(add(key.bases[0], prepared), own)


def verify(key, prepared, seed, challenges, segments):
    """Returns the coefficients of the batch. Checks the equations one by one and as a batch, which must agree."""
    require(key.sigma is not None, "other_key")
    require(segments, "commitment_mismatch")
    for segment in segments:
        require(len(segment.public) == key.public - key.constants, "input_count_mismatch")
        require(len(segment.late_public) == key.late_public, "input_count_mismatch")

    coefficients = batch_coefficients(key, seed, prepared, segments)
    inputs = [inputs_point(key, prepared, challenges, segment) for segment in segments]
    together = batch_holds(key, segments, inputs, coefficients)
    one_by_one = all(
        product_is_one((neg(proof.a), proof.b), (key.alpha, key.beta), (add(known, proof.d), key.gamma),
                       (proof.c, key.delta))
        and product_is_one((proof.d, key.sigma), (neg(proof.knowledge), G2))
        for proof, known in ((segment.proof, known) for segment, known in zip(segments, inputs)))
    assert together == one_by_one, f"the batch equation holds: {together}; the others hold: {one_by_one}"
    require(together, "proof_invalid")
    return coefficients


def batch_holds(key, segments, inputs, coefficients):
    with_gamma = with_delta = with_sigma = with_one = INFINITY
    pairs = []
    for index, (segment, known) in enumerate(zip(segments, inputs)):
        proof, first, second = segment.proof, coefficients[2 * index], coefficients[2 * index + 1]
        pairs.append((neg(multiply(proof.a, first)), proof.b))
        with_gamma = add(with_gamma, multiply(add(known, proof.d), first))
        with_delta = add(with_delta, multiply(proof.c, first))
        with_sigma = add(with_sigma, multiply(proof.d, second))
        with_one = add(with_one, multiply(proof.knowledge, second))
    alpha = multiply(key.alpha, sum(coefficients[::2]) % curve_order)
    return product_is_one(*pairs, (alpha, key.beta), (with_gamma, key.gamma), (with_delta, key.delta),
                          (with_sigma, key.sigma), (neg(with_one), G2))


def verify_vanilla(key, public, proof):
    require(key.sigma is None, "other_key")
    require(len(public) == len(key.bases) - 1, "input_count_mismatch")
    known = add(key.bases[0], key.sum(1, public))
    require(product_is_one((neg(proof.a), proof.b), (key.alpha, key.beta), (known, key.gamma), (proof.c, key.delta)),
            "proof_invalid")
