"""Records of a sheet are found window by window, as a walk from one to the next finds them."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest

from include.sources.formats import biff

FIXED = {0x0208: 16, 0x0201: 6, 0x0203: 14, 0x0205: 8, 0x027E: 10, 0x00FD: 10}
OTHERS = (0x00BD, 0x00BE, 0x0006, 0x00D6, 0x005D)


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def sheet(chance: random.Random, records: int) -> bytearray:
    """Records of a sheet with charts in it, of which many hold what looks like the beginning of another one."""
    parts, depth = [record(biff.BOF, bytes(16))], 1
    for _ in range(records):
        draw = chance.random()
        if draw < 0.02:
            parts.append(record(biff.BOF, bytes(16)))
            depth += 1
        elif draw < 0.04 and depth > 1:
            parts.append(record(biff.EOF, b""))
            depth -= 1
        elif draw < 0.2:
            parts.append(record(chance.choice(OTHERS), content(chance, chance.randrange(40))))
        else:
            kind = chance.choice(list(FIXED))
            parts.append(record(kind, content(chance, FIXED[kind])))
    parts += [record(biff.EOF, b"")] * depth
    return bytearray(b"".join(parts) + content(chance, chance.randrange(30)) + bytes(biff.MARGIN))


def content(chance: random.Random, size: int) -> bytes:
    """Bytes, of which some look like the beginning of a record."""
    kind = chance.choice(list(FIXED))
    at = chance.randrange(size + 1)
    return (bytes(at) + struct.pack("<HH", kind, FIXED[kind]) + bytes(size))[:size]


def one_by_one(stream: bytearray) -> tuple[list[int], list[bool]]:
    """Places of the records up to the end of the sheet, and which of them lie in a chart."""
    places, inner, depth = [], [], 0
    for kind, at, _ in biff.records(stream):
        depth += kind == biff.BOF
        places.append(at)
        inner.append(depth > 1)
        depth -= kind == biff.EOF
        if not depth:
            return places, inner
    raise AssertionError


@pytest.mark.parametrize("window", [1, 7, 64, 1000, biff.WINDOW])
@pytest.mark.parametrize("seed", range(12))
def test_the_records_are_those_that_a_walk_from_one_to_the_next_finds(
    monkeypatch: pytest.MonkeyPatch, window: int, seed: int
) -> None:
    monkeypatch.setattr(biff, "WINDOW", window)
    stream = sheet(random.Random(seed), 400)
    found = list(biff.walked(stream, biff.words_of(stream), 0))
    places = np.concatenate([places for places, _ in found])
    inner = np.concatenate([inner for _, inner in found])
    assert (places.tolist(), inner.tolist()) == one_by_one(stream)
    assert 0 < inner.sum() < len(inner)


@pytest.mark.parametrize(
    "broken",
    [
        record(biff.EOF, b""),
        record(0x0208, bytes(16)) + record(biff.BOF, bytes(16)) + record(biff.EOF, b""),
        record(biff.BOF, bytes(16)) + record(0x0208, bytes(16)) * 3,
        record(biff.BOF, bytes(16)) * 2 + record(biff.EOF, b""),
    ],
    ids=["no beginning", "another beginning", "no end", "a chart without an end"],
)
def test_what_is_no_whole_sheet_is_refused(broken: bytes) -> None:
    stream = bytearray(broken + bytes(biff.MARGIN))
    with pytest.raises(biff.BrokenContainer):
        list(biff.walked(stream, biff.words_of(stream), 0))
