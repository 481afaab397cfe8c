// Puts cited answers into another site's page: a button, a panel, and the source behind each footnote.
// Knows the HTTP contract of the bot it was loaded from; not how answers are made, nor the page around it.
(() => {
  "use strict";

  /** @typedef {{document_id: string, start: number, end: number, quote: string, title: string,
   *   page?: number | null}} Source  Where words stand; offsets are code points, half open. */
  /** @typedef {Source & {number: number}} Citation */
  /** @typedef {{text: string, citations: number[], verdict: "quoted" | "supported" | "unsupported",
   *   marks?: [number, number][]}} Sentence */
  /** @typedef {Omit<Source, "quote" | "title"> & {text: string, title?: string}} Hit */
  /** @typedef {{status: "answered" | "not_in_documents", sentences: Sentence[], citations: Citation[],
   *   hits: Hit[], notices: string[]}} Answer */
  /** @typedef {{question: string, node: HTMLElement, prose: HTMLElement, state: HTMLElement,
   *   sources: HTMLElement, listed: Set<number>, sentences: Sentence[], hits: Hit[]}} Turn */
  /** @typedef {{name: string, data: any}} ServerEvent */

  const STRINGS = {
    en: {
      open: "Ask", title: "Ask the documents", close: "Close", back: "← Back", send: "Send",
      stop: "Stop", retry: "Try again", question: "Your question", placeholder: "Type a question",
      conversation: "Questions and answers", sources: "Sources", source: "Source", page: "page",
      intro: "Answers come only from the documents. Each sentence shows the exact words it rests on.",
      searching: "Searching the documents…", reading: "Reading what was found…",
      writing: "Writing and checking…", opening: "Opening the document…", stopped: "Stopped.",
      unsupported: "not supported by the documents", silent: "The documents don’t say.",
      nearest: "Nearest passages", moved: "The document has changed: the cited words are not in it.",
      unopened: "The document could not be opened. Go back and try again.",
      unreachable:
        "This site may not be on the bot’s list of allowed sites, or the bot is not running.",
      broken: "The answer broke off. Try again.", refused: "The bot could not answer. Try again.",
      notices: {
        left_out: "Sentences that the documents do not support were left out.",
        model_unavailable: "The writing model could not be reached; these are the documents’ words.",
        interrupted: "The answer was cut short.", conflict: "The sources do not agree.",
        greeting: "Hello. Ask a question about the documents.",
      },
    },
    es: {
      open: "Preguntar", title: "Pregunte a los documentos", close: "Cerrar", back: "← Volver",
      send: "Enviar", stop: "Detener", retry: "Reintentar", question: "Su pregunta",
      placeholder: "Escriba una pregunta", conversation: "Preguntas y respuestas",
      sources: "Fuentes", source: "Fuente", page: "página",
      intro: "Las respuestas salen solo de los documentos. Cada frase muestra las palabras exactas "
        + "en que se apoya.",
      searching: "Buscando en los documentos…", reading: "Leyendo lo encontrado…",
      writing: "Escribiendo y comprobando…", opening: "Abriendo el documento…",
      stopped: "Detenido.", unsupported: "los documentos no lo respaldan",
      silent: "Los documentos no lo dicen.", nearest: "Pasajes más cercanos",
      moved: "El documento ha cambiado: las palabras citadas ya no están en él.",
      unopened: "No se pudo abrir el documento. Vuelva e inténtelo de nuevo.",
      unreachable: "Puede que este sitio no esté en la lista de sitios permitidos del bot, o que el "
        + "bot no esté en marcha.",
      broken: "La respuesta se interrumpió. Inténtelo de nuevo.",
      refused: "El bot no pudo responder. Inténtelo de nuevo.",
      notices: {
        left_out: "Se omitieron frases que los documentos no respaldan.",
        model_unavailable: "No se pudo contactar con el modelo; estas son palabras de los documentos.",
        interrupted: "La respuesta quedó incompleta.", conflict: "Las fuentes no coinciden.",
        greeting: "Hola. Haga una pregunta sobre los documentos.",
      },
    },
  };

  const CSS = `
    :host { all: initial; }
    .root {
      all: initial; color-scheme: light dark; color: var(--ink); text-align: start;
      font: 15px/1.55 var(--footnote-font, system-ui, sans-serif); overflow-wrap: anywhere;
      --paper: var(--footnote-paper, light-dark(#fbfaf7, #17191d));
      --ink: var(--footnote-ink, light-dark(#22252a, #e8e6e1));
      --muted: var(--footnote-muted, light-dark(#5c6370, #a4a9b3));
      --line: var(--footnote-line, light-dark(#e3dfd6, #32363d));
      --accent: var(--footnote-accent, light-dark(#1d4f7c, #8ec1f0));
      --highlight: var(--footnote-highlight, light-dark(#ffe8a3, #5b4a12));
      --serif: var(--footnote-quote-font, Georgia, "Iowan Old Style", serif);
    }
    .root[data-theme="light"] { color-scheme: light; }
    .root[data-theme="dark"] { color-scheme: dark; }
    * { box-sizing: border-box; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    [tabindex="0"]:focus-visible { outline-offset: -2px; }
    h2, h3, p, ol, blockquote { margin: 0; padding: 0; font-size: inherit; list-style: none; }
    button {
      min-inline-size: 24px; min-block-size: 24px; padding: 4px 10px; cursor: pointer;
      border: 1px solid transparent; border-radius: 8px; background: none;
      color: var(--accent); font: inherit; text-align: start;
    }
    button:hover { text-decoration: underline; }
    .filled { background: var(--accent); color: var(--paper); font-weight: 600; padding: 8px 16px; }
    .launcher, .panel { position: fixed; inset-inline-end: 20px; z-index: 2147483000; }
    .root[data-position="left"] :is(.launcher, .panel) {
      inset-inline-start: 20px; inset-inline-end: auto;
    }
    .launcher {
      inset-block-end: 20px; padding: 10px 22px; border-radius: 24px;
      box-shadow: 0 4px 16px rgb(0 0 0 / 0.2);
    }
    .panel {
      inset-block: auto 80px; margin: 0; padding: 0; overflow: hidden; flex-direction: column;
      inline-size: 400px; block-size: min(600px, 100dvh - 100px); max-inline-size: calc(100vw - 40px);
      border: 1px solid var(--line); border-radius: var(--footnote-radius, 14px);
      background: var(--paper); color: inherit; box-shadow: 0 12px 40px rgb(0 0 0 / 0.18);
    }
    .panel[open] { display: flex; }
    .panel > header {
      display: flex; align-items: center; gap: 8px; padding: 10px 10px 10px 18px;
      border-block-end: 1px solid var(--line);
    }
    .panel h2 { flex: 1; font-weight: 600; }
    .close { inline-size: 36px; block-size: 36px; padding: 0; font-size: 22px; line-height: 1; text-align: center; color: var(--muted); }
    .views { position: relative; flex: 1; min-block-size: 0; }
    .conversation, .reader { position: absolute; inset: 0; display: flex; flex-direction: column; background: var(--paper); }
    .log, .document { flex: 1; min-block-size: 0; overflow-y: auto; overscroll-behavior: contain; padding: 16px 18px; }
    .turn { display: flow-root; padding-block-end: 20px; }
    /* A new question stands at the top of the log, so a growing answer never moves what is read. */
    .turn:last-child { min-block-size: 100%; }
    .turn h3 { margin-block-end: 8px; font-weight: 600; }
    .prose { font-size: 16px; line-height: 1.65; }
    .prose:empty, .sources:empty { display: none; }
    strong { font-weight: 700; }
    .marker { padding: 0 2px; font-size: 13px; line-height: 1; text-align: center; }
    .unsupported { text-decoration: underline dotted var(--muted); text-underline-offset: 3px; }
    .intro, .state, .notice, .verdict, .label { color: var(--muted); font-size: 14px; }
    .state { margin-block: 6px; }
    .notice { margin-block-start: 8px; }
    .sources { margin-block-start: 14px; border-block-start: 1px solid var(--line); }
    .sources li { position: relative; padding-block: 10px; border-block-end: 1px solid var(--line); }
    .sources button { padding: 0; border-radius: 4px; font-size: 14px; font-weight: 600; }
    .sources button::after { content: ""; position: absolute; inset: 0; }
    blockquote { margin-block-start: 2px; font: 15px/1.5 var(--serif); }
    .card {
      margin-block-start: 4px; padding: 14px 16px; border: 1px solid var(--line);
      border-inline-start: 3px solid var(--accent); border-radius: 8px;
    }
    .card .lead { font: 18px/1.4 var(--serif); }
    .card .label { margin-block-start: 10px; }
    .card .sources { margin-block-start: 4px; }
    .card li:last-child { border-block-end: 0; padding-block-end: 0; }
    .card button { margin-block-start: 8px; }
    .card .sources button { margin: 0; }
    form { display: flex; align-items: end; gap: 8px; padding: 12px; border-block-start: 1px solid var(--line); }
    textarea {
      flex: 1; min-inline-size: 0; max-block-size: 120px; field-sizing: content; resize: none;
      padding: 8px 12px; border: 1px solid var(--muted); border-radius: 8px;
      background: var(--paper); color: inherit; font: inherit; font-size: 16px; line-height: 1.4;
    }
    textarea::placeholder { color: var(--muted); opacity: 1; }
    .reader > header { padding: 8px 18px 10px; border-block-end: 1px solid var(--line); }
    .reader h3 { font: 600 17px/1.35 var(--serif); }
    .reader header button { padding-inline: 0; }
    .document { font: 16px/1.65 var(--serif); white-space: pre-wrap; }
    mark { background: var(--highlight); color: inherit; border-radius: 2px; }
    .heard { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    @media (max-width: 480px) {
      .root .panel {
        inset: 0; inline-size: 100%; block-size: 100dvh; max-inline-size: none; max-block-size: none;
        border: 0; border-radius: 0; padding-block-end: env(safe-area-inset-bottom);
      }
    }
    @media (prefers-reduced-motion: no-preference) {
      .panel[open] { animation: arrive 0.16s ease-out; }
      .turn[aria-busy="true"] .state { animation: breathe 1.6s ease-in-out infinite alternate; }
      @keyframes arrive { from { opacity: 0; translate: 0 8px; } }
      @keyframes breathe { 40% { opacity: 1; } to { opacity: 0.7; } }
    }
    @media (forced-colors: active) {
      mark { forced-color-adjust: none; background: Mark; color: MarkText; }
    }
    @media print { :host { display: none; } }
  `;

  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement)) {
    throw new Error("Footnote: load widget.js with a plain <script src> tag, not as a module.");
  }
  if (document.querySelector("footnote-widget")) return; // the tag was pasted twice
  const { dataset } = script;
  const base = new URL(".", script.src);
  const language = chooseLanguage(dataset.lang ?? "en");
  const words = STRINGS[language];
  const title = dataset.title || words.title;
  const narrow = matchMedia("(max-width: 480px)");

  /** A failure whose message was written for the reader. */
  class Told extends Error {}

  /** @type {{question: string, answer: string}[]} */
  const history = [];
  /** @type {AbortController | null} */
  let asking = null;
  /** @type {(() => void) | null} */
  let leaveSource = null;

  const launcher = make("button", {
    type: "button", class: "launcher filled", "aria-haspopup": "dialog", "aria-expanded": "false",
    "aria-controls": "panel", click: () => (panel.open ? panel.close() : open()),
  }, dataset.openLabel || words.open);
  const log = make("div", {
    class: "log", role: "log", "aria-live": "off", "aria-label": words.conversation, tabindex: "0",
  }, make("p", { class: "intro" }, words.intro));
  const input = make("textarea", {
    rows: "1", "aria-label": words.question, enterkeyhint: "send", dir: "auto", keydown: sendOnEnter,
    placeholder: dataset.questionPlaceholder || words.placeholder,
  });
  const send = make("button", {
    type: "submit", class: "filled", click: () => asking?.abort(),
  }, words.send);
  const form = make("form", { submit: submit }, input, send);
  const conversation = make("div", { class: "conversation" }, log, form);
  const views = make("div", { class: "views" }, conversation);
  const heard = make("p", { class: "heard", role: "status" });
  const panel = make("dialog", {
    id: "panel", class: "panel", "aria-labelledby": "title", keydown: stepBackOnEscape,
    cancel: stepBack, close: afterClose,
  }, make("header", {}, make("h2", { id: "title" }, title),
    make("button", { type: "button", class: "close", "aria-label": words.close,
      click: () => panel.close() }, "×")), views, heard);

  if (document.body) mount();
  else document.addEventListener("DOMContentLoaded", mount);

  function mount() {
    const host = document.createElement("footnote-widget");
    const shadow = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    shadow.adoptedStyleSheets = [sheet];
    shadow.append(make("div", {
      class: "root", lang: language, dir: "ltr", "data-theme": dataset.theme ?? "auto",
      "data-position": dataset.position ?? "right",
    }, launcher, panel));
    document.body.append(host);
    narrow.addEventListener("change", showAgain);
  }

  /** @param {string} wanted @returns {keyof typeof STRINGS} */
  function chooseLanguage(wanted) {
    const tag = wanted === "auto" ? document.documentElement.lang : wanted;
    return tag.toLowerCase().split("-")[0] === "es" ? "es" : "en";
  }

  /**
   * Builds an element; functions among the attributes listen to the event of their name. Strings
   * become text nodes, so that no word of a document is ever read as markup.
   * @template {keyof HTMLElementTagNameMap} Tag
   * @param {Tag} tag
   * @param {Record<string, string | ((event: any) => void)>} attributes
   * @param {...(Node | string)} children
   */
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "string") element.setAttribute(name, value);
      else element.addEventListener(name, value);
    }
    element.append(...children);
    return element;
  }

  function open() {
    if (narrow.matches) panel.showModal();
    else panel.show();
    launcher.setAttribute("aria-expanded", "true");
    if (!leaveSource) input.focus();
  }

  /** A dialog cannot change between modal and not while it is open. */
  function showAgain() {
    if (!panel.open) return;
    const focused = /** @type {HTMLElement | null} */ (focusedElement());
    panel.close();
    open();
    focused?.focus();
  }

  function afterClose() {
    if (panel.open) return; // closed and shown again by showAgain; this event comes later
    launcher.setAttribute("aria-expanded", "false");
    launcher.focus();
  }

  function focusedElement() {
    return /** @type {ShadowRoot} */ (panel.getRootNode()).activeElement;
  }

  /** @param {KeyboardEvent} event */
  function stepBackOnEscape(event) {
    if (event.key === "Escape" && !event.isComposing) stepBack(event);
  }

  /** @param {Event} event */
  function stepBack(event) {
    event.preventDefault();
    event.stopPropagation();
    if (leaveSource) leaveSource();
    else panel.close();
  }

  /** @param {KeyboardEvent} event */
  function sendOnEnter(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  }

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const question = input.value.trim();
    if (!question || asking) return;
    input.value = "";
    ask(question);
  }

  /** @param {string} question */
  async function ask(question) {
    const turn = addTurn(question);
    asking = new AbortController();
    const { signal } = asking;
    showAsking(true);
    try {
      await receive(turn, signal);
    } catch (error) {
      if (signal.aborted) settle(turn, words.stopped);
      else fail(turn, error instanceof Told ? error.message : words.broken);
    } finally {
      asking = null;
      showAsking(false);
    }
  }

  /** Send and Stop are one button, so that focus stays where it was. @param {boolean} busy */
  function showAsking(busy) {
    send.textContent = busy ? words.stop : words.send;
    send.type = busy ? "button" : "submit";
  }
