"""JSON lines and documents: one object a record, text as it is written, nothing lost on the way to the list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from include.sources import Limits
from include.sources.formats import json_items, numbered
from tests.unit.sources.formats.opened import landed, opened, refusal

LINES = {"kind": "jsonl"}
TOP = {"kind": "json"}
NESTED = {"kind": "json", "items": "data.items"}

NUMBERS = [
    "1.10", "1e5", "1E+5", "-2.50e-3", "100.0", "0.0", "-0.0", "4.5", "7", "-7", "0.1", "0.30000000000000004",
    "0.0000001", "12345678.123456789", "1234567890123456.7", "12345678901234567890", "18446744073709551616",
    "-9223372036854775809", "123456789012345678901234567890", "123456789012345678901234567890.50", "1e400",
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_the_text_that_the_source_wrote(tmp_path: Path, number: str) -> None:
    record = '{"n": %s, "next": [%s, "1.10"]}' % (number, number)  # noqa: UP031
    assert opened(tmp_path, LINES, record, "n").cells == [number]
    assert opened(tmp_path, TOP, f"[{record}]", "n").cells == [number]


def test_what_only_looks_like_a_number_inside_a_text_stays_as_it_is(tmp_path: Path) -> None:
    record = r'{"n": "п. 1.10: 2.50, [1e5]", "q": 1.10, "s": "\"x\": 3.00, \\"}'
    found = opened(tmp_path, LINES, record, "n", "q", "s")
    assert found.rows == {1: ("п. 1.10: 2.50, [1e5]", "1.10", '"x": 3.00, \\')}
    assert found.received == {1: record}


def test_a_record_in_quarantine_is_kept_as_it_came_with_its_numbers(tmp_path: Path) -> None:
    line = '{"n": "1", "d": 1.10}'
    found = landed(tmp_path, LINES, line, record_no="n", closed_on="d")
    assert found.quarantined == {1: (["closed_on.date"], line)}


def test_null_is_nothing_and_words_for_it_are_words(tmp_path: Path) -> None:
    found = opened(
        tmp_path, LINES, '{"n": null}\n{"n": "null"}\n{"n": ""}\n{"m": 1}\n{"n": true}\n{"n": "NA"}', "n"
    )
    assert found.cells == [None, "null", "", None, "true", "NA"]


def test_escapes_are_the_letters_that_they_mean(tmp_path: Path) -> None:
    lines = [r'{"n": "\u049b\u043e\u0441\u043f\u0430"}', r'{"n": "\ud83d\ude00\/\t\"\\"}', '{"n": "қоспа"}']
    assert opened(tmp_path, LINES, "\n".join(lines), "n").cells == ["қоспа", '😀/\t"\\', "қоспа"]


@pytest.mark.parametrize(
    "line",
    [
        r'{"n": "\ud83d"}', r'{"n": "\udE00"}', '{"n": "1', '{"n": 01}', '{"n": .5}', '{"n": +1}', "{'n': 1}", '{n: 1}',
        '{"n": 1} {"n": 2}', '{"n": 1}}', '["n", 1]', '"n"', "1", "null", "n;s", '{"n": "\t"}', '{"n": 1} // x',
    ],
)  # fmt: skip
def test_a_line_that_is_no_object_is_kept_in_its_place_and_the_others_go_on(
    tmp_path: Path, line: str
) -> None:
    found = opened(tmp_path, LINES, f'{{"n": "1"}}\n{line}\n\n{{"n": "4"}}\n', "n")
    assert found.rows == {1: ("1",), 4: ("4",)} and found.rejects == {2: (line, "row.json")}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("chunk", [1, 16, numbered.CHUNK])
def test_lines_keep_their_numbers_wherever_the_file_is_cut(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chunk: int, end: str
) -> None:
    """Blank lines are none, whatever blanks they hold; a line may begin with blanks; one fault hides no other."""
    monkeypatch.setattr(numbered, "CHUNK", chunk)
    lines = [
        "", '{"n": "ә1"}', " ", "\u00a0\u2003", '\t {"n": "2"}', "сломано", '{"n": "3", "n": "4"}', '{"n": 5.10}', "\t",
        '{"n": "6"}',
    ]  # fmt: skip
    found = opened(tmp_path, LINES, "\ufeff" + end.join(lines), "n")
    assert found.rows == {2: ("ә1",), 5: ("2",), 8: ("5.10",), 10: ("6",)}
    assert found.rejects == {6: (lines[5], "row.json"), 7: (lines[6], "row.json")}
    assert found.received[8] == lines[7]


def test_a_key_that_stands_twice_is_no_answer(tmp_path: Path) -> None:
    """A parser takes the first or the last of them; a person does not know which one holds."""
    lines = [
        '{"n": "1", "s": "a"}',
        '{"n": "2", "s": "b", "s": "c"}',
        '{"n": "3", "s": "d", "other": 1, "other": 2}',
    ]
    found = opened(tmp_path, LINES, "\n".join(lines), "n", "s")
    assert found.rows == {1: ("1", "a"), 3: ("3", "d")} and found.rejects == {2: (lines[1], "row.json")}
    found = opened(tmp_path, TOP, f"[{','.join(lines)}]", "n", "s")
    assert found.rows == {1: ("1", "a"), 3: ("3", "d")}
    assert {place: rule for place, (_, rule) in found.rejects.items()} == {2: "row.json"}


def test_a_key_that_stands_twice_on_a_path_is_none_either(tmp_path: Path) -> None:
    lines = '{"lab": {"n": "1"}}\n{"lab": {"n": "2", "n": "3"}}\n{"lab": {"n": "4"}, "lab": {"n": "5"}}\n{"lab": 6}'
    found = opened(tmp_path, LINES, lines, "lab.n")
    assert found.rows == {1: ("1",), 4: (None,)} and sorted(found.rejects) == [2, 3]


def test_headings_are_keys_or_paths_and_a_key_with_a_full_stop_is_a_key(tmp_path: Path) -> None:
    lines = '{"lab": {"no": "1", "д": {"п": "а"}}}\n{"lab.no": "2"}\n{"lab": "3"}\n{"lab.no": null, "lab": {"no": "4"}}'
    found = opened(tmp_path, LINES, lines, "lab.no", "lab.д.п")
    assert list(found.rows.values()) == [("1", "а"), ("2", None), (None, None), ("4", None)]


def test_an_expression_reads_several_keys_of_one_record(tmp_path: Path) -> None:
    line = '{"n": "1", "ru": null, "kk": "қоспа", "a": {"n": "x"}}'
    both = {"expression": """coalesce("ru", "kk") || ' ' || "a.n" || ' ' || "n" """}
    assert landed(tmp_path, LINES, line, record_no="n", substances=both).accepted == {1: ("1", "қоспа x 1")}


# Documents -------------------------------------------------------------------------------------------------------


def test_records_lie_at_a_path_of_the_document(tmp_path: Path) -> None:
    document = (
        '{"total": 2, "data": {"note": [1], "items": [{"n": "1"}, {"n": "2", "deep": {"er": [{"n": 3}]}}]}}'
    )
    assert opened(tmp_path, NESTED | {"total": "total"}, document, "n").rows == {1: ("1",), 2: ("2",)}


def test_the_pages_of_an_api_are_documents_behind_each_other(tmp_path: Path) -> None:
    pages = '{"data": {"items": [{"n": "1"}]}}\n{"data": {"items": []}}\n{"data": {"items": [{"n": "2"}]}}'
    assert opened(tmp_path, NESTED, pages, "n").rows == {1: ("1",), 2: ("2",)}


def test_every_element_of_a_list_in_a_record_becomes_a_record(tmp_path: Path) -> None:
    document = (
        '[{"n": "1", "drugs": [{"s": "a", "q": 1.50}, {"s": "b"}]}, {"n": "2", "drugs": []}, {"n": "3"}]'
    )
    found = opened(tmp_path, TOP | {"each": "drugs"}, document, "n", "drugs.s", "drugs.q")
    assert found.rows == {
        1001: ("1", "a", "1.50"), 1002: ("1", "b", None), 2000: ("2", None, None), 3000: ("3", None, None),
    }  # fmt: skip


def test_of_an_element_with_a_key_twice_the_others_of_its_record_are_taken(tmp_path: Path) -> None:
    document = '[{"n": "1", "drugs": [{"s": "a"}, {"s": "b", "s": "c"}]}, {"n": "2", "n": "3", "drugs": [{"s": "d"}]}]'
    found = opened(tmp_path, TOP | {"each": "drugs"}, document, "n", "drugs.s")
    assert found.rows == {1001: ("1", "a")} and sorted(found.rejects) == [1002, 2001]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ('{"data": {"items": [{"n": 1}], "items": [{"n": 2}]}}', "a key more than once on the way to data.items"),
        ('{"data": {"items": [{"n": 1}]}, "data": {"items": [{"n": 2}]}}', "a key more than once on the way to data.items"),
        ('{"data": {"rows": [{"n": 1}]}}', "no list at data.items in 1 of 1 documents"),
        ('{"data": {"items": {"n": 1}}}', "no list at data.items in 1 of 1 documents"),
        ('{"data": {"items": [{"n": 1}]}} {"at": "limit"}', "no list at data.items in 1 of 2 documents"),
        ('{"data": {"items": []}, "error": "limit"}', "an error (error)"),
        ('{"data": {"items": [{"n": 1}], "success": false}}', "an error (data.success)"),
        ('{"data": {"items": [{"n": 1}], "next": "/2"}}', "data.next, which says that more follows"),
        ('{"data": {"items": [{"n": 1}]}, "meta": {"has_more": true}}', "meta.has_more, which says that more follows"),
        (
            '{"data": {"items": [{"n": 1}], "count": 2}}',
            "another number of records than the 2 that data.count states",
        ),
        ('{"data": {"items": [{"n": 1}]}, "pages": 3}', "fewer pages than the 3 that pages states"),
        ('{"data": {"items": [{"n": 1}, 2]}}', "1 of 2 records that are no objects"),
        ('{"data": {"items": [{"n": 1}', "broken JSON"),
        ('{"data": {"items": [{"n": 1}]}} x', "broken JSON"),
        (r'{"data": {"items": [{"n": "\ud800"}]}}', "broken JSON"),
        ('{"data": {"items": [{"m": 1}]}}', "no column 'n' (there are: m)"),
        ("<html><body>Sign in</body></html>", "an HTML page"),
    ],
)  # fmt: skip
def test_a_document_that_may_lack_records_is_refused_whole(tmp_path: Path, document: str, said: str) -> None:
    assert f"found {said}; expected" in refusal(tmp_path, NESTED, document, "n")


def test_a_member_that_means_something_else_is_declared(tmp_path: Path) -> None:
    document = '{"data": {"items": [{"n": 1}], "next": "/2"}, "count": 7, "status": "error"}'
    form = NESTED | {"ignore": ["data.next", "count", "status"]}
    assert opened(tmp_path, form, document, "n").cells == ["1"]


def test_a_count_of_the_elements_is_one_of_the_records_that_they_become(tmp_path: Path) -> None:
    document = '{"items": [{"n": 1, "of": [{"m": 1}, {"m": 2}]}], "count": 2}'
    assert opened(tmp_path, {"kind": "json", "items": "items", "each": "of"}, document, "of.m").cells == [
        "1",
        "2",
    ]


def test_a_stated_number_may_stand_under_a_key_with_a_dot(tmp_path: Path) -> None:
    form = {"kind": "json", "items": "value", "total": "@odata.count"}
    assert opened(tmp_path, form, '{"@odata.count": 1, "value": [{"n": 1}]}', "n").cells == ["1"]
    assert "found 1 records; expected the 2" in refusal(
        tmp_path, form, '{"@odata.count": 2, "value": [{"n": 1}]}', "n"
    )


@pytest.mark.parametrize("document", ["[]", "[\n]", "[] []"])
def test_an_empty_list_is_a_report_of_nothing(tmp_path: Path, document: str) -> None:
    assert opened(tmp_path, TOP, document, "n").rows == {}


@pytest.mark.parametrize(("stated", "said"), [("3", "found 2 records; expected the 3 that the source states (total)"),
                                              ('"many"', "no number, or several, of records stated")])  # fmt: skip
def test_as_many_records_come_as_the_source_states(tmp_path: Path, stated: str, said: str) -> None:
    document = f'{{"total": {stated}, "data": {{"items": [{{"n": 1}}, {{"n": 2}}]}}}}'
    assert said in refusal(tmp_path, NESTED | {"total": "total"}, document, "n")


# Limits ----------------------------------------------------------------------------------------------------------


def nested(levels: int) -> str:
    """An object of so many levels, lists and objects by turns, with brackets in a text that open nothing."""
    pairs, odd = divmod(levels - 1, 2)
    return (
        '{"s": "\\"[[[{{{\\\\", "n": ' + '[{"a":' * pairs + "[1]" * odd + "1" * (1 - odd) + "}]" * pairs + "}"
    )


@pytest.mark.parametrize("levels", [3, 4, 63, 64])
def test_nesting_up_to_the_limit_is_read(tmp_path: Path, levels: int) -> None:
    assert len(opened(tmp_path, LINES, nested(levels), "n").rows) == 1
    assert len(opened(tmp_path, TOP, f"[{nested(levels - 1)}]", "n").rows) == 1


@pytest.mark.parametrize("levels", [65, 100, 100_000])
def test_nesting_beyond_the_limit_is_refused_with_both_figures(tmp_path: Path, levels: int) -> None:
    for form, text, place in (
        (LINES, '{"n": 1}\n' + nested(levels), "line 2"),
        (TOP, f"[{nested(levels - 1)}]", "document"),
    ):
        found = f"{levels} levels" if form == LINES else "more than 64 levels"
        said = f"{place}: found {found}; expected no more than 64 (limits.nesting)"
        assert said in refusal(tmp_path, form, text, "n")


def test_many_brackets_beside_each_other_are_not_deep(tmp_path: Path) -> None:
    wide = '{"n": "1", "m": [' + ", ".join(['{"a": []}'] * 500) + "]}"
    assert opened(tmp_path, LINES, wide, "n").cells == ["1"]
    assert opened(tmp_path, TOP, f"[{wide}]", "n").cells == ["1"]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(rows=2), "found more than 2"),
        (Limits(cell_chars=20), "20 (limits.cell_chars)"),
        (Limits(columns=3), "found an object of 4 keys; expected no more than 3 (limits.columns)"),
    ],
)
def test_beyond_a_limit_a_delivery_is_refused_with_the_figures(
    tmp_path: Path, limits: Limits, said: str
) -> None:
    records = ['{"n": "1"}', '{"n": "2", "a": 1, "b": 2, "c": 3}', '{"n": "3"}']
    assert said in refusal(tmp_path, LINES, "\n".join(records), "n", limits=limits)
    assert said in refusal(tmp_path, TOP, f"[{','.join(records)}]", "n", limits=limits)


def test_a_document_may_be_larger_than_can_be_held_at_once(tmp_path: Path) -> None:
    records = ",\n ".join(f'{{"n": "{number}", "s": "{"соль" * 100}"}}' for number in range(50_000))
    found = opened(tmp_path, NESTED, f'{{"data": {{"items": [{records}]}}}}', "n")
    assert (tmp_path / "landed").stat().st_size > 39 << 20
    assert found.cells == [str(number) for number in range(50_000)]


def test_much_beside_the_records_is_refused_with_the_figure(tmp_path: Path) -> None:
    document = '{"other": [' + "1, " * 3_000_000 + '1], "data": {"items": []}}'
    assert "found more than 8 MiB besides its records" in refusal(tmp_path, NESTED, document, "n")


# Where records are cut out of a document -------------------------------------------------------------------------

RECORDS = [
    r'{"n": "]}[{,\"\\", "s": {"a": [1, {"b": []}], "": ","}}', '{ "n" : "б" }', '{"s": "\\\\", "n": "\\""}',
    '{\n  "n": "в",\r\n\t"s": [\n]\n}', "{}", '{"n": 1.50}', '{"items": [{"n": "not this one"}], "n": "г"}',
]  # fmt: skip
FRAMES = [
    '{{"data": {{"items": [{}]}}}}',
    '{{"items": [1, [2], {{"n": 3}}], "data": {{"other": [{{"n": 4}}], "items": [ {} ], "more": "]"}}, "data2": []}}',
    '{{"a\\"": ["{{", {{"items": [5]}}], "d\\u0061ta": {{"data": {{"items": [6]}}, "items":\n[\n{}\n]\n}} }}',
    '{{"data": {{"items": []}}}}\n{{"data": {{"items": [{}]}}}} {{"data": {{"items": [ \n ]}}}}',
]  # fmt: skip


def at_any_size(monkeypatch: pytest.MonkeyPatch, sizes: Iterable[int]) -> Iterator[int]:
    """Documents are gone over in pieces of so many bytes, one size after another."""
    for size in sizes:
        monkeypatch.setattr(json_items, "CHUNK", size)
        yield size


@pytest.mark.parametrize("frame", FRAMES)
def test_records_are_those_that_a_parser_finds_wherever_a_piece_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frame: str
) -> None:
    path, cut = tmp_path / "document", tmp_path / "cut"
    text = frame.format(", ".join(RECORDS))
    path.write_text(text, encoding="utf-8", newline="")
    expected = [json.loads(record) for record in RECORDS]
    for size in at_any_size(monkeypatch, [*range(1, 40), 1 << 20]):
        knife = json_items.cut_out(path, cut, ["data", "items"], 64)
        lines = [line for line in cut.read_text(encoding="utf-8").split("\n") if line.strip()]
        assert ([json.loads(line) for line in lines], knife.count) == (expected, len(expected)), size
        frames = list(knife.frames())
        assert len(frames) == text.count('{"data": {"items": [') or len(frames) == 1
        assert all(document["data"]["items"] == [] for document in frames)


@pytest.mark.parametrize(
    "document",
    [
        '[{"n": 1}}', '[{"n": 1}', '[{"n": 1}, ]', '[{"n": 1}, , {"n": 2}]', '[, {"n": 1}]', '[{"n": 1}]]', '{"n": 1}]',
        '[{"n": 1}] [', '[{"n": "1\n"}]', '[{"n": "1}]', "[{'n': 1}]", '[{"n": 1} {"n": 2}]', '[{"n": 1]}', '[{"n": 1}], []', "[]x",
        '[{"n": 1}];', "][", "}{", '"[]', "\\[]",
    ],
)  # fmt: skip
def test_a_broken_document_is_refused_wherever_a_piece_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: str
) -> None:
    for _ in at_any_size(monkeypatch, [1, 2, 3, 5, 1 << 20]):
        message = refusal(tmp_path, TOP, document, "n")
        assert message.startswith("document: found broken JSON; expected whole JSON documents"), message
