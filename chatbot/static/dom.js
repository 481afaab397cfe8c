// What the page's other scripts share: words, nodes, announcements, the server's answers.
// They are joined in the order of page.py into one; text from a document is only put in as text.

/** @typedef {Record<string, any>} Words */

const language = navigator.language.slice(0, 2).toLowerCase() in SAID ? navigator.language.slice(0, 2).toLowerCase() : "en";
/** @type {Words} */ const WORDS = SAID[language];
document.documentElement.lang = language;

const NARROW = matchMedia("(max-width: 999px)");
const CALM = matchMedia("(prefers-reduced-motion: reduce)");

/** Fills what stands in braces. @param {string} text @param {Record<string, any>} values */
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));

/** A number with its noun. @param {string} noun @param {number} n */
const counted = (noun, n) => fill(WORDS[noun][n === 1 ? 0 : 1], { n: n.toLocaleString(language) });

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

/** @param {string} className @param {string} text @param {() => void} act @param {string} [icon] */
function button(className, text, act, icon) {
  const label = make("span", { class: "fn-label" }, text);
  const node = make("button", { type: "button", class: className },
    ...(icon ? [make("span", { class: `fn-icon fn-icon-${icon}`, "aria-hidden": "true" })] : []), label);
  node.addEventListener("click", act);
  return node;
}

/** @param {string} selector @returns {HTMLElement | null} */
const find = (selector) => document.querySelector(selector);
/** @param {string} selector @param {ParentNode} [within] @returns {HTMLElement[]} */
const all = (selector, within = document) => /** @type {HTMLElement[]} */ ([...within.querySelectorAll(selector)]);
/** @returns {HTMLTextAreaElement | null} */
const box = () => document.querySelector("#fn-question textarea");
/** @returns {HTMLElement[]} every turn that is shown, those of a conversation opened again first */
const turns = () => all("#fn-log .fn-turn");
/** @returns {boolean} */
const working = () => find('.fn-turn[data-state="working"]') !== null;

const announcer = make("div", { id: "fn-announcer", role: "status" });

/** Says something once to those who listen. @param {string} text */
function announce(text) {
  announcer.textContent = "";
  setTimeout(() => { announcer.textContent = text; }, 50);
}

/** Relative, since a proxy may have put the page under a path of its own. @param {string} path */
async function load(path) {
  const response = await fetch(new URL(path, document.baseURI));
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

/** Sets what gradio's box holds, in a way that it hears; what it puts back of an older value is
 * overwritten once. @param {HTMLTextAreaElement} field @param {string} value */
function write(field, value) {
  const before = field.value;
  const set = () => {
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")?.set?.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  set();
  clearTimeout(writing.get(field));
  writing.set(field, setTimeout(() => { if (field.value === before && before !== value) set(); }, 50));
}

/** @type {WeakMap<Element, number>} */ const writing = new WeakMap();

/** @param {string} text @param {string} name @param {string} type */
function download(text, name, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** A modal dialog of our own look, opened. @param {string} heading @param {(Node | string)[]} content */
function showDialog(heading, ...content) {
  const close = button("fn-quiet fn-close", WORDS.close, () => dialog.close(), "close");
  const dialog = /** @type {HTMLDialogElement} */ (make("dialog", { class: "fn-dialog", "aria-label": heading },
    make("div", { class: "fn-dialog-bar" }, make("h2", {}, heading), close), ...content));
  dialog.addEventListener("close", () => dialog.remove()); // the focus goes back by itself
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
