// The risk board: puts the stream's messages on the page.

import { showDrawer } from "./drawer.js";
import { clockTime, element } from "./format.js";
import { Rows } from "./rows.js";
import { LiveStream } from "./stream.js";
import { showSummary } from "./summary.js";

const byId = (id) => document.getElementById(id);
const stream = new LiveStream();
const drawer = showDrawer(byId("drawer"), stream);
const rows = new Rows(byId("rows"), stream, (pool) => drawer.open(pool));
const filter = { search: byId("search"), venue: byId("venue"), level: byId("level") };
const changes = [];
let last = null;

function query() {
  const wanted = new URLSearchParams();
  for (const [name, input] of Object.entries(filter)) if (input.value.trim()) wanted.set(name, input.value.trim());
  return wanted.size ? `?${wanted}` : "";
}

function matches(row) {
  const search = filter.search.value.trim().toLowerCase();
  return (
    (!filter.venue.value || row.venue === filter.venue.value) &&
    (!filter.level.value || (row.level ?? "none") === filter.level.value) &&
    (!search || row.pool.toLowerCase().includes(search) || (row.entity ?? "").toLowerCase().includes(search))
  );
}

function show() {
  if (last === null) return;
  const shown = last.rows.filter(matches);
  rows.show(shown, last.is_valuing);
  byId("shown").textContent = `${shown.length} of ${last.totals.pools} pools, worst first`;
  const empty = byId("empty");
  empty.hidden = shown.length > 0;
  empty.textContent = last.totals.pools === 0 ? "No accounts yet" : "No pool matches the filter";
  drawer.mark(rows);
}

// The page filters what it has at once; the server then sends the worst pools of the whole book that match.
let pending = null;
function refilter() {
  show();
  showSummary(last, stream, filter, setLevel);
  clearTimeout(pending);
  pending = setTimeout(() => {
    history.replaceState(null, "", `/${query()}`);
    stream.open(query());
  }, 150);
}

function setLevel(level) {
  filter.level.value = filter.level.value === level ? "" : level;
  refilter();
}

function showChanges(found) {
  changes.unshift(...found);
  changes.length = Math.min(changes.length, 3);
  byId("changes").replaceChildren(
    ...changes.map((change) => {
      const item = element("li");
      item.append(
        element("time", "", clockTime(change.at)),
        element("i", `mark ${change.to}`),
        element("span", "", `${change.name} ${change.from} → ${change.to}`),
      );
      return item;
    }),
  );
}

stream.addEventListener("message", ({ detail }) => {
  document.body.classList.remove("waiting");
  if (last !== null && last.run_id !== detail.run_id) rows.forget();
  last = detail;
  show();
  showChanges(rows.takeChanges());
  showSummary(last, stream, filter, setLevel);
  drawer.refresh();
});

stream.addEventListener("live", ({ detail }) => {
  document.body.classList.toggle("not-live", !detail.isLive);
  const banner = byId("banner");
  banner.hidden = detail.isLive;
  banner.textContent = detail.isLive ? "" : `NOT LIVE since ${clockTime(detail.since)}`;
  byId("live").lastElementChild.textContent = detail.isLive ? "Live" : "Not live";
  document.title = detail.isLive ? "marginwatch" : "NOT LIVE · marginwatch";
});

stream.addEventListener("tick", () => {
  rows.tick();
  if (last !== null && stream.isLive) byId("clock").textContent = clockTime(stream.nowMs());
});

for (const input of Object.values(filter)) input.addEventListener("input", refilter);

document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key === "/" && !isTyping) {
    event.preventDefault();
    filter.search.focus();
  } else if (event.key === "Escape") {
    if (isTyping && filter.search.value) {
      filter.search.value = "";
      refilter();
    } else drawer.close();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !isTyping) {
    if (rows.move(event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
  }
});

byId("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const isDark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : window.matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  localStorage.setItem("marginwatch-theme", root.dataset.theme);
});
const kept = localStorage.getItem("marginwatch-theme");
if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;

const asked = new URLSearchParams(location.search);
filter.search.value = asked.get("search") ?? "";
filter.level.value = asked.get("level") ?? "";
const venue = asked.get("venue");
if (venue) {
  filter.venue.append(new Option(venue, venue));
  filter.venue.value = venue;
}
stream.open(query());
