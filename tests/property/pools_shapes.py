"""Random tapes of the shapes that pools compile into, on drivers whose prices stand on a coarse decimal grid."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

from monitor.book.pools import BoundaryRef
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.profile import Band, Switch, SwitchSet
from monitor.rules.tape import NO_CELL, Leg, Node, NodeMode, Piece, ScheduleKey, Tape, Trigger
from tests.property.pools_oracle import Exact, Market, slack

MARKS = tuple(DriverKey(DriverKind.MARK, f"binance:{name}USDT") for name in ("BTC", "ETH", "XRP", "DOGE"))
ASSETS = ("USDT", "USDC", "BNB")
INDEXES = {asset: DriverKey(DriverKind.ASSET_INDEX, f"binance:{asset}") for asset in ASSETS}
BIDS = {asset: DriverKey(DriverKind.ASSET_BID, f"binance:{asset}") for asset in ASSETS}
ASKS = {asset: DriverKey(DriverKind.ASSET_ASK, f"binance:{asset}") for asset in ASSETS}
DRIVERS = (*MARKS, *INDEXES.values(), *BIDS.values(), *ASKS.values())
CENTRES = dict(
    zip(
        DRIVERS,
        map(
            Decimal, ("50000.3", "3000.7", "0.6131", "0.1234", "0.9997", "1.0003", "601.7", *["1.0001", "0.9999", "600.1"] * 2)
        ),
        strict=True,
    )
)
WEIGHTS = dict(zip(DRIVERS, map(Decimal, ("1", "1", "1.5", "2.1", "0", "0", "1.5", *["0", "0", "1.5"] * 2)), strict=True))
SHAPES = ("single", "hedge", "isolated", "multi", "rates", "factors", "offsets", "inverse", "coins")

# Ratios whose quotients stay finite decimals, so that a constant can put a pool exactly on a boundary.
SWITCH_SETS = (
    SwitchSet(
        notice=Switch(buffer=Band(Decimal("0.15"), Decimal("0.30"))),
        warning=Switch(ratio=Band(Decimal("0.5"), Decimal("0.4")), buffer=Band(Decimal("0.10"), Decimal("0.20"))),
        critical=Switch(ratio=Band(Decimal("0.8"), Decimal("0.64")), buffer=Band(Decimal("0.05"), Decimal("0.10"))),
        liquidation=Switch(ratio=Band(Decimal("1"), Decimal("0.8"))),
    ),
    SwitchSet(  # no hysteresis, and a buffer at liquidation too
        warning=Switch(buffer=Band(Decimal("0.07"), Decimal("0.07"))),
        critical=Switch(ratio=Band(Decimal("0.8"), Decimal("0.8"))),
        liquidation=Switch(ratio=Band(Decimal("1"), Decimal("1")), buffer=Band(Decimal("0.01"), Decimal("0.01"))),
    ),
)


def bracket_key(mark: DriverKey) -> ScheduleKey:
    return ScheduleKey("binance", "leverage_brackets", mark.subject)


def coin_key(mark: DriverKey) -> ScheduleKey:
    return ScheduleKey("binance", "coin_brackets", mark.subject)


def asset_key(asset: str, variant: str) -> ScheduleKey:
    return ScheduleKey("binance", "asset_index", asset, variant)


def brackets(scale: Decimal) -> tuple[Piece, ...]:
    """A continuous tier table; `scale` moves its edges."""
    pieces, offset, rate, before = [], Decimal(0), Decimal(0), Decimal(0)
    for floor, slope in ((0, "0.004"), (10000, "0.005"), (50000, "0.01"), (250000, "0.025"), (1000000, "0.05")):
        start = floor * scale
        offset -= start * (Decimal(slope) - before)
        rate = before = Decimal(slope)
        pieces.append(Piece(start, rate, offset))
    return tuple(pieces)


def market() -> Market:
    lowest, zero, one = Decimal("-Infinity"), Decimal(0), Decimal(1)
    schedules: dict[ScheduleKey, tuple[Piece, ...]] = {bracket_key(mark): brackets(one) for mark in MARKS}
    for asset, bid, ask in (("USDT", "0.99", "1.01"), ("USDC", "0.995", "1.005"), ("BNB", "0.9", "1.1")):
        schedules[asset_key(asset, "equity")] = (Piece(lowest, Decimal(ask), zero), Piece(zero, Decimal(bid), zero))
        schedules[asset_key(asset, "margin")] = (Piece(lowest, Decimal(ask), zero),)
        schedules[asset_key(asset, "positive")] = (Piece(lowest, zero, zero), Piece(zero, one, zero))
        schedules[asset_key(asset, "negative")] = (Piece(lowest, -one, zero), Piece(zero, zero, zero))
    for mark in MARKS:
        schedules[coin_key(mark)] = brackets(1 / CENTRES[mark].quantize(Decimal(1).scaleb(CENTRES[mark].adjusted())))
    weights = {key: Fraction(weight) for key, weight in WEIGHTS.items()}
    return Market({key: Fraction(price) for key, price in CENTRES.items()}, weights, dict(schedules))


def random_tape(random: Random, shape: str) -> Tape:
    if shape in {"multi", "rates"}:
        return _multi(random, rates=shape == "rates")
    if shape == "offsets":
        return _offsets(random)
    if shape in {"inverse", "coins"}:
        return _inverse(random, in_usd=shape == "coins")
    legs: list[Leg] = []
    cost = Decimal(0)
    for mark in random.sample(MARKS, 1 if shape == "isolated" else random.randint(1, len(MARKS))):
        sides = (1, -1) if shape == "hedge" else (random.choice((1, -1)),)
        for side in sides:
            leg, paid = _position(random, mark, side, (0, 1, 2))
            legs.append(leg)
            cost += paid
    wallet = _wallet(random)
    trigger = Trigger(margin_factor=Decimal("1.05"), strict=True, needs_margin=True) if shape == "factors" else Trigger()
    return Tape((wallet - cost, Decimal(0), Decimal(0)), tuple(legs), (), "USDT", INDEXES["USDT"], trigger)


def on_boundary(tape: Tape, exact: Exact, switch_set: SwitchSet, boundary: BoundaryRef) -> Tape:
    """The same pool with a constant added to C that puts its slack at exactly 0 at these figures."""
    distance = slack(tape, exact, switch_set, boundary)
    if boundary.kind.value == "ratio":
        band = switch_set.switch(boundary.level).ratio
        distance /= Fraction(band.enter if boundary.entering else band.leave)
    numerator = distance * 10**60
    assert numerator.denominator == 1, "the boundary's quotient must be a finite decimal"
    digits = tuple(map(int, str(abs(numerator.numerator))))
    shift = Decimal((1 if numerator > 0 else 0, digits, -60))
    return replace(tape, base=(_add(tape.base[0], shift), *tape.base[1:]))


def _add(left: Decimal, right: Decimal) -> Decimal:
    total = (Fraction(left) + Fraction(right)) * 10**60
    return Decimal((int(total < 0), tuple(map(int, str(abs(total.numerator)))), -60))


def _wallet(random: Random) -> Decimal:
    return Decimal(random.randint(100, 400000)) / 10


def _position(random: Random, mark: DriverKey, side: int, cells: tuple[int, int, int]) -> tuple[Leg, Decimal]:
    """A leg and what it was bought for."""
    centre = CENTRES[mark]
    notional = Decimal(random.choice((1000, 9990, 10010, 49000, 260000)))
    quantity = side * round(notional / centre, 3)
    entry = centre * Decimal(random.randint(970, 1030)) / 1000
    leg = Leg(mark, quantity, *cells, bracket_key(mark), initial_rate=abs(quantity) / 10)
    return leg, quantity * entry


def _multi(random: Random, *, rates: bool) -> Tape:
    base = [Decimal(0)] * 3
    legs: list[Leg] = []
    nodes: list[Node] = []
    for asset in random.sample(ASSETS, random.randint(1, 3)):
        first = len(base)
        wallet = _wallet(random) if random.random() < 0.7 else -_wallet(random) / 4
        base += [wallet / CENTRES[INDEXES[asset]].to_integral_value(), Decimal(0), Decimal(0)]
        cells = (first, first + 1, first + 2)
        if asset != "BNB":
            for mark in random.sample(MARKS, random.randint(0, 3)):
                leg, paid = _position(random, mark, random.choice((1, -1)), cells)
                legs.append(leg)
                base[first] -= paid
        nodes += _rates_nodes(asset, cells) if rates else _index_nodes(asset, cells)
    return Tape(tuple(base), tuple(legs), tuple(nodes), "USD", None)


def _index_nodes(asset: str, cells: tuple[int, int, int]) -> list[Node]:
    variants = ("equity", "margin", "margin")
    return [
        Node(NodeMode.MAP, cells[place], place, schedule=asset_key(asset, variant), scale=INDEXES[asset])
        for place, variant in enumerate(variants)
    ]


def _rates_nodes(asset: str, cells: tuple[int, int, int]) -> list[Node]:
    return [
        Node(NodeMode.MAP, cells[0], 0, schedule=asset_key(asset, "positive"), scale=BIDS[asset]),
        Node(NodeMode.MAP, cells[0], 0, schedule=asset_key(asset, "negative"), scale=ASKS[asset], weight=Decimal(-1)),
        Node(NodeMode.MAP, cells[1], 1, scale=ASKS[asset]),
        Node(NodeMode.MAP, cells[2], 2, scale=ASKS[asset]),
    ]


def _inverse(random: Random, *, in_usd: bool) -> Tape:
    """Inverse contracts in the coin, some beside a linear leg on the same mark; in USD by the coin's index or as they are."""
    first = 3 if in_usd else 0
    cells = (first, first + 1, first + 2)
    base = [Decimal(0)] * (first + 3)
    legs: list[Leg] = []
    marks = random.sample(MARKS, random.randint(1, 3))
    for mark in marks:
        side = random.choice((1, -1))
        contracts = Decimal(random.choice((1000, 9990, 10010, 49000, 260000)))
        entry = CENTRES[mark] * Decimal(random.randint(970, 1030)) / 1000
        in_coin = contracts / CENTRES[mark] / 10
        legs.append(
            Leg(
                DriverKey(DriverKind.RECIPROCAL_MARK, mark.subject),
                -side * contracts,
                *cells,
                coin_key(mark),
                extra_margin=contracts / 2000,
                initial_rate=contracts / 10,
            )
        )
        base[first] += round(side * contracts / entry + in_coin * random.randint(1, 20), 8)
    if random.random() < 0.5:
        mark = marks[0]
        quantity = round(base[first] / CENTRES[mark] * random.choice((1, -1)), 6)
        legs.append(Leg(mark, quantity, *cells, initial_rate=abs(quantity) / 10))
        base[first] -= round(quantity * CENTRES[mark], 6)
    nodes = _index_nodes("BNB", cells) if in_usd else []
    return Tape(tuple(base), tuple(legs), tuple(nodes), "USD" if in_usd else "BTC", None)


def _offsets(random: Random) -> Tape:
    """Long and short margins in two cells of which the larger counts (MAX), a debt without value, I that leads into M."""
    cost = Decimal(0)
    legs: list[Leg] = []
    for mark in random.sample(MARKS, 3):
        side = random.choice((1, -1))
        leg, paid = _position(random, mark, side, (0, 3 if side > 0 else 4, 5))
        legs.append(leg)
        cost += paid
    legs.append(Leg(INDEXES["BNB"], Decimal(0), NO_CELL, 1, NO_CELL, None, Decimal("0.25")))
    program = (Node(NodeMode.MAX, 3, 1, width=2), Node(NodeMode.MAP, 5, 1, weight=Decimal("0.01")), Node(NodeMode.MAP, 5, 2))
    base = (_wallet(random) - cost, *[Decimal(0)] * 5)
    return Tape(base, tuple(legs), program, "USD", None)
