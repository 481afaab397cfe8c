// One conversation: what was asked and answered, the box to ask in, the source behind a footnote.

import { createCard } from "./card.js";
import { Told } from "./client.js";
import { button, fill, iconButton, make } from "./nodes.js";
import { createSourceView } from "./source.js";
import { addSentence, addTurn, finish, offer, retryButton, settle } from "./turn.js";

/** @typedef {import("./types.js").Turn} Turn */

/** @param {import("./types.js").Options} options @param {import("./types.js").Client} client
 * @param {import("./types.js").Tell} tell */
export function createChat({ words }, client, tell) {
  /** @type {{question: string, answer: string}[]} */
  let history = [];
  /** @type {AbortController | null} */
  let running = null;
  /** @type {((takesFocus?: boolean) => void) | null} */
  let leaveSource = null;
  let hasBegun = false;

  const promise = make("p", { class: "quiet promise" }, words.promise);
  const first = make("div", { class: "first" }, make("p", { class: "intro" }, words.intro), promise);
  const log = make("div", {
    class: "log", role: "log", "aria-live": "off", "aria-label": words.log, tabindex: "0",
  }, first);
  const input = make("textarea", {
    class: "input", rows: "1", dir: "auto", enterkeyhint: "send", "aria-label": words.question,
    placeholder: words.placeholder,
  });
  const send = button(words.send, (event) => {
    if (!running) return;
    event.preventDefault(); // stops, and leaves the next question in the box
    running.abort();
  }, { class: "send filled", type: "submit" });
  const form = make("form", { class: "form" }, make("div", { class: "box" }, input, send));
  const conversation = make("div", { class: "view" }, log, form);
  const views = make("div", { class: "views" }, conversation);
  const heard = make("p", { class: "heard", role: "status" });
  const clearing = iconButton("clear", words.clear, () => { clear(); input.focus(); void begin(); }, "clear");
  const card = createCard(words, ({ title, page }) =>
    [title, page == null ? "" : fill(words.page, { n: page })].filter(Boolean).join(", "));
  const isRunning = () => running !== null;
  const shared = { words, client, tell, card, log, heard, isRunning, ask, openSource };
  clearing.hidden = true;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  log.addEventListener("scroll", card.follow, { passive: true });

  return {
    nodes: [views, heard, card.node], clearing, ask, begin, clear,
    focus: () => { if (!leaveSource) input.focus(); },
    stop: () => running?.abort(),

    /** @param {string} question */
    write(question) { input.value = question; },

    /** Goes back from a source to the answer; says whether one was open. */
    stepBack() {
      card.hide();
      const wasReading = leaveSource !== null;
      leaveSource?.();
      return wasReading;
    },
  };

  /** Until a reader turns to the chat, nothing at all is asked of the bot. */
  async function begin() {
    if (hasBegun) return;
    hasBegun = true;
    try {
      const questions = await client.suggest();
      if (questions.length) promise.before(offer(shared, words.suggested, questions, "suggested"));
    } catch (error) {
      hasBegun = false; // the next time, perhaps
      const isRefusal = error instanceof Told && error.status === 403;
      if (isRefusal) promise.replaceWith(make("p", { class: "problem promise" }, error.message));
    }
  }

  function submit() {
    const question = input.value.trim();
    if (!question || running) return;
    input.value = "";
    ask(question);
  }

  /** @param {string} question */
  async function ask(question) {
    if (running) return void (input.value ||= question); // which the page's own script asks
    leaveSource?.();
    heard.textContent = "";
    first.hidden = true;
    clearing.hidden = false;
    const turn = addTurn(shared, question);
    const own = running = new AbortController();
    showRunning();
    tell("question", {}, { question });
    try {
      await receive(turn, own.signal);
    } catch (error) {
      if (!own.signal.aborted) fail(turn, error instanceof Told ? error : new Told(words.broken));
      else if (log.contains(turn.node)) stopped(turn);
    }
    if (running === own) running = null; // a cleared conversation may have begun anew
    showRunning();
  }

  /** Send and Stop are one button, so that focus stays where it is. */
  function showRunning() {
    send.textContent = running ? words.stop : words.send;
  }

  /** @param {Turn} turn @param {AbortSignal} signal */
  async function receive(turn, signal) {
    for await (const { name, data } of client.ask(turn.question, history, signal)) {
      if (name === "error") throw new Told(words.unready || data.error || words.refused);
      if (name === "hits") {
        turn.hits = data.hits;
        turn.state.textContent = words.reading;
      }
      if (name === "sentence") addSentence(shared, turn, data.sentence, data.citations);
      if (name === "done") {
        finish(shared, turn, data);
        remember(turn);
        const { status, notices, citations } = data;
        tell("answer", { status, notices, citations: citations.length },
          { question: turn.question, answer: textOf(turn) });
        return;
      }
    }
    throw new Told(words.broken);
  }

  /** @param {Turn} turn */
  function textOf(turn) {
    return turn.sentences.map(({ text }) => text).join(" ");
  }

  /** What a follow-up may refer to. @param {Turn} turn */
  function remember(turn) {
    history.push({ question: turn.question, answer: textOf(turn) });
  }

  /** @param {Turn} turn */
  function stopped(turn) {
    settle(shared, turn, words.stopped, "notice");
    remember(turn);
    turn.sources.after(retry(turn, 0));
  }

  /** @param {Turn} turn @param {Told} problem */
  function fail(turn, { message, waitSeconds, status }) {
    settle(shared, turn, message, "problem");
    if (status === 413 || status === 422) input.value ||= turn.question; // as it is, it never can be asked
    else turn.sources.after(retry(turn, waitSeconds));
  }

  /** @param {Turn} turn @param {number} waitSeconds how long the bot wants to be left alone */
  function retry(turn, waitSeconds) {
    return retryButton(words, waitSeconds, () => {
      if (running) return;
      turn.node.remove();
      log.focus(); // the button that had it is gone
      ask(turn.question);
    });
  }

  /** Forgets everything that was asked, also what is being answered. */
  function clear() {
    running?.abort();
    running = null;
    history = [];
    leaveSource?.(false);
    heard.textContent = "";
    log.replaceChildren(first);
    first.hidden = false;
    clearing.hidden = true;
    showRunning();
  }

  /** @param {import("./types.js").Source[]} sources @param {number} at */
  function openSource(sources, at) {
    card.hide();
    const opener = /** @type {ShadowRoot} */ (views.getRootNode()).activeElement;
    const view = createSourceView(words, client, sources, at, () => leaveSource?.());
    leaveSource = (takesFocus = true) => {
      leaveSource = null;
      view.node.remove();
      conversation.inert = false;
      if (takesFocus && opener instanceof HTMLElement) opener.focus();
      card.hide();
    };
    views.append(view.node);
    conversation.inert = true;
    view.focus();
    const { document_id: document, title } = sources[at];
    tell("source", { number: sources[at].number ?? null }, { document, title });
  }
}
