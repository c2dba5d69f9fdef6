/* The present as the browser knows it: what /ws/live and the order tables have told. */

import { EquityCurve } from "./equity.js";
import { PriceDigits } from "./format.js";

const LATEST_TRADES = 200;

/** Orders that no strategy gave. A session at a venue has them. */
export const BY_HAND = { strategy_id: 0, name: "by hand" };

export class State {
  constructor() {
    this.digits = new PriceDigits();
    this.orders = new Map();
    this.#clear();
  }

  #clear() {
    this.session = this.replay = null;
    this.accounts = new Map();
    this.positions = new Map();
    this.strategies = new Map();
    this.trades = [];
    this.curves = new Map();
  }

  get byHand() { return this.session !== null && this.session.world !== "REPLAY"; }

  /** The clock of what is shown: the replay's when there is one. */
  get now() { return this.replay?.time_ms ?? Date.now(); }
  get account() { return this.accounts.values().next().value ?? null; }
  get curve() { return this.curves.get(this.account?.account_id) ?? null; }

  /** A message of /ws/live. */
  hear(message) {
    if (message.type === "heartbeat") return;
    if (message.type === "snapshot") this.#clear();
    if (message.session) this.session = message.session;
    if (message.replay) this.replay = message.replay;
    for (const row of message.accounts ?? []) this.accounts.set(row.account_id, row);
    for (const row of message.strategies ?? []) this.strategies.set(row.strategy_id, row);
    for (const row of message.positions ?? []) this.#takePosition(row);
    this.#takeTrades(message.trades ?? []);
    for (const [name, samples] of Object.entries(message.equity ?? {})) this.#curve(name).append(samples);
    for (const [name, samples] of Object.entries(message.equity_replaced ?? {})) {
      this.curves.delete(name);
      this.#curve(name).append(samples);
    }
  }

  #curve(name) {
    if (!this.curves.has(name)) this.curves.set(name, new EquityCurve());
    return this.curves.get(name);
  }

  #takePosition(row) {
    this.digits.learn(row.symbol, row.price_digits);
    if (row.volume === 0) this.positions.delete(row.position_id);
    else this.positions.set(row.position_id, row);
  }

  #takeTrades(rows) {
    for (const row of rows) this.digits.observe(row.symbol, row.price);
    this.trades = [...rows, ...this.trades].slice(0, LATEST_TRADES);
  }

  /** A message of an order table; true when an order left the table. */
  hearOrder(message) {
    switch (message.action) {
      case "clear":
        for (const [id, order] of this.orders) {
          if (order.strategy_id === message.strategy_id) this.orders.delete(id);
        }
        return true;
      case "add":
      case "update":
        this.digits.observe(message.order.symbol, message.order.price ?? message.order.trigger_price);
        this.orders.set(message.order.order_id, message.order);
        return false;
      case "remove":
        return this.orders.delete(message.order_id);
      default:
        return false;
    }
  }
}
