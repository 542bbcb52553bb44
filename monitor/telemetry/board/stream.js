// The live stream: newest message, clock offset, and whether the page is live.

const NOT_LIVE_AFTER_MS = 3000;
const RETRY_MS = 2000;

export class LiveStream extends EventTarget {
  #source = null;
  #query = "";
  #lastAt = null; // performance.now() of the last message: a change of the wall clock moves nothing
  #lastWall = Date.now();
  #offsetMs = 0;
  #isLive = false;
  #retry = null;

  constructor() {
    super();
    this.started = Date.now();
    setInterval(() => this.#watch(), 250);
  }

  // Now by the daemon's clock: ages are right whatever this computer's clock says.
  nowMs() {
    return Date.now() + this.#offsetMs;
  }

  ageSeconds(ns) {
    return ns === null || ns === undefined ? null : (this.nowMs() - ns / 1e6) / 1000;
  }

  get isLive() {
    return this.#isLive;
  }

  open(query) {
    this.#query = query;
    clearTimeout(this.#retry);
    this.#source?.close();
    const source = new EventSource(`/api/v1/stream${query}`);
    this.#source = source;
    source.addEventListener("board", (event) => this.#take(source, event));
    source.addEventListener("error", () => {
      // The browser retries a cut connection by itself, but not one that was answered with an error.
      if (source === this.#source && source.readyState === EventSource.CLOSED) {
        this.#retry = setTimeout(() => this.open(this.#query), RETRY_MS);
      }
    });
  }

  #take(source, event) {
    if (source !== this.#source) return;
    const message = JSON.parse(event.data);
    this.#lastAt = performance.now();
    this.#lastWall = Date.now();
    this.#offsetMs = message.sent_ns / 1e6 - Date.now();
    this.#setLive(true);
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  #watch() {
    const silent = this.#lastAt === null ? Date.now() - this.started : performance.now() - this.#lastAt;
    if (silent > NOT_LIVE_AFTER_MS) this.#setLive(false, true);
    this.dispatchEvent(new Event("tick"));
  }

  #setLive(isLive, force = false) {
    if (isLive === this.#isLive && !(force && !this.told)) return;
    this.#isLive = isLive;
    this.told = !isLive;
    const since = this.#lastAt === null ? this.started : this.#lastWall;
    this.dispatchEvent(new CustomEvent("live", { detail: { isLive, since } }));
  }
}
