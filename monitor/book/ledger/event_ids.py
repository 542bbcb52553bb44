"""Which events of an account were applied, by 128-bit hashes of their identity (contract 6).

One packed buffer per account with recent events, 24 bytes an id (hash, venue time), in order of application; a busy account
gets a set beside it. Ids are kept back to the last agreed state less ten minutes, at most 20,000 an account.
"""

from __future__ import annotations

import base64
from hashlib import blake2b
from struct import Struct

MOST_IDS = 20_000
KEPT_BEHIND_AGREED_NS = 600 * 1_000_000_000
_SCAN_UP_TO = 64
_RECORD = Struct("<16sq")
_WIDTH = _RECORD.size


def identity_hash(*parts: str) -> bytes:
    """16 bytes that stand for an identity; parts are joined by a sign that no id holds."""
    return blake2b("\0".join(parts).encode(), digest_size=16).digest()


class EventIds:
    """The ids of all accounts, by account row. Accounts without recent events take no room."""

    __slots__ = ("_dropped_ns", "_indexed", "_packed")

    def __init__(self) -> None:
        self._packed: dict[int, bytearray] = {}
        self._indexed: dict[int, set[bytes]] = {}
        self._dropped_ns: dict[int, int] = {}

    def __contains__(self, key: tuple[int, bytes]) -> bool:
        account, identity = key
        indexed = self._indexed.get(account)
        if indexed is not None:
            return identity in indexed
        packed = self._packed.get(account)
        if packed is None:
            return False
        found = packed.find(identity)
        while found >= 0 and found % _WIDTH:
            found = packed.find(identity, found + 1)
        return found >= 0

    def add(self, account: int, identity: bytes, ts_event_ns: int) -> None:
        """Remember an id; beyond the bound the oldest tenth is dropped and the account counts as overflowed."""
        packed = self._packed.get(account)
        if packed is None:
            packed = self._packed[account] = bytearray()
        packed += _RECORD.pack(identity, ts_event_ns)
        indexed = self._indexed.get(account)
        if indexed is not None:
            indexed.add(identity)
        elif len(packed) > _SCAN_UP_TO * _WIDTH:
            self._indexed[account] = {identity for identity, _ns in _RECORD.iter_unpack(packed)}
        if len(packed) > MOST_IDS * _WIDTH:
            self._drop_oldest(account, packed)

    def agreed(self, account: int, ts_event_ns: int) -> None:
        """Drop the ids of events well before an agreed state; what the bound cost before it no longer matters."""
        if self._dropped_ns.get(account, ts_event_ns + 1) <= ts_event_ns:
            del self._dropped_ns[account]
        self._forget_before(account, ts_event_ns - KEPT_BEHIND_AGREED_NS)

    def _forget_before(self, account: int, ts_event_ns: int) -> None:
        packed = self._packed.get(account)
        if packed is not None:
            kept = b"".join(packed[i : i + _WIDTH] for i, ns in self._times(packed) if ns >= ts_event_ns)
            if len(kept) < len(packed):
                self._replace(account, bytearray(kept))

    def remove(self, account: int) -> None:
        """Forget an account."""
        for held in (self._packed, self._indexed, self._dropped_ns):
            held.pop(account, None)

    def overflowed(self, account: int) -> bool:
        """Whether the bound cost ids that no agreed state holds yet: a repeated fill might be taken for a new one."""
        return account in self._dropped_ns

    def plain(self, account: int) -> dict[str, object]:
        """The ids of an account as JSON data; empty when it has none."""
        plain: dict[str, object] = {}
        if account in self._packed:
            plain["ids"] = base64.b64encode(self._packed[account]).decode()
        if account in self._dropped_ns:
            plain["ids_dropped_ns"] = self._dropped_ns[account]
        return plain

    def restore(self, account: int, ids: str | None, dropped_ns: int | None) -> None:
        """Take what `plain` gave."""
        if ids:
            self._replace(account, bytearray(base64.b64decode(ids)))
        if dropped_ns is not None:
            self._dropped_ns[account] = dropped_ns

    def _drop_oldest(self, account: int, packed: bytearray) -> None:
        # A tenth at once: dropping one id for each new one would copy the whole buffer each time.
        cut = MOST_IDS // 10 * _WIDTH
        latest = max(ns for _identity, ns in _RECORD.iter_unpack(packed[:cut]))
        self._dropped_ns[account] = max(latest, self._dropped_ns.get(account, latest))
        self._replace(account, packed[cut:])

    def _replace(self, account: int, packed: bytearray) -> None:
        self._indexed.pop(account, None)
        if not packed:
            self._packed.pop(account, None)
            return
        self._packed[account] = packed
        if len(packed) > _SCAN_UP_TO * _WIDTH:
            self._indexed[account] = {identity for identity, _ns in _RECORD.iter_unpack(packed)}

    @staticmethod
    def _times(packed: bytearray) -> list[tuple[int, int]]:
        return [(index * _WIDTH, ns) for index, (_identity, ns) in enumerate(_RECORD.iter_unpack(packed))]
