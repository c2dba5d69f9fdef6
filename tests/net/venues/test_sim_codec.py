"""The codec alone: every value survives the way out and in, and no frame makes it raise."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings, strategies as st

from monitor.engine.values import FillDirection, Offset, OrderType, Quote, Side, TimeInForce
from monitor.engine.venue import (
    CancelRequest,
    FillReport,
    LookUpRequest,
    OrderReport,
    PlaceRequest,
    QuoteReport,
    ReplaceRequest,
    SnapshotRequest,
    VenueStatus,
)
from monitor.net.venue_sim import wire
from monitor.net.venue_sim.adversary import corrupted
from monitor.net.venue_sim.orders import VenueFill, VenueOrder, quote_wire
from monitor.net.venue_sim.script import Corruption
from monitor.net.venues.frames import Malformed
from monitor.net.venues.sim_codec import SimCodec

MESSAGES = (OrderReport, FillReport, QuoteReport, Malformed)
names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
amounts = st.decimals(min_value=0, max_value=10**12, places=6, allow_nan=False)
some = amounts.filter(lambda number: number > 0)
prices = st.none() | some
moments = st.integers(0, 2**62)

orders = st.builds(
    VenueOrder,
    account_id=st.just("acc"),
    venue_order_id=names,
    client_order_id=names,
    symbol=names,
    side=st.sampled_from(Side),
    offset=st.sampled_from(Offset),
    type=st.sampled_from(OrderType),
    time_in_force=st.sampled_from(TimeInForce),
    quantity=amounts,
    price=prices,
    trigger_price=prices,
    reduce_only=st.booleans(),
    expires_ns=st.none(),
    time_ns=moments,
    status=st.sampled_from([one for one in VenueStatus if one is not VenueStatus.OTHER]),
    cumulative=amounts,
    notional=amounts,
    reason=names,
    replaces=names,
)
fills = st.builds(
    VenueFill,
    account_id=st.just("acc"),
    venue_order_id=names,
    client_order_id=names,
    venue_trade_id=names,
    symbol=names,
    side=st.sampled_from(Side),
    offset=st.sampled_from(Offset),
    direction=st.sampled_from(FillDirection),
    price=some,
    volume=some,
    fee=amounts.map(lambda number: number - 5),
    fee_currency=names,
    profit=st.none() | amounts.map(lambda number: 3 - number),
    chain=names,
    liquidation=st.booleans(),
    time_ns=moments,
)
quotes = st.builds(
    Quote, symbol=names, last=prices, bid=prices, ask=prices, bid_volume=st.none() | amounts, time_ns=moments
)
places = st.builds(
    PlaceRequest,
    venue=st.just("sim"),
    account_id=names,
    client_order_id=names,
    symbol=names,
    side=st.sampled_from(Side),
    offset=st.sampled_from(Offset),
    type=st.sampled_from(OrderType),
    time_in_force=st.sampled_from(TimeInForce),
    quantity=some,
    price=prices,
    trigger_price=prices,
    reduce_only=st.booleans(),
    expires_ns=st.none() | moments,
)


def codec() -> SimCodec:
    return SimCodec("sim", ("acc",))


def pushed(channel: str, data: dict[str, Any]) -> str:
    return wire.encode({"channel": channel, "data": data})


def one_of(frame: str | bytes) -> Any:
    (received,) = codec().decode(frame, 7)
    return received


@settings(deadline=None)
@given(orders)
def test_an_order_arrives_as_the_venue_has_it(order: VenueOrder) -> None:
    report = one_of(pushed("orders", order.wire()))
    assert isinstance(report, OrderReport)
    for name in (
        "venue_order_id",
        "client_order_id",
        "symbol",
        "side",
        "offset",
        "type",
        "quantity",
        "price",
    ):
        assert getattr(report, name) == getattr(order, name)
    assert (report.cumulative, report.status, report.replaces) == (
        order.cumulative,
        order.status,
        order.replaces,
    )
    assert (report.trigger_price, report.time_ns) == (order.trigger_price, order.time_ns)


@settings(deadline=None)
@given(fills)
def test_a_fill_arrives_to_the_last_digit(fill: VenueFill) -> None:
    report = one_of(pushed("fills", fill.wire()))
    assert msgspec.structs.asdict(report) == msgspec.structs.asdict(fill)


@settings(deadline=None)
@given(quotes)
def test_a_quote_arrives_as_written(quote: Quote) -> None:
    report = one_of(pushed("quotes", quote_wire(quote)))
    assert report == QuoteReport(quote=msgspec.structs.replace(quote, received_ns=7))


@settings(deadline=None)
@given(places)
def test_a_place_request_is_read_by_the_venue_as_it_was_meant(request: PlaceRequest) -> None:
    number, frame = codec().encode(request, 0)
    asked = wire.read(frame)
    assert isinstance(asked, wire.Place)
    assert asked.id == number
    for name in wire.Place.__struct_fields__:
        if name != "id":
            assert getattr(asked, name) == getattr(request, name)


def test_the_other_requests_are_read_as_meant() -> None:
    who = {"venue": "sim", "account_id": "acc", "client_order_id": "c1", "venue_order_id": "V1"}
    kinds = {CancelRequest(**who): wire.Cancel, LookUpRequest(**who): wire.LookUp}
    for request, kind in kinds.items():
        asked = wire.read(codec().encode(request, 0)[1])
        assert isinstance(asked, kind)
        assert (asked.client_order_id, asked.venue_order_id) == ("c1", "V1")
    changed = wire.read(codec().encode(ReplaceRequest(**who, price=Decimal("1.50")), 0)[1])
    assert isinstance(changed, wire.Replace)
    assert (str(changed.price), changed.quantity) == ("1.50", None)
    snapshot = wire.read(
        codec().encode(SnapshotRequest(venue="sim", account_id="acc", fills_since_ns=5), 0)[1]
    )
    assert snapshot == wire.Snapshot(id=1, account_id="acc", fills_since_ns=5)


def test_a_word_nobody_knows_is_kept_and_never_final() -> None:
    report = one_of(
        '{"channel":"orders","data":{"account_id":"acc","venue_order_id":"V1","status":"siblingFilled"}}'
    )
    assert (report.status, report.raw_status) == (VenueStatus.OTHER, "siblingFilled")
    assert not report.status.final


def test_numbers_may_be_json_numbers_and_stay_exact() -> None:
    report = one_of(
        '{"channel":"orders","data":{"account_id":"acc","venue_order_id":"V1","status":"open","price":0.1000000001}}'
    )
    assert report.price == Decimal("0.1000000001")


def test_what_is_about_others_is_not_passed_on() -> None:
    frame = '{"channel":"orders","data":{"account_id":"other","venue_order_id":"V1","status":"open"}}'
    assert isinstance(one_of(frame), Malformed)


def test_an_answer_is_understood_once() -> None:
    ours = codec()
    number, _ = ours.encode(LookUpRequest(venue="sim", account_id="acc", client_order_id="c1"), 5)
    frame = json.dumps({"id": number, "ok": False, "error": {"code": "unknown_order"}})
    assert len(ours.decode(frame, 6)) == 1
    assert ours.decode(frame, 7) == []


# Frames nobody should send -------------------------------------------------------------------
@settings(deadline=None)
@given(st.text() | st.binary())
def test_no_frame_makes_it_raise(frame: str | bytes) -> None:
    for received in codec().decode(frame, 0):
        assert isinstance(received, Malformed)
        assert received.reason


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
channels = st.sampled_from(["orders", "fills", "quotes", "money", "settlement", "?"])
fields = st.dictionaries(st.sampled_from([*VenueFill.__struct_fields__, "status", "quantity"]), json_values)


@settings(deadline=None)
@given(channels, fields | json_values)
def test_no_push_makes_it_raise(channel: str, data: object) -> None:
    for received in codec().decode(json.dumps({"channel": channel, "data": data}), 0):
        assert isinstance(received, MESSAGES)


@settings(deadline=None)
@given(json_values, json_values)
def test_no_answer_makes_it_raise_and_each_settles_its_request(result: object, error: object) -> None:
    for frame in ({"ok": True, "result": result}, {"ok": False, "error": error}, {"result": result}):
        ours = codec()
        number, _ = ours.encode(LookUpRequest(venue="sim", account_id="acc", client_order_id="c1"), 5)
        received = ours.decode(json.dumps({"id": number, **frame}), 6)
        assert ours.answered(number)
        assert received


@settings(deadline=None)
@given(orders, fills, st.sampled_from(Corruption), st.integers())
def test_a_corrupted_frame_is_malformed_or_says_nothing_false(
    order: VenueOrder, fill: VenueFill, how: Corruption, seed: int
) -> None:
    """What is still understood differs from what was sent by what is unknown only."""
    for channel, data in (("orders", order.wire()), ("fills", fill.wire())):
        sound = one_of(pushed(channel, data))
        for received in codec().decode(corrupted(pushed(channel, data), how, Random(seed)), 7):
            if isinstance(received, Malformed):
                continue
            assert type(received) is type(sound)
            for name in type(sound).__struct_fields__:
                assert getattr(received, name) in (getattr(sound, name), None, "")


def test_the_worst_frames_are_malformed() -> None:
    worst = [
        "[" * 100_000,
        '{"channel":"orders","data":' + "[" * 100_000,
        '{"channel":"fills","data":{"account_id":"\ud800"}}',
        '{"id":' + "9" * 400 + "}",
        '{"id":-1,"ok":true}',
        "NaN",
        "",
        '{"channel":"settlement","data":{"day":"x","prices":{"a":"NaN"}}}',
        '{"channel":"orders","data":{"account_id":"acc","venue_order_id":"V1","status":"open","cumulative":"-1"}}',
    ]
    assert all(isinstance(one_of(frame), Malformed) for frame in worst)
