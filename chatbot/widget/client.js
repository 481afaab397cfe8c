// Asks the bot. Every failure becomes a sentence for the reader; no cookie is ever sent.

import { fill } from "./nodes.js";
import { readEvents } from "./stream.js";

/** @typedef {import("./types.js").SourceDocument} SourceDocument */

const MOST_TURNS_SENT = 4;
const MOST_SENT_OF_ANSWER = 2000; // the bot reads no more of it

/** A failure whose message is meant for the reader, and how long the bot wants to be left alone. */
export class Told extends Error {
  /** @param {string} message */
  constructor(message, status = 0, waitSeconds = 0) {
    super(message);
    this.status = status;
    this.waitSeconds = waitSeconds;
  }
}

/** @param {URL} base where the bot is @param {import("./types.js").Words} words */
export function connect(base, words) {
  /** @type {Map<string, Promise<SourceDocument>>} */
  const documents = new Map();

  /** @param {string} path @param {RequestInit} [how] */
  async function request(path, how) {
    const response = await fetch(new URL(path, base), { credentials: "omit", ...how }).catch((error) => {
      if (how?.signal?.aborted) throw error;
      throw new Told(navigator.onLine ? fill(words.blocked, { host: base.host }) : words.offline);
    });
    if (response.ok) return response;
    const told = await response.json().catch(() => ({}));
    const { status } = response, wait = Number(response.headers.get("retry-after")) || 0;
    /** @type {Record<number, string>} what a reader can mend; what else there is, the bot says */
    const own = {
      413: words.too_long, 422: words.too_long, 429: fill(words.too_often, { n: wait || 5 }), 503: words.unready,
    };
    const sentence = own[status] || (typeof told.error === "string" ? told.error : words.refused);
    throw new Told(sentence, status, wait);
  }

  /** @param {string} path @param {object} body @param {RequestInit & {accept?: string}} [how] */
  function post(path, body, { accept = "application/json", ...how } = {}) {
    const headers = { Accept: accept, "Content-Type": "application/json" };
    return request(path, { method: "POST", headers, body: JSON.stringify(body), ...how });
  }

  return {
    /** @param {string} question @param {{question: string, answer: string}[]} history
     * @param {AbortSignal} signal */
    async *ask(question, history, signal) {
      const turns = history.slice(-MOST_TURNS_SENT).map(({ answer, ...turn }) => ({
        ...turn, answer: answer.slice(0, MOST_SENT_OF_ANSWER).replace(/[\ud800-\udbff]$/, ""), // no half character
      }));
      const body = { question, history: turns };
      const response = await post("api/ask", body, { signal, accept: "text/event-stream" });
      if (!response.body) throw new Told(words.broken);
      yield* readEvents(response.body);
    },

    /** @param {string} id @returns {Promise<SourceDocument>} */
    open(id) {
      const path = `api/documents/${id.split("/").map(encodeURIComponent).join("/")}`;
      const coming = documents.get(id) ?? request(path).then((response) => response.json());
      documents.set(id, coming);
      coming.catch(() => documents.delete(id));
      return coming;
    },

    /** @returns {Promise<string[]>} */
    async suggest() {
      return (await (await request("api/suggestions")).json()).suggestions;
    },

    /** @param {string} answer_id @param {string} question @param {string} reason */
    async say(answer_id, question, reason) {
      await post("api/feedback", { answer_id, question, reason });
    },
  };
}
