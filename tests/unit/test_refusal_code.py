"""The code of a refusal: few values, whatever stands in the record."""

from __future__ import annotations

import pytest

from monitor.domain.errors import BadInput


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("size", "size"),
        ("positions[17].size", "positions"),
        ("figures.some key of a producer", "figures"),
        ("account_seq", "account_seq"),
        ("", "other"),
        ("a" * 50, "other"),
        ('"\n', "other"),
    ],
)
def test_positions_and_keys_are_left_out(field: str, code: str) -> None:
    assert BadInput("the text holds 17 and any value", field=field, value=17).code == code
