"""Mutations of files: of bytes, of the values of JSON, and of the members of archives.

The same label gives the same mutation.
"""

import copy
import gzip
import io
import json
import lzma
import random
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

TOKENS = (
    b"\0", b"\xff" * 4, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0" * 8, b"9" * 400, b"9" * 5000, b"-1",
    b"1e999", b"NaN", b"-Infinity", b"null", b"[]", b"{}", b'""', b"[" * 3000, b'{"a":' * 3000, b"\xef\xbb\xbf",
    b"\xed\xa0\x80", b"\\ud800", b"<!DOCTYPE a>", b"&a;", b"\n", b",", b'"', b"'", b"`", b"true", b"0x10", b"%s",
    b"cnumpy\nndarray\n", b"cnumpy\ndtype\n", b"cbuiltins\neval\n", b"X\x02\0\0\0O8", b"R", b"b", b"q\x00",
    b"r\xff\xff\xff\x0f", b"\x85", b"\x86", b"\x93", b"2", b"0", b"(", b"t", b"}", b"]", b"u", b"s",
    b"../../etc/passwd",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 3, 1 << 31, 1 << 63, -(1 << 63) - 1, 10**18, 10**399, 0.5, -0.0, 1e308, 1e-320,
    float("nan"), float("inf"), "", "a", "none", "\0", "\ud800", "é" * 50, "x" * 20_000, "../../etc/passwd",
    "/dev/zero", "~nobody/x", [], {}, [[]], [None], [1, 2, 3, 4], [[1]], {"a": []}, {"": None}, [0] * 1000,
)  # fmt: skip


def mutated(seeds: Sequence[bytes], kind: str, label: str) -> bytes:
    """One to four mutations of one of the seeds.

    Args:
        seeds: Contents of valid files.
        kind: 'bytes', 'json', 'lines' (of JSON), 'zip', 'gz' or 'xz': what else than bytes is mutated.
        label: Determines the mutation.
    """
    rng = random.Random(label)
    content = rng.choice(seeds)
    if rng.random() < 0.02:
        return content
    if rng.random() < 0.6 and kind in _STRUCTURED:
        return _STRUCTURED[kind](content, rng)
    return _bytes(content, rng, seeds)


def _bytes(content: bytes, rng: random.Random, seeds: Sequence[bytes] = ()) -> bytes:
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        where = rng.randrange(len(data) + 1)
        if rng.random() < 0.3:
            where = min(where, rng.randrange(64))  # headers
        action = rng.randrange(9)
        if action == 0 and data:
            data[min(where, len(data) - 1)] ^= 1 << rng.randrange(8)
        elif action == 1:
            data[where : where + 1] = bytes([rng.randrange(256)])
        elif action == 2:
            data[where:where] = rng.randbytes(rng.randrange(1, 9))
        elif action == 3:
            del data[where : where + rng.randrange(1, 40)]
        elif action == 4:
            del data[where:]
        elif action == 5:
            token = rng.choice(TOKENS)
            data[where : where + rng.choice((0, len(token)))] = token
        elif action == 6:
            chunk = data[where : where + rng.randrange(1, 200)]
            data[where:where] = chunk * rng.choice((1, 2, 50))
        elif action == 7 and seeds:
            other = rng.choice(seeds)
            start = rng.randrange(len(other) + 1)
            data[where : where + rng.randrange(1, 200)] = other[start : start + rng.randrange(1, 200)]
        else:
            data[where : where + 4] = rng.choice((0, 1, 127, 255, 1 << 16, (1 << 31) - 1, (1 << 32) - 1)).to_bytes(
                4, rng.choice(("little", "big"))
            )
    return bytes(data)


def _json(content: bytes, rng: random.Random) -> bytes:
    document = json.loads(content)
    for _ in range(rng.choice((1, 1, 2, 3))):
        document = _with_other_value(document, rng)
    return json.dumps(document).encode("utf-8", "surrogatepass")


def _lines(content: bytes, rng: random.Random) -> bytes:
    lines = content.splitlines()
    index = rng.randrange(len(lines))
    lines[index] = _json(lines[index], rng)
    return b"\n".join(lines) + b"\n"


def _with_other_value(document: Any, rng: random.Random) -> Any:
    """A copy in which one value, key or length is another."""
    root = [copy.deepcopy(document)]
    node: Any = root
    key: Any = 0
    while isinstance(node[key], (dict, list)) and node[key] and rng.random() < 0.85:
        node = node[key]
        key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
    action = rng.randrange(8)
    if action == 0 and node is not root:
        del node[key]
    elif action == 1 and isinstance(node, dict):
        node[rng.choice(("", "id", "x" * 1000, "type"))] = rng.choice(VALUES)
    elif action == 2 and isinstance(node, list):
        node.insert(key, copy.deepcopy(node[rng.randrange(len(node))]))
    elif action == 3 and isinstance(node[key], (int, float)) and not isinstance(node[key], bool):
        node[key] = rng.choice((-node[key], node[key] + 1, node[key] * 10**9, str(node[key]), [node[key]]))
    else:
        node[key] = copy.deepcopy(rng.choice(VALUES))
    return root[0]


def _zip(content: bytes, rng: random.Random) -> bytes:
    """One member is mutated, or renamed, repeated, compressed or left out; checksums are those of the new content."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    index = rng.randrange(len(members))
    name, data = members[index]
    action = rng.randrange(10)
    if action == 0:
        del members[index]
    elif action == 1:
        members[index] = (name + rng.choice(("x", "/", "\\..")), data)
    elif action == 2:
        members[index] = (name, data + b"\0" * 1_000_000)
    else:
        members[index] = (name, _bytes(data, rng))
    out = io.BytesIO()
    method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def _compressed(compress: Callable[[bytes], bytes], decompress: Callable[[bytes], bytes]) -> Any:
    def mutate(content: bytes, rng: random.Random) -> bytes:
        return compress(_bytes(decompress(content), rng))

    return mutate


_STRUCTURED: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "json": _json,
    "lines": _lines,
    "zip": _zip,
    "gz": _compressed(lambda data: gzip.compress(data, 1), gzip.decompress),
    "xz": _compressed(lambda data: lzma.compress(data, preset=0), lzma.decompress),
}
