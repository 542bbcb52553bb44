"""Read-only keys, from an environment variable or a file; never from the configuration, never shown."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path

from connectors.venues.binance.settings import BinanceAccountSettings
from monitor.domain.errors import BadConfiguration


@dataclass(frozen=True, slots=True)
class Credentials:
    """One key and its secret; neither appears in its text form."""

    key: str = field(repr=False)
    secret: bytes = field(repr=False)

    def sign(self, query: str) -> str:
        """The hex HMAC-SHA256 of a query string."""
        return hmac.new(self.secret, query.encode(), hashlib.sha256).hexdigest()


def read_credentials(account: BinanceAccountSettings) -> Credentials:
    """The credentials of an account; raises `BadConfiguration` that names the variable or file, never its content."""
    key = _read(account.name, "key", account.key_env, account.key_file)
    secret = _read(account.name, "secret", account.secret_env, account.secret_file)
    return Credentials(key, secret.encode())


def _read(account: str, what: str, variable: str | None, file: str | None) -> str:
    if variable is not None:
        text = os.environ.get(variable, "").strip()
        if not text:
            raise BadConfiguration("environment variable is not set", field=f"{what}_env", value=variable, source=account)
        return text
    assert file is not None  # the settings allow exactly one of the two
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadConfiguration(f"cannot be read: {error.strerror}", field=f"{what}_file", value=file, source=account) from error
    if not text:
        raise BadConfiguration("is empty", field=f"{what}_file", value=file, source=account)
    return text
