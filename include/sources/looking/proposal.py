"""From a sample to a proposed definition, and to the list of what a person must decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.contracts import Contract, load
from include.contracts import codelist as table_of_codes
from include.sources.looking.codes import UnknownWord, same_but_letters, unknown_words
from include.sources.looking.content import tables_of
from include.sources.looking.dates import either_is_usual, formats_for, formats_of
from include.sources.looking.fields import (
    DATE,
    SURE,
    Match,
    code_lists,
    listed_texts,
    matches,
    names_of,
    score_of,
)
from include.sources.looking.given import Given
from include.sources.looking.identity import (
    doubts,
    key_fields,
    number_expression,
    own_numbers,
    stable_fields,
)
from include.sources.looking.joint import Joint, joints, year_and_month
from include.sources.looking.names import FileName, read_name
from include.sources.looking.numbers import signs_of
from include.sources.looking.order import by_order
from include.sources.looking.questions import questions
from include.sources.looking.sample import Sample
from include.sources.looking.table import Decision, Table
from include.sources.looking.transports import transport_keys
from include.sources.looking.values import MARKS, MOST, Column, columns_of, words_for_nothing
from include.sources.looking.wide import long_tables, month_expression
from include.sources.months import month_of

ISO = "%Y-%m-%d"
LANGUAGES = ("kk", "ru", "en")
NEW = "new-source"
PINNED, HINT = 5.0, 0.2
AGGREGATE = "seizures_n"
USUAL = {
    "quote": '"',
    "title_rows": 0,
    "header_rows": 1,
    "thousands": "",
    "footnote_marks": "",
    "cut_blanks": False,
    "merge_delimiters": False,
}
"""What is not said in a proposal, since it holds where nothing is said."""


@dataclass(frozen=True)
class Proposal:
    """A proposed definition of one feed.

    Attributes:
        document: the definition, as YAML has it.
        decisions: what a person must decide, what matters most first.
        usual: what every source has to say, and what was taken for it.
        open: required keys that nothing was found for: with them the definition cannot be used yet.
        optional: fields of the contract that no column was found for.
        unused: headings of the sample that no field takes.
        unknown_words: field → words of the source that its code list does not know.
        records: how many records of the sample it rests on.
        confidence: that the encoding is the right one, 0 to 1; None where it is not guessed.
    """

    document: dict[str, Any]
    decisions: list[Decision]
    usual: list[Decision]
    open: list[str]
    optional: list[str]
    unused: list[str]
    unknown_words: dict[str, list[UnknownWord]]
    records: int
    confidence: float | None


def propose(sample: Sample, given: Given) -> Proposal:
    """The definition that fits a sample best.

    Raises:
        SourceError: the sample holds nothing that a definition could be made for.
    """
    contract = load(f"core_{given.dataset}")
    tables = tables_of(sample)
    tables += [long for table in tables for long in long_tables(table, contract)]
    looks = [_Look(contract, table, given) for table in tables]
    return max(looks, key=lambda look: look.score).proposal(read_name(sample.name))


class _Look:
    """One table of the sample, seen as reports of the dataset."""

    def __init__(self, contract: Contract, table: Table, given: Given) -> None:
        self.contract, self.table, self.given = contract, table, given
        self.lists = code_lists(contract)
        self.decisions = list(table.decisions)
        self.open: list[str] = []
        self.unknown: dict[str, list[UnknownWord]] = {}
        known = listed_texts(columns_of(table.columns).values(), contract)
        self.nothing = words_for_nothing(table.columns, known)
        self.columns = columns_of(table.columns, self.nothing)
        self.joint = joints(contract, self.columns)
        if not any(column.dates >= MOST for column in self.columns.values()):
            required = [f.name for f in contract.reported if f.required]
            named = year_and_month(contract, self.columns, required, SURE)
            self.joint += [named] if named else []
        taken = {heading for joint in self.joint for heading in joint.headings}
        free = {heading: column for heading, column in self.columns.items() if heading not in taken}
        held = {name for joint in self.joint for name in joint.fields} | set(given.constants)
        self.matches = [m for m in matches(contract, free, table.has_dates) if m.field not in held]
        self._order_dates(free, held)
        self.score = score_of(self.matches) + sum(len(joint.fields) for joint in self.joint)
        self._complete_dates()
        self.parts = {m.field: self.columns[m.heading] for m in self.matches}
        self.parts |= {name: part for joint in self.joint for name, part in joint.parts.items()}

    def proposal(self, name: FileName) -> Proposal:
        """The definition, with everything that is left to decide."""
        given, opened = self.given, self.open
        self.decisions += questions(self.contract, self.table, self.parts, given.regions)
        fields = self._fields(name)
        identity = self._identity(fields)
        for each in self.contract.reported:
            if each.required and each.name not in fields:
                opened.append(f"fields.{each.name}")
                self.decisions.append(
                    Decision(f"fields.{each.name}", f"{each.name} is required, and no column looks like it", each.description)
                )  # fmt: skip
        optional = [
            each.name
            for each in self.contract.reported
            if not (each.required or each.name in fields or each.name == AGGREGATE)
        ]
        if optional:
            self.decisions.append(
                Decision(
                    "fields", f"no column was found for {', '.join(optional)}",
                    "one that is the same in every record is {constant: …}, one that is not reported is left out",
                    usual=True,
                )
            )  # fmt: skip
        feed = {
            "transport": transport_keys(given, self.table, name, self.decisions),
            "format": self._format(),
            "rhythm": self._rhythm(name),
            "delivers": {"kind": "increment"},
            "aggregate": AGGREGATE in fields,
            "identity": identity,
            "fields": fields,
        }
        feed = {key: value for key, value in feed.items() if value}
        self._decide_what_no_sample_tells()
        regions = list(given.regions) or self._regions_found()
        if not regions:
            opened.append("regions")
            self.decisions.append(
                Decision("regions", "none was named, and the sample names none", "rows may name only these")
            )
        document = {
            "source": given.source or NEW,
            "name": {each: given.name.get(each) or self._name(each) for each in LANGUAGES},
            "regions": regions,
            "feeds": {given.dataset: feed},
        }  # fmt: skip
        used = {match.heading for match in self.matches} | {h for joint in self.joint for h in joint.headings}
        return Proposal(
            document,
            sorted((each for each in self.decisions if not each.usual), key=lambda each: not each.first),
            [each for each in self.decisions if each.usual],
            opened,
            optional,
            [heading for heading in self.columns if heading not in used],
            self.unknown,
            self.table.records,
            self.table.confidence,
        )

    def _name(self, language: str) -> str:
        """A name to begin with: that of the region which was named."""
        named = {row["code"]: row[f"name_{language}"] for row in table_of_codes("regions").to_pylist()}
        return named[self.given.regions[0]] if self.given.regions else self.given.source or NEW

    # Fields -----------------------------------------------------------------------------------------------------

    def _order_dates(self, free: Mapping[str, Column], held: Collection[str]) -> None:
        """Dates whose names leave a doubt are told apart by the checks of the contract."""
        dated = {f.name: f for f in self.contract.reported if f.type == "date" and f.name not in held}
        of_dates = [match for match in self.matches if match.field in dated]
        others = {match.heading for match in self.matches} - {match.heading for match in of_dates}
        texts = {
            heading: [text if text in column.texts else "" for text in self.table.columns[heading]]
            for heading, column in free.items()
            if column.dates >= MOST and heading not in others
        }
        if all(match.name >= SURE for match in of_dates) and len(of_dates) == min(len(dated), len(texts)):
            return
        names = names_of(self.contract)
        missing = [name for name in dated if dated[name].required and name not in {m.field for m in of_dates}]
        if not of_dates and len(texts) == len(missing) == 1:  # the only days must be those that are required
            (field,), (heading,) = missing, texts
            self.matches.append(Match(field, heading, names.score(heading, field), DATE))
            return
        scores = {(field, heading): names.score(heading, field) for field in dated for heading in texts}
        sure = {(match.field, match.heading): PINNED for match in of_dates if match.name >= SURE}
        chosen = by_order(self.contract, texts, list(dated), {**scores, **sure})
        found = [
            Match(field, heading, scores[field, heading], DATE)
            for field, heading in chosen.items()
            if dated[field].required or scores[field, heading] >= HINT
        ]
        if found:
            held_now = {match.field for match in found}
            kept = [m for m in self.matches if m.field not in held_now and m.heading not in texts]
            places = {f.name: place for place, f in enumerate(self.contract.reported)}
            self.matches = sorted([*kept, *found], key=lambda match: places[match.field])

    def _complete_dates(self) -> None:
        """A required date that no column holds alone may stand in two."""
        matched = {match.field for match in self.matches} | {n for joint in self.joint for n in joint.fields}
        used = {match.heading for match in self.matches} | {h for joint in self.joint for h in joint.headings}
        left = {heading: column for heading, column in self.columns.items() if heading not in used}
        missing = [f.name for f in self.contract.reported if f.required and f.name not in matched]
        joint = year_and_month(self.contract, left, missing)
        if joint:
            self.joint.append(joint)

    def _fields(self, name: FileName) -> dict[str, Any]:
        found: dict[str, Any] = {}
        taken = {match.field: match for match in self.matches}
        for each in self.contract.reported:
            if each.name in self.given.constants:
                found[each.name] = {"constant": self.given.constants[each.name]}
            elif each.name in taken:
                found[each.name] = self._mapping(taken[each.name], name)
            elif joint := next((joint for joint in self.joint if each.name in joint.fields), None):
                found[each.name] = {"expression": joint.fields[each.name]}
                if each.name == next(iter(joint.fields)):
                    self._decide_joint(each.name, joint)
            elif each.name == "region_code" and self.given.regions:
                found[each.name] = {"constant": self.given.regions[0]}
        return found

    def _mapping(self, match: Match, name: FileName) -> Any:
        """The heading of a match, with what is doubtful about it."""
        column = self.columns[match.heading]
        if not match.is_sure:
            self.decisions.append(
                Decision(
                    f"fields.{match.field}",
                    f"the column {match.heading!r} was taken by "
                    + ("its content" if match.name < 0.4 else "a name that is only alike"),
                    "if it means something else, every record is wrong",
                )
            )
        codelist = self.lists.get(match.field)
        if codelist and (codes := self._codes(match.field, column, codelist)):
            return {"column": match.heading, "codes": codes}
        of_contract = self.contract.field(match.field)
        months = [text for text in column.texts if month_of(text)]
        if of_contract.type == "date" and not column.dates and months and column.share(months) == 1:
            year = name.period[:4] or "0000"
            self.decisions.append(
                Decision(f"fields.{match.field}", f"{year} was taken for the year of the months", "no record names it")
            )  # fmt: skip
            return {"expression": month_expression(match.heading, months, year)}
        return match.heading

    def _codes(self, name: str, column: Column, codelist: str) -> dict[str, str]:
        """The source's own words that are known in other letters; those that must be decided are not among them."""
        unknown = unknown_words(column, codelist)
        if not unknown:
            return {}
        sure = {each.word: code for each in unknown if (code := same_but_letters(each.word, codelist))}
        if name == "region_code":  # the words agree, and a person named the region
            sure |= {each.word: each.agreeing for each in unknown if each.agreeing in self.given.regions}
        unknown = [each for each in unknown if each.word not in sure]
        if not unknown:
            return sure
        said = ", ".join(
            f"{each.word!r} ({each.counted}" + (f", {each.agreeing}?)" if each.agreeing else ")")
            for each in unknown
        )
        self.unknown[name] = unknown
        self.decisions.append(
            Decision(
                f"fields.{name}.codes",
                f"words that no spelling of {codelist} knows",
                "until they are in `codes`, records with them go to quarantine",
                said,
            )
        )
        return sure

    def _decide_joint(self, name: str, joint: Joint) -> None:
        headings = " and ".join(map(repr, joint.headings))
        self.decisions.append(
            Decision(
                f"fields.{name}", f"{joint.what} ({headings})", "look at the values of the first records in a preview"
            )
        )  # fmt: skip

    def _identity(self, fields: dict[str, Any]) -> list[str]:
        """The identity; where the source has no number of its own, `fields` gets one."""
        numbers = own_numbers(self.contract)
        if not numbers:
            return key_fields(self.contract)
        taken = {match.field: match.heading for match in self.matches}
        if numbers[0] in fields:
            last = numbers[-1]
            if last not in fields and self.columns[taken[numbers[0]]].distinct == 1:
                fields[last] = {"constant": "1"}
                self.decisions.append(
                    Decision(f"fields.{last}", "every record has a number of its own: 1 was taken", "R1")
                )
            headings = [taken[number] for number in numbers if number in taken]
            self.decisions += doubts(self.table, headings, self.columns)
            return numbers
        stable = stable_fields(self.contract, self.parts)
        headings = [taken[each] for each in stable if each in taken]
        if headings:
            fields[numbers[0]] = {"expression": number_expression(headings)}
            self.decisions.append(
                Decision(
                    "identity",
                    f"no column has a number for each record: {', '.join(stable)} stand for one",
                    "they must not change when a record is corrected, and must differ between records (R1)",
                )
            )
            self.decisions += doubts(self.table, headings, self.columns)
        ordered = {each.name: fields[each.name] for each in self.contract.reported if each.name in fields}
        fields.clear()
        fields.update(ordered)
        return stable or numbers

    # Format -----------------------------------------------------------------------------------------------------

    def _format(self) -> dict[str, Any]:
        keys = dict(self.table.format)
        unpivot = keys.pop("unpivot", None)
        if keys.get("footer"):
            self.decisions.append(
                Decision(
                    "format.footer", "last rows that begin like a sum or a note were taken for no records",
                    "a record that begins so is left out too, where it stands last",
                )
            )  # fmt: skip
        dated = self._typed("date")
        formats, either = formats_for(_unmarked(column) for column in dated)
        formats += [joint.format for joint in self.joint if joint.format and joint.format not in formats]
        if self.table.has_dates and any(not column.dates and column.numbers for column in dated):
            formats.append("excel1900")
        if any(month_of(text) for texts in dated for text in texts.texts) and ISO not in formats:
            formats.append(ISO)
        formats = self._decide_dates(formats, either)
        numbers: Counter[str] = Counter()
        for column in [*self._typed("number"), *self._typed("integer")]:
            numbers += _unmarked(column)
        signs = signs_of(numbers, self._likely_decimal())
        if signs.is_open:
            self.decisions.append(
                Decision(
                    "format.decimal", f"{signs.decimal!r} was taken for the decimal sign",
                    "each number of the sample with a sign has three digits behind it: it may part thousands as well",
                )
            )  # fmt: skip
        keys |= {"decimal": signs.decimal, "thousands": signs.thousands}
        keys |= {
            "dates": formats or None,
            "null_values": ["", *self.nothing],
            "footnote_marks": self._marks(),
        }
        self._decide_nothing()
        keys |= {"unpivot": unpivot}
        return {key: value for key, value in keys.items() if value != USUAL.get(key)}

    def _decide_dates(self, formats: list[str], either: list[tuple[str, str]]) -> list[str]:
        """The formats for the definition: none where only a person can say which it is."""
        for one, other in either:
            if one in formats and other in formats:
                what = f"the sample has both {one} and {other}"
                why = "a day up to 12 is read by the first that fits"
            elif one in formats:
                what, why = f"{one} was taken: no day of the sample is above 12", f"{other} fits as well"
            else:
                what = f"{one} or {other}: no day of the sample is above 12, and nothing was taken"
                why = "the wrong one gives wrong days without an error; ask the source"
                self.open.append("format.dates")
            self.decisions.append(Decision("format.dates", what, why))
        if formats or either:
            return formats
        if not self.table.has_dates:
            self.decisions.append(
                Decision(
                    "format.dates", f"no date of the sample says how dates are written: {ISO} was taken",
                    "records with another way of writing go to quarantine",
                )
            )  # fmt: skip
        return [ISO]

    def _typed(self, kind: str) -> list[Column]:
        """The columns of the fields of a type."""
        return [self.parts[f.name] for f in self.contract.reported if f.type == kind and f.name in self.parts]

    def _likely_decimal(self) -> str:
        cyrillic = any("а" <= letter.lower() <= "я" for heading in self.columns for letter in heading)
        return "," if cyrillic and not self.table.has_dates else "."

    def _marks(self) -> str:
        typed = [column for kind in ("date", "number", "integer") for column in self._typed(kind)]
        ends = {text[-1] for column in typed for text in column.texts if text and text[-1] in MARKS}
        return "".join(sorted(ends))

    def _decide_nothing(self) -> None:
        for name, codelist in self.lists.items():
            match = next((m for m in self.matches if m.field == name), None)
            if match is None:
                continue
            texts = set(self.table.columns[match.heading])
            clear = [w for w in self.nothing if w in texts and not unknown_words(_only(w), codelist)]
            if clear:
                self.decisions.append(
                    Decision(
                        "format.null_values",
                        f"{', '.join(map(repr, clear))} means nothing in other columns, and is a word of {codelist}",
                        f"{name} is empty where it stands",
                    )
                )

    # What a sample never tells --------------------------------------------------------------------------------------

    def _rhythm(self, name: FileName) -> dict[str, Any] | None:
        said = "the period of the sample"
        if name.period:
            every, since = ("month", name.period) if name.has_month else ("year", f"{name.period}-01")
        else:
            every, since, said = "month", self._usual_month(), "the month of most of its dates"
        if not since:
            if self.given.transport in ("http", "sql"):
                self.open.append("rhythm")
            self.decisions.append(
                Decision("rhythm", "neither the name of the sample nor a date in it says a month", "without one no report is ever late")
            )  # fmt: skip
            return None
        self.decisions.append(
            Decision(
                "rhythm", f"reports are expected from {since} on, {said}", "what is due is counted from it",
                usual=bool(name.period),
            )
        )  # fmt: skip
        return {"every": every, "since": since}

    def _usual_month(self) -> str:
        """2025-03: the month that most records name in the first of their dates; "" where there is no date."""
        for column in self._typed("date"):
            months: Counter[str] = Counter()
            for text, count in _unmarked(column).items():
                formats = formats_of(text)
                if len(formats) == 1 or (formats and not either_is_usual(formats[0])):
                    months[datetime.strptime(text, formats[0]).strftime("%Y-%m")] += count
            if months:
                return months.most_common(1)[0][0]
        return ""

    def _regions_found(self) -> list[str]:
        if "region_code" not in self.parts:
            return []
        from include.contracts import fold, spellings

        known = spellings("regions")
        codes = [known[fold(text)] for text in self.parts["region_code"].texts if fold(text) in known]
        if codes:
            self.decisions.append(
                Decision("regions", "those that the sample names", "records that name another one go to quarantine")
            )  # fmt: skip
        return list(dict.fromkeys(codes))

    def _decide_what_no_sample_tells(self) -> None:
        if not self.given.source:
            self.decisions.append(
                Decision("source", "an id is missing", "it is the name of the file as well", usual=True)
            )
        missing = [language for language in LANGUAGES if not self.given.name.get(language)]
        if missing:
            taken = "that of its region was taken" if self.given.regions else "it is missing"
            self.decisions.append(
                Decision(
                    "name",
                    f"none was given in {', '.join(missing)}: {taken}",
                    "letters and releases show it",
                    usual=True,
                )
            )
        self.decisions.append(
            Decision(
                "delivers", "increment: each delivery holds new and changed records",
                "snapshot: it holds all, and what disappears is withdrawn; cumulative: its numbers count since January",
                usual=True,
            )
        )  # fmt: skip


def _unmarked(column: Column) -> Counter[str]:
    """The texts of a column without marks of footnotes."""
    found: Counter[str] = Counter()
    for text, count in column.texts.items():
        found[text.rstrip(MARKS + " ")] += count
    return found


def _only(text: str) -> Column:
    return Column("", Counter([text]), 1)
