"""The home folder: where everything lies, and which part of it is restricted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """The folders of one deployment. Raw identifiers and case numbers stay below `restricted` (B9)."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """The home that ODCM_HOME names, else `./data`."""
        return cls(Path(os.environ.get("ODCM_HOME") or "data").absolute())

    @property
    def restricted(self) -> Path:
        return self.root / "restricted"

    @property
    def landing(self) -> Path:
        return self.restricted / "landing"

    @property
    def staging(self) -> Path:
        return self.restricted / "staging"

    @property
    def core(self) -> Path:
        return self.restricted / "core"

    @property
    def quarantine(self) -> Path:
        return self.restricted / "quarantine"

    @property
    def duplicates(self) -> Path:
        return self.restricted / "duplicates"

    @property
    def candidates(self) -> Path:
        """What a person has to decide, found while counting."""
        return self.restricted / "candidates"

    @property
    def gate_reports(self) -> Path:
        return self.restricted / "gate"

    @property
    def marts(self) -> Path:
        return self.root / "marts"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def ledger_url(self) -> str:
        """ODCM_LEDGER_URL, else an SQLite file in the home folder."""
        return os.environ.get("ODCM_LEDGER_URL") or f"sqlite:///{self.root / 'ledger.db'}"
