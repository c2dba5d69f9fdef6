"""The set-up: two commands on a fresh machine, one lock file with hashes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = Path("packaging/setup/setup.sh")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the set-up script is for POSIX shells")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of the project as the set-up needs, in a folder with a space in its name."""
    root = tmp_path / "my checkout"
    for name in ("requirements.lock", "pyproject.toml", "Makefile", str(SCRIPT)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    return root


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: text for name, text in os.environ.items() if name not in {"PYTHON", "MAKEFLAGS", "MAKELEVEL"}
    }
    return subprocess.run(command, env=clean | environment, capture_output=True, text=True, check=False)


def test_every_locked_package_has_a_version_and_a_hash() -> None:
    packages = re.split(r"\n(?=\S)", re.sub(r"^ +#.*\n?", "", LOCK, flags=re.MULTILINE).strip())
    assert len(packages) > 30
    for package in packages:
        assert re.match(r"[\w.-]+==\S+", package), package
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", package), package


def test_the_lock_names_no_host_and_no_place_of_a_machine() -> None:
    assert "://" not in LOCK
    assert not re.search(
        r"^\s*--(index-url|extra-index-url|find-links|trusted-host)|file:", LOCK, re.MULTILINE
    )


@pytest.mark.parametrize("target", ["setup", "run", "test", "test-all", "lint", "bench"])
def test_the_makefile_has_the_target(target: str) -> None:
    done = run("make", "--dry-run", "--directory", str(ROOT), target)
    assert done.returncode == 0, done.stderr
    assert "packaging/setup/setup.sh" in done.stdout


def test_what_the_targets_do() -> None:
    steps = {name: run("make", "-n", "-C", str(ROOT), name).stdout for name in ("run", "test", "test-all")}
    assert "python -m monitor" in steps["run"]
    for step in ("ruff format --check", "ruff check", "mypy", "lint-imports", 'pytest -m "not slow"'):
        assert step in steps["test"]
    assert "not slow" not in steps["test-all"]
    assert "exec make test" in (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_an_unsuitable_python_is_refused_in_one_sentence(checkout: Path) -> None:
    for interpreter in ("/no/such/python", "/bin/ls"):
        done = run("sh", str(checkout / SCRIPT), PYTHON=interpreter)
        assert done.returncode == 1
        assert done.stderr == f"setup: PYTHON={interpreter} is not Python 3.11 or newer.\n"
    assert not (checkout / ".venv").exists()


@pytest.fixture
def old_machine(tmp_path: Path) -> str:
    """The PATH of a machine whose only Python is too old."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "cat", "id"):
        (tools / name).symlink_to(str(shutil.which(name)))
    old = tools / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" || exit 1\n')
    old.chmod(0o755)
    return str(tools)


TOO_OLD = "Python 3.11 or newer is needed, here is Python 3.9.2. Install it"


def test_a_machine_with_an_old_python_only_is_told_what_to_install(checkout: Path, old_machine: str) -> None:
    done = run("sh", str(checkout / SCRIPT), PATH=old_machine)
    assert done.returncode == 1
    assert TOO_OLD in done.stderr


@pytest.fixture
def prepared(checkout: Path) -> Path:
    """A checkout whose environment is ready: its interpreter, and the stamp of what made it."""
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to(sys.executable)
    script = (checkout / SCRIPT).read_text(encoding="utf-8")
    body = script.replace("is_ready || make_environment\n", 'fingerprint "$venv/bin/python" >"$stamp"\n')
    (checkout / SCRIPT).with_name("stamp.sh").write_text(body)
    # The stamp counts the script itself, so it is made by a twin beside it.
    assert run("sh", str((checkout / SCRIPT).with_name("stamp.sh"))).returncode == 0
    return checkout


def test_nothing_is_done_when_nothing_changed(prepared: Path, old_machine: str) -> None:
    done = run("sh", str(prepared / SCRIPT), PATH=old_machine)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_change_of_what_is_locked_is_noticed(prepared: Path, old_machine: str, name: str) -> None:
    with (prepared / name).open("a") as file:
        file.write("# changed\n")
    done = run("sh", str(prepared / SCRIPT), PATH=old_machine)
    assert done.returncode == 1
    assert TOO_OLD in done.stderr
