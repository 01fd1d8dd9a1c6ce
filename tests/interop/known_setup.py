"""Setup and prover of chapter 07 for the example circuit `Permutation` of the crate, "in the exponent": the secrets of a
setup from a published seed are known, so each element of key and proof is the generator times a number, and these numbers
are computed here from the chapter's equations, without a Fourier transform."""
import functools
import struct

from py_ecc.optimized_bn128 import G1, G2, curve_order, multiply, normalize

from proof_system import (KEY_MAGIC, SIGN_FLAG, Proof, challenge_seed, encode_point, expand, field_to_bytes, keccak256,
                          magnitude, number)

P = curve_order
# The generator of the multiplicative group from which the domains are made, and the power of two in its order.
GENERATOR, TWO_ADICITY = 5, 28
CHALLENGES = 2


def inverse(value):
    return pow(value, -1, P)


# Randomness: ChaCha with 20 rounds and a counter of 64 bits, as `rand_chacha` has it


def chacha20(seed):
    """The words of 64 bits of the key stream."""
    def quarter(s, a, b, c, d):
        for x, y, z, shift in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & 0xFFFFFFFF
            word = s[z] ^ s[x]
            s[z] = (word << shift | word >> (32 - shift)) & 0xFFFFFFFF

    key = struct.unpack("<8I", seed)
    counter = 0
    while True:
        start = [*struct.unpack("<4I", b"expand 32-byte k"), *key, counter & 0xFFFFFFFF, counter >> 32, 0, 0]
        state = start.copy()
        for _ in range(10):
            for column in range(4):
                quarter(state, column, 4 + column, 8 + column, 12 + column)
            for column in range(4):
                quarter(state, column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
        words = [(a + b) & 0xFFFFFFFF for a, b in zip(state, start)]
        yield from (low | high << 32 for low, high in zip(words[::2], words[1::2]))
        counter += 1


def field_elements(seed):
    """Field elements as `ark-ff` draws them: 254 bits, until they are below the modulus, in Montgomery form."""
    words = chacha20(seed)
    while True:
        value = sum(next(words) << 64 * limb for limb in range(4)) & (1 << 254) - 1
        if value < P:
            yield value * inverse(1 << 256) % P


def nonzero(elements):
    return next(value for value in elements if value)


# The circuit: rows are triples of linear combinations, which map names of variables to coefficients


def permutation(length):
    """Names of the variables by class, and the rows."""
    weights = [("weight", i) for i in range(length)]
    left, right = [("left", i) for i in range(length)], [("right", i) for i in range(length)]
    terms = [("term", i) for i in range(1, length)]
    challenges = [("challenge", i) for i in range(CHALLENGES)]
    partial = [(side, "partial", i) for side in ("left", "right") for i in range(length - 1)]
    public, late_public = weights + [("inner",)], [("product",)]
    committed = left + right + terms + [("blinder",)]

    rows = [({left[i]: 1}, {weights[i]: 1}, {("term", i): 1}) for i in range(1, length)]
    rows.append(({left[0]: 1}, {weights[0]: 1}, {("inner",): 1} | {term: P - 1 for term in terms}))
    for side in ("left", "right"):
        product = "one"
        for i in range(length):
            following = ("product",) if i + 1 == length else (side, "partial", i)
            rows.append(({product: 1}, {challenges[0]: 1, (side, i): P - 1}, {following: 1}))
            product = following
    instance = ["one"] + public + challenges + late_public + committed
    used = {name for row in rows for combination in row for name in combination}
    # PROOF-003
    rows += [({name: 1}, {}, {}) for name in instance if name not in used and name != "one"]
    return [weights, public, challenges, late_public, committed, partial], rows


class Circuit:
    def __init__(self, length):
        self.length = length
        self.classes, self.rows = permutation(length)
        self.constants, self.public, self.challenges, self.late_public, self.committed, self.private = self.classes
        self.known = ["one"] + self.public + self.challenges + self.late_public
        self.variables = self.known + self.committed + self.private

    def digest(self):
        index = {name: at for at, name in enumerate(self.variables)}
        parts = [number(len(names), 8) for names in self.classes] + [number(len(self.rows), 8)]
        for matrix in range(3):
            for row in self.rows:
                terms = sorted((index[name], coefficient) for name, coefficient in row[matrix].items())
                parts.append(number(len(terms), 8))
                parts += [field_to_bytes(coefficient) + number(variable, 8) for variable, coefficient in terms]
        return keccak256(*parts)

    def phase_1(self, weights, left, right, blinder):
        values = {"one": 1, ("blinder",): blinder}
        for name, vector in (("weight", weights), ("left", left), ("right", right)):
            values |= {(name, i): value for i, value in enumerate(vector)}
        products = [a * b % P for a, b in zip(left, weights)]
        values |= {("term", i): product for i, product in enumerate(products) if i}
        values["inner",] = sum(products) % P
        return values

    def phase_2(self, values, challenges):
        values = values | {("challenge", i): challenge for i, challenge in enumerate(challenges)}
        for side in ("left", "right"):
            product = 1
            for i in range(self.length):
                product = product * (challenges[0] - values[side, i]) % P
                values[("product",) if i + 1 == self.length else (side, "partial", i)] = product
        return values


# The setup


def g1(scalar):
    return encode_point(multiply(G1, scalar % P))


def g2(scalar):
    x, y = normalize(multiply(G2, scalar % P))
    data = bytearray(b"".join(int(c).to_bytes(32, "little") for c in x.coeffs))
    data[63] |= SIGN_FLAG if magnitude(y) > magnitude(-y) else 0
    return bytes(data)


class Setup:
    """All secrets of a setup, and the polynomials of the variables at its point."""

    def __init__(self, circuit, seed):
        self.circuit = circuit
        drawn = field_elements(seed)
        self.alpha, self.beta, self.gamma, self.delta, self.sigma = (nonzero(drawn) for _ in range(5))
        size = 1
        while size < len(circuit.rows):
            size *= 2
        # The crate draws the point outside of a domain that is larger than this one; neither is ever hit.
        self.x = next(drawn)
        root = pow(GENERATOR, (P - 1) // size, P)
        assert pow(root, size, P) == 1 and pow(self.x, 1 << TWO_ADICITY, P) != 1
        vanishing = pow(self.x, size, P) - 1
        lagrange = [vanishing * pow(root, i, P) * inverse(size * (self.x - pow(root, i, P))) % P
                    for i in range(len(circuit.rows))]
        self.polynomials = [dict.fromkeys(circuit.variables, 0) for _ in range(3)]
        for row, weight in zip(circuit.rows, lagrange):
            for polynomial, combination in zip(self.polynomials, row):
                for name, coefficient in combination.items():
                    polynomial[name] = (polynomial[name] + coefficient * weight) % P

    def numerator(self, name):
        a, b, c = (polynomial[name] for polynomial in self.polynomials)
        return self.beta * a + self.alpha * b + c

    def base(self, name):
        """P_i of the chapter."""
        return self.numerator(name) * inverse(self.gamma) % P

    def verifying_key(self):
        circuit = self.circuit
        counts = [len(names) for names in (circuit.constants, circuit.public, circuit.challenges, circuit.late_public)]
        points = [g1(self.alpha), g2(self.beta), g2(self.gamma), g2(self.delta), g2(self.sigma)]
        return b"".join([KEY_MAGIC, *map(number, counts), number(1), *points, *(g1(self.base(n)) for n in circuit.known)])

    def commitment(self, values):
        return sum(values[name] * self.base(name) for name in self.circuit.committed) % P

    def prove(self, values, r, s):
        """A, B and C as numbers."""
        a, b, c = (sum(values[name] * polynomial[name] for name in self.circuit.variables) % P
                   for polynomial in self.polynomials)
        proof_a, proof_b = self.alpha + a + r * self.delta, self.beta + b + s * self.delta
        private = sum(values[name] * self.numerator(name) for name in self.circuit.private)
        # a b - c is the quotient times the vanishing polynomial.
        private = (private + a * b - c) * inverse(self.delta)
        return proof_a, proof_b, private + s * proof_a + r * proof_b - r * s * self.delta


@functools.lru_cache(maxsize=None)
def setup(length, seed):
    made = Setup(Circuit(length), seed)
    return made, made.verifying_key()


def prove_segments(setup_seed, seed, weights, tier, statement, segments, key_of):
    """Everything that a vector of the kind `prove` expects. Segments are pairs of vectors. All blinders are drawn first,
    then r and s of each segment."""
    made, key_bytes = setup(len(weights), setup_seed)
    key, circuit = key_of(key_bytes), made.circuit
    drawn = field_elements(seed)
    early = [circuit.phase_1(weights, left, right, nonzero(drawn)) for left, right in segments]
    commitments = [([values["inner",]], multiply(G1, made.commitment(values))) for values in early]
    challenges = expand(challenge_seed(key, key.prepare(weights), tier, statement, commitments), CHALLENGES)
    proofs = []
    for values in early:
        values = circuit.phase_2(values, challenges)
        r, s = nonzero(drawn), nonzero(drawn)
        a, b, c = made.prove(values, r, s)
        d = made.commitment(values)
        data = g1(a) + g2(b) + g1(c) + g1(d) + g1(made.sigma * d)
        proofs.append(([values["inner",]], [values["product",]], Proof(data), (values["blinder",], r, s)))
    return circuit, key, proofs
