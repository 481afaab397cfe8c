// A document, with the cited words marked in it and scrolled to.
// Offsets are Python's: code points. JavaScript counts UTF-16.

/** @typedef {{id: string, title: string, text: string, source: string | null, language: string | null,
 *   published_on: string | null, headings: {level: number, title: string, start: number}[],
 *   pages: {number: number, start: number}[]}} SourceDocument */

/** @type {Map<string, Promise<SourceDocument>>} */ const documents = new Map();
/** @type {HTMLElement[]} */ let places = [];
let current = 0;

/** Returns what turns code points of a text into its UTF-16 indexes. @param {string} text */
function indexer(text) {
  /** @type {number[]} */ const wide = [];
  if (/[\ud800-\udbff]/.test(text)) {
    let at = 0;
    for (const character of text) { if (character.length > 1) wide.push(at); at += 1; }
  }
  return (/** @type {number} */ point) => {
    let low = 0, high = wide.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (wide[middle] < point) low = middle + 1; else high = middle;
    }
    return point + low;
  };
}

/** @param {string} id @returns {Promise<SourceDocument>} */
function fetchDocument(id) {
  const known = documents.get(id);
  if (known) return known;
  const coming = load(`api/documents/${id.split("/").map(encodeURIComponent).join("/")}`);
  documents.set(id, coming);
  coming.catch(() => documents.delete(id));
  return coming;
}

/** The address of the original, at its page where it has one. @param {string | null} source @param {number | null} page */
function originOf(source, page) {
  const url = source && URL.canParse(source.trim()) ? new URL(source.trim()) : null;
  if (url === null || !["https:", "http:"].includes(url.protocol)) return source ?? "";
  if (page && /\.pdf$/i.test(url.pathname)) url.hash = `page=${page}`;
  const name = fill(WORDS.read_original, { host: url.hostname });
  return make("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" }, name);
}

/** What render.py may draw differently from the document is no difference. @param {string} text */
const bare = (text) => text.replace(/[\s\x00-\x1f\x7f\ufffd]/g, "");

/** The text as paragraphs, each in its own direction; headings, pages and the marked words in place.
 * @param {SourceDocument} found @param {number} from @param {number} to UTF-16, what to mark; none if equal */
function drawText(found, from, to) {
  const index = indexer(found.text);
  const headings = new Map(found.headings.map((one) => [index(one.start), one]));
  const pages = found.pages.map((one) => ({ number: one.number, start: index(one.start) }));
  const words = make("div", { class: "fn-document", ...(found.language ? { lang: found.language } : {}) });
  let at = 0;
  for (const line of found.text.split("\n")) {
    const start = at, end = at + line.length;
    at = end + 1;
    while (pages.length && pages[0].start <= start) {
      const page = /** @type {{number: number}} */ (pages.shift());
      words.append(make("p", { class: "fn-page-start", lang: language }, fill(WORDS.page, { n: page.number })));
    }
    if (!line.trim()) continue;
    const heading = headings.get(start);
    const tag = heading ? `h${Math.min(6, heading.level + 2)}` : "p";
    const block = make(tag, { dir: "auto", ...(heading ? { "data-at": String(start), tabindex: "-1" } : {}) });
    const first = Math.max(from, start), last = Math.min(to, end);
    if (first < last) {
      block.append(found.text.slice(start, first), make("mark", {}, found.text.slice(first, last)),
        found.text.slice(last, end));
    } else block.append(line);
    words.append(block);
  }
  return words;
}

/** @param {SourceDocument} found @param {HTMLElement} words */
function drawOutline(found, words) {
  if (found.headings.length < 2) return [];
  const index = indexer(found.text);
  const rows = found.headings.map((heading) => {
    const go = button("fn-outline", heading.title, () => {
      const target = words.querySelector(`[data-at="${index(heading.start)}"]`);
      if (target instanceof HTMLElement) { target.scrollIntoView({ block: "start" }); target.focus({ preventScroll: true }); }
    });
    return make("li", { "data-level": String(heading.level), dir: "auto" }, go);
  });
  return [make("details", { class: "fn-outlines" }, make("summary", {}, WORDS.outline), make("ol", {}, ...rows))];
}

/** @param {SourceDocument} found @param {number | null} page */
function drawOrigin(found, page) {
  const said = [page ? fill(WORDS.page, { n: page }) : "", found.published_on ?? "", originOf(found.source, page)];
  return make("p", { class: "fn-panel-origin", dir: "auto" },
    ...said.filter(Boolean).flatMap((part, at) => (at ? [" · ", part] : [part])));
}

/** Opens a document to read. @param {string} id @param {string} title @param {{from?: HTMLElement | null,
 *   start?: number, end?: number, quote?: string | null, bar?: (Node | string)[], back?: (() => void) | null,
 *   wanted?: () => boolean}} how */
async function openDocument(id, title, { from = null, start = 0, end = 0, quote = null, bar = [], back = null, wanted = () => true }) {
  const view = { label: WORDS.source, title, bar, back };
  showPanel({ ...view, body: [make("p", { class: "fn-wait" }, WORDS.opening)] }, from);
  try {
    const found = await fetchDocument(id);
    if (!wanted()) return;
    const index = indexer(found.text);
    const first = index(start), last = index(end);
    const same = quote === null || bare(quote) === bare(found.text.slice(first, last));
    const words = drawText(found, first, same ? last : first);
    const page = end ? found.pages.filter((one) => one.start <= start).at(-1)?.number ?? null : null;
    showPanel({ ...view, title: found.title, body: [drawOrigin(found, page), ...drawOutline(found, words),
      ...(same ? [] : [make("p", { class: "fn-notice" }, WORDS.changed)]),
      make("div", { class: "fn-text", tabindex: "0", role: "region", "aria-label": WORDS.text_of }, words)] });
    const mark = words.querySelector("mark");
    if (!mark) return;
    mark.id = "fn-mark";
    const frame = /** @type {HTMLElement} */ (words.parentElement);
    frame.scrollTop = mark.getBoundingClientRect().top - frame.getBoundingClientRect().top - frame.clientHeight / 4;
  } catch {
    if (wanted()) showPanel({ ...view, body: [make("p", { class: "fn-notice" }, WORDS.cannot_open)] });
  }
}

/** @param {HTMLElement} opener a marker, or the name of a source or passage */
function openSource(opener) {
  const turn = opener.closest(".fn-turn");
  const numbered = opener.dataset.number !== undefined;
  places = turn ? all(numbered ? ".fn-sources .fn-opener" : ".fn-opener:not([data-number])", turn) : [];
  const place = places.find((one) => one === opener || (numbered && one.dataset.number === opener.dataset.number)) ?? opener;
  if (!places.includes(place)) places = [place];
  showPlace(place, opener);
}

/** @param {HTMLElement} place @param {HTMLElement} [from] */
function showPlace(place, from) {
  current = places.indexOf(place);
  const { document: id = "", start, end, number } = place.dataset;
  const quote = place.closest(".fn-turn")?.querySelector(`.fn-sources blockquote[data-quote="${Number(number)}"]`)?.textContent ?? null;
  const previous = button("fn-quiet", WORDS.previous, () => step(-1), "previous");
  const next = button("fn-quiet", WORDS.next, () => step(1), "next");
  previous.toggleAttribute("disabled", current <= 0);
  next.toggleAttribute("disabled", current >= places.length - 1);
  const at = { n: number, at: current + 1, all: places.length };
  const said = make("p", { class: "fn-count" }, fill(places.length < 2 ? (number ? WORDS.only : WORDS.source) : number ? WORDS.of : WORDS.passage_of, at));
  void openDocument(id, place.textContent ?? "", { from, start: Number(start), end: Number(end), quote,
    bar: places.length > 1 ? [said, previous, next] : [said], wanted: () => places[current] === place && !panel.hidden });
}

/** @param {number} by */
function step(by) {
  const place = places[current + by];
  if (!place) return;
  const name = document.activeElement?.textContent;
  openedFrom = place;
  showPlace(place);
  const again = all("button", panelBar).find((one) => one.textContent === name && !one.hasAttribute("disabled"));
  (again ?? panelTitle).focus({ preventScroll: true });
}
