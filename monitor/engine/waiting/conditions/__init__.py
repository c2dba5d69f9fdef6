"""The small language of conditions: `last(SHFE.au2512) >= 560 and time in 09:00..10:15`.

Text to value (`parse`, `parse_all`), value to canonical text (`str`, `canonical`), and what a
value is worth now (`evaluate`). Knows orders only by number and status.
"""

from monitor.engine.waiting.conditions.evaluation import (
    Asker as Asker,
    Crossing as Crossing,
    evaluate as evaluate,
    moment_ns as moment_ns,
)
from monitor.engine.waiting.conditions.parser import (
    canonical as canonical,
    parse as parse,
    parse_all as parse_all,
)
from monitor.engine.waiting.conditions.tokens import ConditionError as ConditionError
from monitor.engine.waiting.conditions.tree import (
    Condition as Condition,
    OrderIs as OrderIs,
    TimeCompared as TimeCompared,
    follows_all as follows_all,
    follows_facts as follows_facts,
    symbols_of as symbols_of,
)
