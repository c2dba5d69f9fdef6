"""Money and positions of one account in one currency: a fold over its fills, in Decimal.

Knows no orders, venues or clocks. `accounts` folds fills that arrive out of order into it.
"""

from monitor.engine.ledger.ledger import Ledger as Ledger
from monitor.engine.ledger.position import (
    Position as Position,
    PositionMode as PositionMode,
    PositionState as PositionState,
    book_fill as book_fill,
)
