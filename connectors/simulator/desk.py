"""Everything that can happen to an account: booked, numbered, and put on its stream."""

from __future__ import annotations

from collections.abc import Callable

from connectors.simulator.account import HeldPosition, Income, RestingOrder, SimulatedAccount, Trade
from connectors.simulator.catalogue import Catalogue
from connectors.simulator.fixed_point import UNIT, divide_half_even, divide_up
from connectors.simulator.ledger import Execution, apply_execution
from connectors.simulator.market import Prices
from connectors.simulator.pushes import ForceOrderPush, PrivatePush, Push
from connectors.simulator.stream_events import account_update, force_order, leverage_event, order_event, trade_event, trade_lite

_TAKER_FEE_RATE = 50_000  # 0.05 % in 1e-8


class Desk:
    """Books what is done and publishes it. Times are venue times in ms; one account's own never run backwards."""

    def __init__(self, catalogue: Catalogue, prices: Prices, publish: Callable[[Push], None]) -> None:
        self.catalogue = catalogue
        self.prices = prices
        self._publish = publish
        self._last_number = 4_100_000_000

    def next_number(self) -> int:
        """A number that was not used for an order, trade or transaction before."""
        self._last_number += 1
        return self._last_number

    def trade(
        self,
        account: SimulatedAccount,
        symbol: str,
        *,
        buy: bool,
        position_side: str,
        quantity: int,
        price: int,
        time_ms: int,
        liquidation: bool = False,
        order: RestingOrder | None = None,
        publish: bool = True,
    ) -> Trade:
        """One execution at `price` (on the tick), with its fee; pushes the account's new state and then the fill."""
        instrument = self.catalogue.instruments[symbol]
        stamp = max(time_ms, account.changed_ms + 1)
        fee = divide_up(quantity * price * _TAKER_FEE_RATE, UNIT * UNIT)
        execution = Execution(
            instrument=instrument, buy=buy, position_side=position_side, quantity=quantity, price=price, fee=fee
        )
        realised = apply_execution(account, execution, stamp)
        trade_id = self.next_number()
        trade = Trade(
            trade_id=trade_id,
            order_id=order.order_id if order else self.next_number(),
            client_id=f"autoclose-{stamp}{trade_id}" if liquidation else (order.client_id if order else f"sim-{trade_id}"),
            symbol=symbol,
            buy=buy,
            position_side=position_side,
            quantity=quantity,
            price=price,
            quote=quantity * price // UNIT,
            fee=fee,
            asset=instrument.quote,
            realised=realised,
            time_ms=stamp,
            liquidation=liquidation,
        )
        account.trades.append(trade)
        self._income(account, "COMMISSION", instrument.quote, -fee, symbol, stamp, trade_id)
        if realised:
            self._income(account, "REALIZED_PNL", instrument.quote, realised, symbol, stamp, trade_id)
        if publish:
            self._publish_trade(account, trade)
        return trade

    def _publish_trade(self, account: SimulatedAccount, trade: Trade) -> None:
        position = account.positions[(trade.symbol, trade.position_side)]
        update = account_update(account, "ORDER", {trade.asset: 0}, [position], self.prices.marks, trade.time_ms)
        if trade.liquidation:
            self._publish(PrivatePush(account.name, (update, trade_event(trade)), is_fill=True))
            self._publish(ForceOrderPush(trade.symbol, force_order(trade)))
        else:
            self._publish(PrivatePush(account.name, (trade_lite(trade), update, trade_event(trade)), is_fill=True))

    def move_balance(
        self,
        account: SimulatedAccount,
        asset: str,
        amount: int,
        *,
        reason: str,
        kind: str,
        time_ms: int,
        symbol: str = "",
        isolated: HeldPosition | None = None,
        publish: bool = True,
    ) -> None:
        """A change of a wallet that is no trade: deposit, withdrawal, funding, insurance, exchange of assets.

        `amount` > 0 received. With `isolated` the amount goes to that position's wallet too.
        """
        stamp = max(time_ms, account.changed_ms + 1)
        account.wallets[asset] = account.wallets.get(asset, 0) + amount
        account.wallet_times[asset] = account.changed_ms = stamp
        if isolated is not None:
            isolated.isolated_wallet += amount
            isolated.updated_ms = stamp
        self._income(account, kind, asset, amount, symbol, stamp, 0)
        if publish:
            touched = [] if isolated is None else [isolated]
            update = account_update(account, reason, {asset: amount}, touched, self.prices.marks, stamp)
            self._publish(PrivatePush(account.name, (update,)))

    def pay_funding(self, account: SimulatedAccount, rates: dict[str, int], time_ms: int) -> None:
        """Funding of every open perpetual: -size * mark * rate, rounded half even to 1e-8; shorts receive a positive rate."""
        for position in list(account.open_positions()):
            if not self.catalogue.instruments[position.symbol].is_perpetual:
                continue
            notional = position.size * self.prices.marks[position.symbol]
            amount = divide_half_even(-notional * rates[position.symbol], UNIT * UNIT)
            if amount:
                self.move_balance(
                    account,
                    position.asset,
                    amount,
                    reason="FUNDING_FEE",
                    kind="FUNDING_FEE",
                    time_ms=time_ms,
                    symbol=position.symbol,
                    isolated=position if position.isolated else None,
                )

    def set_leverage(self, account: SimulatedAccount, symbol: str, leverage: int, time_ms: int) -> None:
        """Changes the leverage of a symbol."""
        account.leverages[symbol] = leverage
        account.changed_ms = max(time_ms, account.changed_ms + 1)
        self._publish(PrivatePush(account.name, (leverage_event(symbol, leverage, account.changed_ms),)))

    def place_order(self, account: SimulatedAccount, order: RestingOrder, *, publish: bool = True) -> None:
        """Puts a limit order on the book."""
        account.orders[order.order_id] = order
        if publish:
            self._publish(PrivatePush(account.name, (order_event(order, "NEW", order.time_ms),)))

    def cancel_order(self, account: SimulatedAccount, order_id: int, time_ms: int) -> None:
        """Takes a limit order from the book."""
        order = account.orders.pop(order_id)
        account.changed_ms = max(time_ms, account.changed_ms + 1)
        self._publish(PrivatePush(account.name, (order_event(order, "CANCELED", account.changed_ms),)))

    def fill_crossed_orders(self, account: SimulatedAccount, time_ms: int) -> None:
        """Executes the resting orders that the mark has reached, at their price."""
        for order in list(account.orders.values()):
            mark = self.prices.marks[order.symbol]
            if (mark <= order.price) if order.buy else (mark >= order.price):
                del account.orders[order.order_id]
                self.trade(
                    account,
                    order.symbol,
                    buy=order.buy,
                    position_side=order.position_side,
                    quantity=order.quantity,
                    price=order.price,
                    time_ms=time_ms,
                    order=order,
                )

    def _income(
        self, account: SimulatedAccount, kind: str, asset: str, amount: int, symbol: str, time_ms: int, trade_id: int
    ) -> None:
        account.incomes.append(
            Income(
                kind=kind,
                asset=asset,
                amount=amount,
                symbol=symbol,
                time_ms=time_ms,
                transaction_id=self.next_number(),
                trade_id=trade_id,
            )
        )
