// What a reader can say of an answer: one press, and it is said.

import { Told } from "./client.js";
import { button, make } from "./nodes.js";

/** Each reason that the bot knows, by its word. @type {Record<string, string>} */
const REASONS = {
  wrong: "wrong", wrong_source: "wrong source", not_in_source: "not in source", incomplete: "incomplete",
};

/** @param {import("./types.js").Shared} chat @param {string} answerId @param {string} question */
export function askFeedback({ words, client, tell, heard }, answerId, question) {
  const said = make("p", { class: "problem" });
  const reasons = make("div", { class: "reasons" }, make("p", { class: "quiet" }, words.why),
    ...Object.entries(REASONS).map(([word, reason]) =>
      button(words[/** @type {keyof typeof words} */ (word)], () => say(reason), { class: "chip" })),
    make("p", { class: "quiet" }, words.kept));
  const no = button(words.unhelpful, () => {
    reasons.hidden = !reasons.hidden;
    no.setAttribute("aria-expanded", String(!reasons.hidden));
  }, { class: "choice", "aria-expanded": "false" });
  const yes = button(words.helpful, () => say("helpful"), { class: "choice" });
  const node = make("div", { class: "feedback", role: "group", "aria-label": words.feedback },
    make("p", { class: "quiet" }, words.feedback, " ", yes, no), reasons, said);
  reasons.hidden = true;
  let isSending = false;
  return node;

  /** @param {string} reason */
  async function say(reason) {
    if (isSending) return;
    isSending = true;
    try {
      await client.say(answerId, question, reason);
      const thanks = make("p", { class: "quiet", tabindex: "-1" }, words.thanks);
      const hadFocus = node.matches(":focus-within");
      node.replaceChildren(thanks);
      if (hadFocus) thanks.focus(); // which reads it out; the button that had it is gone
      else heard.textContent = words.thanks;
      tell("feedback", { reason });
    } catch (error) {
      said.textContent = error instanceof Told ? error.message : words.unsent;
      heard.textContent = said.textContent;
      said.scrollIntoView({ block: "nearest" });
    }
    isSending = false;
  }
}
