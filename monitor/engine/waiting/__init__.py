"""Orders that wait before a venue: for a time, a condition, another order, their turn, a person.

`WaitingRoom` is the part of an engine; `linked` checks several orders that belong together;
`conditions` is the small language.
"""

from monitor.engine.waiting.linking import exits_reduce as exits_reduce, linked as linked
from monitor.engine.waiting.queue import QueueTerms as QueueTerms, Totals as Totals
from monitor.engine.waiting.room import WaitingRoom as WaitingRoom
