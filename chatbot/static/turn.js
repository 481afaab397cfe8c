// Reads a turn back out of the page, for copying, saving and announcing. Knows render.py's markup.

/** @typedef {{number: string, title: string, about: string, link: string, quote: string}} CitedSource */
/** @typedef {{question: string, text: string, notices: string[], sources: CitedSource[]}} ReadTurn */

/** @param {Element | null | undefined} node */
const textOf = (node) => (node?.textContent ?? "").replace(/[^\S\n]+/g, " ").trim();

/** @param {Element} row @returns {CitedSource} */
function readSource(row) {
  const link = row.querySelector("a.fn-from");
  return {
    number: row.getAttribute("value") ?? "",
    title: textOf(row.querySelector(".fn-opener")),
    about: all(".fn-page, span.fn-from", row).map(textOf).join(", "),
    link: link instanceof HTMLAnchorElement ? link.href : "",
    quote: (row.querySelector("blockquote")?.textContent ?? "").trim(),
  };
}

/** The words of an answer, sentences with their numbers in brackets. @param {Element} turn @returns {ReadTurn} */
function readTurn(turn) {
  const texts = all(".fn-prose", turn).map((prose) => {
    const date = prose.closest("li")?.querySelector(".fn-date");
    return (date ? `${textOf(date)}: ` : "") + textOf(prose);
  });
  return {
    question: textOf(turn.querySelector(".fn-asked")),
    text: texts.join("\n\n"),
    notices: all(".fn-conflict > h3, .fn-notice, .fn-card > h3, .fn-card > p", turn).map(textOf),
    sources: all(".fn-sources li", turn).map(readSource),
  };
}

/** @param {Element} turn */
function asPlainText(turn) {
  const read = readTurn(turn);
  const rows = read.sources.map((source) => `[${source.number}] “${source.quote}” ` +
    [source.title, source.about, source.link].filter(Boolean).join(", "));
  return [read.question, read.text || read.notices.join(" "), ...rows].filter(Boolean).join("\n\n");
}

/** What a document says must not become markup. @param {string} text */
const asMarkdownText = (text) => text.replace(/[\\`*_[\]<>#|~]/g, "\\$&").replace(/\s*\n\s*/g, " ");

/** @param {Element} turn @param {number} at how many turns stand above it, so that its notes have names of their own */
function asMarkdown(turn, at) {
  const read = readTurn(turn);
  const name = (/** @type {string} */ number) => `[^${at + 1}-${number}]`;
  const known = new Set(read.sources.map((source) => source.number));
  const text = asMarkdownText(read.text).replace(/\s*\\\[(\d+)\\\]/g, (whole, number) =>
    known.has(number) ? name(number) : whole);
  const notes = read.sources.map((source) => {
    const about = [source.title, source.about].filter(Boolean).map(asMarkdownText).join(", ");
    return `${name(source.number)}: “${asMarkdownText(source.quote)}” ${about}` +
      (source.link ? ` <${source.link.replace(/[<>\s]/g, encodeURIComponent)}>` : "");
  });
  return [`## ${asMarkdownText(read.question)}`, text, ...read.notices.map((notice) => `*${asMarkdownText(notice)}*`),
    notes.join("\n")].filter(Boolean).join("\n\n");
}

/** What is said of a finished turn, once. @param {Element} turn */
function asAnnouncement(turn) {
  const read = readTurn(turn);
  const notices = read.notices.join(" ");
  if (!read.text) return notices;
  const sources = read.sources.length ? counted("sources_count", read.sources.length) : "";
  const text = [read.text.replace(/\s*\[\d+\]/g, ""), notices].filter(Boolean).join(" ");
  return fill(WORDS.answered, { text, sources }).replace(/ \.$/, "");
}
