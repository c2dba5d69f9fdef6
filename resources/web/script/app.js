/* Wires the page: sockets feed the state, the state is shown at most once a frame. */

import { activeColumns, historyColumns, positionColumns, strategyColumns, tradeColumns } from "./columns.js";
import { Clock, money, percent, wallTime } from "./format.js";
import { showAccount, showReplay, showSession } from "./header.js";
import { History } from "./history.js";
import { LADDER_S, Line } from "./line.js";
import { EquityPlot } from "./plot.js";
import { BY_HAND, State } from "./state.js";
import { Table } from "./table.js";
import { bindTabs } from "./tabs.js";

const SILENCE_MS = 12_000;

const by = (id) => document.getElementById(id);
const state = new State();
const clock = new Clock();
const orderLines = new Map();
let live = null;

const plot = new EquityPlot(by("plot"), clock);
const positions = new Table(by("positions"), "Open positions", positionColumns(state), (row) => row.position_id,
  "No open position. One appears here when an order is filled.");
const strategies = new Table(by("strategies"), "Strategies", strategyColumns(), (row) => row.strategy_id,
  "No strategy is loaded.");
const active = new Table(by("active-table"), "Active orders", activeColumns(state, clock), (row) => row.order_id,
  "No working order. Orders are here while they are created, placed or partly filled.");
const trades = new Table(by("trades"), "Latest trades", tradeColumns(state, clock), (row) => row.trade_id,
  "No trade yet. Each fill is listed here.");
const historyTable = new Table(by("history-table"), "Finished orders", historyColumns(state, clock), (row) => row.order_id,
  "No finished order. Filled, cancelled, rejected and expired orders go here.");
const history = new History(historyTable, {
  form: by("history-filters"), strategy: by("history-strategy"), status: by("history-status"), error: by("history-error"),
  page: by("history-page"), newer: by("history-newer"), older: by("history-older"),
});
bindTabs(by("order-tabs"), (tab) => history.setVisible(tab.id === "tab-history"));

let frame = 0;
function changed() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    show();
  });
}

function show() {
  if (state.session) clock.setZone(state.session.zone);
  showSession(state.session, state.replay);
  showReplay(state.replay, clock);
  showAccount(state.account);
  plot.draw(state.curve);
  if (!state.curve || !by("curve-note").textContent) describeCurve();
  const open = [...state.positions.values()];
  positions.show(open);
  by("positions-count").textContent = open.length || "";
  const loaded = [...state.strategies.values()];
  strategies.show(loaded);
  history.offer(state.byHand ? [BY_HAND, ...loaded] : loaded);
  const working = [...state.orders.values()].sort((a, b) => a.created_ms - b.created_ms || a.order_id - b.order_id);
  active.show(working);
  by("active-count").textContent = working.length;
  trades.show(state.trades);
}

/** One order table per strategy that exists, and one for orders that are nobody's. */
function followOrders() {
  const wanted = new Set(state.strategies.keys());
  if (state.byHand) wanted.add(BY_HAND.strategy_id);
  for (const [id, line] of orderLines) {
    if (wanted.has(id)) continue;
    line.close();
    orderLines.delete(id);
    state.hearOrder({ action: "clear", strategy_id: id });
  }
  for (const id of wanted) {
    if (orderLines.has(id)) continue;
    const hear = (message) => {
      if (state.hearOrder(message)) history.invalidate();
      changed();
    };
    orderLines.set(id, new Line(`/ws/backtest/orders/${id}?batch=1`, hear, showLink));
  }
}

function hearLive(message) {
  state.hear(message);
  if (message.type === "snapshot" || message.strategies || message.session) followOrders();
  if (message.type === "snapshot") history.invalidate();
  changed();
}

live = new Line("/ws/live", hearLive, showLink);
const lines = () => [live, ...orderLines.values()];

function showLink() {
  if (!live) return;
  const all = lines();
  const worst = all.find((line) => line.state === "lost") ?? all.find((line) => line.state !== "live") ?? live;
  const gaveUp = all.some((line) => line.gaveUp);
  document.documentElement.dataset.link = worst.state;
  by("link-word").textContent = worst.state;
  by("reconnect").hidden = !gaveUp;
  const parts = [];
  if (worst.state !== "live" && live.lastHeard) parts.push(`as of ${wallTime(live.lastHeard)}`);
  if (worst.state !== "live" && worst.tries) parts.push(`try ${worst.tries} of ${LADDER_S.length}`);
  if (worst.nextTry) parts.push(`in ${Math.max(0, Math.ceil((worst.nextTry - Date.now()) / 1000))} s`);
  if (gaveUp) parts.push("gave up");
  by("link-detail").textContent = parts.join(" · ");
}

by("reconnect").addEventListener("click", () => lines().forEach((line) => line.state !== "live" && line.again()));

/* A socket can be open and dead: the engine says "still here" every few seconds, or it is lost. */
setInterval(() => {
  if (live.state === "live" && Date.now() - live.lastHeard > SILENCE_MS) lines().forEach((line) => line.restart());
  showLink();
  describeCurve();
}, 1000);

function describeCurve() {
  const { curve, account } = state;
  if (!curve?.length) {
    by("curve-words").textContent = "No equity yet.";
    by("curve-note").textContent = "";
    return;
  }
  const deepest = Math.min(...curve.drawdown);
  by("curve-words").textContent =
    `Equity ${money(curve.equity.at(-1))} ${account.currency}, from ${money(curve.equity[0])}; deepest drawdown ${percent(deepest)}.`;
  by("curve-note").textContent = `${clock.date(curve.time[0])} to ${clock.date(curve.time.at(-1))}, deepest drawdown ${percent(deepest)}`;
}
