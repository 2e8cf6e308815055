"""One source of seizures whose files are odd in one way, taken through `odcm` as a person would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from click.testing import Result
from typer.testing import CliRunner

from include.cli.app import app
from tests.end_to_end.country import Place

FIELDS = {
    "seizure_no": "No",
    "item_no": {"constant": "1"},
    "seized_on": "Date",
    "region_code": {"constant": "KZ-43"},
    "substance_as_reported": "Substance",
    "quantity": "Qty",
    "unit": "Unit",
    "lead_agency": {"constant": "mia_police"},
}


@dataclass
class Connected:
    """A place whose only source is KZ-43 with one feed of seizures."""

    place: Place
    definition: Path
    sample: str = ""

    def deliver(self, name: str, content: str | bytes) -> Path:
        """Put a file into the source's folder."""
        path = self.place.sandbox / "inbox" / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.sample = str(path)
        return path

    def odcm(self, *arguments: object) -> Result:
        """What a command did, whatever it says."""
        with self.place.entered():
            return CliRunner().invoke(app, [str(each) for each in arguments])

    def data(self, *arguments: object, code: int = 0) -> Any:
        """What a command says as JSON."""
        done = self.odcm(*arguments, "--format", "json")
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Rows of `core` or `quarantine`."""
        return self.place.rows(kind, "seizure_item")


def connected(folder: Path, **changes: Any) -> Connected:
    """A place whose feed differs in these keys; `format` and `fields` are added to, a field of None is left out."""
    form = {"kind": "csv"} | changes.pop("format", {})
    transport = {
        "kind": "folder", "path": "${ODCM_INBOX}", "pattern": "*", "settle_s": 0,
        "name_pattern": r"(?P<year>\d{4})-(?P<month>\d{2})_(?P<delivered>\d{8})",
    } | changes.pop("transport", {})  # fmt: skip
    fields = {
        name: mapping for name, mapping in (FIELDS | changes.pop("fields", {})).items() if mapping is not None
    }
    feed = {
        "transport": transport, "format": form, "rhythm": {"since": "2025-01"}, "identity": ["seizure_no", "item_no"],
        "fields": fields,
    } | changes  # fmt: skip
    document = {
        "source": "KZ-43", "name": {"kk": "Қ", "ru": "К", "en": "K"}, "regions": ["KZ-43"], "synthetic": True,
        "feeds": {"seizure_item": feed},
    }  # fmt: skip
    definition = folder / "sources" / "KZ-43.yaml"
    definition.parent.mkdir(parents=True, exist_ok=True)
    definition.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    (folder / "sandbox" / "inbox").mkdir(parents=True, exist_ok=True)
    return Connected(Place(folder / "home", folder / "sandbox", sources=definition.parent), definition)
