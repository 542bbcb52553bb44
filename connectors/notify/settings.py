"""Settings of the ways out: who is told. What is told stands in `alerting`."""

from __future__ import annotations

from typing import Annotated

import msgspec

PositiveFloat = Annotated[float, msgspec.Meta(gt=0)]
Url = Annotated[str, msgspec.Meta(pattern="^https?://[^\\s/]+")]


class RetrySettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How often a peer that does not answer is tried again, without end."""

    first_s: PositiveFloat = 0.5
    """Bound of the first pause; each later bound is twice the one before, the pause is drawn evenly below it."""
    most_s: PositiveFloat = 15.0
    """Largest bound of a pause."""
    timeout_s: PositiveFloat = 5.0
    """Longest wait for an answer."""


class AlertmanagerSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Alertmanager. Name every replica: they do not pass alerts on to each other, and no load balancer may stand between."""

    replicas: Annotated[list[Url], msgspec.Meta(min_length=1)]
    """Addresses such as `http://127.0.0.1:9093`, with a path prefix if there is one."""
    resend_interval_s: PositiveFloat = 60.0
    """Time after which all alerts that are on are sent again: a replica keeps none over its own restart."""
    ends_after_s: PositiveFloat = 86_400.0
    """End that each sent alert carries, seconds from then: long, so that a dead daemon never reads as resolved."""
    resolved_kept_s: PositiveFloat = 300.0
    """How long a resolve is sent again after it was accepted, in case a replica lost it before it told anybody."""
    most_per_request: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 64
    """Alerts in one request."""
    retry: RetrySettings = RetrySettings()
    """Trying again."""


class WebhookSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A plain JSON POST per change of an alert, retried until it is answered with 2xx."""

    url: Url
    """Where to post."""
    authorization_file: str | None = None
    """File whose text becomes the header `Authorization`."""
    retry: RetrySettings = RetrySettings()
    """Trying again."""


class NotifySettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The ways out of alerts. Each change of an alert goes to all of them."""

    log: bool = True
    """Write each change of an alert to the log."""
    alertmanager: AlertmanagerSettings | None = None
    """Alertmanager replicas."""
    webhooks: dict[str, WebhookSettings] = {}
    """Webhooks by name."""
