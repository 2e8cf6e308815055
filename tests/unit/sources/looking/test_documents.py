"""JSON, JSON lines, XML and Parquet: where the records are and what their parts are called."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.sources import SourceError
from tests.unit.sources.looking.seen import seen

RECORDS: list[dict[str, Any]] = [
    {"recordNo": "S-1", "closedOn": "2025-03-14", "agency": "knb", "labType": "synthetic"},
    {"recordNo": "S-2", "closedOn": "2025-03-25", "agency": "mia_police", "labType": "extraction"},
    {"recordNo": "S-3", "closedOn": "2025-03-26", "agency": "knb", "labType": "grow_site"},
]
FIELDS = {
    "record_no": "recordNo",
    "closed_on": "closedOn",
    "region_code": {"constant": "KZ-43"},
    "agency": "agency",
    "lab_type": "labType",
}


def document(what: Any) -> bytes:
    return json.dumps(what, ensure_ascii=False, indent=1).encode()


def lines(*records: Any) -> bytes:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records).encode()


def test_the_list_of_records_and_the_number_that_counts_them_are_found(tmp_path: Path) -> None:
    answer = {"meta": {"page": 3, "count": 3}, "data": {"items": RECORDS}, "links": ["a", "b"]}
    found = seen(tmp_path, document(answer))
    assert found.format == {
        "kind": "json", "items": "data.items", "total": "meta.count", "decimal": ".", "dates": ["%Y-%m-%d"],
        "null_values": [""],
    }  # fmt: skip
    assert found.fields == FIELDS


def test_a_document_that_states_no_number_of_records_is_a_question(tmp_path: Path) -> None:
    found = seen(tmp_path, document(RECORDS))
    assert found.format["items"] == "" and found.asked("format.total")


def test_records_inside_records_are_taken_apart(tmp_path: Path) -> None:
    cases = [
        {"seizureNo": "S-1", "seizedOn": "2025-03-14", "agency": "knb",
         "items": [{"itemNo": 1, "substance": "heroin", "quantity": 1.5, "unit": "kg"},
                   {"itemNo": 2, "substance": "mephedrone", "quantity": 2.25, "unit": "g"}]},
        {"seizureNo": "S-2", "seizedOn": "2025-03-25", "agency": "mia_police",
         "items": [{"itemNo": 1, "substance": "marijuana", "quantity": 300, "unit": "g"}]},
    ]  # fmt: skip
    found = seen(tmp_path, document({"cases": cases}), "seizure_item")
    assert (found.format["items"], found.format["each"], found.proposal.records) == ("cases", "items", 3)
    assert (found.fields["seizure_no"], found.fields["quantity"]) == ("seizureNo", "items.quantity")


def test_one_object_a_line_is_json_lines_and_paths_reach_into_it(tmp_path: Path) -> None:
    records = [{"recordNo": r["recordNo"], "closed": {"on": r["closedOn"], "by": r["agency"]}, "labType": r["labType"]} for r in RECORDS]  # fmt: skip
    found = seen(tmp_path, lines(*records), name="report_2025-03.jsonl")
    assert found.format["kind"] == "jsonl"
    assert (found.fields["closed_on"], found.fields["agency"]) == ("closed.on", "closed.by")


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_broken_lines_among_whole_ones_do_not_mislead_the_look(tmp_path: Path, broken: int) -> None:
    whole = lines(*RECORDS).splitlines(keepends=True)
    content = b"".join([*whole[:broken], b'{"recordNo": "S-9", "closedOn": "2025-03-27",\n', *whole[broken:]])
    found = seen(tmp_path, content, name="report_2025-03.jsonl")
    assert (found.format["kind"], found.proposal.records, found.fields) == ("jsonl", 3, FIELDS)


def test_a_document_cut_in_the_middle_is_not_taken_for_lines(tmp_path: Path) -> None:
    cut = b'{"items": [\n' + b",\n".join(lines(*RECORDS).split(b"\n")[:3]) + b",\n"
    with pytest.raises(SourceError, match="line 5: found broken JSON"):
        seen(tmp_path, cut)


def test_json_in_another_encoding_says_so(tmp_path: Path) -> None:
    records = [r | {"agency": "ҰҚК", "equipment": "көшетханаға арналған шам"} for r in RECORDS]
    found = seen(tmp_path, document({"items": records}).decode().encode("kz1048"))
    assert found.format["encoding"] == "kz1048" and found.fields["equipment"] == "equipment"


def test_xml_elements_that_repeat_are_records_with_paths_and_attributes(tmp_path: Path) -> None:
    records = "".join(
        f'<record number="{r["recordNo"]}"><closed><on>{r["closedOn"]}</on></closed>'
        f"<agency>{r['agency']}</agency><labType>{r['labType']}</labType></record>"
        for r in RECORDS
    )
    content = f'<?xml version="1.0" encoding="UTF-8"?><report><records>{records}</records></report>'
    found = seen(tmp_path, content.encode(), name="report_2025-03.xml")
    assert (found.format["kind"], found.format["record"]) == ("xml", "report/records/record")
    assert (found.fields["closed_on"], found.fields["record_no"]) == ("closed/on", "@number")


def test_xml_with_entities_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r><x><y>&b;</y></x></r>'
    with pytest.raises(SourceError, match="document type or entities"):
        seen(tmp_path, bomb.encode(), name="report_2025-03.xml")


def test_parquet_names_its_own_columns_and_days(tmp_path: Path) -> None:
    made = io.BytesIO()
    days = [date.fromisoformat(r["closedOn"]) for r in RECORDS]
    columns = {name: [r[name] for r in RECORDS] for name in RECORDS[0]}
    pq.write_table(pa.table(columns | {"closedOn": pa.array(days, pa.date32())}), made)
    found = seen(tmp_path, made.getvalue(), name="report_2025-03.parquet")
    assert found.format == {"kind": "parquet", "decimal": ".", "dates": ["%Y-%m-%d"], "null_values": [""]}
    assert found.fields == FIELDS


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "found nothing"),
        (b"  \r\n \r\n", "found nothing"),
        (b"%PDF-1.7 \xe2\xe3", "a PDF"),
        (b"\x1f\x8b\x08\x00 abc", "gzip.*Unpack it"),
        (b"<!DOCTYPE html><html><body>Login</body></html>", "HTML page.*login"),
        (bytes(range(256)) * 4, "no text of a known encoding"),
        ("Просто письмо без таблицы.\n".encode(), "no records under headings"),
        (b"PK\x03\x04 not a zip", "ZIP archive or a broken workbook"),
        (b"PAR1 cut", "no readable Parquet"),
    ],
)
def test_what_is_no_report_is_refused_with_what_was_found_and_what_to_do(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(SourceError, match=said):
        seen(tmp_path, content)
