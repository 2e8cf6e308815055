"""What must hold of every file, sound or damaged: it is refused with a clear word, or every record is accounted for."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import openpyxl
import pyarrow.parquet as pq

from include.contracts import load
from include.sources import Limits, SourceDefinition, SourceError
from include.steps.judge import Input, Past, Task, judge
from tests.mutation.originals import AGENCIES, FORMATS, HEADINGS, Original, feed

TOKEN = re.compile(r"Q[0-9A-F]{8}X")
LIMITS = Limits(expanded_bytes=256 << 20, rows=2_000_000, cell_chars=1 << 20)


@dataclass(frozen=True)
class Examined:
    """What became of a file: refused with a message, or its counts, its accepted rows and what is in quarantine."""

    refused: str = ""
    landed: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicate: int = 0
    rows: list[tuple[str, ...]] = field(default_factory=list)
    received: list[str] = field(default_factory=list)


def examine(form: str, path: str) -> Examined:
    """Judge one file as a delivery. Run in a process of its own."""
    source = SourceDefinition.model_validate(
        {"source": "KZ-43", "name": {}, "regions": ["KZ-43"], "feeds": {"laboratory": feed(form)}}
    )
    task = Task("b", "laboratory", source, load("core_laboratory"))
    delivery = Input("d", "file", "2025", datetime(2026, 1, 15, tzinfo=UTC), Path(path))
    folder = Path(tempfile.mkdtemp(dir=Path(path).parent))
    try:
        verdict = judge(task, [delivery], Past(), folder, LIMITS)
        if verdict.refused:
            return Examined(refused=str(verdict.refused["d"]))
        count = verdict.counts[0]
        core = f"read_parquet(['{folder}/core.parquet', '{folder}/core-rest.parquet'])"
        columns = "record_no, closed_on::varchar, agency, lab_type, coalesce(substances, ''), coalesce(equipment, '')"
        return Examined(
            "", count.landed, count.accepted, count.quarantined, count.duplicate,
            duckdb.sql(f"select {columns} from {core}").fetchall(),
            [text or "" for (text,) in duckdb.sql(f"select received from '{folder}/quarantine.parquet'").fetchall()],
        )  # fmt: skip
    except SourceError as error:
        return Examined(refused=str(error))
    finally:
        shutil.rmtree(folder)


def faults(original: Original, content: bytes, found: Examined) -> list[str]:
    """What must hold and does not."""
    if found.refused:
        return _of_a_message(found.refused)
    wrong = []
    if found.landed != found.accepted + found.quarantined + found.duplicate:
        wrong.append("landed is not accepted + quarantined + duplicate")
    if found.accepted != len(found.rows) or found.quarantined != len(found.received):
        wrong.append("the counts are not those of the stored rows")
    stored = Counter(token for row in found.rows for token in TOKEN.findall(" ".join(row)))
    kept = Counter(token for text in found.received for token in TOKEN.findall(text))
    present = tokens(original.form, content)
    if present is not None:
        lost = sorted(set(present) - set(stored) - set(kept))
        if lost:
            wrong.append(f"records neither accepted nor in quarantine: {lost[:3]} of {len(lost)}")
    if len(set(found.rows)) < len(found.rows):
        wrong.append("the same record accepted twice")
    for row in found.rows:
        expected = original.records.get(row[0])
        piece = original.pieces.get(row[0])
        once = content.count(row[0].encode(*_codec(original))) == 1
        if expected and piece and once and piece in content and row != _accepted(expected):
            wrong.append(f"values of {row[0]} differ from the file")
    return wrong


def of_the_sound_file(original: Original, found: Examined) -> list[str]:
    """What must hold of a file nobody has damaged: every record is accepted with its values."""
    expected = sorted(_accepted(row) for row in original.records.values())
    if found.refused or sorted(found.rows) != expected:
        return [
            f"the sound file is not taken as it is: {found.refused or (found.accepted, found.quarantined)}"
        ]
    return []


def _accepted(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(AGENCIES.get(cell, cell).strip() for cell in row)


def _codec(original: Original) -> tuple[str]:
    return ("utf-16-le",) if original.form == "csv utf-16" else ("utf-8",)


def _of_a_message(message: str) -> list[str]:
    wrong = []
    if not re.match(r"KZ-43/laboratory: .+: found .+; expected .+\. .+", message, re.S):
        wrong.append(f"a message that does not say what to do: {message[:200]}")
    if TOKEN.search(message):
        wrong.append("a message that shows a record")
    if len(message) > 1500:
        wrong.append("a message that nobody reads to the end")
    return wrong


def tokens(form: str, content: bytes) -> Mapping[str, int] | None:
    """The tokens that an independent reader finds in the file; None where there is none that can say."""
    kind = form.split()[0]
    if kind in ("csv", "fixed", "jsonl", "json", "xml"):
        text = content.decode("utf-16-le" if "utf-16" in form else "latin-1", errors="replace")
        titles = int(FORMATS[form].get("title_rows", 0))
        return Counter(TOKEN.findall(text.split("\n", titles)[-1]))  # a title is no record, whatever it says
    try:
        if kind == "parquet":
            return Counter(
                TOKEN.findall(" ".join(map(str, pq.read_table(io.BytesIO(content))[HEADINGS[0]].to_pylist())))
            )
        if kind == "xlsx":
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            cells = (
                str(cell) for row in book["Лист1"].iter_rows(min_row=3, values_only=True) for cell in row
            )
            return Counter(TOKEN.findall(" ".join(cells)))
    except Exception:  # the independent reader gives up: it cannot say
        return None
    return None
