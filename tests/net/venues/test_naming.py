"""Accounts of two venues under one roof: names that differ inside, and what each venue is told and says."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, strategies as st

from monitor.engine.values import Instrument, LinkSide, LinkState, Quote, Side
from monitor.engine.venue import (
    AnyRequest,
    CancelRequest,
    FillReport,
    InstrumentReport,
    LinkReport,
    OrderReport,
    QuoteReport,
    SettlementReport,
    SnapshotRequest,
    VenueMessage,
    VenueSnapshot,
    VenueStatus,
)
from monitor.net.venues import OnMessage
from monitor.net.venues.naming import NamedGateway, names_inside

NAMES = st.lists(st.sampled_from(["a", "b", "v:a", "v:v:a", "c"]), unique=True)


@given(NAMES, NAMES)
def test_names_inside_differ_and_are_kept_where_they_can_be(there: list[str], taken: list[str]) -> None:
    inside = names_inside("v", there, taken)
    assert list(inside) == there
    assert len({*inside.values(), *taken}) == len(there) + len(taken)
    for account_id, name in inside.items():
        assert name == account_id or name.startswith("v:")
        assert name == account_id or account_id in {*taken, *inside.values()}


class Line:
    """A gateway that keeps what it is sent, and says what a test says."""

    def __init__(self, on_message: OnMessage) -> None:
        self.say = on_message
        self.sent: list[AnyRequest] = []
        self.ran = self.reconnected = False

    venue = "v"

    async def run(self) -> None:
        self.ran = True

    def send(self, request: AnyRequest) -> None:
        self.sent.append(request)

    def reconnect(self) -> None:
        self.reconnected = True


def pair() -> tuple[NamedGateway, Line, list[VenueMessage]]:
    heard: list[VenueMessage] = []
    lines: list[Line] = []

    def make(on_message: OnMessage) -> Line:
        lines.append(Line(on_message))
        return lines[-1]

    gateway = NamedGateway("v", {"a": "v:a", "b": "b"}, heard.append, make)
    return gateway, lines[0], heard


async def test_a_venue_is_told_its_own_names() -> None:
    gateway, line, _ = pair()
    gateway.send(CancelRequest(venue="v", account_id="v:a", client_order_id="t-1"))
    gateway.send(SnapshotRequest(venue="v", account_id="b"))
    assert [request.account_id for request in line.sent] == ["a", "b"]
    gateway.reconnect()
    await gateway.run()
    assert (gateway.venue, line.ran, line.reconnected) == ("v", True, True)


def order(account_id: str) -> OrderReport:
    return OrderReport(account_id=account_id, status=VenueStatus.OPEN, venue_order_id="V1")


def fill(account_id: str) -> FillReport:
    return FillReport(
        account_id=account_id,
        venue_order_id="V1",
        venue_trade_id="T1",
        symbol="X",
        side=Side.BUY,
        price=Decimal(1),
        volume=Decimal(1),
    )


def snapshot(account_id: str) -> VenueSnapshot:
    return VenueSnapshot(
        account_id=account_id,
        polled_ns=1,
        open_orders=(order(account_id),),
        fills=(fill(account_id),),
        positions=(),
    )


def test_what_it_says_is_of_the_names_inside() -> None:
    _, line, heard = pair()
    for message in (order("a"), fill("a"), snapshot("a"), order("b"), snapshot("b")):
        line.say(message)
    assert heard == [order("v:a"), fill("v:a"), snapshot("v:a"), order("b"), snapshot("b")]


def test_prices_and_lists_are_the_venues() -> None:
    _, line, heard = pair()
    link = LinkReport(venue="v", side=LinkSide.ORDERS, state=LinkState.LIVE)
    day = SettlementReport(day="2026-11-20", prices={})
    quote, listed = Quote(symbol="X", last=Decimal(1)), (Instrument(symbol="X"),)
    for message in (QuoteReport(quote=quote), InstrumentReport(instruments=listed), link, day):
        line.say(message)
    assert heard == [
        QuoteReport(quote=quote, venue="v"),
        InstrumentReport(instruments=listed, venue="v"),
        link,
        day,
    ]
