// The card that shows a footnote's quote while its marker is pointed at or has the focus.

import { make, excerpt, verdictLine } from "./nodes.js";

/** @typedef {import("./types.js").Citation} Citation */

const QUOTE_CHARACTERS = 320;
const GRACE_MILLISECONDS = 180; // so that the pointer can cross over to the card
const GAP = 6;

/** @param {import("./types.js").Words} words @param {(source: import("./types.js").Source) => string} titleOf */
export function createCard(words, titleOf) {
  // In the top layer, where neither the panel's edge nor the page around it cuts it off.
  const node = make("div", { class: "card", role: "tooltip", popover: "manual" });
  /** @type {HTMLElement | null} */
  let marker = null;
  let timer = 0;
  node.addEventListener("pointerenter", () => clearTimeout(timer));
  node.addEventListener("pointerleave", hideSoon);

  /** @param {HTMLElement} at @param {Citation} citation @param {import("./types.js").Verdict} verdict */
  function show(at, citation, verdict) {
    clearTimeout(timer);
    marker = at;
    node.replaceChildren(
      make("blockquote", { dir: "auto" }, `“${excerpt(citation.quote, QUOTE_CHARACTERS)}”`),
      make("p", { class: "quiet", dir: "auto" }, titleOf(citation)), verdictLine(verdict, words));
    node.togglePopover(true);
    place(at);
    document.addEventListener("keydown", dismiss, true);
  }

  /** @param {HTMLElement} at */
  function place(at) {
    const from = at.getBoundingClientRect();
    const own = node.getBoundingClientRect();
    const fitsBelow = from.bottom + own.height + 2 * GAP < innerHeight || from.top < own.height + 2 * GAP;
    const frame = /** @type {HTMLElement} */ (node.parentElement).getBoundingClientRect();
    const left = Math.max(frame.left + 8, Math.min(from.left - 24, frame.right - own.width - 8));
    node.style.left = `${left}px`;
    node.style.top = `${fitsBelow ? from.bottom + GAP : from.top - own.height - GAP}px`;
  }

  /** Esc takes the card away and leaves what is under it, as long as the focus is in the chat.
   * @param {KeyboardEvent} event */
  function dismiss(event) {
    if (event.key !== "Escape") return;
    hide();
    if (!event.composedPath().includes(node.getRootNode())) return;
    event.preventDefault();
    event.stopPropagation();
  }

  function hide() {
    clearTimeout(timer);
    marker = null;
    document.removeEventListener("keydown", dismiss, true);
    if (node.isConnected) node.togglePopover(false);
  }

  function hideSoon() {
    clearTimeout(timer);
    timer = setTimeout(hide, GRACE_MILLISECONDS);
  }

  return {
    node,
    hide,

    /** What has the focus keeps its card, even while it is scrolled into view. */
    follow() {
      if (marker?.matches(":focus-visible")) place(marker);
      else if (marker) hide();
    },

    /** @param {HTMLElement} at @param {Citation} citation @param {import("./types.js").Verdict} verdict */
    attach(at, citation, verdict) {
      at.addEventListener("pointerenter", ({ pointerType }) => {
        if (pointerType === "mouse") show(at, citation, verdict);
      });
      at.addEventListener("pointerleave", hideSoon);
      at.addEventListener("focus", () => {
        if (at.matches(":focus-visible")) show(at, citation, verdict);
      });
      at.addEventListener("blur", hideSoon);
    },
  };
}
