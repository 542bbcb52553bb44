"""The liquidation price: the mark of one symbol at which the pool reaches its trigger, all other prices fixed.

Solved on the account's own function, not on a formula for one case. With everything else fixed, headroom is piecewise linear
in the mark: it bends where a position enters another bracket and, in multi-assets mode, where the settle asset's equity
changes sign (bid to ask). So brackets are those at the liquidation price, as the venue's FAQ demands, and a hedge's long and
short, which move with one mark, share one price (`monitor.rules.liquidation`).
"""

from __future__ import annotations

from fractions import Fraction

from monitor.rules.binance_usdm.positions import PositionValue
from monitor.rules.binance_usdm.valuation import AssetValue, Valuation
from monitor.rules.liquidation import LiquidationPrice, Slack, nearest_price


def liquidation_prices(valuation: Valuation) -> dict[str, LiquidationPrice]:
    """The liquidation price of each instrument in the pool."""
    return {name: _liquidation_price(valuation, name) for name in dict.fromkeys(_names(valuation))}


def _names(valuation: Valuation) -> list[str]:
    return [value.terms.position.instrument for value in valuation.positions]


def _liquidation_price(valuation: Valuation, instrument: str) -> LiquidationPrice:
    legs = [value for value in valuation.positions if value.terms.position.instrument == instrument]
    asset = next(a for a in valuation.assets if a.asset == legs[0].terms.instrument.settle_asset)
    slack = _slack_function(valuation, asset, legs)
    return nearest_price(slack, Fraction(legs[0].mark_price), _bends(asset, legs))


def _slack_function(valuation: Valuation, asset: AssetValue, legs: list[PositionValue]) -> Slack:
    """Headroom of the pool as a function of the mark of `legs`, everything else as it stands."""
    equity = Fraction(asset.equity) - sum(Fraction(leg.unrealised_pnl) for leg in legs)
    margin = Fraction(asset.maintenance_margin) - sum(Fraction(leg.maintenance_margin) for leg in legs)
    bid, ask = Fraction(asset.rates.bid), Fraction(asset.rates.ask)
    others = Fraction(valuation.collateral_value) - Fraction(asset.collateral_value)
    others -= Fraction(valuation.maintenance_margin) - Fraction(asset.maintenance_margin) * ask

    def slack(mark: Fraction) -> Fraction:
        own = equity + sum(Fraction(leg.terms.quantity) * mark - Fraction(leg.terms.position.cost) for leg in legs)
        required = margin + sum(_margin_at(leg, mark) for leg in legs)
        return others + own * (bid if own >= 0 else ask) - required * ask

    return slack


def _margin_at(leg: PositionValue, mark: Fraction) -> Fraction:
    """Maintenance margin of a position at another mark, by the bracket of the notional there."""
    notional = abs(Fraction(leg.terms.quantity)) * mark
    brackets = leg.terms.brackets.brackets
    bracket = next((b for b in brackets if b.cap is None or notional < b.cap), brackets[-1])
    return notional * Fraction(bracket.maintenance_margin_rate) - Fraction(bracket.deduction)


def _bends(asset: AssetValue, legs: list[PositionValue]) -> set[Fraction]:
    """The marks above 0 at which headroom bends: bracket edges, and where the asset's equity is 0."""
    bends = {
        Fraction(bracket.floor) / abs(Fraction(leg.terms.quantity)) for leg in legs for bracket in leg.terms.brackets.brackets
    }
    net = sum(Fraction(leg.terms.quantity) for leg in legs)
    if net != 0:
        fixed = Fraction(asset.equity) - sum(Fraction(leg.exposure) for leg in legs)
        bends.add(-fixed / net)
    return bends
