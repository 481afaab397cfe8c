// What stands around a conversation: a shadow root that the page's styles do not reach.

import { createChat } from "./chat.js";
import { connect } from "./client.js";
import { make } from "./nodes.js";
import { STYLES } from "./styles.js";

/** @typedef {import("./types.js").Options} Options */

/** Puts a chat into a host element, within `frame`.
 * @param {HTMLElement} host @param {Options} options @param {URL} base
 * @param {"div" | "dialog"} kind @param {HTMLElement[]} beside @param {HTMLElement[]} tools */
export function frameChat(host, options, base, kind, beside = [], tools = []) {
  const { words, language, direction, theme, position, tellsTexts } = options;
  /** @type {import("./types.js").Tell} */
  const tell = (name, detail = {}, texts = {}) => {
    const said = tellsTexts ? { ...detail, ...texts } : detail;
    host.dispatchEvent(new CustomEvent(`footnote:${name}`, { bubbles: true, detail: said }));
  };
  const chat = createChat(options, connect(base, words), tell);
  const heading = make("h2", { class: "title", id: "title", dir: "auto" }, words.title);
  const isDialog = kind === "dialog";
  const panel = /** @type {HTMLElement} */ (make(kind, {
    class: isDialog ? "panel" : "panel inline", id: "panel", "aria-labelledby": "title",
    ...(isDialog ? {} : { role: "region" }),
  }, make("div", { class: "bar" }, heading, chat.clearing, ...tools), ...chat.nodes));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || !chat.stepBack()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  const root = make("div", {
    class: "root", lang: language, dir: direction, "data-theme": theme, "data-position": position,
  }, ...beside, panel);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLES);
  const shadow = host.attachShadow({ mode: "open" });
  shadow.adoptedStyleSheets = [sheet];
  shadow.append(root);
  return { chat, panel, tell };
}
