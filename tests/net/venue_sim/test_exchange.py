"""The exchange alone: what it accepts, how it fills, and that its money adds up."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from monitor.engine.values import ContractKind, Instrument, Offset, OrderType, Side, TimeInForce
from monitor.net.venue_sim import control, wire
from monitor.net.venue_sim.orders import Refusal
from monitor.net.venue_sim.terms import COIN, GOLD, INVERSE, AccountTerms, VenueTerms
from monitor.net.venue_sim.venue import Venue

ACCOUNT = "acc"
D = Decimal


def exchange_of(hedged: bool = False, **terms: Any) -> Desk:
    accounts = (AccountTerms(account_id=ACCOUNT, hedged=hedged),)
    return Desk(VenueTerms(accounts=accounts, **{"manual": False, **terms}))


class Desk:
    """A venue by hand: no walk, only the quotes that are set."""

    def __init__(self, terms: VenueTerms, record: Path | None = None) -> None:
        self.venue = Venue(terms, record=record)
        self.now_ns = 0

    def quote(self, bid: str, ask: str, symbol: str = COIN.symbol, lots: int | None = None) -> None:
        volume = None if lots is None else lots * self.venue.exchange.instruments[symbol].lot
        said = control.SetQuote(symbol=symbol, bid=D(bid), ask=D(ask), bid_volume=volume, ask_volume=volume)
        assert not isinstance(self.do(said), Refusal)

    def do(self, asked: control.AnyControl) -> control.Done:
        self.now_ns += 1
        return self.venue.control(asked, self.now_ns)

    def ask(self, asked: wire.AnyAsked) -> control.Done:
        self.now_ns += 1
        return self.venue.ask(asked, self.now_ns, 1)

    def place(self, name: str, side: Side, quantity: str, price: str | None = None, **fields: Any) -> Any:
        usual = {"symbol": COIN.symbol, "type": OrderType.MARKET if price is None else OrderType.LIMIT}
        exact = None if price is None else D(price)
        result = self.ask(
            wire.Place(
                id=1,
                client_order_id=name,
                side=side,
                quantity=D(quantity),
                price=exact,
                **{"account_id": ACCOUNT, **usual, **fields},
            )
        )
        return result.code if isinstance(result, Refusal) else result["order"]

    def order(self, name: str) -> Any:
        return self.venue.exchange.find(ACCOUNT, name)[-1]

    @property
    def account(self) -> Any:
        return self.venue.exchange.accounts[ACCOUNT]

    def told(self) -> list[tuple[str, Any]]:
        return [(one.channel, one.data) for one in self.venue.take_pushes()]


def test_a_market_order_takes_the_touch_and_the_rest_with_the_next_quote() -> None:
    desk = exchange_of()
    desk.quote("100", "101", lots=400)
    assert desk.place("c1", Side.BUY, "1")["cumulative"] == "0.400"
    desk.quote("100", "102", lots=10_000)
    order = desk.order("c1")
    assert (order.status, order.notional) == ("filled", D("0.4") * 101 + D("0.6") * 102)


def test_a_limit_rests_and_fills_at_its_own_price_when_crossed() -> None:
    desk = exchange_of()
    desk.quote("100", "101")
    desk.place("c1", Side.BUY, "1", "99")
    desk.quote("97", "98")
    assert [fill.price for fill in desk.venue.exchange.fills] == [99]


def test_first_come_first_served_at_the_touch() -> None:
    desk = exchange_of()
    desk.quote("100", "101")
    desk.place("first", Side.BUY, "1", "100")
    desk.place("second", Side.BUY, "1", "100")
    desk.quote("99", "100", lots=1_500)
    assert [desk.order(name).cumulative for name in ("first", "second")] == [1, D("0.5")]


@pytest.mark.parametrize(
    ("how", "filled", "reason"), [(TimeInForce.IOC, "0.400", "IOC"), (TimeInForce.FOK, "0", "FOK")]
)
def test_what_does_not_fill_at_once(how: TimeInForce, filled: str, reason: str) -> None:
    desk = exchange_of()
    desk.quote("100", "101", lots=400)
    order = desk.place("c1", Side.BUY, "1", "101", time_in_force=how)
    assert (order["status"], order["cumulative"]) == ("canceled", filled)
    assert order["reason"].startswith(reason)


@pytest.mark.parametrize("new_id", [False, True])
def test_a_stop_wakes_at_its_trigger(new_id: bool) -> None:
    desk = exchange_of(trigger_new_id=new_id)
    desk.quote("100", "101")
    desk.place("c1", Side.BUY, "1", type=OrderType.STOP, trigger_price=D(105))
    assert desk.order("c1").dormant
    desk.told()
    desk.quote("105", "106")
    statuses = [data["status"] for channel, data in desk.told() if channel == "orders"]
    assert statuses == (["open", "canceled", "filled"] if new_id else ["triggered", "filled"])
    assert len(desk.venue.exchange.find(ACCOUNT, "c1")) == (2 if new_id else 1)
    assert desk.order("c1").status == "filled"


def test_a_stop_that_does_not_wake_is_not_filled() -> None:
    desk = exchange_of()
    desk.quote("100", "101")
    desk.place("c1", Side.SELL, "1", type=OrderType.STOP, trigger_price=D(95))
    desk.quote("96", "97")
    assert desk.order("c1").cumulative == 0


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("bad_price", {"price": "100.3"}),
    ("bad_price", {"price": None, "type": OrderType.LIMIT}),
    ("bad_price", {"type": OrderType.STOP}),
    ("bad_quantity", {"quantity": "0.0001"}),
    ("bad_quantity", {"quantity": "0"}),
    ("bad_quantity", {"quantity": "101"}),
    ("unknown_symbol", {"symbol": "NO.such"}),
    ("unsupported_type", {"type": OrderType.TRAILING}),
    ("bad_time_in_force", {"time_in_force": TimeInForce.GTD}),
    ("bad_time_in_force", {"time_in_force": TimeInForce.GTD, "expires_ns": 1}),
    ("reduce_only", {"reduce_only": True}),
    ("malformed", {"name": ""}),
]


@pytest.mark.parametrize(("code", "changed"), REFUSED)
def test_refusals_have_their_codes_and_leave_no_order(code: str, changed: dict[str, Any]) -> None:
    desk = exchange_of()
    desk.quote("100", "101")
    usual = {"name": "c1", "side": Side.BUY, "quantity": "1", "price": "100"}
    assert desk.place(**{**usual, **changed}) == code
    assert desk.venue.exchange.orders == {}
    assert desk.place("c1", Side.BUY, "1", "100")["status"] == "open"  # the name is free for a retry


def test_limits_of_the_day_and_margin() -> None:
    bounded = msgspec.structs.replace(COIN, upper_limit=D(110), lower_limit=D(90))
    desk = exchange_of(instruments=(bounded,))
    desk.quote("100", "101")
    assert desk.place("c1", Side.BUY, "1", "111") == "price_limit"
    rich = exchange_of(instruments=(msgspec.structs.replace(COIN, max_volume=None),))
    rich.quote("100", "101")
    assert rich.place("c1", Side.BUY, "1000000", "100") == "insufficient_margin"
    assert rich.place("c2", Side.BUY, "150000", "100")["status"] == "open"
    assert rich.place("c3", Side.BUY, "60000", "100") == "insufficient_margin"  # c2 froze most of it


SPLIT = msgspec.structs.replace(GOLD, symbol="SHFE.au9999")


def test_today_and_yesterday_are_kept_apart_where_hedged() -> None:
    desk = exchange_of(hedged=True, instruments=(SPLIT,))
    desk.quote("780.00", "780.02", SPLIT.symbol)
    gold = {"symbol": SPLIT.symbol}
    desk.place("open", Side.BUY, "2", **gold)
    desk.place("short", Side.SELL, "1", **gold)
    assert [one["long"] for one in desk.account.positions()] == [False, True]
    close = {**gold, "offset": Offset.CLOSE_YESTERDAY}
    assert desk.place("c1", Side.SELL, "1", **close) == "no_position"
    desk.do(control.Settle())
    assert desk.place("c1", Side.SELL, "1", **close)["status"] == "filled"
    assert desk.venue.exchange.fills[-1].direction == "Close Long"
    today = {**gold, "offset": Offset.CLOSE_TODAY}
    assert desk.place("c2", Side.SELL, "1", **today) == "no_position"


def test_what_other_orders_close_already_cannot_be_closed_twice() -> None:
    desk = exchange_of(hedged=True)
    desk.quote("780.00", "780.02", GOLD.symbol)
    desk.place("open", Side.BUY, "2", symbol=GOLD.symbol)
    close = {"symbol": GOLD.symbol, "offset": Offset.CLOSE}
    desk.place("c1", Side.SELL, "2", "790.00", **close)
    assert desk.place("c2", Side.SELL, "1", "790.00", **close) == "no_position"


def test_day_orders_expire_and_good_till_date_ends() -> None:
    desk = exchange_of()
    desk.quote("100", "101")
    desk.place("day", Side.BUY, "1", "90", time_in_force=TimeInForce.DAY)
    desk.place("date", Side.BUY, "1", "90", time_in_force=TimeInForce.GTD, expires_ns=50)
    desk.do(control.Settle(day="2026-11-21"))
    assert desk.order("day").status == "expired"
    desk.venue.pass_time(50)
    assert desk.order("date").status == "expired"


def test_a_change_that_keeps_the_id() -> None:
    desk = exchange_of(replace_keeps_id=True)
    desk.quote("100", "101")
    first = desk.place("c1", Side.BUY, "1", "90")
    changed = desk.ask(wire.Replace(id=2, account_id=ACCOUNT, client_order_id="c1", price=D(91)))
    assert isinstance(changed, dict)
    assert (changed["order"]["venue_order_id"], changed["order"]["price"]) == (first["venue_order_id"], "91")


def test_more_than_ordered_may_be_filled_by_hand_and_after_the_end() -> None:
    desk = exchange_of(manual=True)
    desk.place("c1", Side.BUY, "1", "100")
    desk.do(control.CancelIt(order="c1"))
    done = desk.do(control.Fill(order="c1", volume=D(2), trade_id="T1"))
    assert isinstance(done, dict)
    assert done["order"]["status"] == "canceled"
    assert done["order"]["cumulative"] == "2"


@pytest.mark.parametrize(
    "instrument", [COIN, INVERSE, msgspec.structs.replace(COIN, contract=ContractKind.QUANTO)]
)
@settings(deadline=None)
@given(
    trades=st.lists(
        st.tuples(st.sampled_from(Side), st.integers(1, 50), st.integers(100, 300)), min_size=1, max_size=20
    )
)
def test_money_adds_up_whatever_is_traded(
    instrument: Instrument, trades: list[tuple[Side, int, int]]
) -> None:
    """Balance and unrealised profit together are what buying and selling cost, less fees."""
    desk = exchange_of(manual=True, instruments=(instrument,))
    start = desk.account.collateral
    paid = fees = net = D(0)
    inverse = instrument.contract is ContractKind.INVERSE
    for number, (side, lots, price) in enumerate(trades):
        volume, name = lots * instrument.lot, f"c{number}"
        assert "status" in desk.place(name, side, str(volume), str(price), symbol=instrument.symbol)
        desk.do(control.Fill(order=name))
        signed = volume if side is Side.BUY else -volume
        net += signed
        paid += signed / price if inverse else -signed * price
        fees += desk.venue.exchange.fills[-1].fee
    last = D(trades[-1][2])
    worth = paid + (-net / last if inverse else net * last)
    equity = desk.account.collateral - start + fees + desk.account.unrealised(instrument, last)
    assert abs(equity - worth) < D("0.000001")
    held = {one["long"]: D(one["volume"]) for one in desk.account.positions()}
    assert held.get(True, D(0)) - held.get(False, D(0)) == net


def test_a_record_makes_the_same_exchange_again(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    terms = VenueTerms(accounts=(AccountTerms(account_id=ACCOUNT),))
    desk = Desk(terms, record=file)
    for number in range(30):
        desk.venue.walk(number)
        desk.place(
            f"c{number}", Side.BUY if number % 3 else Side.SELL, "0.005", time_in_force=TimeInForce.IOC
        )
    before = desk.venue.truth()
    desk.venue.close()
    with file.open("ab") as torn:
        torn.write(b'{"time_ns":99,"quo')
    again = Venue(VenueTerms(), record=file)
    after = again.truth()
    again.close()
    assert len(before["fills"]) > 10
    assert [after[part] for part in ("orders", "fills", "accounts", "quotes")] == [
        before[part] for part in ("orders", "fills", "accounts", "quotes")
    ]


def test_the_same_seed_walks_the_same_way() -> None:
    def walked(seed: int) -> list[Any]:
        venue = Venue(VenueTerms(seed=seed))
        for moment in range(50):
            venue.walk(moment)
        return [one.data for one in venue.take_pushes()]

    assert walked(1) == walked(1) != walked(2)


def test_what_one_account_is_closing_is_not_another_s() -> None:
    accounts = tuple(AccountTerms(account_id=name, hedged=True) for name in (ACCOUNT, "other"))
    desk = Desk(VenueTerms(accounts=accounts, manual=False))
    desk.quote("100", "101", lots=10_000)
    closing = {"offset": Offset.CLOSE, "reduce_only": True}
    for number, account in enumerate((ACCOUNT, "other")):
        assert desk.place(f"o{number}", Side.BUY, "2", account_id=account)["status"] == "filled"
        target = desk.place(f"t{number}", Side.SELL, "2", "200", account_id=account, **closing)
        assert target["status"] == "open"
        assert desk.place(f"s{number}", Side.SELL, "2", "300", account_id=account, **closing) == "reduce_only"
