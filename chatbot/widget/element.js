// <footnote-chat>: the chat where it stands in the page, without a button.

import { frameChat } from "./frame.js";
import { readOptions } from "./options.js";

export const ELEMENT = "footnote-chat";

/** @typedef {HTMLElement & {chat: import("./types.js").Chat}} ChatElement */

/** @param {HTMLScriptElement} script @param {URL} base */
export function defineElement(script, base) {
  customElements.define(ELEMENT, class extends HTMLElement {
    /** @type {import("./types.js").Chat | null} */
    chat = null;

    connectedCallback() {
      if (this.chat) return; // moved within the page
      const { chat, panel } = frameChat(this, readOptions(script, this), base, "div");
      panel.addEventListener("focusin", () => void chat.begin());
      this.chat = chat;
    }

    disconnectedCallback() {
      queueMicrotask(() => { // moved within the page, it is back by then
        if (!this.isConnected) this.chat?.stop();
      });
    }
  });
}

/** The first one in the page. @returns {ChatElement | null} */
export function findElement() {
  return document.querySelector(ELEMENT);
}
