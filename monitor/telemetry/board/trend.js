// The margin ratio of the last minutes as a line, from what this page has seen itself.

const POINTS = 120;
const WIDTH = 84;
const HEIGHT = 22;
const SVG = "http://www.w3.org/2000/svg";

export class Trend {
  #points = [];
  #line;
  #svg;

  constructor(cell) {
    this.#svg = document.createElementNS(SVG, "svg");
    this.#svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.#svg.setAttribute("class", "trend");
    this.#svg.setAttribute("aria-hidden", "true");
    this.#line = document.createElementNS(SVG, "polyline");
    this.#svg.append(this.#line);
    cell.append(this.#svg);
  }

  add(text, level) {
    // A gap in what is known is a gap in the line: it starts again.
    if (text === null) this.#points.length = 0;
    else this.#points.push(Number(text));
    if (this.#points.length > POINTS) this.#points.shift();
    this.#svg.dataset.level = level;
    this.#line.setAttribute("points", this.#path());
  }

  #path() {
    if (this.#points.length < 2) return "";
    const low = Math.min(...this.#points);
    // A line that hardly moved stays flat instead of showing noise.
    const span = Math.max(Math.max(...this.#points) - low, 0.02);
    const step = WIDTH / (POINTS - 1);
    const first = POINTS - this.#points.length;
    return this.#points
      .map((value, index) => `${((first + index) * step).toFixed(1)},${(HEIGHT - 2 - ((value - low) / span) * (HEIGHT - 4)).toFixed(1)}`)
      .join(" ");
  }
}
