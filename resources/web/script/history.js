/* The history tab: finished orders by page, asked from the REST route. */

const SIZE = 20;
const REFRESH_MS = 1000;

export class History {
  #timer = 0;
  #asked = 0;

  constructor(table, parts) {
    this.table = table;
    this.parts = parts;
    this.page = 1;
    this.pages = 1;
    this.visible = false;
    parts.strategy.addEventListener("change", () => this.#turn(1));
    parts.status.addEventListener("change", () => this.#turn(1));
    parts.newer.addEventListener("click", () => this.#turn(this.page - 1));
    parts.older.addEventListener("click", () => this.#turn(this.page + 1));
    parts.form.addEventListener("submit", (event) => event.preventDefault());
  }

  offer(strategies) {
    const { strategy } = this.parts;
    const chosen = strategy.value;
    const told = strategies.map((row) => `${row.strategy_id} ${row.name}`).join("\n");
    if (strategy.dataset.told === told) return;
    strategy.dataset.told = told;
    strategy.replaceChildren(...strategies.map((row) => new Option(row.name, row.strategy_id)));
    if (strategies.some((row) => String(row.strategy_id) === chosen)) strategy.value = chosen;
    if (this.visible) this.load();
  }

  setVisible(visible) {
    this.visible = visible;
    if (visible) this.load();
  }

  /** An order has ended: the newest page is out of date, at most once a second. */
  invalidate() {
    if (!this.visible || this.page !== 1 || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.load();
    }, REFRESH_MS);
  }

  #turn(page) {
    this.page = page;
    this.load();
  }

  async load() {
    const { strategy, status, error } = this.parts;
    if (!strategy.value) return this.#show([], 0);
    const asked = ++this.#asked;
    const query = new URLSearchParams({ page: this.page, size: SIZE });
    if (status.value) query.set("status", status.value);
    try {
      const answer = await fetch(`/api/backtest/orders/${strategy.value}/history?${query}`);
      const content = await answer.json();
      if (asked !== this.#asked) return;
      if (!answer.ok) throw new Error(content.detail);
      error.hidden = true;
      this.#show(content.orders, content.total);
    } catch (failure) {
      if (asked !== this.#asked) return;
      error.hidden = false;
      error.textContent = `History cannot be loaded: ${failure.message}`;
    }
  }

  #show(orders, total) {
    const { page, newer, older } = this.parts;
    this.pages = Math.max(1, Math.ceil(total / SIZE));
    this.table.show(orders);
    page.textContent = `page ${this.page} of ${this.pages} · ${total.toLocaleString("en-US")} orders`;
    newer.disabled = this.page <= 1;
    older.disabled = this.page >= this.pages;
  }
}
