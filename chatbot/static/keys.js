// Keys and presses, and the start: everything is drawn by now or comes with gradio's own parts.

/** @type {Record<string, (from: HTMLElement) => void>} */
const OPENERS = {
  new: () => { startAnew(); box()?.focus(); },
  documents: (from) => void openShelf(from),
  history: openHistory,
  export: openExport,
  keys: showKeys,
};

function showKeys() {
  showDialog(WORDS.keys, make("dl", { class: "fn-keys" }, ...WORDS.keys_list.map((/** @type {string[]} */ [key, does]) =>
    make("div", {}, make("dt", {}, make("kbd", {}, key)), make("dd", {}, does)))));
}

document.addEventListener("click", (event) => {
  const pressed = event.target instanceof Element ? event.target.closest("button") : null;
  if (!pressed) return;
  const { dataset } = pressed;
  const turn = /** @type {HTMLElement | null} */ (pressed.closest(".fn-turn"));
  if (dataset.document !== undefined) { hideCard(); openSource(pressed); }
  else if (dataset.ask !== undefined) askNow(dataset.ask);
  else if (dataset.copy !== undefined) void copyAnswer(pressed);
  else if (dataset.feedback !== undefined) openFeedback(pressed);
  else if (dataset.edit !== undefined && turn) edit(turn);
  else if (dataset.reload !== undefined) location.reload();
  else if (dataset.open !== undefined) OPENERS[dataset.open]?.(pressed);
});

/** The first thing that Esc can end, it ends. */
function escape() {
  if (!card.hidden) hideCard();
  else if (!panel.hidden) closePanel();
  else if (editing) { stopEditing(); const field = box(); if (field) write(field, ""); }
  else if (working()) find("#fn-stop")?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || document.querySelector("dialog[open]")) return;
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select");
  const plainKey = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key === "Escape") escape();
  else if (event.key === "ArrowUp" && event.target === box() && !box()?.value) {
    const last = turns().at(-1);
    if (last) { event.preventDefault(); edit(last); }
  } else if (typing || !plainKey) return;
  else if (event.key === "/") {
    event.preventDefault();
    if (NARROW.matches) closePanel();
    box()?.focus();
  } else if (event.key === "?") showKeys();
  else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && panelBar.querySelector(".fn-count") &&
    panel.contains(document.activeElement)) step(event.key === "ArrowLeft" ? -1 : 1);
});

// Before gradio, which asks at once: whether the question was sent can only be told from then on.
document.addEventListener("keypress", (event) => {
  if (event.key === "Enter" && event.target === box() && !event.shiftKey) insist(150);
}, { capture: true });
document.addEventListener("click", (event) => {
  if (event.isTrusted && event.target instanceof Element && event.target.closest("#fn-submit")) insist(150);
}, { capture: true });

/** How much of the longest question is used, once that matters. */
function countCharacters() {
  const field = box();
  if (!field) return;
  const most = 2000, length = [...field.value].length;
  find("#fn-composer")?.setAttribute("data-count", length > most - 200
    ? fill(WORDS.characters, { n: length.toLocaleString(language), most: most.toLocaleString(language) }) : "");
}
document.addEventListener("input", (event) => { if (event.target === box()) countCharacters(); });

new MutationObserver((changes) => {
  const heard = changes.some(({ target }) => target instanceof Element && target.closest("#fn-feed"));
  if (!heard && live.isConnected) return;
  mirror();
}).observe(document.body, { childList: true, subtree: true });
document.body.append(shade, panel, card, announcer);
