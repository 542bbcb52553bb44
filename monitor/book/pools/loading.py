"""From a tape's Decimals to rows: each number is rounded once here, nothing else crosses from the rules into the columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitor.book.pools.layout import FULL, NEEDS_MARGIN, NONE, PRICE, RECIPROCAL, SIMPLE
from monitor.book.pools.programs import NodeRow
from monitor.book.pools.schedules import Schedules
from monitor.domain.errors import InvariantBroken
from monitor.domain.ids import DriverKey
from monitor.rules.derived import source_of
from monitor.rules.tape import COLLATERAL_CELL, INITIAL_CELL, MAINTENANCE_CELL, NO_CELL, Leg, Node, Tape

LegRow = tuple[int, int, int, int, int, int, int, int, float, float, float, float]
DriverIndex = Callable[[DriverKey], int]


@dataclass(frozen=True, slots=True)
class TapeRows:
    """A tape in floats. `drivers` are distinct: those of the program first, then the legs', in order of the tape.

    A leg on a derived driver is a leg on the driver that ticks, in another form: so a tick stays one step, and age, state
    and holders have no copy.
    """

    base: tuple[float, ...]
    leg_drivers: tuple[int, ...]
    drivers: tuple[int, ...]
    nodes: tuple[NodeRow, ...]
    flags: int
    operations: int


def tape_rows(tape: Tape, schedules: Schedules, driver_index: DriverIndex) -> TapeRows:
    """The tape with its drivers and schedules found; raises `InvariantBroken` for one that is not well formed."""
    base = [float(constant) for constant in tape.base]
    base += [0.0] * (INITIAL_CELL + 1 - len(base))
    for leg in tape.legs:
        for cell in (leg.value_cell, leg.margin_cell, leg.initial_cell):
            _require_cell(cell, len(base))
    nodes = tuple(_node_row(node, schedules, driver_index) for node in tape.program)
    _require_order(tape.program, len(base))
    leg_drivers = tuple(driver_index(source_of(leg.driver)) for leg in tape.legs)
    scales = (node[5] for node in nodes if node[5] != NONE)
    return TapeRows(
        base=tuple(base),
        leg_drivers=leg_drivers,
        drivers=tuple(dict.fromkeys((*scales, *leg_drivers))),
        nodes=nodes,
        flags=_flags(tape),
        operations=sum(_roundings(leg) for leg in tape.legs) + 4 * len(nodes) + sum(node.width for node in tape.program) + 8,
    )


def leg_rows(tape: Tape, rows: TapeRows, schedules: Schedules, slot: int, start: int) -> tuple[list[LegRow], dict[int, int]]:
    """The legs as rows from `start` on, chained per driver; and the first leg of each driver."""
    following: dict[int, int] = {}
    legs: list[LegRow] = []
    for place in range(len(tape.legs) - 1, -1, -1):
        leg, driver = tape.legs[place], rows.leg_drivers[place]
        legs.append(_leg_row(leg, driver, schedules.find(leg.schedule), following.get(driver, NONE), slot))
        following[driver] = start + place
    legs.reverse()
    return legs, following


def _leg_row(leg: Leg, driver: int, schedule: int, following: int, slot: int) -> LegRow:
    return (
        driver,
        schedule,
        leg.value_cell,
        leg.margin_cell,
        leg.initial_cell,
        _form(leg),
        following,
        slot,
        float(leg.quantity),
        float(leg.extra_margin),
        float(leg.initial_rate),
        0.0,
    )


def _form(leg: Leg) -> int:
    return PRICE if source_of(leg.driver) == leg.driver else RECIPROCAL


def _roundings(leg: Leg) -> int:
    """Of one term: product and sum, and the quotient where there is one."""
    return 2 if _form(leg) == PRICE else 3


def _node_row(node: Node, schedules: Schedules, driver_index: DriverIndex) -> NodeRow:
    if node.scale is not None and source_of(node.scale) != node.scale:
        raise InvariantBroken(f"a node scales by {node.scale}, which is derived: only legs take those")
    scale = NONE if node.scale is None else driver_index(node.scale)
    schedule = schedules.find(node.schedule)
    return (node.source_cell, node.target_cell, node.width, node.mode.value, schedule, scale, float(node.weight))


def _flags(tape: Tape) -> int:
    flags = NEEDS_MARGIN if tape.trigger.needs_margin else 0
    if not tape.program and all(leg.value_cell in (NO_CELL, COLLATERAL_CELL) for leg in tape.legs):
        flags |= SIMPLE
    # Running figures leave initial margin out; a tape in which it leads into C or M is valued in full at each tick.
    deciding = _deciding_cells(tape.program)
    if any(leg.initial_cell in deciding for leg in tape.legs):
        flags |= FULL
    return flags


def _deciding_cells(program: tuple[Node, ...]) -> set[int]:
    """The cells from which C or M follow."""
    cells = {COLLATERAL_CELL, MAINTENANCE_CELL}
    for node in reversed(program):
        width = node.width if node.mode.name == "MAP" else 1
        if any(node.target_cell + place in cells for place in range(width)):
            cells.update(range(node.source_cell, node.source_cell + node.width))
    return cells


def _require_cell(cell: int, count: int) -> None:
    if not NO_CELL <= cell < count:
        raise InvariantBroken(f"a tape names cell {cell} of {count}")


def _require_order(program: tuple[Node, ...], count: int) -> None:
    """A node may read a cell only when all nodes that write it have run."""
    read: set[int] = set()
    for node in program:
        width = node.width if node.mode.name == "MAP" else 1
        written = range(node.target_cell, node.target_cell + width)
        source = range(node.source_cell, node.source_cell + node.width)
        for cell in (*written, *source):
            _require_cell(cell, count)
        read.update(source)
        if node.width < 1 or read.intersection(written):
            raise InvariantBroken(f"a program writes cells {written} after they were read")
