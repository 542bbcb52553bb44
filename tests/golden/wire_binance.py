"""What the codec makes of one captured line, in the words of the committed table."""

from __future__ import annotations

from connectors.venues.binance.account_events import Origin
from connectors.venues.binance.frames import AccountEvents, Decoded, Ignored, ListenKeyExpired, MarginCall, decode_frame
from connectors.venues.binance.market_frames import AssetIndexes, MarkPrices
from monitor.domain.account import AccountMode
from monitor.domain.errors import BadInput
from monitor.domain.events import ACCOUNT_EVENT_KINDS

ORIGIN = Origin("binance_usdm", "binance_usdm:wire", "binance_usdm:wire:stream", 1, AccountMode.SINGLE_CURRENCY)
Outcome = tuple[str, list[str], str]

_KIND_NAMES = {kind: name for name, kind in ACCOUNT_EVENT_KINDS.items()}


def outcome_of(line: bytes) -> Outcome:
    """Outcome (`decoded`, `ignored`, `refused`), the kinds it gives, and the reason."""
    try:
        decoded = decode_frame(line, 1, "wire", ORIGIN)
    except BadInput as error:
        return "refused", [], f"{error.field}: {error.reason}"
    if isinstance(decoded, Ignored):
        return "ignored", [], decoded.reason
    return "decoded", _kinds(decoded), ""


def _kinds(decoded: Decoded) -> list[str]:
    if isinstance(decoded, AccountEvents):
        return [_KIND_NAMES[type(event)] for event in decoded.events]
    if isinstance(decoded, MarkPrices):
        assert decoded.refused == []
        return ["mark_price"] * len(decoded.rows)
    if isinstance(decoded, AssetIndexes):
        assert decoded.refused == []
        return ["asset_index"] * len(decoded.rows)
    return ["margin_call" if isinstance(decoded, MarginCall) else _notice(decoded)]


def _notice(decoded: Decoded) -> str:
    assert isinstance(decoded, ListenKeyExpired)
    return "listen_key_expired"
