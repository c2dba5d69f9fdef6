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
from monitor.engine.values import EngineState, Instrument
from monitor.engine.waiting import Totals

if TYPE_CHECKING:
    from monitor.engine.trading.trading import Trading

FORMAT = 1
MOST_REMEMBERED = 5_000
"""Orders that have ended whose facts are kept: what comes late is about the newest."""


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
    newest = list(islice(reversed(state.ended), MOST_REMEMBERED + 1))
    remembered = frozenset({*newest[:MOST_REMEMBERED], *state.book.active, *trading.room.needed()})
    forgotten = (state.book.orders[i].updated_ns for i in newest[MOST_REMEMBERED:])
    horizon_ns = max(state.horizon_ns, *forgotten, 0)
    if horizon_ns > state.horizon_ns:
        state.horizon_ns = horizon_ns
        for account in state.accounts.values():
            account.forget(horizon_ns)  # changes no figure; fills so old can no longer be taken back
    standing = tuple(alert for alert in state.alerts.values() if alert.settled_ns is None)
    return Present(
        seq=trading.journal.seq,
        time_ns=trading.now_ns,
        horizon_ns=horizon_ns,
        remembered=remembered,
        open_alerts=frozenset(alert.alert_id for alert in standing),
        accounts=tuple(account.state() for account in state.accounts.values()),
        instruments=tuple(state.instruments.values()),
        marked=dict(state.marked),
        minutes={symbol: minutes.state() for symbol, minutes in state.minutes.items()},
        curves={account_id: curve.state() for account_id, curve in state.equity.curves.items()},
        engine_state=state.engine_state,
        engine_reason=state.engine_reason,
        day=trading.market.day,
        transferred=dict(state.transferred),
        numbers=(
            state.last_order,
            state.last_trade,
            state.last_signal,
            state.last_alert,
            trading.records.next_id,
        ),
        records=tuple(trading.records.current()),
        trades=tuple(state.trades[trade_id] for trade_id in sorted(_trades_of(state, remembered))),
        profits={i: state.profits[i] for i in remembered if i in state.profits},
        alerts=standing,
        totals=trading.room.totals(),
    )


def _trades_of(state: State, orders: frozenset[int]) -> Iterator[int]:
    for order_id in orders:
        yield from state.trades_of.get(order_id, ())


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
        if number % 2000 == 1999:
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
    trading.room.restore_totals(present.totals)
    trading.records.take_up(present.records, present.numbers[4])
