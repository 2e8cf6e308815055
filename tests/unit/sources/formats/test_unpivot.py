"""Wide tables made long: every cell a record, nothing lost, every place can be found again."""

from __future__ import annotations

import json
from pathlib import Path

from include.steps import ingest
from include.storage.home import Home
from tests.end_to_end.small import FEED, deliver, small_place
from tests.unit.sources.formats.opened import opened, refusal

WIDE = {
    "unpivot": {"columns": "мефедрон|марихуана|гашиш", "name": "Вещество", "value": "Кол-во"},
    "kind": "csv", "delimiter": ";",
}  # fmt: skip
FIELDS = {
    "seizure_no": "№",
    "item_no": {"constant": "1"},
    "seized_on": "Дата",
    "region_code": {"constant": "KZ-43"},
    "substance_as_reported": "Вещество",
    "quantity": "Кол-во",
    "unit": {"constant": "g"},
    "lead_agency": {"constant": "mia_police"},
}
FILE = """№;Дата;мефедрон;марихуана;гашиш
1;05.03.2025;4,5;;7
сломано
2;06.03.2025;;;
3;07.03.2025;1;2;3
"""


def test_each_cell_is_a_record_and_every_row_is_accounted_for(tmp_path: Path) -> None:
    place = small_place(
        tmp_path, format=WIDE, fields=FIELDS, identity=["seizure_no", "substance_as_reported"]
    )
    deliver(place, FILE.encode())
    with place.entered():
        ingest.land(FEED)
        judged = ingest.judge(FEED)
        assert judged["refused"] == []
        assert (judged["landed"], judged["accepted"], judged["quarantined"]) == (7, 5, 2)
        ingest.commit(str(judged["batch_id"]))
        assert Home(place.root).core.is_dir()
    rows = sorted(
        (row["raw_row"], row["substance_as_reported"], row["quantity"])
        for row in place.rows("core", "seizure_item")
    )
    assert rows == [
        (2001, "мефедрон", 4.5), (2003, "гашиш", 7.0),
        (5001, "мефедрон", 1.0), (5002, "марихуана", 2.0), (5003, "гашиш", 3.0),
    ]  # fmt: skip
    kept = sorted((row["raw_row"], row["reasons"]) for row in place.rows("quarantine", "seizure_item"))
    assert [raw_row for raw_row, _ in kept] == [3000, 4000]
    assert kept[0][1] == ["row.columns"] and "quantity.required" in kept[1][1]


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    place = small_place(
        tmp_path, format=WIDE, fields=FIELDS, identity=["seizure_no", "substance_as_reported"]
    )
    deliver(place, "№;Дата;Кол-во\n1;05.03.2025;2\n".encode())
    with place.entered():
        ingest.land(FEED)
        assert "headings that match" in ingest.judge(FEED)["refused"][0]


MONTHS = {"kind": "csv", "delimiter": ";", "unpivot": {"columns": "январь|февраль|март", "name": "Месяц", "value": "Кол-во"}}  # fmt: skip


def test_months_in_columns_become_records_with_their_headings(tmp_path: Path) -> None:
    text = "Вещество;январь;февраль;март;Итого\nсоль;1;;0;1\nтұз;;7;;7\n"
    assert opened(tmp_path, MONTHS, text, "Вещество", "Месяц", "Кол-во").rows == {
        2001: ("соль", "январь", "1"), 2003: ("соль", "март", "0"), 3002: ("тұз", "февраль", "7"),
    }  # fmt: skip


def test_a_word_for_nothing_in_a_cell_is_no_record_and_zero_is_one(tmp_path: Path) -> None:
    text = "Вещество;январь;февраль;март\nсоль;-; 0 ;\u00a0\nтұз;-;нет; \n"
    form = MONTHS | {"null_values": ["-", "нет"]}
    assert opened(tmp_path, form, text, "Вещество", "Месяц", "Кол-во").rows == {
        2002: ("соль", "февраль", "0"), 3000: ("тұз", None, None),
    }  # fmt: skip
    kept = opened(tmp_path, MONTHS, text, "Вещество", "Месяц", "Кол-во")
    assert [place for place, row in kept.rows.items() if row[2] in ("-", "нет")] == [2001, 3001, 3002]


def test_the_record_as_received_says_which_cell_it_is_made_of(tmp_path: Path) -> None:
    found = opened(tmp_path, MONTHS, "Вещество;январь;март\nсоль;1;2\n", "Вещество", "Месяц", "Кол-во")
    assert [json.loads(record)["Месяц"] for record in found.received.values()] == ["январь", "март"]


def test_only_whole_headings_match_a_sum_beside_the_months_is_no_month(tmp_path: Path) -> None:
    text = "Вещество;январь;январь-март\nсоль;1;6\n"
    assert opened(tmp_path, MONTHS, text, "Вещество", "Месяц", "Кол-во").rows == {
        2001: ("соль", "январь", "1")
    }


def test_more_columns_than_places_are_refused_with_both_figures(tmp_path: Path) -> None:
    wide = ";".join(f"m{number}" for number in range(1000))
    form = MONTHS | {"unpivot": {"columns": r"m\d+", "name": "Месяц", "value": "Кол-во"}}
    said = r"found 1000 headings that match m\d+; expected 1 to 999"
    assert said in refusal(tmp_path, form, f"Вещество;{wide}\n", "Вещество", "Месяц", "Кол-во")
