"""The parts of a pool's figures. For each figure in the margin currency they add up to it; the rest is named as such."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from monitor.domain.report import Part
from monitor.rules.bybit import documents
from monitor.rules.bybit.orders import OrderCost
from monitor.rules.bybit.positions import PositionValue
from monitor.rules.bybit.printed import printed_parts
from monitor.rules.bybit.terms import is_isolated
from monitor.rules.bybit.valuation import CoinValue, Survey, Valuation
from monitor.rules.exact import exact, text
from monitor.rules.part_text import bracket_formula, label, pnl_formula, table_text


def parts_of(valuation: Valuation) -> tuple[Part, ...]:
    """Every part of the pool's figures, in canonical order."""
    own = _isolated_parts(valuation) if valuation.is_isolated else _margin_parts(valuation.survey)
    return (*own, *surveyed_parts(valuation.survey), *([] if valuation.is_isolated else printed_parts(valuation)))


def surveyed_parts(survey: Survey) -> tuple[Part, ...]:
    """What can be told of single coins, positions and orders, whether or not the pool as a whole has figures."""
    coins = [part for coin in survey.coins for part in _coin_parts(coin)]
    positions = [part for value in survey.positions for part in _position_parts(value)]
    return (*coins, *positions, *(part for cost in survey.orders for part in _order_parts(cost)))


def _coin_parts(coin: CoinValue) -> Iterator[Part]:
    yield _coin_part(coin, "equity", coin.equity, "wallet - borrowed + unrealised PnL", documents.WALLET)
    if coin.collateral_value is not None:
        formula = f"{text(coin.counted or Decimal(0))} counted of {text(coin.equity)} × index {text(coin.rate)}"
        yield Part(
            figure="collateral_value",
            name=coin.coin,
            amount=coin.collateral_value,
            unit="USD",
            formula=formula,
            source=documents.COLLATERAL,
        )
    if coin.borrowed > 0:
        formula = f"|min(0, {text(coin.equity)} - frozen {text(coin.frozen)})|"
        yield _coin_part(coin, "borrowed", coin.borrowed, formula, documents.BORROWING)


def _coin_part(coin: CoinValue, figure: str, amount: Decimal, formula: str, source: str) -> Part:
    return Part(figure=figure, name=coin.coin, amount=amount, unit=coin.coin, formula=formula, source=source)


def _margin_parts(survey: Survey) -> Iterator[Part]:
    """The margins of a cross pool in USD, coin by coin: of positions, of what is borrowed, of open orders."""
    rate_formula = "sum over positions × index"
    for coin in survey.coins:
        borrow_formula = f"slices of {text(coin.borrowed)} × rate × index {text(coin.rate)}"
        figures = (
            ("maintenance_margin", "positions", coin.position_maintenance, rate_formula, documents.MARGIN, False),
            ("maintenance_margin", "borrowed", coin.borrow_maintenance, borrow_formula, documents.BORROW_MARGIN_OPEN, False),
            ("initial_margin", "positions", coin.position_initial, rate_formula, documents.MARGIN, False),
            ("initial_margin", "borrowed", coin.borrow_initial, borrow_formula, documents.BORROW_MARGIN_OPEN, False),
            ("initial_margin", "open orders", coin.order_margin, "order cost × index", documents.ORDER_COST, False),
        )
        for figure, what, amount, formula, source, verified in figures:
            if amount:
                with exact():
                    in_usd = amount * coin.rate
                name = f"{what} in {coin.coin}"
                yield Part(
                    figure=figure, name=name, amount=in_usd, unit="USD", formula=formula, source=source, verified=verified
                )


def _isolated_parts(valuation: Valuation) -> Iterator[Part]:
    value = valuation.survey.positions[0]
    unit, source = value.terms.settle_asset, documents.ISOLATED
    wallet = valuation.pool.wallets[unit]
    yield Part(figure="collateral_value", name="isolated wallet", amount=wallet, unit=unit, source=source)
    yield Part(figure="collateral_value", name="unrealised PnL", amount=value.unrealised_pnl, unit=unit, source=source)
    yield Part(figure="maintenance_margin", name=label(value.terms), amount=value.maintenance_margin, unit=unit, source=source)
    if value.initial_margin is not None:
        yield Part(figure="initial_margin", name=label(value.terms), amount=value.initial_margin, unit=unit, source=source)


def _position_parts(value: PositionValue) -> Iterator[Part]:
    """What one position adds, in its settle coin, with the figures of its formula."""
    unit, name, position = value.terms.settle_asset, label(value.terms), value.terms.position
    isolated = is_isolated(position)
    source = documents.ISOLATED if isolated else documents.MARGIN
    fee = "" if isolated else f" + fee to close {text(value.closing_fee)}"
    yield Part(
        figure="unrealised_pnl",
        name=name,
        amount=value.unrealised_pnl,
        unit=unit,
        formula=pnl_formula(value),
        source=documents.WALLET,
    )
    yield Part(
        figure="entry_value",
        name=name,
        amount=position.cost.copy_abs(),
        unit=unit,
        formula="value at the entry price, as the venue's position list tells it",
        source=documents.WALLET,
    )
    if not isolated:
        yield Part(
            figure="fee_to_close",
            name=name,
            amount=value.closing_fee,
            unit=unit,
            formula=f"{text(value.notional)} × (1 {'-' if value.terms.value_quantity > 0 else '+'} 1/leverage) × taker fee",
            source=f"{documents.MARGIN}; {documents.FEE_BASE_OPEN}",
            verified=False,
        )
    rate = bracket_formula(value.margined_value, value.bracket)
    yield Part(
        figure="position_maintenance_margin",
        name=name,
        amount=value.maintenance_margin,
        unit=unit,
        formula=f"{rate}{fee}",
        source=f"{source}; {documents.RISK_LIMITS}; {table_text(value.terms.brackets_version)}",
        verified=isolated and value.terms.brackets_version.verified,
    )
    if value.initial_margin is not None and position.leverage is not None:
        yield Part(
            figure="position_initial_margin",
            name=name,
            amount=value.initial_margin,
            unit=unit,
            formula=f"{text(value.margined_value)} / {text(position.leverage)}{fee}",
            source=source,
            verified=isolated,
        )


def _order_parts(cost: OrderCost) -> Iterator[Part]:
    """What one open order holds back, in its settle coin."""
    figures = (
        ("order_initial_margin", cost.initial_margin, "value / leverage"),
        ("order_fee_to_open", cost.fee_to_open, "value × taker fee"),
        ("order_fee_to_close", cost.fee_to_close, "size × bankruptcy price × taker fee"),
        ("order_cost", cost.total, "initial margin + fee to open + fee to close"),
        ("order_bankruptcy_price", cost.bankruptcy_price, "limit price × (1 -+ 1/leverage)"),
    )
    side = "long" if cost.order.size > 0 else "short"
    for figure, amount, formula in figures:
        yield Part(
            figure=figure,
            name=f"{cost.order.instrument} {side} {cost.order.order_id}",
            amount=amount,
            unit=cost.settle_asset,
            formula=formula,
            source=documents.ORDER_COST,
        )
