// The documents: what is indexed, what was left out and why; each can be read.

/** @typedef {{id: string, title: string, pages: number | null, published_on: string | null,
 *   language: string | null, source: string | null}} ShelfRow */
/** @typedef {{documents: ShelfRow[], skipped: {path: string, reason: string}[], indexed_at: string}} Shelf */

const MOST_ROWS = 300;
let looked = "";

/** @param {HTMLElement | null} from */
async function openShelf(from) {
  const view = { label: WORDS.show_documents, title: WORDS.show_documents };
  showPanel({ ...view, body: [make("p", { class: "fn-wait" }, WORDS.opening)] }, from);
  try {
    const shelf = /** @type {Shelf} */ (await load("api/documents"));
    if (panel.getAttribute("aria-label") === view.label) showPanel({ ...view, body: drawShelf(shelf) });
  } catch {
    showPanel({ ...view, body: [make("p", { class: "fn-notice" }, WORDS.cannot_list)] });
  }
}

/** @param {Shelf} shelf */
function drawShelf(shelf) {
  const when = new Date(shelf.indexed_at).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
  const head = make("p", { class: "fn-panel-origin" },
    fill(WORDS.indexed, { documents: counted("documents", shelf.documents.length), when }));
  const list = make("ul", { class: "fn-shelf" });
  const none = make("p", { class: "fn-notice" });
  const search = /** @type {HTMLInputElement} */ (make("input", { type: "search", "aria-label": WORDS.find_document,
    placeholder: WORDS.find_document, class: "fn-search" }));
  const show = () => {
    looked = search.value;
    const wanted = plain(looked).split(/\s+/);
    const found = shelf.documents.filter((row) => wanted.every((word) => plain(`${row.title} ${row.id}`).includes(word)));
    list.replaceChildren(...found.slice(0, MOST_ROWS).map(drawRow));
    none.textContent = found.length ? "" : WORDS.no_document;
    if (!found.length) announce(WORDS.no_document);
  };
  search.value = looked;
  search.addEventListener("input", show);
  show();
  return [head, search, make("div", { class: "fn-scroll" }, none, list, ...drawSkipped(shelf))];
}

/** Without case and accents. @param {string} text */
const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().trim();

/** @param {ShelfRow} row */
function drawRow(row) {
  const about = [row.published_on, row.pages ? counted("pages", row.pages) : "", row.language, row.id].filter(Boolean);
  const open = button("fn-opener", row.title, () => void openDocument(row.id, row.title, { back: () => void openShelf(null) }));
  open.dir = "auto";
  return make("li", {}, open, make("p", { class: "fn-panel-about" }, about.join(" · ")));
}

/** @param {Shelf} shelf */
function drawSkipped(shelf) {
  if (!shelf.skipped.length) return [];
  const rows = shelf.skipped.map((one) => make("li", {}, make("span", { class: "fn-path" }, one.path),
    make("p", { class: "fn-panel-about", lang: "en" }, one.reason)));
  return [make("details", { class: "fn-outlines" }, make("summary", {}, counted("skipped", shelf.skipped.length)),
    make("ul", { class: "fn-shelf" }, ...rows))];
}
