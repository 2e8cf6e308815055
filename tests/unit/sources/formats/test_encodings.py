"""No wrong letter is accepted: every encoding that a file can have, against every one that may be declared for it.

The headings here are English, so that nothing but the letters of the records can tell an encoding.
"""

from __future__ import annotations

import codecs
import itertools
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.contracts import DATASETS, has_mixed_up_letters, load, row_rules
from include.sources import SourceError
from include.sources.formats.letters import Sample
from tests.unit.sources.formats.opened import Landed, landed, landed_together, refusal

DECLARED = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "kz1048", "koi8-r")
WRITTEN = ("utf-8", "utf-16-le", "utf-16-be", "cp1251", "kz1048", "koi8-r")
MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
FIELDS = {"record_no": "no", "substances": "what", "equipment": "found"}

Row = tuple[str, str]
RUSSIAN: list[Row] = [
    ("мефедрон", "весы электронные, пакеты"),
    ("соль", "колбы; реторта; насос вакуумный"),
    ("Марихуана высушенная", "теплица в гараже, лампы 12 шт"),
    ("вещество темно-зелёного цвета", "изъято при обыске по решению суда"),
    ("МЕТАДОН", "НЕТ"),
    ("гашиш, героин", "по адресу: г. Семей, ул. Абая, 25"),
    ("α-PVP", "МВД"),
    ("прекурсор: соляная кислота", "Бочка 200 л, «Арал» № 5 — вскрыта"),
]
KAZAKH: list[Row] = [
    ("мефедрон", "электронды таразы, пакеттер"),
    ("тұз", "құты; шыны ыдыс; сорғы"),
    ("Кептірілген қарасора", "гараждағы жылыжай, 12 шам"),
    ("қою жасыл түсті өсімдік", "сот шешімі бойынша тінту кезінде тәркіленді"),
    ("ЕСІРТКІ ЗАТЫ", "ЖОҚ"),
    ("апиын, героин", "мекенжайы: Өскемен қ., Абай көшесі, 25"),
    ("α-PVP", "ҰҚК"),
    ("прекурсор: тұз қышқылы", "Бөшке 200 л, «Арал» № 5 — ашылды"),
]
TEXTS: dict[str, list[Row]] = {
    "a Russian page": RUSSIAN * 5, "a Kazakh page": KAZAKH * 5,
    "three Russian rows": RUSSIAN[:3], "three Kazakh rows": KAZAKH[:3],
    "one Russian row": RUSSIAN[3:4], "one Kazakh row": KAZAKH[3:4],
}  # fmt: skip
ABSENT = str.maketrans({"α": "a", "«": '"', "»": '"', "№": "N", "—": "-"})
"""Signs that some of the encodings lack, and what an office writes instead."""


def in_encoding(text: str, written: str) -> str | None:
    """The text as it can be written in the encoding; None where it has letters that the encoding lacks."""
    for spelt in (text, text.replace("α", "a"), text.translate(ABSENT)):
        try:
            return spelt.encode(written).decode(written)
        except UnicodeEncodeError:
            continue
    return None


def csv(rows: list[tuple[str, ...]]) -> str:
    lines = [";".join(FIELDS.values()), *(";".join(f"'{cell}'" for cell in row) for row in rows)]
    return "\r\n".join(lines) + "\r\n"


def fixed(rows: list[tuple[str, ...]]) -> str:
    return "".join("".join(cell.ljust(50) for cell in row) + "\n" for row in rows)


def jsonl(rows: list[tuple[str, ...]]) -> str:
    lines = (json.dumps(dict(zip(FIELDS.values(), row, strict=True)), ensure_ascii=False) for row in rows)
    return "\n".join(lines) + "\n"


FORMS: dict[str, tuple[dict[str, Any], Callable[[list[tuple[str, ...]]], str]]] = {
    "csv": ({"kind": "csv", "delimiter": ";", "quote": "'"}, csv),
    "fixed": (
        {
            "kind": "fixed",
            "columns": {h: {"start": 1 + 50 * n, "width": 50} for n, h in enumerate(FIELDS.values())},
        },
        fixed,
    ),
    "jsonl": ({"kind": "jsonl"}, jsonl),
}


def files(form: str) -> Iterator[tuple[str, str, list[tuple[str, ...]], bytes]]:
    """Texts in every encoding, with and without a mark: name, encoding, its records, its bytes."""
    texts = {name: rows for name, rows in TEXTS.items() if form == "csv" or "page" in name}
    every = itertools.product(texts.items(), WRITTEN, (False, True))
    for number, ((name, rows), written, marked) in enumerate(every):
        spelt = [tuple(in_encoding(cell, written) or "" for cell in row) for row in rows]
        if any("" in row for row in spelt):
            continue
        records = [(f"{number}-{place}", *row) for place, row in enumerate(spelt)]
        mark = MARKS.get(written, codecs.BOM_UTF8) if marked else b""
        content = mark + FORMS[form][1](records).encode(written)
        yield f"{name} in {written}{' with a mark' * marked}", written, records, content


def is_right(content: bytes, written: str, declared: str) -> bool:
    """Whether the bytes mean the same text in both encodings, and no mark says otherwise."""
    marked = content.startswith((codecs.BOM_UTF8, *MARKS.values()))
    if declared == "utf-16":
        return marked and written.startswith("utf-16")
    if marked and not (written == declared or (written, declared) == ("utf-8", "utf-8-sig")):
        return False
    if marked and not written.startswith("utf"):  # a mark of UTF-8 before bytes of another encoding
        return False
    try:
        return content.decode(declared) == content.decode(written)
    except UnicodeDecodeError:
        return False


def faults(form: str, declared: str, found: dict[str, Landed | SourceError]) -> list[str]:
    """Where a wrong letter was accepted, a right one was not, or a record is missing."""
    wrong = []
    for name, written, records, content in files(form):
        said = found[name]
        if isinstance(said, SourceError):
            if is_right(content, written, declared):
                wrong.append(f"{name}, read as {declared}, is refused: {said}")
            continue
        known = {row[0]: tuple(cell.strip() for cell in row) for row in records}
        for row in said.accepted.values():
            if row != known.get(str(row[0])):
                wrong.append(f"{name}, read as {declared}: accepted {row}, written {known.get(str(row[0]))}")
        if is_right(content, written, declared) and len(said.accepted) < len(records):
            wrong.append(
                f"{name}, read as {declared}: {len(said.quarantined)} rows in quarantine: {said.quarantined}"
            )
    return wrong


@pytest.mark.parametrize("declared", DECLARED)
@pytest.mark.parametrize("form", FORMS)
def test_of_every_pair_of_encodings_the_letters_are_right_or_nothing_is_accepted(
    tmp_path: Path, form: str, declared: str
) -> None:
    contents = {name: content for name, _, _, content in files(form)}
    assert len(contents) == (3 if form == "csv" else 1) * (6 + 4) * 2  # four of the six have Kazakh letters
    found = landed_together(tmp_path, FORMS[form][0] | {"encoding": declared}, contents, **FIELDS)
    assert faults(form, declared, found) == []


XML_NAMES = {
    "utf-8": "UTF-8",
    "utf-16": "utf-16",
    "cp1251": "windows-1251",
    "kz1048": "KZ-1048",
    "koi8-r": "KOI8-R",
}


@pytest.mark.parametrize("declared", XML_NAMES)
def test_an_xml_document_must_be_in_the_encoding_that_it_declares(tmp_path: Path, declared: str) -> None:
    def xml(rows: list[tuple[str, ...]]) -> str:
        records = (
            "".join(f"<{n}>{c}</{n}>" for n, c in zip(FIELDS.values(), row, strict=True)) for row in rows
        )
        body = "".join(f"<record>{record}</record>\n" for record in records)
        return f'<?xml version="1.0" encoding="{XML_NAMES[declared]}"?><report>{body}</report>'

    texts = {name: rows for name, rows in TEXTS.items() if "one" not in name}
    written_as, contents = {}, {}
    for (name, rows), written, marked in itertools.product(texts.items(), WRITTEN, (False, True)):
        spelt = [tuple(in_encoding(cell, written) or "" for cell in row) for row in rows]
        if all("" not in row for row in spelt):
            named = f"{name} in {written}{' with a mark' * marked}"
            records = [(f"{len(contents)}-{place}", *row) for place, row in enumerate(spelt)]
            mark = MARKS.get(written, codecs.BOM_UTF8) if marked else b""
            written_as[named] = (written, records)
            contents[named] = mark + xml(records).encode(written)
    found = landed_together(tmp_path, {"kind": "xml", "record": "report/record"}, contents, **FIELDS)
    taken = set()
    for name, said in found.items():
        written, records = written_as[name]
        if isinstance(said, Landed) and said.accepted:
            known = {row[0]: row for row in records}
            assert all(row == known[str(row[0])] for row in said.accepted.values()), name
            taken |= {name} if len(said.accepted) == len(records) else set()
    right = {name for name, (written, _) in written_as.items() if is_right(contents[name], written, declared)}
    assert right <= taken and len(right) >= 2


# The letters that tell -------------------------------------------------------------------------------------------

LETTERS = "әғқңөұүһӘҒҚҢӨҰҮҺ"
"""Of Kazakh, besides і and І, which Windows-1251 and KZ-1048 have at the same place."""


def test_each_letter_of_kazakh_is_missed_alone_where_windows_1251_is_declared(tmp_path: Path) -> None:
    rows = [(str(place), f"а{letter}а") for place, letter in enumerate(LETTERS + "іІ")]
    text = "\n".join(["no;what", *(";".join(row) for row in rows)])
    form = {"kind": "csv", "delimiter": ";", "encoding": "cp1251"}
    found = landed(tmp_path, form, text.encode("kz1048"), record_no="no", substances="what")
    assert list(found.accepted.values()) == rows[-2:]
    assert [reasons for reasons, _ in found.quarantined.values()] == [["substances.letters"]] * len(LETTERS)
    right = landed(
        tmp_path, form | {"encoding": "kz1048"}, text.encode("kz1048"), record_no="no", substances="what"
    )
    assert list(right.accepted.values()) == rows


@pytest.mark.parametrize("dataset", DATASETS)
def test_mixed_up_letters_are_looked_for_in_every_text_field(dataset: str) -> None:
    contract = load(f"core_{dataset}")
    texts = [field.name for field in contract.reported if field.type == "string" and not field.address]
    rules = {rule.id: rule.broken for rule in row_rules(contract)}
    mixed_up = LETTERS.encode("kz1048").decode("cp1251")
    assert set("ЎЌЇЄЅЈҐ") <= set(mixed_up) and texts
    for name in texts:
        question = f"select word from (select unnest(?::varchar[]) as word) t(raw_{name}) where {rules[f'{name}.letters']}"
        assert (
            len(
                duckdb.execute(
                    question.replace("select word from", "select * from"), [list(mixed_up)]
                ).fetchall()
            )
            == 16
        )


def test_letters_of_an_address_tell_nothing_and_those_of_free_text_beside_it_do() -> None:
    addresses = [field.name for field in load("core_blocking_record").reported if field.address]
    rules = {rule.id for rule in row_rules(load("core_blocking_record"))}
    assert addresses == ["identifier", "mirror_of"] and not rules & {f"{name}.letters" for name in addresses}
    row, told = "1;http://їжак.укр/Єдина;{};\n", []
    for text in ("", "наркотические средства изъяты"):
        sample = Sample("cp1251")
        for _ in range(3):
            sample.take(row.format(text).encode("utf-8"), "")
        told.append(sample.better_read_as())
    assert told[0] == "" and "utf-8" in told[1]


def test_line_drawing_is_no_letter_and_the_letters_of_both_languages_are_all_right() -> None:
    def found(text: str) -> bool:
        return bool(duckdb.execute(f"select {has_mixed_up_letters('$1::varchar')}", [text]).fetchall()[0][0])

    assert all(found(f"а{letter}а".encode("kz1048").decode("koi8-r")) for letter in "әғңөұҒҚҢӨҰҮҺ")
    alphabet = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһі"
    assert not any(found(letter) for letter in alphabet + alphabet.upper() + "«»„“”–—…№§©°·²³’•\u00a0é ñ Ł")


@pytest.mark.parametrize("written", ["utf-8", "utf-16", "cp1251", "koi8-r"])
@pytest.mark.parametrize("declared", ["utf-8", "utf-16-le", "cp1251", "kz1048", "koi8-r"])
def test_a_heading_in_russian_tells_the_encoding_of_the_shortest_file(
    tmp_path: Path, written: str, declared: str
) -> None:
    form = {"kind": "csv", "delimiter": ";", "encoding": declared}
    content = "н;Вещество\n1;г\n".encode(written)
    if written == declared or (written, declared) == ("cp1251", "kz1048"):
        assert landed(tmp_path, form, content, record_no="н", substances="Вещество").accepted == {
            2: ("1", "г")
        }
    elif (written, declared) != ("utf-16", "utf-16-le"):
        refusal(tmp_path, form, content, "н", "Вещество")


@pytest.mark.parametrize("text", ["г", "Ә", "№ 1", "да", "«А»", "5 л — 2", "ЖОҚ", "нет; да"])
@pytest.mark.parametrize("declared", ["cp1251", "kz1048", "koi8-r"])
def test_a_single_letter_in_utf_8_is_enough_to_tell_it(tmp_path: Path, text: str, declared: str) -> None:
    form = {"kind": "csv", "delimiter": "|", "encoding": declared}
    refusal(tmp_path, form, f"no|what\n1|{text}\n".encode(), "no", "what")


CELLS = [cell for rows in (RUSSIAN, KAZAKH) for row in rows for cell in row if not cell.isascii()]
PAIRS = [("cp1251", "koi8-r"), ("kz1048", "koi8-r"), ("koi8-r", "cp1251"), ("koi8-r", "kz1048")]


def unnoticed(cells: int, trials: int) -> list[str]:
    """Texts of so many cells, drawn at random, that pass in a wrong single-byte encoding."""
    rng, missed = random.Random(20250405), []
    for written, declared in PAIRS:
        spelt = (in_encoding(cell, written) for cell in CELLS)
        possible = [text for text in spelt if text and not text.isascii()]
        for _ in range(trials):
            content = "\n".join(rng.sample(possible, cells)).encode(written)
            sample = Sample(declared)
            sample.take(content, content.decode(declared))
            if not sample.better_read_as():
                missed.append(f"{content.decode(written)!r} in {written}, read as {declared}")
    return missed


def test_six_cells_of_a_report_tell_one_single_byte_encoding_from_another() -> None:
    """Of fewer, some do not: a short word in capitals may be an abbreviation, whatever its letters (next test)."""
    assert unnoticed(cells=6, trials=250) == []


def test_what_is_too_short_to_tell_is_known() -> None:
    """KOI8-R has the letters of Windows-1251 at other places and in the other case: МВД is нчд, and the other way round.

    Headings and code words tell it all the same, since they do not match; where neither has a letter, this is the limit.
    """
    one, two, three = (unnoticed(cells, trials=100) for cells in (1, 2, 3))
    assert any("'МВД'" in text for text in one) and not any("'соль'" in text for text in one)
    assert (len(one) <= 0.25 * 400, len(two) <= 0.06 * 400, len(three) <= 0.02 * 400) == (True, True, True)


@pytest.mark.parametrize("encoding", ["cp1251", "kz1048", "koi8-r"])
def test_no_cell_of_a_report_is_refused_in_its_own_encoding(encoding: str) -> None:
    for cell in CELLS:
        if text := in_encoding(cell, encoding):
            for spelt in (text, text.upper(), text.capitalize()):
                sample = Sample(encoding)
                sample.take(spelt.encode(encoding), spelt)
                assert sample.better_read_as() == "", spelt
