"""ODS: repeated rows and cells, covered cells, and what links of it kept, as LibreOffice writes them."""

from __future__ import annotations

import io
from pathlib import Path

import odf.opendocument
import odf.table
import odf.text
import pytest

from tests.unit.sources.formats.asked import SECRET, nobody_is_asked
from tests.unit.sources.formats.books import ods, ods_with, remade
from tests.unit.sources.formats.opened import opened, refusal

FORM = {"kind": "ods", "sheet": "Отчёт"}
HEAD = ("n", "s")
CELL = "table:table-cell"
BLANK = f'<table:table-row table:number-rows-repeated="1048573"><{CELL} table:number-columns-repeated="16384"/></table:table-row>'


def text(shown: str, more: str = "") -> str:
    return f'<{CELL} office:value-type="string"{more}><text:p>{shown}</text:p></{CELL}>'


def row(*cells: str, more: str = "") -> str:
    return f"<table:table-row{more}>{''.join(cells)}</table:table-row>"


def table(*rows: str, name: str = "Отчёт", before: str = "") -> str:
    return f'<table:table table:name="{name}">{before}{row(*map(text, HEAD))}{"".join(rows)}</table:table>'


def test_a_workbook_of_another_library_is_read(tmp_path: Path) -> None:
    book = odf.opendocument.OpenDocumentSpreadsheet()
    sheet = odf.table.Table(name="Отчёт")
    for cells in (HEAD, ("1", "соль"), ("2", "тұз")):
        line = odf.table.TableRow()
        for cell in cells:
            box = odf.table.TableCell(valuetype="string")
            box.addElement(odf.text.P(text=cell))
            line.addElement(box)
        sheet.addElement(line)
    book.spreadsheet.addElement(sheet)
    out = io.BytesIO()
    book.save(out)
    assert opened(tmp_path, FORM, out.getvalue(), *HEAD).rows == {2: ("1", "соль"), 3: ("2", "тұз")}


def test_repeated_rows_and_cells_stand_as_often_as_they_show(tmp_path: Path) -> None:
    again = ' table:number-columns-repeated="2"'
    content = ods_with(
        table(
            row(text("1"), text("а"), more=' table:number-rows-repeated="3"'),
            row(f"<{CELL}/>", f"<{CELL}/>", more=' table:number-rows-repeated="4"'),
            row(text("2", again)),
            BLANK,
        )
    )
    found = opened(tmp_path, FORM, content, *HEAD).rows
    assert found == {2: ("1", "а"), 3: ("1", "а"), 4: ("1", "а"), 9: ("2", "2")}


def test_formatted_columns_and_blank_rows_to_the_end_of_the_sheet_are_nothing(tmp_path: Path) -> None:
    columns = '<table:table-column table:number-columns-repeated="16384"/>'
    tail = f'<{CELL} table:number-columns-repeated="16382"/>'
    content = ods_with(table(row(text("1"), text("а"), tail), BLANK, before=columns))
    assert opened(tmp_path, FORM, content, *HEAD).rows == {2: ("1", "а")}


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ("<text:p>в две</text:p><text:p>строки</text:p>", "в две\nстроки"),
        ("<text:p>в две<text:line-break/>строки</text:p>", "в две\nстроки"),
        ("<text:p>а<text:tab/>б</text:p>", "а\tб"),
        ('<text:p>а<text:s text:c="2"/>б</text:p>', "а  б"),
        ("<text:p>со<text:span>ль</text:span></text:p>", "соль"),
        ("<text:p>&lt;соль&gt; &amp; &#1178;</text:p>", "<соль> & Қ"),
    ],
)  # fmt: skip
def test_a_text_is_what_the_sheet_shows_however_it_is_written(tmp_path: Path, cells: str, shown: str) -> None:
    for kind in (' office:value-type="string"', ""):
        content = ods_with(table(row(text("1"), f"<{CELL}{kind}>{cells}</{CELL}>")))
        assert opened(tmp_path, FORM, content, *HEAD).rows == {2: ("1", shown)}


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ('office:value-type="float" office:value="0.30000000000000004"', "0.3"),
        ('office:value-type="percentage" office:value="0.5"', "50"),
        ('office:value-type="currency" office:currency="KZT" office:value="10.5"', "10.5"),
        ('office:value-type="boolean" office:boolean-value="true"', "1"),
        ('office:value-type="date" office:date-value="2025-03-05"', "2025-03-05"),
        ('office:value-type="date" office:date-value="2025-03-05T14:30:00"', "2025-03-05 14:30:00"),
        ('office:value-type="time" office:time-value="PT09H05M00S"', "09:05:00"),
        ('office:value-type="float" office:value="7" table:formula="of:=1+1"', "7"),
    ],
)  # fmt: skip
def test_a_value_is_the_one_that_was_saved_and_not_how_it_shows(
    tmp_path: Path, attributes: str, shown: str
) -> None:
    content = ods_with(table(row(text("1"), f"<{CELL} {attributes}><text:p>как видно</text:p></{CELL}>")))
    assert opened(tmp_path, FORM, content, *HEAD).rows == {2: ("1", shown)}


def test_a_link_to_another_file_is_not_followed_and_its_copy_is_no_sheet_of_this_one(tmp_path: Path) -> None:
    with nobody_is_asked(tmp_path) as elsewhere:
        uri = elsewhere.file.as_uri()
        source = (
            f'<table:table-source xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="{elsewhere.url}"/>'
        )
        linked = table(row(text("9"), text("копия")), name=f"'{uri}'#$Отчёт", before=source)
        formula = (
            f'<{CELL} table:formula="of:=[\'{uri}\'#$Отчёт.A1]" office:value-type="float" office:value="7"/>'
        )
        dde = f'<{CELL} table:formula="of:=DDE(&quot;cmd&quot;;&quot;/c&quot;;&quot;A0&quot;)" office:value-type="float" office:value="8"/>'
        web = f'<{CELL} table:formula="of:=WEBSERVICE(&quot;{elsewhere.url}&quot;)" office:value-type="string"><text:p>9</text:p></{CELL}>'
        own = table(*(row(cell, text("а")) for cell in (formula, dde, web)), before=source)
        found = opened(tmp_path, FORM, ods_with(own + linked), *HEAD)
        assert "expected one sheet 'Лист'" in (
            message := refusal(tmp_path, FORM | {"sheet": "Лист"}, ods_with(own + linked), *HEAD)
        )
    assert found.rows == {2: ("7", "а"), 3: ("8", "а"), 4: ("9", "а")}
    assert SECRET not in str(found) and "secret" not in message


MANY = ' table:number-columns-repeated="16384"'
REFUSED = {
    "a value repeated to the right": (row(text("1", MANY)), "makes it 16384 columns; expected at most 2000 columns"),
    "a value repeated beyond every sheet": (row(text("1", ' table:number-columns-repeated="99999999"')), "makes it 99999999 columns"),
    "a value repeated downwards": (row(text("1", ' table:number-columns-repeated="1999"'), more=' table:number-rows-repeated="1048575"'),
                                   "MiB when parsed; expected at most 512 MiB"),
    "a row repeated beyond every sheet": (row(text("1"), more=' table:number-rows-repeated="2000000"'), "makes it 2000001 rows; expected at most 1048576 rows"),
    "a table in a cell": (row(f"<{CELL}><table:table><table:table-row/></table:table></{CELL}>"), "a table within a "),
    "a comment": (row(text("1")) + "<!-- x -->" + row(text("2")), "found comments or CDATA among its cells"),
    "CDATA": (row(text("<![CDATA[x]]>")), "found comments or CDATA among its cells"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_cells_that_would_be_lost_or_would_fill_the_memory_are_refused(tmp_path: Path, what: str) -> None:
    rows, said = REFUSED[what]
    assert said in refusal(tmp_path, FORM, ods_with(table(rows)), *HEAD)


WHOLE = ods({"Отчёт": [HEAD, ("1", "а")]})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"content.xml": lambda old: old[: old.index(b"</table:table>")]}, "found the end of the content within a table"),
        ({"content.xml": None}, "found an OpenDocument file of another kind"),
        ({"mimetype": b"application/vnd.oasis.opendocument.text"}, "found an OpenDocument file of another kind"),
        ({"mimetype": None}, "found a ZIP archive without a workbook in it"),
        ({"META-INF/manifest.xml": b'<m:manifest xmlns:m="urn:x"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'},
         "found a workbook that is protected by a password"),
        ({"META-INF/manifest.xml": b'<!DOCTYPE x [<!ENTITY e "y">]><x>&e;</x>'}, "part 'META-INF/manifest.xml': found no plain XML"),
    ],
)  # fmt: skip
def test_what_is_no_plain_workbook_is_refused(tmp_path: Path, change: dict, said: str) -> None:  # type: ignore[type-arg]
    assert said in refusal(tmp_path, FORM, remade(WHOLE, change), *HEAD)


@pytest.mark.parametrize(
    "kind", ['[<!ENTITY e "expanded">]', '[<!ENTITY e SYSTEM "{file}">]', 'SYSTEM "{url}"']
)
def test_document_types_and_entities_are_not_expanded_and_nothing_is_fetched(
    tmp_path: Path, kind: str
) -> None:
    with nobody_is_asked(tmp_path) as elsewhere:
        declared = kind.format(file=elsewhere.file.as_uri(), url=elsewhere.url)
        head = f"?><!DOCTYPE x {declared}>".encode()
        used = remade(
            WHOLE, {"content.xml": lambda old: old.replace(b"?>", head, 1).replace("а<".encode(), b"&e;<")}
        )
        message = refusal(tmp_path, FORM, used, *HEAD)
    assert "found content that cannot be read" in message and SECRET not in message
