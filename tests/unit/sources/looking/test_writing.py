"""A proposal as YAML: what it says is what was found, and what a source calls its columns cannot change that."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from include.sources import read_definition
from include.sources.looking import to_yaml
from tests.unit.sources.looking.seen import LABORATORIES, Seen, seen, table

SCHEMA = "docs/source.schema.json"
ODD = [
    "plain", "a: b", "# comment", "a #b", "- item", "@name", "%x", "{a}", "[b]", "'single'", '"double"', "yes", "null",
    "1.50", "2025-03-01", "~", "*alias", "&anchor", "!tag", "|", ">", "?", "a\tb", "bell\x07", "line\u2028end", "é", "  ",
    "break\nfeeds: {}", "break\r\n# DECIDE: x", "\u202eright to left", "longer " * 40,
]  # fmt: skip


def text_of(found: Seen) -> str:
    return to_yaml(found.proposal, "report_2025-03_20250404.csv", SCHEMA)


def test_the_text_holds_exactly_what_was_proposed(tmp_path: Path) -> None:
    found = seen(tmp_path, table(*LABORATORIES).encode())
    assert yaml.safe_load(text_of(found)) == found.proposal.document


def test_headings_and_words_of_a_source_can_neither_break_the_text_nor_add_to_it(tmp_path: Path) -> None:
    wanted = ["recordNo", "closedOn", "agency", "labType"]
    for odd in ODD:
        headings = [f"{name} {odd}" for name in wanted] + [odd or "x"]
        records = [dict(zip(headings, (f"S-{n}", f"2025-03-{n}", f"{odd} {n}", "synthetic", "x"), strict=True)) for n in (14, 15, 16)]  # fmt: skip
        content = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        found = seen(tmp_path, content.encode(), name="report_2025-03.jsonl", constants={"agency": "knb"})
        text = text_of(found)
        assert yaml.safe_load(text) == found.proposal.document, odd
        assert not [sign for sign in text if not (sign.isprintable() or sign == "\n")], odd


def test_every_question_stands_beside_the_key_it_is_about(tmp_path: Path) -> None:
    rows = (
        LABORATORIES[0][:4],
        ("С-1", "03.04.2025", "ДП", "цех"),
        ("С-2", "05.06.2025", "КНБ", "экстракция"),
        ("С-3", "05.06.2025", "КНБ", "выращивание"),
    )
    found = seen(tmp_path, table(*rows).encode(), source="")
    lines = [line.strip() for line in text_of(found).splitlines()]
    above = {
        line.split(":")[0]: lines[n - 1] for n, line in enumerate(lines) if n and not line.startswith("#")
    }
    begins = {"source": "an id is missing", "name": "none was given", "dates": "%d.%m.%Y was taken", "rhythm": "reports are expected"}  # fmt: skip
    for key, question in begins.items():
        place = next(n for n, line in enumerate(lines) if line.startswith(f"{key}:"))
        asked = next(line for line in reversed(lines[:place]) if line.startswith(("# DECIDE", "# USUAL")))
        assert question in asked, (key, asked, above)
    place = lines.index("column: Тип лаборатории")
    assert lines[place + 1].startswith("# DECIDE: words that no spelling of lab_types knows")
    assert lines[place + 3 : place + 5] == ["# codes:", "#   цех: ?  # 1 record"]


def test_the_words_that_were_asked_about_can_be_uncommented_as_they_stand(tmp_path: Path) -> None:
    rows = [(f"С-{n}", f"{n + 12}.03.2025", "ДП", word) for n, word in enumerate(("синтетик", "экстракция", "выращивание", "ЩЮЖ"), 1)]  # fmt: skip
    found = seen(tmp_path, table(LABORATORIES[0][:4], *rows).encode())
    text = text_of(found)
    assert "# codes:" in text
    lines = text.splitlines()
    begin = next(n for n, line in enumerate(lines) if line.strip() == "# codes:")
    answered = [
        line.replace("# ", "", 1).replace(": ?", ": synthetic") if begin <= n <= begin + 2 else line
        for n, line in enumerate(lines)
    ]
    path = tmp_path / "KZ-43.yaml"
    path.write_text("\n".join(answered), encoding="utf-8")
    mapping = read_definition(path).feeds["laboratory"].fields["lab_type"]
    assert getattr(mapping, "codes", {}).keys() == {"синтетик", "ЩЮЖ"}


def test_the_first_line_tells_editors_where_the_schema_is(tmp_path: Path) -> None:
    found = seen(tmp_path, table(*LABORATORIES).encode())
    assert text_of(found).splitlines()[0] == f"# yaml-language-server: $schema={SCHEMA}"
