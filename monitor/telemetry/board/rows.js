// The table of worst pools: rows keep their place in memory, move to their rank, and flash when their level changes.

import { LEVEL_TEXT, UNKNOWN, age, amount, element, levelKey, percent, setText, symbolOf, words } from "./format.js";
import { Trend } from "./trend.js";

const RANK = { none: -1, ok: 0, notice: 1, warning: 2, critical: 3, liquidation: 4 };
const STALE_SECONDS = 5;
const COLUMNS = [
  "c-level", "c-account", "c-certainty", "n c-ratio", "n c-buffer", "c-trend", "n c-headroom", "n c-distance", "n c-topup",
  "c-hurts", "n c-age",
];
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

export class Rows {
  #body;
  #stream;
  #open;
  #known = new Map();
  #changes = [];

  constructor(body, stream, open) {
    this.#body = body;
    this.#stream = stream;
    this.#open = open;
  }

  forget() {
    this.#known.clear();
    this.#body.replaceChildren();
  }

  takeChanges() {
    return this.#changes.splice(0);
  }

  show(rows, isValuing) {
    const before = new Map();
    for (const line of this.#body.children) before.set(line, line.offsetTop);
    const lines = rows.map((row) => this.#line(row, isValuing));
    this.#arrange(lines);
    const wanted = new Set(rows.map((row) => row.pool));
    // A pool that leaves the list keeps its trend for a while, not for ever.
    for (const [pool, known] of this.#known) {
      if (!wanted.has(pool) && performance.now() - known.seenAt > 300_000) this.#known.delete(pool);
    }
    if (calm.matches || document.hidden) return;
    for (const line of lines) {
      const top = before.get(line);
      const moved = top === undefined ? 0 : top - line.offsetTop;
      if (moved) line.animate([{ transform: `translateY(${moved}px)` }, { transform: "none" }], { duration: 350, easing: "ease-out" });
    }
  }

  mark(pool) {
    for (const line of this.#body.children) line.classList.toggle("open", line.dataset.pool === pool);
  }

  move(step) {
    const lines = [...this.#body.children];
    const at = lines.indexOf(document.activeElement);
    const next = lines[at < 0 ? 0 : at + step];
    next?.focus();
    return next !== undefined;
  }

  tick() {
    for (const line of this.#body.children) {
      const known = this.#known.get(line.dataset.pool);
      if (known) this.#showAges(known);
    }
  }

  // Only what is out of place is moved, so focus and selection stay where they are.
  #arrange(lines) {
    const kept = new Set(lines);
    for (const line of [...this.#body.children]) if (!kept.has(line)) line.remove();
    const focused = document.activeElement;
    lines.forEach((line, index) => {
      if (this.#body.children[index] !== line) this.#body.insertBefore(line, this.#body.children[index] ?? null);
    });
    if (kept.has(focused) && document.activeElement !== focused) focused.focus({ preventScroll: true });
  }

  #line(row, isValuing) {
    const known = this.#known.get(row.pool) ?? this.#create(row);
    const level = levelKey(row);
    // A first valuation is no change of level: the row may have been shown while the kernels were being compiled.
    if (known.row && known.row.level !== null && levelKey(known.row) !== level) this.#changed(known, level);
    if (performance.now() > known.calmAt) known.line.classList.remove("worse", "better");
    known.row = row;
    known.seenAt = performance.now();
    this.#fill(known, row, level, isValuing);
    return known.line;
  }

  #create(row) {
    const line = element("tr");
    line.dataset.pool = row.pool;
    line.tabIndex = 0;
    const cells = COLUMNS.map((name) => line.appendChild(element("td", name)));
    const known = { line, cells, row: null, trend: new Trend(cells[5]), calmAt: 0, seenAt: 0 };
    cells[0].append(element("i", "mark"), element("span", "badge"));
    cells[1].append(element("b"), element("small"));
    cells[2].append(element("span", "certainty"), element("small"));
    cells[3].append(element("b"), element("small"));
    cells[8].append(element("span"), element("small"));
    cells[9].append(element("b"), element("small"));
    line.addEventListener("click", () => this.#open(row.pool));
    line.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.#open(row.pool);
    });
    this.#known.set(row.pool, known);
    return known;
  }

  #changed(known, level) {
    const from = levelKey(known.row);
    known.line.classList.remove("worse", "better");
    void known.line.offsetWidth; // starts the highlight anew
    known.line.classList.add(RANK[level] > RANK[from] ? "worse" : "better");
    known.calmAt = performance.now() + 4000;
    this.#changes.unshift({ at: this.#stream.nowMs(), name: symbolOf(known.row.account), from, to: level });
  }

  #fill(known, row, level, isValuing) {
    const { cells, line } = known;
    line.dataset.level = level;
    line.dataset.certainty = row.certainty;
    cells[0].firstChild.className = `mark ${level}`;
    setText(cells[0].lastChild, level === "none" && !isValuing ? "Compiling" : LEVEL_TEXT[level]);
    setText(cells[1].firstChild, symbolOf(row.account));
    setText(cells[1].lastChild, [row.entity, row.pool.slice(row.account.length + 1), row.venue].filter(Boolean).join(" · "));
    cells[1].title = row.pool;
    setText(cells[3].firstChild, row.margin_ratio === null ? words(row.margin_ratio_reason) : percent(row.margin_ratio, 2));
    cells[3].firstChild.classList.toggle("why", row.margin_ratio === null);
    setText(cells[3].lastChild, row.venue_margin_ratio === null ? "" : `venue ${percent(row.venue_margin_ratio, 2)}`);
    setFigure(cells[4], row, "buffer_ratio", (text) => percent(text, 2));
    known.trend.add(row.margin_ratio, level);
    setFigure(cells[6], row, "headroom_usd", amount);
    setFigure(cells[7], row, "liquidation_distance_ratio", percent);
    showTopUp(cells[8], row);
    showHurts(cells[9], row);
    this.#showAges(known);
  }

  #showAges({ cells, row }) {
    const seconds = this.#stream.ageSeconds(row.inputs_recv_ns);
    setText(cells[10], age(seconds));
    cells[10].classList.toggle("old", seconds !== null && seconds > STALE_SECONDS);
    const reasons = row.certainty_reasons.map(words).join("; ");
    setText(cells[2].firstChild, row.certainty === "stale" ? `stale ${age(this.#staleSeconds(row, seconds))}` : row.certainty);
    cells[2].firstChild.className = `certainty certainty-${row.certainty}`;
    setText(cells[2].lastChild, reasons);
    cells[2].title = reasons;
  }

  // Prices that are young say that it is the account's source that is silent.
  #staleSeconds(row, seconds) {
    return seconds !== null && seconds > STALE_SECONDS ? seconds : (this.#stream.ageSeconds(row.last_event_recv_ns) ?? seconds);
  }
}

function setFigure(cell, row, name, format) {
  const isKnown = row[name] !== null;
  setText(cell, isKnown ? format(row[name]) : UNKNOWN);
  cell.title = isKnown ? "" : words(row[`${name}_reason`]);
  cell.classList.toggle("negative", isKnown && Number(row[name]) < 0);
}

function showTopUp(cell, row) {
  const isNone = row.top_up_to_ok !== null && Number(row.top_up_to_ok) === 0;
  setText(cell.firstChild, isNone ? UNKNOWN : amount(row.top_up_to_ok));
  setText(cell.lastChild, row.top_up_to_ok === null || isNone ? "" : ` ${row.margin_currency ?? ""}`);
  cell.title = isNone ? "nothing to pay in" : words(row.top_up_to_ok_reason);
}

function showHurts(cell, row) {
  const worst = row.hurts_most;
  setText(cell.firstChild, worst === null ? UNKNOWN : `${symbolOf(worst.instrument)} ${worst.side}`);
  setText(cell.lastChild, worst === null ? "" : `PnL ${amount(worst.unrealised_pnl)} · margin ${amount(worst.maintenance_margin)}`);
}
