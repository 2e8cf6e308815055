"""From contract values to the cells that a source would write, by its own definition read backwards."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache

from include.contracts import codelist, load, spellings
from include.sandbox.records import Value, Values
from include.sources.definition import (
    ColumnMapping,
    ExpressionMapping,
    Feed,
    JsonFormat,
    JsonlFormat,
    SourceDefinition,
    WorkbookFormat,
)

Cell = str | int | float | date | None
Cells = dict[str, Cell]

TRUE_CELLS = ("KZ-19", "KZ-47")  # their workbooks keep dates and numbers as such, the others as text
NOTE = {"ru": ("Примечание", "синтетические данные"), "kk": ("Ескерту", "синтетикалық деректер")}
JSON_NOTE = "synthetic"
HABITS = 3  # words that the clerks of one source use for one code
WORDS_OF = {"substance_as_reported": "substances"}  # written in words of a list, though it is free text


class Clerk:
    """Writes the rows of one feed: knows its headings, its words, its dates and its numbers."""

    def __init__(self, definition: SourceDefinition, dataset: str, language: str) -> None:
        self.source = definition.source
        self.dataset = dataset
        self.feed: Feed = definition.feeds[dataset]
        self.format = self.feed.format
        self.language = language
        self.encoding: str = getattr(self.format, "encoding", "utf-8")
        self.json = isinstance(self.format, JsonlFormat | JsonFormat)
        self.codelists = {f.name: f.codelist or WORDS_OF.get(f.name) for f in load(f"core_{dataset}").fields}
        self.joint = JOINT_CELLS.get((self.source, dataset))
        self._columns = [(field, heading) for field in self.feed.fields if (heading := self.column_of(field))]
        self._words: dict[tuple[str, str], list[str]] = {}

    def headings(self) -> list[str]:
        """Headings in the order of the file, the note on synthetic data last."""
        found: dict[str, None] = {}
        for field, mapping in self.feed.fields.items():
            if isinstance(mapping, ExpressionMapping):
                found.update(dict.fromkeys(self.joint.headings.get(field, ()) if self.joint else ()))
            elif isinstance(mapping, str | ColumnMapping):
                found[_heading(mapping)] = None
        return [*found, self.note()[0]]

    def note(self) -> tuple[str, Cell]:
        """Heading and content of the column that says in every row what this is."""
        return (JSON_NOTE, True) if self.json else NOTE[self.language]

    def column_of(self, field: str) -> str | None:
        """Heading of the column that holds a field alone; none where it is constant, joint or not kept."""
        mapping = self.feed.fields.get(field)
        return _heading(mapping) if isinstance(mapping, str | ColumnMapping) else None

    def cells(self, values: Values) -> Cells:
        """One row; the same values always give the same cells."""
        salt = "|".join(str(values.get(name)) for name in self.feed.identity)
        row: Cells = {heading: self._cell(field, values.get(field), salt) for field, heading in self._columns}
        if self.joint:
            row.update(self.joint.write(self, values, salt))
        heading, text = self.note()
        row[heading] = text
        return row

    def written(self, field: str, value: Value, salt: str) -> str:
        """One value as text."""
        if value is None:
            return ""
        if isinstance(value, date):
            return self.date(value, salt)
        if isinstance(value, Decimal):
            return self.number(value)
        if self.codelists.get(field) and isinstance(value, str):
            return self.word(field, value, salt)
        return str(value)

    def date(self, day: date, salt: str) -> str:
        """A day in one of the source's own ways."""
        return day.strftime(_choose(self.format.dates, salt))

    def number(self, number: Decimal) -> str:
        """An amount with the source's decimal mark, thousands apart where it does so."""
        text = f"{number:,f}" if self.format.thousands else f"{number:f}"
        return text.replace(",", self.format.thousands or "").replace(".", self.format.decimal)

    def word(self, field: str, code: str, salt: str) -> str:
        """One of the source's words for a code."""
        if (field, code) not in self._words:
            words = sorted(self._candidates(field, code), key=lambda word: _number(f"{self.source}|{word}"))
            self._words[field, code] = words[:HABITS]
        return _choose(self._words[field, code], f"{salt}|{field}")

    def _candidates(self, field: str, code: str) -> Iterator[str]:
        mapping = self.feed.fields.get(field)
        own = mapping.codes if isinstance(mapping, ColumnMapping) else {}
        yield from (word for word, meant in own.items() if meant == code)
        if code in own.values():
            return
        name = self.codelists[field]
        assert name is not None
        row = _rows(name)[code]
        words = [row[f"name_{self.language}"], *row["aliases"].split("|")]
        encoding = self.encoding
        for word in filter(None, words):
            taken = word in own and own[word] != code
            if not taken and word not in self.format.null_values and encodable(word, encoding):
                yield word

    def _cell(self, field: str, value: Value, salt: str) -> Cell:
        if value is None:
            if self.json:
                return None
            return _choose(self.format.null_values, f"{salt}|{field}") or None
        if (
            self.source in TRUE_CELLS
            and isinstance(self.format, WorkbookFormat)
            and isinstance(value, date | int | Decimal)
        ):
            return float(value) if isinstance(value, Decimal) else value
        if self.json and isinstance(value, int):
            return value
        if self.json and isinstance(value, Decimal) and self.format.decimal == ".":
            return int(value) if value == value.to_integral_value() else float(value)
        return self.written(field, value, salt)


class JointCells:
    """Cells that an expression of the definition reads: headings by field, and how to fill them."""

    def __init__(
        self,
        headings: dict[str, tuple[str, ...]],
        write: Callable[[Clerk, Values, str], Cells] = lambda *_: {},
    ) -> None:
        self.headings = headings
        self.write = write


def _plan_and_fact(clerk: Clerk, values: Values, salt: str) -> Cells:
    people, basis = values.get("participants"), values.get("participants_basis")
    text = None if people is None else str(people)
    return {
        "Участники / факт": text if basis == "measured" else None,
        "Участники / план": text if basis == "estimated" else None,
    }


def _quantity_and_unit(clerk: Clerk, values: Values, salt: str) -> Cells:
    quantity = clerk.written("quantity", values["quantity"], salt)
    return {"Количество, ед.": f"{quantity} {clerk.written('unit', values['unit'], salt)}"}


def _decision(clerk: Clerk, values: Values, salt: str) -> Cells:
    number, day = values.get("decision_number"), values.get("decision_on")
    return {"Предписание": f"№ {number} от {clerk.written('decision_on', day, salt)}" if day else None}


def _year_and_month(clerk: Clerk, values: Values, salt: str) -> Cells:
    month = values["month_on"]
    assert isinstance(month, date)
    return {"Жыл": str(month.year), "Ай": str(month.month)}


JOINT_CELLS: dict[tuple[str, str], JointCells] = {
    ("KZ-27", "prevention_activity"): JointCells(
        {"participants": ("Участники / факт", "Участники / план")}, _plan_and_fact
    ),
    ("KZ-55", "seizure_item"): JointCells({"quantity": ("Количество, ед.",)}, _quantity_and_unit),
    ("KZ-63", "blocking_record"): JointCells({"decision_number": ("Предписание",)}, _decision),
    ("KZ-31", "resocialisation"): JointCells({"month_on": ("Жыл", "Ай")}, _year_and_month),
}


def encodable(text: str, encoding: str) -> bool:
    """Whether an encoding has every letter of a text."""
    return text.encode(encoding, "replace").decode(encoding) == text


def _heading(mapping: str | ColumnMapping) -> str:
    return mapping if isinstance(mapping, str) else mapping.column


def _choose(among: list[str], salt: str) -> str:
    return among[_number(salt) % len(among)]


def _number(text: str) -> int:
    return zlib.crc32(text.encode())


@cache
def _rows(name: str) -> dict[str, dict[str, str]]:
    spellings(name)  # complains where one word stands for two codes
    return {row["code"]: row for row in codelist(name).to_pylist()}
