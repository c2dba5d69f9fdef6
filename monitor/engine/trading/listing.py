"""What each venue lists, and whose word about a symbol counts where several list it.

A symbol is one instrument with one price: the venue that comes first in the session's terms tells
both, the next when that one does not list it or is silent. Kept of the lines as they are now, like
quotes: it is no fact and is told anew by each connection.
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.engine.values import Instrument

News = tuple[tuple[Instrument, ...], tuple[Instrument, ...]]
"""What is new, and what is another contract under a known symbol."""


class Listing:
    """`venues` in the order of the session's terms."""

    def __init__(self, venues: Iterable[str]) -> None:
        self._venues = tuple(venues)
        self._listed: dict[str, dict[str, Instrument]] = {}

    def trades(self, venue: str, symbol: str) -> bool:
        """Whether orders in it can be given there, as far as that is known."""
        listed = self._listed.get(venue)
        return listed is None or symbol in listed

    def before(self, venue: str, symbol: str) -> tuple[str, ...]:
        """Venues whose word about the symbol counts more: earlier ones that list it."""
        if venue not in self._venues:
            return ()
        earlier = self._venues[: self._venues.index(venue)]
        return tuple(name for name in earlier if symbol in self._listed.get(name, ()))

    def take(self, venue: str, instruments: Iterable[Instrument], known: dict[str, Instrument]) -> News:
        """What a venue tells. Of symbols that another tells of, only the contract counts; where it is
        another contract than the known one, the symbol is not traded at this venue."""
        news: list[Instrument] = []
        strange: list[Instrument] = []
        mine: dict[str, Instrument] = {}
        for instrument in instruments:
            there = known.get(instrument.symbol)
            first = self._is_first(venue, instrument.symbol)
            if there is not None and not first and not _same_contract(there, instrument):
                strange.append(instrument)
                continue
            mine[instrument.symbol] = instrument
            if there is None or (first and there != instrument):
                news.append(instrument)
        if venue:
            self._listed[venue] = mine
        return tuple(news), tuple(strange)

    def _is_first(self, venue: str, symbol: str) -> bool:
        """Whether nobody's word counts more. Of those that were silent so far it may."""
        if venue not in self._venues:
            return True
        earlier = self._venues[: self._venues.index(venue)]
        return not any(name not in self._listed or symbol in self._listed[name] for name in earlier)


def _same_contract(one: Instrument, other: Instrument) -> bool:
    """Whether lots and prices of both mean the same. Fees, margin and limits are each venue's own."""
    return _contract(one) == _contract(other)


def _contract(instrument: Instrument) -> tuple[object, ...]:
    return (
        instrument.tick,
        instrument.lot,
        instrument.multiplier,
        instrument.currency,
        instrument.contract,
        instrument.quanto_rate,
    )
