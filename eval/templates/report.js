"use strict";
// Filters the failures. Without it all of them are shown.
const one = (id) => document.getElementById(id);
const cases = [...document.querySelectorAll("details.case")].map((card) => ({
  card,
  tags: JSON.parse(card.dataset.tags),
  outcome: card.dataset.outcome,
  text: card.textContent.toLowerCase(),
}));

function filter() {
  const [tag, outcome, words] = ["tag", "outcome", "words"].map((id) => one(id).value);
  let shown = 0;
  for (const { card, tags, outcome: own, text } of cases) {
    const fits = (!tag || tags.includes(tag)) && (!outcome || own === outcome);
    card.hidden = !(fits && text.includes(words.trim().toLowerCase()));
    shown += !card.hidden;
  }
  one("shown").textContent = `${shown} of ${cases.length} shown`;
}

one("filter").addEventListener("input", filter);
one("toggle").addEventListener("click", () => {
  const open = one("toggle").textContent === "Open all";
  for (const { card } of cases) card.open = open;
  one("toggle").textContent = open ? "Close all" : "Open all";
});
one("filter").hidden = false;
filter();
