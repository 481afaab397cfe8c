// Puts cited answers into another site's page: a button, a panel, the source behind each footnote.
// Knows the HTTP contract of the bot it came from; not how answers are made, nor the page it is in.
/** Where words stand; offsets are code points, half open.
 * @typedef {{document_id: string, start: number, end: number, quote: string, title: string,
 *   page?: number | null, published_on?: string | null}} Source */
/** @typedef {Source & {number: number}} Citation */
/** @typedef {{text: string, citations: number[], verdict: "quoted" | "supported" | "unsupported",
 *   marks?: [number, number][]}} Sentence */
/** @typedef {Omit<Source, "quote" | "title"> & {text: string, title?: string}} Hit */
/** @typedef {{status: "answered" | "not_in_documents", sentences: Sentence[],
 *   citations: Citation[], hits: Hit[], notices: string[], follow_ups: string[],
 *   problem?: string}} Answer */
/** @typedef {{question: string, node: HTMLElement, prose: HTMLElement, state: HTMLElement,
 *   sources: HTMLElement, listed: Set<number>, sentences: Sentence[], hits: Hit[]}} Turn */

const STRINGS = {
  en: {
    open: "Ask", title: "Ask the documents", close: "Close", back: "← Back", send: "Send",
    stop: "Stop", retry: "Try again", question: "Your question", placeholder: "Type a question",
    log: "Questions and answers", sources: "Sources", source: "Source", page: "page",
    intro: "Answers come only from the documents. Each sentence shows the words it rests on.",
    searching: "Searching the documents…", reading: "Reading what was found…",
    writing: "Writing and checking…", opening: "Opening the document…", stopped: "Stopped.",
    unsupported: "not found in the documents", silent: "The documents don’t say.",
    nearest: "Nearest passages", moved: "The document has changed; it no longer has these words:",
    unopened: "The document could not be opened. Go back and try again.",
    blocked:
      "This site may not be on the bot’s list of allowed sites, or the bot is not running.",
    broken: "The answer broke off. Try again.", refused: "The bot could not answer. Try again.",
    left_out: "Something was left out, because the documents do not support it.",
    model_unavailable:
      "These are quotes from the documents, because no model wrote an answer.",
    interrupted: "The answer was interrupted; what stands here was checked.",
    conflict: "The documents disagree on this; the newest comes first.",
    shortened: "The model was not shown every passage found: there was no room for more.",
    partial: "The documents don’t say the rest of what was asked.",
    greeting: "I answer from the documents here, and each sentence shows the words it rests on.",
    next: "You could ask",
  },
  es: {
    open: "Preguntar", title: "Pregunte a los documentos", close: "Cerrar", back: "← Volver",
    send: "Enviar", stop: "Detener", retry: "Reintentar", question: "Su pregunta",
    placeholder: "Escriba una pregunta", log: "Preguntas y respuestas", sources: "Fuentes",
    source: "Fuente", page: "página", stopped: "Detenido.",
    intro: "Las respuestas salen solo de los documentos. Cada frase muestra en qué se apoya.",
    searching: "Buscando en los documentos…", reading: "Leyendo lo encontrado…",
    writing: "Escribiendo y comprobando…", opening: "Abriendo el documento…",
    unsupported: "no consta en los documentos", silent: "Los documentos no lo dicen.",
    nearest: "Pasajes más cercanos", moved: "El documento cambió; ya no tiene estas palabras:",
    unopened: "No se pudo abrir el documento. Vuelva e inténtelo de nuevo.",
    blocked: "Quizá este sitio no esté en la lista de sitios permitidos, o el bot no funcione.",
    broken: "La respuesta se cortó. Reinténtelo.", refused: "El bot no respondió. Reinténtelo.",
    left_out: "Se omitió algo, porque los documentos no lo respaldan.",
    model_unavailable:
      "Son citas de los documentos, porque ningún modelo escribió una respuesta.",
    interrupted: "La respuesta se interrumpió; lo que figura aquí está comprobado.",
    conflict: "Los documentos no coinciden en esto; lo más reciente va primero.",
    shortened: "El modelo no vio todos los pasajes hallados: no cabían más.",
    partial: "Los documentos no dicen el resto de lo preguntado.",
    greeting:
      "Respondo con los documentos de aquí, y cada frase muestra las palabras en que se apoya.",
    next: "Puede preguntar, por ejemplo",
  },
};

const CSS = `
  :host { all: initial; }
  .root { all: initial; color-scheme: light dark; color: var(--ink); overflow-wrap: anywhere;
    font: 15px/1.55 var(--footnote-font, system-ui, sans-serif);
    --paper: var(--footnote-paper, light-dark(#fbfaf7, #17191d));
    --ink: var(--footnote-ink, light-dark(#22252a, #e8e6e1));
    --muted: var(--footnote-muted, light-dark(#5c6370, #a4a9b3));
    --line: 1px solid var(--footnote-line, light-dark(#e3dfd6, #32363d));
    --accent: var(--footnote-accent, light-dark(#1d4f7c, #8ec1f0));
    --highlight: var(--footnote-highlight, light-dark(#ffe8a3, #5b4a12));
    --serif: var(--footnote-quote-font, Georgia, "Iowan Old Style", serif); }
  .root[data-theme="light"] { color-scheme: light; }
  .root[data-theme="dark"] { color-scheme: dark; }
  * { box-sizing: border-box; margin: 0; padding: 0; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  .log:focus-visible, .text:focus-visible { outline-offset: -3px; }
  h2, h3, ol, ul { font-size: inherit; list-style: none; }
  button { min-inline-size: 24px; min-block-size: 24px; border: 0; border-radius: 6px;
    font: inherit; background: none; color: var(--accent); text-align: start; cursor: pointer; }
  button:not(.filled):hover { text-decoration: underline; }
  .filled { padding: 8px 16px; border: 1px solid transparent; background: var(--accent);
    color: var(--paper); font-weight: 600; }
  .launcher, .panel { position: fixed; inset: auto 20px 20px auto; z-index: 2147483000; }
  .root[data-position="left"] > * { inset-inline: 20px auto; }
  .launcher { padding: 10px 22px; border-radius: 24px; box-shadow: 0 4px 16px rgb(0 0 0 / 0.2); }
  .panel { inset-block-end: 80px; overflow: hidden; flex-direction: column; color: inherit;
    inline-size: 400px; block-size: min(600px, 100dvh - 100px); max-inline-size: 100vw;
    border: var(--line); border-radius: var(--footnote-radius, 14px); background: var(--paper);
    box-shadow: 0 12px 40px rgb(0 0 0 / 0.18); }
  .panel[open] { display: flex; }
  .bar { display: flex; align-items: center; padding: 6px 8px 6px 18px;
    border-block-end: var(--line); }
  .bar h2 { flex: 1; font-weight: 600; }
  .close { inline-size: 36px; block-size: 36px; font-size: 22px; text-align: center; }
  .views { position: relative; flex: 1; }
  .view { position: absolute; inset: 0; display: flex; flex-direction: column;
    background: var(--paper); }
  .log, .text { flex: 1; padding: 14px 18px; overflow-y: auto; overscroll-behavior: contain; }
  .turn { padding-block: 12px 20px; }
  .turn > .filled { margin-block-start: 12px; }
  /* The newest question stands at the top, so a growing answer never moves what is being read. */
  .turn:last-child { min-block-size: 100%; }
  .turn h3 { margin-block-end: 8px; font-weight: 600; }
  .prose { font-size: 16px; line-height: 1.65; }
  .marker { font-size: 13px; line-height: 1; text-align: center; }
  .unsupported { text-decoration: underline dotted; text-underline-offset: 3px; }
  .quiet { color: var(--muted); font-size: 14px; }
  p.quiet:not(:empty), .sources:not(:empty) { margin-block-start: 10px; }
  .sources li { position: relative; padding-block: 8px; border-block-start: var(--line); }
  .sources button { font-size: 14px; font-weight: 600; }
  .sources button::after { content: ""; position: absolute; inset: 0; }
  .turn:not(:last-child) .next { display: none; }
  .next li { margin-block-start: 6px; }
  .next button { padding: 6px 12px; border: var(--line); border-radius: 16px; font-size: 14px; }
  blockquote { font: 15px/1.5 var(--serif); }
  .card { padding: 12px 16px 4px; border: var(--line); border-radius: 8px;
    border-inline-start: 3px solid var(--accent); }
  .lead { font: 18px/1.4 var(--serif); }
  form { display: flex; align-items: end; gap: 8px; padding: 12px;
    border-block-start: var(--line); }
  textarea { flex: 1; min-inline-size: 0; max-block-size: 120px; field-sizing: content;
    resize: none; padding: 8px 12px; border: 1px solid var(--muted); border-radius: 8px;
    background: var(--paper); color: inherit; font: inherit; font-size: 16px; line-height: 1.4; }
  textarea::placeholder { color: var(--muted); opacity: 1; }
  .about { padding: 4px 18px 10px; border-block-end: var(--line); }
  .about h3 { font: 600 17px/1.35 var(--serif); }
  .text { font: 16px/1.65 var(--serif); white-space: pre-wrap; }
  mark { background: var(--highlight); color: inherit; }
  .heard { position: absolute; inline-size: 1px; block-size: 1px; clip-path: inset(50%); }
  @media (max-width: 480px) { .root > .panel { inset: 0; inline-size: 100%; block-size: 100dvh;
    max-block-size: none; border: 0; border-radius: 0;
    padding-block-end: env(safe-area-inset-bottom); } }
  @media (prefers-reduced-motion: no-preference) {
    .panel[open] { animation: arrive 0.16s ease-out; }
    @keyframes arrive { from { opacity: 0; translate: 0 8px; } } }
  @media (forced-colors: active) {
    mark { forced-color-adjust: none; background: Mark; color: MarkText; } }
  @media print { :host { display: none; } }
`;

const MOST_TURNS_SENT = 4;
const NEAREST_SHOWN = 3;
const EXCERPT_CHARACTERS = 160;

const script = document.currentScript;
if (!(script instanceof HTMLScriptElement)) {
  throw new Error("Footnote: load widget.js with a plain <script src> tag, not as a module.");
}
if (document.querySelector("footnote-widget")) return; // the tag stands in the page twice
const base = new URL(".", script.src);
const options = script.dataset;
const wanted = options.lang === "auto" ? document.documentElement.lang : options.lang;
const language = /^es\b/i.test(wanted ?? "") ? "es" : "en";
const words = STRINGS[language];
const narrow = matchMedia("(max-width: 480px)");

/** A failure whose message is meant for the reader. */
class Told extends Error {}

/** @type {{question: string, answer: string}[]} */
const history = [];
/** @type {AbortController | null} */
let running = null;
/** @type {(() => void) | null} */
let leaveSource = null;

const launcher = button(options.openLabel || words.open, () => {
  if (panel.open) panel.close();
  else showPanel();
}, { class: "launcher filled", "aria-haspopup": "dialog", "aria-expanded": "false" });
const log = make("div", {
  class: "log", role: "log", "aria-live": "off", "aria-label": words.log, tabindex: "0",
}, make("p", { class: "quiet" }, words.intro));
const input = make("textarea", {
  rows: "1", dir: "auto", enterkeyhint: "send", "aria-label": words.question,
  placeholder: options.questionPlaceholder || words.placeholder,
});
const send = button(words.send, (event) => {
  if (!running) return;
  event.preventDefault(); // stops, and leaves the next question in the box
  running.abort();
}, { class: "filled", type: "submit" });
const form = make("form", {}, input, send);
const conversation = make("div", { class: "view" }, log, form);
const views = make("div", { class: "views" }, conversation);
const heard = make("p", { class: "heard", role: "status" });
const close = button("×", () => panel.close(), { class: "close", "aria-label": words.close });
const heading = make("h2", { id: "title" }, options.title || words.title);
const panel = make("dialog", { id: "panel", class: "panel", "aria-labelledby": "title" },
  make("div", { class: "bar" }, heading, close), views, heard);

listen();
if (document.body) mount();
else document.addEventListener("DOMContentLoaded", mount);

function mount() {
  const host = document.createElement("footnote-widget");
  const shadow = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  shadow.adoptedStyleSheets = [sheet];
  shadow.append(make("div", {
    class: "root", lang: language, dir: "ltr", "data-theme": options.theme ?? "auto",
    "data-position": options.position ?? "right",
  }, launcher, panel));
  document.body.append(host);
}

function listen() {
  form.addEventListener("submit", submit);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) stepBack(event);
  });
  panel.addEventListener("cancel", stepBack); // the back gesture of a phone
  panel.addEventListener("close", () => {
    if (panel.open) return; // shown again below before this event came
    launcher.setAttribute("aria-expanded", "false");
    launcher.focus();
  });
  // A dialog cannot turn modal while it is open.
  narrow.addEventListener("change", () => {
    if (!panel.open) return;
    panel.close();
    showPanel();
  });
}

/** Strings become text nodes: no word of a document is ever read as markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** @param {string} text @param {(event: Event) => void} act
 * @param {Record<string, string>} attributes */
function button(text, act, attributes = {}) {
  const element = make("button", { type: "button", ...attributes }, text);
  element.addEventListener("click", act);
  return element;
}

function showPanel() {
  if (narrow.matches) panel.showModal();
  else panel.show();
  launcher.setAttribute("aria-expanded", "true");
  if (!leaveSource) input.focus();
}

/** @param {Event} event */
function stepBack(event) {
  event.preventDefault();
  event.stopPropagation();
  if (leaveSource) leaveSource();
  else panel.close();
}

/** @param {Event} event */
function submit(event) {
  event.preventDefault();
  const question = input.value.trim();
  if (!question || running) return;
  input.value = "";
  ask(question);
}

/** @param {string} question */
async function ask(question) {
  const turn = addTurn(question);
  running = new AbortController();
  const { signal } = running;
  showRunning();
  try {
    await receive(turn, signal);
  } catch (error) {
    if (signal.aborted) settle(turn, words.stopped, true);
    else fail(turn, error instanceof Told ? error.message : words.broken);
  }
  running = null;
  showRunning();
}

/** Send and Stop are one button, so that focus stays where it is. */
function showRunning() {
  send.textContent = running ? words.stop : words.send;
}

/** @param {Turn} turn @param {AbortSignal} signal */
async function receive(turn, signal) {
  const response = await post(turn.question, signal);
  for await (const { name, data } of readEvents(response)) {
    if (name === "error") throw new Told(data.error || words.refused);
    if (name === "hits") {
      turn.hits = data.hits;
      turn.state.textContent = words.reading;
    }
    if (name === "sentence") addSentence(turn, data.sentence, data.citations);
    if (name === "done") return finish(turn, data);
  }
  throw new Told(words.broken);
}

/** @param {string} question @param {AbortSignal} signal */
async function post(question, signal) {
  const response = await fetch(new URL("api/ask", base), {
    method: "POST", credentials: "omit", signal,
    headers: { Accept: "text/event-stream", "Content-Type": "application/json" },
    body: JSON.stringify({ question, history: history.slice(-MOST_TURNS_SENT) }),
  }).catch((error) => {
    throw signal.aborted ? error : new Told(words.blocked);
  });
  if (response.ok && response.body) return response;
  const told = await response.json().catch(() => ({}));
  throw new Told(typeof told.error === "string" ? told.error : words.refused);
}

/** Yields server-sent events, wherever the network cut their bytes.
 * @param {Response} response
 * @returns {AsyncGenerator<{name: string, data: any}>} */
async function* readEvents(response) {
  const reader = /** @type {ReadableStream<BufferSource>} */ (response.body)
    .pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        // Only \n ends a line here: JSON may hold U+2028, which a "." without /s refuses.
        const fields = block.split(/\r?\n/).map((line) => /^(event|data): ?(.*)$/s.exec(line));
        const name = fields.find((field) => field?.[1] === "event")?.[2];
        const data = fields.filter((field) => field?.[1] === "data").map((field) => field?.[2]);
        if (name && data.length) yield { name, data: JSON.parse(data.join("\n")) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @param {string} question @returns {Turn} */
function addTurn(question) {
  const prose = make("p", { class: "prose", dir: "auto" });
  const state = make("p", { class: "quiet" }, words.searching);
  const sources = make("ol", { class: "sources", "aria-label": words.sources });
  const node = make("article", { class: "turn", "aria-busy": "true" },
    make("h3", { dir: "auto" }, question), prose, state, sources);
  heard.textContent = "";
  log.append(node);
  log.scrollTop += node.getBoundingClientRect().top - log.getBoundingClientRect().top;
  return { question, node, prose, state, sources, listed: new Set(), sentences: [], hits: [] };
}

/** @param {Turn} turn @param {Sentence} sentence @param {Citation[]} citations */
function addSentence(turn, sentence, citations) {
  turn.sentences.push(sentence);
  turn.state.textContent = words.writing;
  const unsupported = sentence.verdict === "unsupported";
  turn.prose.append(make("span", { class: sentence.verdict, dir: "auto" },
    ...marked(sentence.text, sentence.marks ?? [], "strong")));
  if (unsupported) turn.prose.append(make("span", { class: "quiet" }, ` (${words.unsupported})`));
  for (const citation of citations.filter(({ number }) => sentence.citations.includes(number))) {
    turn.prose.append(button(`[${citation.number}]`, () => openSource(citation), {
      class: "marker", "aria-label": `${words.source} ${citation.number}: ${citation.title}`,
    }));
    if (!turn.listed.has(citation.number)) turn.sources.append(row(citation, citation.quote));
    turn.listed.add(citation.number);
  }
  turn.prose.append(" ");
}

/** @param {Source & {number?: number}} source @param {string} excerpt */
function row(source, excerpt) {
  const name = (source.number ? `[${source.number}] ` : "") + titleOf(source);
  return make("li", {}, button(name, () => openSource(source), { dir: "auto" }),
    make("blockquote", { dir: "auto" }, excerpt));
}

/** @param {Source} source */
function titleOf({ title, page, published_on: date }) {
  return [title, page == null ? "" : `${words.page} ${page}`, date].filter(Boolean).join(", ");
}

/** Wraps stretches of code points in `tag`; JavaScript itself counts UTF-16 units.
 * @param {string} text @param {[number, number][]} ranges @param {"strong" | "mark"} tag */
function marked(text, ranges, tag) {
  const points = Array.from(text);
  const nodes = [];
  let position = 0;
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (start < position || end <= start) continue;
    nodes.push(points.slice(position, start).join(""));
    nodes.push(make(tag, {}, points.slice(start, end).join("")));
    position = end;
  }
  return [...nodes, points.slice(position).join("")];
}

/** @param {Turn} turn @param {Answer} answer */
function finish(turn, answer) {
  const greeting = answer.notices.includes("greeting");
  if (answer.status === "not_in_documents" && !greeting) showNothingFound(turn, answer.hits);
  for (const sentence of answer.sentences.slice(turn.sentences.length)) {
    addSentence(turn, sentence, answer.citations);
  }
  const notices = answer.notices.filter((name) => name !== "greeting" || !turn.sentences.length)
    .map((name) => words[/** @type {keyof typeof words} */ (name)] ?? "").filter(Boolean);
  settle(turn, [answer.problem ?? "", ...notices].join(" ").trim(), true);
  if (greeting) turn.state.className = "prose";
  if (answer.follow_ups.length) turn.sources.after(offered(answer.follow_ups));
}

/** @param {string[]} questions */
function offered(questions) {
  return make("div", { class: "next" }, make("p", { class: "quiet" }, words.next),
    make("ul", { "aria-label": words.next }, ...questions.map((question) =>
      make("li", {}, button(question, () => {
        if (running) return;
        log.focus(); // the button that had it hides
        ask(question);
      }, { dir: "auto" })))));
}

/** @param {Turn} turn @param {Hit[]} hits */
function showNothingFound(turn, hits) {
  const nearest = (turn.hits.length ? turn.hits : hits).slice(0, NEAREST_SHOWN).map((hit) => {
    const text = Array.from(hit.text.replace(/\s+/g, " ").trim());
    const short = text.length <= EXCERPT_CHARACTERS;
    return row({ ...hit, quote: hit.text, title: hit.title ?? hit.document_id },
      short ? text.join("") : `${text.slice(0, EXCERPT_CHARACTERS).join("").trimEnd()}…`);
  });
  const card = make("div", { class: "card" }, make("p", { class: "lead" }, words.silent));
  if (nearest.length) {
    card.append(make("p", { class: "quiet" }, words.nearest),
      make("ol", { class: "sources", "aria-label": words.nearest }, ...nearest));
  }
  turn.prose.replaceWith(card);
  turn.prose = card;
}

/** Ends a turn: what is said of it, what is read out, what a follow-up may refer to.
 * @param {Turn} turn @param {string} notice @param {boolean} remembered */
function settle(turn, notice, remembered) {
  turn.node.setAttribute("aria-busy", "false");
  turn.state.textContent = notice;
  const spoken = turn.sentences.map(({ text, verdict }) =>
    verdict === "unsupported" ? `${text} (${words.unsupported})` : text);
  if (turn.prose.className === "card") spoken.push(words.silent);
  heard.textContent = [...spoken, notice].join(" ").trim();
  const answer = turn.sentences.map(({ text }) => text).join(" ");
  if (remembered) history.push({ question: turn.question, answer });
}

/** @param {Turn} turn @param {string} problem */
function fail(turn, problem) {
  settle(turn, problem, false);
  turn.state.className = "problem";
  turn.sources.after(button(words.retry, () => {
    if (running) return;
    turn.node.remove();
    log.focus(); // the button that had it is gone
    ask(turn.question);
  }, { class: "filled" }));
}

/** @param {Source} source */
async function openSource(source) {
  const opener = /** @type {ShadowRoot} */ (panel.getRootNode()).activeElement;
  const text = make("div", {
    class: "text", dir: "auto", tabindex: "0", role: "region", "aria-label": source.title,
  }, words.opening);
  const back = button(words.back, () => leaveSource?.());
  const view = make("section", { class: "view", "aria-label": words.source },
    make("div", { class: "about" }, back, make("h3", { dir: "auto" }, titleOf(source))), text);
  leaveSource = () => {
    leaveSource = null;
    view.remove();
    conversation.inert = false;
    if (opener instanceof HTMLElement) opener.focus();
  };
  views.append(view);
  conversation.inert = true;
  back.focus();
  text.replaceChildren(...await readSource(source));
  showMark(text);
}

/** @param {Source} source @returns {Promise<(Node | string)[]>} */
async function readSource(source) {
  const path = source.document_id.split("/").map(encodeURIComponent).join("/");
  try {
    const response = await fetch(new URL(`api/documents/${path}`, base), { credentials: "omit" });
    if (!response.ok) return [(await response.json()).error || words.unopened];
    const { text } = await response.json();
    const found = Array.from(text).slice(source.start, source.end).join("") === source.quote;
    if (found) return marked(text, [[source.start, source.end]], "mark");
    return [`${words.moved}\n\n`, make("mark", {}, source.quote), "\n\n", text];
  } catch {
    return [words.unopened];
  }
}

/** Scrolls by hand: scrollIntoView would scroll the page around the panel too.
 * @param {HTMLElement} text */
function showMark(text) {
  const mark = text.querySelector("mark");
  if (!mark) return;
  const above = mark.getBoundingClientRect().top - text.getBoundingClientRect().top;
  text.scrollTop += above - text.clientHeight / 4;
}
