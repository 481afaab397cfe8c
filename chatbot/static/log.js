// Shows the conversation: copies what the server drew into the log, changing only what is new, so
// that nothing flashes, and no focus or open part is lost while an answer grows.

const past = make("div", { id: "fn-past" });
const live = make("div", { id: "fn-live" });
const trouble = make("div", { id: "fn-trouble" });
/** States that were announced, by turn. @type {WeakMap<Element, string>} */
const announced = new WeakMap();
/** Called with a turn once it is finished, well or not. @type {((turn: HTMLElement) => void)[]} */
const onFinished = [];
/** Called when a question has been taken. @type {(() => void)[]} */
const onAsked = [];

/** Makes a node like another, changing no more than must be. @param {Node} node @param {Node} wanted */
function morph(node, wanted) {
  if (node.nodeName !== wanted.nodeName) {
    node.parentNode?.replaceChild(wanted.cloneNode(true), node);
  } else if (node instanceof Text && wanted instanceof Text) {
    if (node.data !== wanted.data) node.data = wanted.data;
  } else if (node instanceof Element && wanted instanceof Element) {
    for (const { name, value } of wanted.attributes) {
      if (node.getAttribute(name) !== value) node.setAttribute(name, value);
    }
    for (const { name } of [...node.attributes]) {
      if (!wanted.hasAttribute(name) && name !== "open") node.removeAttribute(name);
    }
    morphChildren(node, [...wanted.childNodes]);
  }
}

/** @param {Node} node @param {Node[]} wanted */
function morphChildren(node, wanted) {
  const here = [...node.childNodes];
  wanted.forEach((child, at) => {
    const own = here[at];
    if (own) morph(own, child);
    else node.appendChild(child.cloneNode(true));
  });
  for (const extra of here.slice(wanted.length)) node.removeChild(extra);
}

/** Says whether two turns are one, of which one may not have its answer yet.
 * @param {Element} one @param {Element} other */
function isSame(one, other) {
  const [first, second] = [one, other].map((turn) => turn.getAttribute("data-answer"));
  const [asked, again] = [one, other].map((turn) => textOf(turn.querySelector(".fn-asked")));
  return asked === again && (first ?? second) === (second ?? first);
}

/** Keeps in view what the server has let go: it keeps the last turns only, and none when it starts
 * anew. What is kept goes along with the next question, as of a conversation opened again.
 * @param {Element[]} wanted */
function keepForgotten(wanted) {
  if (!wanted.length || editing) return;
  const here = [...live.children];
  const at = here.findIndex((turn) => isSame(turn, wanted[0]));
  const gone = here.slice(0, at < 0 ? here.length : at);
  for (const turn of gone) {
    if (turn.getAttribute("data-state") === "done" || turn.querySelector(".fn-prose")) past.append(turn);
    else turn.remove();
  }
  if (gone.length) tellContext();
}

/** Copies the feed into the log. */
function mirror() {
  const log = find("#fn-log");
  if (log && !log.contains(live)) {
    log.setAttribute("role", "region");
    log.setAttribute("aria-label", WORDS.conversation);
    log.append(past, live, trouble);
    for (const other of all(".gradio-container [role=status]")) other.remove(); // one voice: ours
  }
  if (find("#fn-feed template[data-stale]")) return; // of before a break
  const feed = all("#fn-feed template").flatMap((one) => [.../** @type {HTMLTemplateElement} */ (one).content.children]);
  keepForgotten(feed);
  const wasWorking = live.querySelector('[data-state="working"]') !== null;
  const count = live.children.length;
  morphChildren(live, feed);
  const last = live.lastElementChild;
  if (!(last instanceof HTMLElement)) return;
  if (last.dataset.state === "working" && (!wasWorking || live.children.length !== count)) {
    trouble.replaceChildren();
    for (const act of onAsked) act();
    last.scrollIntoView({ block: "start", behavior: CALM.matches ? "auto" : "smooth" });
  }
  for (const turn of live.children) finish(/** @type {HTMLElement} */ (turn));
}

/** Says a finished answer once. @param {HTMLElement} turn */
function finish(turn) {
  const state = `${turn.dataset.state} ${turn.dataset.answer ?? textOf(turn.querySelector(".fn-asked"))}`;
  const before = announced.get(turn);
  announced.set(turn, state);
  if (turn.dataset.state === "working" || before === state) return;
  announce(asAnnouncement(turn));
  for (const act of onFinished) act(turn);
}

/** Every question that has no answer of its own gets two that have. @param {HTMLElement} turn */
onFinished.push((turn) => {
  const card = turn.querySelector(".fn-unknown");
  const known = all("#fn-opening .fn-ask").slice(0, 2).map((one) => one.dataset.ask ?? "");
  if (!card || card.querySelector(".fn-chips") || !known.length) return;
  const chips = known.map((question) => make("li", {},
    make("button", { type: "button", class: "fn-chip", dir: "auto", "data-ask": question }, question)));
  card.append(make("h4", {}, WORDS.do_answer), make("ul", { class: "fn-chips" }, ...chips));
});
