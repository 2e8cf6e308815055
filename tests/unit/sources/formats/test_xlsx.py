"""XLSX: what else there is in the archive is left alone, and the sheet is what its cells say, not its own words."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.unit.sources.formats.asked import SECRET, nobody_is_asked
from tests.unit.sources.formats.books import Formula, remade, xlsx
from tests.unit.sources.formats.opened import opened, refusal

FORM = {"kind": "xlsx", "sheet": "Отчёт"}
HEAD = ("n", "s")
SHEET, STRINGS, BOOK = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"
WHOLE = xlsx({"Отчёт": [HEAD, ("1", "а"), ("2", "б")]})
ROWS = {2: ("1", "а"), 3: ("2", "б")}


def changed(part: str, old: str, new: str) -> bytes:
    """The workbook with something of a part replaced, which must be there."""

    def change(content: bytes) -> bytes:
        assert old.encode() in content
        return content.replace(old.encode(), new.encode())

    return remade(WHOLE, {part: change})


def test_links_to_other_workbooks_are_not_followed_and_their_saved_values_are_taken(tmp_path: Path) -> None:
    formulas = [Formula("='[1]Лист'!A1", 7), Formula("=cmd|'/c calc'!A0", 8), Formula('=WEBSERVICE("x")', 9)]
    content = xlsx({"Отчёт": [HEAD, *((formula, "а") for formula in formulas)]})
    with nobody_is_asked(tmp_path) as elsewhere:
        rels = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>'
        link = '<Relationship Id="rId%d" Type="http://made.up/externalLinkPath" Target="%s" TargetMode="External"/>'
        targets = (elsewhere.url, elsewhere.file.as_uri(), f"\\\\127.0.0.1\\share\\{elsewhere.file.name}")
        links = rels % "".join(link % (number, target) for number, target in enumerate(targets, 900))
        added = {
            "xl/externalLinks/externalLink1.xml": b'<externalLink xmlns="made:up"><ddeLink ddeService="cmd"/></externalLink>',
            "xl/externalLinks/_rels/externalLink1.xml.rels": links.encode(),
            "xl/worksheets/_rels/sheet1.xml.rels": links.encode(),
            "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 made up macros",
            "xl/connections.xml": f'<connections><connection url="{elsewhere.url}"/></connections>'.encode(),
        }
        found = opened(tmp_path, FORM, remade(content, added), *HEAD)
    assert found.rows == {2: ("7", "а"), 3: ("8", "а"), 4: ("9", "а")}
    assert SECRET not in str(found)


def test_formulas_that_openpyxl_writes_have_no_value_and_are_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Отчёт"
    for row in (HEAD, ("1", "а"), ("2", "=A2")):
        sheet.append(row)
    book.save(tmp_path / "made.xlsx")
    said = "sheet 'Отчёт', cell B3: found a formula without a calculated value"
    assert said in refusal(tmp_path, FORM, (tmp_path / "made.xlsx").read_bytes(), *HEAD)


def test_a_formula_that_gives_an_empty_text_has_a_value(tmp_path: Path) -> None:
    cells = '<c r="B2" t="str"><f>IF(A2="","x","")</f><v></v></c>'
    content = changed(SHEET, '<c r="B2" t="s"><v>3</v></c>', cells)
    assert opened(tmp_path, FORM, content, *HEAD).rows == {2: ("1", None), 3: ("2", "б")}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<r><t>со</t></r><r><rPr><b/></rPr><t xml:space=\"preserve\">ль </t></r><r><t>1</t></r>", "соль 1"),
        ('<t>соль</t><rPh sb="0" eb="1"><t>чтение</t></rPh>', "соль"),
        ("<t>в две_x000D_\nстроки</t>", "в две\r\nстроки"),
        ("<t>_x005F_x000D_</t>", "_x000D_"),
        ("<t>&lt;соль&gt; &amp; &#1178;</t>", "<соль> & Қ"),
        ('<t xml:space="preserve"> соль </t>', " соль "),
    ],
)  # fmt: skip
def test_a_text_is_what_the_sheet_shows_however_it_is_written(tmp_path: Path, text: str, shown: str) -> None:
    assert opened(tmp_path, FORM, changed(STRINGS, "<t>а</t>", text), *HEAD).rows[2] == ("1", shown)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ('<c r="B2" t="inlineStr"><is><t>соль</t></is></c>', "соль"), ('<c r="B2" t="str"><v>соль</v></c>', "соль"),
        ('<c r="B2" t="b"><v>1</v></c>', "1"), ('<c r="B2"><v>4.5</v></c>', "4.5"), ('<c r="B2" t="n"><v>1e2</v></c>', "100"),
        ('<c r="B2" t="d"><v>2025-03-05</v></c>', "2025-03-05"), ("<c r='B2' t='str'><v>соль</v></c>", "соль"),
        ('<c r="B2"/>', None), ('<c r="B2" t="s"></c>', None),
    ],
)  # fmt: skip
def test_cells_of_every_type_are_read(tmp_path: Path, cell: str, shown: str | None) -> None:
    content = changed(SHEET, '<c r="B2" t="s"><v>3</v></c>', cell)
    assert opened(tmp_path, FORM, content, *HEAD).rows[2] == ("1", shown)


def test_other_names_of_the_same_namespace_are_the_same(tmp_path: Path) -> None:
    def prefixed(content: bytes) -> bytes:
        for name in (b"worksheet", b"sheetData", b"row", b"c", b"v"):
            for end in (b" ", b">"):
                content = content.replace(b"<" + name + end, b"<x:" + name + end).replace(
                    b"</" + name + end, b"</x:" + name + end
                )
        return content.replace(b"xmlns=", b"xmlns:x=", 1)

    assert opened(tmp_path, FORM, remade(WHOLE, {SHEET: prefixed}), *HEAD).rows == ROWS


# What a sheet says of itself -------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["A1:XFD1048576", "A1", "B2:C3", "A1:A1048576", "Z9:A1"])
def test_how_large_a_sheet_says_it_is_does_not_matter(tmp_path: Path, said: str) -> None:
    assert opened(tmp_path, FORM, changed(SHEET, 'ref="A1:B3"', f'ref="{said}"'), *HEAD).rows == ROWS


FAR = {
    "a value at the far end": ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "makes it 16384 columns; expected at most 2000 columns"),
    "a value outside": ('<row r="1048577"><c r="A1048577"><v>1</v></c></row>', "found a cell outside of every sheet"),
    "a value far to the right": ('<row r="4"><c r="XFE4"><v>1</v></c></row>', "found a cell outside of every sheet"),
    "a wide rectangle": ('<row r="1048576"><c r="BXW1048576"><v>1</v></c></row>', "MiB when parsed; expected at most 512 MiB"),
    "a cell twice": ('<row r="3"><c r="B3"><v>1</v></c></row>', "cell B3: found a cell that stands twice, or out of order"),
    "a row twice": ('<row r="2"><c r="A2"><v>1</v></c></row>', "cell A2: found a cell that stands twice, or out of order"),
    "a second table": ('</sheetData><sheetData><row r="4"><c r="A4"><v>1</v></c></row>', "found a second table of cells"),
    "a comment": ('<!-- <row r="4"> --><row r="4"><c r="A4"><v>1</v></c></row>', "found comments or CDATA among its cells"),
    "a newer error": ('<row r="4"><c r="A4" t="e"><v>#SPILL!</v></c></row>', "cell A4: found an error of a newer kind"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAR)
def test_cells_that_would_be_lost_or_would_fill_the_memory_are_refused(tmp_path: Path, what: str) -> None:
    row, said = FAR[what]
    message = refusal(tmp_path, FORM, changed(SHEET, "</sheetData>", f"{row}</sheetData>"), *HEAD)
    assert message.startswith("sheet 'Отчёт'") and said in message


def test_formats_without_values_far_off_the_table_are_nothing(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    assert opened(tmp_path, FORM, changed(SHEET, "</sheetData>", far), *HEAD).rows == ROWS


def test_a_sheet_that_ends_too_early_is_refused(tmp_path: Path) -> None:
    content = remade(WHOLE, {SHEET: lambda part: part[: part.index(b"</sheetData>")]})
    assert "found no whole table of cells" in refusal(tmp_path, FORM, content, *HEAD)


@pytest.mark.parametrize("part", [BOOK, "xl/_rels/workbook.xml.rels"])
def test_document_types_and_entities_are_refused_and_nothing_is_fetched(tmp_path: Path, part: str) -> None:
    with nobody_is_asked(tmp_path) as elsewhere:
        for kind in (
            f'[<!ENTITY e SYSTEM "{elsewhere.file.as_uri()}">]',
            f'SYSTEM "{elsewhere.url}"',
            '[<!ENTITY e "x">]',
        ):
            content = remade(
                WHOLE, {part: lambda old, kind=kind: old.replace(b"?>", f"?><!DOCTYPE x {kind}>".encode(), 1)}
            )  # type: ignore[misc]
            message = refusal(tmp_path, FORM, content, *HEAD)
            assert f"part '{part}': found no plain XML" in message and SECRET not in message


def test_an_entity_in_a_text_is_not_expanded(tmp_path: Path) -> None:
    def with_entity(old: bytes) -> bytes:
        return old.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY e "expanded">]>', 1).replace(
            "<t>а</t>".encode(), b"<t>&e;</t>"
        )

    message = refusal(tmp_path, FORM, remade(WHOLE, {STRINGS: with_entity}), *HEAD)
    assert "found content that cannot be read" in message and "expanded" not in message


# What is no plain workbook ---------------------------------------------------------------------------------------


def test_a_workbook_that_is_protected_by_a_password_is_refused(tmp_path: Path) -> None:
    locked = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(1016)
        + "EncryptedPackage".encode("utf-16-le")
        + bytes(512)
    )
    said = "file: found a workbook that is protected by a password; expected "
    assert refusal(tmp_path, FORM, locked, *HEAD).startswith(said)
    assert refusal(tmp_path, FORM | {"kind": "xls"}, locked, *HEAD).startswith(said)


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ({"xl/workbook.bin": b"x"}, "a binary workbook (XLSB)"),
        ({BOOK: None, "word/document.xml": b"<x/>"}, "a Word document"),
        ({BOOK: None}, "a ZIP archive without a workbook in it"),
        ({SHEET: None}, f"no part '{SHEET}'"),
    ],
)  # fmt: skip
def test_an_archive_without_a_plain_workbook_is_refused(
    tmp_path: Path, added: dict[str, bytes | None], said: str
) -> None:
    assert f"found {said}; expected an XLSX workbook" in refusal(tmp_path, FORM, remade(WHOLE, added), *HEAD)


def test_a_sheet_of_charts_is_no_sheet_with_cells(tmp_path: Path) -> None:
    content = changed("xl/_rels/workbook.xml.rels", '/worksheet"', '/chartsheet"')
    assert "sheet 'Отчёт': found a chart or a dialog" in refusal(tmp_path, FORM, content, *HEAD)
