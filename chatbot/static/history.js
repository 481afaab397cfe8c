// Keeps the last conversations in this browser and nowhere else, and opens them again. What comes
// back out of the store is drawn by an allow-list: no element or attribute but the page's own.

/** @typedef {{question: string, answer: string}} PastTurn */
/** @typedef {{id: string, when: string, turns: {question: string, answer: string, html: string}[]}} Kept */

const MOST_KEPT = 20;
const MOST_SENT = 4;
const STORE = `footnote:${new URL(document.baseURI).pathname}`;
const ELEMENTS = new Set(("ARTICLE DIV SECTION H2 H3 H4 P SPAN STRONG BUTTON UL OL LI BLOCKQUOTE DETAILS " +
  "SUMMARY DL DT DD A").split(" "));
const ATTRIBUTES = new Set(("class type dir lang value aria-label aria-hidden hidden data-state data-answer data-verdict " +
  "data-document data-start data-end data-number data-quote data-ask data-edit data-copy data-feedback").split(" "));

let conversation = crypto.getRandomValues(new Uint32Array(2)).join("-");

/** @returns {Kept[]} newest first */
function kept() {
  try {
    const rows = JSON.parse(localStorage.getItem(STORE) ?? "[]");
    return Array.isArray(rows) ? rows : [];
  } catch {
    return [];
  }
}

/** Keeps rows, the oldest left out until they fit. @param {Kept[]} rows */
function keep(rows) {
  for (let count = Math.min(rows.length, MOST_KEPT); count >= 0; count -= 1) {
    try {
      if (count) localStorage.setItem(STORE, JSON.stringify(rows.slice(0, count)));
      else localStorage.removeItem(STORE);
      return;
    } catch { /* full, or not allowed */ }
  }
}

/** @returns {{question: string, answer: string, html: string}[]} */
const finished = () => turns().filter((turn) => turn.dataset.state === "done").map((turn) => {
  const read = readTurn(turn);
  return { question: read.question, answer: read.text.replace(/\s*\[\d+\]/g, "").slice(0, 2000), html: turn.outerHTML };
});

function keepConversation() {
  const done = finished();
  if (!done.length) return;
  const own = { id: conversation, when: new Date().toISOString(), turns: done };
  keep([own, ...kept().filter((one) => one.id !== conversation)]);
}

/** Copies a stored node, if it is one of the page's. @param {Node} node @returns {Node[]} */
function restore(node) {
  if (node instanceof Text) return [document.createTextNode(node.data)];
  if (!(node instanceof Element) || !ELEMENTS.has(node.tagName)) return [];
  const copy = document.createElement(node.tagName);
  for (const { name, value } of node.attributes) if (ATTRIBUTES.has(name)) copy.setAttribute(name, value);
  const href = node.getAttribute("href") ?? "";
  if (node.tagName === "A" && /^https?:\/\//i.test(href)) {
    for (const [name, value] of [["href", href], ["target", "_blank"], ["rel", "noopener noreferrer nofollow"]]) copy.setAttribute(name, value);
  }
  copy.append(...[...node.childNodes].flatMap(restore));
  return [copy];
}

/** @param {Kept} one */
function reopen(one) {
  startAnew();
  conversation = one.id;
  const articles = one.turns.flatMap((turn) =>
    [...new DOMParser().parseFromString(String(turn.html), "text/html").body.children].flatMap(restore));
  past.replaceChildren(...articles);
  for (const turn of past.children) announced.set(turn, "past");
  closePanel();
  announce(WORDS.reopened);
  past.lastElementChild?.scrollIntoView({ block: "start" });
  tellContext();
  box()?.focus({ preventScroll: true });
}

/** An empty page; what was there is in the history. */
function startAnew() {
  conversation = crypto.getRandomValues(new Uint32Array(2)).join("-");
  past.replaceChildren();
  trouble.replaceChildren();
  stopEditing();
  if (live.children.length) find("#fn-fresh")?.click();
  live.replaceChildren();
  closePanel();
}

/** @param {HTMLElement | null} from */
function openHistory(from) {
  const rows = kept();
  const list = rows.map((one) => {
    const when = new Date(one.when).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
    return make("li", {}, button("fn-opener", one.turns[0]?.question ?? "", () => reopen(one)),
      make("p", { class: "fn-panel-about" }, `${when} · ${counted("questions", one.turns.length)}`));
  });
  const clear = button("fn-button", WORDS.clear_history, () => {
    keep([]);
    openHistory(null);
    announce(WORDS.cleared);
    panelTitle.focus();
  });
  showPanel({ label: WORDS.history, title: WORDS.history, body: [
    make("p", { class: "fn-panel-origin" }, WORDS.history_where),
    rows.length ? make("div", { class: "fn-scroll" }, make("ul", { class: "fn-shelf" }, ...list), clear)
      : make("p", { class: "fn-notice" }, WORDS.history_empty)] }, from);
}

onFinished.push(keepConversation);
