/* Numbers and times as text: grouping, a real minus, a dash for what is unknown. */

export const UNKNOWN = "–";
const formats = new Map();

function cached(key, make) {
  let format = formats.get(key);
  if (!format) formats.set(key, (format = make()));
  return format;
}

export function number(value, digits = 0, most = digits) {
  if (value === null || value === undefined) return UNKNOWN;
  const format = cached(`n${digits}.${most}`, () =>
    new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: most }));
  return format.format(value).replace(/^-(?=[0.,]*$)/, "").replace("-", "−"); // what rounds to 0 has no sign
}

export const money = (value) => number(value, 2);
export const volume = (value) => number(value, 0, 8);
export const percent = (fraction, digits = 2) =>
  fraction === null || fraction === undefined ? UNKNOWN : `${number(fraction * 100, digits)} %`;

/** Money that says its sign: +1,520.00, −310.50, 0.00. */
export function signed(value) {
  return value > 0 ? `+${money(value)}` : money(value);
}

export function tone(value) {
  if (!value) return "";
  return value > 0 ? "gain" : "loss";
}

/** How many decimals prices of a symbol have: what its tick says, or the most seen. */
export class PriceDigits {
  #digits = new Map();
  learn(symbol, digits) {
    if (digits > (this.#digits.get(symbol) ?? -1)) this.#digits.set(symbol, digits);
  }
  observe(symbol, price) {
    if (price === null || price === undefined) return;
    const fraction = String(price).split(".")[1] ?? "";
    if (!fraction.includes("e")) this.learn(symbol, Math.min(fraction.length, 8));
  }
  format(symbol, price) {
    return number(price, this.#digits.get(symbol) ?? 0, this.#digits.get(symbol) ?? 8);
  }
  average(symbol, price) {
    const digits = this.#digits.get(symbol) ?? 0;
    return number(price, digits, Math.max(digits, 4));
  }
}

/** Times in the zone of the data. */
export class Clock {
  #zone = undefined;
  setZone(zone) {
    try {
      new Intl.DateTimeFormat("en-GB", { timeZone: zone });
      this.#zone = zone;
    } catch {
      this.#zone = undefined;
    }
  }
  get zone() { return this.#zone; }
  #format(name, options, ms) {
    if (ms === null || ms === undefined) return UNKNOWN;
    const format = cached(`t${name}${this.#zone}`, () =>
      new Intl.DateTimeFormat("sv-SE", { timeZone: this.#zone, hourCycle: "h23", ...options }));
    return format.format(ms);
  }
  time(ms) { return this.#format("time", { hour: "2-digit", minute: "2-digit", second: "2-digit" }, ms); }
  minute(ms) { return this.#format("minute", { hour: "2-digit", minute: "2-digit" }, ms); }
  date(ms) { return this.#format("date", { year: "numeric", month: "2-digit", day: "2-digit" }, ms); }
  /** 12-23 */
  day(ms) { return this.date(ms).slice(5); }
  full(ms) {
    return ms === null || ms === undefined ? UNKNOWN : `${this.date(ms)} ${this.time(ms)}`;
  }
  short(ms) {
    return ms === null || ms === undefined ? UNKNOWN : `${this.day(ms)} ${this.time(ms)}`;
  }
}

export function wallTime(ms) {
  const format = cached("wall", () =>
    new Intl.DateTimeFormat("sv-SE", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }));
  return format.format(ms);
}

export function age(ms) {
  if (ms === null || ms === undefined) return UNKNOWN;
  const seconds = Math.max(0, Math.floor(ms / 1000)); // the clock may arrive a frame after the order
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** BUY -> Buy, CLOSE_TODAY -> close today. */
export const word = (text) => (text ? text.toLowerCase().replaceAll("_", " ") : UNKNOWN);
export const title = (text) => (text ? text[0] + text.slice(1).toLowerCase().replaceAll("_", " ") : UNKNOWN);
