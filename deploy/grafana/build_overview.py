"""Write the overview dashboard: `python deploy/grafana/build_overview.py` after a change to `overview_panels.py`.

The SDK must be the version that pyproject.toml pins: other versions on the registry write the schema of older Grafana.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

sys.path.insert(0, str(Path(__file__).parent))

from overview_panels import ROWS, Kind, PanelSpec

TARGET = Path(__file__).parent / "dashboards" / "marginwatch-overview.json"
UID = "marginwatch-overview"
SOURCE = common_models.DataSourceRef(type_val="prometheus", uid="${datasource}")

# Columns of a table that say the same in each row.
_HIDDEN = {"Time": True, "__name__": True, "job": True}

_LINK_TO_POOL = [
    {"title": "Figures of this pool", "url": "${board}/api/v1/pools/${__value.raw:percentencode}", "targetBlank": True}
]


_Panel = Builder[models.Panel]


def overview() -> models.Dashboard:
    """The dashboard as the SDK's model."""
    board = (
        dashboard.Dashboard("marginwatch: overview")
        .uid(UID)
        .description("How near to liquidation, how well known, and whether the watcher itself is well.")
        .tags(["marginwatch", "risk"])
        .timezone("utc")
        .refresh("10s")
        .time("now-1h", "now")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(_labels("instance", "Instance", "label_values(marginwatch_build_info, instance)"))
        .with_variable(_labels("venue", "Venue", 'label_values(marginwatch_pools{instance=~"$instance"}, venue)'))
        .with_variable(dashboard.TextBoxVariable("board").label("Risk board").default_value("http://127.0.0.1:8700"))
        .annotation(
            dashboard.AnnotationQuery()
            .name("Rules that fire")
            .datasource(SOURCE)
            .enable(True)
            .icon_color("red")
            .expr('ALERTS{alertname=~"Marginwatch.+", alertname!="MarginwatchWatchdog", alertstate="firing"}')
            .title_format("{{alertname}}")
            .text_format("{{venue}} {{severity}}")
        )
        .link(dashboard.DashboardLink("Risk board").type(models.DashboardLinkType.LINK).url("${board}").target_blank(True))
    )
    number = 0
    for row, (title, specs) in enumerate(ROWS):
        board.with_row(dashboard.Row(title).id(1000 + row))
        for spec in specs:
            number += 1
            board.with_panel(_Numbered(number, spec))
    return board.build()


class _Numbered(Builder[models.Panel]):
    """A panel with the id that links to it use; ids go in reading order from 1."""

    def __init__(self, number: int, spec: PanelSpec) -> None:
        self._number = number
        self._spec = spec

    def build(self) -> models.Panel:
        panel = _BUILDERS[self._spec.kind](self._spec).build()
        panel.id_val = self._number
        return panel


def _labels(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query({"query": query, "refId": "Labels"})
        .definition(query)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.NATURAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(models.VariableOption(selected=True, text="All", value="$__all"))
    )


def _stat(spec: PanelSpec) -> _Panel:
    panel = (
        stat.Panel()
        .color_mode(common_models.BigValueColorMode.BACKGROUND)
        .graph_mode(common_models.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_scheme(dashboard.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
        # A figure that is missing must not look like a good one.
        .no_value("no data")
    )
    steps = [
        models.Threshold(value=None, color="text"),
        *(models.Threshold(value=at, color=color) for at, color in spec.thresholds),
    ]
    panel.thresholds(dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps))
    return _with_queries(panel, spec)


def _time_series(spec: PanelSpec) -> _Panel:
    panel = (
        timeseries.Panel()
        .line_width(1)
        .fill_opacity(30 if spec.stacked else 8)
        .axis_soft_min(0)
        .tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
        .legend(
            common.VizLegendOptions().show_legend(True).placement(common_models.LegendPlacement.BOTTOM).calcs(["lastNotNull"])
        )
    )
    if spec.stacked:
        panel.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL))
    for name, color in spec.colors.items():
        fixed = models.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": color})
        panel.override_by_name(name, [fixed])
    return _with_queries(panel, spec)


def _table(spec: PanelSpec) -> _Panel:
    panel = table.Panel()
    letters = [_letter(number) for number in range(len(spec.queries))]
    renamed = {
        f"Value #{letter}" if len(letters) > 1 else "Value": name for letter, name in zip(letters, spec.columns, strict=True)
    }
    panel.with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
    panel.with_transformation(
        models.DataTransformerConfig(id_val="organize", options={"excludeByName": _HIDDEN, "renameByName": renamed})
    )
    panel.override_by_name("pool", [models.DynamicConfigValue(id_val="links", value=_LINK_TO_POOL)])
    for name, unit in (("Buffer", "percentunit"), ("Headroom USD", "currencyUSD")):
        if name in spec.columns:
            panel.override_by_name(name, [models.DynamicConfigValue(id_val="unit", value=unit)])
    return _with_queries(panel, spec)


def _with_queries(panel: stat.Panel | timeseries.Panel | table.Panel, spec: PanelSpec) -> _Panel:
    panel.title(spec.title).description(spec.description).datasource(SOURCE).unit(spec.unit).span(spec.span).height(spec.height)
    for number, query in enumerate(spec.queries):
        target = prometheus.Dataquery().datasource(SOURCE).expr(query.expr).ref_id(_letter(number))
        if query.legend:
            target.legend_format(query.legend)
        if spec.kind is Kind.TIME_SERIES:
            target.range()
        else:
            # A range would show the last figure of a daemon that died as if it held now.
            target.instant()
        if spec.kind is Kind.TABLE:
            target.format(PromQueryFormat.TABLE)
        panel.with_target(target)
    return panel


def _letter(number: int) -> str:
    return chr(ord("A") + number)


_BUILDERS: dict[Kind, Callable[[PanelSpec], _Panel]] = {
    Kind.STAT: _stat,
    Kind.TIME_SERIES: _time_series,
    Kind.TABLE: _table,
}


def text() -> str:
    """The dashboard as the file holds it: sorted keys, so that a change shows as itself."""
    return JSONEncoder(sort_keys=True, indent=2).encode(overview()) + "\n"


def main() -> None:
    """Write the file, or with `--print` its text to standard output."""
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(text())
    else:
        TARGET.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
