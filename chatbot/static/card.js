// The card that shows a footnote’s quote while it is pointed at or has the focus.

const card = make("div", { id: "fn-card", role: "tooltip", hidden: "" });
let cardTimer = 0;

/** @param {HTMLElement} marker */
function showCard(marker) {
  const turn = marker.closest(".fn-turn");
  const row = turn?.querySelector(`.fn-sources li[value="${Number(marker.dataset.number)}"]`);
  if (!row) return;
  const source = readSource(row);
  const verdict = marker.closest(".fn-sentence")?.getAttribute("data-verdict") ?? "";
  clearTimeout(cardTimer);
  card.replaceChildren(make("p", { class: "fn-card-quote", dir: "auto" }, `“${source.quote}”`),
    make("p", { class: "fn-card-from" }, [source.title, source.about].filter(Boolean).join(" · ")),
    ...(WORDS.verdicts[verdict] ? [make("p", { class: "fn-verdict", "data-verdict": verdict }, WORDS.verdicts[verdict])] : []));
  card.hidden = false;
  const at = marker.getBoundingClientRect(), own = card.getBoundingClientRect();
  const below = at.bottom + own.height + 12 < innerHeight || at.top < own.height + 12;
  card.style.left = `${Math.max(8, Math.min(at.left - 24, document.documentElement.clientWidth - own.width - 8))}px`;
  card.style.top = `${below ? at.bottom + 6 : at.top - own.height - 6}px`;
}

/** A moment later, so that the pointer can reach the card. @param {Event} event */
function hideCardSoon(event) {
  if (!(event.target instanceof Element && event.target.closest(".fn-marker, #fn-card"))) return;
  clearTimeout(cardTimer);
  cardTimer = setTimeout(hideCard, 180);
}

function hideCard() { card.hidden = true; }

for (const [kind, act] of /** @type {[string, (event: Event) => void][]} */ ([
  ["mouseover", (event) => hovered(event)], ["mouseout", hideCardSoon],
  ["focusin", (event) => hovered(event)], ["focusout", hideCardSoon]])) document.addEventListener(kind, act);
// What has the focus keeps its card, even while it is scrolled into view.
addEventListener("scroll", () => {
  const marker = document.activeElement;
  if (!card.hidden && marker instanceof HTMLElement && marker.matches(".fn-marker:focus-visible")) showCard(marker);
  else hideCard();
}, { passive: true });

/** @param {Event} event */
function hovered(event) {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("#fn-card")) clearTimeout(cardTimer);
  const marker = target?.closest(".fn-marker");
  if (marker instanceof HTMLElement && (event.type === "mouseover" || marker.matches(":focus-visible"))) showCard(marker);
}
