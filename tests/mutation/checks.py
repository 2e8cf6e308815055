"""What must hold of every file, sound or damaged: it is refused with a clear word, or every record is accounted for."""

from __future__ import annotations

import io
import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow.parquet as pq

from include.contracts import fold, load, spellings
from include.sources import Limits, SourceDefinition, SourceError
from include.steps.judge import Input, Past, Task, judge
from tests.mutation.originals import FORMATS, HEADINGS, Original, feed

TOKEN = re.compile(r"Q[0-9A-F]{8}X")
LIMITS = Limits(memory_mb=512, expanded_bytes=256 << 20, rows=2_000_000, cell_chars=1 << 20)
TEXTS = ("csv", "fixed", "jsonl", "json", "xml")
Row = tuple[object, ...]


@dataclass(frozen=True)
class Examined:
    """What became of a file: refused with a message, or its counts, its accepted rows and what is in quarantine.

    rows: the values of a record, as `Record.accepted`. places: the raw_row of each of them.
    """

    refused: str = ""
    landed: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicate: int = 0
    rows: list[Row] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    received: list[str] = field(default_factory=list)


def examine(form: str, path: str) -> Examined:
    """Judge one file as a delivery. Run in a process of its own."""
    source = SourceDefinition.model_validate(
        {"source": "KZ-43", "name": {}, "regions": ["KZ-43"], "feeds": {"seizure_item": feed(form)}}
    )
    task = Task("b", "seizure_item", source, load("core_seizure_item"))
    delivery = Input("d", "file", "2025", datetime(2026, 1, 15, tzinfo=UTC), Path(path))
    folder = Path(tempfile.mkdtemp(dir=Path(path).parent))
    try:
        verdict = judge(task, [delivery], Past(), folder, LIMITS)
        if verdict.refused:
            return Examined(refused=str(verdict.refused["d"]))
        count = verdict.counts[0]
        core = f"read_parquet(['{folder}/core.parquet', '{folder}/core-rest.parquet'])"
        columns = (
            "seizure_no, seized_on::varchar, substance_as_reported, quantity, unit, lead_agency, packaging"
        )
        with duckdb.connect() as own:  # the library's common one may be the parent's, without its threads
            rows = own.execute(f"select raw_row, {columns} from {core}").fetchall()
            kept = own.execute(f"select received from '{folder}/quarantine.parquet'").fetchall()
        return Examined(
            "", count.landed, count.accepted, count.quarantined, count.duplicate,
            [(*values, packaging or "") for _, *values, packaging in rows], [place for place, *_ in rows],
            [text or "" for (text,) in kept],
        )  # fmt: skip
    except SourceError as error:
        return Examined(refused=str(error))
    finally:
        shutil.rmtree(folder)


def of_an_undamaged_file(original: Original, found: Examined) -> list[str]:
    """What must hold of a file as its source wrote it: every record is where it belongs, with its values and its place."""
    if original.refused or found.refused:
        as_it_should = original.refused and found.refused
        return (
            _of_a_message(found.refused)
            if as_it_should
            else [f"refused: {found.refused or 'not, as it should'}"]
        )
    wrong = _of_counts(found)
    counted = found.landed, found.accepted, found.quarantined, found.duplicate
    expected = original.landed, len(original.records), len(original.quarantined), original.duplicates
    if counted != expected:
        wrong.append(f"counts are {counted} where {expected} are in the file")
    records = {record.accepted for record in original.records.values()}
    if set(found.rows) != records:
        wrong.append(f"{len(set(found.rows) - records)} of the accepted records are not as in the file")
    kept = sorted(token for text in found.received for token in set(TOKEN.findall(text)))
    if kept != sorted(original.quarantined):
        wrong.append(f"in quarantine are {kept} where {sorted(original.quarantined)} belong there")
    places = {str(row[0]): place for row, place in zip(found.rows, found.places, strict=True)}
    if moved := {token: place for token, place in places.items() if place != original.places.get(token)}:
        wrong.append(f"{len(moved)} records do not stand where they are said to stand")
    return wrong


def of_a_damaged_file(
    original: Original, content: bytes, done: Collection[str], found: Examined
) -> list[str]:
    """What must hold of a file whatever was done to it, and does not."""
    if found.refused:
        return _of_a_message(found.refused)
    wrong = _of_counts(found)
    stored = Counter(token for row in found.rows for token in TOKEN.findall(" ".join(map(str, row))))
    kept = Counter(token for text in found.received for token in TOKEN.findall(text))
    if lost := sorted((tokens(original, content) or set()) - set(stored) - set(kept)):
        wrong.append(f"records neither accepted nor in quarantine: {lost[:3]} of {len(lost)}")
    if len(set(found.rows)) < len(found.rows):
        wrong.append("the same record accepted twice")
    if (said := stated(original, content)) not in (None, found.landed):
        wrong.append(f"{found.landed} records where the source states {said}")
    rows = rows_of(original, content)
    recoded = set(done) == {"another encoding"}
    for row in found.rows:
        token = str(row[0])
        record, piece = original.records.get(token), original.pieces.get(token)
        if not record:
            continue
        once = piece and piece in content and content.count(token.encode(_codec(original))) == 1
        if (once or recoded) and row != record.accepted:
            wrong.append(f"values of {token} differ from the file")
        if rows is not None and row not in rows:
            wrong.append(f"values of {token} differ from what another reader finds")
    return wrong


def _of_counts(found: Examined) -> list[str]:
    wrong = []
    if found.landed != found.accepted + found.quarantined + found.duplicate:
        wrong.append("landed is not accepted + quarantined + duplicate")
    if found.accepted != len(found.rows) or found.quarantined != len(found.received):
        wrong.append("the counts are not those of the stored rows")
    return wrong


def _of_a_message(message: str) -> list[str]:
    wrong = []
    if not re.match(r"KZ-43/seizure_item: .+: found .+; expected .+\. .+", message, re.S):
        wrong.append(f"a message that does not say what to do: {message[:200]}")
    if TOKEN.search(message):
        wrong.append("a message that shows a record")
    if len(message) > 1500:
        wrong.append("a message that nobody reads to the end")
    return wrong


# Other readers ---------------------------------------------------------------------------------------------------


def tokens(original: Original, content: bytes) -> set[str] | None:
    """The tokens that an independent reader finds in records; None where there is none that can say."""
    declared = FORMATS[original.form]
    kind = declared["kind"]
    if kind in TEXTS:
        text = content.decode(_codec(original), errors="replace")
        body = text.split("\n", declared.get("title_rows", 0))[-1]  # a title is no record, whatever it says
        lines = re.split("[\r\n]", body)
        return {token for line in lines if _is_of_records(declared, line) for token in TOKEN.findall(line)}
    try:
        if kind == "parquet":
            return set(TOKEN.findall(" ".join(map(str, pq.read_table(io.BytesIO(content))["№"].to_pylist()))))
        if kind == "xlsx":
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            rows = book["Лист1"].iter_rows(min_row=4, values_only=True)
            return set(TOKEN.findall(" ".join(str(cell) for row in rows for cell in row)))
    except Exception:  # the independent reader gives up: it cannot say
        return None
    return None


def stated(original: Original, content: bytes) -> int | None:
    """The number of records that the documents state, as another reader finds it; None where it finds none."""
    if "total" not in FORMATS[original.form]:
        return None
    try:
        document, _ = json.JSONDecoder().raw_decode(content.decode("utf-8-sig").lstrip())
        return int(document["data"]["total"])  # as a number or as its text
    except Exception:  # as above
        return None


def rows_of(original: Original, content: bytes) -> set[Row] | None:
    """The records as another reader finds them, for accepted ones to be among; None where there is none."""
    if FORMATS[original.form]["kind"] != "parquet":
        return None
    units, agencies = spellings("units"), spellings("agencies")
    try:
        rows = pq.read_table(io.BytesIO(content)).select(list(HEADINGS)).to_pylist()
        texts = [
            [cell.decode() if isinstance(cell, bytes) else cell for cell in row.values()] for row in rows
        ]
        return {
            (number, str(day)[:10], what, quantity, units[fold(unit)], agencies[fold(agency)], (packaging or "").strip())
            for number, day, what, quantity, unit, agency, packaging in texts
        }  # fmt: skip
    except Exception:  # as above, or columns of other kinds than they had
        return None


def _codec(original: Original) -> str:
    declared: str = FORMATS[original.form].get("encoding", "utf-8")
    return declared.replace("utf-16", "utf-16-le")


def _is_of_records(declared: Mapping[str, Any], line: str) -> bool:
    is_comment = "comment" in declared and line.startswith(declared["comment"])
    return not is_comment and not ("footer" in declared and "Итого" in line)
