// Reads what a site chose: attributes of the element, then of the script's tag.

import { chooseLanguage, chooseWords } from "./words.js";

/** Offered under these names; on the script's tag with `data-` before them.
 * @typedef {"lang" | "dir" | "theme" | "position" | "title" | "open-label" |
 *   "question-placeholder" | "strings" | "events" | "launcher"} Name */

/** @param {HTMLScriptElement} script @param {HTMLElement} [element] */
export function readOptions(script, element) {
  /** @param {Name} name */
  const read = (name) => element?.getAttribute(name) ?? script.getAttribute(`data-${name}`) ?? undefined;
  const language = chooseLanguage(read("lang") ?? "auto");
  const named = {
    title: read("title"), open: read("open-label"), placeholder: read("question-placeholder"),
  };
  const direction = getComputedStyle(element ?? document.documentElement).direction;
  element?.removeAttribute("title"); // read above; as it is, a browser would show it over the whole chat
  return {
    language,
    words: chooseWords(language, { ...readStrings(read("strings")), ...dropMissing(named) }),
    direction: read("dir") ?? direction,
    theme: read("theme") ?? "auto",
    position: read("position") ?? "right",
    launcher: read("launcher") ?? "auto",
    tellsTexts: read("events") === "text",
  };
}

/** @param {Record<string, string | undefined>} values */
function dropMissing(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}

/** @param {string | undefined} text @returns {Record<string, unknown>} */
function readStrings(text) {
  if (text === undefined) return {};
  try {
    const strings = JSON.parse(text);
    if (strings && typeof strings === "object") return strings;
  } catch {
    // said below
  }
  console.warn("Footnote: strings must be a JSON object; these were left out:", text);
  return {};
}
