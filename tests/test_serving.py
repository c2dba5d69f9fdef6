"""The application as a process without a screen: what it prints, serves, restores and returns."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="ended by signals")

HIDDEN = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process of ours and the address that it prints."""
    clean = {name: text for name, text in os.environ.items() if name not in HIDDEN}
    command = [sys.executable, "-m", "monitor", "--data-dir", str(folder), "--port", "0", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=clean, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert found, f"{line}{process.stderr.read() if process.stderr else ''}"
            yield process, found[0]
        finally:
            process.kill()


def health(url: str) -> dict[str, object]:
    with urlopen(f"{url}/healthz", timeout=10) as answer:
        body: dict[str, object] = json.load(answer)
    return body


def test_without_a_screen_it_says_so_and_serves_the_page_until_ctrl_c(tmp_path: Path) -> None:
    with running(tmp_path) as (process, url):
        assert health(url)["status"] == "ok"
        with urlopen(url, timeout=10) as page:
            assert b"<!doctype html>" in page.read(100).lower()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 0
    assert said.startswith("There is no window: neither DISPLAY nor WAYLAND_DISPLAY names a screen.")
    assert "Traceback" not in said


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_it_starts_again_however_it_ended(tmp_path: Path, end: signal.Signals) -> None:
    for _ in range(2):
        with running(tmp_path, "serve") as (process, url):
            assert health(url)["mirror_url"] == url
            process.send_signal(end)
            process.communicate(timeout=30)
            assert process.returncode == (0 if end == signal.SIGTERM else -end)
