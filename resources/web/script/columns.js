/* What each table shows, in the window's words and order of columns. */

import { age, money, percent, signed, title, tone, volume, word } from "./format.js";
import { BY_HAND } from "./state.js";

const say = (text, className, more = {}) => ({ text, className, ...more });
const side = (row) => say(title(row.side), `side ${row.side === "BUY" ? "gain" : "loss"}`);
const STATUS_CLASS = { Rejected: "bad", Expired: "doubt" };
const DOUBT = {
  in_flight: "Sent, not yet acknowledged by the venue",
  replace_in_flight: "Being changed: the old terms may still be filled",
  cancel_in_flight: "Cancelling: it may still be filled",
  unknown: "The venue's state is unknown: it is being looked up",
};

const WAITS = {
  held: ["Held", "Waits for a time, a condition or another order"],
  queued: ["Queued", "Waits for its turn"],
  manual: ["Your decision", "Waits for a person: in the window, Queue and conditions"],
};

function status(row) {
  const waits = WAITS[row.inner_state];
  if (waits) return say(waits[0], "", { title: waits[1] });
  if (row.inner_state) return say(`${row.status}?`, "doubt", { title: DOUBT[row.inner_state] });
  return say(row.status, STATUS_CLASS[row.status], row.reason ? { title: row.reason } : {});
}

/** A stop without a limit has its trigger where others have their price. */
function price(digits, row) {
  if (row.price !== null || row.trigger_price === null) return say(digits.format(row.symbol, row.price));
  return say(digits.format(row.symbol, row.trigger_price), "", { lead: "trigger", title: "A stop: sent when the price gets here" });
}

function filled(row) {
  const part = row.quantity ? row.filled_quantity / row.quantity : 0;
  return say(`${volume(row.filled_quantity)}/${volume(row.quantity)}`, "", { bar: part });
}

const strategyName = (state, id) => state.strategies.get(id)?.name ?? (id === BY_HAND.strategy_id ? BY_HAND.name : `#${id}`);

function orderColumns(state, clock, last) {
  const { digits } = state;
  return [
    { title: "Time", cell: (row) => say(clock.short(row.created_ms), "", { title: clock.full(row.created_ms) }), rank: "second" },
    { title: "Symbol", cell: (row) => say(row.symbol) },
    { title: "Side", cell: side },
    { title: "Offset", cell: (row) => say(word(row.offset)), rank: "second" },
    { title: "Type", cell: (row) => say(word(row.type)), rank: "third" },
    { title: "Price", number: true, cell: (row) => price(digits, row) },
    { title: "Filled", number: true, cell: filled },
    { title: "Average", number: true, rank: "third", cell: (row) => say(digits.average(row.symbol, row.average_price)) },
    { title: "Status", cell: status },
    ...last,
    { title: "Strategy", rank: "third", cell: (row) => say(strategyName(state, row.strategy_id)) },
  ];
}

export const activeColumns = (state, clock) =>
  orderColumns(state, clock, [
    { title: "Age", number: true, rank: "second", cell: (row) => say(age(state.now - row.created_ms)) },
  ]);

export const historyColumns = (state, clock) =>
  orderColumns(state, clock, [
    { title: "Ended", rank: "second", cell: (row) => say(clock.short(row.updated_ms)) },
  ]);

export function positionColumns(state) {
  const { digits } = state;
  const direction = (row) => say(title(row.direction), `side ${row.direction === "LONG" ? "gain" : "loss"}`);
  return [
    { title: "Symbol", cell: (row) => say(row.symbol) },
    { title: "Dir", cell: direction },
    {
      title: "Vol", number: true,
      cell: (row) => say(volume(row.volume), "", row.frozen ? { title: `${volume(row.frozen)} held by closing orders` } : {}),
    },
    { title: "Cost", number: true, rank: "second", cell: (row) => say(digits.average(row.symbol, row.average_price)) },
    { title: "Last", number: true, cell: (row) => say(digits.format(row.symbol, row.last_price)) },
    {
      title: "Profit", number: true,
      cell: (row) => say(row.unrealised_profit === null ? "–" : signed(row.unrealised_profit), tone(row.unrealised_profit)),
    },
  ];
}

export function strategyColumns() {
  const STATE = { running: "gain", failed: "bad", stopped: "" };
  return [
    { title: "Strategy", cell: (row) => say(row.name, "", { title: parameters(row) }) },
    { title: "State", cell: (row) => say(row.state, STATE[row.state], row.error ? { title: row.error } : {}) },
    { title: "Position", number: true, cell: (row) => say(volume(row.position)) },
    { title: "Trades", number: true, rank: "second", cell: (row) => say(volume(row.trade_count)) },
    { title: "Net profit", number: true, cell: (row) => say(signed(row.net_profit), tone(row.net_profit)) },
  ];
}

const parameters = (row) => Object.entries(row.parameters).map(([name, value]) => `${name} = ${value}`).join("\n");

export function tradeColumns(state, clock) {
  const { digits } = state;
  const profit = (row) =>
    row.offset === "OPEN" ? say("–") : say(signed(row.realised_profit), tone(row.realised_profit));
  return [
    { title: "Time", cell: (row) => say(clock.short(row.time_ms), "", { title: clock.full(row.time_ms) }) },
    { title: "Symbol", rank: "second", cell: (row) => say(row.symbol) },
    { title: "Side", cell: side },
    { title: "Offset", rank: "second", cell: (row) => say(word(row.offset)) },
    { title: "Price", number: true, cell: (row) => say(digits.format(row.symbol, row.price)) },
    { title: "Vol", number: true, cell: (row) => say(volume(row.volume)) },
    { title: "Fee", number: true, rank: "second", cell: (row) => say(money(row.commission)) },
    { title: "Profit", number: true, cell: profit },
    { title: "Order", number: true, rank: "third", cell: (row) => say(String(row.order_id)) },
  ];
}

/** The account's figures: [name, value, class, unit]; the first is the big one. */
export function accountFigures(account) {
  return [
    ["Equity", money(account.balance), "", account.currency],
    ["Today", signed(account.today_profit), tone(account.today_profit)],
    ["Unrealised", signed(account.unrealised_profit), tone(account.unrealised_profit)],
    ["Realised", signed(account.realised_profit), tone(account.realised_profit)],
    ["Available", money(account.available), ""],
    ["Margin used", percent(account.risk_ratio, 1), ""],
    ["Commission", money(account.commission), ""],
    ["Drawdown", percent(-account.drawdown), "", `max ${percent(-account.max_drawdown)}`],
  ];
}
