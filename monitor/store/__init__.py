"""Persistence: the journal and the rows last shown, in one SQL database.

Owns tables, migrations, grouped durable writes and pages of history. Knows engine values
and rows; must not know Qt, sockets, or how the engine makes a row.
"""

from __future__ import annotations

from monitor.store.batch import Batch
from monitor.store.checkpoints import Checkpoint
from monitor.store.faults import StoreError
from monitor.store.reader import SessionEntry
from monitor.store.store import SavedSession, Store
from monitor.store.timeline import JournalSpan

__all__ = ["Batch", "Checkpoint", "JournalSpan", "SavedSession", "SessionEntry", "Store", "StoreError"]
