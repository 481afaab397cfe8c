// The reader's side of the chat page: keys, the source panel, one announcement for each answer.
// Knows the data-* attributes that render.py writes, never how they came about. Text from a
// document is only ever put in as text.
(() => {
  "use strict";

  /** @typedef {{id: string, title: string, text: string, source: string | null}} SourceDocument */

  const PHONE = matchMedia("(max-width: 640px)");
  const CALM = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {Map<string, Promise<SourceDocument>>} */
  const documents = new Map();
  /** @type {HTMLElement[]} */ let places = [];
  let current = 0;
  /** @type {HTMLElement | null} */ let openedFrom = null;
  /** @type {WeakSet<Element>} */ const seen = new WeakSet();

  /**
   * @param {string} tag
   * @param {Record<string, string>} [attributes]
   * @param {(Node | string)[]} children
   * @returns {HTMLElement}
   */
  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  /** @param {string} selector @returns {HTMLElement | null} */
  const find = (selector) => document.querySelector(selector);
  /** @returns {HTMLTextAreaElement | null} */
  const box = () => document.querySelector("#fn-question textarea");
  /** @returns {boolean} */
  const working = () => find('.fn-turn[data-state="working"]') !== null;

  /** @param {string} className @param {string} text @param {() => void} act */
  function button(className, text, act) {
    const node = make("button", { type: "button", class: className }, text);
    node.addEventListener("click", act);
    return node;
  }

  const count = make("p", { class: "fn-count", id: "fn-count" });
  const title = make("h2", { tabindex: "-1", dir: "auto", id: "fn-panel-title" });
  const origin = make("p", { class: "fn-panel-origin" });
  const words = make("div", { class: "fn-document", dir: "auto", tabindex: "0", role: "region",
    "aria-label": "Text of the document", id: "fn-document" });
  const previous = button("fn-quiet", "Previous", () => step(-1));
  const next = button("fn-quiet", "Next", () => step(1));
  const panel = make("aside", { id: "fn-panel", hidden: "", "aria-label": "Source" },
    make("div", { class: "fn-panel-bar" }, count, previous, next,
      button("fn-quiet fn-close", "Close", closePanel)),
    title, origin, words);
  const announcer = make("div", { id: "fn-announcer", role: "status", "aria-live": "polite" });

  /**
   * UTF-16 index of a code point: Python counts code points, JavaScript does not.
   * @param {string} text
   * @param {number} codePoints
   */
  function indexOfCodePoint(text, codePoints) {
    let index = 0;
    for (let left = codePoints; left > 0 && index < text.length; left -= 1) {
      index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
    }
    return index;
  }

  /** @param {string} id @returns {Promise<SourceDocument>} */
  function fetchDocument(id) {
    const known = documents.get(id);
    if (known) return known;
    const path = id.split("/").map(encodeURIComponent).join("/");
    const coming = fetch(new URL(`api/documents/${path}`, document.baseURI)).then((response) => {
      if (!response.ok) throw new Error(String(response.status));
      return response.json();
    });
    documents.set(id, coming);
    coming.catch(() => documents.delete(id));
    return coming;
  }

  /** @param {string | null} source */
  function showOrigin(source) {
    origin.replaceChildren();
    if (!source) return;
    const url = URL.canParse(source) ? new URL(source) : null;
    const web = url !== null && (url.protocol === "https:" || url.protocol === "http:");
    origin.append(web ? make("a", { href: url.href, target: "_blank",
      rel: "noopener noreferrer nofollow" }, `Read it at ${url.hostname}`) : source);
  }

  /** What render.py may draw differently from the document is no difference. @param {string} text */
  const bare = (text) => text.replace(/[\s\x00-\x1f\x7f\ufffd]/g, "");

  /** @param {SourceDocument} found @param {HTMLElement} place */
  function showWords(found, place) {
    const start = indexOfCodePoint(found.text, Number(place.dataset.start));
    const end = indexOfCodePoint(found.text, Number(place.dataset.end));
    const quote = place.closest(".fn-turn")
      ?.querySelector(`blockquote[data-quote="${Number(place.dataset.number)}"]`)?.textContent;
    title.textContent = found.title;
    showOrigin(found.source);
    if (quote && bare(quote) !== bare(found.text.slice(start, end))) {
      words.replaceChildren(make("p", { class: "fn-notice" }, "This document has changed since " +
        "the answer was written, so the quoted words cannot be marked in it."), found.text);
      return;
    }
    const mark = make("mark", { id: "fn-mark" }, found.text.slice(start, end));
    words.replaceChildren(found.text.slice(0, start), mark, found.text.slice(end));
    const middle = (words.clientHeight - Math.min(mark.offsetHeight, words.clientHeight)) / 3;
    words.scrollTop = mark.offsetTop - words.offsetTop - middle;
  }

  /** @param {HTMLElement} place */
  async function showPlace(place) {
    current = places.indexOf(place);
    count.textContent = places.length > 1 ? `${current + 1} of ${places.length}` : "";
    previous.toggleAttribute("disabled", current <= 0);
    next.toggleAttribute("disabled", current >= places.length - 1);
    previous.hidden = next.hidden = places.length < 2;
    title.textContent = place.getAttribute("aria-label") ?? place.textContent;
    origin.replaceChildren();
    words.replaceChildren("Opening the document…");
    try {
      const found = await fetchDocument(place.dataset.document ?? "");
      if (places[current] === place) showWords(found, place);
    } catch {
      words.replaceChildren("The document could not be opened; close this and try again.");
    }
  }

  /** @param {HTMLElement} opener */
  function openPanel(opener) {
    const turn = opener.closest(".fn-turn");
    const group = opener.dataset.number ? ".fn-sources .fn-opener" : ".fn-opener:not([data-number])";
    places = turn ? [...turn.querySelectorAll(group)] : [];
    const place = places.find((one) => one === opener || (opener.dataset.number !== undefined &&
      one.dataset.number === opener.dataset.number)) ?? opener;
    if (!places.includes(place)) places = [place];
    openedFrom = opener;
    panel.hidden = false;
    document.documentElement.classList.add("fn-reading");
    find("gradio-app")?.toggleAttribute("inert", PHONE.matches);
    void showPlace(place);
    title.focus({ preventScroll: true });
  }

  /** @param {number} by */
  function step(by) {
    const place = places[current + by];
    if (!place) return;
    openedFrom = place;
    void showPlace(place);
    if (document.activeElement === document.body || document.activeElement?.hasAttribute("disabled")) {
      title.focus({ preventScroll: true });
    }
  }

  function closePanel() {
    panel.hidden = true;
    document.documentElement.classList.remove("fn-reading");
    find("gradio-app")?.removeAttribute("inert");
    (openedFrom?.isConnected ? openedFrom : box())?.focus();
  }

  /** @param {string} question */
  function askNow(question) {
    const field = box();
    if (!field || working()) return;
    const write = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")?.set;
    write?.call(field, question);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    setTimeout(() => find("#fn-submit")?.click(), 60); // svelte hands the value over first
  }

  /** @param {HTMLElement} pressed */
  async function copyAnswer(pressed) {
    const turn = pressed.closest(".fn-turn");
    const prose = turn?.querySelector(".fn-prose")?.textContent ?? "";
    const rows = [...(turn?.querySelectorAll(".fn-sources li") ?? [])].map((row) => {
      const from = [...row.querySelectorAll(".fn-origin > *")].map((part) =>
        part instanceof HTMLAnchorElement ? part.href : part.textContent).join(", ");
      const quote = row.querySelector("blockquote")?.textContent;
      return `[${row.getAttribute("value")}] ${from}: “${quote}”`;
    });
    try {
      await navigator.clipboard.writeText([prose, ...rows].join("\n\n"));
      pressed.textContent = "Copied";
    } catch {
      pressed.textContent = "This browser does not allow copying here";
    }
  }

  /** Brings a new question into view, and says a finished answer once. */
  function watchTurns() {
    const turn = [...document.querySelectorAll(".fn-turn")].at(-1);
    if (!turn || seen.has(turn)) return;
    seen.add(turn);
    const index = String(document.querySelectorAll(".fn-turn").length);
    if (document.documentElement.dataset.turns !== index) {
      document.documentElement.dataset.turns = index;
      turn.scrollIntoView({ block: "start", behavior: CALM.matches ? "auto" : "smooth" });
    }
    if (turn.getAttribute("data-state") === "working") return;
    announcer.textContent = [...turn.querySelectorAll(".fn-prose, .fn-notice, .fn-card > h3, .fn-card > p")]
      .map((part) => part.textContent).join(" ");
  }

  document.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element ? event.target.closest("button") : null;
    if (!pressed) return;
    if (pressed.dataset.document !== undefined) openPanel(pressed);
    else if (pressed.dataset.ask !== undefined) askNow(pressed.dataset.ask);
    else if (pressed.dataset.copy !== undefined) void copyAnswer(pressed);
    else if (pressed.dataset.reload !== undefined) location.reload();
    else if (pressed.id === "fn-new") { if (!panel.hidden) closePanel(); box()?.focus(); }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) {
      if (!panel.hidden) closePanel();
      else if (working()) find("#fn-stop")?.click();
    }
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      if (PHONE.matches && !panel.hidden) closePanel();
      box()?.focus();
    }
  });

  PHONE.addEventListener("change", () => {
    find("gradio-app")?.toggleAttribute("inert", PHONE.matches && !panel.hidden);
  });
  document.body.append(panel, announcer);
  new MutationObserver(watchTurns).observe(document.body, { childList: true, subtree: true });
})();
