"""Everybody who follows: hands each `Changes` to the feeds that it concerns.

Owns the set of WebSocket clients. One slow or dead client costs the others nothing: handing
over only marks keys in its feed.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from monitor.engine.changes import Changes
from monitor.net.live_feed import LiveFeed
from monitor.net.order_feed import OrderFeed
from monitor.net.present import Present
from monitor.net.sender import Sender


class Hub:
    def __init__(self, present: Present) -> None:
        self._present = present
        self._senders: set[Sender] = set()
        self._live: set[LiveFeed] = set()
        self._orders: dict[int, set[OrderFeed]] = {}

    def __len__(self) -> int:
        return len(self._senders)

    def publish(self, changes: Changes) -> None:
        """The listener at the core's door: never waits."""
        news = self._present.apply(changes)
        if changes.cleared:
            for feeds in self._orders.values():
                for feed in feeds:
                    feed.restart()
        else:
            for strategy_id, rows in news.items():
                for feed in self._orders.get(strategy_id, ()):
                    feed.note(rows)
        for live in self._live:
            live.note(changes)

    @contextmanager
    def following(self, sender: Sender, feed: OrderFeed | LiveFeed) -> Generator[None, None, None]:
        """While this lasts the feed hears of every change."""
        if isinstance(feed, OrderFeed):
            group = self._orders.setdefault(feed.strategy_id, set())
            group.add(feed)
        else:
            self._live.add(feed)
        self._senders.add(sender)
        try:
            yield
        finally:
            self._senders.discard(sender)
            self._leave(feed)

    def stop(self) -> None:
        """Send every client away."""
        for sender in self._senders:
            sender.stop()

    def _leave(self, feed: OrderFeed | LiveFeed) -> None:
        if isinstance(feed, LiveFeed):
            self._live.discard(feed)
            return
        group = self._orders[feed.strategy_id]
        group.discard(feed)
        if not group:
            del self._orders[feed.strategy_id]
