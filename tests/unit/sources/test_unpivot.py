"""Wide tables made long: every cell a record, nothing lost, every place can be found again."""

from __future__ import annotations

from pathlib import Path

from include.steps import ingest
from include.storage.home import Home
from tests.end_to_end.small import FEED, deliver, small_place

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
