"""The equity chart draws what the series holds, with ranges and words of its own."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from driver import BEGIN, MINUTE, equity, moment, replay, session, whole_replay
from hypothesis import given, strategies as st
from pilot import Pilot
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter

from monitor.engine.changes import Changes, EquityChunk
from monitor.models import format as shown
from monitor.ui.charts.axes import DAY, _Axis, digits_for, nice_spacing, ticks_within, time_label
from monitor.ui.charts.plot import TEXT_HEIGHT, TEXT_NEEDS, EquityPlot, fitted, grown, with_text

SHANGHAI = shown.zone("Asia/Shanghai")


def plot_of(ui: Pilot) -> EquityPlot:
    plot = ui.window.equity.plot
    assert plot is not None
    return plot


def draw(ui: Pilot, monkeypatch: pytest.MonkeyPatch, seconds: float = 1.0) -> None:
    """A frame after enough time for drawing and fitting."""
    import monitor.ui.charts.equity as panel

    now = panel.time.monotonic() + seconds
    monkeypatch.setattr(panel.time, "monotonic", lambda: now)
    ui.frame()


def test_curve_and_drawdown_are_drawn_from_the_series(ui: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(ui, monkeypatch)
    plot = plot_of(ui)
    series = ui.window.desk.equity
    x, y = plot.curve.getData()
    assert y[-1] == series.equity[-1]
    assert y.min() == series.equity.min()
    assert len(x) <= 2 * plot.upper.vb.width() + 2, "never more points than pixels can show"
    fall = plot.fall.getData()[1]
    assert fall.min() == pytest.approx(series.max_drawdown.depth)  # type: ignore[union-attr]


def test_everything_drawn_is_inside_the_ranges(ui: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(ui, monkeypatch)
    plot = plot_of(ui)
    (left, right), (bottom, top) = plot.upper.vb.viewRange()
    x, y = plot.curve.getData()
    assert left <= x.min()
    assert x.max() <= right
    assert bottom <= y.min()
    assert y.max() <= top
    assert plot.lower.vb.viewRange()[0] == pytest.approx([left, right]), "both share one time axis"


def test_new_bars_are_appended(ui: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(ui, monkeypatch)
    ui.tell(Changes(equity=[equity(4_213, 5_200)]))
    draw(ui, monkeypatch, 2.0)
    x, _ = plot_of(ui).curve.getData()
    assert x.max() == 5_199


def test_a_seek_back_starts_another_curve(ui: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(ui, monkeypatch)
    ui.tell(Changes(cleared=True, equity=[equity(0, 100)], replay=replay(100), session=session()))
    draw(ui, monkeypatch, 2.0)
    x, _ = plot_of(ui).curve.getData()
    assert x.max() == 99
    assert plot_of(ui).upper.vb.viewRange()[0][1] < 200


def test_the_deepest_fall_is_marked(ui: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(ui, monkeypatch)
    worst = ui.window.desk.equity.max_drawdown
    assert worst is not None
    plot = plot_of(ui)
    assert plot.trough.getData()[0][0] == worst.trough
    assert plot.trough_text.toPlainText() == shown.percent(worst.depth)
    assert plot.fall_region.getRegion() == (worst.peak, worst.trough)
    assert f"{worst.trough - worst.peak:,} bars" in ui.window.equity.deepest.text()


def test_the_last_value_is_a_tag(ui: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(ui, monkeypatch)
    assert plot_of(ui).money.tag.text == shown.number(float(ui.window.desk.equity.equity[-1]), 2)


def test_times_appear_below_a_young_curve(make_pilot, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """The range stands still while the curve grows into it; its labels must not."""
    pilot = make_pilot(whole_replay(3))
    draw(pilot, monkeypatch)
    plot = plot_of(pilot)
    pilot.window.equity.grab()
    pilot.tell(Changes(equity=[equity(3, 100)]))
    draw(pilot, monkeypatch, 2.0)
    assert plot.times.picture is None, "to be drawn anew"
    image = QImage(10, 10, QImage.Format.Format_ARGB32)
    with QPainter(image) as painter:
        texts = [text[2] for text in plot.times.generateDrawSpecs(painter)[2]]
    assert "09:21" in texts


def test_labels_below_the_tag_give_way(ui: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(ui, monkeypatch)
    plot = plot_of(ui)
    image = QImage(10, 10, QImage.Format.Format_ARGB32)
    for axis in (plot.money, plot.falls):
        ui.window.equity.grab()
        with QPainter(image) as painter:
            _, _, texts = axis.generateDrawSpecs(painter)
        tag = axis.tag.mapRectToParent(axis.tag.boundingRect())
        assert texts
        assert all(abs(text[0].center().y() - tag.center().y()) > tag.height() / 2 for text in texts)


def test_the_crosshair_reads_the_sample_under_the_pointer(ui: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(ui, monkeypatch)
    plot = plot_of(ui)
    place = plot.upper.vb.mapViewToScene(QPointF(1_000, 1_000_000))
    plot._hover_at(place)
    text = ui.window.equity.readout.text()
    assert shown.minute(moment(1_000), SHANGHAI) in text
    assert shown.number(float(ui.window.desk.equity.equity[1_000]), 2) in text
    assert all(hair.isVisible() and hair.value() == 1_000 for hair in plot.hairs)
    plot._set_hover(-1)
    assert shown.minute(moment(4_212), SHANGHAI) in ui.window.equity.readout.text()


def test_a_range_chosen_by_hand_stays_until_all_is_asked_for(
    ui: Pilot, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(ui, monkeypatch)
    plot, panel = plot_of(ui), ui.window.equity
    plot.upper.vb.setXRange(1_000, 1_400, padding=0)
    assert panel.all.isVisible()
    ui.tell(Changes(equity=[equity(4_213, 5_000)]))
    draw(ui, monkeypatch, 2.0)
    assert plot.upper.vb.viewRange()[0] == pytest.approx([1_000, 1_400])
    panel.all.click()
    assert plot.upper.vb.viewRange()[0][1] >= 5_000
    assert not panel.all.isVisible()


def test_nothing_is_drawn_when_nothing_changed(ui: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(ui, monkeypatch)
    draw(ui, monkeypatch, 2.0)
    drawn: list[int] = []
    monkeypatch.setattr(plot_of(ui), "draw", lambda: drawn.append(1))
    draw(ui, monkeypatch, 3.0)
    assert drawn == []
    ui.tell(Changes(equity=[equity(4_213, 4_214)]))
    draw(ui, monkeypatch, 4.0)
    assert drawn == [1]


def test_an_empty_chart_says_what_will_be_there(make_pilot) -> None:  # type: ignore[no-untyped-def]
    panel = make_pilot().window.equity
    assert panel.empty.isVisible()
    assert "Space" in panel.empty.text()


def test_axis_words(ui: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(ui, monkeypatch)
    plot = plot_of(ui)
    assert plot.money.tickStrings([1_000_000.0, 1_005_000.0], 1, 5_000) == ["1,000,000", "1,005,000"]
    assert plot.money.tickStrings([-0.5], 1, 0.5) == ["−0.5"]
    assert plot.falls.tickStrings([-0.01], 1, 0.005) == ["−1.0 %"]
    assert plot.times.tickStrings([0.0, 9_999.0], 1, 1_000) == ["06-12 09:01", ""]


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (100 * MINUTE, "09:01"),
        (3 * DAY, "06-12 09:01"),
        (900 * DAY, "2019-06-12"),
    ],
)
def test_times_say_as_much_as_the_range_needs(span: int, text: str) -> None:
    assert time_label(BEGIN, span, SHANGHAI) == text


def texts_of(axis: _Axis) -> list[tuple[QRectF, str]]:
    """The labels that an axis writes, with their places."""
    image = QImage(4, 4, QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    painter.setFont(axis.style["tickFont"])
    specs = axis.generateDrawSpecs(painter)
    painter.end()
    return [(rect, text) for rect, _, text in specs[2]]


@pytest.mark.parametrize("bars", [2, 30, 300, 4_000])
def test_times_stand_below_a_curve_from_its_first_minutes(
    ui: Pilot, monkeypatch: pytest.MonkeyPatch, bars: int
) -> None:
    ui.tell(Changes(cleared=True, equity=[equity(0, bars)], session=session()))
    draw(ui, monkeypatch)
    ui.window.grab()
    labels = texts_of(plot_of(ui).times)
    assert labels[0][1].endswith("09:01")
    assert len(labels) >= min(4, 1 + bars // 15)
    edges = [(rect.left(), rect.right()) for rect, _ in labels]
    assert edges[0][0] >= 0
    assert all(right < left for (_, right), (left, _) in pairwise(edges))


def test_the_tag_stays_beside_the_last_value_when_the_panel_is_resized(
    ui: Pilot, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(ui, monkeypatch)
    plot = plot_of(ui)
    last = float(ui.window.desk.equity.equity[-1])
    for height in (900, 640, 800):
        ui.window.resize(1440, height)
        ui.window.grab()
        draw(ui, monkeypatch)
        beside = plot.upper.vb.mapFromViewToItem(plot.money, QPointF(0.0, last)).y()
        assert plot.money.tag.pos().y() == pytest.approx(beside, abs=1)


@given(st.floats(-0.9, -0.001), st.floats(10, 600))
def test_the_text_below_the_deepest_fall_has_room(deepest: float, height: float) -> None:
    low = with_text(deepest, height)
    assert low < deepest
    if height >= TEXT_NEEDS:
        assert (1 - deepest / low) * height >= TEXT_HEIGHT - 1e-6


def test_money_has_three_ticks_whose_labels_do_not_touch(ui: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(ui, monkeypatch)
    ui.window.grab()
    plot = plot_of(ui)
    assert len(texts_of(plot.money)) >= 3
    for axis in (plot.money, plot.falls):
        (_, ticks), *_ = axis.tickValues(*axis.range, axis.size().height())
        assert len(ticks) >= 3
        tag = axis.tag.sceneBoundingRect()
        places = sorted((rect for rect, _ in texts_of(axis)), key=QRectF.top)
        assert all(above.bottom() <= below.top() for above, below in pairwise(places))
        assert not any(axis.mapRectToScene(rect).intersects(tag) for rect in places)


@given(st.floats(1e-6, 1e9), st.floats(2, 20))
def test_spacings_fit_and_are_round(span: float, most: float) -> None:
    spacing = nice_spacing(span, most)
    assert len(ticks_within(0.0, span, spacing)) <= most + 1 + 1e-6
    assert span / spacing >= most / 2.6
    digit = f"{spacing:.6e}".split("e")[0].rstrip("0").rstrip(".")
    assert digit in {"1", "2", "2.5", "5"}


def test_ticks_say_where_they_are() -> None:
    assert [f"{0.75:.{digits_for(0.25)}f}", f"{1.5:.{digits_for(0.5)}f}"] == ["0.75", "1.5"]


@given(st.floats(1e-6, 1e6))
def test_ticks_have_digits_enough_to_differ(spacing: float) -> None:
    digits = digits_for(spacing)
    assert f"{spacing:.{digits}f}" != f"{0.0:.{digits}f}" or spacing < 1e-7


@given(st.integers(1, 2_000_000), st.integers(1, 50_000))
def test_the_axis_holds_all_samples_and_stands_still_in_between(samples: int, more: int) -> None:
    width = grown(samples, 0)
    assert width >= samples
    later = grown(samples + more, width)
    assert later >= samples + more
    assert later == width or samples + more > width


@given(st.floats(1, 1e7), st.floats(0, 1e6), st.floats(1, 1e7), st.floats(0, 1e6))
def test_a_fitted_range_holds_the_curve(low: float, height: float, old: float, room: float) -> None:
    bottom, top = fitted(low, low + height, (old, old + room))
    assert bottom <= low
    assert low + height <= top
    assert bottom < top


def test_a_long_curve_costs_no_more_than_its_pixels(ui: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 300_000
    times = BEGIN + np.arange(count, dtype=np.int64) * MINUTE
    values = 1e6 + np.cumsum(np.random.default_rng(3).normal(0, 50, count))
    ui.tell(Changes(cleared=True, equity=[EquityChunk("sim-1", 0, times, values)], session=session()))
    draw(ui, monkeypatch)
    plot = plot_of(ui)
    x, y = plot.curve.getData()
    assert len(x) <= 2 * plot.upper.vb.width() + 2
    assert y.max() == values.max()
    assert y.min() == values.min()
