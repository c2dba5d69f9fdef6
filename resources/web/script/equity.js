/* An equity curve's samples with their drawdown; thinned when there are more than a screen shows. */

const MOST = 8000;

export class EquityCurve {
  constructor() {
    this.index = [];
    this.time = [];
    this.equity = [];
    this.drawdown = [];
    this.peak = -Infinity;
  }

  get length() { return this.time.length; }

  append({ index, time_ms, equity }) {
    for (let i = 0; i < time_ms.length; i++) {
      this.peak = Math.max(this.peak, equity[i]);
      this.index.push(index[i]);
      this.time.push(time_ms[i]);
      this.equity.push(equity[i]);
      this.drawdown.push(this.peak > 0 ? (equity[i] - this.peak) / this.peak : 0);
    }
    if (this.length > MOST) this.#thin();
  }

  /** Of each run of four samples keep the lowest and the highest: no peak is lost. */
  #thin() {
    const kept = [];
    for (let i = 0; i < this.length; i += 4) {
      let low = i, high = i;
      for (let j = i; j < Math.min(i + 4, this.length); j++) {
        if (this.equity[j] < this.equity[low]) low = j;
        if (this.equity[j] > this.equity[high]) high = j;
      }
      kept.push(...(low === high ? [low] : [Math.min(low, high), Math.max(low, high)]));
    }
    if (kept.at(-1) !== this.length - 1) kept.push(this.length - 1);
    for (const name of ["index", "time", "equity", "drawdown"]) this[name] = kept.map((i) => this[name][i]);
  }

  /** Which of the samples is nearest to a bar. */
  nearest(bar) {
    let low = 0, high = this.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.index[middle] < bar) low = middle + 1;
      else high = middle;
    }
    return low > 0 && bar - this.index[low - 1] < this.index[low] - bar ? low - 1 : low;
  }
}
