"""Doctor's checks of Qt: its libraries, the platform it starts with, the screen, the fonts.

Qt is loaded in a child process only: a broken Qt aborts instead of raising, and this module
may be asked by a program without a window. Changes nothing.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from monitor import machine
from monitor.findings import Finding, ok, problem, warning
from monitor.settings import Settings

_PROBE = """
from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QApplication
application = QApplication([])
print(qVersion(), application.platformName())
"""
_PROBE_SECONDS = 60


def check_qt(settings: Settings) -> Iterator[Finding]:
    """Whether a Qt application starts here, with a window if there is a screen for it."""
    if fatal := machine.installed_fatal_pair():
        yield problem("Qt", fatal, "make setup")
    elif missing := machine.missing_libraries(machine.QT_LIBRARIES):
        yield problem("Qt", f"{_names(missing)} cannot be loaded", _apt_line(missing))
    else:
        yield _probe("offscreen" if machine.screen_problem() else os.environ.get("QT_QPA_PLATFORM", ""))


def _probe(platform: str) -> Finding:
    environment = dict(os.environ, QT_QPA_PLATFORM=platform)
    if not platform:
        del environment["QT_QPA_PLATFORM"]
    command = [sys.executable, "-c", _PROBE]
    try:
        probe = subprocess.run(  # noqa: S603  # our own interpreter and text
            command, env=environment, capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return problem("Qt", f"did not start within {_PROBE_SECONDS} s", "try again when the machine is idle")
    if probe.returncode:
        said = [line for line in probe.stderr.splitlines() if line.strip()] or [
            f"exit code {probe.returncode}"
        ]
        return problem("Qt", f"does not start: {said[0].strip()}", "make setup, then monitor doctor again")
    version, name = probe.stdout.split()
    return ok("Qt", f"Qt {version} starts with the platform {name}")


def check_screen(settings: Settings) -> Iterator[Finding]:
    """A missing screen is no fault: the same engine runs behind the web page."""
    if trouble := machine.screen_problem():
        yield warning("Screen", f"no window: {trouble}", "monitor serve needs no window")
    else:
        yield ok("Screen", "a window can be opened")
    missing = machine.missing_libraries(machine.WINDOW_LIBRARIES)
    if missing:
        yield warning("Window", f"{_names(missing)} cannot be loaded (X11)", _apt_line(missing))
    elif unresolved := unresolved_libraries(_xcb_plugin()):
        yield warning(
            "Window", f"Qt's X11 plugin lacks {', '.join(unresolved)}", "install the packages with them"
        )
    elif sys.platform.startswith("linux"):
        yield ok("Window", "Qt's X11 plugin has all its libraries")


def _xcb_plugin() -> Path:
    """Where PySide6 keeps it; found without loading PySide6."""
    package = importlib.util.find_spec("PySide6")
    root = Path(package.origin).parent if package and package.origin else Path()
    return root / "Qt" / "plugins" / "platforms" / "libqxcb.so"


def unresolved_libraries(binary: Path) -> list[str]:
    """What the linker cannot find for a shared object; nothing where there is no ldd."""
    lister = shutil.which("ldd")
    if lister is None or not binary.is_file():
        return []
    listed = subprocess.run([lister, str(binary)], capture_output=True, text=True, check=False)  # noqa: S603
    lines = (line.partition("=>") for line in listed.stdout.splitlines())
    return [name.strip() for name, _, place in lines if place.strip() == "not found"]


def check_fonts(settings: Settings) -> Iterator[Finding]:
    if machine.has_cjk_font():
        yield ok("Fonts", "Chinese can be drawn")
    else:
        yield warning(
            "Fonts", "no Chinese font: names in it are boxes", machine.apt_line([machine.CJK_FONT_PACKAGE])
        )


def _names(libraries: tuple[machine.SystemLibrary, ...]) -> str:
    return ", ".join(library.soname for library in libraries)


def _apt_line(libraries: tuple[machine.SystemLibrary, ...]) -> str:
    return machine.apt_line(library.package for library in libraries)
