"""Where shipped files are found, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor import assets


def test_in_a_checkout() -> None:
    assert assets.resource_path() == Path(__file__).resolve().parents[1] / "resources"


def test_in_an_installed_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    icon = tmp_path / "monitor" / "resources" / "icons" / "app.svg"
    icon.parent.mkdir(parents=True)
    icon.touch()
    monkeypatch.setattr(assets, "_PACKAGE", tmp_path / "monitor")
    assert assets.resource_path("icons", "app.svg") == icon


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"icons/none\.svg is not among the files"):
        assets.resource_path("icons", "none.svg")
