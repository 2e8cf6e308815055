"""Cells of a workbook as text, a column at a time: by the type of the cell, whatever format it shows."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LEAST_PLAIN, MOST_PLAIN, LEAST_WITH_EXPONENT = 1e-4, 1e15, 1e9
NOT_PLAIN = re.compile("[en]|^-0$")
EXACT_DIGITS = 15
"""Significant digits that a spreadsheet keeps of a number: 0.1 + 0.2 is 0.3."""
FIRST_LONG = 1e15
"""The first number of more digits than a spreadsheet keeps."""
EXACT_WHOLE = 1 << 53
"""Up to here every whole number has a float of its own; beyond, digits would be shown that nobody wrote."""


def text_of_column(cells: Sequence[Any], decimal: str) -> pa.Array:
    """The text of each cell; null where a cell is empty.

    Text stays as it is. Numbers have the decimal sign of the source, no thousands mark and no exponent; days are
    YYYY-MM-DD, with the time of day behind them where there is one; durations are hours:minutes:seconds; what is
    true is 1, what is not 0.

    Args:
        cells: as calamine gives them: text, number, truth, date, time, duration; an empty text for an empty cell.
        decimal: the decimal sign that the source declares.
    """
    texts = _texts(cells)
    if texts is not None:
        return texts
    parts = []
    for kind in dict.fromkeys(map(type, cells)):
        own = [cell if type(cell) is kind else None for cell in cells]
        parts.append(COLUMNS[kind](own, decimal) if kind in COLUMNS else _one_by_one(own, decimal))
    return parts[0] if len(parts) == 1 else pc.coalesce(*parts)


def text_of(cell: Any, decimal: str) -> str | None:
    """The text of one cell."""
    return TEXTS[type(cell)](cell, decimal)


def _one_by_one(cells: Sequence[Any], decimal: str) -> pa.Array:
    return pa.array([None if cell is None else text_of(cell, decimal) for cell in cells], pa.string())


def _texts(cells: Sequence[Any]) -> pa.Array | None:
    """The texts, where all cells are texts. Encoding them together takes a third of the time of one by one."""
    try:
        joined = "\0".join(cells).encode()
    except TypeError:
        return None
    content = np.frombuffer(joined, dtype=np.uint8)
    ends = np.append(np.flatnonzero(content == 0), len(content))
    if len(ends) != len(cells):  # a text with the separator in it
        return pa.array([cell or None for cell in cells], pa.string())
    offsets = np.zeros(len(cells) + 1, dtype=np.int32)
    offsets[1:] = ends - np.arange(len(ends))
    texts = pa.StringArray.from_buffers(
        len(cells), pa.py_buffer(offsets), pa.py_buffer(content[content != 0])
    )
    empty = np.diff(offsets) == 0
    return pc.if_else(pa.array(~empty), texts, None) if empty.any() else texts


def numbers_as_text(numbers: pa.Array, decimal: str) -> pa.Array:
    """The text of each number; null where there is none."""
    values = numbers.to_numpy(zero_copy_only=False)
    size = np.abs(values)
    if not (size > EXACT_WHOLE).any():
        with contextlib.suppress(pa.ArrowInvalid):
            return numbers.cast(pa.int64()).cast(pa.string())
    # Arrow writes what tells one number from all others: 17 digits and exponents where a sheet shows fewer.
    texts = numbers.cast(pa.string())
    plain = (size >= LEAST_PLAIN) & (size < MOST_PLAIN) | (values == 0) & ~np.signbit(values)
    odd = ~plain | (pc.binary_length(texts).to_numpy(zero_copy_only=False) > EXACT_DIGITS + 1)
    if (size >= LEAST_WITH_EXPONENT).any():  # Arrow writes 1e+14 where that is shorter
        odd |= pc.match_substring(texts, "e").fill_null(False).to_numpy(zero_copy_only=False)
    odd &= numbers.is_valid().to_numpy(zero_copy_only=False)
    if odd.any():
        found = [f"{number:.{EXACT_DIGITS}g}" for number in values[odd].tolist()]
        if any(map(NOT_PLAIN.search, found)):
            found = [_plain(number) for number in values[odd].tolist()]
        texts = pc.replace_with_mask(texts, pa.array(odd), pa.array(found, pa.string()))
    return pc.replace_substring(texts, ".", decimal) if decimal != "." else texts


def _plain(number: float) -> str:
    if not math.isfinite(number):
        return str(number)
    if number.is_integer() and abs(number) <= EXACT_WHOLE:
        return str(int(number))
    text = repr(number).removesuffix(".0") if number.is_integer() else format(number, f".{EXACT_DIGITS}g")
    return format(Decimal(text), "f") if "e" in text else text


def _moment(cell: datetime, decimal: str) -> str:
    return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")


def _duration(cell: timedelta, decimal: str) -> str:
    seconds = cell.days * 86400 + cell.seconds
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


TEXTS: dict[type, Callable[[Any, str], str | None]] = {
    str: lambda cell, decimal: cell or None,
    bool: lambda cell, decimal: "1" if cell else "0",
    int: lambda cell, decimal: str(cell),
    float: lambda cell, decimal: _plain(cell).replace(".", decimal),
    datetime: _moment,
    date: lambda cell, decimal: cell.isoformat(),
    time: lambda cell, decimal: cell.isoformat(),
    timedelta: _duration,
}
COLUMNS: dict[type, Callable[[Sequence[Any], str], pa.Array]] = {
    str: lambda cells, decimal: pa.array([cell or None for cell in cells], pa.string()),
    float: lambda cells, decimal: numbers_as_text(pa.array(cells, pa.float64()), decimal),
    date: lambda cells, decimal: pa.array(cells, pa.date32()).cast(pa.string()),
}
"""The same for all cells of a kind at once; None is no cell."""
