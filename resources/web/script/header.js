/* The top of the page: which world this is, where the replay stands, what the account is worth. */

import { accountFigures } from "./columns.js";
import { number, percent } from "./format.js";

const MEANING = {
  LIVE: "real orders, real money",
  SIMULATED: "live market, simulated orders: no real money",
  REPLAY: "a recorded market, simulated orders: no real money",
};

const by = (id) => document.getElementById(id);

export function showSession(session, replay) {
  if (!session) return;
  const halted = session.engine_state === "HALTED";
  by("strip").dataset.world = session.world;
  by("strip").dataset.halted = halted;
  by("world").textContent = session.world;
  by("meaning").textContent = MEANING[session.world] + (replay?.synthetic ? " (synthetic sample data)" : "");
  const state = [session.engine_state === "NORMAL" ? "" : session.engine_state.replace("_", "-")];
  if (session.read_only) state.push("READ-ONLY");
  by("engine").textContent = state.filter(Boolean).join(" · ");
  by("engine").hidden = !by("engine").textContent;
  by("title").textContent = session.title;
  document.title = `${session.world} ${session.title} – Trading Monitor`;
  by("notice").textContent = session.notice;
  by("notice").hidden = !session.notice;
  by("zone").textContent = `Times in ${session.zone}`;
}

export function showReplay(replay, clock) {
  by("replay").hidden = !replay;
  if (!replay) return;
  by("replay-time").textContent = replay.time_ms === null ? "before the first bar" : clock.full(replay.time_ms);
  by("replay-progress").max = replay.bars || 1;
  by("replay-progress").value = replay.bar;
  const speed = replay.speed === null ? "as fast as possible" : `×${number(replay.speed, 0, 2)}`;
  const pace = replay.state === "playing" ? `${speed}, ${number(replay.bars_per_second, 0)} bars/s` : "";
  const done = percent(replay.bars ? replay.bar / replay.bars : 0, 0);
  by("replay-text").textContent = [
    replay.state, `bar ${number(replay.bar)} of ${number(replay.bars)} (${done})`, pace,
  ].filter(Boolean).join(" · ");
}

export function showAccount(account) {
  const box = by("figures");
  if (!account) return box.replaceChildren();
  const figures = accountFigures(account);
  while (box.children.length < figures.length) {
    const pair = document.createElement("div");
    pair.append(document.createElement("dt"), document.createElement("dd"));
    box.append(pair);
  }
  figures.forEach(([name, value, className, unit], i) => {
    const pair = box.children[i];
    const told = `${name} ${value} ${className} ${unit}`;
    if (pair.dataset.told === told) return;
    pair.dataset.told = told;
    pair.className = i ? "" : "big";
    const [term, figure] = pair.children;
    term.textContent = name;
    figure.className = className;
    figure.textContent = value;
    if (unit) {
      const small = document.createElement("span");
      small.className = "unit";
      small.textContent = ` ${unit}`;
      figure.append(small);
    }
  });
}
