"""Settings of what is decided; who is told stands in `notify`."""

from __future__ import annotations

from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0)]


class AlertingSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is alerted and how it is named."""

    instance_group: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_.:-]{1,128}$")] = "marginwatch"
    """Label of every alert, the same on all that watch the same accounts; part of each alert's id."""
    board_url: str = "http://127.0.0.1:8700"
    """Address under which people reach the risk board, for the links in alerts."""
    runbook_url: str = "docs/alerts.md"
    """Address of the runbook, for the links in alerts; `#` and the alert's name are put behind it."""
    stale_grace_s: Seconds = 1.0
    """A price or an account that is STALE or lost for longer than this is a blind spot, beyond its own limit of age."""
    reconciling_grace_s: Seconds = 30.0
    """An account that is RECONCILING for longer than this is a blind spot; shorter is a reconnect as usual."""
    opening_grace_s: Seconds = 120.0
    """An account that is not opened, or a pool without table or first price, for longer than this is a blind spot."""
    catching_up_page_s: Seconds = 60.0
    """A catch-up longer than this is a blind spot, and CRITICAL and LIQUIDATION are sent in it with their as-of time."""
