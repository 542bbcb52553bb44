from monitor.alerting.annotations import Annotator, BlindDescription, PoolDescription
from monitor.alerting.labels import blind_labels, pool_labels
from monitor.alerting.settings import AlertingSettings
from monitor.domain.alert import Alert, AlertName, AlertReason, BlindCause, Notification, Severity
from monitor.domain.level import Level

POOL = "sim:carol/isolated/BTC%2FUSDT"
SETTINGS = AlertingSettings(board_url="https://risk.example.org/", runbook_url="https://wiki.example.org/alerts")


class Book:
    """Describes one pool; counts how often the costly question is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.pool: PoolDescription | None = PoolDescription(
            level="critical",
            certainty="stale",
            certainty_reasons=("mark/sim:BTCUSDT is stale",),
            margin_ratio="81.00%",
            buffer_ratio=None,
            headroom="190.00",
            headroom_usd="189.90",
            collateral_value="1,000.00",
            margin_currency="USDT",
            oldest_price_age_s=41.2,
        )
        self.blind = BlindDescription(subjects=("mark/sim:BTCUSDT",), accounts=7, equity_usd=1234.5, is_partial=True)

    def worst(self, pool: str) -> str | None:
        self.asked += 1
        return "long 1 sim:BTCUSDT, unrealised PnL -90.00"

    def annotator(self) -> Annotator:
        return Annotator(SETTINGS, lambda pool: self.pool, lambda venue, cause: self.blind, self.worst)


def pool_alert(reason: AlertReason = AlertReason.SWITCH_ON, ended_ns: int | None = None) -> Notification:
    alert = Alert(
        alert_id="1",
        name=AlertName.POOL,
        labels=pool_labels("desk", POOL, Level.CRITICAL, None),
        started_ns=1,
        ended_ns=ended_ns,
        reason=reason,
        pool=POOL,
        seq=7,
        figures={"margin_ratio": "0.81"},
    )
    return Notification(alert=alert, noted_ns=1)


def test_a_pool_tells_figures_reason_ages_worst_position_and_links() -> None:
    texts = Book().annotator()(pool_alert())
    assert texts["summary"] == f"{POOL} is at CRITICAL: margin ratio 81.00%, headroom 189.90 USD, STALE"
    assert texts["headroom"] == "190.00 USDT"
    assert texts["oldest_price_age_s"] == "41.2"
    assert texts["decided_margin_ratio"] == "0.81"
    assert "Worst position: long 1 sim:BTCUSDT" in texts["description"]
    assert texts["board_url"] == "https://risk.example.org/"
    assert texts["pool_url"].endswith("/api/v1/pools/sim%3Acarol%2Fisolated%2FBTC%252FUSDT")
    assert texts["runbook_url"] == "https://wiki.example.org/alerts#marginwatchpool"
    assert all(texts.values()), "no annotation is empty"
    assert "buffer_ratio" not in texts, "what is not known is left out, never 0"


def test_only_an_end_says_that_the_condition_cleared() -> None:
    annotate = Book().annotator()
    assert "cleared" not in annotate(pool_alert())["reason"]
    assert annotate(pool_alert(AlertReason.SWITCH_OFF, 5))["reason"].startswith("condition cleared")
    assert "left CRITICAL" in annotate(pool_alert(AlertReason.SWITCH_OFF, 5))["summary"]


def test_the_costly_question_is_asked_once_however_often_an_alert_is_told() -> None:
    book = Book()
    annotate = book.annotator()
    for _ in range(5):
        annotate(pool_alert())
    assert book.asked == 1


def test_a_pool_that_is_gone_still_has_what_was_decided() -> None:
    book = Book()
    book.pool = None
    texts = book.annotator()(pool_alert(AlertReason.ACCOUNT_REMOVED, 5))
    assert texts["summary"] == f"{POOL} left CRITICAL"
    assert texts["decided_margin_ratio"] == "0.81"


def test_blindness_tells_count_and_equity() -> None:
    alert = Alert(
        alert_id="2",
        name=AlertName.BLIND,
        labels=blind_labels("desk", "sim", BlindCause.PRICE, Severity.WARNING),
        started_ns=1,
        reason=AlertReason.INPUTS_LOST,
    )
    texts = Book().annotator()(Notification(alert=alert, noted_ns=1))
    assert texts["summary"] == "sim: 7 accounts cannot be seen (price)"
    assert texts["equity"] == "at least 1,234 USD (last known)"
    assert texts["subjects"] == "mark/sim:BTCUSDT"
    assert texts["account_count"] == "7"
