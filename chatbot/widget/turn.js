// Draws one question and its answer, sentence by sentence. Does not know how they arrive.

import { askFeedback } from "./feedback.js";
import { button, excerpt, fill, make, marked, verdictLine } from "./nodes.js";

/** @typedef {import("./types.js").Answer} Answer */
/** @typedef {import("./types.js").Citation} Citation */
/** @typedef {import("./types.js").Sentence} Sentence */
/** @typedef {import("./types.js").Shared} Shared */
/** @typedef {import("./types.js").Source} Source */
/** @typedef {import("./types.js").Turn} Turn */
/** @typedef {import("./types.js").Words} Words */

const NEAREST_SHOWN = 3;
const EXCERPT_CHARACTERS = 160;
const MARKER_CHARACTERS = 120;
const VERDICTS = /** @type {const} */ (["quoted", "supported", "unsupported"]);

/** @param {Shared} chat @param {string} question @returns {Turn} */
export function addTurn({ words, log }, question) {
  const prose = make("p", { class: "prose", dir: "auto" });
  const state = make("p", { class: "quiet state working" }, words.searching);
  const sources = make("ol", { class: "sources", "aria-label": words.sources });
  const node = make("article", { class: "turn", "aria-busy": "true" },
    make("h3", { class: "asked", dir: "auto" }, question),
    make("div", { class: "answer" }, prose, state, sources));
  log.append(node);
  log.scrollTop += Math.ceil(node.getBoundingClientRect().top - log.getBoundingClientRect().top);
  return { question, node, prose, state, sources, citations: [], sentences: [], hits: [] };
}

/** @param {Shared} chat @param {Turn} turn @param {Sentence} sentence @param {Citation[]} citations */
export function addSentence(chat, turn, sentence, citations) {
  const { words } = chat;
  turn.sentences.push(sentence);
  turn.state.textContent = words.writing;
  const node = make("span", { class: `sentence ${sentence.verdict}` },
    make("span", { class: "words" }, ...marked(sentence.text, sentence.marks ?? [], "strong")));
  for (const citation of citations.filter(({ number }) => sentence.citations.includes(number))) {
    node.append(marker(chat, turn, citation, sentence));
    if (turn.citations.some(({ number }) => number === citation.number)) continue;
    turn.citations.push(citation);
    turn.citations.sort((a, b) => a.number - b.number);
    turn.sources.replaceChildren(...turn.citations.map((one, at) =>
      row(words, one, one.quote, () => chat.openSource(turn.citations, at))));
  }
  if (sentence.verdict === "unsupported") {
    node.append(make("span", { class: "doubt" }, ` (${words.unsupported})`));
  }
  turn.prose.append(node, " ");
}

/** @param {Shared} chat @param {Turn} turn @param {Citation} citation @param {Sentence} sentence */
function marker(chat, turn, citation, { verdict }) {
  const { number, title } = citation;
  const quote = excerpt(citation.quote, MARKER_CHARACTERS);
  const node = button(`[${number}]`, () => {
    chat.openSource(turn.citations, turn.citations.findIndex((one) => one.number === number));
  }, { class: "marker", "aria-label": fill(chat.words.marker, { n: number, quote, title }) });
  chat.card.attach(node, citation, verdict);
  return node;
}

/** @param {Words} words @param {Source} source @param {string} text @param {() => void} open */
function row(words, source, text, open) {
  const about = [source.page == null ? "" : fill(words.page, { n: source.page }), source.published_on];
  const name = make("span", { class: "number" }, source.number ? `${source.number}.` : "");
  return make("li", { class: "source" }, name,
    make("div", {}, button(source.title, open, { class: "opener", dir: "auto" }),
      make("span", { class: "quiet" }, about.filter(Boolean).join(" · ")),
      make("blockquote", { dir: "auto" }, source.number ? `“${text}”` : text)));
}

/** Everything of a finished answer that its sentences did not bring.
 * @param {Shared} chat @param {Turn} turn @param {Answer} answer */
export function finish(chat, turn, answer) {
  const { words } = chat;
  const isGreeting = answer.notices.includes("greeting");
  const isSilent = answer.status === "not_in_documents" && !isGreeting;
  if (isSilent) showNothingFound(chat, turn, answer);
  for (const sentence of answer.sentences.slice(turn.sentences.length)) {
    addSentence(chat, turn, sentence, answer.citations);
  }
  const notices = answer.notices.filter((name) => name !== "greeting" || !turn.sentences.length)
    .map((name) => words[/** @type {keyof Words} */ (name)] ?? "");
  const notice = [words.unready ? "" : answer.problem, ...notices].filter(Boolean).join(" ");
  settle(chat, turn, notice, isGreeting ? "prose" : "notice");
  const given = VERDICTS.filter((one) => turn.sentences.some(({ verdict }) => verdict === one));
  turn.state.after(...given.map((verdict) => verdictLine(verdict, words)));
  const box = /** @type {HTMLElement} */ (turn.state.parentElement);
  if (!isGreeting) box.append(askFeedback(chat, answer.id, turn.question));
  if (!isSilent && answer.follow_ups.length) {
    box.append(offer(chat, isGreeting ? words.suggested : words.next, answer.follow_ups, "next"));
  }
}

/** @param {Shared} chat @param {string} heading @param {string[]} questions @param {string} kind */
export function offer(chat, heading, questions, kind) {
  return make("div", { class: kind }, make("h4", {}, heading), make("ul", { "aria-label": heading },
    ...questions.map((question) => make("li", {}, button(question, () => {
      if (chat.isRunning()) return;
      chat.log.focus(); // the button that had it hides
      chat.ask(question);
    }, { class: "chip", dir: "auto" })))));
}

/** @param {Shared} chat @param {Turn} turn @param {Answer} answer */
function showNothingFound(chat, turn, { hits, follow_ups: questions }) {
  const { words } = chat;
  const nearest = (turn.hits.length ? turn.hits : hits).slice(0, NEAREST_SHOWN)
    .map((hit) => ({ ...hit, quote: hit.text, title: hit.title ?? hit.document_id }));
  const card = make("div", { class: "silent" }, make("p", { class: "lead" }, words.silent),
    make("p", { class: "quiet" }, words.silent_why));
  if (questions.length) card.append(offer(chat, words.do_answer, questions.slice(0, 2), "answerable"));
  if (nearest.length) {
    card.append(make("h4", {}, words.nearest), make("ol", { class: "nearest", "aria-label": words.nearest },
      ...nearest.map((source, at) => row(words, source, excerpt(source.quote, EXCERPT_CHARACTERS),
        () => chat.openSource(nearest, at)))));
  }
  turn.prose.replaceWith(card);
  turn.prose = card;
}

/** Ends a turn: what is said of it, and what is read out, once.
 * @param {Shared} chat @param {Turn} turn @param {string} notice @param {string} kind */
export function settle({ words, heard }, turn, notice, kind) {
  turn.node.setAttribute("aria-busy", "false");
  turn.state.textContent = notice;
  turn.state.className = turn.state.part.value = `state ${kind}`;
  const spoken = turn.sentences.map(({ text, verdict }) =>
    verdict === "unsupported" ? `${text} (${words.unsupported})` : text);
  if (turn.prose.className === "silent") spoken.push(words.silent);
  heard.textContent = [...spoken, notice].filter(Boolean).join(" ");
}

/** Works once the bot no longer wants to be left alone.
 * @param {Words} words @param {number} waitSeconds @param {() => void} act */
export function retryButton(words, waitSeconds, act) {
  const node = button(words.retry, act, { class: "retry" });
  const wait = (/** @type {number} */ seconds) => {
    node.disabled = seconds > 0;
    node.textContent = seconds > 0 ? fill(words.retry_in, { n: seconds }) : words.retry;
    if (seconds > 0) setTimeout(wait, 1000, seconds - 1);
  };
  wait(waitSeconds);
  return node;
}
