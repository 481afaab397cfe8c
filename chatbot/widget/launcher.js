// The button in the page's corner, and the panel that it opens: modal only where it fills a phone.

import { frameChat } from "./frame.js";
import { button, icon, iconButton } from "./nodes.js";

/** @param {import("./types.js").Options} options @param {URL} base */
export function createLauncher(options, base) {
  const { words } = options;
  const host = document.createElement("footnote-widget");
  const narrow = matchMedia("(max-width: 480px)");
  const launcher = button(icon("ask"), () => (panel.open ? panel.close() : open()), {
    class: "launcher filled", "aria-haspopup": "dialog", "aria-controls": "panel", "aria-expanded": "false",
  });
  launcher.append(words.open);
  const isShown = options.launcher !== "false";
  const close = iconButton("close", words.close, () => panel.close(), "close");
  const { chat, panel: made, tell } = frameChat(host, options, base, "dialog", isShown ? [launcher] : [], [close]);
  const panel = /** @type {HTMLDialogElement} */ (made);
  /** @type {Element | null} */
  let opener = null;

  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) stepBack(event);
  });
  panel.addEventListener("cancel", stepBack); // the back gesture of a phone
  panel.addEventListener("close", () => {
    if (panel.open) return; // shown again below before this event came
    launcher.setAttribute("aria-expanded", "false");
    if (opener instanceof HTMLElement && opener !== document.body && opener !== host) opener.focus();
    else launcher.focus();
    tell("close");
  });
  // A dialog cannot turn modal while it is open.
  narrow.addEventListener("change", () => {
    if (!panel.open) return;
    panel.close();
    show();
  });
  document.documentElement.append(host); // not the body, whose children a page may count or lay out
  return { chat, open, close: () => panel.close() };

  function open() {
    if (panel.open) return chat.focus();
    opener = document.activeElement;
    show();
    void chat.begin();
    tell("open");
  }

  function show() {
    if (narrow.matches) panel.showModal();
    else panel.show();
    launcher.setAttribute("aria-expanded", "true");
    chat.focus();
  }

  /** @param {Event} event */
  function stepBack(event) {
    event.preventDefault();
    event.stopPropagation();
    if (!chat.stepBack()) panel.close();
  }
}
