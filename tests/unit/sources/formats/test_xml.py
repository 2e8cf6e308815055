"""XML: records at one path, their elements and attributes as columns; nothing is followed, nothing is expanded."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.sources import Limits
from tests.unit.sources.formats.opened import landed, opened, refusal

FORM = {"kind": "xml", "record": "report/records/record"}


def document(*records: str, head: str = "", encoding: str = "utf-8") -> bytes:
    """A report with these records; the declaration names the encoding."""
    body = "".join(f"<record>{record}</record>" for record in records)
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>{head}<report><records>{body}</records></report>'.encode(
            encoding
        )
    )


def test_records_are_counted_from_1_and_their_elements_are_columns(tmp_path: Path) -> None:
    found = opened(tmp_path, FORM, document("<n>00012</n><s>қоспа</s>", "<s> NA </s><n>1.10</n>"), "n", "s")
    assert found.rows == {1: ("00012", "қоспа"), 2: ("1.10", "NA")}


def test_headings_are_paths_to_elements_and_attributes(tmp_path: Path) -> None:
    text = """<report><records><record id="7" kind="a"><place code="KZ-43"><name>Арал</name></place>рядом</record>
    </records></report>"""
    found = opened(tmp_path, FORM, text, "@id", "place/name", "place/@code", ".")
    assert found.rows == {1: ("7", "Арал", "KZ-43", "рядом")}


def test_namespaces_are_left_out_of_names(tmp_path: Path) -> None:
    text = """<s:report xmlns:s="urn:made:up:1" xmlns="urn:made:up:2"><records><record s:id="7"><s:n>1</s:n></record>
    </records></s:report>"""
    assert opened(tmp_path, FORM, text, "n", "@id").rows == {1: ("1", "7")}


def test_character_references_and_cdata_are_text_and_comments_are_none(tmp_path: Path) -> None:
    record = "<n>а<!-- <n>2</n> -->б<![CDATA[<n>&amp;]]><?made up?>&lt;&#1178;&#x4BB;</n>"
    assert opened(tmp_path, FORM, document(record), "n").cells == ["аб<n>&amp;<Қһ"]


def test_an_empty_element_and_one_that_is_not_there_are_nothing(tmp_path: Path) -> None:
    found = opened(
        tmp_path,
        FORM,
        document("<n>1</n><s/>", "<n>2</n>", "<n>3</n><s> \n </s>", "<n>4</n><s>а</s>"),
        "n",
        "s",
    )
    assert list(found.rows.values()) == [("1", None), ("2", None), ("3", None), ("4", "а")]


def test_an_element_that_stands_twice_is_no_answer_unless_nobody_reads_it(tmp_path: Path) -> None:
    records = ("<n>1</n><x>a</x><x>b</x>", "<n>2</n><n>3</n>", "<n>4</n><n/>", "<n>5</n>")
    found = opened(tmp_path, FORM, document(*records), "n")
    assert found.rows == {1: ("1",), 4: ("5",)}
    assert found.rejects == {2: ('{"n": ["2", "3"]}', "row.xml"), 3: ('{"n": ["4", null]}', "row.xml")}


def test_an_element_with_others_in_it_is_no_answer_unless_these_are_read_or_say_nothing(
    tmp_path: Path,
) -> None:
    content = document("<n>1<b>2</b></n>", "<n>3<br/>4</n>", "<n>5<r no='6'><n>7</n></r></n>")
    found = opened(tmp_path, FORM, content, "n")
    assert found.rows == {2: ("34",)}
    assert found.rejects == {
        1: ('{"n": "1", "n/b": "2"}', "row.xml"), 3: ('{"n": "5", "n/r/@no": "6", "n/r/n": "7"}', "row.xml"),
    }  # fmt: skip
    assert opened(tmp_path, FORM, document("<n>1<b>2</b></n>"), "n", "n/b").rows == {1: ("1", "2")}


def test_a_record_within_a_record_is_a_part_of_it_and_kept_as_received(tmp_path: Path) -> None:
    found = opened(tmp_path, FORM, document("<n>1</n><record><n>2</n></record>", "<n>3</n>"), "n", "record/n")
    assert found.rows == {1: ("1", "2"), 2: ("3", None)}


def test_a_broken_row_is_in_quarantine_as_received_with_its_place(tmp_path: Path) -> None:
    found = landed(
        tmp_path,
        FORM,
        document("<n>1</n><d>x</d>", "<n>2</n><d>2025-03-05</d>"),
        record_no="n",
        closed_on="d",
    )
    assert found.quarantined == {1: (["closed_on.date"], '{"n": "1", "d": "x"}')} and list(
        found.accepted
    ) == [2]


# A report of nothing, and what is none ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["<report><records/></report>", "<report><note>жоқ</note><records>\n</records></report>"]
)
def test_a_place_for_records_without_any_is_a_report_of_nothing(tmp_path: Path, text: str) -> None:
    assert opened(tmp_path, FORM, text, "n", "s").rows == {}


@pytest.mark.parametrize(
    ("form", "text", "said"),
    [
        (FORM, "<report/>", "no element report/records/record; expected records there"),
        (FORM, "<html><body><p>Sign in</p></body></html>", "no element report/records/record"),
        (FORM, "<error><message>limit</message></error>", "no element report/records/record"),
        (FORM, "<report><rows><row><n>1</n><s>a</s></row></rows></report>", "no element report/records/record"),
        (FORM, '<report><records><row n="1"><s>a</s></row></records></report>', "though there are all that records have"),
        (FORM, "<report><records><record><m>1</m></record></records></report>", "no column 'n', 's' (there are: m)"),
        (FORM | {"record": "record"}, "<report/>", "no element record"),
    ],
)  # fmt: skip
def test_a_document_whose_records_are_elsewhere_is_no_report_of_nothing(
    tmp_path: Path, form: dict[str, str], text: str, said: str
) -> None:
    assert said in refusal(tmp_path, form, text, "n", "s")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (document("<n>1</n>")[:-20], "line 1"),
        (document("<n>1</n>") + b"<report/>", "line 1"),
        (document("<n>1</m>"), "line 1"),
        (document("<n>&nbsp;</n>"), "line 1"),
        (document("<n>&#0;</n>"), "line 1"),
        (document("<n a=1>1</n>"), "line 1"),
        (b"\n" + document("<n>1</n>"), "line 2"),
        (b'{"n": 1}', "line 1"),
    ],
)  # fmt: skip
def test_a_document_that_is_not_whole_or_not_sound_is_refused_whole(
    tmp_path: Path, text: bytes, place: str
) -> None:
    message = refusal(tmp_path, FORM, text, "n")
    assert message.startswith(place) and "XML that is not whole or not sound" in message


# What it may not do ----------------------------------------------------------------------------------------------

SECRET = "what stands in another file"
DEFINITIONS = {
    "a document type": "<!DOCTYPE report>",
    "an entity": '<!DOCTYPE report [<!ENTITY e "x">]>',
    "an external entity": '<!DOCTYPE report [<!ENTITY e SYSTEM "{secret}">]>',
    "a parameter entity": '<!DOCTYPE report [<!ENTITY % e SYSTEM "{secret}">%e;]>',
    "an external document type": '<!DOCTYPE report SYSTEM "{secret}">',
    "a public one": '<!DOCTYPE report PUBLIC "-//made//up" "http://127.0.0.1:9/x.dtd">',
    "a billion laughs": "<!DOCTYPE report [" + '<!ENTITY a0 "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)) + '<!ENTITY e "&a9;">]>',
    "a quadratic blow-up": '<!DOCTYPE report [<!ENTITY e "' + "a" * 100_000 + '">]>',
    "a default attribute": '<!DOCTYPE report [<!ATTLIST record n CDATA "x">]>',
}  # fmt: skip


@pytest.mark.parametrize("what", DEFINITIONS)
def test_document_types_and_entities_are_refused_and_nothing_is_fetched(tmp_path: Path, what: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    head = DEFINITIONS[what].replace("{secret}", secret.as_uri())
    message = refusal(tmp_path, FORM, document(f"<n>{'&e;' * 1000}</n>", head=head), "n")
    assert "found a document type or an entity" in message and SECRET not in message


def test_style_sheets_and_inclusions_are_elements_like_others(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    head = f'<?xml-stylesheet href="{secret.as_uri()}"?>'
    include = f'<n xmlns:xi="http://www.w3.org/2001/XInclude">1<xi:include href="{secret.as_uri()}" parse="text"/></n>'
    found = opened(tmp_path, FORM, document(include, head=head), "n")
    assert found.cells == ["1"] and SECRET not in found.received[1]


@pytest.mark.parametrize(
    ("record", "limits", "said"),
    [
        ("<n>" + "<a>" * 61 + "</a>" * 61 + "</n>", Limits(), "more than 64 levels; expected no more than 64 (limits.nesting)"),
        ("<n>" + "<a>" * 50_000 + "</a>" * 50_000 + "</n>", Limits(), "more than 64 levels; expected no more than 64"),
        ("<n>" + "а" * 21 + "</n>", Limits(cell_chars=20), "a text of 21 characters in record 2; expected no more than 20 (limits.cell_chars)"),
        ("<n>1</n>" + "<a/>" * 10, Limits(columns=10), "more than 10 elements and attributes in record 2; expected no more than 10 (limits.columns)"),
        ('<n a1="" a2="" a3="">1</n>', Limits(columns=3), "more than 3 elements and attributes in record 2"),
        ("<n>2</n></record><record><n>3</n>", Limits(rows=2), "more than 2 records; expected no more than 2 (limits.rows)"),
    ],
)  # fmt: skip
def test_beyond_a_limit_a_document_is_refused_with_the_figures(
    tmp_path: Path, record: str, limits: Limits, said: str
) -> None:
    assert f"found {said}" in refusal(tmp_path, FORM, document("<n>1</n>", record), "n", limits=limits)


def test_nesting_up_to_the_limit_is_read(tmp_path: Path) -> None:
    deep = "<n>1</n>" + "<a>" * 61 + "</a>" * 61  # and report, records, record
    assert opened(tmp_path, FORM, document(deep), "n").cells == ["1"]


def test_what_stands_outside_of_records_has_no_such_limits(tmp_path: Path) -> None:
    """A dictionary of codes before the records is let go element by element."""
    head = "<report><codes>" + "<code><n>1</n></code>" * 3000 + "</codes><records>"
    text = document("<n>1</n>").decode().replace("<report><records>", head)
    assert opened(tmp_path, FORM, text, "n").rows == {1: ("1",)}
