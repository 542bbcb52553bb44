"""Answers of REST about one account: its settings, and its whole state at one time with the venue's own figures.

Sources: "Account Information V3", "Position Information V3", "Symbol Configuration", "Futures Account Configuration" of
USDⓈ-M futures, developers.binance.com, read 2026-11-22. `/fapi/v3/account` prints totals but neither entry nor mark price;
`/fapi/v3/positionRisk` prints these, so both are read and must agree on every size.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from connectors.venues.binance.account_events import Origin, account_mode, position_side
from connectors.venues.binance.decoding import build, decode
from connectors.venues.binance.numbers import nanoseconds, number, number_or_none
from monitor.domain.account import AccountMode, InstrumentSetting, MarginMode, PositionMode, PositionSide
from monitor.domain.errors import BadInput
from monitor.domain.events import AccountState, PositionState, VenueFigures, WalletState
from monitor.domain.ids import isolated_pool, subject_id, symbol_of

_MARGIN_TYPES = {"CROSSED": MarginMode.CROSS, "ISOLATED": MarginMode.ISOLATED}
PositionKey = tuple[str, PositionSide]


class _AccountConfig(msgspec.Struct, rename={"dual_side": "dualSidePosition", "multi_assets": "multiAssetsMargin"}):
    dual_side: bool
    multi_assets: bool


class _SymbolConfig(msgspec.Struct, rename={"margin_type": "marginType"}):
    symbol: str
    margin_type: str
    leverage: int


class _Asset(
    msgspec.Struct,
    rename={
        "wallet_balance": "walletBalance",
        "margin_balance": "marginBalance",
        "maintenance_margin": "maintMargin",
        "cross_wallet_balance": "crossWalletBalance",
        "update_ms": "updateTime",
    },
):
    asset: str
    wallet_balance: str
    margin_balance: str
    maintenance_margin: str
    cross_wallet_balance: str
    update_ms: int = 0


class _AccountPosition(
    msgspec.Struct, rename={"position_side": "positionSide", "size": "positionAmt", "update_ms": "updateTime"}
):
    symbol: str
    position_side: str
    size: str
    update_ms: int = 0


class _Account(
    msgspec.Struct,
    rename={"total_maintenance_margin": "totalMaintMargin", "total_margin_balance": "totalMarginBalance"},
):
    assets: list[_Asset]
    positions: list[_AccountPosition]
    total_maintenance_margin: str
    total_margin_balance: str


class _PositionRisk(
    msgspec.Struct,
    rename={
        "position_side": "positionSide",
        "size": "positionAmt",
        "entry_price": "entryPrice",
        "mark_price": "markPrice",
        "unrealised_pnl": "unRealizedProfit",
        "liquidation_price": "liquidationPrice",
        "isolated_margin": "isolatedMargin",
        "isolated_wallet": "isolatedWallet",
        "maintenance_margin": "maintMargin",
        "margin_asset": "marginAsset",
        "update_ms": "updateTime",
    },
):
    symbol: str
    position_side: str
    size: str
    entry_price: str
    mark_price: str
    unrealised_pnl: str
    isolated_margin: str
    isolated_wallet: str
    maintenance_margin: str
    margin_asset: str
    liquidation_price: str = ""
    adl: int | str | None = None
    update_ms: int = 0


_account_config = msgspec.json.Decoder(_AccountConfig)
_symbol_config = msgspec.json.Decoder(list[_SymbolConfig])
_account = msgspec.json.Decoder(_Account)
_position_risk = msgspec.json.Decoder(list[_PositionRisk])


@dataclass(frozen=True, slots=True)
class AccountModes:
    """How an account is set: `instruments` by symbol."""

    mode: AccountMode
    position_mode: PositionMode
    instruments: dict[str, InstrumentSetting]


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """What two REST answers say of one account.

    `sizes` and `wallets` are absolute; `changed_ns` is the newest time that the venue prints beside any of them (0 where it
    prints none); `sizes_agree` False: the two answers were read around a change and must be read again.
    """

    positions: tuple[PositionState, ...]
    wallets: tuple[WalletState, ...]
    figures: tuple[PoolFigures, ...]
    sizes: dict[PositionKey, Decimal]
    changed_ns: int
    sizes_agree: bool


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """The venue's own figures of one pool, still without their event."""

    pool: str
    figures: dict[str, Decimal]
    margin_ratio: Decimal | None
    collateral_value: Decimal | None
    maintenance_margin: Decimal | None
    mark_prices: dict[str, Decimal]
    liquidation_prices: dict[str, Decimal]


def account_modes(account_config: bytes, symbol_config: bytes, venue: str, source: str) -> AccountModes:
    """The settings of `/fapi/v1/accountConfig` and `/fapi/v1/symbolConfig`."""
    config = decode(_account_config, account_config, f"{source} accountConfig")
    where = f"{source} symbolConfig"
    settings: dict[str, InstrumentSetting] = {}
    for row in decode(_symbol_config, symbol_config, where):
        mode = _MARGIN_TYPES.get(row.margin_type)
        if mode is None:
            raise BadInput(
                "expected CROSSED or ISOLATED", field=f"{row.symbol}.marginType", value=row.margin_type, source=where
            )
        subject = subject_id(venue, row.symbol)
        leverage = Decimal(row.leverage)
        settings[row.symbol] = build(
            lambda subject=subject, mode=mode, leverage=leverage: InstrumentSetting(  # type: ignore[misc]
                instrument=subject, margin_mode=mode, leverage=leverage
            ),
            where,
        )
    position_mode = PositionMode.HEDGE if config.dual_side else PositionMode.ONE_WAY
    return AccountModes(account_mode(config.multi_assets), position_mode, settings)


def account_snapshot(account: bytes, risk: bytes, modes: AccountModes, origin: Origin, source: str) -> AccountSnapshot:
    """The state and figures of `/fapi/v3/account` and `/fapi/v3/positionRisk`, read one right after the other."""
    totals = decode(_account, account, f"{source} account")
    rows = decode(_position_risk, risk, f"{source} positionRisk")
    positions = tuple(_position(row, modes, origin, f"{source} positionRisk") for row in rows)
    sizes = {(symbol_of(p.instrument), p.position_side): p.size for p in positions if p.size != 0}
    wallets = tuple(_wallets(totals, f"{source} account"))
    return AccountSnapshot(
        positions=tuple(position for position in positions if position.size != 0),
        wallets=wallets,
        figures=tuple(_figures(totals, list(zip(rows, positions, strict=True)), origin, f"{source} account")),
        sizes=sizes,
        changed_ns=_newest(totals, rows, source),
        sizes_agree=sizes == _account_sizes(totals, f"{source} account"),
    )


def state_event(snapshot: AccountSnapshot, ts_event_ns: int, ts_recv_ns: int, origin: Origin) -> AccountState:
    """The complete absolute state of a snapshot, unnumbered. Open orders need no maintenance margin and are not read."""
    return AccountState(
        account=origin.account,
        event_id=f"snapshot:{ts_event_ns}",
        ts_event_ns=ts_event_ns,
        ts_recv_ns=ts_recv_ns,
        source=origin.source,
        source_epoch=origin.source_epoch,
        account_seq=1,
        complete=True,
        positions=snapshot.positions,
        wallets=snapshot.wallets,
    )


def figure_events(snapshot: AccountSnapshot, ts_event_ns: int, ts_recv_ns: int, origin: Origin) -> list[VenueFigures]:
    """The venue's figures of a snapshot, one event a pool, unnumbered."""
    return [
        VenueFigures(
            account=origin.account,
            event_id=f"figures:{ts_event_ns}:{row.pool}",
            ts_event_ns=ts_event_ns,
            ts_recv_ns=ts_recv_ns,
            source=origin.source,
            source_epoch=origin.source_epoch,
            account_seq=1,
            pool=row.pool,
            figures=row.figures,
            margin_ratio=row.margin_ratio,
            collateral_value=row.collateral_value,
            maintenance_margin=row.maintenance_margin,
            mark_prices=row.mark_prices,
            liquidation_prices=row.liquidation_prices,
        )
        for row in snapshot.figures
    ]


def _position(row: _PositionRisk, modes: AccountModes, origin: Origin, source: str) -> PositionState:
    where = f"{source} {row.symbol}"
    setting = modes.instruments.get(row.symbol)
    wallet = number(row.isolated_wallet, "isolatedWallet", where)
    mode = _margin_mode(setting, wallet, row, where)
    rank = row.adl if isinstance(row.adl, int) else int(number(row.adl, "adl", where)) if row.adl else None
    return build(
        lambda: PositionState(
            instrument=subject_id(origin.venue, row.symbol),
            position_side=position_side(row.position_side, "positionSide", where),
            size=number(row.size, "positionAmt", where),
            entry_price=number(row.entry_price, "entryPrice", where),
            margin_mode=mode,
            isolated_wallet=wallet if mode is MarginMode.ISOLATED else None,
            leverage=None if setting is None else setting.leverage,
            adl_rank=rank,
        ),
        where,
    )


def _margin_mode(setting: InstrumentSetting | None, isolated_wallet: Decimal, row: _PositionRisk, source: str) -> MarginMode:
    """V3 prints no margin type: an isolated wallet or margin tells, else the symbol's setting does."""
    if isolated_wallet != 0 or number(row.isolated_margin, "isolatedMargin", source) != 0:
        return MarginMode.ISOLATED
    if setting is None or setting.margin_mode is None:
        raise BadInput("no margin type is known for the symbol", field="symbol", value=row.symbol, source=source)
    return setting.margin_mode


def _wallets(totals: _Account, source: str) -> list[WalletState]:
    return [
        WalletState(asset=row.asset, balance=number(row.wallet_balance, f"{row.asset}.walletBalance", source))
        for row in totals.assets
    ]


def _account_sizes(totals: _Account, source: str) -> dict[PositionKey, Decimal]:
    sizes: dict[PositionKey, Decimal] = {}
    for row in totals.positions:
        size = number(row.size, f"{row.symbol}.positionAmt", source)
        if size != 0:
            sizes[row.symbol, position_side(row.position_side, f"{row.symbol}.positionSide", source)] = size
    return sizes


def _newest(totals: _Account, rows: list[_PositionRisk], source: str) -> int:
    moments = [row.update_ms for row in rows] + [row.update_ms for row in totals.assets]
    return nanoseconds(max(moments, default=0), "updateTime", source)


Held = tuple[_PositionRisk, PositionState]


def _figures(totals: _Account, held: list[Held], origin: Origin, source: str) -> list[PoolFigures]:
    open_rows = [pair for pair in held if pair[1].size != 0]
    isolated = [pair for pair in open_rows if pair[1].margin_mode is MarginMode.ISOLATED]
    cross = [pair for pair in open_rows if pair[1].margin_mode is MarginMode.CROSS]
    figures = [_isolated(pair, origin, source) for pair in isolated]
    if origin.mode is AccountMode.MULTI_CURRENCY:
        return [_multi_assets(totals, cross, origin, source), *figures]
    by_asset: dict[str, list[Held]] = defaultdict(list)
    for pair in cross:
        by_asset[pair[0].margin_asset].append(pair)
    return [_single_asset(row, by_asset[row.asset], origin, source) for row in totals.assets] + figures


def _multi_assets(totals: _Account, cross: list[Held], origin: Origin, source: str) -> PoolFigures:
    """Totals in USD as printed. The answer holds no asset indices, so it gives no prices to compare at."""
    required = number(totals.total_maintenance_margin, "totalMaintMargin", source)
    balance = number(totals.total_margin_balance, "totalMarginBalance", source)
    return PoolFigures(
        pool=origin.cross_pool_of(""),
        figures={"totalMaintMargin": required, "totalMarginBalance": balance},
        margin_ratio=required / balance if balance > 0 else None,
        collateral_value=balance,
        maintenance_margin=required,
        mark_prices={},
        liquidation_prices=_liquidation_prices(cross, source),
    )


def _single_asset(row: _Asset, cross: list[Held], origin: Origin, source: str) -> PoolFigures:
    """The cross pool of one margin asset, at the mark prices of `positionRisk`.

    `marginBalance` and `maintMargin` of the asset hold isolated positions too, and their own moment's marks; what is
    compared is the cross wallet plus the PnL and the maintenance margins of the cross rows of `positionRisk`: one answer,
    one set of marks.
    """
    collateral = number(row.cross_wallet_balance, f"{row.asset}.crossWalletBalance", source)
    required = Decimal(0)
    for risk, _ in cross:
        collateral += number(risk.unrealised_pnl, f"{risk.symbol}.unRealizedProfit", source)
        required += number(risk.maintenance_margin, f"{risk.symbol}.maintMargin", source)
    return PoolFigures(
        pool=origin.cross_pool_of(row.asset),
        figures={
            "marginBalance": number(row.margin_balance, f"{row.asset}.marginBalance", source),
            "maintMargin": number(row.maintenance_margin, f"{row.asset}.maintMargin", source),
            "crossWalletBalance": number(row.cross_wallet_balance, f"{row.asset}.crossWalletBalance", source),
        },
        margin_ratio=required / collateral if collateral > 0 else None,
        collateral_value=collateral,
        maintenance_margin=required,
        mark_prices=_mark_prices(cross, source),
        liquidation_prices=_liquidation_prices(cross, source),
    )


def _isolated(pair: Held, origin: Origin, source: str) -> PoolFigures:
    risk, position = pair
    required = number(risk.maintenance_margin, f"{risk.symbol}.maintMargin", source)
    wallet = number(risk.isolated_wallet, f"{risk.symbol}.isolatedWallet", source)
    balance = wallet + number(risk.unrealised_pnl, f"{risk.symbol}.unRealizedProfit", source)
    side = None if position.position_side is PositionSide.BOTH else position.position_side.value
    return PoolFigures(
        pool=isolated_pool(origin.account, risk.symbol, side),
        figures={
            "isolatedMargin": number(risk.isolated_margin, f"{risk.symbol}.isolatedMargin", source),
            "isolatedWallet": wallet,
            "maintMargin": required,
        },
        margin_ratio=required / balance if balance > 0 else None,
        collateral_value=balance,
        maintenance_margin=required,
        mark_prices=_mark_prices([pair], source),
        liquidation_prices=_liquidation_prices([pair], source),
    )


def _mark_prices(held: list[Held], source: str) -> dict[str, Decimal]:
    return {position.instrument: number(risk.mark_price, f"{risk.symbol}.markPrice", source) for risk, position in held}


def _liquidation_prices(held: list[Held], source: str) -> dict[str, Decimal]:
    """Printed liquidation prices; "0" says that there is none."""
    prices: dict[str, Decimal] = {}
    for risk, position in held:
        value = number_or_none(risk.liquidation_price, f"{risk.symbol}.liquidationPrice", source)
        if value is not None and value > 0:
            prices[position.instrument] = value
    return prices
