"""Portfolio margin by scenarios: the worst result of a class or group of classes over a grid, with charges on top.

    gain of a position    = published array of its contract, or quantity * move * scan * share (scan: money, or part of mark)
    loss of a class       = - sum of gains, scenario by scenario, in USD
    loss of a group       = sum over its classes of the loss, or of `offset` of what a class gains
    margin                = max(0, worst scenario of each group) + concentration and liquidity of each class

Read `classes` (what the tables say of the positions), `value` (the margin), `compile` (the same on a tape).
"""

from monitor.rules.scenarios.margin import ScenarioMargin

__all__ = ["ScenarioMargin"]
