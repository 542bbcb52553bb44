"""The same margin on a tape: a cell a scenario and class, netted in cells of the group; the worst by a MAX over them and 0."""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.ids import DriverKey
from monitor.domain.tables import TableKind
from monitor.rules.drivers import index_driver
from monitor.rules.exact import exact
from monitor.rules.multi_currency.extra_margin import TapeBuild
from monitor.rules.scenarios.classes import ClassTerms, Group, Member
from monitor.rules.schedules import CONCENTRATION, OFFSET
from monitor.rules.tape import INITIAL_CELL, MAINTENANCE_CELL, NO_CELL, Leg, Node, NodeMode, ScheduleKey

_ZERO = Decimal(0)


def compile_group(group: Group, venue: str, build: TapeBuild) -> None:
    """Add a group: its classes' cells, their netting, the worst of them, and what is charged on each class."""
    width, factor = len(group.grid.scenarios), group.grid.initial_factor
    blocks = [_compile_class(one, venue, build, width, factor) for one in group.classes]
    worst = blocks[0]
    if len(blocks) > 1:
        worst = _block(build, width + 1)
        for one, block in zip(group.classes, blocks, strict=True):
            offset = ScheduleKey(venue, TableKind.RISK_CLASS.value, one.name, OFFSET)
            build.program.append(Node(NodeMode.MAP, block, worst, width=width, schedule=offset))
    # The last cell of a block is 0: a group that no scenario hurts needs nothing.
    build.program.append(Node(NodeMode.MAX, worst, MAINTENANCE_CELL, width=width + 1))
    build.program.append(Node(NodeMode.MAX, worst, INITIAL_CELL, width=width + 1, weight=factor))


def _compile_class(one: ClassTerms, venue: str, build: TapeBuild, width: int, factor: Decimal) -> int:
    """The class's cells of losses in USD, the last one 0; the place of the first."""
    block = _block(build, width + 1)
    notional = build.cell()
    for coin in one.coins:
        index = index_driver(venue, coin)
        own = _block(build, width)
        own_notional = build.cell()
        for member in one.members:
            if member.terms.settle_asset == coin:
                _compile_member(member, own, own_notional, build)
        build.program.append(Node(NodeMode.MAP, own, block, width=width, scale=index))
        build.program.append(Node(NodeMode.MAP, own_notional, notional, scale=index))
    concentration = ScheduleKey(venue, TableKind.RISK_CLASS.value, one.name, CONCENTRATION)
    for target, weight in ((MAINTENANCE_CELL, Decimal(1)), (INITIAL_CELL, factor)):
        if one.table.concentration:
            build.program.append(Node(NodeMode.MAP, notional, target, schedule=concentration, weight=weight))
        if one.table.liquidity_rate:
            with exact():
                rate = one.table.liquidity_rate * weight
            build.program.append(Node(NodeMode.MAP, notional, target, weight=rate))
    return block


def _compile_member(member: Member, block: int, notional: int, build: TapeBuild) -> None:
    driver = member.terms.driver
    for place, (constant, slope) in enumerate(zip(member.constants, member.slopes, strict=True)):
        with exact():
            build.base[block + place] -= constant
        if slope:
            build.legs.append(_margin_leg(driver, slope.copy_negate(), block + place))
    build.legs.append(_margin_leg(driver, member.terms.quantity.copy_abs(), notional))


def _margin_leg(driver: DriverKey, per_unit: Decimal, cell: int) -> Leg:
    """A leg that adds to a cell of margin alone: it is no exposure of its own."""
    return Leg(driver=driver, quantity=_ZERO, value_cell=NO_CELL, margin_cell=cell, extra_margin=per_unit)


def _block(build: TapeBuild, width: int) -> int:
    first = build.cell()
    for _ in range(width - 1):
        build.cell()
    return first
