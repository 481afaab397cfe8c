// What went wrong between this browser and the server, each in a sentence of its own, with a way
// to try again that keeps the question. What went wrong behind the server it says itself.

const SILENT_MS = 150_000; // longer than the server lets a model write
const LOOK_MS = 4000;
let asked = "";
let heardAt = Date.now();
let misses = 0;
/** Whether an answer under way was given up, and gradio does not know it yet. */
let isBroken = false;

/** @param {string} kind a key of WORDS.problems @param {string} question */
function problemCard(kind, question) {
  return make("div", { class: "fn-card fn-problem" }, make("p", {}, WORDS.problems[kind]),
    make("button", { type: "button", class: "fn-button", "data-ask": question }, WORDS.retry));
}

/** Shows that a question did not reach the server. @param {string} kind */
function showTrouble(kind) {
  const turn = make("article", { class: "fn-turn", "data-state": "failed" },
    make("div", { class: "fn-question" }, make("h2", { class: "fn-asked", dir: "auto" }, asked)), problemCard(kind, asked));
  trouble.replaceChildren(turn);
  turn.scrollIntoView({ block: "nearest" });
  announce(WORDS.problems[kind]);
}

/** Marks an answer under way as broken off; what stands of it stays. */
function breakOff() {
  const turn = find('#fn-live .fn-turn[data-state="working"]');
  if (!turn) return;
  const kind = navigator.onLine ? "lost" : "offline";
  turn.dataset.state = "failed";
  turn.removeAttribute("aria-busy");
  turn.querySelector(".fn-progress")?.remove();
  turn.querySelector(".fn-sources")?.removeAttribute("hidden");
  if (turn.querySelector(".fn-prose")) turn.append(make("p", { class: "fn-notice" }, WORDS.notices.interrupted));
  turn.append(problemCard(kind, textOf(turn.querySelector(".fn-asked"))));
  finish(turn);
  isBroken = true;
  tellContext();
}

/** Has gradio give up what broke off, or it would not take another question. */
async function recover() {
  if (!isBroken) return;
  find("#fn-stop")?.click();
  isBroken = false;
  await new Promise((done) => { setTimeout(done, 500); });
  tellContext();
}

// Gradio says what fails in a corner and forgets the question; so what it asks is listened to.
const ask = window.fetch.bind(window);
window.fetch = async (input, init) => {
  const url = String(input instanceof Request ? input.url : input);
  if (!url.includes("gradio_api/queue/join")) return ask(input, init);
  const question = questionIn(init?.body);
  if (question !== null) { asked = question; trouble.replaceChildren(); }
  try {
    const response = await ask(input, init);
    if (!response.ok && question !== null) showTrouble([429, 503].includes(response.status) ? "busy" : "unreachable");
    return response;
  } catch {
    if (question !== null) showTrouble(navigator.onLine ? "unreachable" : "offline");
    return new Response("{}", { status: 503 }); // an error thrown would keep gradio from asking again
  }
};

/** @param {unknown} body @returns {string | null} the question that a request carries */
function questionIn(body) {
  try {
    const { data } = JSON.parse(String(body));
    return Array.isArray(data) && data.length === 3 && typeof data[0] === "string" && data[0].trim() ? data[0] : null;
  } catch {
    return null;
  }
}

/** While an answer grows, sees whether the server is still there. */
async function look() {
  if (!working() && !isBroken) { misses = 0; return; }
  try {
    await ask(new URL("healthz", document.baseURI), { signal: AbortSignal.timeout(LOOK_MS) });
    misses = 0;
    await recover();
  } catch {
    misses += 1;
  }
  if (misses > 1 || Date.now() - heardAt > SILENT_MS) breakOff();
}

setInterval(look, LOOK_MS);
addEventListener("online", () => void look());
addEventListener("offline", breakOff);
