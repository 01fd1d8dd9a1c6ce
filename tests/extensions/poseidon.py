"""Poseidon of two field elements over BN254, as circomlib has it: written from the papers, for the
reference code of the extensions and for the host of run_wasmtime.py. No code of the crate.
"""
P = 0x30644E72E131A029B85045B68181585D2833E84879B9709143E1F593F0000001
T, FULL, PARTIAL = 3, 8, 57


def _grain():
    """The bits of the self-shrinking generator that draws the parameters."""
    register = []
    for bits, value in ((2, 1), (4, 0), (12, 254), (12, T), (10, FULL), (10, PARTIAL), (30, 2**30 - 1)):
        register += [value >> i & 1 for i in reversed(range(bits))]

    def step():
        register.append(sum(register[i] for i in (62, 51, 38, 23, 13, 0)) % 2)
        del register[0]
        return register[-1]

    for _ in range(160):
        step()
    while True:
        first, second = step(), step()
        if first:
            yield second


def _parameters():
    bits = _grain()

    def number():
        return int("".join(str(next(bits)) for _ in range(254)), 2)

    constants = []
    while len(constants) < T * (FULL + PARTIAL):
        drawn = number()
        if drawn < P:
            constants.append(drawn)
    xs, ys = ([number() % P for _ in range(T)] for _ in range(2))
    return constants, [[pow(x + y, -1, P) for y in ys] for x in xs]


CONSTANTS, MATRIX = _parameters()


def poseidon(left, right):
    """The hash of two numbers below P."""
    assert 0 <= left < P and 0 <= right < P
    state = [0, left, right]
    for r in range(FULL + PARTIAL):
        state = [(s + c) % P for s, c in zip(state, CONSTANTS[T * r:])]
        boxes = T if r < FULL // 2 or r >= FULL // 2 + PARTIAL else 1
        state = [pow(s, 5, P) if i < boxes else s for i, s in enumerate(state)]
        state = [sum(m * s for m, s in zip(row, state)) % P for row in MATRIX]
    return state[0]


assert poseidon(1, 2) == 0x115CC0F5E7D690413DF64C6B9662E9CF2A3617F2743245519E19607A4417189A
