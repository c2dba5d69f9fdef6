"""What every route answers in: rows as JSON, a page of them, or CSV for who accepts only that.

Owns the shape of answers. Knows no route.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from monitor.net.csv_table import csv_table
from monitor.net.wire import Wire, encode, to_wire


class Page(Protocol):
    @property
    def total(self) -> int: ...
    @property
    def page(self) -> int: ...
    @property
    def size(self) -> int: ...


def json_answer(content: Any, status: int = 200) -> Response:
    return Response(encode(content), status, media_type="application/json")


def wires(rows: Iterable[msgspec.Struct]) -> list[Wire]:
    return [to_wire(row) for row in rows]


def page_answer(
    request: Request, name: str, kind: type[msgspec.Struct], rows: Sequence[msgspec.Struct], page: Page
) -> Response:
    """`{name: [...], total, page, size}`; the rows alone with `Accept: text/csv`."""
    if "text/csv" in request.headers.get("accept", ""):
        told = {"content-disposition": f'attachment; filename="{name}.csv"'}
        return Response(csv_table(kind, rows), media_type="text/csv; charset=utf-8", headers=told)
    return json_answer({name: wires(rows), "total": page.total, "page": page.page, "size": page.size})
