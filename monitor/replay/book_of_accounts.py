"""A seeded book of accounts that opens in a market: styles, sizes and distances as in the study of warning policies.

35 % hold a single coin, 30 % are biased to the long side, 20 % are hedged (long and short of a coin, or a pledged coin
against a short), 15 % neutral. Gross notional is log-normal (median 50,000 USD, sigma 2), the distance to liquidation
(headroom over the larger of net and half of gross notional) log-uniform from 2 to 60 %. A quarter pledges a coin or USDC.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import Enum
from random import Random

from monitor.domain.account import AccountMode, InstrumentSetting, MarginMode, PositionMode, PositionSide
from monitor.domain.events import AccountDeclared, AccountEventType, AccountState, PositionState, WalletState
from monitor.replay.accounts_file import AccountsFile
from monitor.replay.market import COLLATERAL_BUFFERS, STABLECOINS, Coin, Market
from monitor.rules.binance_usdm.documents import VENUE

SOURCE = "accounts-file"
_MEDIAN_GROSS_USD, _SIGMA = 50_000.0, 2.0
_LEAST_GROSS_USD, _MOST_GROSS_USD = 200.0, 5_000_000.0
_NEAREST, _FARTHEST = 0.02, 0.60
_PLEDGED, _ISOLATED, _HEDGE_MODE, _CLIENTS = 0.25, 0.20, 0.20, 0.25
_WALLET_STEP = Decimal("0.00000001")


class Style(Enum):
    """What kind of book an account holds."""

    SINGLE = 0.35
    LONG_BIASED = 0.30
    HEDGED = 0.20
    NEUTRAL = 0.15


@dataclass(frozen=True, slots=True)
class Leg:
    """One drawn position: signed size in base units, the price it was entered at."""

    coin: Coin
    size: Decimal
    entry_price: Decimal

    @property
    def exposure(self) -> float:
        """Signed notional at the opening price."""
        return float(self.size) * self.coin.price

    @property
    def unrealised_pnl(self) -> float:
        """At the opening price."""
        return float(self.size) * (self.coin.price - float(self.entry_price))

    @property
    def maintenance_margin(self) -> float:
        """At the opening price."""
        return self.coin.maintenance_margin(abs(self.exposure))


def book_of_accounts(market: Market, count: int, seed: int) -> AccountsFile:
    """`count` accounts that open at the market's moment; the same seed gives the same book."""
    return AccountsFile(
        starts_ns=market.at_ns,
        tables=market.tables,
        feeds=market.feeds,
        constants=market.constants,
        events=tuple(event for number in range(count) for event in _account(Random(f"{seed}/{number}"), market, number)),
        notes=(
            f"generated book: {count} accounts, seed {seed}",
            "stablecoin indices are assumed to be 1, a coin's index to be its price in USDT",
            "instrument steps are derived from the digits of the candles, brackets are those of the file on any day",
        ),
    )


def _account(random: Random, market: Market, number: int) -> Iterator[AccountEventType]:
    style = random.choices(list(Style), [style.value for style in Style])[0]
    is_pledged = random.random() < (0.5 if style is Style.HEDGED else _PLEDGED)
    legs = _legs(random, market, style, is_pledged=is_pledged)
    distance = _NEAREST * (_FARTHEST / _NEAREST) ** random.random()
    is_isolated = not is_pledged and random.random() < _ISOLATED
    is_hedge_mode = len({leg.coin.symbol for leg in legs}) < len(legs) or random.random() < _HEDGE_MODE
    margin_mode = MarginMode.ISOLATED if is_isolated else MarginMode.CROSS
    if is_isolated:
        backing = [_backing([leg], distance) for leg in legs]
        wallets = {"USDT": sum(backing) + 0.05 * sum(abs(leg.exposure) for leg in legs)}
    else:
        backing = [0.0 for _ in legs]
        wallets = _pledged(random, market, legs, distance, style) if is_pledged else {"USDT": _backing(legs, distance)}
    base = {
        "account": f"{VENUE}:candle-{number:05d}",
        "ts_event_ns": market.at_ns,
        "ts_recv_ns": market.at_ns,
        "source": SOURCE,
        "source_epoch": 1,
    }
    yield AccountDeclared(
        **base,  # type: ignore[arg-type]
        account_seq=1,
        event_id="declared",
        mode=AccountMode.MULTI_CURRENCY if is_pledged else AccountMode.SINGLE_CURRENCY,
        position_mode=PositionMode.HEDGE if is_hedge_mode else PositionMode.ONE_WAY,
        entity=f"entity-{number % max(1, number // 3 + 1):05d}",
        profile="client" if random.random() < _CLIENTS else None,
        tags={"style": style.name.lower()},
        instruments=tuple(
            InstrumentSetting(instrument=leg.coin.instrument, margin_mode=margin_mode, leverage=_leverage(random, leg))
            for leg in {leg.coin.symbol: leg for leg in legs}.values()
        ),
    )
    yield AccountState(
        **base,  # type: ignore[arg-type]
        account_seq=2,
        event_id="opening",
        complete=True,
        positions=tuple(
            _position(leg, wallet, is_hedge_mode=is_hedge_mode, margin_mode=margin_mode)
            for leg, wallet in zip(legs, backing, strict=True)
        ),
        wallets=tuple(WalletState(asset=asset, balance=_amount(balance)) for asset, balance in sorted(wallets.items())),
    )


def _legs(random: Random, market: Market, style: Style, *, is_pledged: bool) -> list[Leg]:
    gross = _MEDIAN_GROSS_USD * math.exp(_SIGMA * random.gauss(0, 1))
    gross = min(max(gross, _LEAST_GROSS_USD), _MOST_GROSS_USD)
    most = random.randint(1 if style is Style.LONG_BIASED else 2, 4)
    coins = random.sample(market.coins, min(most, len(market.coins)))
    match style:
        case Style.SINGLE:
            shares = [(coins[0], random.choice((1.0, 1.0, -1.0)))]
        case Style.LONG_BIASED:
            shares = [(coin, random.uniform(0.2, 1) * (1 if random.random() < 0.85 else -1)) for coin in coins]
        case Style.HEDGED if is_pledged:
            coin = market.coin(
                random.choice([base for base in market.pledgeable if base not in STABLECOINS] or [coins[0].base])
            )
            shares = [(coin, -1.0)]
        case Style.HEDGED:
            shares = [(coins[0], random.uniform(0.8, 1.2)), (coins[0], -random.uniform(0.8, 1.2))]
        case Style.NEUTRAL:
            shares = [(coin, random.uniform(0.8, 1.2) * (-1) ** place) for place, coin in enumerate(coins)]
    total = sum(abs(share) for _, share in shares)
    return [_leg(random, coin, gross * share / total) for coin, share in shares]


def _leg(random: Random, coin: Coin, exposure: float) -> Leg:
    steps = max(1, round(abs(exposure) / coin.price / float(coin.size_step)))
    size = steps * coin.size_step * (1 if exposure > 0 else -1)
    # Entries near the market: further ones would only move equity between wallet and unrealised PnL.
    entry = Decimal(repr(coin.price * (1 + min(max(random.gauss(0, 0.004), -0.01), 0.01))))
    return Leg(coin, size, entry.quantize(coin.price_step, ROUND_HALF_EVEN))


def _scale(exposures: list[float]) -> float:
    return max(abs(sum(exposures)), sum(abs(exposure) for exposure in exposures) / 2)


def _need(legs: list[Leg], extra: list[float], distance: float) -> float:
    """What must back the legs so that headroom is `distance` of the larger of net and half of gross."""
    margin = sum(leg.maintenance_margin - leg.unrealised_pnl for leg in legs)
    return max(margin + distance * _scale([leg.exposure for leg in legs] + extra), 1.0)


def _backing(legs: list[Leg], distance: float) -> float:
    return _need(legs, [], distance)


def _pledged(random: Random, market: Market, legs: list[Leg], distance: float, style: Style) -> dict[str, float]:
    """A part of what backs the legs is a coin or USDC; the coin is an exposure of its own."""
    asset = legs[0].coin.base if style is Style.HEDGED else random.choice(market.pledgeable)
    if asset not in COLLATERAL_BUFFERS:
        asset = "USDC"
    share = 0.9 if style is Style.HEDGED else random.uniform(0.4, 0.9)
    rate = market.index(asset) * (1 - float(COLLATERAL_BUFFERS[asset]))
    amount = 0.0
    # What the coin adds to the exposure changes what is needed, which changes the amount of the coin.
    for _ in range(20):
        exposure = 0.0 if asset in STABLECOINS else amount * rate
        amount = share * _need(legs, [exposure], distance) / rate
    rest = (1 - share) * _need(legs, [0.0 if asset in STABLECOINS else amount * rate], distance)
    return {asset: amount, "USDT": rest / (1 - float(COLLATERAL_BUFFERS["USDT"]))}


def _position(leg: Leg, wallet: float, *, is_hedge_mode: bool, margin_mode: MarginMode) -> PositionState:
    side = PositionSide.LONG if leg.size > 0 else PositionSide.SHORT
    return PositionState(
        instrument=leg.coin.instrument,
        position_side=side if is_hedge_mode else PositionSide.BOTH,
        size=leg.size,
        entry_price=leg.entry_price,
        margin_mode=margin_mode,
        isolated_wallet=_amount(wallet) if margin_mode is MarginMode.ISOLATED else None,
    )


def _leverage(random: Random, leg: Leg) -> Decimal:
    """A setting that the venue allows at this notional."""
    most = leg.coin.brackets.bracket_at(Decimal(abs(leg.exposure))).initial_leverage or Decimal(1)
    return min(Decimal(random.choice((5, 10, 20, 50))), most)


def _amount(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(_WALLET_STEP, ROUND_HALF_EVEN)
