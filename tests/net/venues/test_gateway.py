"""The gateway against the scripted venue, over a real socket."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import msgspec
import pytest
from venue_world import ACCOUNT, HASTY, MANUAL, QUICK, SYMBOL, TERMS, Listening, gateway_to, place, venue_here

from monitor.engine.values import LinkSide, LinkState, Offset, OrderType, Side, TimeInForce
from monitor.engine.venue import (
    CancelRefused,
    FillReport,
    InstrumentReport,
    LinkReport,
    MoneyReport,
    OrderReport,
    OrderUnknown,
    PlaceRefused,
    QuoteReport,
    ReplaceRefused,
    RequestLost,
    SettlementReport,
    VenueStatus,
)
from monitor.net.venue_sim.script import Corruption, Mishap, Rule, Script


def scripted(*rules: Rule) -> Script:
    return Script(rules=rules)


async def test_an_order_is_accepted_filled_in_parts_and_done() -> None:
    async with venue_here() as venue, gateway_to(venue) as gateway:
        gateway.places("c1")
        accepted = await gateway.hears(OrderReport, client_order_id="c1")
        assert (accepted.status, accepted.cumulative, accepted.polled_ns) == (
            VenueStatus.OPEN,
            Decimal(0),
            None,
        )
        await venue.fills("c1", "0.4", at="101")
        fill = await gateway.hears(FillReport)
        assert (fill.volume, fill.price, fill.side) == (Decimal("0.4"), Decimal(101), Side.BUY)
        assert fill.fee == Decimal("0.0202")
        await venue.fills("c1", at="102")
        done = await gateway.hears(OrderReport, status=VenueStatus.FILLED)
        assert done.cumulative == 1
        position = (await gateway.snapshot()).positions[0]
        assert (position.volume, position.long, position.average_price) == (1, True, Decimal("101.6"))


async def test_it_greets_first_and_then_says_that_both_sides_are_live() -> None:
    async with venue_here(TERMS) as venue, gateway_to(venue) as gateway:
        await gateway.hears(LinkReport, side=LinkSide.MARKET, state=LinkState.LIVE)
        kinds = [type(one) for one in gateway.said]
        assert kinds.index(InstrumentReport) < kinds.index(LinkReport, 2)
        first = gateway.of(LinkReport)[:2]
        assert {one.state for one in first} == {LinkState.CONNECTING}
        quote = await gateway.hears(QuoteReport)
        assert quote.quote.received_ns > 0
        beat = await gateway.hears(LinkReport, len(gateway.said))
        assert beat.round_trip_ms is not None
        assert beat.last_message_ns is not None


async def test_a_refusal_is_definite_and_says_whether_it_may_pass() -> None:
    async with venue_here() as venue, gateway_to(venue) as gateway:
        await venue.refuses_next(code="too_many_requests", retryable=True)
        gateway.places("c1")
        refused = await gateway.hears(PlaceRefused)
        assert (refused.client_order_id, refused.retryable, refused.attempt) == ("c1", True, 1)
        before = gateway.places("c1", price="100.3", attempt=2)
        refused = await gateway.hears(PlaceRefused, before)
        assert (refused.retryable, refused.attempt) == (False, 2)
        assert "bad_price" in refused.reason
        assert (await venue.truth()).orders == []


async def test_a_second_order_of_the_same_name_is_not_made_and_not_said_to_be_refused() -> None:
    """The venue has an order of this name, so "refused" would be a lie: it is to be looked up."""
    async with venue_here() as venue, gateway_to(venue) as gateway:
        gateway.places("c1")
        await gateway.hears(OrderReport)
        gateway.places("c1")
        lost = await gateway.hears(RequestLost)
        assert not lost.never_sent
        assert len((await venue.truth()).orders) == 1


async def test_an_unknown_error_is_no_certainty() -> None:
    async with venue_here() as venue, gateway_to(venue) as gateway:
        await venue.refuses_next(code="something_new")
        gateway.places("c1")
        assert not (await gateway.hears(RequestLost, client_order_id="c1")).never_sent


async def test_cancel_and_its_refusals() -> None:
    async with venue_here() as venue, gateway_to(venue) as gateway:
        gateway.cancels("nobody")
        assert (await gateway.hears(CancelRefused)).gone
        gateway.places("c1")
        gateway.cancels("c1")
        await gateway.hears(OrderReport, status=VenueStatus.CANCELED)
        before = gateway.cancels("c1")
        assert (await gateway.hears(CancelRefused, before)).gone


async def test_a_replaced_order_goes_on_under_a_new_id() -> None:
    async with venue_here() as venue, gateway_to(venue) as gateway:
        gateway.places("c1", quantity=Decimal(3))
        first = await gateway.hears(OrderReport)
        await venue.fills("c1", "1")
        gateway.replaces("c1", quantity=Decimal(5), price=Decimal("101.0"))
        second = await gateway.hears(OrderReport, replaces=first.venue_order_id)
        assert (second.quantity, second.cumulative, second.price) == (4, 0, Decimal("101.0"))
        old = await gateway.hears(
            OrderReport, venue_order_id=first.venue_order_id, status=VenueStatus.CANCELED
        )
        assert old.cumulative == 1
        before = gateway.replaces("c1", quantity=Decimal(1))
        assert "bad_quantity" in (await gateway.hears(ReplaceRefused, before)).reason
        await venue.fills("c1")
        before = gateway.looks_up("c1")
        legs = [
            await gateway.hears(OrderReport, before, venue_order_id=one.venue_order_id)
            for one in (first, second)
        ]
        assert [one.cumulative for one in legs] == [1, 4]
        assert all(one.polled_ns is not None for one in legs)
        await gateway.hears(FillReport, before, venue_order_id=second.venue_order_id)


async def test_a_look_up_tells_that_there_is_no_such_order() -> None:
    async with venue_here() as venue, gateway_to(venue) as gateway:
        gateway.looks_up("nobody")
        assert (await gateway.hears(OrderUnknown)).polled_ns > 0


async def test_a_gtd_order_and_a_reduce_only_order_arrive_as_meant() -> None:
    async with venue_here() as venue, gateway_to(venue) as gateway:
        gateway.places("c1", time_in_force=TimeInForce.GTD, expires_ns=2**62)
        await gateway.hears(OrderReport)
        gateway.places("c2", reduce_only=True)
        assert "reduce_only" in (await gateway.hears(PlaceRefused)).reason
        assert (await venue.truth()).orders[0]["time_in_force"] == "GTD"


async def test_orders_of_others_money_and_days_are_told() -> None:
    async with venue_here() as venue, gateway_to(venue) as gateway:
        await venue.asks(
            "external", account_id=ACCOUNT, symbol=SYMBOL, side="SELL", quantity="2", price="100"
        )
        external = await gateway.hears(OrderReport, client_order_id="")
        assert (external.side, external.type, external.quantity) == (Side.SELL, OrderType.LIMIT, 2)
        await venue.fills(external.venue_order_id)
        assert (await gateway.hears(FillReport)).offset is Offset.OPEN
        await venue.asks("liquidate", account_id=ACCOUNT, symbol=SYMBOL, price="110")
        forced = await gateway.hears(FillReport, liquidation=True)
        assert forced.profit == -20
        await venue.asks("fund", account_id=ACCOUNT, amount="-1.5", symbol=SYMBOL)
        assert (await gateway.hears(MoneyReport)).amount == Decimal("-1.5")
        await venue.asks("settle", day="2026-11-21", prices={SYMBOL: "105"})
        assert (await gateway.hears(SettlementReport)).prices == {SYMBOL: Decimal(105)}


# What cannot be known ------------------------------------------------------------------------
async def test_a_request_without_a_line_was_never_sent_and_nothing_is_said_inside_send() -> None:
    async with venue_here() as venue:
        listening = Listening(venue.url, QUICK)
        listening.places("c1")
        assert listening.said == []
        assert (await listening.hears(RequestLost, client_order_id="c1")).never_sent
    assert (listening.of(RequestLost)[0].request, listening.of(RequestLost)[0].attempt) == ("place", 1)


async def test_an_answer_that_never_comes_is_a_request_lost_and_the_order_is_there() -> None:
    script = scripted(Rule(do=Mishap.DROP, on=("answer:place",), times=1))
    async with venue_here(script=script) as venue, gateway_to(venue, HASTY) as gateway:
        gateway.places("c1")
        assert not (await gateway.hears(RequestLost, client_order_id="c1")).never_sent
        gateway.looks_up("c1")
        found = await gateway.hears(OrderReport, polled_ns=gateway.of(OrderReport)[-1].polled_ns)
        assert found.client_order_id == "c1"
        assert (await venue.truth()).received("place", "c1") == 1


async def test_an_answer_after_the_time_out_is_still_heard() -> None:
    rule = Rule(do=Mishap.DELAY, on=("answer:place",), ms=(400, 400))
    hasty = msgspec.structs.replace(QUICK, request_timeout_s=0.15)
    async with venue_here() as venue, gateway_to(venue, hasty) as gateway:
        await venue.plays(scripted(rule, Rule(do=Mishap.DROP, on=("orders",))))
        gateway.places("c1")
        await gateway.hears(RequestLost)
        assert (await gateway.hears(OrderReport)).client_order_id == "c1"


async def test_the_line_is_cut_between_acceptance_and_answer() -> None:
    script = scripted(
        Rule(do=Mishap.CUT, on=("answer:place",), after=False, times=1), Rule(do=Mishap.DROP, on=("orders",))
    )
    async with venue_here(script=script) as venue, gateway_to(venue) as gateway:
        before = gateway.places("c1")
        lost = await gateway.hears(RequestLost, client_order_id="c1")
        assert not lost.never_sent
        await gateway.is_live(before)
        snapshot = await gateway.snapshot()
        assert [one.client_order_id for one in snapshot.open_orders] == ["c1"]


async def test_more_than_may_wait_never_leaves() -> None:
    few = msgspec.structs.replace(QUICK, most_waiting=3)
    async with venue_here() as venue, gateway_to(venue, few) as gateway:
        for number in range(5):
            gateway.places(f"c{number}")
        await gateway.until(lambda: len(gateway.of(RequestLost)) == 2)
        assert all(one.never_sent for one in gateway.of(RequestLost))
        await gateway.until(lambda: len({one.client_order_id for one in gateway.of(OrderReport)}) == 3)


# The indicator -------------------------------------------------------------------------------
async def test_silence_is_doubted_then_given_up_and_the_line_made_anew() -> None:
    async with venue_here() as venue, gateway_to(venue, HASTY) as gateway:
        await venue.plays(scripted(Rule(do=Mishap.SILENT, seconds=60, pings=False, times=1)))
        before = len(gateway.said)
        doubted = await gateway.hears(LinkReport, before, state=LinkState.DEGRADED)
        assert "heartbeat" in doubted.reason
        gone = await gateway.hears(LinkReport, before, state=LinkState.LOST)
        assert gone.attempt == 1
        assert gone.next_try_ns is not None
        await venue.plays("calm")
        assert (await gateway.is_live(gateway.said.index(gone))).attempt == 0


async def test_pings_unanswered_while_quotes_go_on_are_not_called_live() -> None:
    async with venue_here(TERMS) as venue, gateway_to(venue, HASTY) as gateway:
        await venue.plays(scripted(Rule(do=Mishap.DROP, on=("answers",))))
        before = len(gateway.said)
        await gateway.hears(LinkReport, before, state=LinkState.DEGRADED)
        assert any(isinstance(one, QuoteReport) for one in gateway.said[before:])


async def test_frames_that_cannot_be_read_are_counted_doubted_and_forgiven() -> None:
    rule = Rule(do=Mishap.CORRUPT, on=("orders",), how=(Corruption.CUT_OFF,), times=1)
    async with venue_here(script=scripted(rule)) as venue, gateway_to(venue) as gateway:
        before = gateway.places("c1")
        doubted = await gateway.hears(LinkReport, before, state=LinkState.DEGRADED)
        assert doubted.reason.startswith("1 frames could not be read")
        await gateway.is_live(gateway.said.index(doubted))


async def test_nothing_but_garbage_cuts_the_line() -> None:
    async with venue_here() as venue, gateway_to(venue) as gateway:
        await venue.plays(scripted(Rule(do=Mishap.CORRUPT, how=(Corruption.FLIP,))))
        before = len(gateway.said)
        for number in range(12):
            gateway.places(f"c{number}")
        gone = await gateway.hears(LinkReport, before, state=LinkState.LOST)
        assert "in a row" in gone.reason


async def test_ten_tries_then_by_hand() -> None:
    async with venue_here() as venue:
        url = venue.url
    listening = Listening(url, msgspec.structs.replace(QUICK, reconnect_s=(0.01,) * 10))
    running = asyncio.create_task(listening.gateway.run())
    try:
        given_up = await listening.hears(LinkReport, next_try_ns=None, state=LinkState.LOST)
        assert "by hand" in given_up.reason
        assert given_up.attempt == 10
        orders = [one for one in listening.of(LinkReport) if one.side is LinkSide.ORDERS]
        tried = [one.attempt for one in orders if one.state is LinkState.CONNECTING]
        assert tried == list(range(11))
        after = len(listening.said)
        listening.gateway.reconnect()
        again = await listening.hears(LinkReport, after, state=LinkState.CONNECTING)
        assert again.attempt == 0
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_the_usual_waits_are_those_of_the_product() -> None:
    from monitor.net.venues.terms import GatewayTerms

    assert GatewayTerms().reconnect_s == (1, 2, 4, 8, 16, 30, 60, 120, 300, 600)


@pytest.mark.parametrize(
    ("accounts", "venue_name", "said"),
    [(("other",), "sim", "no account other"), ((ACCOUNT,), "elsewhere", "it is sim, not elsewhere")],
)
async def test_another_venue_than_meant_is_not_traded_with(
    accounts: tuple[str, ...], venue_name: str, said: str
) -> None:
    async with venue_here() as venue:
        listening = Listening(venue.url, QUICK, venue_name, accounts)
        running = asyncio.create_task(listening.gateway.run())
        lost = await listening.hears(LinkReport, state=LinkState.LOST)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert said in lost.reason


async def test_the_end_of_a_line_tells_of_every_request_once() -> None:
    slow = scripted(Rule(do=Mishap.DELAY, on=("answers",), ms=(500, 500)))
    async with venue_here() as venue, gateway_to(venue) as gateway:
        await venue.plays(slow)
        for number in range(20):
            gateway.asks(place(f"c{number}"))
        await gateway.until(lambda: len(gateway.of(OrderReport)) == 20)
        await venue.cuts()
        await gateway.until(lambda: len(gateway.of(RequestLost)) == 20)
        assert sorted(one.client_order_id for one in gateway.of(RequestLost)) == sorted(
            f"c{n}" for n in range(20)
        )


async def test_quotes_walk_and_a_market_order_fills_at_the_touch() -> None:
    walking = msgspec.structs.replace(MANUAL, manual=False, pace_ms=20)
    async with venue_here(walking) as venue, gateway_to(venue) as gateway:
        quote = (await gateway.hears(QuoteReport)).quote
        assert quote.ask is not None
        gateway.places("c1", price=None, quantity=Decimal("0.001"))
        fill = await gateway.hears(FillReport)
        assert abs(fill.price - quote.ask) < 200


@pytest.mark.parametrize(
    "says", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"\x00\xff" * 50, b"HTTP/1.1 "]
)
async def test_something_else_at_the_address_is_no_venue(says: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(says)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        listening = Listening(url, QUICK)
        running = asyncio.create_task(listening.gateway.run())
        lost = await listening.hears(LinkReport, state=LinkState.LOST)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert lost.reason.startswith("no connection: ")


async def test_a_venue_that_accepts_and_says_nothing_is_given_up() -> None:
    silent = scripted(Rule(do=Mishap.SILENT, seconds=60, pings=False))
    async with venue_here(script=silent) as venue, gateway_to(venue, HASTY, live=False) as gateway:
        lost = await gateway.hears(LinkReport, state=LinkState.LOST)
        assert lost.reason == "no answer to hello"
        assert LinkState.LIVE not in {one.state for one in gateway.of(LinkReport)}
