"""Column types that mean the same on SQLite, PostgreSQL and MariaDB.

Owns how an exact number, a word of a fixed vocabulary and a small dictionary are written
down. Knows no table.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, Numeric, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

# SQLite numbers rows itself only for a key called exactly INTEGER.
RowNumber = BigInteger().with_variant(Integer, "sqlite")

# With a length, because MariaDB's plain BLOB ends at 64 kB.
Bytes = LargeBinary(2**32 - 1)


class ExactDecimal(TypeDecorator[Decimal]):
    """A finite Decimal, digit by digit, trailing zeros included.

    Text where the database's own number would round or pad (SQLite, MariaDB), unbounded
    NUMERIC on PostgreSQL. Anything but a finite Decimal raises: money is never guessed.
    """

    impl = String(100)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        native = dialect.name == "postgresql"
        return dialect.type_descriptor(Numeric() if native else String(100))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError(f"a Decimal was expected, not {value!r}")
        if not value.is_finite():
            raise ValueError(f"{value} is not an amount")
        return value if dialect.name == "postgresql" else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return value if value is None or isinstance(value, Decimal) else Decimal(value)


class Word(TypeDecorator[str]):
    """The value of a StrEnum as plain text, because drivers accept only real `str`."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)


class Scalars(TypeDecorator[dict[str, Any]]):
    """A dictionary of numbers, texts, truths and None as JSON text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else dict(json.loads(value))
