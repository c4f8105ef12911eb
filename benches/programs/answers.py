"""Computes what the benchmark programs return, with other implementations: hashlib, the package blake3
(pip install blake3; the official implementation's binding), Python's integers, sorted, json and plain loops.

    python benches/programs/answers.py
"""

import collections
import hashlib
import json
import pathlib

import blake3

MASK = 0xFFFF_FFFF


class Random:
    """Marsaglia's xorshift, 32 bits."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state ^= self.state << 13 & MASK
        self.state ^= self.state >> 17
        self.state ^= self.state << 5 & MASK
        return self.state


def fold(words):
    result = 0
    for word in words:
        result = ((result << 1 | result >> 31) & MASK) ^ word & MASK
    return result


def first_word(digest):
    return int.from_bytes(digest[:4], "big")


def sponge(message, suffix):
    """FIPS 202's sponge with 256 bits of output; suffix 0x06 is SHA3-256, 0x01 is keccak-256."""
    lanes = [[0] * 5 for _ in range(5)]
    padded = bytearray(message) + bytes([suffix])
    padded += bytes(-len(padded) % 136)
    padded[-1] |= 0x80

    def rotated(lane, by):
        return (lane << by | lane >> (64 - by)) & (2**64 - 1)

    for begin in range(0, len(padded), 136):
        for index in range(17):
            at = begin + 8 * index
            lanes[index % 5][index // 5] ^= int.from_bytes(padded[at : at + 8], "little")
        register = 1
        for _ in range(24):
            parity = [a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4] for a in lanes]
            lanes = [
                [lane ^ parity[x - 1] ^ rotated(parity[(x + 1) % 5], 1) for lane in lanes[x]] for x in range(5)
            ]
            x, y, current = 1, 0, lanes[1][0]
            for step in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                current, lanes[x][y] = lanes[x][y], rotated(current, (step + 1) * (step + 2) // 2 % 64)
            lanes = [
                [lanes[x][y] ^ ~lanes[(x + 1) % 5][y] & lanes[(x + 2) % 5][y] for y in range(5)] for x in range(5)
            ]
            for bit in range(7):
                register = (register << 1 ^ (register >> 7) * 0x71) & 0xFF
                if register & 2:
                    lanes[0][0] ^= 1 << (1 << bit) - 1
    return b"".join((lanes[x][0] & (2**64 - 1)).to_bytes(8, "little") for x in range(4))


def keccak256(message):
    return sponge(message, 0x01)


# The sponge above is not somebody else's, so it answers to hashlib first.
for length in (0, 64, 135, 136, 256):
    assert sponge(bytes(length), 0x06) == hashlib.sha3_256(bytes(length)).digest()


def sha256(blocks):
    return first_word(hashlib.sha256(b"".join(n.to_bytes(4, "big") for n in range(16 * blocks))).digest())


def sieve(limit):
    composite = bytearray(limit)
    for number in range(2, int(limit**0.5) + 1):
        composite[number * number :: number] = b"\1" * len(range(number * number, limit, number))
    return limit - 2 - sum(composite[2:])


def matrix(n):
    numbers, state = [], 12345
    for _ in range(2 * n * n):
        state = (state * 1664525 + 1013904223) & MASK
        numbers.append(state)
    left, right = numbers[: n * n], numbers[n * n :]
    columns = [right[j::n] for j in range(n)]
    rows = [left[i * n : i * n + n] for i in range(n)]
    return fold(sum(a * b for a, b in zip(row, column)) for row in rows for column in columns)


def keccak(rounds):
    message = bytes(range(256))
    for _ in range(rounds):
        message = keccak256(message) + message[32:]
    return first_word(message)


def blake3_hash(pieces):
    return first_word(blake3.blake3(bytes(range(251)) * 4 * pieces).digest())


def modexp(rounds):
    random = Random(362_436_069)

    def number():
        return sum(random.next() << 32 * word for word in range(16))

    modulus, exponent, power = number() | 1, number(), number()
    for _ in range(rounds):
        power = pow(power, exponent, modulus)
    return power & MASK


def sort(count):
    random = Random(2_463_534_242)
    return fold(sorted(random.next() for _ in range(count)))


def life(generations):
    random = Random(88_172_645)
    cells = {(row, column) for row in range(64) for column in range(64) if random.next() >> 9 & 1}
    populations = []
    for _ in range(generations):
        neighbours = collections.Counter(
            ((row + down) % 64, (column + right) % 64)
            for row, column in cells
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
            if down or right
        )
        cells = {cell for cell, count in neighbours.items() if count == 3 or count == 2 and cell in cells}
        populations.append(len(cells))
    return fold(populations)


def interpreter(last):
    lengths = [0] * 256
    for number in range(1, last + 1):
        value = number
        while value != 1:
            value = 3 * value + 1 if value % 2 else value // 2
            lengths[number % 256] += 1
    return fold(lengths)


def json_text(rounds):
    def noted(value):
        if value is None:
            yield 3
        elif value is True:
            yield 1
        elif value is False:
            yield 2
        elif isinstance(value, int):
            yield value
        elif isinstance(value, str):
            yield len(value.encode("utf-16-le")) // 2
        elif isinstance(value, list):
            for item in value:
                yield from noted(item)
        else:
            for key, item in value.items():
                yield from noted(key)
                yield from noted(item)

    text = pathlib.Path(__file__).with_name("rust").joinpath("examples/orders.json").read_text("utf-8")
    return fold(list(noted(json.loads(text))) * rounds)


def erc20(calls):
    balances = [1_000_000] * 64
    allowances = [150_000] * 64
    random, succeeded = Random(521_288_629), 0
    for call in range(calls):
        sender, to, value = random.next() % 64, random.next() % 64, random.next() % 200_000
        spends = call % 4 == 3
        payer = 0 if spends else sender
        if balances[payer] < value or spends and allowances[sender] < value:
            continue
        allowances[sender] -= value if spends else 0
        balances[payer] -= value
        balances[to] += value
        succeeded += 1
    return fold([succeeded] + balances)


for program, argument in [
    (sha256, 2_000),
    (keccak, 600),
    (blake3_hash, 100),
    (sieve, 1_000_000),
    (matrix, 96),
    (modexp, 2),
    (sort, 10_000),
    (life, 40),
    (interpreter, 1_000),
    (json_text, 20),
    (erc20, 300),
]:
    print(f"{program.__name__}({argument}) = 0x{program(argument):08x}")
