// Builds nodes. Strings become text nodes: no word of a document is ever read as markup.

/** @typedef {import("./types.js").Source} Source */

const ICONS = {
  ask: "M3.5 3h9v7.500H8L5 13v-2.500H3.500z",
  back: "M13 8H3.500M7 4L3 8l4 4",
  close: "M4 4l8 8M12 4l-8 8",
  clear: "M8 3v10M3 8h10",
  next: "M6 3.500L10.500 8 6 12.500",
  previous: "M10 3.500L5.500 8l4.500 4.500",
  quoted: "M6.300 4.500C4.300 5.200 3.200 6.800 3.200 9v2.500h3.300V8.300H4.700M12.300 4.500c-2 .7-3.100 2.300-3.100 4.500v2.500h3.300V8.300h-1.800",
  supported: "M3 8.500l3.300 3.300L13 4.800",
  unsupported: "M8 2.500l6 10.700H2zM8 6.600v3M8 11.500h.01",
};
const SVG = "http://www.w3.org/2000/svg";

/** What has a class is a part of the same name, for `::part()`.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
    if (name === "class") element.setAttribute("part", value);
  }
  element.append(...children);
  return element;
}

/** @param {string | Node} label @param {(event: Event) => void} act
 * @param {Record<string, string>} attributes */
export function button(label, act, attributes = {}) {
  const element = make("button", { type: "button", ...attributes }, label);
  element.addEventListener("click", act);
  return element;
}

/** A button that shows an icon, and says its name to who hovers or listens.
 * @param {keyof typeof ICONS} name @param {string} label @param {() => void} act @param {string} more */
export function iconButton(name, label, act, more = "") {
  return button(icon(name), act, { class: `tool ${more}`.trim(), "aria-label": label, title: label });
}

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("aria-hidden", "true");
  line.setAttribute("d", ICONS[name]);
  drawing.append(line);
  return drawing;
}

/** Fills what stands in braces. @param {string} text @param {Record<string, string | number>} values */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Wraps stretches of code points in `tag`; JavaScript itself counts UTF-16 units.
 * @param {string} text @param {[number, number][]} ranges @param {"strong" | "mark"} tag */
export function marked(text, ranges, tag) {
  const points = Array.from(text);
  const nodes = [];
  let position = 0;
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (start < position || end <= start) continue;
    nodes.push(points.slice(position, start).join(""));
    nodes.push(make(tag, {}, points.slice(start, end).join("")));
    position = end;
  }
  return [...nodes, points.slice(position).join("")];
}

/** @param {string} text @param {number} most */
export function excerpt(text, most) {
  const points = Array.from(text.replace(/\s+/g, " ").trim());
  return points.length <= most ? points.join("") : `${points.slice(0, most).join("").trimEnd()}…`;
}

/** A paragraph that says how sure a sentence is, in a sign and in words.
 * @param {import("./types.js").Verdict} verdict @param {import("./types.js").Words} words */
export function verdictLine(verdict, words) {
  return make("p", { class: `verdict ${verdict}` }, icon(verdict), " ", words[verdict]);
}
