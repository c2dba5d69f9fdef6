"""An address that is only watched began to trade before we looked: the venue's word is the truth."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from monitor.engine import events as ev
from monitor.engine.accounts import identities
from monitor.engine.trading.terms import AccountTerms, TradingTerms, VenueTerms
from monitor.engine.trading.trading import Trading
from monitor.engine.values import (
    NS_PER_SECOND,
    ZERO,
    Direction,
    FillDirection,
    Instrument,
    RecordType,
    Side,
    SignalKind,
)
from monitor.engine.venue import FillReport, InstrumentReport, OrderReport, VenueMessage, VenueStatus

ADDRESS = "0x1"
BTC = "HYPERLIQUID.BTC"
START = 1_700_000_000 * NS_PER_SECOND


def watching(symbols: Iterable[str], messages: Iterable[VenueMessage]) -> Trading:
    terms = TradingTerms(
        prefix="t",
        venues=(VenueTerms(name="hl"),),
        accounts=(AccountTerms(account_id=ADDRESS, venue="hl", currency="USDC", watched=True),),
    )
    trading = Trading(terms)
    listed = tuple(Instrument(symbol=symbol, currency="USDC", zone="UTC") for symbol in symbols)
    trading.hear(InstrumentReport(instruments=listed), START)
    for message in messages:
        trading.hear(message, START + NS_PER_SECOND)
    trading.tick(START + 3_600 * NS_PER_SECOND)
    return trading


def finished(trading: Trading) -> list[ev.SignalEmitted]:
    facts = [ev.DECODER.decode(record.payload) for record in trading.take_records()]
    return [f for f in facts if isinstance(f, ev.SignalEmitted) and f.kind is SignalKind.FINISHED]


def done(name: str, side: Side, quantity: str, symbol: str = BTC) -> OrderReport:
    return OrderReport(
        account_id=ADDRESS,
        venue_order_id=name,
        status=VenueStatus.FILLED,
        symbol=symbol,
        side=side,
        quantity=Decimal(quantity),
        cumulative=Decimal(quantity),
    )


def fill(trade: str, side: Side, price: str, volume: str, at: int, **more: Any) -> FillReport:
    return FillReport(
        account_id=ADDRESS,
        venue_order_id="9",
        venue_trade_id=trade,
        symbol=BTC,
        side=side,
        price=Decimal(price),
        volume=Decimal(volume),
        time_ns=START + at,
        **more,
    )


def test_a_close_of_what_was_opened_before_we_looked_closes_it_at_the_venues_profit() -> None:
    sold = fill(
        "t", Side.SELL, "110", "5", 1, direction=FillDirection.CLOSE_LONG, profit=Decimal(120), chain="5.0"
    )
    for order in itertools.permutations([sold, sold, done("9", Side.SELL, "5")]):
        trading = watching([BTC], order)
        account = trading.state.accounts[ADDRESS]
        assert account.positions() == []
        (signal,) = finished(trading)
        assert (signal.volume, signal.realised_profit) == (5, 120)
        rows = list(trading.records.newest().values())
        assert [(row.direction, row.change, row.volume, row.type) for row in rows] == [
            (Direction.LONG, 5, 5, RecordType.CORRECTION),
            (Direction.LONG, -5, 0, RecordType.EXECUTION),
        ]
        assert identities(account) == []


def test_where_a_venue_tells_the_profit_of_some_fills_the_others_are_counted_by_us() -> None:
    fills = [
        fill("a", Side.SELL, "110", "2", 1, profit=Decimal(48), chain="5.0"),
        fill("b", Side.SELL, "110", "3", 2),
    ]
    (signal,) = finished(watching([BTC], [*fills, done("9", Side.SELL, "5")]))
    assert signal.realised_profit == 48  # what the rest was bought for nobody knows


def test_without_a_word_of_the_venue_profit_is_what_we_count() -> None:
    bought = fill("a", Side.BUY, "100", "5", 1, chain="0.0")
    sold = fill("b", Side.SELL, "110", "5", 2, chain="5.0")
    trading = watching(
        [BTC], [bought, _under("10", sold), done("9", Side.BUY, "5"), done("10", Side.SELL, "5")]
    )
    assert sorted(signal.realised_profit or ZERO for signal in finished(trading)) == [0, 50]


def _under(name: str, report: FillReport) -> FillReport:
    return FillReport(**{**{n: getattr(report, n) for n in report.__struct_fields__}, "venue_order_id": name})


@pytest.mark.parametrize("seed", [0, 1])
def test_500_recorded_fills_realise_what_the_venue_says_they_did(shared_data: Path, seed: int) -> None:
    (answer,) = json.loads((shared_data / "venues/hyperliquid/test_get_user_fills.json").read_text())
    rows = answer["response"]
    messages: list[VenueMessage] = [_recorded(row, number) for number, row in enumerate(rows)]
    for oid, group in itertools.groupby(sorted(rows, key=lambda row: row["oid"]), lambda row: row["oid"]):
        together = list(group)
        quantity = sum(Decimal(row["sz"]) for row in together)
        messages.append(done(str(oid), _side(together[0]), str(quantity), _symbol(together[0])))
    random.Random(seed).shuffle(messages)
    trading = watching(sorted({_symbol(row) for row in rows}), messages)
    signals = finished(trading)
    assert len(signals) == len({row["oid"] for row in rows})
    told = sum((signal.realised_profit or ZERO for signal in signals), ZERO)
    assert told == sum(Decimal(row["closedPnl"]) for row in rows) == Decimal("-152.586132")
    account = trading.state.accounts[ADDRESS]
    assert identities(account) == []
    for symbol in {_symbol(row) for row in rows}:
        own = [row for row in rows if _symbol(row) == symbol]
        last = max(row["time"] for row in own)
        ends = {_end(row) for row in own if row["time"] == last}
        held = account.volume(symbol, Direction.LONG) - account.volume(symbol, Direction.SHORT)
        assert held in ends


def _recorded(row: dict[str, Any], number: int) -> FillReport:
    turned = ">" in row["dir"]
    return FillReport(
        account_id=ADDRESS,
        venue_order_id=str(row["oid"]),
        venue_trade_id=f"{row['hash']}/{number}",
        symbol=_symbol(row),
        side=_side(row),
        price=Decimal(row["px"]),
        volume=Decimal(row["sz"]),
        direction=None if turned else FillDirection(row["dir"]),
        fee=Decimal(row["fee"]),
        fee_currency="USDC",
        profit=Decimal(row["closedPnl"]),
        chain=row["startPosition"],
        time_ns=row["time"] * 1_000_000,
    )


def _symbol(row: dict[str, Any]) -> str:
    return f"HYPERLIQUID.{row['coin']}"


def _side(row: dict[str, Any]) -> Side:
    return Side.BUY if row["side"] == "B" else Side.SELL


def _end(row: dict[str, Any]) -> Decimal:
    size = Decimal(row["sz"])
    return Decimal(row["startPosition"]) + (size if row["side"] == "B" else -size)
