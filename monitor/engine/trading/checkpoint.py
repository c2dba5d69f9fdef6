"""The whole state of a session that trades at one moment of its journal, to begin from later.

Accounts, prices, curves and numbers as they are; orders, and what parts know of them, as the
facts that made them. Loading one and folding what came after is the same as folding
everything, but for orders that ended long ago.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from monitor.engine import events as ev
from monitor.engine.accounts import Account, AccountState
from monitor.engine.rows import AlertRow, PositionRecordRow, TradeRow
from monitor.engine.trading.compaction import Compaction, KeptFact
from monitor.engine.trading.equity import CurveState
from monitor.engine.trading.minutes import Minutes, MinutesState
from monitor.engine.trading.state import State
from monitor.engine.values import NS_PER_SECOND, EngineState, Instrument
from monitor.engine.waiting import Totals

if TYPE_CHECKING:
    from monitor.engine.trading.trading import Trading

FORMAT = 1
AT_ONCE = 200
"""Facts folded before others get their turn: who looks back holds up nobody who trades."""
MOST_REMEMBERED = 5_000
REMEMBERED_NS = 2 * 3_600 * NS_PER_SECOND
MOST_OF_HOURS = 50_000
"""Orders that have ended whose facts are kept: the newest 5,000, and all of the last two hours up to
50,000. What comes late is about those; a comparison asks for the fills of the last hour."""


class Present(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken of a session at once, between two inputs. `horizon_ns`: orders that ended
    before it may be forgotten."""

    seq: int
    time_ns: int
    horizon_ns: int
    remembered: frozenset[int]
    open_alerts: frozenset[int]
    accounts: tuple[AccountState, ...]
    instruments: tuple[Instrument, ...]
    marked: dict[str, Decimal]
    minutes: dict[str, MinutesState]
    curves: dict[str, CurveState]
    engine_state: EngineState
    engine_reason: str
    day: str
    transferred: dict[str, Decimal]
    numbers: tuple[int, int, int, int, int]
    records: tuple[PositionRecordRow, ...]
    trades: tuple[TradeRow, ...]
    profits: dict[int, Decimal]
    alerts: tuple[AlertRow, ...]
    totals: Totals
    days: dict[str, str] = {}


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    present: Present
    kept: tuple[KeptFact, ...]


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Checkpoint)


def encoded(checkpoint: Checkpoint) -> bytes:
    return zlib.compress(_ENCODER.encode(checkpoint), 1)


def decoded(payload: bytes) -> Checkpoint:
    """ValueError when it is none of ours."""
    try:
        return _DECODER.decode(zlib.decompress(payload))
    except zlib.error as error:
        raise ValueError(f"not a checkpoint: {error}") from error


def compaction(present: Present) -> Compaction:
    """To be fed with what the last checkpoint kept and the records since; then `kept` with `present`
    is the new one."""
    remembered = present.remembered
    return Compaction(lambda order_id: order_id not in remembered, present.open_alerts)


def take_present(trading: Trading) -> Present:
    """Quick: nothing is decoded or written here."""
    state = trading.state
    needed = trading.room.needed()
    old = islice(state.ended, len(state.ended) - _count_newest(state))
    trading.forget([order_id for order_id in old if order_id not in needed])
    standing = tuple(alert for alert in state.alerts.values() if alert.settled_ns is None)
    return Present(
        seq=trading.journal.seq,
        time_ns=trading.now_ns,
        horizon_ns=state.horizon_ns,
        remembered=frozenset(state.book.orders),
        open_alerts=frozenset(alert.alert_id for alert in standing),
        accounts=tuple(account.state() for account in state.accounts.values()),
        instruments=tuple(state.instruments.values()),
        marked=dict(state.marked),
        minutes={symbol: minutes.state() for symbol, minutes in state.minutes.items()},
        curves={account_id: curve.state() for account_id, curve in state.equity.curves.items()},
        engine_state=state.engine_state,
        engine_reason=state.engine_reason,
        day=trading.market.day,
        days=dict(trading.market.days),
        transferred=dict(state.transferred),
        numbers=(
            state.last_order,
            state.last_trade,
            state.last_signal,
            state.last_alert,
            trading.records.next_id,
        ),
        records=tuple(trading.records.current()),
        trades=tuple(state.trades.values()),
        profits=dict(state.profits),
        alerts=standing,
        totals=trading.room.totals(),
    )


def _count_newest(state: State) -> int:
    """How many of those that ended did so lately."""
    since_ns, orders = state.now_ns - REMEMBERED_NS, state.book.orders
    count = 0
    for order_id in islice(reversed(state.ended), max(MOST_OF_HOURS, MOST_REMEMBERED)):
        if count >= MOST_REMEMBERED and orders[order_id].updated_ns < since_ns:
            break
        count += 1
    return count


def load(trading: Trading, checkpoint: Checkpoint) -> Iterator[None]:
    """Make a new engine what it was then. Yields now and then."""
    present, state = checkpoint.present, trading.state
    for kept in present.accounts:
        state.accounts[kept.account_id] = Account.from_state(kept)
    state.instruments.update({instrument.symbol: instrument for instrument in present.instruments})
    trading.fold.booking = False  # money is there already
    for number, fact in enumerate(checkpoint.kept):
        state.now_ns = max(state.now_ns, fact.time_ns)
        trading.apply(ev.DECODER.decode(fact.payload), fact.time_ns)
        if number % AT_ONCE == AT_ONCE - 1:
            yield
    trading.fold.booking = True
    _numbers(trading, present)
    state.now_ns = max(state.now_ns, present.time_ns)
    trading.journal.seq = present.seq


def _numbers(trading: Trading, present: Present) -> None:
    state = trading.state
    state.marked.update(present.marked)
    for symbol, minutes in present.minutes.items():
        state.minutes[symbol] = Minutes.from_state(minutes)
    for account_id, curve in present.curves.items():
        state.equity.take(account_id, curve)
    state.engine_state, state.engine_reason = present.engine_state, present.engine_reason
    state.transferred.update(present.transferred)
    state.last_order, state.last_trade, state.last_signal, state.last_alert, _ = present.numbers
    for trade in present.trades:
        state.trades[trade.trade_id] = trade
        state.trades_of.setdefault(trade.order_id, []).append(trade.trade_id)
    state.profits.update(present.profits)
    state.alerts.update({alert.alert_id: alert for alert in present.alerts})
    state.horizon_ns = present.horizon_ns
    trading.market.day = present.day
    trading.market.days.update(present.days)
    trading.room.restore_totals(present.totals)
    trading.records.take_up(present.records, present.numbers[4])
