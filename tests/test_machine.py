"""What the machine offers: the fatal pair of versions, a screen, libraries."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import machine

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="screens of Linux")


@pytest.fixture
def x_server() -> Iterator[str]:
    """Somebody who answers where an X server of that display number would."""
    with socket.socket(socket.AF_INET) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"127.0.0.1:{server.getsockname()[1] - 6000}.0"


@pytest.mark.parametrize(
    ("python", "pyside", "fatal"),
    [
        ((3, 11), "6.12.0", True),
        ((3, 11), "6.13.1", True),
        ((3, 11), "7.0", True),
        ((3, 11), "6.11.3", False),
        ((3, 11), "6.8.3", False),
        ((3, 12), "6.12.0", False),
        ((3, 13), "6.12.0", False),
    ],
)
def test_the_fatal_pair(python: tuple[int, int], pyside: str, fatal: bool) -> None:
    sentence = machine.fatal_pair(python, pyside)
    assert bool(sentence) is fatal
    assert not fatal or f"PySide6 {pyside} crashes on Python 3.11" in sentence


def test_what_is_installed_here_is_sound() -> None:
    assert machine.installed_fatal_pair() == ""


def test_no_variable_means_no_screen() -> None:
    assert machine.screen_problem({}) == "neither DISPLAY nor WAYLAND_DISPLAY names a screen"


@pytest.mark.parametrize("display", [":4711", "127.0.0.1:59535", "nonsense"])
def test_a_display_without_a_server_is_no_screen(display: str) -> None:
    assert machine.screen_problem({"DISPLAY": display}) == f"no X server answers at DISPLAY={display}"


def test_a_display_with_a_server_is_one(x_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "missing_libraries", lambda wanted: ())
    assert machine.screen_problem({"DISPLAY": x_server}) == ""


def test_a_screen_without_libraries_says_the_line_that_mends_it(
    x_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = machine.SystemLibrary("libnotthere.so.9", "libnotthere9")
    monkeypatch.setattr(machine, "WINDOW_LIBRARIES", (lacking,))
    problem = machine.screen_problem({"DISPLAY": x_server})
    assert "libnotthere.so.9 cannot be loaded" in problem
    assert problem.endswith("sudo apt-get install --no-install-recommends libnotthere9")


def test_a_wayland_socket_is_a_screen(tmp_path: Path) -> None:
    (tmp_path / "wayland-0").touch()
    variables = {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert machine.screen_problem(variables) == ""
    assert machine.screen_problem(variables | {"WAYLAND_DISPLAY": "wayland-1"})


def test_a_platform_without_screen_needs_none() -> None:
    assert machine.screen_problem({"QT_QPA_PLATFORM": "offscreen:size=10x10"}) == ""


def test_missing_libraries_are_found_by_trying() -> None:
    there, gone = (
        machine.SystemLibrary("libc.so.6", "libc6"),
        machine.SystemLibrary("libgone.so.1", "libgone1"),
    )
    assert machine.missing_libraries((there, gone)) == (gone,)


def test_it_runs_before_anything_is_installed() -> None:
    """As the set-up script calls it: without site packages."""
    done = subprocess.run(
        [sys.executable, "-S", "-B", "-W", "error", "-m", "monitor.machine"],
        cwd=Path(machine.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert set(done.stdout.split()) <= {
        *(library.package for library in machine.QT_LIBRARIES + machine.WINDOW_LIBRARIES),
        machine.CJK_FONT_PACKAGE,
        "tzdata",
    }
