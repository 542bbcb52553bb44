// The drawer: one pool in full, asked anew with every message while it is open.

import { LEVEL_TEXT, UNKNOWN, age, amount, element, levelKey, percent, price, symbolOf, words } from "./format.js";

export function showDrawer(box, stream) {
  let pool = null;
  let isAsking = false;
  let opener = null;

  async function refresh() {
    if (pool === null || isAsking) return;
    const asked = pool;
    isAsking = true;
    try {
      const response = await fetch(`/api/v1/pools/${encodeURIComponent(asked)}`);
      const answer = await response.json();
      if (asked === pool) fill(box, asked, answer, stream, close);
    } catch {
      // Not reachable: the page says NOT LIVE by itself and the next message asks again.
    } finally {
      isAsking = false;
      if (pool !== null && pool !== asked) refresh();
    }
  }

  function open(wanted) {
    if (pool === null) opener = document.activeElement;
    pool = wanted;
    box.hidden = false;
    document.body.classList.add("with-drawer");
    box.replaceChildren(heading(wanted, close));
    box.focus({ preventScroll: true });
    refresh();
  }

  function close() {
    if (pool === null) return;
    pool = null;
    box.hidden = true;
    document.body.classList.remove("with-drawer");
    if (opener?.isConnected) opener.focus({ preventScroll: true });
  }

  return { open, close, refresh, mark: (rows) => rows.mark(pool) };
}

function heading(pool, close) {
  const top = element("header");
  const title = element("h2", "", symbolOf(pool.slice(0, pool.indexOf("/"))));
  title.id = "drawer-title";
  const button = element("button", "close", "Close");
  button.type = "button";
  button.addEventListener("click", close);
  top.append(title, button);
  return top;
}

function fill(box, asked, answer, stream, close) {
  const isFocused = box.contains(document.activeElement) && document.activeElement !== box;
  const isOpen = box.querySelector("details")?.open ?? false;
  const scrolled = box.scrollTop;
  const top = heading(asked, close);
  if (answer.error) {
    box.replaceChildren(top, element("p", "reason", answer.error.reason));
    return;
  }
  const { account, pool } = answer;
  const level = levelKey(pool);
  const state = element("p", "state");
  state.append(element("i", `mark ${level}`), element("b", "", LEVEL_TEXT[level]));
  state.append(element("span", `certainty certainty-${pool.certainty}`, pool.certainty));
  const body = element("div", "body");
  body.append(
    element("p", "soft where", [pool.pool, account.entity, words(account.mode), words(account.position_mode)].filter(Boolean).join(" · ")),
    state,
    ...pool.certainty_reasons.map((reason) => element("p", "reason", words(reason))),
    figures(pool, stream),
    ...positions(pool),
    ...venueFigures(pool),
    parts(pool, isOpen),
    element("p", "soft", `as of seq ${answer.as_of_seq} · run ${answer.run_id}`),
  );
  box.replaceChildren(top, body);
  box.scrollTop = scrolled;
  if (isFocused) top.lastChild.focus({ preventScroll: true });
}

function figures(pool, stream) {
  const currency = pool.margin_currency ?? "";
  const list = element("dl");
  const entries = [
    ["Margin ratio", "margin_ratio", (text) => percent(text, 2)],
    ["Buffer", "buffer_ratio", (text) => percent(text, 2)],
    [`Headroom ${currency}`, "headroom", amount],
    ["Headroom USD", "headroom_usd", amount],
    [`Collateral value ${currency}`, "collateral_value", amount],
    [`Maintenance margin ${currency}`, "maintenance_margin", amount],
    [`Initial margin ${currency}`, "initial_margin", amount],
    [`Stress notional ${currency}`, "stress_notional", amount],
    ["Liquidation distance", "liquidation_distance_ratio", (text) => percent(text, 2)],
    [`Top-up to OK ${currency}`, "top_up_to_ok", amount],
  ];
  for (const [name, field, format] of entries) {
    const isKnown = pool[field] !== null;
    list.append(element("dt", "", name), element("dd", isKnown ? "" : "why", isKnown ? format(pool[field]) : words(pool[`${field}_reason`])));
  }
  const ages = [["Oldest price", pool.inputs_recv_ns], ["Last account event", pool.last_event_recv_ns], ["Agreed with the venue", pool.last_agreed_ns]];
  for (const [name, ns] of ages) {
    const seconds = stream.ageSeconds(ns);
    list.append(element("dt", "", name), element("dd", "", seconds === null ? "never" : `${age(seconds)} ago`));
  }
  return list;
}

function positions(pool) {
  if (!pool.positions.length) return [element("p", "soft", "No position")];
  const rows = pool.positions.map((each) => [
    `${symbolOf(each.instrument)} ${each.side}`, amount(each.size), price(each.entry_price), price(each.mark_price),
    amount(each.unrealised_pnl), amount(each.maintenance_margin),
    each.liquidation_price === null ? words(each.liquidation_price_reason) || UNKNOWN : price(each.liquidation_price),
  ]);
  return [element("h3", "", "Positions"), table(["Position", "Size", "Entry", "Mark", "Unrealised PnL", "Maint. margin", "Liq. price"], rows)];
}

function venueFigures(pool) {
  const rows = Object.entries(pool.venue_figures).map(([name, value]) => [name, value]);
  const entry = pool.double_entry;
  const said = entry ? [element("p", entry.agrees === false ? "reason" : "soft", entry.sentence)] : [];
  if (!rows.length && !said.length) return [];
  return [element("h3", "", "The venue's own figures"), ...said, ...(rows.length ? [table(["Figure", "Value"], rows)] : [])];
}

function parts(pool, isOpen) {
  const details = element("details");
  details.open = isOpen;
  const rows = pool.parts.map((part) => [words(part.figure), part.name, amount(part.amount), part.unit, part.verified ? part.formula : `${part.formula} (not verified)`]);
  details.append(element("summary", "", `What the figures are made of (${rows.length})`), table(["Figure", "Part", "Amount", "Unit", "Formula"], rows, 2));
  return details;
}

function table(names, rows, firstNumber = 1) {
  const made = element("table");
  const line = made.createTHead().insertRow();
  names.forEach((name) => line.append(element("th", "", name)));
  const body = made.createTBody();
  for (const row of rows) {
    const cells = body.insertRow();
    row.forEach((text, index) => cells.append(element("td", index >= firstNumber && /^[−-]?[\d.,]+$/.test(text) ? "n" : "", text)));
  }
  const box = element("div", "scroll");
  box.append(made);
  return box;
}
