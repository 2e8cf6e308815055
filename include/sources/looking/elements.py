"""XML samples: which element is the record, and the paths in it."""

from __future__ import annotations

from collections import Counter
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from include.sources.looking.sample import RECORDS, Sample
from include.sources.looking.table import Table

KEPT = 50


def xml_tables(sample: Sample) -> list[Table]:
    """Each element that stands several times below one parent as a table of records.

    Raises:
        SourceError: a document type or entities, or nesting deeper than a delivery may have; no XML at all.
    """
    seen = _Elements(sample)
    parser = DefusedXMLParser(target=seen, forbid_dtd=True)
    try:
        parser.feed(sample.head)
    except DefusedXmlException:
        raise sample.refuse(
            "XML", "a document type or entities", "plain XML", "Ask the source to leave them out: they are never read."
        ) from None  # fmt: skip
    except ParseError as error:
        if not seen.records:
            raise sample.refuse(
                f"line {error.position[0]}", "broken XML", "a whole XML document", "Ask the source to deliver again."
            ) from None  # fmt: skip
    repeated = [path for path, records in seen.records.items() if len(records) > 1]
    return [_table(path, seen.records[path]) for path in repeated or seen.records]


def _table(path: str, records: list[dict[str, str]]) -> Table:
    headings = dict.fromkeys(heading for record in records for heading in record)
    columns = {heading: [record.get(heading, "") for record in records] for heading in headings}
    return Table({"kind": "xml", "record": path}, columns)


class _Elements:
    """Gathers, for every path at which an element has parts, the texts of each such element."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.records: dict[str, list[dict[str, str]]] = {}
        self._path: list[str] = []
        self._open: list[dict[str, str]] = []
        self._texts: list[list[str]] = []
        self._counts: Counter[str] = Counter()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._path.append(_local(tag))
        if len(self._path) > self.sample.limits.nesting:
            raise self.sample.refuse(
                "XML", "deeper nesting", f"at most {self.sample.limits.nesting} levels (limits.nesting)",
                "Ask the source for plain records.",
            )  # fmt: skip
        self._open.append({f"@{_local(name)}": value.strip() for name, value in attributes.items()})
        self._texts.append([])

    def data(self, text: str) -> None:
        """Text of the innermost element."""
        if self._texts:
            self._texts[-1].append(text)

    def end(self, tag: str) -> None:
        """An element ends: its parts belong to the elements around it, and may be a record."""
        path, parts = "/".join(self._path), self._open.pop()
        text, name = "".join(self._texts.pop()).strip(), self._path.pop()
        is_leaf = not any(not key.startswith("@") for key in parts)
        self._counts[path] += 1
        if not is_leaf and self._path:
            kept = self.records.setdefault(path, [])
            if len(kept) < RECORDS:
                kept.append(dict(parts))
        if self._open:
            around = self._open[-1]
            inner = {f"{name}/{key}": value for key, value in parts.items()}
            if is_leaf:
                inner[name] = text
            if self._counts[path] <= KEPT * RECORDS and len(around) <= self.sample.limits.columns:
                around.update(inner)

    def close(self) -> Any:
        """The document ends."""
        return None


def _local(name: str) -> str:
    return name.rpartition("}")[2]
