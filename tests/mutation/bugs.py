"""The planted bugs: what each does to the data, by name.

Each stands for what loaders of this kind were seen to do. Most are to be noticed by checks that know nothing of them: files
as their sources write them, sound and with bad records, of which every record must be where it belongs.
"""

from __future__ import annotations

from tests.mutation.planted import Bug

FILES = "tests/mutation/test_mutated_files.py"
JUDGING = "tests/unit/steps/test_judging.py"
HTTP = "tests/unit/sources/http/test_deliveries.py"
PAGES = "tests/unit/sources/http/test_pages_and_credentials.py"
TABLES = "tests/unit/sources/sql/test_deliveries.py"


def sound(form: str) -> str:
    return f"{FILES}::test_a_sound_file_is_taken_as_it_is[{form}]"


def troubled(form: str) -> str:
    return f"{FILES}::test_a_bad_record_is_quarantined_and_the_others_stay_what_and_where_they_are[{form}]"


def fault(name: str) -> str:
    return f"tests/faults/test_http.py::test_a_fault_gives_its_error_in_time_and_nothing_half_landed[{name}]"


LINES: dict[str, Bug] = {
    "a blank line ends the file": Bug(
        "include.sources.formats.records", "yield Record(number, BLANK, [], line, 1)", "return", (sound("csv report"),)
    ),
    "the last line is lost where no line break ends it": Bug(
        "include.sources.formats.numbered", " else [len(piece)]", " else []", (sound("jsonl"),)
    ),
    "a title row too many is skipped": Bug(
        "include.sources.formats.csv", "if len(titles) < declared.title_rows:", "if len(titles) <= declared.title_rows:", (sound("csv utf-16"),)
    ),
    "a comment is a record": Bug(
        "include.sources.formats.records", "elif comment and text.startswith(comment):", "elif False:", (sound("csv report"),)
    ),
    "a quote that stands twice stays two": Bug(
        "include.sources.formats.records", 'self.escaped.sub(rb"\\1", b"".join(parts))', 'b"".join(parts)', (sound("csv report"),)
    ),
    "an escaped quote ends its cell": Bug(
        "include.sources.formats.records", "        if dialect.escape:\n            inside", "        if not dialect.escape:\n            inside", (sound("csv escaped"),)
    ),
    "columns of fixed width are counted from 0": Bug(
        "include.sources.formats.fixed", "substring(line, {column.start},", "substring(line, {column.start - 1},", (sound("fixed"),)
    ),
    "bytes of another encoding are replaced": Bug(
        "include.sources.formats.text", '("strict")', '("replace")', ("tests/end_to_end/test_bad_input.py::test_a_file_that_cannot_be_read_is_refused_with_advice_and_waits[wrong encoding]",)
    ),
    "a no-break space stays around a cell": Bug(
        "include.sources.formats.delimited", "self.spaces.add(NO_BREAK_SPACE)", "pass", (sound("csv"),)
    ),
}  # fmt: skip
TABLES_AND_TREES: dict[str, Bug] = {
    "the footer takes the row above with it": Bug(
        "include.sources.formats.workbook", "            return end\n", "            return end - 1\n", (sound("xlsx"), sound("ods"))
    ),
    "merged cells are not filled": Bug(
        "include.sources.formats.workbook", "if column in labels:", "if column not in labels:", (sound("xlsx"), sound("xls"), sound("ods"))
    ),
    "the first row of a sheet that is read by column is lost": Bug(
        "include.sources.formats.plain_sheet", "column.slice(begin) for", "column.slice(begin + 1) for", (sound("ods plain"),)
    ),
    "a number is what is left of it behind nine digits": Bug(
        "include.sources.formats.plain_sheet", "numbers_as_text(pa.array(numbers * factors[~are_days]), decimal)", "written.filter(pc.invert(matches))", (sound("xls plain"),)
    ),
    "numbers and days change places": Bug(
        "include.sources.formats.plain_sheet", "_replaced(column, rows[~are_days], texts)", "_replaced(column, rows[: len(texts)], texts)", (sound("xlsx plain"),)
    ),
    "an error cell is an empty one": Bug(
        "include.sources.formats.workbook", "[column - self.left] = text", '[column - self.left] = ""', (sound("xlsx"), sound("xls"))
    ),
    "days of 1904 are days of 1900": Bug(
        "include.sources.formats.xlsx", 'from_1904 = element.get("date1904") in ("1", "true")', "from_1904 = False", (sound("xlsx 1904"),)
    ),
    "numbers of cells are cut to whole ones": Bug(
        "include.sources.formats.cells", "numbers.cast(pa.int64())", "numbers.cast(pa.int64(), safe=False)", (sound("xlsx"),)
    ),
    "the last element of a list is lost": Bug(
        "include.sources.formats.json", "as bigint) + 1) else [0]", "as bigint)) else [0]", (sound("json each"),)
    ),
    "elements are let go before their record ends": Bug(
        "include.sources.formats.xml", "if above and fitting < whole:", "if above:", (sound("xml"),)
    ),
    "only the first group of rows is read": Bug(
        "include.sources.formats.parquet", "{named} from {source})\"", "{named} from {source} limit {footer.row_group(0).num_rows})\"", (sound("parquet"),)
    ),
}  # fmt: skip
VALUES: dict[str, Bug] = {
    "the decimal comma is left out": Bug(
        "include.transform.values", "f\"replace({text}, ',', '.')\"", "f\"replace({text}, ',', '')\"", (sound("csv"),)
    ),
    "a day's number is a day off": Bug(
        "include.transform.days", "date '1899-12-30' + {number}", "date '1899-12-31' + {number}", (sound("jsonl"),)
    ),
    "a footnote stays with its value": Bug(
        "include.steps.judge_queries", "if marks := feed.format.footnote_marks:", "if marks := \"\":", (sound("csv report"),)
    ),
    "a word for nothing is a value": Bug(
        "include.steps.judge_queries", "{name: null_where_nothing(name, text) for name in mapped}", "{name: name for name in mapped}", (sound("csv report"),)
    ),
    "letters of another code page are letters": Bug(
        "include.contracts.rules", "and regexp_matches({text}, '{MIXED_UP_LETTERS}')", "and false", ("tests/end_to_end/test_bad_input.py::test_kazakh_letters_read_by_the_wrong_code_page_are_noticed",)
    ),
}  # fmt: skip
JUDGED: dict[str, Bug] = {
    "records that are no rows are forgotten": Bug(
        "include.steps.judge",
        "for number, raw in self.readable.items():\n            self.con.execute(\n                f\"insert into judged",
        "for number, raw in ():\n            self.con.execute(\n                f\"insert into judged",
        (troubled("csv"), troubled("jsonl")),
    ),
    "a row behind one that is none has the wrong place": Bug(
        "include.steps.judge", "        if rejects is None:\n", "        if True:\n", (troubled("csv"),)
    ),
    "a bad row is dropped": Bug(
        "include.steps.judge", "where reasons is not null union all", "where len(reasons) > 1 union all", (troubled("ods"),)
    ),
    "a record sent twice counts twice": Bug(
        "include.steps.judge", "> 1 then 'duplicate' else", "> 1 then 'accepted' else", (troubled("xlsx"),)
    ),
    "of two contents for one number both hold": Bug(
        "include.steps.judge", "content_hash <> first_value(content_hash) over record as conflict", "false as conflict", (troubled("parquet"),)
    ),
    "the rows that were read are counted as those of the file": Bug(
        "include.steps.judge", "if seen == physical:", "if seen:", (f"{JUDGING}::test_a_reader_that_finds_fewer_or_more_rows_than_the_file_has_is_not_believed[2]",)
    ),
    "what came with an earlier file is new again": Bug(
        "include.steps.second_look", "self.seen.show(_numbers(batch.column(0)))", "pass", (f"{JUDGING}::test_a_record_that_came_before_is_a_duplicate_and_its_new_content_a_revision",)
    ),
    "what a snapshot lacks stays": Bug(
        "include.steps.withdrawals", "then snapshot end as gone_at", "then null end as gone_at", (f"{JUDGING}::test_what_a_snapshot_lacks_is_withdrawn_with_its_last_values",)
    ),
    "a fall since January goes by": Bug(
        "include.steps.falls", "reached * in_unit_before < was", "reached * in_unit_before > was", (f"{JUDGING}::test_a_number_since_january_that_falls_is_told",)
    ),
}  # fmt: skip
FETCHED: dict[str, Bug] = {
    "the first page that is not full is the last": Bug(
        "include.sources.transports.http.pages", "more = bool(page.items) and", "more = len(page.items) == getattr(pages, 'size', 1) and",
        (f"{PAGES}::test_a_page_that_is_not_full_is_not_taken_for_the_last[empty-states5-500-1 2 3 4]",),
    ),
    "a cursor that comes again is not noticed": Bug(
        "include.sources.transports.http.pages", "if where in self._been:", "if not where:", (fault("repeated cursor"),)
    ),
    "a body shorter than announced is whole": Bug(
        "include.sources.transports.http.body", "    size = 0\n    while chunk", "    size, raw.enforce_content_length = 0, False\n    while chunk", (fault("truncated with length"),)
    ),
    "the watermark moves before the bytes are kept": Bug(
        "include.steps.ingest", "lambda file: remember.update(transport.fetch(delivery, file))", "lambda file: to.ledger.remember(to.feed_id, transport.fetch(delivery, file))",
        (f"{HTTP}::test_a_disk_that_fails_when_every_byte_came_moves_no_watermark",),
    ),
    "an item at the watermark is old": Bug(
        "include.sources.transports.http.transport", "if nothing_else and mark.fingerprint() == before.get(\"items\"):", "if nothing_else or mark.value == before.get(\"value\"):",
        (f"{HTTP}::test_another_item_at_the_watermark_is_new",),
    ),
    "the last rows of a table are lost": Bug(
        "include.sources.transports.sql", "while rows := self._session.fetch(now, answer, size):", "while len(rows := self._session.fetch(now, answer, size)) == size:",
        (f"{TABLES}::test_all_rows_are_one_delivery_for_the_month_in_kazakhstan",),
    ),
    "a file with an unfinished name is taken": Bug(
        "include.sources.transports.files", "name.endswith(UNFINISHED)", "name.endswith(())", ("tests/faults/test_folder.py::test_unfinished_and_hidden_files_and_folders_are_not_looked_at",)
    ),
    "a file that is written on while it is read is whole": Bug(
        "include.sources.transports.local", "if not _state(os.fstat(handle)) == _state(real.lstat()) == entry.state:", "if False:",
        ("tests/faults/test_folder.py::test_a_file_that_is_another_one_than_was_listed_is_not_taken[while-grow]",),
    ),
    "a changed file is known by its name": Bug(
        "include.steps.ingest", "if delivery.mark and delivery.mark == mark", "if delivery.mark and mark",
        ("tests/faults/test_sftp.py::test_a_changed_file_is_a_new_delivery_and_the_others_are_not_fetched",),
    ),
    "bytes are not held against their checksum": Bug(
        "include.sources.transports.sftp", "if expected and digest.hexdigest() != expected:", "if False:", ("tests/faults/test_sftp.py::test_a_checksum_that_does_not_fit_holds_back_its_file_alone[<lambda>-bytes whose SHA-256 is another one]",)
    ),
}  # fmt: skip
BUGS = LINES | TABLES_AND_TREES | VALUES | JUDGED | FETCHED
