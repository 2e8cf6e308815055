"""A cell with several addresses: quarantined, or a record for each where the definition says so; the balance is exact."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.contracts import load
from include.sources import SourceDefinition
from include.sources.definition.checks import against_contracts
from include.steps.judge import Input, Past, Task, Verdict, judge

HEADING = "No;Link;Id;Day"
ROWS = ("1;http://shop-a.kz/ | http://shop-b.kz/;;2025-03-01", "2;shop-c.kz;;2025-03-01", "3;;;2025-03-01")


def definition(**identifier: Any) -> SourceDefinition:
    feed = {
        "transport": {"kind": "folder", "path": "in", "name_pattern": r"(?P<year>\d{4})"},
        "format": {"kind": "csv", "delimiter": ";", "dates": ["%Y-%m-%d"]},
        "identity": ["record_no"],
        "fields": {
            "record_no": "No", "identifier": {"column": "Link", **identifier}, "platform_numeric_id": "Id",
            "detected_on": "Day", "platform": {"constant": "website"}, "category": {"constant": "sale"},
            "region_code": {"constant": "KZ-43"},
        },
    }  # fmt: skip
    return SourceDefinition.model_validate(
        {"source": "KZ-43", "name": {}, "regions": ["KZ-43"], "feeds": {"blocking_record": feed}}
    )


def judged(folder: Path, source: SourceDefinition, *rows: str) -> Verdict:
    path = folder / "landed"
    path.write_text("\n".join((HEADING, *rows, "")), encoding="utf-8")
    folder.joinpath("staging").mkdir()
    delivery = Input("d", "s_2025-03", "2025-03", datetime(2025, 4, 5, tzinfo=UTC), path)
    task = Task("b", "blocking_record", source, load("core_blocking_record"))
    return judge(task, [delivery], Past(), folder / "staging")


def staged(folder: Path, name: str, columns: str) -> list[tuple[Any, ...]]:
    return duckdb.sql(
        f"select {columns} from read_parquet('{folder}/staging/{name}*.parquet') order by 1"
    ).fetchall()


def test_each_address_is_a_record_with_its_place_and_the_balance_is_exact(tmp_path: Path) -> None:
    (counts,) = judged(tmp_path, definition(split=True), *ROWS).counts
    assert (counts.landed, counts.accepted, counts.quarantined, counts.duplicate) == (4, 3, 1, 0)
    assert staged(tmp_path, "core", "raw_row, identifier, record_key") == [
        (2001, "http://shop-a.kz/", "KZ-43|blocking_record|1"),
        (2002, "http://shop-b.kz/", "KZ-43|blocking_record|1|#2"),
        (3001, "shop-c.kz", "KZ-43|blocking_record|2"),
    ]
    assert staged(tmp_path, "quarantine", "raw_row, reasons[1]") == [(4000, "identifier.required")]


@pytest.mark.parametrize("rows", [ROWS, ("1;a.kz b.kz;12345;2025-03-01", *ROWS[1:])])
def test_unless_the_definition_says_so_or_beside_one_id_it_is_quarantined(
    tmp_path: Path, rows: tuple[str, ...]
) -> None:
    source = definition(split=rows is not ROWS)
    (counts,) = judged(tmp_path, source, *rows).counts
    assert (counts.landed, counts.accepted, counts.quarantined) == (3, 1, 2)
    assert staged(tmp_path, "quarantine", "raw_row, reasons[1]")[0][1] == "row.identifier_is_one_channel"


def test_with_the_address_in_the_identity_its_place_does_not_matter(tmp_path: Path) -> None:
    source = definition(split=True)
    source.feeds["blocking_record"].identity.append("identifier")
    judged(tmp_path, source, ROWS[0])
    assert [key for (key,) in staged(tmp_path, "core", "record_key")] == [
        "KZ-43|blocking_record|1|http://shop-a.kz/",
        "KZ-43|blocking_record|1|http://shop-b.kz/",
    ]


def test_rows_of_another_platform_than_they_say_are_accepted_and_told(tmp_path: Path) -> None:
    verdict = judged(tmp_path, definition(), "1;https://t.me/abc_shop9;;2025-03-01", ROWS[1])
    (finding,) = verdict.findings
    assert (finding.kind, finding.figures) == (
        "other_platform",
        {"rows": 1, "of": 2, "pairs": [{"says": "website", "is": "telegram_channel", "rows": 1}]},
    )
    assert staged(tmp_path, "core", "channel_key, other_platform") == [
        ("telegram:abc_shop9", "telegram_channel"),
        ("website:shop-c.kz", None),
    ]


def test_letters_of_another_alphabet_in_an_address_are_no_fault_of_encoding(tmp_path: Path) -> None:
    (counts,) = judged(tmp_path, definition(), "1;http://шымкент.қаз/Єдина;;2025-03-01").counts
    assert (counts.accepted, counts.quarantined) == (1, 0)


def test_only_the_identifier_can_be_split() -> None:
    source = definition(split=True)
    fields = source.feeds["blocking_record"].fields
    fields["record_no"] = fields["identifier"]
    assert against_contracts(source) == [
        "feeds.blocking_record.fields.record_no.split: only the cells of identifier hold addresses that become records "
        "of their own"
    ]
