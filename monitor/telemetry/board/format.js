// Figures as people read them. Every input is a decimal string or null; null is never shown as a number.

export const LEVELS = ["liquidation", "critical", "warning", "notice", "ok", "none"];
export const LEVEL_TEXT = {
  liquidation: "Liquidation", critical: "Critical", warning: "Warning", notice: "Notice", ok: "OK", none: "Not valued",
};
export const UNKNOWN = "–";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 2 });

export function percent(text, digits = 1) {
  if (text === null || text === undefined) return UNKNOWN;
  const value = Number(text) * 100;
  const places = Math.abs(value) >= 1000 ? 0 : digits;
  return `${value.toFixed(places).replace("-", "−")} %`;
}

export function amount(text) {
  if (text === null || text === undefined) return UNKNOWN;
  const value = Number(text);
  const places = Math.abs(value) >= 100 || value === 0 ? 0 : Math.abs(value) >= 1 ? 2 : 6;
  return new Intl.NumberFormat("en-US", { maximumFractionDigits: places }).format(value).replace("-", "−");
}

export function price(text) {
  if (text === null || text === undefined) return UNKNOWN;
  return new Intl.NumberFormat("en-US", { maximumSignificantDigits: 7 }).format(Number(text));
}

export function usd(text) {
  return text === null || text === undefined ? UNKNOWN : `$${compact.format(Number(text))}`;
}

export const count = (value) => whole.format(value);

export function age(seconds) {
  if (seconds === null) return UNKNOWN;
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

export function clockTime(milliseconds) {
  const at = new Date(milliseconds);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

// A reason by name becomes words; a sentence holds ids that stay as they are.
export const words = (reason) => (/^[a-z_]+$/.test(reason ?? "") ? reason.replaceAll("_", " ") : String(reason ?? ""));

export const symbolOf = (subject) => subject.slice(subject.indexOf(":") + 1);

export function levelKey(row) {
  return row.level === null ? "none" : row.level;
}

// Text goes in as text only: ids and reasons come from outside.
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== "") made.textContent = text;
  return made;
}

export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
