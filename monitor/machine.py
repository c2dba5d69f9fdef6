"""What this machine offers: a screen, Qt's system libraries, a Chinese font, a sound Python.

Imports nothing but the standard library: the set-up script runs it before anything is
installed, and the application asks it before it loads Qt, whose own answer is an abort.
"""

from __future__ import annotations

import ctypes
import glob
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

CJK_FONT_PACKAGE = "fonts-wqy-microhei"
ZONE_PACKAGE = "tzdata"
SCREENLESS_PLATFORMS = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")
_CJK_FONT_FILES = ("*wqy*", "*[Cc][Jj][Kk]*", "DroidSansFallback*", "*SourceHan*", "*uming*", "*ukai*")


class SystemLibrary(NamedTuple):
    """A shared library Qt loads, and the Debian package that carries it."""

    soname: str
    package: str


# Qt does not import without these, not even for a picture nobody sees.
QT_LIBRARIES = (
    SystemLibrary("libGL.so.1", "libgl1"),
    SystemLibrary("libEGL.so.1", "libegl1"),
    SystemLibrary("libxkbcommon.so.0", "libxkbcommon0"),
    SystemLibrary("libfontconfig.so.1", "libfontconfig1"),
    SystemLibrary("libdbus-1.so.3", "libdbus-1-3"),
    SystemLibrary("libglib-2.0.so.0", "libglib2.0-0"),
)
# The plugin that opens a window on X11 aborts without these.
WINDOW_LIBRARIES = (
    SystemLibrary("libxcb-cursor.so.0", "libxcb-cursor0"),
    SystemLibrary("libxcb-icccm.so.4", "libxcb-icccm4"),
    SystemLibrary("libxcb-image.so.0", "libxcb-image0"),
    SystemLibrary("libxcb-keysyms.so.1", "libxcb-keysyms1"),
    SystemLibrary("libxcb-render-util.so.0", "libxcb-render-util0"),
    SystemLibrary("libxcb-shape.so.0", "libxcb-shape0"),
    SystemLibrary("libxcb-xkb.so.1", "libxcb-xkb1"),
    SystemLibrary("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
)


def missing_libraries(wanted: Iterable[SystemLibrary]) -> tuple[SystemLibrary, ...]:
    """Those that cannot be loaded here. Found by trying: no list of packages is as true."""
    if not sys.platform.startswith("linux"):
        return ()
    return tuple(library for library in wanted if not _loads(library.soname))


def _loads(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def apt_line(packages: Iterable[str]) -> str:
    """The command that installs them on Debian and Ubuntu."""
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}"


def has_cjk_font() -> bool:
    """Whether Chinese names can be drawn; without such a font they are empty boxes."""
    if not sys.platform.startswith("linux"):
        return True
    if lister := shutil.which("fc-list"):
        found = subprocess.run([lister, ":lang=zh", "file"], capture_output=True, text=True, check=False)  # noqa: S603
        if found.returncode == 0:
            return bool(found.stdout.strip())
    roots = ("/usr/share/fonts", "/usr/local/share/fonts", str(Path.home() / ".local/share/fonts"))
    return any(glob.glob(f"{root}/**/{name}", recursive=True) for root in roots for name in _CJK_FONT_FILES)


def knows_time_zones() -> bool:
    """Whether there is a time zone database; small containers come without."""
    try:
        ZoneInfo("Asia/Shanghai")
    except (OSError, LookupError, ValueError):
        return False
    return True


def screen_problem(environment: Mapping[str, str] | None = None) -> str:
    """Why no window can be opened here, as the end of a sentence; "" when one can."""
    environment = os.environ if environment is None else environment
    if not sys.platform.startswith("linux") or _screenless(environment):
        return ""
    wayland, display = environment.get("WAYLAND_DISPLAY", ""), environment.get("DISPLAY", "")
    if wayland and _wayland_socket(environment, wayland).exists():
        return ""
    if not display:
        return "neither DISPLAY nor WAYLAND_DISPLAY names a screen"
    if not _x_server_answers(display):
        return f"no X server answers at DISPLAY={display}"
    if missing := missing_libraries((*QT_LIBRARIES, *WINDOW_LIBRARIES)):
        names = ", ".join(library.soname for library in missing)
        return f"{names} cannot be loaded; mend it with: {apt_line(library.package for library in missing)}"
    return ""


def _screenless(environment: Mapping[str, str]) -> bool:
    """Somebody chose a Qt platform that paints without a screen."""
    return environment.get("QT_QPA_PLATFORM", "").partition(":")[0] in SCREENLESS_PLATFORMS


def _wayland_socket(environment: Mapping[str, str], name: str) -> Path:
    return Path(environment.get("XDG_RUNTIME_DIR", "/nowhere")) / name


def _x_server_answers(display: str) -> bool:
    """Knock where `host:number.screen` points to; Qt would abort instead of saying no."""
    host, colon, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not colon or not number.isdigit():
        return False
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"  # noqa: S108
        return _connects(socket.AF_UNIX, path) or _connects(socket.AF_UNIX, f"\0{path}")
    if host.startswith("/"):
        return _connects(socket.AF_UNIX, display)
    return _connects(socket.AF_INET, (host, 6000 + int(number)))


def _connects(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as knock:
        knock.settimeout(1.0)
        try:
            knock.connect(address)
        except OSError:
            return False
    return True


def fatal_pair(python: tuple[int, int], pyside: str) -> str:
    """A sentence when this Python and this PySide6 together abort, else "".

    PySide6 6.12 gives back one reference to None too many per call; before Python 3.12 that
    kills the process after some thousand calls (docs/decisions/0002-qt-pin.md).
    """
    release = tuple(int(part) for part in pyside.split(".")[:2] if part.isdigit())
    if python >= (3, 12) or release < (6, 12):
        return ""
    version = ".".join(map(str, python))
    return (
        f"PySide6 {pyside} crashes on Python {version}: use PySide6 6.11 (make setup installs it) "
        "or Python 3.12 or newer."
    )


def installed_fatal_pair() -> str:
    """`fatal_pair` of the Python that runs and the PySide6 that is installed."""
    try:
        pyside = metadata.version("PySide6-Essentials")
    except metadata.PackageNotFoundError:
        return ""
    return fatal_pair((sys.version_info.major, sys.version_info.minor), pyside)


def missing_packages() -> list[str]:
    """Debian packages the set-up should install: for Qt, for a window, for Chinese, for time."""
    packages = [library.package for library in missing_libraries((*QT_LIBRARIES, *WINDOW_LIBRARIES))]
    if not has_cjk_font():
        packages.append(CJK_FONT_PACKAGE)
    if not knows_time_zones():
        packages.append(ZONE_PACKAGE)
    return packages


if __name__ == "__main__":
    sys.stdout.write(" ".join(missing_packages()))
