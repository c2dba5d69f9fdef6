/* One WebSocket that comes back by itself, and says honestly how it is. */

export const LADDER_S = [1, 2, 4, 8, 16, 30, 60, 120, 300, 600];

export class Line {
  #socket = null;
  #timer = 0;
  #seq = 0;

  /** `hear` gets each message, `change` is called when `state` may have changed. */
  constructor(path, hear, change) {
    this.path = path;
    this.hear = hear;
    this.change = change;
    this.state = "connecting";
    this.tries = 0;
    this.lastHeard = 0;
    this.nextTry = 0;
    this.#open();
  }

  get gaveUp() { return this.state === "lost" && this.nextTry === 0; }

  /** Ask again from the start: a message is missing, or the peer has gone silent. */
  restart() {
    this.#drop();
    this.#later();
  }

  /** What the button does: all tries anew. */
  again() {
    this.tries = 0;
    this.#drop();
    this.#open();
  }

  close() {
    this.#drop();
    this.state = "closed";
  }

  #open() {
    this.state = "connecting";
    this.nextTry = 0;
    this.#seq = 0;
    const socket = new WebSocket(`ws://${location.host}${this.path}`);
    this.#socket = socket;
    socket.onmessage = (event) => this.#take(JSON.parse(event.data));
    socket.onclose = () => {
      if (socket !== this.#socket) return;
      this.#drop();
      this.#later();
    };
    this.change();
  }

  #take(content) {
    this.lastHeard = Date.now();
    this.tries = 0;
    for (const message of Array.isArray(content) ? content : [content]) {
      if (message.seq !== this.#seq + 1) return this.restart();
      this.#seq = message.seq;
      this.hear(message);
    }
    if (this.state !== "live") {
      this.state = "live";
      this.change();
    }
  }

  #later() {
    this.state = "lost";
    if (this.tries < LADDER_S.length) {
      const wait = LADDER_S[this.tries] * 1000;
      this.tries += 1;
      this.nextTry = Date.now() + wait;
      this.#timer = setTimeout(() => this.#open(), wait);
    } else {
      this.nextTry = 0;
    }
    this.change();
  }

  #drop() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }
}
