"""Position records: every change of every position with its cause, and statistics over them.

Names of the seed's API: `record_position_change` is `PositionRecords.note`,
`get_current_positions` is `PositionRecords.current`, `get_position_records` and
`get_position_history` are the store's query (the newest ones: `PositionRecords.newest`),
`calculate_position_statistics` is `record_statistics` over an account's rows.
"""

from monitor.engine.records.statistics import (
    RecordFigures as RecordFigures,
    RecordStatistics as RecordStatistics,
    StatisticsFold as StatisticsFold,
    record_statistics as record_statistics,
)
from monitor.engine.records.trail import (
    FOR_REVIEW as FOR_REVIEW,
    PositionRecords as PositionRecords,
    verify as verify,
)
