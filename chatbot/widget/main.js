// Puts cited answers into another site's page: a button with a panel, or <footnote-chat> in its text.
// Knows the HTTP contract of the bot it came from; not how answers are made, nor the page it is in.

import { ELEMENT, defineElement, findElement } from "./element.js";
import { createLauncher } from "./launcher.js";
import { readOptions } from "./options.js";

start();

function start() {
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement)) {
    throw new Error("Footnote: load the widget with a plain <script src> tag, not as a module.");
  }
  if (customElements.get(ELEMENT)) return; // the tag stands in the page twice
  const base = new URL(/\/widget\/[^/]+$/.test(script.src) ? ".." : ".", script.src);
  /** @type {ReturnType<typeof createLauncher> | null} */
  let made = null;
  const launch = () => (made ??= createLauncher(readOptions(script), base));
  const mount = () => {
    if (script.dataset.launcher === "true" || !findElement()) launch();
  };
  /** The chat that the page's own scripts speak to: the button's, or else the first in the page. */
  const find = () => {
    const chat = made ? null : findElement()?.chat;
    return chat ? { chat, open: chat.focus } : launch();
  };
  defineElement(script, base);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", mount);
  else mount();

  /** @param {{question?: unknown, submit?: boolean} | null} [what] */
  function open(what) {
    const found = find(), question = String(what?.question ?? "").trim();
    found.open();
    if (question && what?.submit) void found.chat.ask(question);
    else if (question) found.chat.write(question);
  }

  Object.assign(window, { footnote: {
    open,
    /** @param {unknown} question */
    ask: (question) => open({ question, submit: true }),
    close: () => made?.close(),
    clear: () => find().chat.clear(),
  } });
}
