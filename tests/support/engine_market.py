"""The market and the policy of the engine's streams: symbols, tables, drivers, profiles."""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.profile import CLIENT, DESK, Band, Profile, Switch, SwitchSet
from monitor.domain.tables import AssetIndexBuffers, Bracket, ClassWeights, LeverageBrackets, Table, TableKey, TableKind
from tests.support.engine_oracle_margin import VENUE, WEIGHTS

SECOND_NS = 10**9
START_NS = 1_621_382_400 * SECOND_NS
SYMBOLS = {"BTCUSDT": ("BTC", "USDT"), "ETHUSDT": ("ETH", "USDT"), "DOGEUSDT": ("DOGE", "USDT"), "ETHUSDC": ("ETH", "USDC")}
CENTRES = {"BTCUSDT": "40000", "ETHUSDT": "2500", "DOGEUSDT": "0.4", "ETHUSDC": "2501"}
INDICES = {"USDT": "1", "USDC": "0.9995", "BTC": "40010"}
SOURCES = ("desk", "back-office")
PARTITIONS = 2


def band(enter: str, leave: str) -> Band:
    return Band(Decimal(enter), Decimal(leave))


RATIOS = SwitchSet(
    notice=Switch(ratio=band("0.2", "0.2")),
    warning=Switch(ratio=band("0.4", "0.25")),
    critical=Switch(ratio=band("0.8", "0.5")),
    liquidation=Switch(ratio=band("1", "1")),
)
BUFFERS = SwitchSet(
    notice=Switch(buffer=band("0.2", "0.25")),
    warning=Switch(buffer=band("0.1", "0.2")),
    critical=Switch(buffer=band("0.05", "0.1")),
    liquidation=Switch(ratio=band("1", "0.95"), buffer=band("0.002", "0.004")),
)
PROFILES = {
    "desk": DESK,
    "client": CLIENT,
    "ratios": Profile("ratios", RATIOS, BUFFERS),
    "buffers": Profile("buffers", BUFFERS, RATIOS),
}


def instrument(symbol: str, kind: InstrumentKind = InstrumentKind.LINEAR_PERPETUAL) -> Instrument:
    base, settle = SYMBOLS.get(symbol, ("NEW", "USDT"))
    return Instrument(
        instrument=f"{VENUE}:{symbol}",
        kind=kind,
        base=base,
        quote=settle,
        settle_asset=settle,
        size_step=Decimal("0.001"),
        price_step=Decimal("0.0001"),
    )


def brackets(scale: int) -> LeverageBrackets:
    """Three tiers; `scale` multiplies the rates."""
    found, deduction, before = [], Decimal(0), Decimal(0)
    tiers = ((Decimal(0), Decimal(50_000)), (Decimal(50_000), Decimal(250_000)), (Decimal(250_000), None))
    for (floor, cap), rate in zip(tiers, (4, 10, 25), strict=True):
        now = Decimal(rate * scale) / 1000
        deduction += floor * (now - before)
        found.append(Bracket(floor=floor, cap=cap, maintenance_margin_rate=now, deduction=deduction))
        before = now
    return LeverageBrackets(brackets=tuple(found))


def weights(scale: str) -> ClassWeights:
    return ClassWeights(
        default=Decimal("2.1"),
        weights={"BTC": Decimal(scale), "ETH": Decimal(1), "DOGE": Decimal("1.5"), "USDT": Decimal(0), "USDC": Decimal(0)},
    )


def key(kind: TableKind, symbol: str) -> TableKey:
    return TableKey(VENUE, kind, symbol)


DRIVERS = (
    *(DriverKey(DriverKind.MARK, f"{VENUE}:{symbol}") for symbol in SYMBOLS),
    *(DriverKey(DriverKind.ASSET_INDEX, f"{VENUE}:{asset}") for asset in INDICES),
    *(DriverKey(kind, f"{VENUE}:{asset}") for asset in INDICES for kind in (DriverKind.ASSET_BID, DriverKind.ASSET_ASK)),
)
DRIVER_CENTRES = (
    *(CENTRES[symbol] for symbol in SYMBOLS),
    *INDICES.values(),
    *(price for price in INDICES.values() for _ in range(2)),
)


def first_tables() -> dict[TableKey, Table]:
    tables: dict[TableKey, Table] = {}
    for symbol in SYMBOLS:
        tables[key(TableKind.INSTRUMENT, symbol)] = instrument(symbol)
        tables[key(TableKind.LEVERAGE_BRACKETS, symbol)] = brackets(1)
    for asset in INDICES:
        tables[key(TableKind.ASSET_INDEX, asset)] = AssetIndexBuffers(bid_buffer=Decimal("0.01"), ask_buffer=Decimal("0.01"))
    tables[WEIGHTS] = weights("1")
    return tables
