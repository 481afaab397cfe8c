// How it looks: paper, ink and one accent, as on the chat page. Nothing here reaches the page around it.
//
// A site may set, on any element around the widget: --footnote-paper, -raised, -ink, -muted, -line,
// -edge, -accent, -on-accent, -tint, -highlight, -warn (colours), --footnote-font, --footnote-quote-font,
// --footnote-radius, --footnote-inset and -bottom (how far from the window's edges), -width, -height.
// And it may style, with footnote-widget::part(name) or footnote-chat::part(name): launcher, panel,
// bar, title, tool, log, intro, turn, asked, answer, prose, sentence, marker, verdict, notice, problem,
// sources, source, opener, silent, nearest, feedback, choice, chip, retry, form, box, input, send, card,
// view, source-title, origin, text.

const HOST = `
  /* Important, since what a page says of all its elements would win over the rest. */
  :host { all: initial !important; }
  :host(footnote-widget) { position: fixed !important; inset: 0 auto auto 0 !important;
    z-index: 2147483000 !important; }
  :host(footnote-chat) { display: block !important; block-size: var(--footnote-height, 600px) !important; }
  :host([hidden]) { display: none !important; }
  @media print { :host(footnote-widget) { display: none !important; } }
  .root { all: initial; color-scheme: light dark; color: var(--ink); overflow-wrap: anywhere;
    font: 15px/1.5 var(--footnote-font, system-ui, sans-serif);
    --paper: var(--footnote-paper, light-dark(#fbfaf7, #16181c));
    --raised: var(--footnote-raised, light-dark(#fff, #1d2025));
    --ink: var(--footnote-ink, light-dark(#22252a, #e9e6df));
    --muted: var(--footnote-muted, light-dark(#5b616c, #a5aab4));
    --line: var(--footnote-line, light-dark(#e5e1d8, #30343b));
    --edge: var(--footnote-edge, light-dark(#8a8778, #777c86));
    --accent: var(--footnote-accent, light-dark(#1d4f7c, #92c4f2));
    --on-accent: var(--footnote-on-accent, light-dark(#fff, #12202d));
    --tint: var(--footnote-tint, light-dark(#eef2f5, #232a32));
    --highlight: var(--footnote-highlight, light-dark(#ffe8a3, #5f4d12));
    --warn: var(--footnote-warn, light-dark(#8a4b08, #f0b775));
    --serif: var(--footnote-quote-font, "Iowan Old Style", Charter, "Bitstream Charter", Georgia, serif);
    --inset: var(--footnote-inset, 20px);
    --bottom: var(--footnote-bottom, var(--inset));
    --shadow: 0 1px 2px rgb(20 18 12 / 0.08), 0 12px 40px rgb(20 18 12 / 0.18); }
  .root[data-theme="light"] { color-scheme: light; }
  .root[data-theme="dark"] { color-scheme: dark; }
  :host(footnote-chat) .root { display: block; block-size: 100%; }
`;

const PLAIN = `
  *, ::before, ::after { box-sizing: border-box; margin: 0; padding: 0; }
  [hidden] { display: none !important; }
  h2, h3, h4, ol, ul { font: inherit; list-style: none; }
  button { min-inline-size: 24px; min-block-size: 24px; border: 0; border-radius: 8px; font: inherit;
    background: none; color: inherit; text-align: start; overflow-wrap: anywhere; cursor: pointer; }
  button:disabled { opacity: 0.45; cursor: default; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  .log:focus-visible, .text:focus-visible { outline-offset: -3px; }
  svg { inline-size: 16px; block-size: 16px; flex: none; fill: none; stroke: currentcolor;
    stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round; vertical-align: -3px; }
  [dir="rtl"] :is(.back, .step) svg { scale: -1 1; }
  /* Words of another direction than the page's keep their own order, at the page's side. */
  [dir="rtl"] :is(.quiet, h4, .title, .intro, .lead, .notice, .problem, .verdict) {
    unicode-bidi: plaintext; text-align: right; }
  h4 { color: var(--muted); font-size: 13px; font-weight: 600; letter-spacing: 0.03em; }
  a { color: var(--accent); text-underline-offset: 0.2em; }
  blockquote { font: 15px/1.55 var(--serif); }
  .quiet { color: var(--muted); font-size: 14px; }
  .heard { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
  .filled { border: 1px solid transparent; background: var(--accent); color: var(--on-accent); font-weight: 600; }
  .filled:hover { background: color-mix(in srgb, var(--accent) 86%, var(--ink)); }
`;

const FRAME = `
  .launcher { display: flex; align-items: center; gap: 8px; min-block-size: 48px; padding: 0 20px 0 18px;
    border-radius: 24px; box-shadow: var(--shadow); font-size: 16px; }
  .launcher, .panel { position: fixed; inset: auto var(--inset) var(--bottom) auto; }
  [data-position="left"] > * { inset: auto auto var(--bottom) var(--inset); }
  .panel { overflow: hidden; flex-direction: column; color: inherit; background: var(--paper);
    inline-size: var(--footnote-width, 420px); max-inline-size: calc(100vw - 2 * var(--inset));
    block-size: min(var(--footnote-height, 640px), 100dvh - var(--bottom) - var(--inset) - 60px);
    border: 1px solid var(--line); border-radius: var(--footnote-radius, 16px); box-shadow: var(--shadow); }
  dialog.panel { inset-block-end: calc(var(--bottom) + 60px); max-block-size: none; }
  .panel[open], .inline { display: flex; }
  .inline { position: relative; inset: auto; inline-size: 100%; max-inline-size: none;
    block-size: 100%; box-shadow: none; }
  .bar { display: flex; align-items: center; gap: 2px; min-block-size: 53px; padding-block: 8px; padding-inline: 18px 8px;
    border-block-end: 1px solid var(--line); }
  .title { flex: 1; min-inline-size: 0; font: 19px/1.3 var(--serif); letter-spacing: -0.01em; }
  .tool { display: inline-flex; align-items: center; justify-content: center; gap: 6px;
    min-inline-size: 36px; min-block-size: 36px; color: var(--muted); font-size: 14px; }
  .tool:hover:not(:disabled) { background: var(--tint); color: var(--ink); }
  .views { position: relative; flex: 1; min-block-size: 0; }
  .view { position: absolute; inset: 0; display: flex; flex-direction: column; background: var(--paper); }
  .log, .text { position: relative; flex: 1; min-block-size: 0; padding-inline: 18px; overflow-y: auto;
    overscroll-behavior: contain; }
  .form { padding: 4px 12px 12px; }
  .turn, .first, .box, .text > * { max-inline-size: 720px; margin-inline: auto; }
  .source-title, .origin { inline-size: 100%; max-inline-size: 756px; margin-inline: auto; }
  .box { display: flex; align-items: end; gap: 8px; padding: 6px; padding-inline-start: 14px;
    border: 1px solid var(--edge); border-radius: 14px; background: var(--raised); }
  .box:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
  .input { flex: 1; min-inline-size: 0; max-block-size: 120px; padding: 8px 0; field-sizing: content;
    resize: none; border: 0; outline: none; background: none; color: inherit; font: 16px/1.4 var(--serif); }
  .input::placeholder { color: var(--muted); opacity: 1; }
  .send { min-block-size: 38px; padding: 0 16px; border-radius: 10px; text-align: center; }
`;

const CONVERSATION = `
  .first { padding-block: 20px; }
  .intro { font: 20px/1.35 var(--serif); letter-spacing: -0.01em; text-wrap: balance; }
  .suggested { margin-block-start: 20px; }
  .suggested ul { margin-block-start: 6px; border-block-start: 1px solid var(--line); }
  .suggested .chip { inline-size: 100%; padding: 10px 0; border: 0; border-radius: 0;
    border-block-end: 1px solid var(--line); background: none; font: 16px/1.4 var(--serif); }
  .promise { position: relative; margin-block-start: 24px; padding-block-start: 10px; font-family: var(--serif); }
  .promise::before, .sources:not(:empty)::before { content: ""; position: absolute;
    inset-block-start: 0; inline-size: 72px; border-block-start: 1px solid var(--edge); }
  .turn { padding-block: 16px 20px; }
  .turn:not(:last-child) { border-block-end: 1px solid var(--line); }
  /* The newest question stands at the top, so a growing answer never moves what is being read. */
  .turn:last-child { min-block-size: 100%; }
  .asked { display: -webkit-box; overflow: hidden; font: 20px/1.3 var(--serif); letter-spacing: -0.01em;
    -webkit-box-orient: vertical; -webkit-line-clamp: 5; }
  .prose { margin-block-start: 8px; font: 17px/1.65 var(--serif); white-space: pre-line; }
  .prose:empty, .state:empty { display: none; }
  strong { font-weight: 700; }
  .marker { margin-inline: 1px; padding: 0 2px; border-radius: 6px; color: var(--accent);
    font: 600 13px/24px var(--footnote-font, system-ui, sans-serif); text-align: center; vertical-align: 4px; }
  .marker:hover { background: var(--highlight); color: var(--ink); }
  .unsupported .words { text-decoration: underline dashed var(--edge) 1px; text-underline-offset: 0.3em; }
  .doubt, .verdict.unsupported { color: var(--warn); }
  .doubt { font: 14px/1.5 var(--footnote-font, system-ui, sans-serif); }
  .verdict { margin-block-start: 8px; color: var(--muted); font-size: 14px; }
  .state { margin-block-start: 10px; }
  .working::before { content: ""; display: inline-block; inline-size: 8px; block-size: 8px;
    margin-inline-end: 10px; border-radius: 50%; background: var(--accent); }
  .notice, .problem { padding-inline-start: 12px; border-inline-start: 3px solid var(--edge); }
  .problem { border-color: var(--warn); }
  .problem:empty { display: none; }
  .retry { margin-block-start: 12px; min-block-size: 38px; padding: 6px 14px; border: 1px solid var(--edge);
    border-radius: 10px; font-weight: 500; }
  .retry:hover:not(:disabled), .chip:hover, .choice:hover { border-color: var(--accent); color: var(--accent); }
  .sources:not(:empty) { position: relative; margin-block-start: 18px; padding-block-start: 4px; }
  .source { display: flex; gap: 8px; margin-block-start: 10px; }
  .source > div { min-inline-size: 0; }
  .number { flex: none; color: var(--accent); font-weight: 600; font-size: 14px; line-height: 24px; }
  .number:empty { display: none; }
  .opener { margin-inline-end: 8px; border-radius: 4px; color: var(--accent); font-weight: 600; font-size: 14px;
    text-decoration: underline var(--line) 1px; text-underline-offset: 0.25em; }
  .opener:hover { text-decoration-color: currentcolor; }
  .nearest blockquote { color: var(--muted); }
  .silent { margin-block-start: 12px; padding: 14px 16px 16px; border: 1px solid var(--line);
    border-radius: 12px; background: var(--raised); }
  .lead { font: 20px/1.3 var(--serif); }
  .silent > .quiet { margin-block-start: 4px; }
  .silent h4 { margin-block-start: 14px; }
  .next, .feedback { margin-block-start: 14px; }
  .turn:not(:last-child) .next { display: none; }
  .next ul, .answerable ul, .reasons { display: flex; flex-wrap: wrap; gap: 6px; margin-block-start: 6px; }
  .chip { min-block-size: 34px; padding: 5px 12px; border: 1px solid var(--line); border-radius: 17px;
    background: var(--raised); font-size: 14px; line-height: 1.4; }
  .choice { margin-inline: 3px; min-inline-size: 40px; min-block-size: 28px; padding: 2px 10px;
    border: 1px solid var(--line); color: var(--ink); text-align: center; }
  .reasons > p { flex-basis: 100%; }
`;

const READING = `
  .steps { display: flex; align-items: center; padding: 4px 8px; }
  .back { padding-inline: 8px 12px; }
  .count { flex: 1; text-align: end; margin-inline-end: 6px; }
  .source-title { padding: 0 18px; font: 20px/1.3 var(--serif); letter-spacing: -0.01em; }
  .origin { padding: 4px 18px 10px; }
  .text { padding-block-end: 24px; border-block-start: 1px solid var(--line); font: 16px/1.65 var(--serif); }
  .text p { margin-block-start: 0.8em; white-space: pre-wrap; }
  .text h4 { margin-block-start: 1.3em; color: var(--ink); font-size: 16px; letter-spacing: 0; }
  .text .page { display: flex; align-items: center; gap: 10px; color: var(--muted); font-size: 13px; }
  .text .page::after { content: ""; flex: 1; border-block-start: 1px solid var(--line); }
  mark { padding-block: 0.1em; border-radius: 2px; background: var(--highlight); color: var(--ink);
    -webkit-box-decoration-break: clone; box-decoration-break: clone; }
  .card { position: fixed; inset: auto; inline-size: max-content; max-inline-size: min(360px, 100vw - 16px);
    padding: 12px 16px; border: 1px solid var(--line); border-radius: 12px; background: var(--raised);
    color: inherit; box-shadow: var(--shadow); }
  .card .quiet { margin-block-start: 6px; font-size: 13px; }
  .card .verdict { margin-block-start: 2px; font-size: 13px; }
`;

const CONDITIONS = `
  @media (max-width: 480px) {
    dialog.panel { inset: 0 !important; inline-size: 100%; max-inline-size: none; block-size: 100dvh; border: 0;
      border-radius: 0; padding-block: env(safe-area-inset-top) env(safe-area-inset-bottom); } }
  @media (prefers-reduced-motion: no-preference) {
    dialog[open] { animation: arrive 0.16s ease-out; }
    .turn[aria-busy="true"] .sentence { animation: appear 0.35s ease-out; }
    .working::before { animation: breathe 1.4s ease-in-out infinite; }
    @keyframes arrive { from { opacity: 0; translate: 0 8px; } }
    @keyframes appear { from { opacity: 0; } }
    @keyframes breathe { 50% { opacity: 0.25; } } }
  @media (forced-colors: active) {
    .card, .chip, .choice { border: 1px solid CanvasText; }
    .box:focus-within { outline: 2px solid Highlight; }
    mark { forced-color-adjust: none; background: Mark; color: MarkText; } }
`;

export const STYLES = HOST + PLAIN + FRAME + CONVERSATION + READING + CONDITIONS;
