"""Reading alone: a delivery of every format into text columns, beside the fastest public reader of that format.

Both readers touch every cell of every row. Nothing is judged or written. Workbooks are read twice: with texts alone, and
("… cells") with numbers and days in two of the columns, since that is another way through our reader.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import duckdb
import xlsxwriter
import xlwt
import yaml

from tests.benchmarks import generate

DEFINITION = Path(__file__).parent / "sources" / "BENCH.yaml"
ROWS = {
    "csv": 1_000_000, "fixed": 500_000, "jsonl": 500_000, "json": 500_000, "xml": 200_000, "parquet": 1_000_000,
    "xlsx": 100_000, "xls": 60_000, "ods": 100_000, "xlsx cells": 100_000, "xls cells": 60_000, "ods cells": 100_000,
}  # fmt: skip
PUBLIC = {
    "csv": "DuckDB read_csv", "fixed": "DuckDB, lines alone", "jsonl": "pyarrow.json", "json": "DuckDB read_json",
    "xml": "lxml iterparse", "parquet": "pyarrow.parquet", "xlsx": "calamine", "xls": "calamine", "ods": "calamine",
    "xlsx cells": "calamine", "xls cells": "calamine", "ods cells": "calamine",
}  # fmt: skip
WIDTH = 48
NUMBERS, DAYS = "ID площадки", "Дата выявления"
"""Columns that hold numbers and days as such where a workbook has cells of several kinds."""
Rows = Sequence[Sequence[str | float | date]]
Maker = Callable[[duckdb.DuckDBPyConnection, Path], None]
FORMATS = {
    "csv": {"kind": "csv", "delimiter": ";"},
    "jsonl": {"kind": "jsonl"},
    "json": {"kind": "json", "items": "items"},
    "xml": {"kind": "xml", "record": "report/record"},
    "parquet": {"kind": "parquet"},
    "xlsx": {"kind": "xlsx", "sheet": "S"},
    "xls": {"kind": "xls", "sheet": "S"},
    "ods": {"kind": "ods", "sheet": "S"},
}


def file(kind: str, folder: Path, rows: int) -> Path:
    """The register as a file of that format, made once."""
    path = folder / f"{kind.replace(' ', '-')}-{rows}.{kind.split()[0]}"
    if not path.exists():
        source = generate.register(folder / f"register-{rows}", rows)
        if kind == "csv":
            return source
        part = path.with_suffix(".part")
        with duckdb.connect() as con:
            con.execute(
                f"create view r as from read_csv('{source}', delim=';', header=true, all_varchar=true)"
            )
            MAKERS[kind](con, part)
        part.rename(path)
    return path


def names(source: Path) -> list[str]:
    """The headings of the register."""
    return source.open(encoding="utf-8").readline().rstrip("\n").split(";")


def declared(kind: str, headings: list[str]) -> dict[str, object]:
    """The format of a definition that reads the file."""
    if kind == "fixed":
        columns = {heading: {"start": 1 + WIDTH * n, "width": WIDTH} for n, heading in enumerate(headings)}
        return {"kind": "fixed", "columns": columns}
    return FORMATS[kind.split()[0]]


def feed(kind: str, headings: list[str]) -> dict[str, object]:
    """The feed of the benchmark with that format; XML elements are called c0, c1, …"""
    given = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))["feeds"]["blocking_record"]
    given["format"] = declared(kind, headings)
    if kind == "xml":
        short = {heading: f"c{n}" for n, heading in enumerate(headings)}
        given["fields"] = {
            field: short.get(at, at) if isinstance(at, str) else at for field, at in given["fields"].items()
        }
        for at in given["fields"].values():
            if isinstance(at, dict) and "column" in at:
                at["column"] = short[at["column"]]
    return given


def _columns(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [row[0] for row in con.execute("describe r").fetchall()]


def _fixed(con: duckdb.DuckDBPyConnection, to: Path) -> None:
    cells = " || ".join(
        f"rpad(left(coalesce(\"{name}\", ''), {WIDTH}), {WIDTH}, ' ')" for name in _columns(con)
    )
    con.execute(
        f"copy (select {cells} from r) to '{to}' (format csv, header false, quote '', delimiter '\\x1f')"
    )


def _jsonl(con: duckdb.DuckDBPyConnection, to: Path) -> None:
    con.execute(f"copy r to '{to}' (format json)")


def _json(con: duckdb.DuckDBPyConnection, to: Path) -> None:
    rows = to.with_suffix(".rows")
    con.execute(f"copy r to '{rows}' (format json, array true)")
    with to.open("wb") as out:
        out.write(b'{"synthetic": true, "items": ' + rows.read_bytes() + b"}")
    rows.unlink()


def _xml(con: duckdb.DuckDBPyConnection, to: Path) -> None:
    with to.open("w", encoding="utf-8") as out:
        out.write('<?xml version="1.0" encoding="utf-8"?>\n<report>\n')
        for row in _rows(con):
            cells = "".join(f"<c{n}>{escape(cell)}</c{n}>" for n, cell in enumerate(row))
            out.write(f"<record>{cells}</record>\n")
        out.write("</report>\n")


def _parquet(con: duckdb.DuckDBPyConnection, to: Path) -> None:
    con.execute(f"copy r to '{to}' (format parquet)")


def _xlsx(con: duckdb.DuckDBPyConnection, to: Path, rows: Rows | None = None) -> None:
    with xlsxwriter.Workbook(str(to), {"constant_memory": True, "strings_to_urls": False}) as book:
        sheet, as_day = book.add_worksheet("S"), book.add_format({"num_format": "dd.mm.yyyy"})
        for place, row in enumerate([_columns(con), *(rows or _rows(con))]):
            for column, cell in enumerate(row):
                if isinstance(cell, float):
                    sheet.write_number(place, column, cell)
                elif isinstance(cell, date):
                    sheet.write_datetime(place, column, cell, as_day)
                elif cell:
                    sheet.write_string(place, column, cell)


def _xls(con: duckdb.DuckDBPyConnection, to: Path, rows: Rows | None = None) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    sheet, as_day = book.add_sheet("S"), xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for place, row in enumerate([_columns(con), *(rows or _rows(con))]):
        for column, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write(place, column, cell, as_day)
            elif cell != "":
                sheet.write(place, column, cell)
    book.save(str(to))


ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body>'
    '<office:spreadsheet><table:table table:name="S">'
)


def _ods(con: duckdb.DuckDBPyConnection, to: Path, rows: Rows | None = None) -> None:
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        book.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        with book.open("content.xml", "w") as content:
            content.write(ODS_HEAD.encode())
            for row in [_columns(con), *(rows or _rows(con))]:
                content.write(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>".encode())
            content.write(b"</table:table></office:spreadsheet></office:body></office:document-content>")


def _ods_cell(cell: str | float | date) -> str:
    kind, text = 'office:value-type="string"', str(cell)
    if isinstance(cell, float):
        kind = f'office:value-type="float" office:value="{cell:.0f}"'
    elif isinstance(cell, date):
        kind, text = f'office:value-type="date" office:date-value="{cell}"', f"{cell:%d.%m.%Y}"
    return f"<table:table-cell {kind}><text:p>{escape(text)}</text:p></table:table-cell>"


def _rows(con: duckdb.DuckDBPyConnection) -> list[list[str]]:
    return [[cell or "" for cell in row] for row in con.execute("from r").fetchall()]


def _of_several_kinds(make: Callable[[duckdb.DuckDBPyConnection, Path, Rows], None]) -> Maker:
    def made(con: duckdb.DuckDBPyConnection, to: Path) -> None:
        number, day = (_columns(con).index(name) for name in (NUMBERS, DAYS))
        rows: list[list[str | float | date]] = [[*row] for row in _rows(con)]
        for row in rows:
            if str(row[number]).isdecimal():
                row[number] = float(row[number])
            with suppress(ValueError):
                row[day] = datetime.strptime(str(row[day]), "%d.%m.%Y").date()
        make(con, to, rows)

    return made


MAKERS: dict[str, Maker] = {
    "fixed": _fixed, "jsonl": _jsonl, "json": _json, "xml": _xml, "parquet": _parquet, "xlsx": _xlsx, "xls": _xls,
    "ods": _ods, "xlsx cells": _of_several_kinds(_xlsx), "xls cells": _of_several_kinds(_xls), "ods cells": _of_several_kinds(_ods),
}  # fmt: skip


def ours(kind: str, path: Path, headings: list[str]) -> Callable[[], int]:
    """Our reader: every cell of every row as text; gives the rows."""
    import tempfile

    from include.sources.definition import Feed
    from include.sources.formats import Delivered, Reading, read

    feed_ = Feed.model_validate(feed(kind, headings))

    def work() -> int:
        with (
            duckdb.connect(config={"threads": 1, "memory_limit": "640MB"}) as con,
            tempfile.TemporaryDirectory() as to,
        ):
            raw = read(Reading(con, Path(to), Delivered("BENCH/blocking_record", path.name, path), feed_))
            cells = ", ".join(f"count({raw.cells[heading]})" for heading in sorted(feed_.headings()))
            found = con.execute(f"select count(*), {cells} from {raw.relation}").fetchall()[0]
            raw.check()
            assert found[0] == raw.physical_rows
            return int(found[0])

    return work


def public(kind: str, path: Path) -> Callable[[], int]:
    """The public reader: every cell of every row in its own types; gives the rows."""
    return {
        "csv": _duckdb_csv, "fixed": _duckdb_lines, "jsonl": _pyarrow_json, "json": _duckdb_json, "xml": _lxml,
        "parquet": _pyarrow_parquet, "xlsx": _calamine, "xls": _calamine, "ods": _calamine,
    }[kind.split()[0]](path)  # fmt: skip


def _engine(query: str, memory_limit: str = "640MB") -> Callable[[], int]:
    def work() -> int:
        with duckdb.connect(config={"threads": 1, "memory_limit": memory_limit}) as con:
            return int(con.execute(query).fetchall()[0][0])

    return work


def _duckdb_csv(path: Path) -> Callable[[], int]:
    return _engine(
        f"select count(*), count(columns(*)) from read_csv('{path}', delim=';', header=true, all_varchar=true)"
    )


def _duckdb_lines(path: Path) -> Callable[[], int]:
    lines = (
        f"read_csv('{path}', delim='\\x1f', quote='', escape='', header=false, columns={{'l': 'VARCHAR'}})"
    )
    return _engine(f"select count(*), count(l) from {lines}")


def _duckdb_json(path: Path) -> Callable[[], int]:
    """It holds a document whole, and twice: it is given the memory for that."""
    document = f"read_json('{path}', maximum_object_size={path.stat().st_size + 1024})"
    return _engine(
        f"select count(*), count(columns(*)) from (select unnest(items, recursive := true) from {document})",
        "16GB",
    )


def _pyarrow_json(path: Path) -> Callable[[], int]:
    import pyarrow.json

    return lambda: int(pyarrow.json.read_json(path).num_rows)


def _pyarrow_parquet(path: Path) -> Callable[[], int]:
    import pyarrow.parquet

    return lambda: int(pyarrow.parquet.read_table(path).num_rows)


def _calamine(path: Path) -> Callable[[], int]:
    from python_calamine import load_workbook

    return lambda: len(load_workbook(str(path)).get_sheet_by_name("S").to_python()) - 1


def _lxml(path: Path) -> Callable[[], int]:
    from lxml import etree

    def work() -> int:
        rows = 0
        for _, record in etree.iterparse(str(path), tag="record"):
            cells = [child.text for child in record]
            rows += bool(cells)
            record.clear()
        return rows

    return work


def size_mb(path: Path) -> float:
    """Megabytes of the file."""
    return path.stat().st_size / 1e6


__all__ = ["PUBLIC", "ROWS", "file", "names", "ours", "public", "size_mb"]
