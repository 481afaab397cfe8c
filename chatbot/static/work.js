// Working with answers: ask, edit and ask again, copy, save, print, say what is wrong.

/** The turn whose question is being edited. @type {HTMLElement | null} */ let editing = null;

const editNote = make("p", { id: "fn-editing", hidden: "" });

/** Tells the server what it has not seen: how many of its turns stay, and those before them. */
function tellContext() {
  const field = /** @type {HTMLTextAreaElement | null} */ (find("#fn-context textarea, #fn-context input"));
  const inPast = editing !== null && past.contains(editing);
  const before = [...past.children].slice(0, inPast ? [...past.children].indexOf(/** @type {HTMLElement} */ (editing)) : undefined);
  const at = editing === null || inPast ? 0 : [...live.children].indexOf(editing);
  const context = {
    ...(editing === null ? {} : { keep: at }),
    past: before.filter((turn) => turn.getAttribute("data-state") === "done").slice(-MOST_SENT).map((turn) => {
      const read = readTurn(turn);
      return { question: read.question.slice(0, 2000), answer: read.text.replace(/\s*\[\d+\]/g, "").slice(0, 2000) };
    }),
  };
  if (field) write(/** @type {HTMLTextAreaElement} */ (field), JSON.stringify(context));
}

/** @param {string} question */
function askNow(question) {
  const field = box();
  if (!field || working()) return;
  trouble.replaceChildren();
  write(field, question);
  insist(60); // svelte hands the value over first
}

/** Presses "ask" until the question is sent: for a moment after an answer stands there gradio is
 * still busy with it, and drops what is asked. @param {number} wait in ms, before the first time */
function insist(wait, text = box()?.value ?? "", before = sent, left = 20) {
  if (!text.trim()) return;
  setTimeout(() => {
    if (sent !== before || working() || box()?.value !== text || !left) return;
    find("#fn-submit")?.click();
    insist(150, text, before, left - 1);
  }, wait);
}

/** @param {HTMLElement} turn */
function edit(turn) {
  const field = box();
  if (!field || working()) return;
  editing = turn;
  for (const one of turns()) one.classList.toggle("fn-replaced", turn === one || Boolean(turn.compareDocumentPosition(one) & 4));
  editNote.replaceChildren(WORDS.editing, " ", button("fn-quiet", WORDS.cancel, () => { stopEditing(); write(field, ""); field.focus(); }));
  if (!editNote.isConnected) find("#fn-composer")?.before(editNote);
  editNote.hidden = false;
  write(field, textOf(turn.querySelector(".fn-asked")));
  tellContext();
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}

function stopEditing() {
  if (editing === null) return;
  editing = null;
  editNote.hidden = true;
  for (const one of turns()) one.classList.remove("fn-replaced");
  tellContext();
}

onAsked.push(() => {
  const stale = editing && past.contains(editing) ? [...past.children].slice([...past.children].indexOf(editing)) : [];
  for (const turn of stale) turn.remove();
  stopEditing();
});

/** @param {HTMLElement} pressed */
async function copyAnswer(pressed) {
  const turn = pressed.closest(".fn-turn"), label = pressed.querySelector(".fn-label") ?? pressed.lastChild;
  let said = WORDS.copied;
  try {
    if (turn) await navigator.clipboard.writeText(asPlainText(turn));
  } catch {
    said = WORDS.cannot_copy;
  }
  if (label) label.textContent = said;
  announce(said);
  setTimeout(() => { if (label) label.textContent = WORDS.copy; }, 2500);
}

function saveMarkdown() {
  const date = new Date().toISOString().slice(0, 10);
  const name = textOf(find(".fn-head h1")).replace(/1$/, "");
  const parts = [`# ${asMarkdownText(name)}`, fill(WORDS.exported, { date }), ...turns().map(asMarkdown)];
  download(`${parts.join("\n\n")}\n`, `footnote-${date}.md`, "text/markdown");
}

function openExport() {
  const dialog = showDialog(WORDS.export, make("div", { class: "fn-choices" },
    button("fn-button", WORDS.export_markdown, () => { dialog.close(); saveMarkdown(); }),
    button("fn-button", WORDS.export_print, () => { dialog.close(); setTimeout(() => print(), 50); })));
}

/** @param {HTMLElement} pressed */
function openFeedback(pressed) {
  const turn = pressed.closest(".fn-turn");
  const choices = Object.entries(WORDS.reasons).map(([reason, said]) => make("label", {},
    make("input", { type: "radio", name: "reason", value: reason, required: "" }), make("span", {}, said)));
  const comment = /** @type {HTMLTextAreaElement} */ (make("textarea", { maxlength: "1000", rows: "2" }));
  const said = make("p", { class: "fn-said", role: "status" });
  const form = /** @type {HTMLFormElement} */ (make("form", { class: "fn-form" },
    make("fieldset", {}, make("legend", { class: "fn-hidden-text" }, WORDS.feedback_title), ...choices),
    make("label", { class: "fn-comment" }, WORDS.comment, comment), make("p", { class: "fn-panel-about" }, WORDS.feedback_where),
    said, make("button", { type: "submit", class: "fn-button fn-strong" }, WORDS.send)));
  const dialog = showDialog(WORDS.feedback_title, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const reason = String(new FormData(form).get("reason"));
    const body = { answer_id: turn?.getAttribute("data-answer") ?? "", question: textOf(turn?.querySelector(".fn-asked")), reason,
      ...(comment.value.trim() ? { comment: comment.value.trim() } : {}) };
    try {
      const response = await fetch(new URL("api/feedback", document.baseURI), { method: "POST",
        headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(String(response.status));
      dialog.close();
      announce(WORDS.thanks);
      const label = pressed.querySelector(".fn-label") ?? pressed.lastChild;
      if (label) label.textContent = WORDS.thanks;
      setTimeout(() => { if (label) label.textContent = WORDS.feedback; }, 4000);
    } catch {
      said.textContent = WORDS.cannot_send;
    }
  });
}
