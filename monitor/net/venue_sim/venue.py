"""The venue: the exchange, its quotes, its record, and what a control connection may ask.

The one door to the exchange: everything that comes in is recorded with its time and then done.
Knows no sockets and no script.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from monitor.engine.values import Quote
from monitor.net.venue_sim import control, wire
from monitor.net.venue_sim.exchange import Exchange, Result
from monitor.net.venue_sim.matching import Push
from monitor.net.venue_sim.orders import Refusal, quote_wire
from monitor.net.venue_sim.record import Line, Record, plain, read_lines
from monitor.net.venue_sim.terms import VenueTerms, completed
from monitor.net.venue_sim.walk import Walk

_CHANGING = (wire.Place, wire.Cancel, wire.Replace)


class Venue:
    """`record` is a file to write to, and to go on from when it is there already: then with the
    terms of its first line. Raises `RecordError`."""

    def __init__(self, terms: VenueTerms, *, record: Path | None = None) -> None:
        lines = read_lines(record)
        kept = lines[0].terms if lines else None
        self.terms = kept or completed(terms)
        self.exchange = Exchange(self.terms)
        self.requests: list[dict[str, Any]] = []
        self._walks = {one.symbol: Walk(self.terms, one) for one in self.terms.instruments}
        self._record = Record(None)
        for line in lines:
            self._take_up(line)
        self._record = Record(record)
        if not lines:
            self._record.add(Line(terms=self.terms))
        self.exchange.pushes.clear()

    def close(self) -> None:
        self._record.close()

    def _take_up(self, line: Line) -> None:
        if line.request is not None:
            self.ask(line.request, line.time_ns, line.connection)
        elif line.control is not None:
            self.control(line.control, line.time_ns)
        elif line.quote is not None:
            self._quote(line.quote, line.time_ns)
        else:
            self.exchange.pass_time(line.time_ns)

    def ask(self, asked: wire.AnyAsked, now_ns: int, connection: int) -> Result:
        """A request of a client."""
        if isinstance(asked, _CHANGING):
            self._record.add(Line(time_ns=now_ns, connection=connection, request=asked))
        self.exchange.pass_time(now_ns)
        result = self.exchange.answer(asked, now_ns)
        if not isinstance(asked, wire.Ping):
            code = result.code if isinstance(result, Refusal) else ""
            self.requests.append(
                {"time_ns": now_ns, "connection": connection, "ok": not code, "code": code, **plain(asked)}
            )
        return result

    def control(self, asked: control.AnyControl, now_ns: int) -> control.Done:
        self._record.add(Line(time_ns=now_ns, control=asked))
        self.exchange.pass_time(now_ns)
        return control.carry_out(self.exchange, asked, now_ns)

    def walk(self, now_ns: int) -> None:
        """The next synthetic quote of every symbol."""
        for walk in self._walks.values():
            quote = walk.next(now_ns)
            self._record.add(Line(time_ns=now_ns, quote=quote))
            self._quote(quote, now_ns)

    def pass_time(self, now_ns: int) -> None:
        """Orders that were good till now expire."""
        before = len(self.exchange.pushes)
        self.exchange.pass_time(now_ns)
        if len(self.exchange.pushes) > before:
            self._record.add(Line(time_ns=now_ns))

    def _quote(self, quote: Quote, now_ns: int) -> None:
        self._walks[quote.symbol].start_from(quote)
        self.exchange.pass_time(now_ns)
        self.exchange.quote(quote, now_ns)

    def take_pushes(self) -> list[Push]:
        pushes, self.exchange.pushes = self.exchange.pushes, []
        return pushes

    def recent(self, accounts: Callable[[str], bool], count: int) -> list[Push]:
        """The newest orders and fills of these accounts, as they would be pushed, oldest first."""
        orders = [one for one in self.exchange.orders.values() if accounts(one.account_id)]
        fills = [one for one in self.exchange.fills if accounts(one.account_id)]
        said = [
            *((one.time_ns, Push("fills", one.account_id, one.wire())) for one in fills[-count:]),
            *((one.time_ns, Push("orders", one.account_id, one.wire())) for one in orders[-count:]),
        ]
        return [push for _, push in sorted(said, key=lambda each: each[0])][-count:]

    def quotes(self, symbols: frozenset[str]) -> list[Push]:
        """The newest of each."""
        touches = self.exchange.touches
        return [
            Push("quotes", one, quote_wire(touches[one].quote)) for one in sorted(symbols & touches.keys())
        ]

    def truth(self) -> dict[str, Any]:
        """Everything: what was asked, and what is so."""
        exchange = self.exchange
        return {
            "requests": self.requests,
            "orders": [order.wire() for order in exchange.orders.values()],
            "fills": [fill.wire() for fill in exchange.fills],
            "accounts": {
                name: {
                    "balance": format(account.balance, "f"),
                    "foreign": {currency: format(money, "f") for currency, money in account.foreign.items()},
                    "positions": account.positions(),
                }
                for name, account in exchange.accounts.items()
            },
            "quotes": {symbol: plain(touch.quote) for symbol, touch in sorted(exchange.touches.items())},
        }
