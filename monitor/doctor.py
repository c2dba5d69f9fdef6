"""`monitor doctor`: looks at everything the application stands on and says how to mend it.

Runs the checks one after the other, whatever they find, and prints one line each. What is
looked at is in `checkup` and `checkup_qt`; nothing on the machine is changed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from monitor import checkup, checkup_qt
from monitor.findings import Finding, Level
from monitor.settings import Settings

CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    checkup.check_program,
    checkup.check_packages,
    checkup_qt.check_qt,
    checkup_qt.check_screen,
    checkup_qt.check_fonts,
    checkup.check_time_zones,
    checkup.check_data_folder,
    checkup.check_database,
    checkup.check_port,
)


def run_doctor(settings: Settings, out: TextIO | None = None) -> int:
    """Print all findings; 1 when one of them is a problem, else 0."""
    out = out or sys.stdout
    findings: list[Finding] = []
    for check in CHECKS:
        for finding in check(settings):
            findings.append(finding)
            out.write(_line(finding))
            out.flush()
    out.write(_verdict([finding.level for finding in findings]))
    return int(any(finding.level is Level.PROBLEM for finding in findings))


def _line(finding: Finding) -> str:
    line = f"{finding.level.value:<8} {finding.subject:<12} {finding.message}\n"
    return line + (f"{'':<21} mend it: {finding.remedy}\n" if finding.remedy else "")


def _verdict(levels: Sequence[Level]) -> str:
    problems, warnings = levels.count(Level.PROBLEM), levels.count(Level.WARNING)
    counted = f"{warnings} warning{'' if warnings == 1 else 's'}"
    if problems:
        return f"\n{problems} problem{'' if problems == 1 else 's'} to mend first, {counted}.\n"
    return f"\nAll is well, {counted}.\n" if warnings else "\nAll is well.\n"
