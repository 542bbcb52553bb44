// Totals over the whole book, certainty, feeds and prices: what the page says above the table.

import { LEVELS, LEVEL_TEXT, age, count, element, percent, setText, usd, words } from "./format.js";

const byId = (id) => document.getElementById(id);
const WORST_FIRST = ["unknown", "stale", "reconciling", "unverified", "fresh"];

export function showSummary(message, stream, filter, setLevel) {
  if (message === null) return;
  const { totals } = message;
  setText(byId("seq"), String(message.as_of_seq));
  setText(byId("watched"), percent(totals.equity_watched_ratio));
  setText(byId("equity"), usd(totals.equity_usd));
  setText(byId("accounts"), count(totals.accounts));
  setText(byId("pools"), count(totals.pools));
  setText(byId("alerts"), count(message.alerts.count));
  byId("watched").classList.toggle("worse", Number(totals.equity_watched_ratio) < 1);
  showReasons(message.not_ready);
  showLevels(totals.levels, message.is_valuing, filter.level.value, setLevel);
  showCertainties(totals.certainties);
  showFeeds(message, stream);
  showVenues(totals.venues, filter.venue);
}

function showReasons(reasons) {
  const bar = byId("notready");
  bar.hidden = reasons.length === 0;
  setText(bar, reasons.length ? `Not ready: ${reasons.map(words).join("; ")}` : "");
}

function showLevels(levels, isValuing, chosen, setLevel) {
  const box = byId("levels");
  if (!box.childElementCount) {
    for (const level of LEVELS) {
      const button = element("button", `total ${level}`);
      button.type = "button";
      button.append(element("i", `mark ${level}`), element("b", "", "0"), element("span", "", LEVEL_TEXT[level]));
      button.addEventListener("click", () => setLevel(level));
      box.append(button);
    }
  }
  LEVELS.forEach((level, index) => {
    const button = box.children[index];
    setText(button.children[1], count(levels[level]));
    if (level === "none") setText(button.children[2], isValuing ? "Not valued" : "Compiling");
    button.classList.toggle("zero", levels[level] === 0);
    button.setAttribute("aria-pressed", String(chosen === level));
  });
}

function showCertainties(certainties) {
  byId("certainties").replaceChildren(
    ...WORST_FIRST.filter((name) => certainties[name] > 0).map((name) => {
      const chip = element("span", `chip certainty-${name}`);
      chip.append(element("b", "", count(certainties[name])), ` ${name}`);
      return chip;
    }),
  );
}

function showFeeds(message, stream) {
  const chips = message.feeds.groups.map((group) => feedChip(group, stream));
  for (const prices of message.prices) {
    const bad = Object.entries(prices.states).filter(([state]) => state !== "live");
    const total = Object.values(prices.states).reduce((sum, each) => sum + each, 0);
    const chip = element("span", `chip feed ${bad.length ? "bad" : "good"}`);
    chip.append(`${prices.venue} prices `, element("b", "", `${prices.states.live ?? 0}/${total}`));
    if (bad.length) chip.append(` ${bad.map(([state, many]) => `${many} ${words(state)}`).join(", ")}`);
    chip.append(element("small", "", ` oldest ${age(stream.ageSeconds(prices.oldest_recv_ns))}`));
    chips.push(chip);
  }
  for (const feed of message.feeds.troubled.slice(0, 3)) {
    const chip = element("span", "chip feed bad");
    chip.append(element("b", "", feed.name ?? "feed"), ` ${[feed.state, feed.reason].filter(Boolean).map(words).join(": ")}`);
    chips.push(chip);
  }
  const hidden = message.feeds.troubled_count - Math.min(3, message.feeds.troubled.length);
  if (hidden > 0) chips.push(element("span", "chip feed bad", `and ${hidden} more`));
  byId("feeds").replaceChildren(...chips);
}

function feedChip(group, stream) {
  const chip = element("span", `chip feed ${group.healthy === group.count ? "good" : "bad"}`);
  chip.append(`${[group.venue, group.kind].filter(Boolean).join(" ")} `, element("b", "", `${group.healthy}/${group.count}`));
  chip.append(element("small", "", ` last ${age(stream.ageSeconds(group.newest_recv_ns))}`));
  return chip;
}

function showVenues(venues, select) {
  for (const venue of venues) {
    if (![...select.options].some((option) => option.value === venue)) select.append(new Option(venue, venue));
  }
}
