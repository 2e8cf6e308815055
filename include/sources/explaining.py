"""What a definition does, in plain sentences, for somebody who does not read YAML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from include.contracts import Contract, Field, codelist, load
from include.sources.definition import (
    ColumnMapping,
    ConstantMapping,
    CsvFormat,
    Cumulative,
    Feed,
    FileNameMapping,
    FixedFormat,
    FolderTransport,
    Format,
    HttpTransport,
    JsonFormat,
    Mapping,
    PeriodMapping,
    Rhythm,
    RowFilter,
    SftpTransport,
    Snapshot,
    SourceDefinition,
    SqlTransport,
    TitleCellMapping,
    Transport,
    WorkbookFormat,
    XmlFormat,
    expression_columns,
)
from include.sources.definition.formats import PLACE
from include.sources.definition.mappings import ANY_CELL
from include.sources.deployment import Limits

WIDTH = 100
SIGNS = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "bars", " ": "spaces"}
KINDS = {
    "csv": "delimited text", "fixed": "text with columns at fixed places", "xlsx": "an XLSX workbook",
    "xls": "an old XLS workbook", "ods": "an ODS workbook", "jsonl": "JSON lines", "json": "JSON",
    "xml": "XML", "parquet": "Parquet",
}  # fmt: skip
LOGINS = {"token": "a token", "basic": "a login and its password", "oauth2": "OAuth 2 client credentials"}
EVERY = {"month": "Every month", "quarter": "Every quarter", "year": "Every year"}


def explained(source: SourceDefinition, limits: Limits) -> list[str]:
    """The lines of a page in English: the source, then each of its feeds.

    Args:
        source: the definition.
        limits: of the deployment that would read it.
    """
    names = {row["code"]: row["name_en"] for row in codelist("regions").to_pylist()}
    regions = _list([f"{names[code]} ({code})" for code in source.regions])
    lines = [f"{source.name.get('en', source.source)} ({source.source})", ""]
    lines += _wrapped(f"Its records may name {regions}; its reports count for {source.regions[0]}.")
    if source.synthetic:
        lines += _wrapped("It is synthetic: everything that rests on it is marked so.")
    for dataset, feed in source.feeds.items():
        contract = load(f"core_{dataset}")
        lines += ["", f"{source.source}/{dataset}", f"  {contract.description}", ""]
        for sentence in _feed(feed, contract, limits):
            lines += _wrapped(sentence)
    return lines


def _feed(feed: Feed, contract: Contract, limits: Limits) -> Iterator[str]:
    yield from _where_from(feed.transport)
    yield from how_written(feed.format)
    yield from map(_whose_rows, feed.only)
    yield _what_a_delivery_holds(feed)
    yield _what_identifies(feed)
    yield from _when(feed.rhythm)
    yield f"Limits: a delivery of at most {_bytes(limits.delivery_bytes)}, {limits.rows:,} rows, {limits.columns:,} columns, cells of {limits.cell_chars:,} characters; what is compressed expands to at most {_bytes(limits.expanded_bytes)}; reading and judging take at most {limits.judge_s:,} s and {limits.memory_mb:,} MB."
    yield "What becomes what:"
    for field in contract.reported:
        if field.name in feed.fields:
            yield f"  - {_becomes(field, feed.fields[field.name], feed, contract)}"
    empty = [
        field.name
        for field in contract.reported
        if field.name not in feed.fields and (feed.aggregate or field.name != "seizures_n")
    ]
    if empty:
        yield f"  - Nothing is reported for {_list(empty)}."


def _where_from(transport: Transport) -> Iterator[str]:
    if isinstance(transport, FolderTransport):
        yield f"Files {transport.pattern} are taken from {transport.path}; a file's name says its period by {transport.name_pattern}{_day_in_name(transport)}."
    elif isinstance(transport, SftpTransport):
        yield f"Files {transport.pattern} are fetched by SFTP from {transport.path} (connection {transport.connection}); a file's name says its period by {transport.name_pattern}{_day_in_name(transport)}."
        whole = (
            f"keeps its size for {transport.settle_s:g} s"
            if transport.complete == "size"
            else "has a checksum beside it"
        )
        yield f"A file is whole when it {whole}."
    elif isinstance(transport, SqlTransport):
        taken = {
            "all": "all rows",
            "month": "the rows of each month",
            "since": "rows that are new or changed",
        }
        yield f"From the table {transport.table} (connection {transport.connection}), {taken[transport.deliveries.by]} are read, with the columns {_list(transport.columns)}."
    else:
        yield from _http(transport)
    yield f"Fetching may take {transport.deadline_s:g} s in each run, and {transport.timeout_s:g} s may pass without a byte."


def _day_in_name(transport: FolderTransport | SftpTransport) -> str:
    told = "(?P<delivered>" in transport.name_pattern
    return f", and the day of delivery as {transport.delivered_format}" if told else ""


def _http(transport: HttpTransport) -> Iterator[str]:
    asked = {
        "list": "the API lists its deliveries, and each is fetched by its id",
        "month": "one delivery is asked for each month",
        "since": "what changed since the last time is asked for",
        "document": "there is one document, fetched when it has changed",
    }
    login = f" with {LOGINS[transport.auth.kind]}" if transport.auth.kind in LOGINS else ""
    login += f" (connection {transport.connection})" if transport.connection else ""
    yield f"It is fetched over HTTP from {transport.url}{login}: {asked[transport.deliveries.by]}."
    if transport.pages.by != "none":
        yield f"Answers come in pages, by {transport.pages.by}."


def how_written(form: Format) -> Iterator[str]:
    encoding = getattr(form, "encoding", "")
    yield f"It is {KINDS[form.kind]}{f' in {encoding}' if encoding else ''}{_layout(form)}."
    signs = f"Decimals are written with {form.decimal!r}"
    if form.thousands:
        signs += f", thousands with {form.thousands!r}"
    dates = _list(form.dates, "or")
    yield f"{signs}; dates as {dates}. Nothing is meant by {_list([repr(word) for word in form.null_values], 'or')}."
    if form.footnote_marks:
        yield f"The signs {form.footnote_marks} after a value mean a footnote and are left out."
    unpivot = getattr(form, "unpivot", None)
    if unpivot:
        yield f"Each cell of the columns {unpivot.columns} becomes a record of its own: its heading as {unpivot.name!r}, itself as {unpivot.value!r}."


def _layout(form: Format) -> str:
    parts = []
    if isinstance(form, CsvFormat):
        many = ", several in a row as one" if form.merge_delimiters else ""
        parts.append(f"cells parted by {SIGNS.get(form.delimiter, repr(form.delimiter))}{many}")
        if form.quote != '"':
            parts.append(f"quoted with {form.quote}" if form.quote else "without quotes")
        if form.escape:
            parts.append(f"a quote inside quotes written {form.escape}{form.quote}")
        if form.comment:
            parts.append(f"lines that begin with {form.comment!r} left out")
    if isinstance(form, WorkbookFormat):
        parts.append(
            f"sheet {form.sheet!r}" if form.sheet else f"the sheet that matches {form.sheet_pattern}"
        )
    if isinstance(form, FixedFormat):
        parts.append(f"{len(form.columns)} columns")
    if isinstance(form, JsonFormat):
        parts.append(
            f"the records at {form.items!r}" if form.items else "the document being the list of records"
        )
        if form.each:
            parts.append(f"a record for each element of {form.each!r}")
        if form.total:
            parts.append(f"as many as {form.total!r} states")
    if isinstance(form, XmlFormat):
        parts.append(f"the records at {form.record!r}")
    if title_rows := getattr(form, "title_rows", 0):
        parts.append(f"after {title_rows} title row{'s' if title_rows > 1 else ''}")
    if (header_rows := getattr(form, "header_rows", 1)) > 1:
        parts.append(f"with a heading of {header_rows} rows")
    if not header_rows:
        parts.append(f"without a heading, {_columns_without_heading(form)}")
    if footer := getattr(form, "footer", None):
        parts.append(f"the last rows that match {footer} left out")
    return f": {', '.join(parts)}" if parts else ""


def _columns_without_heading(form: Format) -> str:
    if not isinstance(form, CsvFormat) or not form.columns:
        return "the columns called by their letters: column A"
    if all(map(PLACE.fullmatch, form.columns)):
        return f"{len(form.columns)} columns called by their number: column 1"
    return f"the columns called {_list(list(map(repr, form.columns)))}"


def _what_a_delivery_holds(feed: Feed) -> str:
    if isinstance(feed.delivers, Snapshot):
        whole = "every record of its period" if feed.delivers.of == "period" else "every record there is"
        return (
            f"Each delivery holds {whole}: one that is no longer there is withdrawn, and a delivery that would "
            f"withdraw more than {feed.delivers.may_withdraw:.0%} is refused."
        )
    if isinstance(feed.delivers, Cumulative):
        return "The numbers of each delivery count since January: a month is the difference, a fall is a revision."
    return "Each delivery holds new and changed records; what it does not name stays as it is."


def _whose_rows(only: RowFilter) -> str:
    ours, others = (
        f"{only.column!r} says {_list([_word(each) for each in words], 'or')}"
        for words in (only.is_, only.not_)
    )
    if not only.is_:
        return f"Rows of which {others} are not for us, and are counted so; all others are."
    if not only.not_:
        return f"Only rows of which {ours} are for us; others are counted as not for us, and one without a word there is quarantined."
    return f"Rows of which {ours} are for us; those of which {others} are counted as not for us; any other is quarantined."


def _word(word: str) -> str:
    if not word:
        return "nothing"
    return f"what begins with {word[:-1]!r}" if word.endswith("*") else repr(word)


def _what_identifies(feed: Feed) -> str:
    rows = " A row states a number of seizures." if feed.aggregate else ""
    return f"A record is identified by {_list(feed.identity)}: the same again is a duplicate, changed content a revision.{rows}"


def _when(rhythm: Rhythm | None) -> Iterator[str]:
    if rhythm is None:
        yield "No report is expected at any time: none is ever late or missing."
        return
    years = f" One file each covers {_list([str(year) for year in rhythm.years])}." if rhythm.years else ""
    yield (
        f"{EVERY[rhythm.every]} a report is expected, the first for {rhythm.since}. It is due "
        f"{rhythm.due_days} days after the end of its period, late for {rhythm.late_days} days after that, and "
        f"then missing.{years}"
    )


def _becomes(field: Field, mapping: Mapping, feed: Feed, contract: Contract) -> str:
    listed = {f.derived_from or f.name: f.codelist for f in contract.fields if f.codelist}.get(field.name)
    notes = []
    if field.required:
        notes.append("required")
    if field.restricted:
        notes.append("restricted")
    about = f" ({', '.join(notes)})" if notes else ""
    if isinstance(mapping, ConstantMapping):
        return f"{field.name}{about} is {mapping.constant!r} in every record."
    if isinstance(mapping, str | ColumnMapping):
        heading = mapping if isinstance(mapping, str) else mapping.column
        words = f", read by the code list {listed}" if listed else ""
        words += _own_words(mapping)
        if isinstance(mapping, ColumnMapping) and mapping.split:
            words += "; each address of a cell becomes a record of its own"
        return f"The column {heading!r} becomes {field.name}{about}{words}."
    own = _own_words(mapping)
    if isinstance(mapping, PeriodMapping):
        said = mapping.period.replace("_", " ")
        return f"{field.name}{about} is the {said} of the period that the delivery is for."
    if isinstance(mapping, FileNameMapping):
        return f"{field.name}{about} is what {mapping.file_name} finds in the name of the file{own}."
    if isinstance(mapping, TitleCellMapping):
        where = (
            "the cells above the table" if mapping.title_cell == ANY_CELL else f"cell {mapping.title_cell}"
        )
        return f"{field.name}{about} is what {f'{mapping.pattern} finds in {where}' if mapping.pattern else f'stands in {where}'}{own}."
    return f"{field.name}{about} is computed from {_list([repr(h) for h in expression_columns(mapping.expression)])}: {mapping.expression.strip()}"


def _own_words(mapping: Mapping) -> str:
    codes = getattr(mapping, "codes", {})
    return "; here " + _list([f"{word!r} means {code}" for word, code in codes.items()]) if codes else ""


def _list(parts: Sequence[str], last: str = "and") -> str:
    if len(parts) < 2:
        return "".join(parts) or "nothing"
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def _bytes(size: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size} bytes"


def _wrapped(sentence: str) -> list[str]:
    indent = "    " if sentence.startswith("  - ") else "  "
    return textwrap.wrap(
        sentence, WIDTH, initial_indent="  ", subsequent_indent=f"  {indent}" if indent == "    " else indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
