"""Who asks: API keys, HMAC signatures, time windows, listen keys."""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from connectors.simulator.account import SimulatedAccount

_WINDOW_MS = 5000
_AHEAD_MS = 1000
_LONGEST_WINDOW_MS = 60_000


class Refusal(Exception):
    """A request that gets an error answer: HTTP status, the venue's code and text."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(status, code, text)
        self.status = status
        self.code = code
        self.text = text


class Keys:
    """The API keys of all accounts."""

    def __init__(self, accounts: Mapping[str, SimulatedAccount], *, check_timestamps: bool) -> None:
        self._by_key = {account.api_key: account for account in accounts.values()}
        self._check_timestamps = check_timestamps

    def owner(self, api_key: str) -> SimulatedAccount:
        """The account of a key."""
        if not api_key:
            raise Refusal(401, -2014, "API-key format invalid.")
        if api_key not in self._by_key:
            raise Refusal(401, -2015, "Invalid API-key, IP, or permissions for action.")
        return self._by_key[api_key]

    def signer(self, api_key: str, text: str, now_ms: int) -> SimulatedAccount:
        """The account whose secret signed `text` (query and body as sent), within its time window."""
        account = self.owner(api_key)
        signed, mark, signature = text.rpartition("signature=")
        if not mark:
            raise Refusal(400, -1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.")
        wanted = hmac.new(account.api_secret.encode(), signed.removesuffix("&").encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, signature.lower()):
            raise Refusal(400, -1022, "Signature for this request is not valid.")
        self._check_time({name: values[-1] for name, values in parse_qs(signed).items()}, now_ms)
        return account

    def _check_time(self, values: Mapping[str, str], now_ms: int) -> None:
        stamp, window = values.get("timestamp", ""), values.get("recvWindow", str(_WINDOW_MS))
        if not stamp.isdecimal():
            raise Refusal(400, -1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.")
        if not window.isdecimal() or int(window) > _LONGEST_WINDOW_MS:
            raise Refusal(400, -1131, "recvWindow must be less than 60000.")
        if not self._check_timestamps:
            return
        if int(stamp) > now_ms + _AHEAD_MS:
            raise Refusal(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
        if int(stamp) < now_ms - int(window):
            raise Refusal(400, -1021, "Timestamp for this request is outside of the recvWindow.")


@dataclass(slots=True)
class _Lease:
    account: str
    expires_ms: int


class ListenKeys:
    """Keys of user streams: one an account, valid for a time, lengthened on request."""

    def __init__(self, seed: int, validity_s: int) -> None:
        self._random = random.Random(f"{seed}:listen-keys")
        self._validity_ms = validity_s * 1000
        self._leases: dict[str, _Lease] = {}

    def issue(self, account: str, now_ms: int) -> str:
        """The account's key, its validity lengthened; a new one if it has none."""
        key = self._key_of(account)
        if key is None:
            key = "".join(self._random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=64))
        self._leases[key] = _Lease(account, now_ms + self._validity_ms)
        return key

    def extend(self, account: str, now_ms: int) -> str:
        """Lengthens the validity; Refusal -1125 if there is no key."""
        key = self._key_of(account)
        if key is None:
            raise Refusal(400, -1125, "This listenKey does not exist.")
        self._leases[key].expires_ms = now_ms + self._validity_ms
        return key

    def close(self, account: str) -> None:
        """Ends the account's key."""
        key = self._key_of(account)
        if key is not None:
            del self._leases[key]

    def account_of(self, key: str) -> str | None:
        """The account of a valid key."""
        lease = self._leases.get(key)
        return lease.account if lease else None

    def take_expired(self, now_ms: int, accounts: set[str] | None = None) -> list[tuple[str, str]]:
        """(key, account) of keys that ran out, or of those accounts at once; they are valid no more."""
        ended = [
            (key, lease.account)
            for key, lease in self._leases.items()
            if (lease.expires_ms <= now_ms if accounts is None else lease.account in accounts)
        ]
        for key, _ in ended:
            del self._leases[key]
        return ended

    def _key_of(self, account: str) -> str | None:
        return next((key for key, lease in self._leases.items() if lease.account == account), None)
