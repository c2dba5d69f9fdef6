"""Which lots a fill took may be told late, twice, or by one channel only: the account is the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from trading_world import START, SYMBOL, S

from monitor.engine import commands as cmd
from monitor.engine.accounts import identities
from monitor.engine.guards import GuardLimits
from monitor.engine.ledger import PositionMode
from monitor.engine.trading.terms import AccountTerms, TradingTerms, VenueTerms
from monitor.engine.trading.trading import Trading
from monitor.engine.values import (
    ZERO,
    Direction,
    FillDirection,
    Instrument,
    LinkSide,
    LinkState,
    Offset,
    OrderType,
    RecordType,
    Side,
)
from monitor.engine.venue import (
    FillReport,
    InstrumentReport,
    LinkReport,
    OrderReport,
    SnapshotRequest,
    VenueMessage,
    VenueSnapshot,
    VenueStatus,
)

OFF = GuardLimits(duplicate="off", order_rate="off", stale_quote="off", price_band="off")
OWN, OTHERS = "own", "others"
LONG, SHORT = Direction.LONG, Direction.SHORT


def engine() -> Trading:
    terms = TradingTerms(
        prefix="t",
        venues=(VenueTerms(name="sim"),),
        accounts=tuple(
            AccountTerms(
                account_id=name,
                venue="sim",
                currency="USD",
                balance=Decimal(10_000),
                mode=PositionMode.HEDGING,
                watched=name == OTHERS,
            )
            for name in (OWN, OTHERS)
        ),
        guards=OFF,
    )
    trading = Trading(terms)
    trading.hear(InstrumentReport(instruments=(Instrument(symbol=SYMBOL, currency="USD"),)), START)
    return trading


def report(name: str, side: Side, quantity: int, account: str = OTHERS, **more: Any) -> OrderReport:
    more.setdefault("status", VenueStatus.OPEN)
    return OrderReport(
        account_id=account,
        venue_order_id=name,
        symbol=SYMBOL,
        side=side,
        quantity=Decimal(quantity),
        **more,
    )


def fill(
    name: str, side: Side, price: int, volume: int, at: int, account: str = OTHERS, **more: Any
) -> FillReport:
    more.setdefault("venue_trade_id", f"T{name}")
    return FillReport(
        account_id=account,
        venue_order_id=name,
        symbol=SYMBOL,
        side=side,
        price=Decimal(price),
        volume=Decimal(volume),
        time_ns=START + at * S,
        **more,
    )


def heard(messages: Iterable[VenueMessage]) -> Trading:
    trading = engine()
    for message in messages:
        trading.hear(message, START + 100 * S)
        assert identities(trading.state.accounts[OTHERS]) == []
    return trading


def told(trading: Trading, account_id: str = OTHERS) -> dict[str, Any]:
    """Everything that depends on which lots were taken."""
    state = trading.state
    account = state.accounts[account_id]
    orders = {
        order.venue_order_id: (order.row().offset, round(state.profits.get(order_id, ZERO), 6))
        for order_id, order in state.book.orders.items()  # rows, and what moves them, have eight digits
    }
    trades = {t.venue_trade_id: (t.offset, t.realised_profit) for t in state.trades.values()}
    return {
        "held": {d: account.volume(SYMBOL, d) for d in Direction},
        "excess": account.excess,
        "realised": account.ledger.realised,
        "orders": dict(sorted(orders.items())),
        "trades": dict(sorted(trades.items())),
    }


def recorded(trading: Trading, direction: Direction) -> Decimal:
    """What the records of positions sum up to."""
    rows = trading.records.newest().values()
    return sum((row.change for row in rows if row.direction is direction), ZERO)


OPENED = [
    report("1", Side.BUY, 2, offset=Offset.OPEN),
    fill("1", Side.BUY, 100, 2, 1, offset=Offset.OPEN),
]
TELLERS = {
    "the fill": [
        report("2", Side.SELL, 2),
        fill("2", Side.SELL, 110, 2, 2, offset=Offset.CLOSE),
    ],
    "the fill's direction": [
        report("2", Side.SELL, 2),
        fill("2", Side.SELL, 110, 2, 2, direction=FillDirection.CLOSE_LONG),
    ],
    "the report": [
        report("2", Side.SELL, 2, offset=Offset.CLOSE),
        fill("2", Side.SELL, 110, 2, 2),
    ],
    "the final report": [
        report("2", Side.SELL, 2),
        fill("2", Side.SELL, 110, 2, 2),
        report("2", Side.SELL, 2, offset=Offset.CLOSE, status=VenueStatus.FILLED, cumulative=Decimal(2)),
    ],
    "the same fill on another channel": [
        report("2", Side.SELL, 2),
        fill("2", Side.SELL, 110, 2, 2),
        fill("2", Side.SELL, 110, 2, 2, offset=Offset.CLOSE),
    ],
    "another fill of the order": [
        report("2", Side.SELL, 2),
        fill("2", Side.SELL, 110, 1, 2, venue_trade_id="Ta"),
        fill("2", Side.SELL, 110, 1, 2, venue_trade_id="Tb", offset=Offset.CLOSE),
    ],
}


@pytest.mark.parametrize("teller", TELLERS)
def test_one_word_is_enough_to_know_that_a_position_was_closed(teller: str) -> None:
    views = []
    for order in itertools.permutations([*OPENED, *TELLERS[teller]]):
        trading = heard(order)
        views.append(told(trading))
        assert recorded(trading, LONG) == recorded(trading, SHORT) == 0
    assert views[0]["held"] == {LONG: 0, SHORT: 0}
    assert views[0]["excess"] == {}
    assert views[0]["realised"] == 20
    assert views[0]["orders"] == {"1": (Offset.OPEN, 0), "2": (Offset.CLOSE, 20)}
    assert all(view == views[0] for view in views)


def test_what_was_booked_otherwise_is_put_right_in_the_records() -> None:
    trading = heard(OPENED)
    trading.hear(fill("2", Side.SELL, 110, 2, 2), START + 100 * S)
    assert told(trading)["held"] == {LONG: 2, SHORT: 2}
    before = trading.records.newest()
    trading.hear(report("2", Side.SELL, 2, offset=Offset.CLOSE), START + 101 * S)
    rows = [row for number, row in trading.records.newest().items() if number not in before]
    assert [(row.direction, row.change, row.volume, row.type) for row in rows] == [
        (LONG, -2, 0, RecordType.CORRECTION),
        (SHORT, -2, 0, RecordType.CORRECTION),
    ]
    assert sum(row.realised_profit for row in rows) == 20


@st.composite
def histories(draw: st.DrawFn) -> list[VenueMessage]:
    """Orders of others, each of which tells its offset somewhere, or never closes anything. Channels
    may differ in which kind of lots were closed."""
    messages: list[VenueMessage] = []
    for number in range(draw(st.integers(1, 4))):
        name, side = str(number), draw(st.sampled_from(Side))
        offset = draw(st.sampled_from(Offset))
        words = draw(st.lists(st.sampled_from(["report", "fill", "twin", "direction"]), max_size=3))
        volumes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))
        if offset is not Offset.OPEN and not words:
            words = ["report"]
        closes = st.sampled_from([Offset.CLOSE, Offset.CLOSE_TODAY, Offset.CLOSE_YESTERDAY])
        where = {word: offset if offset is Offset.OPEN else draw(closes) for word in words}
        messages.append(report(name, side, sum(volumes), offset=where.get("report")))
        for count, volume in enumerate(volumes):
            more: dict[str, Any] = {"venue_trade_id": f"{name}-{count}"}
            at = draw(st.integers(1, 3))
            price = draw(st.integers(90, 110))
            direction = direction_of(side, offset) if "direction" in words else None
            messages.append(
                fill(name, side, price, volume, at, offset=where.get("fill"), direction=direction, **more)
            )
            if "twin" in words:
                messages.append(fill(name, side, price, volume, at, offset=where["twin"], **more))
    return messages


def direction_of(side: Side, offset: Offset) -> FillDirection:
    if offset is Offset.OPEN:
        return FillDirection.OPEN_LONG if side is Side.BUY else FillDirection.OPEN_SHORT
    return FillDirection.CLOSE_SHORT if side is Side.BUY else FillDirection.CLOSE_LONG


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_order_of_arrival_gives_the_same_account(data: st.DataObject) -> None:
    messages = data.draw(histories())
    one, two = heard(messages), heard(data.draw(st.permutations(messages)))
    assert told(one) == told(two)
    for direction in Direction:
        held = told(two)["held"][direction]
        assert recorded(two, direction) == held
    again = Trading(two.terms)
    for _ in again.restore(two.take_records()):
        pass
    assert told(again) == told(two)


def test_a_fill_of_our_own_close_that_was_taken_for_anothers_closes_after_all() -> None:
    """Its acknowledgement is late: the fill bears only the venue's id, which nobody knows yet."""
    trading = engine()
    now = START + 10 * S
    for side in LinkSide:
        trading.hear(LinkReport(venue="sim", side=side, state=LinkState.LIVE), now)
    for question in trading.questions():
        assert isinstance(question, SnapshotRequest)
        trading.hear(_nothing(question.account_id, now), now)
    trading.hear(fill("1", Side.BUY, 100, 2, 1, account=OWN, offset=Offset.OPEN), now)
    client_id = _close(trading, now)
    trading.hear(fill("2", Side.SELL, 110, 2, 12, account=OWN), now + 2 * S)
    trading.tick(now + 8 * S)
    assert told(trading, OWN)["held"] == {LONG: 2, SHORT: 2}
    trading.hear(report("2", Side.SELL, 2, account=OWN, client_order_id=client_id), now + 9 * S)
    view = told(trading, OWN)
    assert (view["held"], view["realised"]) == ({LONG: 0, SHORT: 0}, 20)
    assert view["trades"]["T2"] == (Offset.CLOSE, 20)


def _close(trading: Trading, now_ns: int) -> str:
    reply = trading.handle(
        cmd.SubmitOrder(
            strategy_id=0,
            account_id=OWN,
            symbol=SYMBOL,
            side=Side.SELL,
            offset=Offset.CLOSE,
            type=OrderType.LIMIT,
            quantity=Decimal(2),
            price=Decimal(110),
        ),
        now_ns,
    )
    assert not reply.reason
    (request,) = trading.take_requests()
    return request.client_order_id


def _nothing(account_id: str, now_ns: int) -> VenueSnapshot:
    return VenueSnapshot(
        account_id=account_id, polled_ns=now_ns, open_orders=(), fills=(), positions=(), currency="USD"
    )
