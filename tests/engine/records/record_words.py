"""Changes of positions in few words, for the tests of records."""

from __future__ import annotations

from decimal import Decimal

from monitor.engine.records import PositionRecords
from monitor.engine.rows import PositionRecordRow
from monitor.engine.trading.parts import PositionChange
from monitor.engine.values import NS_PER_SECOND, ZERO, Direction, RecordType

GOLD = "SHFE.au2512"
MINUTE = 60 * NS_PER_SECOND


class Trail:
    """Records as accounts would note them: it keeps the volumes, the test says what happens."""

    def __init__(self, start_ns: int = 0) -> None:
        self.records = PositionRecords()
        self.now_ns = start_ns
        self.volumes: dict[tuple[str, str, Direction], Decimal] = {}

    def wait(self, minutes: int) -> Trail:
        self.now_ns += minutes * MINUTE
        return self

    def trade(
        self,
        lots: int | Decimal,
        *,
        profit: int | str | Decimal = 0,
        fee: int | str | Decimal = 0,
        price: int = 500,
        symbol: str = GOLD,
        direction: Direction = Direction.LONG,
        account: str = "a1",
        strategy: int = 1,
        type: RecordType = RecordType.EXECUTION,
    ) -> PositionRecordRow:
        """`lots` above 0 open, below 0 close."""
        key = (account, symbol, direction)
        volume = self.volumes[key] = self.volumes.get(key, ZERO) + lots
        executed = type is RecordType.EXECUTION
        return self.records.note(
            PositionChange(
                symbol=symbol,
                direction=direction,
                change=Decimal(lots),
                price=Decimal(price),
                volume=volume,
                average_price=Decimal(price) if volume else None,
                realised_profit=Decimal(profit),
                commission=Decimal(fee),
            ),
            time_ns=self.now_ns,
            account_id=account,
            strategy_id=strategy,
            type=type,
            order_id=self.records.next_id if executed else None,
            trade_id=self.records.next_id if executed else None,
            by="double_ma" if executed else "reconciliation",
        )

    @property
    def rows(self) -> list[PositionRecordRow]:
        return list(self.records.newest().values())
