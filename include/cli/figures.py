"""`odcm figures`: the headline figures of a release."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from include.cli.output import Format, FormatOption, show, table
from include.cli.place import existing_home

QUALIFIERS = {"exact": "", "at_least": "≥ ", "more_than": "> ", "about": "≈ "}


class Language(StrEnum):
    """Languages of the figures' names."""

    kk = "kk"
    ru = "ru"
    en = "en"


def command(
    release_id: Annotated[
        str | None,
        typer.Argument(metavar="[RELEASE_ID]", help="A published release; the current one by default."),
    ] = None,
    language: Annotated[Language, typer.Option("--language", help="Language of the names.")] = Language.en,
    form: FormatOption = Format.table,
) -> None:
    """Headline figures of a published release; as JSON, with the whole card of each."""
    from include.steps import release as steps
    from include.storage import publish as folders

    home = existing_home()
    cards = steps.figures(release_id, home)
    named = release_id or folders.current(home)
    rows = [
        (
            card["names"][language.value],
            card["unit"],
            _number(card["previous_value"]),
            _number(card["value"], QUALIFIERS[card["qualifier"]]),
            _change(card["previous_value"], card["value"]),
            f"{card['coverage']['received']}/{card['coverage']['expected']}",
        )
        for card in cards
    ]
    synthetic = ", SYNTHETIC DATA" if any(card["synthetic"] for card in cards) else ""
    title = f"Release {named}{synthetic}"
    columns = ("figure", "unit", ">year before", ">value", ">change", ">reports")
    show({"release_id": named, "figures": cards}, table(title, columns, rows), form)


def _number(value: Any, qualifier: str = "") -> str:
    """A number for reading; `:` is not reported (R4)."""
    if value is None:
        return ":"
    return qualifier + (
        f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:,.1f}"
    )


def _change(before: float | None, now: float | None) -> str:
    return f"{(now - before) / before:+.1%}" if before and now is not None else ""
