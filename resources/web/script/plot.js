/* Draws one equity curve with its drawdown below, and reads it out under the pointer.
   One step to the right is one bar: nights and weekends take no room. */

import { money, percent } from "./format.js";

const AXIS = 84;
const DAY_MS = 86_400_000;
const BOTTOM = 18;

export class EquityPlot {
  #cursor = null;

  constructor(box, clock) {
    this.clock = clock;
    this.box = box;
    this.canvas = box.querySelector("canvas");
    this.readout = box.querySelector("output");
    this.empty = box.querySelector(".empty");
    this.curve = null;
    this.#listen();
  }

  #listen() {
    this.canvas.addEventListener("pointermove", (event) => this.#point(event.offsetX));
    this.canvas.addEventListener("pointerleave", () => this.#leave());
    this.box.addEventListener("blur", () => this.#leave());
    this.box.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -50, PageDown: 50 }[event.key];
      if (event.key === "Escape") this.#leave();
      if (!step || !this.curve?.length) return;
      event.preventDefault();
      const index = this.#cursor === null ? this.curve.length - 1 : this.curve.nearest(this.#cursor) + step;
      this.#cursor = this.curve.index[Math.min(Math.max(index, 0), this.curve.length - 1)];
      this.draw(this.curve);
    });
    new ResizeObserver(() => this.draw(this.curve)).observe(this.box);
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => this.draw(this.curve));
  }

  #leave() {
    this.#cursor = null;
    this.draw(this.curve);
  }

  #point(x) {
    if (!this.curve?.length) return;
    const { first, last, width } = this.#span();
    this.#cursor = first + (Math.min(Math.max(x, 0), width) / width) * (last - first);
    this.draw(this.curve);
  }

  #span() {
    const first = this.curve.index[0];
    return { first, last: Math.max(this.curve.index.at(-1), first + 1), width: this.canvas.clientWidth - AXIS };
  }

  draw(curve) {
    this.curve = curve;
    const some = Boolean(curve?.length);
    this.empty.hidden = some;
    this.canvas.hidden = !some;
    this.readout.hidden = !some || this.#cursor === null;
    if (!some || !this.canvas.clientWidth) return;
    this.#prepare();
    const height = this.canvas.clientHeight - BOTTOM;
    const split = Math.round(height * 0.72);
    const { first, last, width } = this.#span();
    const x = (bar) => ((bar - first) / (last - first)) * width;
    const upper = scale(bounds(curve.equity), 10, split - 8);
    const deepest = Math.min(bounds(curve.drawdown)[0], -0.001);
    const lower = scale([deepest, 0], split + 8, height - 4);
    this.#grid(upper, split, width, upper(curve.equity.at(-1)));
    this.#times(x, width, height);
    this.#drawdown(curve, x, lower, deepest, width);
    this.#line(curve.equity, x, upper);
    this.#tag(curve.equity.at(-1), upper, width);
    if (this.#cursor !== null) this.#crosshair(curve.nearest(this.#cursor), x, upper, height);
  }

  #prepare() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.canvas;
    if (this.canvas.width !== Math.round(clientWidth * ratio) || this.canvas.height !== Math.round(clientHeight * ratio)) {
      this.canvas.width = Math.round(clientWidth * ratio);
      this.canvas.height = Math.round(clientHeight * ratio);
    }
    this.pen = this.canvas.getContext("2d");
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.pen.clearRect(0, 0, clientWidth, clientHeight);
    this.pen.font = `11px ${getComputedStyle(this.box).fontFamily}`;
    this.pen.textBaseline = "middle";
    this.pen.lineWidth = 1;
    const style = getComputedStyle(document.documentElement);
    this.ink = (name) => style.getPropertyValue(`--${name}`).trim();
  }

  /** Horizontal lines with their money; none is written where the last value's tag will be. */
  #grid(upper, split, width, tagged) {
    const { pen } = this;
    for (const value of ticks(upper.low, upper.high, 4)) {
      const y = Math.round(upper(value)) + 0.5;
      this.#rule(0, y, width, y);
      if (Math.abs(y - tagged) < 15) continue;
      pen.fillStyle = this.ink("muted");
      pen.textAlign = "left";
      pen.fillText(axisMoney(value, upper.high - upper.low), width + 8, y);
    }
    pen.fillStyle = this.ink("line");
    pen.fillRect(0, split, width, 1);
  }

  /** How finely a span of time has to be told. */
  #timeLabel(first, last) {
    const { clock } = this;
    if (last - first > 10 * DAY_MS) return (ms) => clock.date(ms);
    if (clock.date(first) === clock.date(last)) return (ms) => clock.minute(ms);
    return (ms) => `${clock.day(ms)} ${clock.minute(ms)}`;
  }

  #times(x, width, height) {
    const { pen, curve } = this;
    const { first, last } = this.#span();
    const label = this.#timeLabel(curve.time[0], curve.time.at(-1));
    const count = Math.max(2, Math.floor(width / 130));
    pen.fillStyle = this.ink("muted");
    for (let i = 0; i < count; i++) {
      const bar = first + ((i + 0.5) / count) * (last - first);
      const at = Math.round(x(bar)) + 0.5;
      this.#rule(at, 0, at, height);
      pen.textAlign = "center";
      pen.fillText(label(curve.time[curve.nearest(bar)]), at, height + BOTTOM / 2 + 1);
    }
  }

  #drawdown(curve, x, lower, deepest, width) {
    const { pen } = this;
    pen.beginPath();
    pen.moveTo(x(curve.index[0]), lower(0));
    curve.index.forEach((bar, i) => pen.lineTo(x(bar), lower(curve.drawdown[i])));
    pen.lineTo(x(curve.index.at(-1)), lower(0));
    pen.closePath();
    pen.fillStyle = this.ink("loss-fill");
    pen.fill();
    this.#line(curve.drawdown, x, lower, "loss");
    pen.fillStyle = this.ink("muted");
    pen.textAlign = "left";
    pen.fillText("0 %", width + 8, lower(0) + 4);
    pen.fillText(percent(deepest), width + 8, lower(deepest) - 3);
    pen.fillText("drawdown", width + 8, (lower(0) + lower(deepest)) / 2);
  }

  #line(values, x, y, ink = "accent") {
    const { pen } = this;
    pen.beginPath();
    this.curve.index.forEach((bar, i) => (i ? pen.lineTo(x(bar), y(values[i])) : pen.moveTo(x(bar), y(values[i]))));
    pen.strokeStyle = this.ink(ink);
    pen.stroke();
  }

  #tag(value, upper, width) {
    const { pen } = this;
    const y = Math.min(Math.max(upper(value), 9), this.canvas.clientHeight);
    pen.fillStyle = this.ink("accent");
    pen.fillRect(width + 2, y - 8, AXIS - 2, 16);
    pen.fillStyle = this.ink("ground");
    pen.textAlign = "left";
    pen.fillText(money(value), width + 6, y + 0.5);
  }

  #crosshair(index, x, upper, height) {
    const { pen, curve } = this;
    const at = Math.round(x(curve.index[index])) + 0.5;
    pen.strokeStyle = this.ink("faint");
    pen.beginPath();
    pen.moveTo(at, 0);
    pen.lineTo(at, height);
    pen.stroke();
    pen.fillStyle = this.ink("accent");
    pen.beginPath();
    pen.arc(at, upper(curve.equity[index]), 3, 0, 7);
    pen.fill();
    this.readout.textContent =
      `${this.clock.full(curve.time[index])}   ${money(curve.equity[index])}   ${percent(curve.drawdown[index])}`;
  }

  #rule(x1, y1, x2, y2) {
    this.pen.strokeStyle = this.ink("grid-line");
    this.pen.beginPath();
    this.pen.moveTo(x1, y1);
    this.pen.lineTo(x2, y2);
    this.pen.stroke();
  }
}

function bounds(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** A function from value to pixel, upside down as screens are. */
function scale([low, high], top, bottom) {
  if (high - low < Math.abs(high) * 1e-6 || high === low) {
    const room = Math.abs(high) * 1e-4 || 1;
    low -= room;
    high += room;
  }
  const y = (value) => bottom - ((value - low) / (high - low)) * (bottom - top);
  return Object.assign(y, { low, high });
}

function ticks(low, high, count) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(value);
  return found;
}

function axisMoney(value, range) {
  return range >= 10 ? money(Math.round(value)).slice(0, -3) : money(value);
}
