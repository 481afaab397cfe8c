// The panel at the side, and what opens it: a source, the documents, the history. On a narrow
// screen it is a sheet over the page and keeps the focus; on a wide one the page stays usable.

/** @type {HTMLElement | null} */ let openedFrom = null;
/** Draws again what the panel shows. @type {(() => void) | null} */ let goBack = null;

const panelTitle = make("h2", { tabindex: "-1", dir: "auto", id: "fn-panel-title" });
const panelBack = button("fn-quiet fn-back", WORDS.back, () => goBack?.(), "back");
const panelBar = make("div", { class: "fn-panel-bar" });
const panelBody = make("div", { class: "fn-panel-body" });
const panelClose = button("fn-quiet fn-close", WORDS.close, closePanel, "close");
const panel = make("aside", { id: "fn-panel", hidden: "" },
  make("div", { class: "fn-panel-top" }, panelBar, panelClose), panelTitle, panelBody);
const shade = make("div", { id: "fn-shade", hidden: "" });
shade.addEventListener("click", closePanel);

/** A sheet is a dialog, a panel beside the page is a part of it. */
function fitPanel() {
  const sheet = NARROW.matches && !panel.hidden;
  panel.setAttribute("role", sheet ? "dialog" : "complementary");
  panel.toggleAttribute("aria-modal", false);
  if (sheet) panel.setAttribute("aria-modal", "true");
  find("gradio-app")?.toggleAttribute("inert", sheet);
  shade.hidden = !sheet;
}

/**
 * @param {{label: string, title: string, bar?: (Node | string)[], body: (Node | string)[], back?: (() => void) | null}} view
 * @param {HTMLElement | null} [from] what the focus goes back to; without it the panel was open
 */
function showPanel({ label, title, bar = [], body, back = null }, from) {
  if (from) openedFrom = from;
  goBack = back;
  panel.setAttribute("aria-label", label);
  panelTitle.textContent = title;
  panelBar.replaceChildren(...(back ? [panelBack] : []), ...bar);
  panelBody.replaceChildren(...body);
  panelBody.scrollTop = 0;
  if (panel.hidden) panel.hidden = false;
  document.documentElement.classList.add("fn-reading");
  fitPanel();
  if (from || !panel.contains(document.activeElement)) panelTitle.focus({ preventScroll: true });
}

function closePanel() {
  if (panel.hidden) return;
  panel.hidden = true;
  document.documentElement.classList.remove("fn-reading");
  fitPanel();
  (openedFrom?.isConnected && openedFrom.checkVisibility() ? openedFrom : box())?.focus();
}

NARROW.addEventListener("change", fitPanel);
