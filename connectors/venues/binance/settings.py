"""Settings of one Binance USDⓈ-M connection. Every key is documented here; unknown keys are refused."""

from __future__ import annotations

import msgspec

from monitor.domain.checks import ACCOUNT_PATTERN
from monitor.domain.errors import BadConfiguration

TESTNET_REST_URL = "https://testnet.binancefuture.com"
TESTNET_STREAM_URL = "wss://fstream.binancefuture.com"


class BinanceAccountSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One account: its name with us, and where its read-only key is found. The key itself never stands in a configuration."""

    name: str
    """Our name; the account's id is `<connection name>:<name>`."""
    key_env: str | None = None
    """Environment variable that holds the API key; exactly one of `key_env` and `key_file`."""
    key_file: str | None = None
    """File that holds the API key."""
    secret_env: str | None = None
    """Environment variable that holds the API secret; exactly one of `secret_env` and `secret_file`."""
    secret_file: str | None = None
    """File that holds the API secret."""
    entity: str | None = None
    """Who owns the account, across venues."""
    owner: str | None = None
    """Who is told about its alerts."""
    profile: str | None = None
    """Alert profile; null = the configured default."""
    tags: dict[str, str] = {}
    """Free labels that screens can filter by."""


class BinanceSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One connection to Binance USDⓈ-M: its addresses, accounts, intervals and limits."""

    name: str = "binance_usdm"
    """Venue id in all identifiers (`binance_usdm:BTCUSDT`)."""
    rest_url: str = "https://fapi.binance.com"
    """REST base. Testnet: https://testnet.binancefuture.com"""
    stream_url: str = "wss://fstream.binance.com"
    """Websocket base; `/market/stream` and `/private/ws` are appended. Testnet: wss://fstream.binancefuture.com"""
    permissions_url: str | None = "https://api.binance.com"
    """Base of `/sapi/v1/account/apiRestrictions`, asked only by `config check --connect`; null where there is none."""
    accounts: list[BinanceAccountSettings] = []
    """Accounts to watch; empty = market data only."""
    symbols: list[str] | None = None
    """Symbols whose tables and marks are taken; null = all that the venue lists (one array stream, once a second)."""
    symbols_per_socket: int = 200
    """Most `<symbol>@markPrice@1s` streams on one socket, when `symbols` is given."""
    reconcile_interval_s: float = 60.0
    """Time between two REST comparisons of one account, spread by up to a tenth."""
    settings_interval_s: float = 600.0
    """Time between two readings of an account's modes, leverages and margin types."""
    tables_interval_s: float = 3600.0
    """Time between two readings of instruments, brackets and index buffers."""
    clock_interval_s: float = 60.0
    """Time between two measurements of the venue's clock."""
    market_stale_s: float = 5.0
    """A market channel without a newer venue time for so long is cut and connected anew."""
    listen_key_renewal_s: float = 1500.0
    """Time between two renewals of a listen key (the venue lets it expire after 3600)."""
    rotate_after_s: float = 82800.0
    """Age at which a socket is replaced with overlap (the venue cuts at 86400)."""
    open_timeout_s: float = 10.0
    """Longest time for a websocket handshake."""
    close_timeout_s: float = 1.0
    """Longest time to wait for a peer's close frame."""
    ping_interval_s: float = 20.0
    """Time between two pings of ours; it only finds dead peers, never proves a live feed."""
    request_timeout_s: float = 10.0
    """Longest time for one REST request."""
    request_concurrency: int = 16
    """REST requests in flight at once, for the whole connection."""
    weight_per_minute: int = 2000
    """REST weight spent a minute for the whole connection (the venue allows 2400 an IP address)."""
    connects_per_five_minutes: int = 300
    """Websocket handshakes in five minutes; raise it for a local venue with more accounts."""
    backoff_first_s: float = 0.5
    """Upper end of the first pause before connecting again; doubles up to `backoff_most_s`, drawn evenly from 0."""
    backoff_most_s: float = 30.0
    """Upper end of any pause before connecting again."""
    private_queue: int = 10000
    """Private frames that may wait for an account; one more is a declared gap and a resync."""
    receive_window_ms: int = 5000
    """`recvWindow` of signed requests."""
    use_environment_proxy: bool = False
    """Whether HTTP_PROXY and its kin are obeyed."""
    compression: bool = False
    """Whether permessage-deflate is offered: a fifth of the bandwidth for 2 µs a message."""

    def __post_init__(self) -> None:
        """Refuse what cannot work, naming the key and its value."""
        self._check_addresses()
        self._check_amounts()
        self._check_accounts()

    def _check_addresses(self) -> None:
        addresses = (("rest_url", self.rest_url, "http"), ("stream_url", self.stream_url, "ws"))
        for key, value, scheme in addresses:
            if not value.startswith((f"{scheme}://", f"{scheme}s://")):
                raise BadConfiguration(f"must begin with {scheme}:// or {scheme}s://", field=key, value=value, source=self.name)

    def _check_amounts(self) -> None:
        for key in self.__struct_fields__:
            value = getattr(self, key)
            if isinstance(value, (int, float)) and not isinstance(value, bool) and not value > 0:
                raise BadConfiguration("must be above 0", field=key, value=value, source=self.name)
        if self.listen_key_renewal_s > 1800:
            raise BadConfiguration("must be at most 1800", field="listen_key_renewal_s", value=self.listen_key_renewal_s)
        if self.rotate_after_s >= 86400:
            raise BadConfiguration("must be below 86400", field="rotate_after_s", value=self.rotate_after_s)

    def _check_accounts(self) -> None:
        seen: set[str] = set()
        for index, account in enumerate(self.accounts):
            where = f"accounts[{index}]"
            identifier = f"{self.name}:{account.name}"
            if ACCOUNT_PATTERN.fullmatch(identifier) is None:
                raise BadConfiguration("letters allowed are A-Za-z0-9_.:-", field=f"{where}.name", value=account.name)
            if account.name in seen:
                raise BadConfiguration("is given twice", field=f"{where}.name", value=account.name)
            seen.add(account.name)
            if (account.key_env is None) == (account.key_file is None):
                raise BadConfiguration(
                    "give exactly one of key_env and key_file", field=f"{where}.key_env", value=account.key_env
                )
            if (account.secret_env is None) == (account.secret_file is None):
                raise BadConfiguration(
                    "give exactly one of secret_env and secret_file", field=f"{where}.secret_env", value=account.secret_env
                )
