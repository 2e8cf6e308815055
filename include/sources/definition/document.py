"""The text of a definition as a plain document: measured event by event before anything is built of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

LARGEST = 1 << 20  # bytes
DEEPEST = 32  # blocks within blocks
MOST_NODES = 50_000  # keys, values and blocks, those that an alias repeats counted each time


class DocumentError(ValueError):
    """The file is not a document that can be read; the message says what was found and expected."""


def read_document(path: Path) -> Any:
    """The YAML of a file.

    Raises:
        DocumentError: it cannot be read, in whatever way. The words of the parser may quote the file, which is the
            operator's own.
    """
    text = _text(path)
    try:
        _measure(text)
        return yaml.load(text, Loader=_UniqueKeys)
    except yaml.YAMLError as error:
        raise DocumentError(f"expected YAML: {error}") from None
    except DocumentError:
        raise
    except (
        Exception
    ) as error:  # of a value that is none of its kind: a day that does not exist, a number too long
        raise DocumentError(
            f"expected YAML values that exist; found one that is none: {_shown(error)}"
        ) from None


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise DocumentError("expected a file, found a folder or nothing at all")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise DocumentError(f"expected a file that can be read: {error.strerror}") from None
    if len(content) > LARGEST:
        raise DocumentError(f"expected no more than {LARGEST} bytes, found more")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(f"document: expected UTF-8 text, found another byte at {error.start}") from None


def _measure(text: str) -> None:
    """Refuse a document that would be too deep or too large, before it is built."""
    sizes: dict[str, int] = {}  # of each anchored node, aliases in it resolved
    open_nodes: list[tuple[str | None, int]] = []
    nodes = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise DocumentError(f"alias *{event.anchor}: expected an anchor that ends before it")
            nodes += sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            nodes += 1
            if event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            nodes += 1
            open_nodes.append((event.anchor, nodes))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor:
                sizes[anchor] = nodes - before + 1
        if len(open_nodes) > DEEPEST:
            raise DocumentError(f"{_line(event)}expected at most {DEEPEST} blocks within one another")
        if nodes > MOST_NODES:
            raise DocumentError(f"{_line(event)}expected at most {MOST_NODES} keys and values")


def _line(event: yaml.Event) -> str:
    return f"line {event.start_mark.line + 1}: " if event.start_mark else ""


def _shown(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]


class _UniqueKeys(yaml.CSafeLoader):
    """YAML where a key that stands twice is a fault, not a silent last word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [str(self.construct_object(key, deep=True)) for key, _ in node.value]
        if len(set(keys)) < len(keys):
            doubled = sorted({key for key in keys if keys.count(key) > 1})[:5]
            raise yaml.constructor.ConstructorError(
                None, None, f"doubled key {', '.join(doubled)}", node.start_mark
            )
        return super().construct_mapping(node, deep)
