"""Pauses of the life cycle: how long until something is tried again. Pure numbers, no state.

The documents fix three retries, 5 s apart and growing (seed 4); the rest is chosen here.
"""

from __future__ import annotations

from zlib import crc32

import msgspec

from monitor.engine.orderplan import RETRIES, RETRY_AFTER_S
from monitor.engine.values import NS_PER_SECOND, EngineState

_JITTER_PERCENT = 25
_HASHES = 1 << 32


class LifeCycleTerms(msgspec.Struct, frozen=True, kw_only=True):
    """`retries` at one venue, the first after `retry_after_s`, each pause twice the one before.
    A cancel without an answer is asked again after `cancel_again_s`, then twice that, at most
    `cancel_longest_s` (while the engine is HALTED at most `halted_longest_s`). A second venue
    is tried when the first was not reachable for `second_venue_after_s`."""

    retries: int = RETRIES
    retry_after_s: int = RETRY_AFTER_S
    cancel_again_s: int = 2
    cancel_longest_s: int = 60
    halted_longest_s: int = 5
    second_venue_after_s: int = 30


def retry_pause_ns(terms: LifeCycleTerms, order_id: int, retry: int) -> int:
    """Before retry number `retry` (from 1): 5, 10, 20 s, each up to a quarter longer.

    The jitter keeps orders that failed together from coming back together. It is a hash of the
    order and the retry, so that a run made again waits just as long.
    """
    pause = (terms.retry_after_s << (retry - 1)) * NS_PER_SECOND
    share = crc32(f"{order_id}/{retry}".encode())
    return pause + pause * _JITTER_PERCENT * share // (100 * _HASHES)


def cancel_pause_ns(terms: LifeCycleTerms, asked: int, state: EngineState) -> int:
    """Until a cancel that was asked `asked` times (from 1) is asked again."""
    longest = terms.halted_longest_s if state is EngineState.HALTED else terms.cancel_longest_s
    doublings = min(asked - 1, 16)  # far beyond the longest pause, and no huge numbers
    return min(terms.cancel_again_s << doublings, longest) * NS_PER_SECOND
