"""What every fact of the journal is: a frozen value with a tag."""

from __future__ import annotations

import msgspec


class Event(
    msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="event", tag=True, omit_defaults=True
):
    """Its time, its number and the bar it arose in are the journal record's."""
