"""Accounts against what venues and other systems recorded: their trades in, their figures out."""

from __future__ import annotations

import itertools
import json
import lzma
import random
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from account_words import LONG, PERPETUAL, SHORT, book, correct, fill, hedged, lots, netted

from monitor.engine.accounts import Account, Fill, identities
from monitor.engine.ledger import Position
from monitor.engine.values import ZERO, Direction, Instrument, Offset, Side

CENT = Decimal("0.01")


# TqSdk's simulator, as recorded on its DIFF line ---------------------------------------------
SESSIONS = {
    "two round trips and a half": "DIFF.c4099a_test_various_combinations_of_order_1.engine.jsonl",
    "one filled, one killed": "DIFF.fddba6_test_td_basic_insert_order_fok_simulate.engine.jsonl",
}
OFFSETS = {"OPEN": Offset.OPEN, "CLOSE": Offset.CLOSE, "CLOSETODAY": Offset.CLOSE_TODAY}


class Pack(NamedTuple):
    """One transaction of the recording: its trades, then the newest account and positions."""

    trades: list[dict[str, Any]]
    account: dict[str, Any] | None
    positions: dict[str, dict[str, Any]]
    margins: dict[str, Decimal]


def packs(file: Path) -> Iterator[Pack]:
    for line in file.read_text(encoding="utf-8").splitlines():
        said = json.loads(line, parse_float=Decimal)
        if said.get("dir") != "rtn":
            continue
        pack = Pack([], None, {}, {})
        for element in said["msg"]["data"]:
            tree = element.get("trade", {}).get("TQSIM", {})
            pack.trades.extend(tree.get("trades", {}).values())
            pack.positions.update(tree.get("positions", {}))
            for order in tree.get("orders", {}).values():
                symbol = f"{order['exchange_id']}.{order['instrument_id']}"
                if order["status"] == "ALIVE" and order["offset"] == "OPEN":
                    per_lot = Decimal(order["frozen_margin"]) / order["volume_orign"]
                    pack.margins[symbol] = per_lot.quantize(CENT)
            pack = pack._replace(account=tree.get("accounts", {}).get("CNY", pack.account))
        yield pack


def recorded_trade(trade: dict[str, Any], number: int) -> Fill:
    return Fill(
        trade_id=number,
        symbol=f"{trade['exchange_id']}.{trade['instrument_id']}",
        side=Side(trade["direction"]),
        offset=OFFSETS[trade["offset"]],
        price=Decimal(trade["price"]),
        volume=Decimal(trade["volume"]),
        time_ns=trade["trade_date_time"],  # the simulator stamps all of a bar alike
        chain=str(number),  # which is what `seqno` of a gateway that counts says
        commission=Decimal(trade["commission"]),
        trade_key=trade["trade_id"],
    )


@pytest.fixture(scope="module")
def listed(shared_data: Path) -> dict[str, Any]:
    (file,) = (shared_data / "instruments").glob("*.json.lzma")
    with lzma.open(file) as table:
        found: dict[str, Any] = json.load(table, parse_float=Decimal)
    return found


def terms(listed: dict[str, Any], symbol: str, margin: Decimal) -> Instrument:
    """As listed; margin as the session froze it (it follows each day's settlement price)."""
    known = listed[symbol]
    return Instrument(
        symbol=symbol,
        tick=Decimal(known["price_tick"]),
        multiplier=Decimal(known["volume_multiple"]),
        margin_rate=ZERO,
        margin_per_lot=margin,
        commission_per_lot=Decimal(known["commission"]),
    )


def number_of(recorded: Any) -> Decimal:
    """Floats were written with their noise: 1427.0000000000002."""
    return Decimal(recorded).quantize(CENT)


@pytest.mark.parametrize("name", SESSIONS)
def test_each_recorded_step_of_a_diff_session(name: str, shared_data: Path, listed: dict[str, Any]) -> None:
    account = hedged(capital=10_000_000)
    margins: dict[str, Decimal] = {}
    trades = checked = 0
    for pack in packs(shared_data / "diff" / SESSIONS[name]):
        margins |= pack.margins
        for trade in pack.trades:
            trades += 1
            one = recorded_trade(trade, trades)
            instrument = terms(listed, one.symbol, margins[one.symbol])
            assert instrument.commission(one.price, one.volume) == one.commission
            account.book(one, instrument)
        for symbol, position in pack.positions.items():
            account.mark(symbol, Decimal(position["last_price"]))
            _compare_position(account, symbol, position)
        if pack.account is not None:
            _compare_account(account, pack.account)
            checked += 1
        assert identities(account) == []
    expected = {"two round trips and a half": (6, 7), "one filled, one killed": (1, 3)}
    assert (trades, checked) == expected[name]


def test_a_diff_session_whose_trades_have_no_number_ends_as_it_did_in_any_order(
    shared_data: Path, listed: dict[str, Any]
) -> None:
    """Six trades of one venue time, named by hashes: which close took which lot nobody can tell, but what
    is held and what was made in all is the venue's."""
    recorded = list(packs(shared_data / "diff" / SESSIONS["two round trips and a half"]))
    trades = [trade for pack in recorded for trade in pack.trades]
    told = next(pack.account for pack in reversed(recorded) if pack.account is not None)
    assert len({trade["trade_date_time"] for trade in trades}) == 1
    for order in itertools.permutations(trades):
        account = hedged(capital=10_000_000)
        for number, trade in enumerate(order, start=1):
            one = msgspec.structs.replace(recorded_trade(trade, number), chain="")
            account.book(one, terms(listed, one.symbol, ZERO))
        assert (account.positions(), account.excess) == ([], {})
        assert account.ledger.realised == number_of(told["close_profit"]) == -70
        assert account.ledger.balance() == number_of(told["balance"])
        assert identities(account) == []


def _compare_account(account: Account, recorded: dict[str, Any]) -> None:
    ledger, frozen = account.ledger, number_of(recorded["frozen_margin"])
    ours = {
        "static_balance": ledger.static_balance,
        "balance": ledger.balance(),
        "available": ledger.available(frozen),
        "margin": ledger.margin(),
        "commission": ledger.commission,
        "close_profit": ledger.realised,
        "position_profit": ledger.unrealised(),
        "float_profit": ledger.floating(),
    }
    assert ours == {name: number_of(recorded[name]) for name in ours}


def _compare_position(account: Account, symbol: str, recorded: dict[str, Any]) -> None:
    last = Decimal(recorded["last_price"])
    for direction, side in ((LONG, "long"), (SHORT, "short")):
        position = account.position(symbol, direction)
        if position is None:  # listed when it was ordered, never traded
            assert recorded["volume_long"] == recorded["volume_short"] == 0
            continue
        assert position.volume_today == recorded[f"volume_{side}_today"]
        assert position.volume_yesterday == recorded[f"volume_{side}_his"]
        assert position.margin(last) == number_of(recorded[f"margin_{side}"])
        assert position.floating(last) == number_of(recorded[f"float_profit_{side}"])
        assert position.unrealised(last) == number_of(recorded[f"position_profit_{side}"])
        if position.volume:
            assert position.average_price == recorded[f"open_price_{side}"]
            assert position.cost_price == recorded[f"position_price_{side}"]
        else:
            assert recorded[f"open_price_{side}"] == recorded[f"position_price_{side}"] == "@nan"


# Hyperliquid: 500 fills of one account, newest first -----------------------------------------
@pytest.fixture(scope="module")
def by_coin(shared_data: Path) -> dict[str, list[dict[str, Any]]]:
    (answer,) = json.loads((shared_data / "venues/hyperliquid/test_get_user_fills.json").read_text())
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in reversed(answer["response"]):
        found[row["coin"]].append(row)
    return found


def coin(name: str) -> Instrument:
    return Instrument(
        symbol=f"HYPERLIQUID.{name}", tick=Decimal("1E-6"), lot=Decimal("1E-5"), currency="USDC"
    )


def hyperliquid(rows: list[dict[str, Any]], of: Instrument, seed: int) -> tuple[Account, dict[int, Any]]:
    """The rows booked in an order that has nothing to do with theirs, on what was held before."""
    account = netted("USDC", capital=0)
    start = Decimal(rows[0]["startPosition"])
    if start:
        price = rows[0]["px"]
        correct(account, LONG if start > 0 else SHORT, str(abs(start)), price, at=1, of=of)
    return account, booked(account, rows, of, seed)


def booked(account: Account, rows: list[dict[str, Any]], of: Instrument, seed: int) -> dict[int, Any]:
    told = {}
    for count, row in enumerate(rows):
        one = fill(
            Side.BUY if row["side"] == "B" else Side.SELL,
            row["px"],
            row["sz"],
            at=row["time"] * 1_000_000,
            of=of,
            chain=row["startPosition"],
            trade_key=str(count),
            commission=row["fee"],
        )
        told[one.trade_id] = (one, row)
    shuffled = list(told.values())
    random.Random(seed).shuffle(shuffled)
    book(account, *(one for one, _ in shuffled), of=of)
    return told


@pytest.mark.parametrize("seed", [0, 1])
def test_fills_of_one_millisecond_find_their_order_in_the_chain(
    by_coin: dict[str, list[dict[str, Any]]], seed: int
) -> None:
    """Position by position as the venue says. Only where its page of 500 begins a fill is missing."""
    missing = {}
    for name, rows in by_coin.items():
        of = coin(name)
        account, told = hyperliquid(rows, of, seed)
        missing |= {(name, told[i][1]["time"]): gap for i, gap in account.gaps.get(of.symbol, {}).items()}
        held = account.volume(of.symbol, LONG) - account.volume(of.symbol, SHORT)
        lost = sum(account.gaps.get(of.symbol, {}).values())
        last = rows[-1]["time"]
        ends = [one for one, row in told.values() if row["time"] == last]
        assert held + lost in {Decimal(e.chain) + e.signed for e in ends}
        assert identities(account) == []
    assert missing == {("SUI", 1683245556146): Decimal("-104.4")}


@pytest.mark.parametrize("seed", [0, 1])
def test_a_watched_address_stands_where_the_venue_says_although_it_traded_before(
    by_coin: dict[str, list[dict[str, Any]]], seed: int
) -> None:
    for name, rows in by_coin.items():
        of = coin(name)
        account = netted("USDC", capital=0, watched=True)
        told = booked(account, rows, of, seed)
        last = rows[-1]["time"]
        ends = [one for one, row in told.values() if row["time"] == last]
        held = account.volume(of.symbol, LONG) - account.volume(of.symbol, SHORT)
        assert held in {Decimal(one.chain) + one.signed for one in ends}
        assert identities(account) == []


def test_closed_profit_is_the_venues_where_its_average_is_the_price_paid(
    by_coin: dict[str, list[dict[str, Any]]],
) -> None:
    """In 2023 this venue let closing fills into its average (its closedPnl of an order that only
    closes tells it) and gave the profit of a turn the sign of the new position. So the first
    close after a position was begun anew can be compared, and of a turn the amount; what else
    it let in at a turn is not known, and 13 of 22 agree to the digit."""
    steps: list[Decimal] = []
    for name, rows in by_coin.items():
        of = coin(name)
        account, told = hyperliquid(rows, of, seed=3)
        plain = False
        for trade_id in account.histories[of.symbol].profits:  # in venue order
            one, row = told[trade_id]
            start = Decimal(one.chain)
            closes = start * one.signed < 0
            if closes and plain:
                ours = account.profit_of(trade_id)
                assert ours is not None
                off = abs(abs(ours) - abs(Decimal(row["closedPnl"]))) / min(one.volume, abs(start))
                steps.append(off.scaleb(5 - one.price.adjusted()))  # it keeps six digits of a price
            if closes:
                plain = one.volume > abs(start)  # turned: the rest was opened at this price
            plain = plain or not start
    assert len(steps) == 22
    assert sum(off < 2 for off in steps) == 13


# Deribit: positions and trades of its documents and recorded frames --------------------------
def held(direction: Direction, size: int, average: str) -> Position:
    position = Position(PERPETUAL, direction)
    position.open(Decimal(average), Decimal(size), 0)
    return position


SATOSHI = Decimal("1E-8")


def test_deribits_position_since_it_was_opened_and_since_its_settlement() -> None:
    """floating_profit_loss counts from the session's settlement price, total from the average."""
    position = held(LONG, 185_160, "15000")
    position.settle(Decimal("16025.83"), 1)
    assert position.average_price == pytest.approx(Decimal(15_000), abs=SATOSHI)
    last = Decimal(17391)
    assert position.unrealised(last) == pytest.approx(Decimal("0.906961435"), abs=SATOSHI)
    assert position.floating(last) == pytest.approx(Decimal("1.69711368"), abs=SATOSHI)
    assert position.value(last, position.volume) == pytest.approx(Decimal("10.646886321"), abs=SATOSHI)
    profit = position.close(last, Decimal(10), 2)
    assert profit == pytest.approx(Decimal("4.898E-5"), abs=SATOSHI)  # the trade's profit_loss


@pytest.mark.parametrize(
    ("direction", "size", "average", "settled", "mark", "floating", "total"),
    [
        (LONG, 50, "7440.18", "7476.65", "7476.65", "0", "0.000032781"),
        (LONG, 200, "49571.3", "48150.36", "48160.55", "8.79E-7", "-0.000118183"),
        (SHORT, 60, "47182.76", None, "45837.07", "0.000037333", "0.000037333"),
    ],
)
def test_deribits_documented_positions(
    direction: Direction, size: int, average: str, settled: str | None, mark: str, floating: str, total: str
) -> None:
    position = held(direction, size, average)
    if settled is not None:
        position.settle(Decimal(settled), 1)
    assert position.unrealised(Decimal(mark)) == pytest.approx(Decimal(floating), abs=SATOSHI)
    assert position.floating(Decimal(mark)) == pytest.approx(Decimal(total), abs=SATOSHI)


def test_deribits_recorded_round_trip(shared_data: Path) -> None:
    trades: dict[str, dict[str, Any]] = {}
    for line in (shared_data / "venues/deribit/frames_user_private.jsonl").read_text().splitlines():
        _find_trades(json.loads(line, parse_float=Decimal), trades)
    of_order = sorted((t for t in trades.values() if t["price"] > 90_000), key=lambda t: t["trade_seq"])
    assert [t["direction"] for t in of_order] == ["sell", "buy"]
    account = netted("BTC", capital=1)
    for trade in of_order:
        one = fill(
            Side(trade["direction"].upper()),
            Decimal(trade["price"]),
            Decimal(trade["amount"]),
            at=trade["timestamp"] * 1_000_000,
            of=PERPETUAL,
            chain=str(trade["trade_seq"]),
            trade_key=trade["trade_id"],
            commission=trade["fee"],
            fee_currency=trade["fee_currency"],
        )
        (booking,) = book(account, one, of=PERPETUAL)
        assert booking.profit == pytest.approx(Decimal(trade["profit_loss"]), abs=SATOSHI)
    assert account.positions() == []
    assert account.ledger.realised == pytest.approx(Decimal("-3.97E-7"), abs=SATOSHI)
    assert account.ledger.commission == Decimal("1.1E-7")
    assert identities(account) == []


def _find_trades(node: Any, found: dict[str, dict[str, Any]]) -> None:
    if isinstance(node, dict):
        if "profit_loss" in node and "trade_id" in node:
            found[node["trade_id"]] = node
        for child in node.values():
            _find_trades(child, found)
    elif isinstance(node, list):
        for child in node:
            _find_trades(child, found)


# CTP: what its flags mean for positions ------------------------------------------------------
def test_ctps_recorded_opening_in_a_night_session(shared_data: Path) -> None:
    records = json.loads((shared_data / "venues/ctp/ctp_real_records.json").read_text())
    trade = records["rtn_order_rtn_trade_log"]["OnRtnTrade"]
    flags = {"0": Offset.OPEN, "1": Offset.CLOSE, "3": Offset.CLOSE_TODAY, "4": Offset.CLOSE_YESTERDAY}
    copper = Instrument(
        symbol=f"{trade['ExchangeID']}.{trade['InstrumentID']}", tick=Decimal(10), multiplier=Decimal(5)
    )
    account = hedged()
    one = fill(
        Side.BUY if trade["Direction"] == "0" else Side.SELL,
        trade["Price"],
        trade["Volume"],
        at=1,
        of=copper,
        offset=flags[trade["OffsetFlag"]],
        chain=trade["TradeID"].strip(),
    )
    book(account, one, of=copper)
    assert lots(account, SHORT, copper) == (1, 0)
    assert account.ledger.margin() == 46400 * 5 * copper.margin_rate


def test_ctps_close_yesterday_takes_yesterdays_lots(shared_data: Path) -> None:
    records = json.loads((shared_data / "venues/ctp/ctp_real_records.json").read_text())
    row = next(r for r in records["order_event_rows"]["rows"] if "CloseYesterday" in r).split(",")
    symbol, price, volume = f"{row[11]}.{row[3]}", Decimal(row[4]), Decimal(row[8])
    steel = Instrument(symbol=symbol, multiplier=Decimal(10))
    account = hedged()
    correct(account, LONG, 6, "2500", at=1, of=steel)
    position = account.position(symbol, LONG)
    assert position is not None
    position.new_day()
    book(account, fill(Side.BUY, 2570, 2, at=2, of=steel), of=steel)
    assert account.ledger.closable(steel, Side.SELL, Offset.CLOSE_YESTERDAY) == volume
    close = fill(Side.SELL, price, volume, at=3, of=steel, offset=Offset.CLOSE_YESTERDAY)
    book(account, close, of=steel)
    assert lots(account, LONG, steel) == (2, 0)
