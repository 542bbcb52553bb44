"""Contract terms of an instrument in integers: what a size is worth at a price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

from monitor.book.ledger.fixed_point import ASSET_DIGITS, EXACT, PRICE_DIGITS, divide_half_even, steps_of
from monitor.domain.errors import BadInput
from monitor.domain.instrument import Instrument

_SHOWN = Context(prec=28)


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """The terms the ledger counts with. `settle`, `base`, `quote` are asset numbers of the ledger.

    A size counts in `size_unit_steps * 10**-size_digits` contracts: the finest size step the instrument ever had, so that a
    position bought under an older, finer step stays exact. `value` of a size at a price, in asset steps, is
        linear:   size * contract_size * price              (settle asset)
        inverse:  -size * contract_size / price             (settle asset, the base coin)
    rounded half even once; so for both `unrealised PnL = value(size, mark) - cost`, cost being the sum of values bought.
    """

    instrument: Instrument
    settle: int
    base: int
    quote: int
    size_digits: int
    size_unit_steps: int
    value_numerator: int
    value_denominator: int
    is_inverse: bool

    @classmethod
    def of(cls, instrument: Instrument, size_unit: Decimal, assets: tuple[int, int, int]) -> ContractTerms:
        """The terms of an instrument whose sizes count in `size_unit`."""
        exponent = EXACT.normalize(size_unit).as_tuple().exponent
        digits = max(0, -exponent) if isinstance(exponent, int) else 0
        worth = Fraction(size_unit) * Fraction(instrument.contract_size)
        is_inverse = instrument.kind.is_inverse
        worth *= Fraction(10) ** (ASSET_DIGITS + PRICE_DIGITS if is_inverse else ASSET_DIGITS - PRICE_DIGITS)
        settle, base, quote = assets
        return cls(
            instrument=instrument,
            settle=settle,
            base=base,
            quote=quote,
            size_digits=digits,
            size_unit_steps=steps_of(size_unit, digits, "size_step", instrument.instrument),
            value_numerator=worth.numerator,
            value_denominator=worth.denominator,
            is_inverse=is_inverse,
        )

    @property
    def size_unit(self) -> Decimal:
        """The size that one unit stands for, in contracts."""
        return EXACT.scaleb(Decimal(self.size_unit_steps), -self.size_digits)

    def size_units(self, size: Decimal, field: str, source: str) -> int:
        """A size in units; raises `BadInput` when it is not a multiple of the size step or does not fit 64 bits."""
        units, rest = divmod(steps_of(size, self.size_digits, field, source), self.size_unit_steps)
        if rest:
            raise BadInput(f"not a multiple of the size step {self.size_unit}", field=field, value=str(size), source=source)
        return require_column_size(units, field, source)

    def size_decimal(self, units: int) -> Decimal:
        """The size of a number of units, in contracts."""
        return EXACT.multiply(Decimal(units), self.size_unit)

    def value(self, units: int, price: int) -> int:
        """What `units` are worth at `price` (in 1e-18), in asset steps, signed, rounded half even."""
        if self.is_inverse:
            return divide_half_even(-units * self.value_numerator, self.value_denominator * price)
        product = units * price * self.value_numerator
        return product if self.value_denominator == 1 else divide_half_even(product, self.value_denominator)

    def value_exact(self, units: int, price: Decimal) -> Fraction:
        """The same at a price of any precision (a printed entry price), not rounded."""
        shift = Fraction(10) ** PRICE_DIGITS
        worth = Fraction(self.value_numerator, self.value_denominator)
        return -units * worth / (Fraction(price) * shift) if self.is_inverse else units * worth * Fraction(price) * shift

    def entry_price(self, units: int, cost: int) -> Decimal:
        """The average price of an open size, to 28 digits, for people and differences: the ledger itself keeps cost."""
        if units == 0 or cost == 0:
            return Decimal(0)
        worth = Fraction(self.value_numerator, self.value_denominator) * units * Fraction(10) ** PRICE_DIGITS
        ratio = Fraction(cost) / worth
        if self.is_inverse:
            ratio = -Fraction(self.value_numerator, self.value_denominator) * units / (Fraction(10) ** PRICE_DIGITS * cost)
        return _SHOWN.divide(Decimal(ratio.numerator), Decimal(ratio.denominator))


def require_column_size(units: int, field: str, source: str) -> int:
    """Refuse a size of 2**63 units or more: it does not fit its column."""
    if not -(1 << 63) < units < 1 << 63:
        raise BadInput("size does not fit 64 bits of its step", field=field, value=str(units), source=source)
    return units


def finer_unit(one: Decimal, other: Decimal) -> Decimal:
    """The largest size of which both are multiples."""
    first, second = Fraction(one), Fraction(other)
    while second:
        first, second = second, first % second
    return EXACT.divide(Decimal(first.numerator), Decimal(first.denominator))
