"""One Trading Monitor per data folder, held by a real second process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.errors import UserError
from monitor.instance import data_folder_held, database_file_held, holder

HOLD = """
import sys, pathlib
from monitor.instance import data_folder_held
with data_folder_held(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the folder, until it is killed or its input ends."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_one_is_refused_and_told_who_runs(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    sentence = rf"already running with the data folder .* \(process {other.pid}\)"
    with pytest.raises(UserError, match=sentence), data_folder_held(tmp_path):
        pytest.fail("held twice")
    assert holder(tmp_path) == str(other.pid)


def test_the_command_line_refuses_it_too(
    tmp_path: Path, other: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--data-dir", str(tmp_path), "--port", "0"]) == 2
    assert "already running" in capsys.readouterr().err


def test_a_killed_one_leaves_nothing_behind(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    other.kill()
    other.wait()
    assert holder(tmp_path) == ""
    with data_folder_held(tmp_path):
        assert (tmp_path / "running.lock").read_text() == f"{os.getpid()}\n"


def test_it_is_free_again_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    for _ in range(2):
        with data_folder_held(folder):
            assert holder(folder) == str(os.getpid())
    assert holder(folder) == ""
    assert holder(tmp_path / "none") == ""


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    reason = r"cannot be used: (Not a directory|File exists)"
    with pytest.raises(UserError, match=reason), data_folder_held(tmp_path / "file" / "below"):
        pytest.fail("held a file")


HOLD_DATABASE = HOLD.replace("data_folder_held", "database_file_held")


def test_one_database_file_is_for_one_of_them_whatever_their_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "shared" / "monitor.sqlite"
    command = [sys.executable, "-c", HOLD_DATABASE, str(file)]
    monkeypatch.setenv("MONITOR_DATABASE", f"sqlite:///{file}")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert main(["serve", "--data-dir", str(tmp_path / "mine"), "--port", "0"]) == 2
        said = capsys.readouterr().err
        assert f"another Trading Monitor (process {process.pid}) is using the database" in said
        process.kill()
    with database_file_held(file), database_file_held(None):
        pass
