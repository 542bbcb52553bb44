"""The margin of groups and classes at given prices, in USD, with what it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.report import Part
from monitor.rules.exact import exact, text
from monitor.rules.scenarios.classes import ClassTerms, Group

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ClassValue:
    """A class valued: its loss in each scenario (a gain below 0), gross notional, and what is charged on it."""

    terms: ClassTerms
    losses: tuple[Decimal, ...]
    notional: Decimal
    concentration: Decimal
    liquidity: Decimal


@dataclass(frozen=True, slots=True)
class GroupValue:
    """A group valued; `risk` >= 0, `worst` the place of its scenario, None where none loses."""

    terms: Group
    classes: tuple[ClassValue, ...]
    risk: Decimal
    worst: int | None


def value_group(group: Group, taken: Mapping[str, Decimal], indices: Mapping[str, Decimal]) -> GroupValue:
    """The group with `taken`, what each instrument's driver stands at, and `indices`, USD a coin."""
    classes = tuple(_value_class(one, taken, indices) for one in group.classes)
    nets = len(classes) > 1
    with exact():
        losses = [
            sum((_counted(one, place, nets=nets) for one in classes), _ZERO) for place in range(len(group.grid.scenarios))
        ]
    risk = max(losses)
    return GroupValue(group, classes, max(risk, _ZERO), losses.index(risk) if risk > 0 else None)


def _counted(one: ClassValue, place: int, *, nets: bool) -> Decimal:
    """A loss in full; of a gain the share that the class may offset others with."""
    loss = one.losses[place]
    return loss * one.terms.table.offset if nets and loss < 0 else loss


def _value_class(terms: ClassTerms, taken: Mapping[str, Decimal], indices: Mapping[str, Decimal]) -> ClassValue:
    losses = [_ZERO] * len(terms.grid.scenarios)
    notional = _ZERO
    with exact():
        for member in terms.members:
            at, index = taken[member.terms.position.instrument], indices[member.terms.settle_asset]
            notional += abs(member.terms.quantity) * at * index
            for place, (constant, slope) in enumerate(zip(member.constants, member.slopes, strict=True)):
                losses[place] -= (constant + slope * at) * index
        tiers = terms.table.concentration
        tops = [*(tier.floor for tier in tiers[1:]), None]
        concentration = sum(
            (
                max(min(notional, notional if top is None else top) - tier.floor, _ZERO) * tier.rate
                for tier, top in zip(tiers, tops[: len(tiers)], strict=True)
            ),
            _ZERO,
        )
        return ClassValue(terms, tuple(losses), notional, concentration, notional * terms.table.liquidity_rate)


def charges(value: GroupValue) -> Iterator[tuple[str, Decimal, str]]:
    """Name, amount in USD and formula of everything that the group needs."""
    scenarios = value.terms.grid.scenarios
    worst = "no scenario loses"
    if value.worst is not None:
        worst = f"scenario {value.worst + 1} of {len(scenarios)}: {scenarios[value.worst].name}"
    yield f"scan risk of {value.terms.name}", value.risk, worst
    for one in value.classes:
        gross = f"of gross notional {text(one.notional)}"
        yield f"concentration of {one.terms.name}", one.concentration, f"slices {gross}"
        yield f"liquidity of {one.terms.name}", one.liquidity, f"{text(one.terms.table.liquidity_rate)} {gross}"


def scenario_parts(value: GroupValue, source: str) -> Iterator[Part]:
    """What each class loses (> 0) or gains in each scenario."""
    for one in value.classes:
        for scenario, loss in zip(value.terms.grid.scenarios, one.losses, strict=True):
            yield Part(figure="scenario_loss", name=f"{one.terms.name} {scenario.name}", amount=loss, unit="USD", source=source)
