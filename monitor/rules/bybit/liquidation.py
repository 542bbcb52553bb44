"""The liquidation price: the mark of one symbol at which the pool reaches its trigger, all other prices fixed.

Solved on the account's own function: with everything else fixed, headroom is concave and piecewise linear in the mark. It bends
where a position enters another risk tier, where the settle coin's equity enters another slice of its collateral ratios or
changes sign, and where what is borrowed enters another tier. Longs and shorts of one symbol share one price.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from monitor.domain.tables import TableKey, TableKind
from monitor.rules.brackets import bracket_pieces
from monitor.rules.bybit.documents import VENUE
from monitor.rules.bybit.positions import PositionValue
from monitor.rules.bybit.terms import Lookup
from monitor.rules.bybit.valuation import Valuation
from monitor.rules.coin_tiers import MAINTENANCE, OFF_PIECES, borrow_pieces, collateral_pieces
from monitor.rules.liquidation import ALREADY, LiquidationPrice, nearest_price
from monitor.rules.piecewise import piece_at
from monitor.rules.rulebook import Tables
from monitor.rules.tape import Piece

_NOTHING = (Piece(Decimal("-Infinity"), Decimal(0), Decimal(0)),)


def liquidation_prices(valuation: Valuation, tables: Tables) -> dict[str, LiquidationPrice]:
    """The liquidation price of each instrument in the pool."""
    names = dict.fromkeys(value.terms.position.instrument for value in valuation.survey.positions)
    if valuation.is_isolated:
        return {name: _isolated_price(valuation) for name in names}
    return {name: _CrossSolve(valuation, name, tables).price() for name in names}


def _isolated_price(valuation: Valuation) -> LiquidationPrice:
    """Margins stand on the entry, so headroom is one straight line: `entry -+ (wallet - MM) / q`, fees left out."""
    value = valuation.survey.positions[0]
    fixed = Fraction(valuation.collateral_value) - Fraction(value.exposure) - Fraction(valuation.maintenance_margin)
    quantity = Fraction(value.terms.quantity)
    return nearest_price(lambda mark: fixed + quantity * mark, Fraction(value.mark_price), ())


class _CrossSolve:
    """Headroom of a cross pool as a function of one mark, everything else as it stands."""

    def __init__(self, valuation: Valuation, instrument: str, tables: Tables) -> None:
        positions = valuation.survey.positions
        self._legs = [value for value in positions if value.terms.position.instrument == instrument]
        settle = self._legs[0].terms.settle_asset
        coin = next(found for found in valuation.survey.coins if found.coin == settle)
        self._coin = coin
        self._index = Fraction(coin.rate)
        lookup = Lookup(tables)
        ratios, rates = lookup.collateral_tiers(settle), lookup.borrow_tiers(settle)
        self._lacks_ratios = ratios is None and coin.is_collateral
        self._lacks_rates = rates is None
        self._worth = OFF_PIECES if not coin.is_collateral or ratios is None else collateral_pieces(ratios)
        self._borrow = _NOTHING if rates is None else borrow_pieces(rates, MAINTENANCE)
        self._net = sum(Fraction(leg.terms.quantity) for leg in self._legs)
        self._equity_at_0 = Fraction(coin.equity) - sum(Fraction(leg.exposure) for leg in self._legs)
        self._own_margin = _at(self._borrow, self._free(Fraction(coin.equity))) + sum(
            Fraction(leg.maintenance_margin) for leg in self._legs
        )
        self._others = Fraction(valuation.collateral_value) - Fraction(coin.collateral_value or 0)
        self._others -= Fraction(valuation.maintenance_margin) - self._own_margin * self._index

    def price(self) -> LiquidationPrice:
        """The nearest price; None also where a table that the coin would need on the way is not loaded."""
        mark = Fraction(self._legs[0].mark_price)
        found = nearest_price(self._slack, mark, self._bends())
        if found.reason == ALREADY:
            return found
        ends = [Fraction(found.price)] if found.price is not None else [Fraction(0), mark * 1_000_000]
        lacking = [reason for end in ends if (reason := self._lacking(self._equity(end))) is not None]
        return LiquidationPrice(None, lacking[0]) if lacking else found

    def _slack(self, mark: Fraction) -> Fraction:
        equity = self._equity(mark)
        required = _at(self._borrow, self._free(equity)) + sum(_margin_at(leg, mark) for leg in self._legs)
        return self._others + (_at(self._worth, equity) - required) * self._index

    def _equity(self, mark: Fraction) -> Fraction:
        return self._equity_at_0 + self._net * mark

    def _free(self, equity: Fraction) -> Fraction:
        return equity - Fraction(self._coin.frozen)

    def _bends(self) -> set[Fraction]:
        bends = {
            Fraction(bracket.floor) / abs(Fraction(leg.terms.quantity))
            for leg in self._legs
            for bracket in leg.terms.brackets.brackets
        }
        if self._net != 0:
            equities = [Fraction(piece.start) for piece in self._worth[1:]]
            equities += [Fraction(piece.start) + Fraction(self._coin.frozen) for piece in self._borrow[1:]]
            bends |= {(equity - self._equity_at_0) / self._net for equity in equities}
        return bends

    def _lacking(self, equity: Fraction) -> str | None:
        """Which table the coin would need at an equity and does not have."""
        kind = None
        if self._lacks_ratios and equity > 0:
            kind = TableKind.COLLATERAL_TIERS
        if self._lacks_rates and self._free(equity) < 0:
            kind = TableKind.BORROW_TIERS
        return None if kind is None else f"table {TableKey(VENUE, kind, self._coin.coin)} not loaded, needed at other prices"


def _margin_at(leg: PositionValue, mark: Fraction) -> Fraction:
    """Maintenance margin of a position at another mark: the risk tier there, and the fee to close."""
    notional = abs(Fraction(leg.terms.quantity)) * mark
    return _at(bracket_pieces(leg.terms.brackets), notional) + Fraction(leg.terms.closing_fee_per_price) * mark


def _at(pieces: tuple[Piece, ...], x: Fraction) -> Fraction:
    piece = piece_at(pieces, x)
    return Fraction(piece.slope) * x + Fraction(piece.offset)
