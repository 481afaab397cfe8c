// What went wrong between this browser and the server, each in a sentence of its own, with a way
// to try again that keeps the question. What went wrong behind the server it says itself.

let asked = "";

/** @param {string} kind a key of WORDS.problems @param {string} question */
function problemCard(kind, question) {
  return make("div", { class: "fn-card fn-problem" }, make("p", {}, WORDS.problems[kind]),
    make("button", { type: "button", class: "fn-button", "data-ask": question }, WORDS.retry));
}

/** Shows that a question did not reach the server. @param {string} kind */
function showTrouble(kind) {
  const last = live.lastElementChild;
  const before = last?.getAttribute("data-state") === "failed" && textOf(last.querySelector(".fn-asked")) === asked.trim()
    ? last.querySelector(".fn-problem") : null;
  const turn = make("article", { class: "fn-turn", "data-state": "failed" },
    make("div", { class: "fn-question" }, make("h2", { class: "fn-asked", dir: "auto" }, asked)), problemCard(kind, asked));
  if (before) before.replaceWith(problemCard(kind, asked));
  else trouble.replaceChildren(turn);
  (before ? last : turn)?.scrollIntoView({ block: "nearest" });
  announce(WORDS.problems[kind]);
}

/** Marks an answer under way as broken off; what stands of it stays, and so does what was answered
 * before, though the server will know of neither. @param {string | null} question */
function breakOff(question) {
  const kind = navigator.onLine ? "lost" : "offline";
  const turn = find('#fn-live .fn-turn[data-state="working"]');
  for (const stale of all("#fn-feed template")) stale.dataset.stale = "";
  const isOpen = live.lastElementChild?.getAttribute("data-state") !== "done"; // it can still be asked again in its place
  past.append(...[...live.children].slice(0, isOpen ? -1 : undefined));
  if (turn) {
    turn.dataset.state = "failed";
    turn.removeAttribute("aria-busy");
    turn.querySelector(".fn-progress")?.remove();
    turn.querySelector(".fn-sources")?.removeAttribute("hidden");
    if (turn.querySelector(".fn-prose")) turn.append(make("p", { class: "fn-notice" }, WORDS.notices.interrupted));
    turn.append(problemCard(kind, textOf(turn.querySelector(".fn-asked"))));
    finish(turn);
  } else if (question !== null) {
    asked = question;
    showTrouble(kind);
  } else if (!find("#fn-opening .fn-ask, .fn-unavailable")) { // the first screen itself did not come
    trouble.replaceChildren(make("div", { class: "fn-card fn-problem" }, make("p", {}, WORDS.problems.unreachable),
      make("button", { type: "button", class: "fn-button", "data-reload": "" }, WORDS.check_again)));
  }
  tellContext();
}
