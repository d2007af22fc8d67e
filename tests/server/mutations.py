"""Bytes made of other bytes, as a smuggler would: what the fuzzers of the wire feed on."""

import random

__all__ = ["mutate", "mutated"]

TOKENS = (
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"\n\n",
        b"\r\n ",
        b" ",
        b"\t",
        b"\0",
        b"\x0b",
        b":",
        b";",
    ),
    *(b",", b"0", b"0x", b"+", b"-", b"_", b"\x80", b"\xff", b"%0d%0a", b"chunked", b"identity"),
    *(b"0\r\n\r\n", b"1\r\nZ\r\n", b"HTTP/1.0", b"HTTP/1.1", b"HTTP/2.0", b"Content-Length: 5\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Host: localhost\r\n", b"Connection: close\r\n"),
    *(
        b"Connection: upgrade\r\nUpgrade: h2c\r\n",
        b"Expect: 100-continue\r\n",
        b"GET / HTTP/1.1\r\n",
    ),
)


def mutate(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Return `data` with one thing changed, some of it perhaps from `other`."""
    start = chance.randrange(len(data) + 1)
    end = min(len(data), start + chance.choice((1, 1, 2, 4, 16)))
    before, piece, after = data[:start], data[start:end], data[end:]
    token = TOKENS[chance.randrange(len(TOKENS))]
    line = data.splitlines(keepends=True) or [b""]
    one = line[chance.randrange(len(line))]
    cut = chance.randrange(len(other) + 1)
    ways = (
        lambda: before + after,
        lambda: before + piece + piece + after,
        lambda: before + token + piece + after,
        lambda: before + token + after,
        lambda: before + piece.swapcase() + after,
        lambda: before + bytes([chance.randrange(256)]) + after,
        lambda: before + other[cut:],
        lambda: data.replace(one, one + one, 1),
        lambda: data.replace(one, b"", 1),
        lambda: data.replace(b"\r\n", b"\n", 1 + chance.randrange(3)),
        lambda: data + other,
    )
    return ways[chance.randrange(len(ways))]()


def mutated(data: bytes, others: list[bytes], chance: random.Random, most: int = 4) -> bytes:
    """Return `data` with up to `most` things changed."""
    for _ in range(1 + chance.randrange(most)):
        data = mutate(data, others[chance.randrange(len(others))], chance)
    return data[: 64 * 1024]
