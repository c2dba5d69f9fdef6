"""Synthetic quotes: one seeded random walk per symbol. Nothing here comes from a market."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from monitor.engine.values import ZERO, Instrument, Quote
from monitor.net.venue_sim.terms import VenueTerms


class Walk:
    """Deterministic for a seed and a symbol. Prices stay at least 100 ticks above 0."""

    def __init__(self, terms: VenueTerms, instrument: Instrument) -> None:
        self._dice = Random(f"{terms.seed}:{instrument.symbol}")  # noqa: S311 - not for secrets
        self._instrument = instrument
        self._most = terms.touch_lots
        self._ticks = int(terms.prices[instrument.symbol] / instrument.tick)
        self._volume = ZERO

    def start_from(self, quote: Quote) -> None:
        """Go on from prices that were quoted before."""
        if quote.last is not None:
            self._ticks = int(quote.last / self._instrument.tick)
        self._volume = quote.volume or ZERO

    def next(self, now_ns: int) -> Quote:
        tick, dice = self._instrument.tick, self._dice
        self._ticks = max(100, self._ticks + dice.choice((-3, -2, -1, -1, 0, 0, 0, 1, 1, 2, 3)))
        spread = dice.choice((1, 1, 1, 2))
        self._volume += self._lots()
        return Quote(
            symbol=self._instrument.symbol,
            last=self._ticks * tick,
            bid=(self._ticks - spread + 1) * tick,
            ask=(self._ticks + 1) * tick,
            bid_volume=self._lots(),
            ask_volume=self._lots(),
            mark=self._ticks * tick,
            volume=self._volume,
            time_ns=now_ns,
        )

    def _lots(self) -> Decimal:
        return self._dice.randint(1, self._most) * self._instrument.lot
