// A document, with the cited words marked in it and scrolled to.

import { button, fill, icon, iconButton, make, marked } from "./nodes.js";

/** @typedef {import("./types.js").Source} Source */
/** @typedef {import("./types.js").SourceDocument} SourceDocument */
/** @typedef {import("./types.js").Words} Words */

/** Returns a view of the source at `first`, from which one can step to the others.
 * @param {Words} words @param {import("./types.js").Client} client @param {Source[]} sources
 * @param {number} first @param {() => void} leave */
export function createSourceView(words, client, sources, first, leave) {
  let at = first;
  const count = make("p", { class: "quiet count" });
  const previous = iconButton("previous", words.previous, () => step(-1), "step");
  const next = iconButton("next", words.following, () => step(1), "step");
  const back = button(icon("back"), leave, { class: "tool back" });
  back.append(words.back);
  const title = make("h3", { class: "source-title", dir: "auto", tabindex: "-1" });
  const origin = make("p", { class: "quiet origin", dir: "auto" });
  const text = make("div", { class: "text", tabindex: "0", role: "region", "aria-label": words.text_of });
  const node = make("section", { class: "view reading", "aria-label": words.source },
    make("div", { class: "steps" }, back, count, previous, next), title, origin, text);
  void show();
  return { node, focus: () => back.focus() };

  /** @param {number} by */
  function step(by) {
    at += by;
    void show();
    const pressed = by < 0 ? previous : next;
    if (pressed.disabled) title.focus();
  }

  async function show() {
    const source = sources[at];
    const name = source.number ? fill(words.footnote, { n: source.number }) : words.passage;
    const place = sources.length > 1 ? fill(words.place, { at: at + 1, all: sources.length }) : "";
    count.textContent = [name, place].filter(Boolean).join(" · ");
    previous.disabled = at === 0;
    next.disabled = at === sources.length - 1;
    previous.hidden = next.hidden = sources.length < 2;
    title.textContent = source.title;
    origin.replaceChildren(...originOf(words, source, null));
    text.replaceChildren(make("p", { class: "quiet" }, words.opening));
    try {
      const found = await client.open(source.document_id);
      if (sources[at] !== source) return;
      origin.replaceChildren(...originOf(words, source, found));
      text.replaceChildren(...drawText(words, found, source));
      text.lang = found.language ?? "";
      showMark(text);
    } catch {
      if (sources[at] === source) text.replaceChildren(make("p", { class: "notice" }, words.unopened));
    }
  }
}

/** Page, date, and where the original is: a link only if it leads to the web.
 * @param {Words} words @param {Source} source @param {SourceDocument | null} found */
function originOf(words, { page, published_on: date }, found) {
  /** @type {(Node | string)[]} */
  const said = [page == null ? "" : fill(words.page, { n: page }), date ?? ""];
  const where = found?.source?.trim() ?? "";
  const url = URL.canParse(where) ? new URL(where) : null;
  if (url && ["https:", "http:"].includes(url.protocol)) {
    if (page && /\.pdf$/i.test(url.pathname)) url.hash = `page=${page}`;
    said.push(make("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" },
      fill(words.original, { host: url.hostname })));
  } else said.push(where);
  return said.filter(Boolean).flatMap((part, index) => (index ? [" · ", part] : [part]));
}

/** The text as paragraphs, each in its own direction; headings, pages and the cited words in place.
 * @param {Words} words @param {SourceDocument} found @param {Source} source */
function drawText(words, found, source) {
  const points = Array.from(found.text); // offsets are code points; JavaScript counts UTF-16 units
  const isThere = points.slice(source.start, source.end).join("") === source.quote;
  const [from, to] = isThere ? [source.start, source.end] : [0, 0];
  const headings = new Set(found.headings.map(({ start }) => start));
  const pages = [...found.pages];
  const nodes = isThere ? [] : [make("p", { class: "notice" }, words.moved),
    make("p", { dir: "auto" }, make("mark", {}, source.quote))];
  let start = 0;
  for (const line of found.text.split("\n")) {
    const end = start + Array.from(line).length;
    while (pages.length && pages[0].start <= start) {
      nodes.push(make("p", { class: "page" }, fill(words.page, { n: pages[0].number })));
      pages.shift();
    }
    if (line.trim()) {
      const stretch = /** @type {[number, number]} */ ([Math.max(from, start) - start, Math.min(to, end) - start]);
      nodes.push(make(headings.has(start) ? "h4" : "p", { dir: "auto" }, ...marked(line, [stretch], "mark")));
    }
    start = end + 1;
  }
  return nodes;
}

/** Scrolls by hand: scrollIntoView would scroll the page around the chat too.
 * @param {HTMLElement} text */
function showMark(text) {
  const mark = text.querySelector("mark");
  if (!mark) return;
  const above = mark.getBoundingClientRect().top - text.getBoundingClientRect().top;
  text.scrollTop += above - text.clientHeight / 4;
}
