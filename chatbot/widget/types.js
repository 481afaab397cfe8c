// What passes between the bot and the widget, and between its modules: types alone, nothing that runs.

/** Where words stand; offsets are code points, half open.
 * @typedef {{document_id: string, start: number, end: number, quote: string, title: string,
 *   page?: number | null, published_on?: string | null, number?: number}} Source */
/** @typedef {Source & {number: number}} Citation */
/** @typedef {"quoted" | "supported" | "unsupported"} Verdict */
/** @typedef {{text: string, citations: number[], verdict: Verdict, marks?: [number, number][]}} Sentence */
/** @typedef {Omit<Source, "quote" | "title"> & {text: string, title?: string}} Hit */
/** @typedef {{id: string, status: "answered" | "not_in_documents", sentences: Sentence[],
 *   citations: Citation[], hits: Hit[], notices: string[], follow_ups: string[],
 *   problem?: string}} Answer */
/** @typedef {{title: string, text: string, source: string | null, language: string | null,
 *   published_on: string | null, pages: {number: number, start: number}[],
 *   headings: {level: number, title: string, start: number}[]}} SourceDocument */

/** @typedef {import("./words.js").Words} Words */
/** @typedef {ReturnType<import("./client.js")["connect"]>} Client */
/** @typedef {ReturnType<import("./options.js")["readOptions"]>} Options */
/** @typedef {ReturnType<import("./chat.js")["createChat"]>} Chat */
/** @typedef {ReturnType<import("./card.js")["createCard"]>} Card */

/** Tells the page around the widget that something happened; texts only where it asked for them.
 * @typedef {(name: string, detail?: object, texts?: object) => void} Tell */

/** What the parts of one chat share.
 * @typedef {{words: Words, client: Client, tell: Tell, card: Card, log: HTMLElement,
 *   heard: HTMLElement, isRunning: () => boolean, ask: (question: string) => void,
 *   openSource: (sources: Source[], at: number) => void}} Shared */

/** One question and what stands under it.
 * @typedef {{question: string, node: HTMLElement, prose: HTMLElement, state: HTMLElement,
 *   sources: HTMLElement, citations: Citation[], sentences: Sentence[], hits: Hit[]}} Turn */

export {};
