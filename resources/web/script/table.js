/* A table that keeps its rows by key and touches only the cells that changed. */

const MOST_ROWS = 500;
const MOST_ROWS_NARROW = 25;
const narrow = matchMedia("(max-width: 699px)");

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/**
 * Columns: {title, cell(row) -> {text, className?, lead?, bar?, title?}, number?, rank?: "second"|"third", side?}
 * `emptyText` says what would be here.
 */
export class Table {
  #rows = new Map();

  constructor(box, caption, columns, key, emptyText) {
    this.columns = columns;
    this.key = key;
    this.table = element("table");
    this.table.append(element("caption", "", caption));
    const head = element("tr");
    for (const column of columns) {
      const cell = element("th", this.#kind(column), column.title);
      cell.scope = "col";
      head.append(cell);
    }
    const top = element("thead");
    top.append(head);
    this.body = element("tbody");
    this.table.append(top, this.body);
    this.empty = element("p", "empty", emptyText);
    this.more = element("p", "more");
    box.append(this.table, this.empty, this.more);
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", caption);
    this.show([]);
  }

  #kind(column) {
    return [column.number ? "number" : "", column.rank ?? ""].filter(Boolean).join(" ");
  }

  show(rows) {
    const most = narrow.matches ? MOST_ROWS_NARROW : MOST_ROWS;
    const shown = rows.slice(0, most);
    this.table.hidden = shown.length === 0;
    this.empty.hidden = shown.length > 0;
    this.more.hidden = rows.length <= most;
    this.more.textContent = `and ${rows.length - shown.length} more`;
    const gone = new Set(this.#rows.keys());
    let place = this.body.firstChild;
    for (const row of shown) {
      const key = this.key(row);
      gone.delete(key);
      const line = this.#line(key);
      this.#fill(line, row);
      if (line.tr === place) place = place.nextSibling;
      else this.body.insertBefore(line.tr, place);
    }
    for (const key of gone) {
      this.#rows.get(key).tr.remove();
      this.#rows.delete(key);
    }
  }

  #line(key) {
    let line = this.#rows.get(key);
    if (!line) {
      const tr = element("tr");
      tr.dataset.key = key;
      line = { tr, row: null, told: [], cells: this.columns.map((column) => element("td", this.#kind(column))) };
      tr.append(...line.cells);
      this.#rows.set(key, line);
    }
    return line;
  }

  #fill(line, row) {
    this.columns.forEach((column, i) => {
      const content = column.cell(row);
      const told = JSON.stringify(content);
      if (line.told[i] === told) return;
      line.told[i] = told;
      this.#write(line.cells[i], content, this.#kind(column));
    });
  }

  #write(cell, { text, className = "", lead, bar, title }, kind) {
    cell.className = [kind, text === "–" ? "unknown" : className].filter(Boolean).join(" ");
    cell.replaceChildren();
    if (bar !== undefined) {
      const box = element("span", "bar");
      const fill = element("span");
      fill.style.width = `${Math.round(bar * 100)}%`;
      box.append(fill);
      cell.append(box);
    }
    if (lead) cell.append(element("span", "lead", lead));
    cell.append(text);
    if (title) cell.title = title;
    else cell.removeAttribute("title");
  }
}
