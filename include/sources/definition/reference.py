"""Every key of a definition and of a deployment, as pages for people: from the models, so that they cannot differ."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from include.sources.definition.expressions import ALSO, FUNCTIONS, OPERATORS, TYPES
from include.sources.definition.model import SourceDefinition
from include.sources.deployment import Deployment
from include.sources.parts import Part

TAGS = ("kind", "by")
HEAD = """# Every key of a source definition

Made by `odcm source keys`; not edited by hand. How the keys are used is told in [sources](sources.md). An editor that reads
JSON Schema completes and checks them: `docs/source.schema.json`.
"""

EXPRESSIONS = """
## what an expression may use

The functions and operators of DuckDB that stand here and no others: each gives the same for the same cells, and none
reaches anything but the row. Headings stand in double quotes. Patterns, formats and lengths are written out, not computed;
a format has no `%z`: a moment is mapped by its column, and `format.dates` says how it is written.
"""

DEPLOYMENT_HEAD = """
# Every key of a deployment file

`ODCM_DEPLOYMENT` names the file. It belongs to whoever operates the deployment: a source definition cannot widen it.
"""


def reference() -> str:
    """The page: one table for each block of keys, in the order in which a definition nests them."""
    titles = _titles(SourceDefinition) | _titles(Deployment)
    of_definitions = [_table(part, titles) for part in _titles(SourceDefinition)]
    of_deployments = [_table(part, titles) for part in _titles(Deployment)]
    return "\n".join([HEAD, *of_definitions, _expressions(), DEPLOYMENT_HEAD, *of_deployments]) + "\n"


def _expressions() -> str:
    """What an expression may use."""
    types = ", ".join(f"`{name}`" for name in TYPES)
    lines = [EXPRESSIONS, "| of | functions |", "|---|---|"]
    for kind, names in FUNCTIONS.items():
        lines.append(f"| {kind} | {', '.join(f'`{name}`' for name in names)} |")
    operators = " ".join(f"`{name}`" for name in OPERATORS).replace("|", "\\|")
    return "\n".join(
        [
            *lines,
            f"| operators | {operators} |",
            f"| forms | {ALSO} |",
            f"| `cast`, `try_cast`, `::` to | {types} |",
        ]
    )


def _titles(outermost: type[Part]) -> dict[type[Part], str]:
    """The part and all parts below it, outer ones first, each with its title: `transport: folder`, `rhythm`."""
    titles = {outermost: " ".join(_words(outermost.__name__))}
    waiting = [outermost]
    for part in waiting:
        for name, field in part.model_fields.items():
            for below in _models(field.annotation):
                if below not in titles:
                    kinds = _kinds(below)
                    titles[below] = (
                        f"{name}: {', '.join(kinds)}" if kinds else " ".join(_words(below.__name__))
                    )
                    waiting.append(below)
    return titles


def _models(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _kinds(part: type[Part]) -> tuple[str, ...]:
    """What `kind` or `by` says in this block."""
    for name in TAGS:
        if name in part.model_fields:
            return get_args(part.model_fields[name].annotation)
    return ()


def _table(part: type[Part], titles: Mapping[type[Part], str]) -> str:
    lines = [f"\n## {titles[part]}\n", " ".join((part.__doc__ or "").split())]
    fields = {name: field for name, field in part.model_fields.items() if name not in TAGS}
    if fields:
        lines += ["", "| key | meaning | value | default |", "|---|---|---|---|"]
    for name, field in sorted(fields.items(), key=lambda item: not item[1].is_required()):
        cells = (
            f"`{field.alias or name}`",
            field.description or "",
            _type(field.annotation, titles),
            _default(field),
        )
        lines.append("| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _words(name: str) -> list[str]:
    """The words of a class name."""
    return [word.lower() for word in re.findall(r"[A-Z][a-z0-9]*", name)]


def _type(annotation: Any, titles: Mapping[type[Part], str]) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0], titles)
    if origin is Literal:
        return " or ".join(f"`{argument}`" if argument != "" else "empty" for argument in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_type(each, titles) for each in arguments if each is not type(None)))
    if origin is list:
        return f"list of {_type(arguments[0], titles)}"
    if origin is dict:
        return f"{_type(arguments[0], titles)} → {_type(arguments[1], titles)}"
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return f"[{titles[annotation]}](#{_anchor(titles[annotation])})"
    return {str: "text", int: "number", float: "number", bool: "true or false"}.get(annotation, "text")


def _anchor(title: str) -> str:
    kept = [letter for letter in title.lower() if letter.isalnum() or letter in " -"]
    return "".join(kept).replace(" ", "-")


def _default(field: FieldInfo) -> str:
    default = field.default
    if field.is_required() or default is PydanticUndefined:
        return "**required**" if field.is_required() else ""
    if isinstance(default, Part):
        return (
            "`" + ", ".join(f"{k}: {v}" for k, v in default.model_dump(exclude_defaults=True).items()) + "`"
        )
    if default is None or default in ("", [], {}, [""]):
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, list):
        return "`" + ", ".join(map(str, default)) + "`"
    return f"`{default}`"


__all__ = ["reference"]
