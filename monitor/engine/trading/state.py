"""Everything an engine that trades knows: orders, accounts, prices, lines. What parts look at.

Changed only by `Fold` (facts) and, for what is no fact (quotes, the clock, a line's health), by
`Trading`. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from monitor.engine.accounts import Account
from monitor.engine.guards import AccountFigures
from monitor.engine.ledger import PositionMode
from monitor.engine.orders import Book, Order
from monitor.engine.rows import AlertRow, LinkRow, TradeRow
from monitor.engine.trading.equity import Equity
from monitor.engine.trading.listing import Listing
from monitor.engine.trading.minutes import Minutes
from monitor.engine.trading.taken import Taken
from monitor.engine.trading.terms import AccountTerms, TradingTerms
from monitor.engine.values import (
    ZERO,
    Direction,
    EngineState,
    Instrument,
    LinkSide,
    LinkState,
    Offset,
    OrderType,
    Quote,
)


class State:
    """`now_ns` is the engine's clock. `profits` is what each order's trades realised,
    `trades_of` are their ids. `ended`: orders that have, the one heard of last at the end. Orders that
    ended before `horizon_ns` may be forgotten."""

    def __init__(self, terms: TradingTerms) -> None:
        self.terms = terms
        self.equity = Equity()
        self.now_ns = 0
        self.book = Book()
        self.accounts: dict[str, Account] = {}
        self.instruments: dict[str, Instrument] = {}
        self.quotes: dict[str, Quote] = {}
        self.marked: dict[str, Decimal] = {}
        self.minutes: dict[str, Minutes] = {}
        self.trades: dict[int, TradeRow] = {}
        self.trades_of: dict[int, list[int]] = {}
        self.ended: dict[int, None] = {}
        self.profits: dict[int, Decimal] = {}
        self.alerts: dict[int, AlertRow] = {}
        self.links: dict[str, LinkRow] = {}
        self.listing = Listing(venue.name for venue in terms.venues)
        self.compared: set[str] = set()
        self.taken = Taken()
        self.horizon_ns = 0
        self.compared_ns: dict[str, int] = {}
        self.transferred: dict[str, Decimal] = {}
        self.sent_to: dict[int, str] = {}
        self.engine_state = EngineState.NORMAL
        self.engine_reason = ""
        self.last_order = self.last_trade = self.last_signal = self.last_alert = 0
        for account in terms.accounts:
            self.account(account.account_id)

    def account(self, account_id: str) -> Account:
        """The books of an account; one that is only watched begins with nothing."""
        found = self.accounts.get(account_id)
        if found is None:
            terms = self.terms.account(account_id) if account_id else None
            terms = terms or AccountTerms(account_id=account_id, venue="", watched=True)
            found = Account(account_id, terms.mode, terms.currency, terms.balance, watched=terms.watched)
            self.accounts[account_id] = found
        return found

    # View --------------------------------------------------------------------------------------
    def quote(self, symbol: str) -> Quote | None:
        return self.quotes.get(symbol)

    def instrument(self, symbol: str) -> Instrument | None:
        return self.instruments.get(symbol)

    def position(self, account_id: str, symbol: str, direction: Direction) -> Decimal:
        account = self.accounts.get(account_id)
        return account.volume(symbol, direction) if account is not None else ZERO

    def profit(self, account_id: str) -> Decimal | None:
        account = self.accounts.get(account_id or self._first_account())
        return account.ledger.today_profit() if account is not None else None

    def figures(self, account_id: str) -> AccountFigures | None:
        """What guards judge an account by; "" is the one that orders go to."""
        account = self.accounts.get(account_id or self._first_account())
        if account is None:
            return None
        ledger = account.ledger
        curve = self.equity.curves.get(account.account_id)
        return AccountFigures(
            account_id=account.account_id,
            available=ledger.available(self.frozen(account)),
            today_profit=ledger.today_profit(),
            drawdown=curve.drawdown if curve is not None else None,
            compared_ns=self.compared_ns.get(account.account_id),
            netting=account.mode is PositionMode.NETTING,
        )

    def frozen(self, account: Account) -> Decimal:
        """Margin that orders which open and may be at the venue would need, at their own price or
        the last."""
        total = ZERO
        for order in self.book.active.values():
            intent = order.intent
            if intent.account_id == account.account_id:
                total += self.frozen_by(order)
        return total

    def frozen_by(self, order: Order) -> Decimal:
        """An order's part of it."""
        intent = order.intent
        opens = order.offset is Offset.OPEN and not intent.reduce_only
        instrument = self.instruments.get(intent.symbol)
        price = order.price or order.trigger_price or self.last_price(intent.symbol)
        if not opens or order.never_left or instrument is None or price is None:
            return ZERO
        return instrument.margin(instrument.notional(price, order.remaining), order.remaining)

    def _first_account(self) -> str:
        account = self.terms.account("")
        return account.account_id if account is not None else ""

    def closes(self, symbol: str, count: int) -> Sequence[float]:
        minutes = self.minutes.get(symbol)
        return minutes.closes(count) if minutes is not None else ()

    def reachable(self, venue: str) -> bool:
        link = self.links.get(link_id(venue, LinkSide.ORDERS))
        if link is None or link.state is not LinkState.LIVE:
            return False
        accounts = [a.account_id for a in self.terms.accounts if a.venue == venue and not a.watched]
        return all(account_id in self.compared for account_id in accounts)

    def native(self, venue: str, type_: OrderType) -> bool:
        """Whether the venue takes this type of order itself."""
        terms = self.terms.venue(venue)
        return terms is not None and type_ in terms.native

    def reserves(self, _venue: str) -> bool:
        """Whether what rests there to close keeps others from closing the same: futures exchanges do,
        and of no other can we be sure."""
        return True

    def account_at(self, venue: str) -> str:
        """The first there that orders may be given for; "" when there is none."""
        mine = (a.account_id for a in self.terms.accounts if a.venue == venue and not a.watched)
        return next(mine, "")

    # Prices ------------------------------------------------------------------------------------
    def last_price(self, symbol: str) -> Decimal | None:
        """The newest, else what was marked last."""
        quote = self.quotes.get(symbol)
        if quote is not None and quote.last is not None:
            return quote.last
        return self.marked.get(symbol)

    # Ids ---------------------------------------------------------------------------------------
    def next_order_id(self) -> int:
        return self.last_order + 1

    def next_trade_id(self) -> int:
        return self.last_trade + 1

    def next_signal_id(self) -> int:
        return self.last_signal + 1

    def next_alert_id(self) -> int:
        return self.last_alert + 1

    def profit_of(self, order_id: int) -> Decimal | None:
        """Realised by an order's trades; None when it has none. Of an account that is only watched
        the venue's own word counts, where it gives one: it knows what was held before."""
        order = self.book.orders[order_id]
        if all(fill.profit is None for fill in order.fills.values()):
            return self.profits.get(order_id)
        account = self.accounts.get(order.intent.account_id)
        if account is None or not account.watched:
            return self.profits.get(order_id)
        told = {fill.venue_trade_id: fill.profit for fill in order.counted()}
        ours = [self.trades[trade_id] for trade_id in self.trades_of.get(order_id, ())]
        known = {trade.venue_trade_id: trade.realised_profit for trade in ours}
        return sum(
            (known.get(name, ZERO) if profit is None else profit for name, profit in told.items()), ZERO
        )

    def client_order_id(self, order_id: int) -> str:
        return f"{self.terms.prefix}-{order_id}"


def link_id(venue: str, side: LinkSide) -> str:
    return f"{venue}.{side}"
