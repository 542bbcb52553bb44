"""The answer for people: tables in which every figure stands with its unit, parts and source."""

from __future__ import annotations

from decimal import Decimal
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.assess.result import AssessResult
from monitor.domain.double_entry import DoubleEntry
from monitor.domain.report import AccountReport, PoolReport

_UNKNOWN = "unknown"


def print_result(result: AssessResult, out: TextIO) -> None:
    """Print the whole answer. Wide tables are folded to the width of the terminal, not cut."""
    console = Console(file=out, highlight=False, width=None if out.isatty() else 140)
    for account in result.accounts:
        console.rule(Text(f"{account.account}  {account.mode}, {account.position_mode}, profile {account.profile}"))
        for pool in account.pools:
            _print_pool(console, account, pool)
    _print_tables(console, result)
    for reason in result.unknown:
        console.print(Text(f"unknown: {reason}"))


def _print_pool(console: Console, account: AccountReport, pool: PoolReport) -> None:
    title = Text(f"{pool.pool}   level {pool.level}   certainty {pool.certainty}")
    console.print(title, style="bold")
    if pool.figures_reason is not None:
        console.print(Text(f"  no figures: {pool.figures_reason}"))
    else:
        console.print(_figures(pool))
    if pool.positions:
        console.print(_positions(pool))
    if pool.parts:
        console.print(_parts(pool))
        for source, number in _source_numbers(pool).items():
            console.print(Text(f"  [{number}] {source}"))
    if pool.double_entry is not None:
        _print_double_entry(console, pool.double_entry)
    if pool.stages:
        console.print(_stages(pool))
    console.print(Text(f"  trigger: {pool.trigger}; wallets of the account: {_wallets(account)}\n"))


def _figures(pool: PoolReport) -> Table:
    unit = pool.margin_currency or ""
    table = _table("figure", "amount", "unit", "reason")
    rows = [
        ("collateral value", pool.collateral_value, unit, None),
        ("maintenance margin", pool.maintenance_margin, unit, None),
        ("initial margin", pool.initial_margin, unit, pool.initial_margin_reason),
        ("margin ratio", pool.margin_ratio, "1.0 = liquidation", pool.margin_ratio_reason),
        ("headroom", pool.headroom, unit, None),
        ("headroom", pool.headroom_usd, "USD", pool.headroom_usd_reason),
        ("stress notional", pool.stress_notional, unit, None),
        ("buffer ratio", pool.buffer_ratio, "joint adverse move", pool.buffer_ratio_reason),
        ("liquidation distance", pool.liquidation_distance_ratio, "of one mark price", None),
        ("top-up to OK", pool.top_up_to_ok, unit, None),
    ]
    for name, amount, of_unit, reason in rows:
        table.add_row(name, _amount(amount), of_unit, reason or "")
    return table


def _print_double_entry(console: Console, entry: DoubleEntry) -> None:
    """Ours and the venue's in one sentence a figure, what differs, and whose number leads and gives the level."""
    verdict = {None: "not compared", True: "agrees", False: "DIFFERS"}[entry.agrees]
    leads = f"{entry.leads.value} leads, {entry.drives.value} gives the level"
    console.print(Text(f"  the venue's own figures at {entry.at}: {verdict}; {leads}"))
    if entry.reason is not None:
        console.print(Text(f"    {entry.reason}"))
    for figure in entry.figures:
        console.print(Text(f"    {figure.figure}: {figure.sentence}"))
    for part in entry.differs:
        console.print(Text(f"    differs: {part}"))


def _stages(pool: PoolReport) -> Table:
    table = _table("stage", "reached when", "room left", "unit", "reached")
    for stage in pool.stages:
        reached = {None: _UNKNOWN, True: "yes", False: "no"}[stage.is_reached]
        table.add_row(stage.name, stage.condition, _amount(stage.slack), stage.unit, reached)
    return table


def _positions(pool: PoolReport) -> Table:
    headings = (
        "position",
        "size",
        "entry",
        "mark",
        "notional",
        "unrealised PnL",
        "initial",
        "maintenance",
        "liquidation price",
    )
    table = _table(*headings)
    for position in pool.positions:
        table.add_row(
            f"{position.instrument} {position.side}",
            _amount(position.size),
            _amount(position.entry_price),
            _amount(position.mark_price),
            _amount(position.notional),
            _amount(position.unrealised_pnl),
            _amount(position.initial_margin),
            _amount(position.maintenance_margin),
            _amount(position.liquidation_price)
            if position.liquidation_price is not None
            else position.liquidation_price_reason or "",
        )
    return table


def _parts(pool: PoolReport) -> Table:
    """Each part with the number of its source; `_sources` lists them."""
    numbers = _source_numbers(pool)
    table = _table("part of", "name", "amount", "unit", "formula", "source", "verified")
    for part in pool.parts:
        row = (part.figure.replace("_", " "), part.name, _amount(part.amount), part.unit, part.formula)
        table.add_row(*row, str(numbers[part.source]), "yes" if part.verified else "NO")
    return table


def _source_numbers(pool: PoolReport) -> dict[str, int]:
    return {source: number for number, source in enumerate(dict.fromkeys(part.source for part in pool.parts), start=1)}


def _print_tables(console: Console, result: AssessResult) -> None:
    for found in result.tables:
        table = _table("floor", "cap", "rate", "deduction", "most leverage")
        for bracket in found.brackets:
            figures = (bracket.floor, bracket.cap, bracket.maintenance_margin_rate, bracket.deduction, bracket.initial_leverage)
            table.add_row(*("" if figure is None else _amount(figure) for figure in figures))
        verified = "verified" if found.verified else "NOT verified"
        console.print(Text(f"leverage brackets of {found.instrument}, version {found.version}, {found.source}, {verified}"))
        console.print(table)
    if result.asset_indices:
        table = _table("asset", "index", "bid rate", "ask rate", "auto-exchange bid", "auto-exchange ask")
        for asset in result.asset_indices:
            rates = (asset.index, asset.bid_rate, asset.ask_rate, asset.auto_exchange_bid_rate, asset.auto_exchange_ask_rate)
            table.add_row(asset.asset, *("" if rate is None else _amount(rate) for rate in rates))
        console.print(Text(f"asset rates in USD: {result.asset_indices[0].formula}"))
        console.print(table)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=True, header_style="dim")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _amount(value: Decimal | None) -> str:
    """A figure for reading: at most 8 decimals for large amounts, without trailing zeros; the JSON form has every digit."""
    if value is None:
        return _UNKNOWN
    text = f"{value:,.8f}".rstrip("0").rstrip(".")
    return text if text not in {"0", "-0"} or value == 0 else f"{value:.4g}"


def _wallets(account: AccountReport) -> str:
    return ", ".join(f"{_amount(balance)} {asset}" for asset, balance in sorted(account.wallets.items())) or "none told"
