"""The DAGs over the real steps and one small source, each run in this process with `dag.test()`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

DEFINITION = """
source: KZ-10
name: {kk: Абай облысы, ru: область Абай, en: Abai Region}
regions: [KZ-10]
synthetic: true
feeds:
  laboratory:
    transport:
      kind: folder
      path: "${ODCM_INBOX}"
      pattern: "*.csv"
      name_pattern: '(?P<year>\\d{4})(-(?P<month>\\d{2}))?_(?P<delivered>\\d{8})'
    format: {kind: csv, encoding: utf-8, delimiter: ";", dates: ["%d.%m.%Y"], null_values: [""]}
    rhythm: {every: month, since: 2025-01}
    identity: [record_no]
    fields:
      record_no: "№ записи"
      region_code: {constant: KZ-10}
      closed_on: Дата ликвидации
      agency: Орган
      lab_type: Тип лаборатории
      case_number: № ЕРДР
"""
ROWS = """№ записи;Дата ликвидации;Орган;Тип лаборатории;№ ЕРДР
L-1;03.03.2025;МВД;синтетическая;2500000000001
L-2;31.02.2025;МВД;синтетическая;2500000000002
"""


@pytest.fixture
def small_country(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with one source, which delivered a good row and one with an impossible date."""
    for folder in ("sources", "inbox"):
        (tmp_path / folder).mkdir()
    (tmp_path / "sources" / "KZ-10.yaml").write_text(DEFINITION)
    (tmp_path / "inbox" / "laboratory_2025-03_20250405.csv").write_text(ROWS)
    monkeypatch.setenv("ODCM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ODCM_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("ODCM_INBOX", str(tmp_path / "inbox"))
    monkeypatch.setenv("ODCM_NOW", "2026-01-31T09:00:00+05:00")
    return tmp_path / "home"


def _xcoms(run: Any, task_id: str) -> list[Any]:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        found = XComModel.get_many(
            run_id=run.run_id, dag_ids=run.dag_id, task_ids=task_id, key="return_value"
        )
        return [XComModel.deserialize_value(row) for row in session.scalars(found)]


def test_ingest_and_statistics_run_on_the_real_steps_and_hand_over_counts_only(
    bag, small_country: Path
) -> None:
    first = bag.dags["ingest__laboratory"].test()
    assert first.state == "success"
    (committed,) = _xcoms(first, "commit")
    assert {name: committed[name] for name in ("landed", "accepted", "quarantined", "duplicate")} == {
        "landed": 2,
        "accepted": 1,
        "quarantined": 1,
        "duplicate": 0,
    }
    handed_over = repr([_xcoms(first, task) for task in ("source.land", "source.judge", "gate", "commit")])
    assert "L-1" not in handed_over and "25000000" not in handed_over

    again = bag.dags["ingest__laboratory"].test()
    assert (again.state, _xcoms(again, "commit")) == ("success", [])

    counted = bag.dags["statistics"].test()
    assert counted.state == "success"
    assert _xcoms(counted, "count")[0]["mart_laboratories"] > 0
    assert (small_country / "marts" / "mart_laboratories").is_dir()
