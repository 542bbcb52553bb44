"""The assessment: an account file valued by the venue's rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from monitor.assess.account_file import AccountEntry, AccountFile, AssetIndexEntry, SwitchSetEntry
from monitor.assess.decoding import decode_account_file
from monitor.assess.figures_in import Inputs, brackets_of, inputs_of
from monitor.assess.holdings_in import holdings_of
from monitor.assess.reported_in import Reported
from monitor.assess.result import AssessResult, AssetIndexReport, BracketTableReport
from monitor.domain.account import PoolKind
from monitor.domain.certainty import Certainty
from monitor.domain.errors import BadInput
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.domain.ids import venue_of
from monitor.domain.level import Level, level_label
from monitor.domain.profile import CLIENT, DESK, Band, Profile, Switch, SwitchSet
from monitor.domain.report import AccountReport, PoolReport
from monitor.rules import binance_coinm, hyperliquid, kraken_futures
from monitor.rules.backing import settle_asset
from monitor.rules.binance_usdm import documents
from monitor.rules.binance_usdm.assets import rates_from_index
from monitor.rules.bybit import documents as bybit_documents
from monitor.rules.levels import reference_level, top_up
from monitor.rules.registry import rulebook_of
from monitor.rules.rulebook import Missing, Rulebook


def assess(path: Path) -> AssessResult:
    """The assessment of an account file; raises `BadInput` naming field, value and file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", source=str(path)) from error
    return assess_file(decode_account_file(content, path.name), path.name)


def assess_file(file: AccountFile, source: str) -> AssessResult:
    """The assessment of a decoded account file."""
    inputs = inputs_of(file, source)
    profiles = _profiles(file, source)
    seen: set[str] = set()
    accounts = []
    for index, entry in enumerate(file.accounts):
        where = f"accounts[{index}]"
        if entry.account in seen:
            raise BadInput("the same account twice", field=f"{where}.account", value=entry.account, source=source)
        if entry.profile not in profiles:
            known = ", ".join(sorted(profiles))
            raise BadInput(f"no such profile, known: {known}", field=f"{where}.profile", value=entry.profile, source=source)
        seen.add(entry.account)
        accounts.append(_account(entry, where, inputs, profiles[entry.profile], file.as_of, source))
    return AssessResult(
        accounts=tuple(accounts),
        tables=_tables(file, source),
        asset_indices=tuple(_asset_index(entry) for entry in file.asset_indices),
        unknown=tuple(text for account in accounts for pool in account.pools for text in _unknown(pool)),
    )


def _account(
    entry: AccountEntry, where: str, inputs: Inputs, profile: Profile, as_of: datetime | None, source: str
) -> AccountReport:
    rulebook = _rulebook(entry.account, f"{where}.account", source)
    holdings = holdings_of(entry, where, inputs, source)
    held = tuple(_with_untold_wallets(pool, holdings, inputs) for pool in rulebook.pools(holdings, inputs.tables))
    try:
        reported = Reported(entry, where, held, as_of)
        pools = tuple(_pool(rulebook, pool, holdings, inputs, profile, reported) for pool in held)
    except BadInput as error:
        raise BadInput(error.reason, field=error.field, value=error.value, source=error.source or source) from error
    _refuse_negative_margins(pools, source)
    worst = max((Certainty[pool.certainty.upper()] for pool in pools), default=Certainty.FRESH)
    return AccountReport(
        account=entry.account,
        venue=venue_of(entry.account),
        mode=entry.mode.value,
        position_mode=entry.position_mode.value,
        entity=entry.entity,
        owner=entry.owner,
        profile=entry.profile,
        certainty=worst.name.lower(),
        certainty_reasons=tuple(dict.fromkeys(reason for pool in pools for reason in pool.certainty_reasons)),
        wallets=holdings.wallets,
        pools=pools,
    )


def _refuse_negative_margins(pools: tuple[PoolReport, ...], source: str) -> None:
    """A lone rate with a deduction may be given for a notional far below its bracket: then it is not the bracket in force."""
    for position in (position for pool in pools for position in pool.positions):
        margin = position.maintenance_margin
        if margin is not None and margin < 0:
            reason = f"makes the maintenance margin of {position.instrument} negative: another bracket holds at its notional"
            raise BadInput(reason, field="deduction", value=f"{margin:f}", source=source)


def _rulebook(account: str, field: str, source: str) -> Rulebook:
    try:
        return rulebook_of(venue_of(account))
    except BadInput as error:
        raise BadInput(error.reason, field=field, value=account, source=source) from error


def _with_untold_wallets(pool: PoolHoldings, holdings: AccountHoldings, inputs: Inputs) -> PoolHoldings:
    """A file is no complete account state: a wallet that backs a position and is not listed is unknown, not 0."""
    if pool.kind is PoolKind.ISOLATED:
        return pool
    settled = dict.fromkeys(settle_asset(position.instrument, inputs.tables) for position in pool.positions)
    untold = [asset for asset in settled if asset is not None and asset not in holdings.wallets]
    reasons = tuple(f"wallet of {asset} is not in the file" for asset in untold)
    return replace(pool, unknown=(*pool.unknown, *reasons))


def _pool(
    rulebook: Rulebook,
    pool: PoolHoldings,
    holdings: AccountHoldings,
    inputs: Inputs,
    profile: Profile,
    reported: Reported,
) -> PoolReport:
    report = rulebook.report(pool, inputs.tables, inputs.price)
    figures = rulebook.figures(pool, inputs.tables, inputs.price)
    switches = profile.isolated if pool.kind is PoolKind.ISOLATED else profile.cross
    if not isinstance(figures, Missing):
        # A pool without position, order, liability or negative balance is OK whatever its figures.
        level = Level.OK if pool.is_empty else reference_level(figures, switches, None)
        report = replace(report, level=level_label(level), top_up_to_ok=top_up(figures, switches, level))
    return reported.beside(report, figures, pool, holdings.wallets, switches)


def _unknown(pool: PoolReport) -> list[str]:
    if pool.figures_reason is not None:
        return [f"{pool.pool}: {pool.figures_reason}"]
    if pool.initial_margin is None:
        return [f"{pool.pool} initial_margin: {pool.initial_margin_reason}"]
    return []


def _tables(file: AccountFile, source: str) -> tuple[BracketTableReport, ...]:
    return tuple(
        BracketTableReport(
            instrument=entry.instrument,
            version=entry.version,
            source=entry.source or source,
            verified=entry.verified,
            brackets=brackets_of(entry, f"tables.leverage_brackets[{index}]", source).brackets,
            formula=f"deduction = floor × (rate - rate before) + deduction before; {_brackets_document(entry.instrument)}",
        )
        for index, entry in enumerate(file.tables.leverage_brackets)
    )


_BRACKET_DOCUMENTS = {
    documents.VENUE: documents.BRACKETS,
    bybit_documents.VENUE: bybit_documents.RISK_LIMITS,
    **{own.venue: own.formulas for own in (binance_coinm.DOCUMENTS, hyperliquid.DOCUMENTS, kraken_futures.SINGLE)},
}


def _brackets_document(instrument: str) -> str:
    return _BRACKET_DOCUMENTS.get(venue_of(instrument), "")


def _asset_index(entry: AssetIndexEntry) -> AssetIndexReport:
    index, auto_bid, auto_ask = entry.index, entry.auto_exchange_bid_buffer, entry.auto_exchange_ask_buffer
    bid, ask = entry.bid_rate, entry.ask_rate
    if index is not None and entry.bid_buffer is not None and entry.ask_buffer is not None:
        bid, ask, _ = rates_from_index(index, entry.bid_buffer, entry.ask_buffer)
    # Bid and ask rates are a matter of Binance's multi-assets mode.
    has_rates = venue_of(entry.asset) == documents.VENUE
    exchange_bid = None if index is None or auto_bid is None else rates_from_index(index, auto_bid, auto_bid).bid
    exchange_ask = None if index is None or auto_ask is None else rates_from_index(index, auto_ask, auto_ask).ask
    return AssetIndexReport(
        asset=entry.asset,
        index=index,
        bid_rate=bid,
        ask_rate=ask,
        auto_exchange_bid_rate=exchange_bid,
        auto_exchange_ask_rate=exchange_ask,
        formula="bid = index × (1 - bid buffer), ask = index × (1 + ask buffer)" if has_rates else "USD per unit",
        source=documents.ASSET_INDEX if has_rates else "",
    )


def _profiles(file: AccountFile, source: str) -> dict[str, Profile]:
    found = {DESK.name: DESK, CLIENT.name: CLIENT}
    for index, entry in enumerate(file.profiles):
        where = f"profiles[{index}]"
        if entry.name in found:
            raise BadInput("the same profile twice", field=f"{where}.name", value=entry.name, source=source)
        try:
            cross = _switches(entry.cross)
            isolated = cross if entry.isolated is None else _switches(entry.isolated)
        except ValueError as error:
            raise BadInput(str(error), field=where, value=entry.name, source=source) from error
        found[entry.name] = Profile(entry.name, cross, isolated)
    return found


def _switches(entry: SwitchSetEntry) -> SwitchSet:
    switches = []
    for switch in (entry.notice, entry.warning, entry.critical, entry.liquidation):
        bands = [None if band is None else Band(band.enter, band.leave) for band in (switch.ratio, switch.buffer)]
        switches.append(Switch(*bands))
    return SwitchSet(*switches)
