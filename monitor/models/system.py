"""The tables of the system page: lines to venues, alerts, and the evidence that is waited for."""

from __future__ import annotations

from monitor.engine.rows import AlertRow, EvidenceRow, LinkRow
from monitor.engine.values import LinkState
from monitor.models import columns as c, format as fmt
from monitor.models.columns import Column, TableSpec, Tone
from monitor.models.context import Context
from monitor.models.orders import ACCOUNT, SYMBOL
from monitor.models.tables import LEVEL_RANK, LEVEL_TONES

LINK_MARKS = {
    LinkState.LIVE: "●",
    LinkState.CONNECTING: "○",
    LinkState.DEGRADED: "▲",
    LinkState.LOST: "✕",
}
LINK_TONES = {
    LinkState.LIVE: Tone.GAIN,
    LinkState.CONNECTING: Tone.MUTED,
    LinkState.DEGRADED: Tone.WARN,
    LinkState.LOST: Tone.ERROR,
}
LINK_RANK = {
    LinkState.LOST: 0,
    LinkState.DEGRADED: 1,
    LinkState.CONNECTING: 2,
    LinkState.LIVE: 3,
}


def _next_try(row: LinkRow, context: Context) -> str:
    left = context.until(row.next_try_ns)
    if row.next_try_ns is None or left is None:
        return fmt.DASH
    return f"in {fmt.age(left)}" if left > 0 else "now"


def _round_trip(row: LinkRow, _: Context) -> str:
    return fmt.DASH if row.round_trip_ms is None else f"{fmt.number(row.round_trip_ms, 1)} ms"


LINKS = TableSpec(
    id="links",
    title="Links",
    key=lambda link: link.link_id,
    columns=(
        c.text("venue", "venue", lambda link: link.venue, width=110),
        c.word("side", "line", lambda link: link.side, width=64),
        Column(
            id="state",
            title="state",
            value=lambda link: link.state,
            text=lambda link, _: f"{LINK_MARKS[link.state]} {link.state}",
            sort=lambda link, _: LINK_RANK[link.state],
            tone=lambda link, _: LINK_TONES[link.state],
            width=96,
            search=True,
        ),
        c.age("message_age", "last message", lambda link: link.last_message_ns, width=92),
        c.figure("round_trip", "round trip", lambda link: link.round_trip_ms, _round_trip, width=84),
        c.volume("retries", "retries", lambda link: link.attempt or None, width=56),
        Column(
            id="next_try",
            title="next try",
            value=lambda link: link.next_try_ns,
            text=_next_try,
            sort=lambda link, _: link.next_try_ns,
            ages=True,
            width=76,
        ),
        c.text("reason", "reason", lambda link: link.reason, width=260, stretch=True),
    ),
    sort=(("venue", False), ("side", False)),
)


def alert_state(row: AlertRow, context: Context) -> str:
    """Whether it still stands, else how it was settled."""
    if row.settled_ns is None:
        return "stands"
    return f"noted, {row.by}" if row.by else "over"


ALERTS = TableSpec(
    id="alerts",
    title="Alerts",
    key=lambda alert: alert.alert_id,
    columns=(
        c.time("time", "since", lambda alert: alert.time_ns),
        Column(
            id="level",
            title="level",
            value=lambda alert: alert.level,
            text=lambda alert, _: str(alert.level),
            sort=lambda alert, _: LEVEL_RANK[alert.level],
            tone=lambda alert, _: Tone.MUTED if alert.settled_ns is not None else LEVEL_TONES[alert.level],
            width=72,
            search=True,
        ),
        Column(
            id="state",
            title="state",
            value=lambda alert: (alert.settled_ns, alert.by),
            text=alert_state,
            sort=lambda alert, _: 0 if alert.settled_ns is None else 1,
            tone=lambda alert, _: Tone.MUTED if alert.settled_ns is not None else Tone.PLAIN,
            width=128,
            search=True,
        ),
        c.text("cause", "cause", lambda alert: alert.cause, width=140),
        c.identity("order_id", "order", lambda alert: alert.order_id, width=56),
        c.text("message", "message", lambda alert: alert.message, width=340, stretch=True),
        SYMBOL,
        ACCOUNT,
        c.time("settled", "settled", lambda alert: alert.settled_ns, hidden=True),
        c.identity("alert_id", "alert", lambda alert: alert.alert_id, aliases=("id",), hidden=True),
    ),
    sort=(("state", False), ("time", True)),
    cap=10_000,
)


def _until(row: EvidenceRow, context: Context) -> str:
    left = context.until(row.until_ns)
    if left is None:
        return fmt.DASH if row.until_ns is None else fmt.clock(row.until_ns, context.zone)
    return fmt.age(left) if left > 0 else "over"


EVIDENCE = TableSpec(
    id="evidence",
    title="Evidence",
    key=lambda e: e.evidence_id,
    columns=(
        c.text(
            "kind",
            "kind",
            lambda e: e.kind,
            width=110,
            tone=lambda e, _: Tone.WARN if e.kind == "unknown order" else Tone.PLAIN,
            help="What was heard that cannot be acted upon yet",
        ),
        c.identity("order_id", "order", lambda e: e.order_id, aliases=("id",), width=56),
        c.text("venue_id", "venue order", lambda e: e.venue_order_id, width=130),
        SYMBOL,
        c.time("since", "since", lambda e: e.since_ns),
        c.age("age", "age", lambda e: e.since_ns),
        Column(
            id="until",
            title="waited for",
            value=lambda e: e.until_ns,
            text=_until,
            sort=lambda e, _: e.until_ns,
            align=c.Align.RIGHT,
            ages=True,
            width=78,
            help="How much longer it is waited for; it is remembered beyond that",
        ),
        c.text("detail", "detail", lambda e: e.detail, width=320, stretch=True),
        ACCOUNT,
        c.text("evidence_id", "evidence", lambda e: e.evidence_id, hidden=True),
    ),
    sort=(("since", True),),
)
