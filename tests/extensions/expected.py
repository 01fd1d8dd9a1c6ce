#!/usr/bin/env python3
"""Makes cases.json of every extension from reference code in plain Python, never from the modules.

A reference function takes input, witness and context and returns the output (and the post-state, if
the extension has one), or raises Reject or Trap. Each case also names by hand the outcome that it is
there for; a reference that says otherwise is an error.

usage: expected.py           writes the files
       expected.py --check   compares, and exits with 1 on a difference
"""
import hashlib
import json
import pathlib
import struct
import sys

from poseidon import P, poseidon

HERE = pathlib.Path(__file__).resolve().parent
U64 = 2**64
ACCEPTED = "accepted"


class Reject(Exception):
    """A rejection; its argument is the extension's code."""


class Trap(Exception):
    """A trap; its argument is the trap's name."""


def require(condition, code):
    if not condition:
        raise Reject(code)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def draw(label, length):
    """Seeded bytes: the same on every machine."""
    return hashlib.shake_256(label.encode()).digest(length)


def draw_ints(label, count, size):
    data = draw(label, count * size)
    return [int.from_bytes(data[i:i + size], "little") for i in range(0, len(data), size)]


def u64s(*values):
    return struct.pack(f"<{len(values)}Q", *values)


def u32s(*values):
    return struct.pack(f"<{len(values)}I", *values)


def unpack(kind, data):
    return list(struct.unpack(f"<{len(data) // struct.calcsize(kind)}{kind}", data))


def flip(data, at):
    """The same bytes with one bit changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


# The identity of the sender and the place of the Operation, the same in every case that does not
# override them. The two hashes stand in for what the specification defines: no module reads them.
def context_of(data, witness, **override):
    context = {
        "operation_hash": sha256(b"operation", data),
        "sender": draw("sender", 20),
        "lane": 1,
        "to": draw("to", 20),
        "witness_commitment": sha256(b"witness", witness) if witness else bytes(32),
        "anchor_hash": draw("anchor", 32),
        "anchor_slot": 10_000_000,
        "pre_state_root": draw("state", 32),
    }
    return {**context, **override}


def field(context, name):
    """A context field as the module sees it: 32 bytes, big-endian."""
    value = context[name]
    return value.to_bytes(32, "big") if isinstance(value, int) else value.rjust(32, b"\0")


class Cases:
    """The cases of one extension, in the order in which they are added."""

    def __init__(self, reference):
        self.reference = reference
        self.cases = []

    def add(self, name, description, data, want, witness=b"", small=False, large=False, **override):
        context = context_of(data, witness, **override)
        pre = context["pre_state_root"]
        try:
            output = self.reference(data, witness, context)
            output, post = output if isinstance(output, tuple) else (output, pre)
            outcome, expect = ACCEPTED, {"outcome": ACCEPTED, "code": 0}
        except Reject as reject:
            outcome = reject.args[0]
            # Only `traps` has written an output by the time it rejects.
            output, post = reject.args[1] if len(reject.args) > 1 else b"", pre
            expect = {"outcome": "rejected", "code": outcome}
        except Trap as trap:
            outcome, output, post = trap.args[0], b"", pre
            expect = {"outcome": "trapped", "trap": outcome}
        assert outcome == want, f"{name}: wanted {want}, reference says {outcome}"
        case = {
            "id": name,
            "description": description,
            "input": "0x" + data.hex(),
            "witness": "0x" + witness.hex(),
            "context": {k: hex(v) if isinstance(v, int) else "0x" + v.hex() for k, v in context.items()},
            "expect": {**expect, "output": "0x" + output.hex(), "post_state": "0x" + post.hex()},
        }
        if small:
            case["small"] = True
        if large:
            case["large"] = True
        self.cases.append(case)


# fibonacci ----------------------------------------------------------------------------------------

def fibonacci(data, _witness, _context):
    require(len(data) == 8, 1)
    (n,) = unpack("Q", data)
    require(n < 2**32, 2)

    def pair(n):  # (F(n), F(n + 1)) by doubling: another algorithm than the module's
        if n == 0:
            return 0, 1
        a, b = pair(n // 2)
        c, d = a * (2 * b - a) % U64, (a * a + b * b) % U64
        return (d, (c + d) % U64) if n % 2 else (c, d)

    return u64s(pair(n)[0])


def fibonacci_cases():
    c = Cases(fibonacci)
    for n in (0, 1, 2, 93):
        c.add(f"n_{n}", f"F({n}).", u64s(n), ACCEPTED)
    c.add("n_94", "F(94), the first number that exceeds 64 bits, is reduced.", u64s(94), ACCEPTED)
    c.add("n_1001", "A thousand steps.", u64s(1001), ACCEPTED, small=True)
    c.add("n_1000000", "A million steps.", u64s(1_000_000), ACCEPTED, large=True)
    c.add("empty_input", "No n.", b"", 1)
    c.add("long_input", "One byte too many.", u64s(5) + b"\0", 1)
    c.add("n_too_large", "n = 2^32.", u64s(2**32), 2)
    return c.cases


# sha256 -------------------------------------------------------------------------------------------

def sha256_cases():
    c = Cases(lambda data, _witness, _context: sha256(data))
    c.add("empty_input", "The empty message.", b"", ACCEPTED)
    c.add("abc", "The message of FIPS 180-4's first example.", b"abc", ACCEPTED)
    for length in (4, 7, 8, 55, 56, 63, 64, 65):
        c.add(f"length_{length}", f"{length} bytes: an edge of words, blocks or padding.",
              draw(f"sha256 {length}", length), ACCEPTED)
    c.add("length_500", "Eight blocks and a rest.", draw("sha256 500", 500), ACCEPTED, small=True)
    c.add("length_16384", "256 blocks and the padding.", draw("sha256 large", 16384), ACCEPTED, large=True)
    return c.cases


# sort ---------------------------------------------------------------------------------------------

def sort(data, _witness, _context):
    require(len(data) % 4 == 0, 1)
    require(len(data) <= 65536, 2)
    return u32s(*sorted(unpack("I", data)))


def sort_cases():
    c = Cases(sort)
    c.add("empty_input", "No elements.", b"", ACCEPTED)
    c.add("one", "One element.", u32s(7), ACCEPTED)
    c.add("two", "Two elements in the wrong order.", u32s(7, 3), ACCEPTED)
    c.add("unsigned", "0x80000000 and above sort last, as unsigned numbers.",
          u32s(2**32 - 1, 0, 2**31, 2**31 - 1, 1), ACCEPTED)
    c.add("equal", "Equal elements.", u32s(*[5] * 33), ACCEPTED)
    c.add("sorted", "Sorted already.", u32s(*range(200)), ACCEPTED)
    c.add("descending", "In descending order.", u32s(*range(200, 0, -1)), ACCEPTED)
    c.add("random_200", "200 elements.", u32s(*draw_ints("sort", 200, 4)), ACCEPTED, small=True)
    c.add("random_4096", "4,096 elements.", u32s(*draw_ints("sort large", 4096, 4)), ACCEPTED, large=True)
    c.add("half_an_element", "Six bytes are not whole elements.", bytes(6), 1)
    c.add("too_long", "One element more than the output can hold.", bytes(65540), 2)
    return c.cases


# matrix_product -----------------------------------------------------------------------------------

def matrix_product(data, _witness, _context):
    require(len(data) >= 16, 1)
    m, k, n, padding = unpack("I", data[:16])
    require(padding == 0, 1)
    require(all(1 <= d <= 64 for d in (m, k, n)), 2)
    require(len(data) == 16 + 4 * (m * k + k * n), 3)
    elements = unpack("i", data[16:])
    a, b = elements[:m * k], elements[m * k:]
    return u64s(*(sum(a[i * k + x] * b[x * n + j] for x in range(k)) % U64 for i in range(m) for j in range(n)))


def matrix_product_cases():
    def matrices(m, k, n):
        return u32s(m, k, n, 0) + draw(f"matrices {m} {k} {n}", 4 * (m * k + k * n))

    c = Cases(matrix_product)
    c.add("one_by_one", "A product of two numbers.", u32s(1, 1, 1, 0) + struct.pack("<2i", -3, 7), ACCEPTED)
    c.add("identity", "The identity leaves a matrix as it is.",
          u32s(2, 2, 2, 0) + struct.pack("<8i", 1, 0, 0, 1, 1, -2, 3, -4), ACCEPTED)
    c.add("extremes", "Two products of -2^31 by -2^31 make 2^63, which wraps to the least i64.",
          u32s(1, 2, 1, 0) + struct.pack("<4i", *[-2**31] * 4), ACCEPTED)
    c.add("odd_length", "3 by 5 times 5 by 3, all odd.", matrices(3, 5, 3), ACCEPTED)
    c.add("row_by_column", "1 by 64 times 64 by 1.", matrices(1, 64, 1), ACCEPTED)
    c.add("column_by_row", "64 by 1 times 1 by 3.", matrices(64, 1, 3), ACCEPTED)
    c.add("random_12", "12 by 12 times 12 by 12.", matrices(12, 12, 12), ACCEPTED, small=True)
    c.add("random_48", "48 by 48 times 48 by 48.", matrices(48, 48, 48), ACCEPTED, large=True)
    c.add("empty_input", "No header.", b"", 1)
    c.add("short_header", "A header of 12 bytes.", u32s(1, 1, 1), 1)
    c.add("padding", "The header's last word is not zero.", u32s(1, 1, 1, 1, 2, 3), 1)
    c.add("zero_dimension", "k = 0.", u32s(1, 0, 1, 0), 2)
    c.add("dimension_65", "n = 65.", u32s(1, 1, 65, 0) + bytes(4 * 66), 2)
    c.add("missing_element", "One element too few.", matrices(3, 5, 3)[:-4], 3)
    c.add("extra_byte", "One byte too many.", matrices(2, 2, 2) + b"\0", 3)
    return c.cases


# Hashes -------------------------------------------------------------------------------------------

class Sha256:
    """What the extensions of trees and signatures hash, and how."""
    draw = staticmethod(draw)
    digit_shifts = (6, 4, 2, 0)

    @staticmethod
    def node(left, right):
        return sha256(left, right)

    @staticmethod
    def owner(address_field):
        return address_field

    @staticmethod
    def account(owner, balance, nonce):
        return sha256(owner, u64s(balance, nonce))

    @staticmethod
    def member(secret):
        return sha256(secret)

    @staticmethod
    def nullifier(secret, scope):
        return sha256(b"nullify\0", secret, scope)

    @staticmethod
    def signed(message, context):
        return sha256(field(context, "sender"), field(context, "lane"), message)

    @staticmethod
    def step(value, chain, position):
        return sha256(value, struct.pack(">2I", chain, position))

    @staticmethod
    def public_key(ends, n):
        return sha256(*ends, struct.pack(">I", n))


class Poseidon:
    """The same with elements of 32 bytes, little-endian."""
    digit_shifts = (0, 2, 4, 6)

    @staticmethod
    def draw(label, length):
        data = bytearray(draw(label, length))
        for i in range(31, length, 32):
            data[i] &= 15
        return bytes(data)

    @staticmethod
    def node(left, right):
        numbers = [int.from_bytes(element, "little") for element in (left, right)]
        if max(numbers) >= P:
            raise Trap("element_not_canonical")
        return poseidon(*numbers).to_bytes(32, "little")

    @staticmethod
    def number(value):
        return value.to_bytes(32, "little")

    @staticmethod
    def owner(address_field):
        return address_field[::-1]

    @classmethod
    def account(cls, owner, balance, nonce):
        return cls.node(cls.node(owner, cls.number(balance + U64 * nonce)), cls.number(2**128))

    @classmethod
    def member(cls, secret):
        return cls.node(secret, cls.number(1))

    @classmethod
    def nullifier(cls, secret, scope):
        return cls.node(cls.node(secret, cls.number(2)), scope)

    @classmethod
    def signed(cls, message, context):
        state = cls.number(len(message))
        for text in (field(context, "sender"), field(context, "lane"), message):
            for at in range(0, len(text), 24):
                state = cls.node(state, text[at:at + 24].ljust(32, b"\0"))
        return state

    @classmethod
    def step(cls, value, chain, position):
        return cls.node(value, cls.number(4 * chain + position))

    @classmethod
    def public_key(cls, ends, n):
        state = cls.number(n)
        for end in ends:
            state = cls.node(state, end)
        return state


NO_ELEMENT = P.to_bytes(32, "little")
NOT_CANONICAL = "element_not_canonical"


# one_time_signature -------------------------------------------------------------------------------

def signature_digits(digest, n, hashes):
    digits = [byte >> shift & 3 for byte in digest[:n] for shift in hashes.digit_shifts]
    checksum, length = sum(3 - d for d in digits), 1
    while 4**length <= 12 * n:
        length += 1
    return digits + [checksum // 4**i % 4 for i in reversed(range(length))]


def one_time_signature_cases(hashes=Sha256):
    def walk(value, chain, start, end):
        for position in range(start, end):
            value = hashes.step(value, chain, position)
        return value

    def one_time_signature(data, witness, context):
        require(len(data) >= 40, 1)
        (n,) = unpack("Q", data[:8])
        require(1 <= n <= 32, 2)
        digest = hashes.signed(data[40:], context)
        digits = signature_digits(digest, n, hashes)
        require(len(witness) == 32 * len(digits), 3)
        ends = [walk(witness[32 * i:32 * i + 32], i, d, 3) for i, d in enumerate(digits)]
        require(hashes.public_key(ends, n) == data[8:40], 4)
        return digest

    def sign(message, n, **override):
        """(input, witness) by the signer: every chain from its seed, not from the signature."""
        digits = signature_digits(hashes.signed(message, context_of(b"", b"", **override)), n, hashes)
        seeds = [hashes.draw(f"one-time key {n} {chain}", 32) for chain in range(len(digits))]
        public_key = hashes.public_key([walk(s, i, 0, 3) for i, s in enumerate(seeds)], n)
        signature = b"".join(walk(s, i, 0, d) for i, (s, d) in enumerate(zip(seeds, digits)))
        return u64s(n) + public_key + message, signature

    c = Cases(one_time_signature)
    message = b"pay 5 to alice"
    data, signature = sign(message, 1)
    c.add("digits_4", "A valid signature over one digest byte.", data, ACCEPTED, signature, small=True)
    long_data, long_signature = sign(message, 32)
    c.add("digits_128", "A valid signature over the whole digest.", long_data, ACCEPTED, long_signature, large=True)
    for length in (0, 3, 64):
        other_data, other_signature = sign(draw(f"message {length}", length), 2)
        c.add(f"message_{length}", f"A message of {length} bytes.", other_data, ACCEPTED, other_signature)
    c.add("tampered_signature", "One bit of the signature changed.", data, 4, flip(signature, 40))
    c.add("tampered_last_chain", "One bit in the last checksum chain changed.", long_data, 4,
          flip(long_signature, len(long_signature) - 1))
    c.add("tampered_message", "One bit of the message changed.", flip(long_data, 40), 4, long_signature)
    c.add("tampered_public_key", "One bit of the public key changed.", flip(data, 8), 4, signature)
    c.add("other_sender", "A signature for another account.", long_data, 4, long_signature, sender=draw("thief", 20))
    c.add("other_lane", "A signature for another lane.", long_data, 4, long_signature, lane=2)
    # Anyone can raise a digit by walking its chain; the checksum would have to be walked back.
    digits = signature_digits(hashes.signed(message, context_of(b"", b"")), 1, hashes)
    at = next(i for i in range(4) if digits[i] < 3)
    raised = walk(signature[32 * at:32 * at + 32], at, digits[at], digits[at] + 1)
    c.add("raised_digit", "A chain walked one step further than the message says.", data, 4,
          signature[:32 * at] + raised + signature[32 * at + 32:])
    c.add("empty_input", "No header.", b"", 1)
    c.add("short_header", "One byte short of a header.", data[:39], 1, signature)
    c.add("n_0", "A signature over nothing.", u64s(0) + data[8:], 2)
    c.add("n_33", "More than the digest has.", u64s(33) + data[8:], 2)
    c.add("n_high_bits", "n = 2^32 + 1 is not 1.", u64s(2**32 + 1) + data[8:], 2, signature)
    c.add("empty_witness", "No signature.", data, 3)
    c.add("short_signature", "One byte short.", data, 3, signature[:-1])
    c.add("long_signature", "One byte too many.", data, 3, signature + b"\0")
    if hashes is Poseidon:
        c.add("no_element", "A value of the signature is the modulus.", data, NOT_CANONICAL, NO_ELEMENT + signature[32:])
    return c.cases


# Merkle trees -------------------------------------------------------------------------------------

class Tree:
    """A whole tree in memory, as a ledger would keep it; the modules only ever see paths."""

    def __init__(self, leaves, hashes):
        self.levels, self.hashes = [list(leaves)], hashes
        while len(self.levels[-1]) > 1:
            below = self.levels[-1]
            self.levels.append([hashes.node(below[i], below[i + 1]) for i in range(0, len(below), 2)])

    @property
    def root(self):
        return self.levels[-1][0]

    def path(self, index):
        return b"".join(level[index >> i ^ 1] for i, level in enumerate(self.levels[:-1]))

    def set(self, index, leaf):
        self.levels[0][index] = leaf
        for below, level in zip(self.levels, self.levels[1:]):
            index //= 2
            level[index] = self.hashes.node(below[2 * index], below[2 * index + 1])


def path_root(leaf, index, path, hashes):
    for level in range(len(path) // 32):
        sibling = path[32 * level:32 * level + 32]
        leaf = hashes.node(sibling, leaf) if index >> level & 1 else hashes.node(leaf, sibling)
    return leaf


# token_ledger -------------------------------------------------------------------------------------

def token_ledger(data, witness, context, hashes=Sha256):
    require(len(data) % 16 == 0 and 32 <= len(data) <= 16 + 16 * 256, 1)
    (index, nonce), payments = unpack("Q", data[:16]), unpack("Q", data[16:])
    payments = list(zip(payments[::2], payments[1::2]))
    depth = unpack("Q", witness[:8])[0] if len(witness) >= 8 else 0
    require(1 <= depth <= 32, 2)
    size = 48 + 32 * depth
    require(len(witness) == 8 + (1 + len(payments)) * size, 2)

    def opening(at, index, root):
        require(index < 2**depth, 3)
        text = witness[8 + at * size:8 + (at + 1) * size]
        owner, (balance, nonce) = text[:32], unpack("Q", text[32:48])
        require(path_root(hashes.account(owner, balance, nonce), index, text[48:], hashes) == root, 4)
        return owner, balance, nonce, text[48:]

    def updated(owner, balance, nonce, index, path):
        return path_root(hashes.account(owner, balance, nonce), index, path, hashes)

    owner, balance, account_nonce, path = opening(0, index, context["pre_state_root"])
    require(owner == hashes.owner(field(context, "sender")), 5)
    require(account_nonce == nonce, 6)
    total = sum(amount for _, amount in payments)
    require(total <= balance, 7)
    require(nonce + 1 < U64, 6)
    root = updated(owner, balance - total, nonce + 1, index, path)
    for at, (to, amount) in enumerate(payments, 1):
        owner, balance, account_nonce, path = opening(at, to, root)
        require(balance + amount < U64, 8)
        root = updated(owner, balance + amount, account_nonce, to, path)
    return u64s(total, nonce + 1), root


class Ledger:
    """The accounts themselves, and what a prover makes of them."""

    def __init__(self, depth, sender_at, hashes=Sha256, **sender):
        self.depth, self.hashes = depth, hashes
        owners = (hashes.owner(draw(f"owner {i}", 20).rjust(32, b"\0")) for i in range(2**depth))
        self.accounts = [(owner, 1000 + i, i % 7) for i, owner in enumerate(owners)]
        self.at = sender_at
        owner = hashes.owner(draw("sender", 20).rjust(32, b"\0"))
        self.accounts[sender_at] = (owner, sender.get("balance", 5000), sender.get("nonce", 3))
        self.tree = Tree((self.leaf(i) for i in range(2**depth)), hashes)
        self.root = self.tree.root

    def leaf(self, index):
        owner, balance, nonce = self.accounts[index]
        return self.hashes.account(owner, balance, nonce)

    def opening(self, index):
        owner, balance, nonce = self.accounts[index]
        return owner + u64s(balance, nonce) + self.tree.path(index)

    def change(self, index, balance, nonce=0):
        owner, old_balance, old_nonce = self.accounts[index]
        self.accounts[index] = (owner, (old_balance + balance) % U64, (old_nonce + nonce) % U64)
        self.tree.set(index, self.leaf(index))

    def pay(self, *payments):
        """(input, witness); the ledger itself moves on, valid or not."""
        data = u64s(self.at, self.accounts[self.at][2], *(v for payment in payments for v in payment))
        witness = u64s(self.depth) + self.opening(self.at)
        self.change(self.at, -sum(amount for _, amount in payments), 1)
        for to, amount in payments:
            witness += self.opening(to)
            self.change(to, amount)
        return data, witness


def token_ledger_cases(hashes=Sha256):
    c = Cases(lambda *case: token_ledger(*case, hashes))
    # A tree of 4,096 accounts would take Python many seconds with this hash.
    many = 12 if hashes is Sha256 else 8

    def accept(name, description, ledger, *payments, **marks):
        data, witness = ledger.pay(*payments)
        c.add(name, description, data, ACCEPTED, witness, pre_state_root=ledger.root, **marks)
        # The whole tree and the paths have to tell the same.
        assert c.cases[-1]["expect"]["post_state"] == "0x" + ledger.tree.root.hex(), name
        return data, witness

    two = Ledger(1, 0, hashes)
    data, witness = accept("one_payment", "One payment in a tree of two accounts.", two, (1, 700), small=True)
    accept("eight_payments", f"Eight payments in a tree of {2**many:,} accounts.", Ledger(many, 77, hashes),
           *((i, 10 + i) for i in draw_ints("recipients", 8, 1)), large=True)
    accept("whole_balance", "The sender pays all that it has.", Ledger(2, 1, hashes), (3, 5000))
    accept("zero_amount", "A payment of nothing still uses up the nonce.", Ledger(2, 1, hashes), (3, 0))
    accept("to_oneself", "The recipient's opening is the sender's, after the debit.", Ledger(2, 1, hashes), (1, 100))
    accept("same_recipient_twice", "The second opening shows the first credit.", Ledger(2, 1, hashes), (2, 5), (2, 6))

    def reject(name, description, code, data=data, witness=witness, root=two.root, **override):
        c.add(name, description, data, code, witness, pre_state_root=root, **override)

    reject("empty_input", "No sender.", 1, data=b"")
    reject("no_payment", "A sender but no payment.", 1, data=data[:16])
    reject("half_payment", "A recipient without an amount.", 1, data=data[:-8])
    reject("empty_witness", "No accounts.", 2, witness=b"")
    reject("depth_0", "A tree of one account is not allowed.", 2, witness=u64s(0) + witness[8:])
    reject("depth_33", "Deeper than allowed.", 2, witness=u64s(33) + witness[8:])
    reject("short_witness", "One byte short.", 2, witness=witness[:-1])
    reject("missing_opening", "The recipient's opening is missing.", 2, witness=witness[:8 + 80])
    reject("sender_index", "The sender's index is 2^depth.", 3, data=u64s(2) + data[8:])
    reject("recipient_index", "The recipient's index has a high bit set.", 3,
           data=data[:16] + u64s(2**32 + 1) + data[24:])
    reject("tampered_balance", "The witness gives the sender one token more.", 4, witness=flip(witness, 8 + 32))
    reject("tampered_sibling", "One bit of the sender's path changed.", 4, witness=flip(witness, 8 + 48))
    reject("tampered_recipient", "One bit of the recipient's opening changed.", 4, witness=flip(witness, 8 + 80 + 32))
    reject("stale_root", "Accounts of another state.", 4, root=draw("state", 32))
    stale = Ledger(1, 0, hashes)
    reject("stale_recipient", "The recipient's path is from before the debit.", 4,
           witness=u64s(1) + stale.opening(0) + stale.opening(1))
    reject("replayed", "The same Operation on the state that it left behind.", 4, root=two.tree.root)
    reject("not_the_owner", "The account is another sender's.", 5, sender=draw("thief", 20))
    reject("wrong_nonce", "The nonce is one too high.", 6, data=data[:8] + u64s(4) + data[16:])

    for name, description, code, sender, payments in (
        ("last_nonce", "The nonce cannot grow.", 6, {"nonce": U64 - 1}, [(1, 1)]),
        ("overdraft", "One token more than the balance.", 7, {}, [(1, 5001)]),
        ("overdraft_in_sum", "Each payment is covered, their sum is not.", 7, {}, [(1, 3000), (1, 3000)]),
        ("amounts_overflow", "Two amounts whose sum wraps around to 2.", 7, {}, [(1, U64 - 1), (1, 3)]),
        ("balance_overflow", "The recipient's balance would wrap around.", 8, {"balance": U64 - 1}, [(1, U64 - 1)]),
    ):
        ledger = Ledger(1, 0, hashes, **sender)
        bad_data, bad_witness = ledger.pay(*payments)
        reject(name, description, code, bad_data, bad_witness, ledger.root)
    if hashes is Poseidon:
        reject("no_element", "The sender's sibling is the modulus.", NOT_CANONICAL,
               witness=witness[:56] + NO_ELEMENT + witness[88:])
        reject("no_owner", "The sender's owner has all bits set.", NOT_CANONICAL,
               witness=witness[:8] + b"\xff" * 32 + witness[40:])
    return c.cases


# nullifier_membership -----------------------------------------------------------------------------

def nullifier_membership(data, witness, _context, hashes=Sha256):
    require(len(data) == 64, 1)
    path = witness[40:]
    require(len(witness) >= 40 and len(path) % 32 == 0 and 1 <= len(path) // 32 <= 32, 2)
    secret, (index,) = witness[:32], unpack("Q", witness[32:40])
    require(index < 2 ** (len(path) // 32), 3)
    require(path_root(hashes.member(secret), index, path, hashes) == data[:32], 4)
    return hashes.nullifier(secret, data[32:])


def nullifier_membership_cases(hashes=Sha256):
    c = Cases(lambda *case: nullifier_membership(*case, hashes))
    draw = hashes.draw
    secret, scope = draw("secret", 32), draw("scope", 32)

    def member(depth, index):
        """(input, witness) of the secret's leaf in a whole tree."""
        secrets = (secret if i == index else draw(f"member {i}", 32) for i in range(2**depth))
        tree = Tree((hashes.member(secret) for secret in secrets), hashes)
        return tree.root + scope, secret + u64s(index) + tree.path(index)

    data, witness = member(3, 5)
    c.add("depth_3", "A member of eight.", data, ACCEPTED, witness, small=True)
    for name, description, depth, index in (
        ("depth_1", "A member of two.", 1, 0),
        ("last_index", "The last member of sixteen.", 4, 15),
        ("other_place", "The same secret in another tree has the same nullifier.", 2, 1),
    ):
        other_data, other_witness = member(depth, index)
        c.add(name, description, other_data, ACCEPTED, other_witness)
    c.add("other_scope", "The same member in another scope has another nullifier.",
          data[:32] + draw("other scope", 32), ACCEPTED, witness)
    same = {case["expect"]["output"] for case in c.cases if case["id"] != "other_scope"}
    assert len(same) == 1, "the nullifier depends on more than secret and scope"
    path, index = draw("path", 32 * 32), 0xC0FFEE11
    deep = secret + u64s(index) + path
    root = path_root(hashes.member(secret), index, path, hashes)
    c.add("depth_32", "The deepest tree, all siblings drawn.", root + scope, ACCEPTED, deep, large=True)

    c.add("empty_input", "No root.", b"", 1, witness)
    c.add("long_input", "One byte too many.", data + b"\0", 1, witness)
    c.add("empty_witness", "No secret.", data, 2)
    c.add("no_path", "A secret and an index, but no path.", data, 2, witness[:40])
    c.add("ragged_path", "The last sibling is one byte short.", data, 2, witness[:-1])
    c.add("depth_33", "One sibling too many.", data, 2, deep + bytes(32))
    c.add("index_too_large", "An index with a bit above the depth.", data, 3, secret + u64s(5 + 8) + witness[40:])
    c.add("wrong_secret", "Not a member.", data, 4, flip(witness, 0))
    c.add("wrong_index", "The path of another place.", data, 4, secret + u64s(4) + witness[40:])
    c.add("tampered_path", "One bit of a sibling changed.", data, 4, flip(witness, 40 + 64))
    c.add("other_root", "Another tree.", draw("root", 32) + scope, 4, witness)
    if hashes is Poseidon:
        other = (int.from_bytes(secret, "little") + P).to_bytes(32, "little")
        c.add("secret_plus_modulus", "The same element by another number.", data, NOT_CANONICAL, other + witness[32:])
        c.add("no_sibling", "A sibling that is no element.", data, NOT_CANONICAL, witness[:40] + NO_ELEMENT + witness[72:])
        c.add("no_scope", "A scope that is no element.", data[:32] + b"\xff" * 32, NOT_CANONICAL, witness)
    return c.cases


# fee_rule -----------------------------------------------------------------------------------------

def fee_rule(data, _witness, _context):
    require(len(data) % 8 == 0 and len(data) >= 32, 1)
    base_fee, gas_limit, blocks, *pattern = unpack("Q", data)
    require(2 <= gas_limit < 2**32, 2)
    require(max(pattern) <= gas_limit, 3)
    require(blocks <= 1_000_000, 4)
    require(base_fee < 2**62, 5)
    seen, target = [base_fee], gas_limit // 2
    for block in range(blocks):  # as EIP-1559 writes it
        gas_used = pattern[block % len(pattern)]
        if gas_used > target:
            base_fee += max(base_fee * (gas_used - target) // target // 8, 1)
            if base_fee >= 2**62:
                raise Trap("aborted")
        elif gas_used < target:
            base_fee -= base_fee * (target - gas_used) // target // 8
        seen.append(base_fee)
    return u64s(base_fee, min(seen), max(seen))


def fee_rule_cases():
    c = Cases(fee_rule)
    gwei, limit = 10**9, 30_000_000
    pattern = [v % (limit + 1) for v in draw_ints("gas used", 16, 4)]
    c.add("no_blocks", "The base fee stays.", u64s(gwei, limit, 0, 0), ACCEPTED)
    c.add("at_target", "Blocks at the target change nothing.", u64s(gwei, limit, 10, limit // 2), ACCEPTED)
    c.add("full_block", "A full block adds an eighth.", u64s(gwei, limit, 1, limit), ACCEPTED)
    c.add("empty_block", "An empty block takes an eighth.", u64s(gwei, limit, 1, 0), ACCEPTED)
    c.add("least_increase", "An increase that rounds to 0 is 1 wei.", u64s(7, limit, 1, limit // 2 + 1), ACCEPTED)
    c.add("zero", "A base fee of zero rises above zero.", u64s(0, limit, 2, limit), ACCEPTED)
    c.add("odd_limit", "The target of an odd limit is rounded down.", u64s(2**61, 3, 2, 3, 0), ACCEPTED)
    c.add("wide_product", "Base fee times distance exceeds 64 bits.",
          u64s(2**61 + 12345, 2**32 - 1, 2, 2**32 - 3, 17), ACCEPTED)
    c.add("blocks_100", "100 blocks of changing use.", u64s(gwei, limit, 100, *pattern), ACCEPTED, small=True)
    c.add("blocks_50000", "50,000 blocks of changing use.", u64s(gwei, limit, 50_000, *pattern), ACCEPTED, large=True)
    c.add("empty_input", "No header.", b"", 1)
    c.add("no_pattern", "A header only.", u64s(gwei, limit, 1), 1)
    c.add("ragged_input", "One byte too many.", u64s(gwei, limit, 1, 0) + b"\0", 1)
    c.add("limit_1", "A gas limit of 1 has the target 0.", u64s(gwei, 1, 1, 0), 2)
    c.add("limit_too_large", "A gas limit of 2^32.", u64s(gwei, 2**32, 1, 0), 2)
    c.add("above_limit", "A block uses one gas too many.", u64s(gwei, limit, 1, 0, limit + 1), 3)
    c.add("too_many_blocks", "1,000,001 blocks.", u64s(gwei, limit, 1_000_001, 0), 4)
    c.add("base_fee_too_large", "A base fee of 2^62.", u64s(2**62, limit, 0, 0), 5)
    c.add("aborted", "An increase to 2^62 fails the assertion.", u64s(2**62 - 1, limit, 1, limit), "aborted")
    return c.cases


# operation_bundler --------------------------------------------------------------------------------

def operation_bundler(data, _witness, _context):
    require(len(data) % 40 == 8, 1)
    require(len(data) // 40 <= 1024, 2)
    gas_limit = gas_left = unpack("Q", data[:8])[0]
    queues, fees = {}, 0
    rows = [struct.unpack("<20sIQQ", data[at:at + 40]) for at in range(8, len(data), 40)]
    for sender, nonce, fee, gas in rows:
        require(fee < 2**32 and gas != 0, 4)
        require(gas < 2**22, 5)
    for index, (sender, nonce, fee, gas) in enumerate(rows):
        queue = queues.setdefault(sender, {})
        require(nonce not in queue, 3)
        queue[nonce] = (index, fee, gas)
    # The rule word for word: look at every offer each time. No heap, no sorted pool.
    offers, batch = {sender: min(queue) for sender, queue in queues.items()}, []
    while offers:
        best = min(offers, key=lambda s: (-queues[s][offers[s]][1], queues[s][offers[s]][0]))
        nonce = offers.pop(best)
        index, fee, gas = queues[best][nonce]
        if gas <= gas_left:
            gas_left -= gas
            fees += fee * gas
            batch.append(index)
            if nonce + 1 in queues[best]:
                offers[best] = nonce + 1
    return u64s(gas_limit - gas_left, fees) + u32s(*batch)


def operation_bundler_cases():
    alice, bob, carol = (draw(name, 20) for name in ("alice", "bob", "carol"))

    def pool(gas_limit, *operations):
        return u64s(gas_limit) + b"".join(struct.pack("<20sIQQ", *operation) for operation in operations)

    def random_pool(label, count, senders, gas_limit):
        numbers, nonces, operations = iter(draw_ints(label, 3 * count, 4)), {}, []
        for _ in range(count):
            sender = next(numbers) % senders
            nonces[sender] = nonces.get(sender, 9) + 1
            fee, gas = next(numbers) % 100, 21000 + next(numbers) % 100_000
            operations.append((draw(f"{label} {sender}", 20), nonces[sender], fee, gas))
        # Not in the order of nonces: the pool is shuffled by a hash of the place.
        order = sorted(range(count), key=lambda i: sha256(label.encode(), u64s(i)))
        return pool(gas_limit, *(operations[i] for i in order))

    c = Cases(operation_bundler)
    c.add("empty_pool", "A gas limit and no operations.", pool(30_000_000), ACCEPTED)
    c.add("by_fee", "Three senders, highest fee first.",
          pool(10**6, (alice, 0, 5, 100), (bob, 0, 9, 100), (carol, 0, 7, 100)), ACCEPTED)
    c.add("tie", "Equal fees: the order of the pool.",
          pool(10**6, (carol, 0, 5, 100), (alice, 0, 5, 100), (bob, 0, 5, 100)), ACCEPTED)
    c.add("nonce_before_fee", "A high fee waits for the sender's earlier nonce.",
          pool(10**6, (alice, 1, 50, 100), (alice, 0, 1, 100), (bob, 0, 9, 100)), ACCEPTED)
    c.add("nonce_gap", "What comes after a missing nonce is left out.",
          pool(10**6, (alice, 0, 5, 100), (alice, 2, 9, 100), (bob, 7, 1, 100)), ACCEPTED)
    c.add("gas_limit", "What does not fit is left out, with its sender's later ones; the others go on.",
          pool(250, (alice, 0, 9, 200), (bob, 0, 8, 60), (bob, 1, 7, 10), (carol, 0, 1, 50)), ACCEPTED)
    c.add("no_gas", "A gas limit of 0 makes an empty batch.", pool(0, (alice, 0, 9, 1)), ACCEPTED)
    c.add("extremes", "The highest nonce, fee and gas.",
          pool(U64 - 1, (alice, 2**32 - 1, 2**32 - 1, 2**22 - 1), (alice, 2**32 - 2, 0, 1)), ACCEPTED)
    c.add("nearby_senders", "Senders that differ in the first or the last byte only.",
          pool(10**6, (flip(alice, 19), 0, 1, 1), (flip(alice, 0), 0, 1, 1), (alice, 0, 1, 1)), ACCEPTED)
    c.add("random_40", "40 operations of 9 senders.", random_pool("pool", 40, 9, 2_000_000), ACCEPTED, small=True)
    c.add("random_800", "800 operations of 150 senders.",
          random_pool("large pool", 800, 150, 45_000_000), ACCEPTED, large=True)
    c.add("empty_input", "No gas limit.", b"", 1)
    c.add("ragged_input", "Half an operation.", pool(10**6) + bytes(20), 1)
    c.add("too_many", "1,025 operations.", pool(10**6) + bytes(40 * 1025), 2)
    c.add("duplicate_nonce", "A sender's nonce occurs twice.",
          pool(10**6, (alice, 0, 5, 100), (bob, 0, 1, 1), (alice, 0, 6, 100)), 3)
    c.add("zero_gas", "An operation without gas.", pool(10**6, (alice, 0, 5, 0)), 4)
    c.add("fee_too_large", "A fee of 2^32 per gas.", pool(10**6, (alice, 0, 2**32, 1)), 4)
    c.add("gas_too_large", "2^22 gas.", pool(10**7, (alice, 0, 5, 2**22)), 5)
    return c.cases


# traps --------------------------------------------------------------------------------------------

SELECTORS = (
    ("unreachable", "unreachable", "An unreachable instruction."),
    ("division_by_zero", "integer_divide_by_zero", "1 / 0."),
    ("remainder_by_zero", "integer_divide_by_zero", "1 modulo 0, 64 bits."),
    ("division_overflow", "integer_overflow", "The least i32 divided by -1."),
    ("remainder_no_overflow", None, "The least i32 modulo -1 is 0."),
    ("division_overflow_64", "integer_overflow", "The least i64 divided by -1."),
    ("last_memory_word", None, "A load of the last four bytes."),
    ("load_past_end", "out_of_bounds_memory_access", "A load one byte past the end."),
    ("address_and_offset", "out_of_bounds_memory_access", "Address 2^32 - 1 with offset 1 is not address 0."),
    ("fill_past_end", "out_of_bounds_memory_access", "memory.fill one byte past the end."),
    ("empty_fill_at_end", None, "memory.fill of nothing at the end."),
    ("copy_past_end", "out_of_bounds_memory_access", "memory.copy from one byte past the end."),
    ("init_past_segment", "out_of_bounds_memory_access", "memory.init past the end of the segment."),
    ("init_after_drop", "out_of_bounds_memory_access", "memory.init from a dropped segment."),
    ("past_table", "undefined_element", "call_indirect past the end of the table."),
    ("empty_entry", "uninitialized_element", "call_indirect of an entry that was never set."),
    ("wrong_type", "indirect_call_type_mismatch", "call_indirect of a function of another type."),
    ("endless_recursion", "call_stack_exhausted", "A function that calls itself for ever."),
    ("output_word", "host_index_out_of_bounds", "Output word 8,192."),
    ("output_length", "host_index_out_of_bounds", "An output of 65,537 bytes."),
    ("post_state_word", "host_index_out_of_bounds", "Post-state word 4."),
    ("last_output_word", None, "Output word 8,191, beyond the declared length."),
    ("abort", "aborted", "AssemblyScript's abort."),
)
REACHED = b"reached\0"


def traps(data, _witness, context):
    require(len(data) == 1, 1)
    if data[0] >= len(SELECTORS):
        raise Reject(2, REACHED)
    if SELECTORS[data[0]][1]:
        raise Trap(SELECTORS[data[0]][1])
    return REACHED, b"\xff" * 8 + context["pre_state_root"][8:]


def traps_cases():
    c = Cases(traps)
    for selector, (name, trap, description) in enumerate(SELECTORS):
        c.add(name, description, bytes([selector]), trap or ACCEPTED, small=name == "remainder_no_overflow")
    c.add("empty_input", "No selector.", b"", 1)
    c.add("rejected_with_output", "An unknown selector: the output stays, the post-state does not.", b"\xff", 2)
    return c.cases


# --------------------------------------------------------------------------------------------------

EXTENSIONS = {
    "fee_rule": fee_rule_cases,
    "fibonacci": fibonacci_cases,
    "matrix_product": matrix_product_cases,
    "nullifier_membership": nullifier_membership_cases,
    "nullifier_membership_poseidon": lambda: nullifier_membership_cases(Poseidon),
    "one_time_signature": one_time_signature_cases,
    "one_time_signature_poseidon": lambda: one_time_signature_cases(Poseidon),
    "operation_bundler": operation_bundler_cases,
    "sha256": sha256_cases,
    "sort": sort_cases,
    "token_ledger": token_ledger_cases,
    "token_ledger_poseidon": lambda: token_ledger_cases(Poseidon),
    "traps": traps_cases,
}


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    different = []
    for name, make in EXTENSIONS.items():
        cases = make()
        assert len({case["id"] for case in cases}) == len(cases), f"{name}: an id occurs twice"
        assert sum(case.get("small", False) for case in cases) == 1, f"{name}: not exactly one small case"
        text = json.dumps(cases, indent=2, sort_keys=True) + "\n"
        path = HERE / name / "cases.json"
        if not arguments:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            different.append(str(path.relative_to(HERE)))
    for path in different:
        print(f"{path}: differs from the reference", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
