"""`monitor doctor`: what it finds on sound and on broken machines."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from database_places import SERVERS, place_of

from monitor import checkup, checkup_qt, doctor, machine
from monitor.findings import Finding, Level, ok, problem, warning
from monitor.settings import MirrorSettings, Settings
from monitor.store import Store, address


def settings_in(folder: Path, **mirror: object) -> Settings:
    return Settings(data_dir=folder, mirror=MirrorSettings(**({"port": 0} | mirror)))  # type: ignore[arg-type]


def only(findings: Iterator[Finding]) -> Finding:
    (finding,) = findings
    return finding


def make_database(settings: Settings) -> None:
    async def open_and_close() -> None:
        await (await Store.open(settings.database)).close()

    asyncio.run(open_and_close())


@contextmanager
def serving(body: bytes) -> Iterator[int]:
    """An HTTP server that answers everything with `body`; its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_a_sound_machine(tmp_path: Path) -> None:
    out = io.StringIO()
    assert doctor.run_doctor(settings_in(tmp_path), out) == 0
    lines = out.getvalue()
    for subject in (
        "Program",
        "Python",
        "Packages",
        "Qt",
        "Fonts",
        "Time zones",
        "Data folder",
        "Database",
        "Web page",
    ):
        assert f" {subject}" in lines
    assert "PySide6" in lines or "pyside6" in lines
    assert "starts with the platform offscreen" in lines
    assert "All is well" in lines
    assert list(tmp_path.iterdir()) == []


def test_exit_code_and_verdict_follow_the_worst(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def report(*findings: Finding) -> tuple[int, str]:
        monkeypatch.setattr(doctor, "CHECKS", (lambda settings: iter(findings),))
        out = io.StringIO()
        return doctor.run_doctor(settings_in(tmp_path), out), out.getvalue()

    assert report(ok("A", "fine")) == (0, "ok       A            fine\n\nAll is well.\n")
    code, text = report(warning("A", "so so", "look at it"), problem("B", "broken", "mend it so"))
    assert code == 1
    assert "PROBLEM  B            broken\n                      mend it: mend it so\n" in text
    assert text.endswith("1 problem to mend first, 1 warning.\n")


# Versions -----------------------------------------------------------------------------------


def test_packages_agree_with_the_lock(tmp_path: Path) -> None:
    finding = only(checkup.check_packages(settings_in(tmp_path)))
    assert finding.level is Level.OK
    for name in ("msgspec", "qasync", "starlette", "uvicorn", "websockets", "numpy"):
        assert f"{name} " in finding.message
    assert "pytest" not in finding.message


def test_another_version_than_the_locked_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("qasync==0.1 \\\n    --hash=x\nnumpy==0.1 ; python_version < '3'\nnumpy==0.2\n")
    monkeypatch.setattr(checkup, "_LOCK_FILE", lock)
    _, *wrong = checkup.check_packages(settings_in(tmp_path))
    assert [finding.level for finding in wrong] == [Level.WARNING] * 2
    assert wrong[0].message.endswith("is not the tested 0.1 or 0.2")
    assert wrong[0].remedy == "make setup"


def test_a_missing_package_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "runtime_packages", lambda: ["msgspec", "no-such-package"])
    _, missing = checkup.check_packages(settings_in(tmp_path))
    assert (missing.level, missing.message) == (Level.PROBLEM, "no-such-package is not installed")


# Qt -----------------------------------------------------------------------------------------


def test_the_fatal_pair_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "installed_fatal_pair", lambda: machine.fatal_pair((3, 11), "6.12.0"))
    finding = only(checkup_qt.check_qt(settings_in(tmp_path)))
    assert finding.level is Level.PROBLEM
    assert "crashes on Python 3.11" in finding.message


def test_a_platform_that_does_not_exist_is_a_problem_and_not_an_abort(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "screen_problem", lambda: "")
    monkeypatch.setenv("QT_QPA_PLATFORM", "nonsense")
    finding = only(checkup_qt.check_qt(settings_in(tmp_path)))
    assert finding.level is Level.PROBLEM
    assert "nonsense" in finding.message


def test_missing_libraries_name_their_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = (machine.SystemLibrary("libgone.so.1", "libgone1"),)
    monkeypatch.setattr(machine, "QT_LIBRARIES", lacking)
    monkeypatch.setattr(machine, "WINDOW_LIBRARIES", lacking)
    found = [
        only(checkup_qt.check_qt(settings_in(tmp_path))),
        *checkup_qt.check_screen(settings_in(tmp_path)),
    ]
    assert [finding.level for finding in found if "libgone.so.1" in finding.message] == [
        Level.PROBLEM,
        Level.WARNING,
    ]
    assert found[0].remedy.endswith("libgone1")


def test_without_a_screen_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "screen_problem", lambda: "nobody is watching")
    finding = next(checkup_qt.check_screen(settings_in(tmp_path)))
    assert finding == warning("Screen", "no window: nobody is watching", "monitor serve needs no window")


def test_without_a_chinese_font_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "has_cjk_font", lambda: False)
    finding = only(checkup_qt.check_fonts(settings_in(tmp_path)))
    assert finding.level is Level.WARNING
    assert "fonts-wqy-microhei" in finding.remedy


# Data folder and database -------------------------------------------------------------------


def test_a_data_folder_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finding = only(checkup.check_data_folder(settings_in(tmp_path / "file" / "below")))
    assert (finding.level, finding.message) == (Level.PROBLEM, f"{tmp_path}/file is not a folder")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert only(checkup.check_data_folder(settings_in(tmp_path))).level is Level.PROBLEM


def test_a_full_disk_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "ROOM_BYTES", 10**18)
    assert only(checkup.check_data_folder(settings_in(tmp_path))).level is Level.WARNING


def test_our_database_is_sound_and_left_as_it_was(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    make_database(settings)
    before = settings.database_file.read_bytes()
    finding = only(checkup.check_database(settings))
    assert finding.level is Level.OK
    assert "version 0002, sound" in finding.message
    assert settings.database_file.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "is of a newer version (9999)"),
        ("DROP TABLE alembic_version", "belongs to another program"),
    ],
)
def test_a_database_that_is_not_ours(tmp_path: Path, statement: str, message: str) -> None:
    settings = settings_in(tmp_path)
    make_database(settings)
    with closing(sqlite3.connect(settings.database_file)) as connection, connection:
        connection.execute(statement)
    finding = only(checkup.check_database(settings))
    assert finding.level is Level.PROBLEM
    assert message in finding.message


@pytest.mark.parametrize("damage", ["no database at all", "torn in the middle"])
def test_a_damaged_database(tmp_path: Path, damage: str) -> None:
    settings = settings_in(tmp_path)
    make_database(settings)
    data = bytearray(settings.database_file.read_bytes())
    if damage == "no database at all":
        data[:100] = bytes(range(100))
    else:
        data[4096 : 4096 + 200] = b"\xff" * 200
    settings.database_file.write_bytes(data)
    finding = only(checkup.check_database(settings))
    assert finding.level is Level.PROBLEM
    assert finding.remedy.startswith("put a copy back")


# Port ---------------------------------------------------------------------------------------


def test_a_free_port(tmp_path: Path) -> None:
    assert only(checkup.check_port(settings_in(tmp_path))).level is Level.OK
    assert only(checkup.check_port(settings_in(tmp_path, enabled=False))).message == "switched off"


def test_a_port_of_another_program_names_it(tmp_path: Path) -> None:
    with serving(b"hello") as port:
        finding = only(checkup.check_port(settings_in(tmp_path, port=port)))
    assert finding.level is Level.PROBLEM
    assert f"port {port} is used by" in finding.message
    if Path("/proc/net/tcp").is_file():
        assert f"(process {os.getpid()})" in finding.message


def test_a_port_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "ANSWER_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        finding = only(checkup.check_port(settings_in(tmp_path, port=silent.getsockname()[1])))
    assert finding.level is Level.PROBLEM


def test_our_own_port_is_well(tmp_path: Path) -> None:
    with serving(b'{"status": "ok", "journal_seq": 5}') as port:
        finding = only(checkup.check_port(settings_in(tmp_path, port=port)))
    assert (finding.level, finding.message) == (
        Level.OK,
        f"http://127.0.0.1:{port} is served by a running Trading Monitor",
    )


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_database_on_a_server(tmp_path: Path, kind: str) -> None:
    async with place_of(kind, tmp_path) as place:
        # PostgreSQL here trusts everybody, so a password can be given; MariaDB checks it.
        url = place.url.set(password="hunter2") if kind == "postgresql" else place.url
        settings = Settings(data_dir=tmp_path, database=url.render_as_string(hide_password=False))
        empty = await asyncio.to_thread(lambda: only(checkup.check_database(settings)))
        assert (empty.level, "empty" in empty.message) == (Level.OK, True)
        store = await Store.open(place.address)
        used = await asyncio.to_thread(lambda: only(checkup.check_database(settings)))
        await store.close()
        assert used.level is Level.OK
        assert "version 0002" in used.message
        assert "hunter2" not in used.message


async def test_a_server_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = Settings(data_dir=tmp_path, database=f"postgresql://me:hunter2@127.0.0.1:{port}/trading")
    finding = await asyncio.to_thread(lambda: only(checkup.check_database(settings)))
    assert finding.level is Level.PROBLEM
    assert "the server does not answer" in finding.message
    assert "hunter2" not in finding.message


async def test_a_driver_that_is_missing_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "find_spec", lambda name: None)
    settings = Settings(data_dir=tmp_path, database="mariadb://me:hunter2@host/trading")
    finding = await asyncio.to_thread(lambda: only(checkup.check_database(settings)))
    assert "pip install 'trading-monitor[mariadb]'" in finding.message
    assert "hunter2" not in finding.message
