"""The published schema is that of the types, and the example file fits it."""

from __future__ import annotations

import json

import jsonschema

from monitor.assess.account_file import account_file_schema
from tests.support.requirements import ROOT

SCHEMA = ROOT / "docs" / "schemas" / "account-file.schema.json"


def test_the_published_schema_is_made_from_the_types() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == account_file_schema()


def test_the_example_fits_the_schema() -> None:
    example = json.loads((ROOT / "examples" / "account.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(account_file_schema()).validate(example)


def test_every_field_is_told_in_the_document() -> None:
    text = (ROOT / "docs" / "account-file.md").read_text(encoding="utf-8")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    fields = {field for entry in schema["$defs"].values() for field in entry.get("properties", {})}
    assert {field for field in fields if f"`{field}`" not in text} == set()
