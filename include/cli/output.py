"""How commands speak: data on standard output, as a table or JSON; messages and progress on standard error."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


class Format(StrEnum):
    """How data is written."""

    table = "table"
    json = "json"


FormatOption = Annotated[
    Format, typer.Option("--format", help="table for people, json for scripts.", show_default=True)
]


def say(message: str) -> None:
    """A message to the person, on standard error."""
    sys.stderr.write(printable(message) + "\n")
    sys.stderr.flush()


def show(data: Any, table: RenderableType, form: Format) -> None:
    """Write data as JSON, or the table that was made of it."""
    if form is Format.json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=_plain) + "\n")
        sys.stdout.flush()
        return
    screen = console(sys.stdout)
    if screen.is_terminal:
        screen.print(table)
        return
    with screen.capture() as written:
        screen.print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in written.get().splitlines()))
    sys.stdout.flush()


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> RenderableType:
    """A title over a table for people: numbers to the right, thousands set apart, nothing for what is missing.

    A column whose name begins with `>` holds numbers. Columns without names have no heading; without rows there
    is the title alone.
    """
    from rich.box import SIMPLE, SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    headed = any(name.strip(">") for name in columns)
    made = Table(box=SIMPLE_HEAD if headed else SIMPLE, pad_edge=False, show_header=headed)
    for name in columns:
        numbers = name.startswith(">")
        made.add_column(
            name.removeprefix(">"), justify="right" if numbers else "left", no_wrap=numbers, overflow="fold"
        )
    for row in rows:
        made.add_row(*(_cell(value) for value in row))
    heading = Text(printable(title), style="bold")
    return Group(heading, made) if made.row_count else heading


def console(stream: TextIO) -> Console:
    """A console that prints text as it is; where nobody looks, lines are as long as they need to be."""
    from rich.console import Console

    width = None if stream.isatty() else 1000
    return Console(file=stream, markup=False, emoji=False, highlight=False, width=width)


@contextmanager
def working(on: str) -> Iterator[None]:
    """A spinner on standard error while the block runs, where a person looks."""
    if not sys.stderr.isatty():
        yield
        return
    with console(sys.stderr).status(on):
        yield


def printable(text: str) -> str:
    """Text without characters that would steer the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def patient(stream: TextIO) -> TextIO:
    """A standard stream that lets go of what nobody reads any more, so that the work behind it ends as it would."""
    try:
        raw = _Patient(stream.fileno(), "wb", closefd=False)
    except (OSError, ValueError):
        return stream  # not a file: a test has replaced it
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=raw.isatty() or stream is sys.stderr,
    )


class _Patient(io.FileIO):
    def write(self, content: Any) -> int | None:  # type: ignore[override]
        try:
            return super().write(content)
        except BrokenPipeError:
            return len(content)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC")
    return printable(str(value))


def _plain(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form here")
