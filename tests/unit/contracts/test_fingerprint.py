"""What decides about a row has a fingerprint: rows in quarantine are judged again when it changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from include.contracts import model


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("core_laboratory.odcs.yaml", True),
        ("core_provenance.odcs.yaml", True),
        ("codelists/lab_types.csv", True),
        ("codelists/channels/hosts.csv", True),
        ("core_seizure_item.odcs.yaml", False),
        ("codelists/channels/README.md", False),
    ],
)
def test_what_decides_about_a_row_is_its_contract_and_every_code_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, changes: bool
) -> None:
    shutil.copytree(model.CONTRACTS_DIR, tmp_path / "contracts")
    monkeypatch.setattr(model, "CONTRACTS_DIR", tmp_path / "contracts")
    fingerprint = model.rules_sha256.__wrapped__  # asked anew, as by another process
    before = fingerprint("laboratory")
    with (tmp_path / "contracts" / file).open("a") as changed:
        changed.write("\n")
    assert (fingerprint("laboratory") != before) is changes
