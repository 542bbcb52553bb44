"""The reference of the configuration, made from the settings' own documentation: `python -m monitor.config_reference`."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec

from monitor.config import Config
from monitor.config_keys import item_of, struct_of

_HEAD = """# Configuration

One TOML file, validated as a whole: unknown keys are refused with the nearest known one. Keys and secrets never stand in it; it
names the environment variables or files that hold them. `marginwatch config check --config FILE` validates it,
`marginwatch config schema` prints its JSON Schema, `examples/marginwatch.toml` is a start.

This page is made by `python -m monitor.config_reference`.
"""


def configuration_reference() -> str:
    """The whole page as Markdown."""
    return _HEAD + "".join(_sections(Config, "", set()))


def _sections(struct: type[msgspec.Struct], path: str, told: set[type[msgspec.Struct]]) -> Iterator[str]:
    """A table for the struct's own keys, then the sections below it; a section met again is told once."""
    if struct in told:
        return
    told.add(struct)
    texts = _field_texts(struct)
    yield f"\n## {f'`[{path}]`' if path else 'Top level'}\n\n{inspect.cleandoc(struct.__doc__ or '')}\n\n"
    rows, below = [], []
    for field in msgspec.structs.fields(struct):
        inner = struct_of(field.type)
        item = item_of(field.type)
        listed = None if item is None else struct_of(item)
        here = f"{path}.{field.encode_name}" if path else field.encode_name
        if inner is not None:
            below.append((inner, here))
        elif listed is not None:
            below.append((listed, f"[{here}]" if _is_list(field.type) else f"{here}.NAME"))
        rows.append(f"| `{field.encode_name}` | {_default(field)} | {texts.get(field.name, '')} |\n")
    yield "| key | default | meaning |\n|---|---|---|\n" + "".join(rows)
    for inner, here in below:
        yield from _sections(inner, here, told)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value: Any = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory() if callable(field.default_factory) else None
    if isinstance(value, msgspec.Struct):
        return "see below"
    if value is None:
        return "none"
    return f"`{msgspec.json.encode(value).decode()}`"


def _is_list(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) is list


def _field_texts(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The docstring that stands below each field, of the struct and of those it inherits from."""
    texts: dict[str, str] = {}
    for owner in reversed(struct.__mro__):
        if issubclass(owner, msgspec.Struct) and owner is not msgspec.Struct:
            texts.update(_texts_below_fields(owner))
    return texts


def _texts_below_fields(owner: type) -> Iterator[tuple[str, str]]:
    body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    if not isinstance(body, ast.ClassDef):
        return
    for statement, following in zip(body.body, body.body[1:], strict=False):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            yield statement.target.id, " ".join(str(following.value.value).split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(configuration_reference())
