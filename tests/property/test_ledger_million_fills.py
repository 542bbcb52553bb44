"""A million random fills against an oracle in integers and `Fraction` that shares no function with the ledger."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from monitor.book.ledger import FillKind, Ledger
from monitor.domain.account import AccountMode, MarginMode, PositionMode, PositionSide
from monitor.domain.errors import BadInput
from monitor.domain.events import AccountDeclared, AccountState, Fill, Funding, PositionState, Transfer, WalletState
from monitor.domain.instrument import Instrument, InstrumentKind

FILLS = 1_000_000
CHECK_EVERY = 10_000
ACCOUNTS = 40
INSTRUMENTS = 50
STEP = 10**12
SECOND_NS = 10**9
SIDES = (PositionSide.BOTH, PositionSide.LONG, PositionSide.SHORT)
ISOLATED_INSTRUMENT = 7


class Oracle:
    """Positions and wallets by the rule written out: average cost, released in proportion, printed figures followed."""

    def __init__(self) -> None:
        self.size: dict[tuple[int, int, int], int] = {}
        self.cost: dict[tuple[int, int, int], int] = {}
        self.wallet: dict[int, int] = {}
        self.bnb: dict[int, int] = {}
        self.flows: dict[int, int] = {}
        self.isolated: dict[tuple[int, int, int], int | None] = {}
        self.seen: set[tuple[int, str]] = set()

    def fill(self, account: int, instrument: int, side: int, milli: int, cents: int, printed: int | None) -> None:
        """`milli` thousandths of the base at a price in cents; `printed` realised PnL in 1e-12."""
        key = (account, instrument, side)
        size, cost = self.size.get(key, 0), self.cost.get(key, 0)
        value = milli * cents * (STEP // 100_000)
        closed = 0 if size * milli >= 0 else (-size if abs(milli) > abs(size) else milli)
        opened = milli - closed
        realised = 0
        if closed:
            out = closed * cents * (STEP // 100_000)
            release = round(Fraction(cost * abs(closed), abs(size)))
            realised = -out - release if printed is None else printed
            cost = 0 if closed == -size else cost + out + realised
        cost += opened * cents * (STEP // 100_000)
        if size == 0 or size + milli == 0 or (size > 0) != (size + milli > 0):
            self.isolated[key] = None
        self.size[key], self.cost[key] = size + milli, cost
        self.wallet[account] = self.wallet.get(account, 0) + realised
        self.flows[account] = self.flows.get(account, 0) - value


def truth_of_close(oracle: Oracle, key: tuple[int, int, int], milli: int, cents: int) -> Fraction | None:
    """Realised PnL of a fill before any rounding; None when it closes nothing."""
    size = oracle.size.get(key, 0)
    if size * milli >= 0:
        return None
    closed = min(abs(size), abs(milli))
    sign = 1 if size > 0 else -1
    return sign * closed * cents * Fraction(STEP, 100_000) - Fraction(oracle.cost[key] * closed, abs(size))


def event(account: int, ts_event_ns: int) -> dict[str, Any]:
    return {
        "account": f"sim:a{account:02d}",
        "ts_event_ns": ts_event_ns,
        "ts_recv_ns": ts_event_ns,
        "source": "test",
        "source_epoch": 1,
        "account_seq": 1,
    }


def is_hedge(account: int) -> bool:
    return account % 2 == 1


def make_ledger(oracle: Oracle) -> Ledger:
    ledger = Ledger()
    for number in range(INSTRUMENTS):
        ledger.set_instrument(
            Instrument(
                instrument=f"sim:C{number:02d}USDT",
                kind=InstrumentKind.LINEAR_PERPETUAL,
                base=f"C{number:02d}",
                quote="USDT",
                settle_asset="USDT",
                size_step=Decimal("0.001"),
                price_step=Decimal("0.01"),
            )
        )
    for account in range(ACCOUNTS):
        mode = PositionMode.HEDGE if is_hedge(account) else PositionMode.ONE_WAY
        ledger.declare(AccountDeclared(**event(account, 0), mode=AccountMode.SINGLE_CURRENCY, position_mode=mode))
        wallet = WalletState(asset="USDT", balance=Decimal("1000000.00000000"))
        ledger.adopt(AccountState(**event(account, 0), complete=True, wallets=(wallet,)))
        oracle.wallet[account] = 1_000_000 * STEP
        oracle.bnb[account] = 0
    return ledger


class Driver:
    """Draws events, hands each to both sides."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.oracle = Oracle()
        self.ledger = make_ledger(self.oracle)
        self.cents = [100 * (number + 1) ** 2 + 137 for number in range(INSTRUMENTS)]
        self.sent: list[tuple[int, Fill]] = []
        self.count = self.duplicates = self.refused = self.flips = self.printed = 0

    def fill(self, number: int, now_ns: int) -> None:
        draw = self.random.random
        account, instrument = int(draw() * ACCOUNTS), int(draw() * INSTRUMENTS)
        self.cents[instrument] = max(50, self.cents[instrument] + int(draw() * 9) - 4)
        cents = self.cents[instrument]
        side = 1 + int(draw() * 2) if is_hedge(account) else 0
        milli = (1 + int(draw() * 5000)) * (1 if draw() < 0.5 else -1)
        key = (account, instrument, side)
        size = self.oracle.size.get(key, 0)
        if draw() < 0.1 and size:
            milli = -size
        overshoots = side and (size + milli) * (1 if side == 1 else -1) < 0
        if overshoots and draw() < 0.98:
            milli = -milli
            overshoots = False
        printed = self.printed_figure(key, milli, cents)
        fee = int(draw() * 10**6)
        fill = Fill(
            **event(account, now_ns - int(draw() * SECOND_NS)),
            instrument=f"sim:C{instrument:02d}USDT",
            trade_id=str(number),
            order_id=str(number // 3),
            position_side=SIDES[side],
            size=Decimal(milli).scaleb(-3),
            fill_price=Decimal(cents).scaleb(-2),
            fee=Decimal(fee).scaleb(-8),
            fee_asset="BNB" if number % 5 == 0 else "USDT",
            realised_pnl=None if printed is None else Decimal(printed // 10_000).scaleb(-8),
            margin_mode=MarginMode.ISOLATED if instrument == ISOLATED_INSTRUMENT else None,
        )
        if overshoots:
            with pytest.raises(BadInput):
                self.ledger.apply_fill(fill)
            self.refused += 1
            return
        outcome = self.ledger.apply_fill(fill)
        assert outcome.kind is FillKind.APPLIED
        assert not outcome.rounding_exceeded
        self.oracle.fill(*key, milli, cents, printed)
        paid = self.oracle.bnb if number % 5 == 0 else self.oracle.wallet
        paid[account] -= fee * 10_000
        if number % 5:
            self.oracle.flows[account] -= fee * 10_000
        self.count += 1
        self.flips += size * (size + milli) < 0
        self.printed += printed is not None
        self.sent.append((number, fill))

    def printed_figure(self, key: tuple[int, int, int], milli: int, cents: int) -> int | None:
        """A venue's figure: cut to 8 decimals, "0" for an opening, none from a third of the accounts."""
        if key[0] % 3 == 0:
            return None
        truth = truth_of_close(self.oracle, key, milli, cents)
        return 0 if truth is None else int(truth / 10_000) * 10_000

    def duplicate(self) -> None:
        _number, fill = self.sent[int(self.random.random() * len(self.sent))]
        assert self.ledger.apply_fill(fill).kind is FillKind.DUPLICATE
        self.duplicates += 1

    def cash(self, number: int, now_ns: int) -> None:
        account = int(self.random.random() * ACCOUNTS)
        amount = 1 + int(self.random.random() * 10**9)
        base = event(account, now_ns) | {"event_id": str(number)}
        decimal = Decimal(amount).scaleb(-8)
        name = f"sim:a{account:02d}"
        side = 1 + number % 2 if is_hedge(account) else 0
        pool = f"{name}/isolated/C{ISOLATED_INSTRUMENT:02d}USDT" + ("", "/long", "/short")[side]
        key = (account, ISOLATED_INSTRUMENT, side)
        steps = amount * 10_000
        whole, isolated = steps, 0
        match number % 5:
            case 0:
                applied = self.ledger.apply_cash(Funding(**base, asset="USDT", amount=decimal))
            case 1:
                isolated = steps
                applied = self.ledger.apply_cash(Funding(**base, asset="USDT", amount=decimal, pool=pool))
            case 2:
                whole, isolated = 0, steps
                moved = Transfer(**base, asset="USDT", amount=decimal, from_pool=f"{name}/cross/USDT", to_pool=pool)
                applied = self.ledger.apply_cash(moved)
            case 3:
                whole = -steps
                applied = self.ledger.apply_cash(Transfer(**base, asset="USDT", amount=decimal, from_pool=f"{name}/cross/USDT"))
            case _:
                applied = self.ledger.apply_cash(Transfer(**base, asset="USDT", amount=decimal, to_pool=f"{name}/cross/USDT"))
        assert applied
        self.oracle.wallet[account] += whole
        self.oracle.flows[account] = self.oracle.flows.get(account, 0) + whole
        known = self.oracle.isolated.get(key)
        if known is not None:
            self.oracle.isolated[key] = known + isolated

    def state_isolated(self, account: int, now_ns: int) -> None:
        """The venue states an isolated wallet."""
        for side in range(3):
            key = (account, ISOLATED_INSTRUMENT, side)
            size = self.oracle.size.get(key, 0)
            if size == 0:
                continue
            wallet = abs(size) * 1000
            said = PositionState(
                instrument=f"sim:C{ISOLATED_INSTRUMENT:02d}USDT",
                position_side=SIDES[side],
                size=Decimal(size).scaleb(-3),
                entry_price=Decimal(1),
                margin_mode=MarginMode.ISOLATED,
                isolated_wallet=Decimal(wallet).scaleb(-8),
            )
            self.ledger.take_isolated_wallets(AccountState(**event(account, now_ns), complete=False, positions=(said,)))
            self.oracle.isolated[key] = wallet * 10_000

    def check(self) -> None:
        """Every account equal to the last unit."""
        for account in range(ACCOUNTS):
            held = self.ledger.holdings(f"sim:a{account:02d}")
            wallets = {name: int(balance * STEP) for name, balance in held.wallets.items()}
            assert wallets.get("USDT", 0) == self.oracle.wallet[account]
            assert wallets.get("BNB", 0) == self.oracle.bnb[account]
            ours = {}
            for position in held.positions:
                key = (account, int(position.instrument[5:7]), SIDES.index(position.position_side))
                isolated = None if position.isolated_wallet is None else int(position.isolated_wallet * STEP)
                ours[key] = (int(position.size * 1000), int(position.cost * STEP), isolated)
            theirs = {
                key: (size, self.oracle.cost[key], self.oracle.isolated.get(key) if key[1] == ISOLATED_INSTRUMENT else None)
                for key, size in self.oracle.size.items()
                if size and key[0] == account
            }
            assert ours == theirs
            if account % 3 == 0:
                # No printed figure: wallet less cost is the sum of cash flows, whatever the prices.
                cost = sum(figures[1] for figures in theirs.values())
                assert wallets["USDT"] - cost == 1_000_000 * STEP + self.oracle.flows.get(account, 0)


@pytest.mark.slow
def test_a_million_fills_equal_the_oracle_to_the_last_unit() -> None:
    driver = Driver(seed=20_210_519)
    number = 0
    next_check = CHECK_EVERY
    while driver.count < FILLS:
        number += 1
        now_ns = number * SECOND_NS // 500 + 2 * SECOND_NS
        driver.fill(number, now_ns)
        if number % 100 == 0:
            driver.duplicate()
        if number % 50 == 0:
            driver.cash(number // 50, now_ns)
        if number % 1000 == 0:
            driver.state_isolated(number // 1000 % ACCOUNTS, now_ns)
        if len(driver.sent) > 20_000:
            del driver.sent[:15_000]
        if driver.count >= next_check:
            driver.check()
            next_check += CHECK_EVERY
        if number % 200_000 == 0:
            driver.ledger.check_invariants()
            for account in range(ACCOUNTS):
                # The last agreed state lies far enough back that every repeated fill is still known.
                driver.ledger.mark_agreed(f"sim:a{account:02d}", now_ns - 150 * SECOND_NS)
    driver.check()
    assert min(driver.refused, driver.duplicates, driver.flips, driver.printed) > 1000
